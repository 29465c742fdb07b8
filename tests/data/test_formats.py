"""One set in the layouts of many publishers: what loses nothing is the very same set."""

import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mnist_tradeoff.architecture.task import Shape, Task
from mnist_tradeoff.data import sets
from mnist_tradeoff.data.formats import raw
from mnist_tradeoff.data.formats.idx import idx_bytes
from mnist_tradeoff.data.formats.npz import NPZ_KEYS
from mnist_tradeoff.data.splits import content_digests
from mnist_tradeoff.data.summary import summarized
from tests.factories import Arrays, coloured, make_arrays, write_idx, write_pictures

ARRAYS = make_arrays(300, 100)
TRAIN, TRAIN_LABELS, TEST, TEST_LABELS = ARRAYS
ONE_HOT = np.eye(10)


def npz(folder: Path, arrays, keys=NPZ_KEYS) -> Path:
    path = folder / "set.npz"
    np.savez(path, **dict(zip(keys, arrays, strict=True)))
    return path


def by_part(change_images, change_labels):
    def write(folder: Path) -> Path:
        arrays = (
            *(change_images(TRAIN), change_labels(TRAIN_LABELS)),
            *(change_images(TEST), change_labels(TEST_LABELS)),
        )
        return npz(folder, arrays)

    return write


def medmnist_keys(folder: Path) -> Path:
    keys = ("train_images", "train_labels", "test_images", "test_labels")
    return npz(folder, (TRAIN, TRAIN_LABELS[:, None], TEST, TEST_LABELS[:, None]), keys)


def kmnist_files(folder: Path) -> Path:
    names = ("train-imgs", "train-labels", "test-imgs", "test-labels")
    for name, array in zip(names, ARRAYS, strict=True):
        np.savez_compressed(folder / f"kmnist-{name}.npz", array)
    return folder


def torchvision_root(folder: Path) -> Path:
    write_idx(folder / "KMNIST" / "raw", ARRAYS)
    return folder


