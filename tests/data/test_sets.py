import gzip
import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data import download, sets
from mnist_tradeoff.data.formats.idx import IDX_NAMES, idx_bytes, parse_idx
from mnist_tradeoff.data.formats.npz import NPZ_KEYS
from tests.factories import arrays_of, make_arrays, write_idx


def write_npz(path: Path, arrays, **changes) -> Path:
    np.savez(path, **{**dict(zip(NPZ_KEYS, arrays, strict=True)), **changes})
    return path


def snapshot(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.md5(path.read_bytes()).hexdigest() for path in files}


def test_idx_round_trip():
    for array in make_arrays(30, 20):
        np.testing.assert_array_equal(parse_idx(idx_bytes(array), "x"), array)


def test_one_set_in_three_formats_is_the_same_set(tmp_path, stripes):
    arrays = make_arrays()
    zipped = tmp_path / "stripes"
    zipped.mkdir()
    for name, array in zip(IDX_NAMES, arrays, strict=True):
        (zipped / f"{name.replace('-idx', '.idx')}.gz").write_bytes(gzip.compress(idx_bytes(array)))
    npz = write_npz(tmp_path / "stripes.npz", arrays, y_train=arrays.train_labels.astype(np.int64))
    found = [sets.load(str(path)) for path in (stripes, zipped, npz)]
    assert {loaded.name for loaded in found} == {"stripes"}
    assert len({loaded.identity for loaded in found}) == 1
    assert found[0].identity == f"stripes {found[0].digest}"
    assert found[0].task == MNIST


def test_split_is_stratified_fixed_and_complete(stripes):
    loaded = sets.load(str(stripes))
    assert (len(loaded.train.labels), len(loaded.val.labels), len(loaded.test.labels)) == (
        550,
        50,
        200,
    )
    assert np.bincount(loaded.val.labels).tolist() == [5] * 10
    again = sets.load(str(stripes))
    np.testing.assert_array_equal(loaded.val.images, again.val.images)
    rows = np.concatenate([loaded.train.images, loaded.val.images]).reshape(600, -1)
    assert len(np.unique(rows, axis=0)) == 600


def test_mnist_is_known_by_content(mnist_folder, monkeypatch, nowhere):
    monkeypatch.setenv("MNIST_TRADEOFF_DATA", str(mnist_folder))
    mnist = sets.load("auto")
    assert mnist.is_mnist
    assert len(mnist.train.labels) == 55_000
    assert len(mnist.val.labels) == 5_000
    assert len(mnist.test.labels) == 10_000
    assert sets.load(str(mnist_folder)).is_mnist
    keras_file = nowhere / "keras" / "datasets" / "mnist.npz"
    keras_file.parent.mkdir(parents=True)
    write_npz(keras_file, arrays_of(mnist_folder))
    monkeypatch.delenv("MNIST_TRADEOFF_DATA")
    from_keras = sets.load("mnist")
    assert from_keras.source == str(keras_file)
    assert from_keras.digest == mnist.digest


def test_a_folder_named_mnist_is_not_mnist(tmp_path):
    loaded = sets.load(str(write_idx(tmp_path / "mnist", make_arrays())))
    assert loaded.name == "mnist-custom"
    assert not loaded.is_mnist


def truncate(folder):
    path = folder / IDX_NAMES[0]
    path.write_bytes(path.read_bytes()[:-5])


def lengthen(folder):
    path = folder / IDX_NAMES[1]
    path.write_bytes(path.read_bytes() + b"x")


def cut_gzip(folder):
    path = folder / IDX_NAMES[2]
    (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes())[:-20])
    path.unlink()


def float_type(folder):
    path = folder / IDX_NAMES[0]
    path.write_bytes(path.read_bytes()[:2] + b"\x0d" + path.read_bytes()[3:])


def other_shape(folder):
    (folder / IDX_NAMES[0]).write_bytes(idx_bytes(np.zeros((600, 8, 8), np.uint8)))


def fewer_labels(folder):
    (folder / IDX_NAMES[3]).write_bytes(idx_bytes(np.zeros(7, np.uint8)))


def one_class(folder):
    for name in (IDX_NAMES[1], IDX_NAMES[3]):
        labels = parse_idx((folder / name).read_bytes(), name)
        (folder / name).write_bytes(idx_bytes(np.full_like(labels, 10)))


def only_copies(folder):
    (folder / IDX_NAMES[0]).write_bytes(idx_bytes(np.zeros((20, 28, 28), np.uint8)))
    (folder / IDX_NAMES[1]).write_bytes(idx_bytes(np.arange(20).astype(np.uint8)))


def folder_of_that_name(folder):
    (folder / IDX_NAMES[0]).unlink()
    (folder / IDX_NAMES[0]).mkdir()


def dead_link(folder):
    (folder / IDX_NAMES[1]).unlink()
    (folder / IDX_NAMES[1]).symlink_to("elsewhere")


def empty(folder):
    (folder / IDX_NAMES[0]).write_bytes(b"")


def html(folder):
    (folder / IDX_NAMES[0]).write_bytes(b"<html>404</html>")


