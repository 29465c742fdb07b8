"""Sets by name, in the layouts of their publishers: tiny ones, from a server of the test."""

import gzip
import hashlib
import io
import re
import tarfile
import zipfile
from dataclasses import fields, replace

import numpy as np
import pytest

from mnist_tradeoff.architecture.task import Shape, Task
from mnist_tradeoff.data import named, sets
from mnist_tradeoff.data.download import DownloadError, cache_folder
from mnist_tradeoff.data.formats.idx import IDX_NAMES, idx_bytes
from mnist_tradeoff.data.medmnist import MED_SETS, OTHER_SETS
from mnist_tradeoff.data.options import DataConfig
from tests.factories import ROOT, Arrays, make_arrays, write_idx

ARRAYS = make_arrays(300, 100)
LETTERS = "".join(f"{label} {64 + label} {96 + label}\n" for label in range(1, 27))
CODES = [*range(48, 58), *range(65, 91), *map(ord, "abdefghnqrt")]
BALANCED = "".join(f"{label} {code}\n" for label, code in enumerate(CODES))
CIFAR_NAMES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


def idx_files(arrays: Arrays) -> dict[str, bytes]:
    pairs = zip(IDX_NAMES, arrays, strict=True)
    return {f"{name}.gz": gzip.compress(idx_bytes(array)) for name, array in pairs}