def qmnist(folder: Path) -> Path:
    for part, images, labels in (("train", TRAIN, TRAIN_LABELS), ("test", TEST, TEST_LABELS)):
        table = np.zeros((len(labels), 8), ">i4")
        table[:, 0], table[:, 2] = labels, np.arange(len(labels))
        header = struct.pack(">HBB2I", 0, 0x0C, 2, *table.shape)
        (folder / f"qmnist-{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (folder / f"qmnist-{part}-labels-idx2-int").write_bytes(header + table.tobytes())
    return folder


def csv_lines(images: np.ndarray, labels: np.ndarray, header: bool) -> str:
    pixels = images.reshape(len(images), -1)
    first = [",".join(["label", *(f"pixel{i}" for i in range(pixels.shape[1]))])] if header else []
    rows = zip(labels, pixels, strict=True)
    return "\n".join([*first, *(",".join(map(str, (one, *row))) for one, row in rows)])


def kaggle(folder: Path) -> Path:
    (folder / "train.csv").write_text(csv_lines(TRAIN, TRAIN_LABELS, header=True))
    content = csv_lines(TEST, TEST_LABELS, header=False).encode()
    (folder / "mnist_test.csv.gz").write_bytes(gzip.compress(content))
    return folder


def spreadsheet(folder: Path) -> Path:
    """UTF-8 with a mark before it, pixels named 0, 1, 2, …, and a table that is no part."""
    for part, images, labels in (("train", TRAIN, TRAIN_LABELS), ("test", TEST, TEST_LABELS)):
        lines = csv_lines(images, labels, header=True).replace("pixel", "")
        (folder / f"{part}.csv").write_text(lines, encoding="utf-8-sig")
    (folder / "sample_submission.csv").write_text("id,label\n0,0\n")
    return folder


def hugging_face(folder: Path) -> Path:
    (folder / "data").mkdir()
    for part, images, labels in (("train", TRAIN, TRAIN_LABELS), ("test", TEST, TEST_LABELS)):
        cells = [{"bytes": png(image), "path": None} for image in images]
        frame = pd.DataFrame({"image": cells, "label": labels.astype(int)})
        frame.to_parquet(folder / "data" / f"{part}-00000-of-00001.parquet")
    return folder


def png(image: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "png")
    return content.getvalue()


LOSSLESS = {
    "a channel axis, labels (n, 1)": by_part(lambda x: x[..., None], lambda y: y[:, None]),
    "channels first": by_part(lambda x: x[:, None], lambda y: y),
    "flat, one-hot": by_part(lambda x: x.reshape(len(x), -1), lambda y: ONE_HOT[y]),
    "wide and big-endian": by_part(lambda x: x.astype(">i8"), lambda y: y.astype(">u2")),
    "whole floats": by_part(lambda x: x.astype(np.float64), lambda y: y.astype(float)),
    "floats 0 to 1": by_part(lambda x: x / np.float32(255), lambda y: y),
    "text labels": by_part(lambda x: x, lambda y: y.astype(str)),
    "other numbers": by_part(lambda x: x, lambda y: 10 * y.astype(int) - 5),
    "MedMNIST": medmnist_keys,
    "KMNIST": kmnist_files,
    "torchvision": torchvision_root,
    "QMNIST": qmnist,
    "Kaggle": kaggle,
    "a spreadsheet's CSV": spreadsheet,
    "Hugging Face": hugging_face,
}


@pytest.mark.parametrize("layout", LOSSLESS)
def test_what_loses_nothing_is_the_same_set(tmp_path, layout):
    plain = sets.load(str(write_idx(tmp_path / "plain", ARRAYS)))
    (tmp_path / "other").mkdir()
    found = sets.load(str(LOSSLESS[layout](tmp_path / "other")))
    assert found.digest == plain.digest
    assert found.task == plain.task
    np.testing.assert_array_equal(found.val.images, plain.val.images)


@pytest.mark.parametrize(("classes", "side"), [(10, 32), (2, 64), (300, 16), (3, 8)])
def test_the_task_is_that_of_the_data(tmp_path, classes, side):
    found = sets.load(str(npz(tmp_path, (*coloured(4 * classes, classes, side),) * 2)))
    assert found.task == Task(Shape(side, side, 3), classes)
    assert sorted(set(found.train.labels.tolist())) == list(range(classes))
    assert found.names[-1] == str(classes - 1)


def test_emnist_is_named_from_one_on_and_can_be_turned(tmp_path):
    folder = tmp_path / "EMNIST" / "raw"
    folder.mkdir(parents=True)
    turned = ARRAYS._replace(train_images=TRAIN.swapaxes(1, 2), test_images=TEST.swapaxes(1, 2))
    shifted = turned._replace(train_labels=TRAIN_LABELS + 1, test_labels=TEST_LABELS + 1)
    names = ("train-images-idx3", "train-labels-idx1", "test-images-idx3", "test-labels-idx1")
    for name, array in zip(names, shifted, strict=True):
        path = folder / f"emnist-letters-{name}-ubyte.gz"
        path.write_bytes(gzip.compress(idx_bytes(np.ascontiguousarray(array))))
    mapping = "".join(f"{label} {64 + label} {96 + label}\n" for label in range(1, 11))
    (folder / "emnist-letters-mapping.txt").write_text(mapping)
    stored = sets.load(str(folder))
    assert stored.name == "emnist-letters"
    assert stored.class_names == tuple("ABCDEFGHIJ")
    assert any("orientation=transposed" in note for note in stored.notes)
    right = sets.load(str(folder), orientation="transposed")
    assert right.digest == sets.load(str(write_idx(tmp_path / "plain", ARRAYS))).digest
    assert not any("orientation" in note for note in right.notes)


def test_two_folders_called_raw_are_named_by_the_folders_above(tmp_path):
    for name in ("MNIST", "FashionMNIST"):
        folder = write_idx(tmp_path / name / "raw", ARRAYS)
        assert sets.load(str(folder)).name == sets.load(str(folder.parent)).name == name
    with pytest.raises(ValueError, match="holds 2 sets, FashionMNIST/raw, MNIST/raw: dataset="):
        sets.load(str(tmp_path))


def test_a_validation_part_is_used_as_it_is(tmp_path):
    keys = (*NPZ_KEYS, "x_val", "y_val")
    found = sets.load(str(npz(tmp_path, (*ARRAYS, TEST[:50], TEST_LABELS[:50]), keys)))
    np.testing.assert_array_equal(found.val.images, TEST[:50])
    assert len(found.train.labels) == 300
    assert "its own validation part of 50 images is used" in found.notes


def test_image_files_are_split_so_that_copies_stay_together(tmp_path):
    images, labels = coloured(90, 3, 16)
    folder = write_pictures(tmp_path / "pets", np.repeat(images, 2, axis=0), np.repeat(labels, 2))
    (folder / "cat" / "notes.txt").write_text("x")
    found = sets.load(str(folder))
    assert found.class_names == ("cat", "dog", "elk")
    parts = [set(content_digests(one.images)) for one in (found.train, found.val, found.test)]
    assert [len(part) for part in parts] == [66, 6, 18]
    assert len(set().union(*parts)) == 90
    assert np.bincount(found.test.labels).tolist() == [12] * 3
    given = write_pictures(tmp_path / "given" / "train", images[:60], labels[:60])
    write_pictures(tmp_path / "given" / "test", images[60:], labels[60:])
    assert len(sets.load(str(given.parent)).test.labels) == 30


def test_images_of_several_sizes_are_scaled_on_request_only(tmp_path):
    write_pictures(tmp_path / "pets", *coloured(30, 3, 16))
    write_pictures(tmp_path / "pets", *coloured(12, 3, 20))
    with pytest.raises(ValueError, match=r"images of 2 sizes, 16×16 \(18\), 20×20 \(12\): scale"):
        sets.load(str(tmp_path / "pets"))
    assert sets.load(str(tmp_path / "pets"), resize=24).task.input_shape == Shape(24, 24, 3)
    with pytest.raises(ValueError, match="resize must be 8 to 256, not 4"):
        sets.load(str(tmp_path / "pets"), resize=4)


def test_a_hundred_images_of_ten_classes_and_classes_of_one(tmp_path):
    few = Arrays(TRAIN[:100], TRAIN_LABELS[:100], TEST, TEST_LABELS)
    found = sets.load(str(write_idx(tmp_path / "few", few)))
    assert np.bincount(found.val.labels).tolist() == [1] * 10
    assert any("at least one of every class" in note for note in found.notes)
    labels = np.where(np.arange(300) == 0, 3, TRAIN_LABELS % 3).astype(np.uint8)
    lone = ARRAYS._replace(train_labels=labels, test_labels=TEST_LABELS % 3)
    found = sets.load(str(write_idx(tmp_path / "lone", lone)))
    assert (found.train.labels == 3).sum() == 1
    assert "test has no image of class 3" in summarized(found).warnings


def test_a_table_without_labels_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "train.csv").write_text(csv_lines(TRAIN, TRAIN_LABELS, header=True))
    unlabelled = csv_lines(TEST, TEST_LABELS, header=False).replace("\n", "\n,")
    rows = [line.lstrip(",").partition(",")[2] for line in unlabelled.splitlines()]
    (tmp_path / "test.csv").write_text("\n".join(rows))
    with pytest.raises(ValueError, match=r"test.csv' has no labels.*dataset=.*train.csv"):
        sets.load(str(tmp_path))
    assert len(sets.load(str(tmp_path / "train.csv")).test.labels) == 60