def missing(folder):
    (folder / IDX_NAMES[3]).unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, "train-images-idx3-ubyte' is truncated: 470,411 bytes where 470,416 are due"),
        (lengthen, "train-labels-idx1-ubyte' is too long"),
        (cut_gzip, "t10k-images-idx3-ubyte.gz' is truncated or corrupt"),
        (float_type, "train-images-idx3-ubyte' is truncated: 470,416 bytes where 1,881,616"),
        (other_shape, "t10k-images.* are 28×28, those of train-images-idx3-ubyte.* 8×8"),
        (fewer_labels, "t10k-images.*: 200 images but 7 labels"),
        (one_class, "have 1 class, 10: 2 to 1,000 are due"),
        (only_copies, "cannot be split: no class has two different images"),
        (folder_of_that_name, "train-images-idx3-ubyte' is a folder, not a file"),
        (dead_link, "train-labels-idx1-ubyte' is a link to 'elsewhere', which is not there"),
        (empty, "train-images-idx3-ubyte' is no IDX file"),
        (html, "train-images-idx3-ubyte' is no IDX file"),
        (missing, "has t10k-images-idx3-ubyte, but no labels to it such as t10k-labels"),
    ],
)
def test_bad_idx_is_refused_by_name_and_left_alone(tmp_path, damage, message):
    folder = write_idx(tmp_path / "bad", make_arrays())
    damage(folder)
    before = snapshot(tmp_path)
    with pytest.raises(ValueError, match=message):
        sets.load(str(folder))
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"x_train": np.full((600, 28, 28), -1, np.float32)},
            "x_train and .* has values from -1 to 255: 0 to 255 are due",
        ),
        ({"y_test": np.full(200, 0.5)}, "y_test in .* must be whole numbers or text, not float64"),
        ({"y_test": np.zeros((200, 10), int)}, r"y_test in .* must have the shape \(n,\)"),
        ({"y_train": np.arange(600)}, "cannot be split: no class has two different images"),
        ({"x_test": np.array([{"a": 1}] * 200)}, "pickled objects, which are never loaded"),
    ],
)
def test_bad_npz_is_refused_by_name_and_left_alone(tmp_path, changes, message):
    path = write_npz(tmp_path / "bad.npz", make_arrays(), **changes)
    before = snapshot(tmp_path)
    with pytest.raises(ValueError, match=message):
        sets.load(str(path))
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x80\x04N."])
def test_files_that_are_no_npz(tmp_path, content):
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"bad.npz' is no readable npz: it is truncated, or"):
        sets.load(str(tmp_path / "bad.npz"))


def test_truncated_npz_and_missing_key(tmp_path):
    path = write_npz(tmp_path / "half.npz", make_arrays())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match="truncated, or another kind of file"):
        sets.load(str(path))
    np.savez(tmp_path / "keys.npz", x_train=np.zeros(3))
    with pytest.raises(ValueError, match=r"lacks an array.*y_train"):
        sets.load(str(tmp_path / "keys.npz"))


def test_npz_whose_member_is_no_array(tmp_path):
    path = write_npz(tmp_path / "raw.npz", make_arrays())
    raw = tmp_path / "other.npz"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(raw, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"text" if name == "y_test.npy" else source.read(name))
    with pytest.raises(ValueError, match=r"other.npz' is no readable npz"):
        sets.load(str(raw))


def test_unknown_dataset():
    with pytest.raises(ValueError, match=r"neither auto, mnist, .*, medmnist:NAME nor an existing"):
        sets.load("fashion")
    with pytest.raises(ValueError, match="'~nobody-of-this-name/x' is no path"):
        sets.load("~nobody-of-this-name/x")


def test_cache_folders_that_the_environment_names_badly(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for relative in ("", "caches"):
        monkeypatch.setenv("XDG_CACHE_HOME", relative)
        assert download.cache_folder("mnist") == tmp_path / ".cache" / "mnist_tradeoff" / "mnist"


def test_variable_that_names_nothing_or_another_set(monkeypatch, stripes, nowhere):
    monkeypatch.setenv("MNIST_TRADEOFF_DATA", str(nowhere / "no"))
    with pytest.raises(ValueError, match="does not exist"):
        sets.load("auto")
    monkeypatch.setenv("MNIST_TRADEOFF_DATA", str(stripes))
    with pytest.raises(ValueError, match=r"is not MNIST .* dataset="):
        sets.load("auto")


@pytest.mark.parametrize("dataset", ["auto", "mnist"])
def test_another_npz_in_the_keras_cache_stays(nowhere, dataset):
    folder = nowhere / "keras" / "datasets"
    folder.mkdir(parents=True)
    write_npz(folder / "mnist.npz", make_arrays())
    before = snapshot(folder)
    with pytest.raises(ValueError, match=r"mnist.npz' is not MNIST \(it is in the Keras cache"):
        sets.load(dataset)
    assert snapshot(folder) == before


@pytest.mark.usefixtures("nowhere")
def test_without_network_mnist_fails_and_auto_falls_back():
    with pytest.raises(OSError, match=r"MNIST was not found.*127.0.0.1:9.*Set MNIST_TRADEOFF_DATA"):
        sets.load("mnist")
    digits = sets.load("auto")
    assert digits.name == "digits"
    assert "MNIST was not found" in digits.fallback_reason
    assert not sets.load("digits").fallback_reason
    assert digits.train.images.shape[1:] == (28, 28)
    assert digits.train.images.max() == 255
