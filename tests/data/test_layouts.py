"""Folders and tables as publishers and archives leave them: found, or refused with what to do."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mnist_tradeoff.data import sets
from mnist_tradeoff.data.formats.idx import idx_bytes
from mnist_tradeoff.data.formats.npz import NPZ_KEYS
from tests.factories import coloured, make_arrays, write_idx, write_pictures

ARRAYS = make_arrays(40, 20)
IMAGES, LABELS = coloured(30, 3, 16)
PIXELS = [f"pixel{i}" for i in range(64)]


def pictures(folder: Path, names=("cat", "dog", "elk")) -> Path:
    return write_pictures(folder, IMAGES, LABELS, names)


def kaggle_parts(folder: Path) -> None:
    """One archive in another, parts by long names, a class in two folders, a form, a loose part."""
    inner = folder / "archive" / "animals"
    pictures(inner / "seg_train" / "seg_train")
    pictures(inner / "seg_test" / "seg_test")
    pictures(inner / "predict")
    cat = inner / "seg_train" / "seg_train" / "cat"
    (cat / "second").mkdir()
    for file in list(cat.glob("*.png"))[:4]:
        file.rename(cat / "second" / file.name)


def class_called_train(folder: Path) -> None:
    pictures(folder, ("bus", "plane", "train"))


def other_suffixes(folder: Path) -> None:
    pictures(folder)
    for file in folder.glob("cat/*.png"):
        file.rename(file.with_suffix(".JFIF"))


def listed_pictures(folder: Path) -> None:
    pictures(folder)
    (folder / "labels.csv").write_text("file,label\ncat/0.png,cat\n")


def hugging_face(folder: Path, place: str) -> None:
    files = sorted(pictures(folder.parent / "pictures").glob("*/*.png"))
    rows = [{"image": {"bytes": file.read_bytes()}, "label": file.parent.name} for file in files]
    (folder / place).parent.mkdir(parents=True)
    pd.DataFrame(rows).to_parquet(folder / place)


def table(rows: int = 30) -> pd.DataFrame:
    values = np.random.default_rng(1).integers(0, 256, (rows, 64))
    values[:, 0] = 0
    frame = pd.DataFrame(values, columns=PIXELS)
    frame["label"] = np.arange(rows) % 3
    return frame


def as_csv(change, **options):
    def make(folder: Path) -> None:
        change(table()).to_csv(folder / "train.csv", **options)

    return make


FOUND = {
    "Kaggle's folders": (kaggle_parts, ("cat", "dog", "elk"), 60),
    "a class called train": (class_called_train, ("bus", "plane", "train"), 30),
    "other suffixes": (other_suffixes, ("cat", "dog", "elk"), 30),
    "a table beside pictures": (listed_pictures, ("cat", "dog", "elk"), 30),
    "a configuration": (
        lambda folder: hugging_face(folder, "plain/train-00000-of-00001.parquet"),
        ("cat", "dog", "elk"),
        30,
    ),
    "converted Parquet": (
        lambda folder: hugging_face(folder, "default/train/0000.parquet"),
        ("cat", "dog", "elk"),
        30,
    ),
    "labels last, no header": (as_csv(lambda x: x, header=False, index=False), (), 30),
    "numbers of the lines": (as_csv(lambda x: x[["label", *PIXELS]]), (), 30),
    "classes None and NA": (
        as_csv(lambda x: x.assign(label=np.array(["NA", "None", "one"])[x.label]), index=False),
        ("NA", "None", "one"),
        30,
    ),
}


@pytest.mark.parametrize("layout", FOUND)
def test_what_publishers_leave_is_found(tmp_path, layout):
    make, names, images = FOUND[layout]
    (tmp_path / "set").mkdir()
    make(tmp_path / "set")
    found = sets.load(str(tmp_path / "set"))
    assert found.class_names == names
    assert found.task.classes == 3
    assert sum(len(part.labels) for part in (found.train, found.val, found.test)) == images


def archive(folder: Path) -> None:
    (folder / "images.tar.gz").write_bytes(b"")


def two_parts_alike(folder: Path) -> None:
    pictures(folder / "train")
    pictures(folder / "training_set")


def two_sets_without_a_name(folder: Path) -> None:
    for name in ("", "kmnist-"):
        for part, images, labels in (("train", *ARRAYS[:2]), ("test", *ARRAYS[2:])):
            (folder / f"{name}{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
            (folder / f"{name}{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))


def two_nested_sets(folder: Path) -> None:
    for name in ("first", "second"):
        (folder / "all" / name).mkdir(parents=True)
        np.savez(folder / "all" / name / "set.npz", **dict(zip(NPZ_KEYS, ARRAYS, strict=True)))


def words_as_pixels(folder: Path) -> None:
    table().astype(object).assign(pixel9="x").to_csv(folder / "train.csv", index=False)


REFUSED = {
    "an archive": (archive, r"it holds images.tar.gz; unpack images.tar.gz; a set is"),
    "two folders of one part": (two_parts_alike, "two folders of one part, train and training_set"),
    "two sets, one without a name": (
        two_sets_without_a_name,
        "holds 2 sets, .* test-images-idx3-ubyte: name a file of the one to use, such as dataset=",
    ),
    "two nested sets": (two_nested_sets, "holds 2 sets, all/first, all/second: dataset=.*first$"),
    "words as pixels": (words_as_pixels, "train.csv' is no table of labels and pixels: "),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_told_apart_is_refused_with_what_to_do(tmp_path, what):
    make, message = REFUSED[what]
    make(tmp_path)
    with pytest.raises(ValueError, match=message) as error:
        sets.load(str(tmp_path))
    assert "\n" not in str(error.value)


def test_an_archive_itself_is_refused(tmp_path):
    (tmp_path / "images.zip").write_bytes(b"PK\3\4")
    with pytest.raises(ValueError, match=r"images\.zip' is an archive: unpack it, and name"):
        sets.load(str(tmp_path / "images.zip"))


def test_folders_beside_the_parts_are_named(tmp_path):
    kaggle_parts(tmp_path)
    notes = sets.load(str(tmp_path)).notes
    assert f"'{tmp_path}/archive/animals': predict left out, neither train, val nor test" in notes


def test_the_sets_files_may_lie_two_folders_down(tmp_path):
    plain = write_idx(tmp_path / "outer" / "MNIST" / "raw", ARRAYS)
    assert sets.load(str(tmp_path / "outer")).digest == sets.load(str(plain)).digest