def test_a_set_that_does_not_fit_says_so_before_it_is_read(tmp_path, monkeypatch):
    path = npz(tmp_path, ARRAYS)
    monkeypatch.setattr(raw, "available_memory", lambda: 500_000)
    with pytest.raises(MemoryError, match=r"needs about 0.9 MB of memory, and 0.5 MB are free"):
        sets.load(str(path))


BROKEN = {
    "images of .* are 7×7: 8 to 256": (np.zeros((99, 7, 7), np.uint8), np.arange(99) % 3),
    "are 300×300: .* resize=SIDE": (np.zeros((9, 300, 300), np.uint8), np.arange(9) % 3),
    "missing or infinite values": (np.full((9, 9, 9), np.nan), np.arange(9) % 3),
    "values from 0 to 60000": (np.array([[[0, 60_000] * 4] * 8] * 9), np.arange(9) % 3),
    "must have the shape": (np.zeros((9, 9, 9, 4), np.uint8), np.arange(9) % 3),
    "comes by pixel or by channel is not known": (np.zeros((9, 3_072)), np.arange(9) % 3),
    "785 pixels are no square image": (np.zeros((9, 785)), np.arange(9) % 3),
    "has no images: its shape": (np.zeros((0, 9, 9)), np.arange(0)),
    "must be numbers": (np.full((9, 9, 9), "a"), np.arange(9) % 3),
    "one-hot": (np.zeros((9, 9, 9)), np.ones((9, 3), int)),
    "have 1,001 classes": (np.zeros((1_001, 8, 8), np.uint8), np.arange(1_001)),
}


@pytest.mark.parametrize("message", BROKEN)
def test_arrays_that_are_no_set(tmp_path, message):
    with pytest.raises(ValueError, match=message):
        sets.load(str(npz(tmp_path, BROKEN[message], ("x", "y"))))


FILES = {
    "words.csv": (b"a,b\n1,2\n", "its first line has 2 columns"),
    "ragged.csv": (b"1" + b",0" * 784 + b"\n1" + b",0" * 900, "is no table of labels and pixels"),
    "text.csv": (b"1" + b",0" * 784 + b"\n1" + b",x" * 784, "is no table of labels and pixels"),
    "x.parquet": (b"PAR1junk", "is no readable Parquet file"),
    "notes.txt": (b"hello", "is no set of images: a set is IDX files, an npz"),
    "c/1.png": (b"no", "1.png' is no readable image"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_set_are_named_and_left_alone(tmp_path, name):
    content, message = FILES[name]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        sets.load(str(path if path.parent == tmp_path else tmp_path))
    assert path.read_bytes() == content


def test_a_folder_of_something_else_is_told_what_lies_there(tmp_path):
    with pytest.raises(ValueError, match="has no set of images: it is empty"):
        sets.load(str(tmp_path))
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ValueError, match=r"has no set of images: it holds notes.txt; a set is"):
        sets.load(str(tmp_path))