def emnist_zip(splits: dict[str, tuple[Arrays, str]]) -> dict[str, bytes]:
    """Of upright arrays: EMNIST has them transposed."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for split, (arrays, mapping) in splits.items():
            file.writestr(f"gzip/emnist-{split}-mapping.txt", mapping)
            for part, images, labels in (("train", *arrays[:2]), ("test", *arrays[2:])):
                for what, array in (
                    ("images-idx3", images.swapaxes(1, -1)),
                    ("labels-idx1", labels),
                ):
                    name = f"gzip/emnist-{split}-{part}-{what}-ubyte.gz"
                    file.writestr(name, gzip.compress(idx_bytes(array)))
    return {"gzip.zip": content.getvalue()}


def cifar_tar(images: np.ndarray, labels: np.ndarray) -> dict[str, bytes]:
    """The binary version: six files of equal length, red, green and blue planes."""
    planes = np.moveaxis(images, 3, 1).reshape(len(images), -1)
    records = np.concatenate([labels[:, None], planes], axis=1).astype(np.uint8)
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    files = {name: some.tobytes() for name, some in zip(names, np.split(records, 6), strict=True)}
    files |= {"batches.meta.txt": "\n".join([*CIFAR_NAMES, ""]).encode(), "readme.html": b"<a>"}
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as file:
        for name, one in files.items():
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(one)
            file.addfile(info, io.BytesIO(one))
    return {"cifar-10-binary.tar.gz": content.getvalue()}


def med_npz(name: str, **arrays: np.ndarray) -> dict[str, bytes]:
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    return {f"{name}.npz": content.getvalue()}


@pytest.fixture
def publish(mirror, monkeypatch):
    """Puts files where the set of a name has them, with the md5 of what they are."""

    def put(dataset: str, files: dict[str, bytes]) -> None:
        md5s = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
        found = named.named(dataset)
        assert md5s.keys() == found.source.md5s.keys()
        for name, content in files.items():
            mirror.put(f"{found.source.folder}/{name}", content)
        if dataset in named.SETS:
            changed = replace(found, source=replace(found.source, md5s=md5s))
            monkeypatch.setitem(named.SETS, dataset, changed)
        else:
            name = dataset.removeprefix(named.MEDMNIST)
            (md5,) = md5s.values()
            monkeypatch.setitem(MED_SETS, name, MED_SETS[name]._replace(md5=md5))

    return put


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("fashion_mnist", "T-shirt/top", "Ankle boot"), ("kmnist", "o", "wo")],
)
def test_idx_sets_are_those_files_with_names_of_classes(publish, tmp_path, name, first, last):
    publish(name, idx_files(ARRAYS))
    found = sets.load(name)
    plain = sets.load(str(write_idx(tmp_path / "plain", ARRAYS)))
    assert (found.name, found.digest, found.task) == (name, plain.digest, plain.task)
    assert (found.names[0], found.names[9], found.notes) == (first, last, ())
    assert found.source == named.SETS[name].source.addresses[0]


def letters(count: int, classes: int, first: int) -> tuple[np.ndarray, np.ndarray]:
    labels = (np.arange(count) % classes).astype(np.uint8)
    images = np.zeros((count, 28, 28), np.uint8)
    images[np.arange(count), labels % 28] = 255  # a row
    images[np.arange(count), labels // 28, np.arange(count) % 28] = 99
    return images, labels + np.uint8(first)


def test_emnist_is_upright_and_its_labels_begin_with_0(publish, mirror):
    of_letters = Arrays(*letters(520, 26, first=1), *letters(104, 26, first=1))
    balanced = Arrays(*letters(940, 47, first=0), *letters(94, 47, first=0))
    files = emnist_zip({"letters": (of_letters, LETTERS), "balanced": (balanced, BALANCED)})
    for name in ("emnist_letters", "emnist_balanced"):
        publish(name, files)
    found = sets.load("emnist_letters")
    assert found.task == Task(Shape(28, 28, 1), 26)
    assert (found.names[0], found.names[25]) == ("A", "Z")
    np.testing.assert_array_equal(found.test.images, of_letters.test_images)
    np.testing.assert_array_equal(found.test.labels, of_letters.test_labels - 1)
    assert found.notes == (
        "published transposed, put upright",
        "labels 1, 2, 3, 4, 5, 6, 7, 8, … 26 are the classes 0 to 25",
    )
    upright = sets.load("emnist_balanced")
    assert "".join(upright.names) == "".join(map(chr, CODES))
    np.testing.assert_array_equal(upright.test.images, balanced.test_images)
    assert len(mirror.asked) == 1  # one archive has both


def test_emnist_by_name_is_what_its_files_are_with_orientation(publish, tmp_path):
    arrays = Arrays(*letters(520, 26, first=1), *letters(104, 26, first=1))
    publish("emnist_letters", emnist_zip({"letters": (arrays, LETTERS)}))
    stored = Arrays(*(one.swapaxes(1, 2) if one.ndim == 3 else one for one in arrays))
    folder = write_idx(tmp_path / "letters", stored)
    by_hand = sets.load(str(folder), orientation="transposed")
    assert sets.load("emnist_letters").digest == by_hand.digest


def test_cifar_has_its_colours_and_names_and_no_pickle(publish):
    labels = np.arange(600) % 10
    images = np.random.default_rng(0).integers(0, 256, (600, 32, 32, 3)).astype(np.uint8)
    publish("cifar10", cifar_tar(images, labels))
    found = sets.load("cifar10")
    assert (found.task, found.names) == (Task(Shape(32, 32, 3), 10), CIFAR_NAMES)
    np.testing.assert_array_equal(found.test.images, images[500:])
    np.testing.assert_array_equal(found.test.labels, labels[500:])
    assert len(found.train.labels) + len(found.val.labels) == 500
    scaled = sets.load("cifar10", resize=16)
    assert (scaled.name, scaled.task.input_shape) == ("cifar10", Shape(16, 16, 3))


def test_medmnist_keeps_its_validation_part(publish):
    random = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 45), ("val", 9), ("test", 18)):
        arrays[f"{part}_images"] = random.integers(0, 256, (count, 28, 28, 3)).astype(np.uint8)
        arrays[f"{part}_labels"] = (np.arange(count) % 9).astype(np.uint8)[:, None]
    publish("medmnist:pathmnist", med_npz("pathmnist", **arrays))
    found = sets.load("medmnist:pathmnist")
    assert (found.name, found.task) == ("medmnist:pathmnist", Task(Shape(28, 28, 3), 9))
    np.testing.assert_array_equal(found.val.images, arrays["val_images"])
    assert found.names[:2] == ("adipose", "background")


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ("medmnist:chestmnist", r"^medmnist:chestmnist has several labels an image"),
        ("medmnist:organmnist3d", r"^medmnist:organmnist3d has volumes of 28×28×28"),
        ("medmnist:PathMNIST", r"'medmnist:PathMNIST' is none of .*: bloodmnist, .*, pathmnist"),
        ("medmnist:pathmnist_64", r"'medmnist:pathmnist_64' is none of MedMNIST's sets of 28×28"),
        ("medmnist:", r"'medmnist:' is none of MedMNIST's sets"),
    ],
)
def test_names_that_medmnist_has_not_or_not_for_us(mirror, dataset, message):
    with pytest.raises(ValueError, match=message):
        sets.load(dataset)
    assert mirror.asked == []


def test_orientation_is_not_for_named_sets():
    with pytest.raises(ValueError, match="orientation is for sets of your own: 'kmnist' is"):
        sets.load("kmnist", orientation="transposed")


@pytest.mark.usefixtures("nowhere")
def test_without_a_network_it_says_which_files_to_put_where(monkeypatch):
    files = idx_files(ARRAYS)
    md5s = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    source = replace(named.KMNIST, md5s=md5s)
    monkeypatch.setitem(named.SETS, "kmnist", replace(named.SETS["kmnist"], source=source))
    folder = cache_folder("kmnist")
    folder.mkdir(parents=True)
    for name, content in list(files.items())[1:3]:
        (folder / name).write_bytes(content)
    with pytest.raises(DownloadError) as error:
        sets.load("kmnist")
    assert str(error.value) == (
        "kmnist: train-images-idx3-ubyte.gz could not be downloaded (http://127.0.0.1:9/kmnist/: "
        "[Errno 111] Connection refused). Put train-images-idx3-ubyte.gz, "
        "t10k-labels-idx1-ubyte.gz of http://codh.rois.ac.jp/kmnist/dataset/kmnist/ into "
        f"'{folder}', or name a mirror with MNIST_TRADEOFF_MIRROR"
    )
    for name, content in files.items():
        (folder / name).write_bytes(content)
    assert sets.load("kmnist").names[0] == "o"


def test_a_name_comes_before_a_folder_which_a_slash_means(publish, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_idx(tmp_path / "kmnist", make_arrays(200, 50))
    publish("kmnist", idx_files(ARRAYS))
    found, own = sets.load("kmnist"), sets.load("./kmnist")
    assert len(found.test.labels) == 100
    assert found.notes == ("what is named 'kmnist' here is not read; dataset=./kmnist would be it",)
    assert (own.name, len(own.test.labels), own.notes) == ("kmnist-custom", 50, ())
    assert "here is not read" not in "".join(sets.load("./kmnist/").notes)


def test_every_file_has_an_md5_and_an_address():
    every = [one.source for one in named.SETS.values()]
    every += [named.named(f"{named.MEDMNIST}{name}").source for name in MED_SETS]
    assert len(MED_SETS) + len(OTHER_SETS) == 18
    assert all(re.fullmatch(r"https?://[\w.-]+/(.*/)?", one) for s in every for one in s.addresses)
    md5s = {md5 for source in every for md5 in source.md5s.values()}
    assert all(re.fullmatch(r"[0-9a-f]{32}", md5) for md5 in md5s)
    assert len(md5s) == 4 + 4 + 1 + 1 + 11


def test_the_page_and_the_help_have_every_name():
    page = (ROOT / "docs" / "runs_and_data.md").read_text()
    in_table = re.findall(r"^\| `([\w:]+)` \| (?:28×28|32×32)", page, re.MULTILINE)
    assert in_table == [*named.SETS, *(f"{named.MEDMNIST}{name}" for name in MED_SETS)]
    (help_line,) = [one.metadata["help"] for one in fields(DataConfig) if one.name == "dataset"]
    assert f"{', '.join(sets.RESERVED)}, {named.MEDMNIST}NAME, or" in help_line
