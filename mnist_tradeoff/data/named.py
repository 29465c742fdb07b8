"""Sets by name: where their publishers have them, md5 of each file, and how they are read."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mnist_tradeoff.data.download import (
    MIRROR_VARIABLE,
    DownloadError,
    Source,
    cache_folder,
    fetched,
    missing_of,
)
from mnist_tradeoff.data.formats.cifar import read_cifar
from mnist_tradeoff.data.formats.emnist import read_emnist
from mnist_tradeoff.data.formats.idx import IDX_NAMES
from mnist_tradeoff.data.formats.npz import read_npz_set
from mnist_tradeoff.data.formats.raw import Raw
from mnist_tradeoff.data.medmnist import ADDRESS, MED_SETS, OTHER_SETS
from mnist_tradeoff.data.reading import read_raw

MEDMNIST = "medmnist:"
_IDX_FILES = [f"{name}.gz" for name in IDX_NAMES]

# md5 of the uncompressed IDX content of MNIST.
MNIST_MD5 = (
    "6bbc9ace898e44ae57da46a324031adb",
    "a25bea736e30d166cdddb491f175f624",
    "2646ac647ad5339dbf082846283269ea",
    "27ae3e4e09519cfbb04c329615203637",
)
MNIST = Source(
    "mnist",
    (  # the mirrors of TensorFlow Datasets and of torchvision
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
    dict(zip(_IDX_FILES, MNIST_MD5, strict=True)),
    of_content=True,
)
FASHION_MNIST = Source(
    "fashion_mnist",
    (  # Keras's, and Zalando's own
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    {  # https://github.com/zalandoresearch/fashion-mnist, README.md
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
)
KMNIST = Source(
    "kmnist",
    ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
    {  # https://github.com/pytorch/vision, torchvision/datasets/mnist.py
        "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
        "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    },
)
EMNIST = Source(
    "emnist",
    ("https://biometrics.nist.gov/cs_links/EMNIST/",),
    # https://github.com/pytorch/vision, torchvision/datasets/mnist.py
    {"gzip.zip": "58c8d27c78d21e728a6bc7b3cc06412e"},
)
CIFAR10 = Source(
    "cifar10",
    ("https://www.cs.toronto.edu/~kriz/",),
    # https://www.cs.toronto.edu/~kriz/cifar.html
    {"cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530"},
)
# https://github.com/zalandoresearch/fashion-mnist, README.md
FASHION_CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
# The characters' readings; https://github.com/pytorch/vision, torchvision/datasets/mnist.py
KMNIST_CLASSES = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")


@dataclass(frozen=True)
class NamedSet:
    """A set that is known by name.

    read: reads the folder of the source's files.
    class_names: where they are not in the files.
    orientation: ``transposed`` where the publisher has rows and columns changed.
    """

    source: Source
    read: Callable[[Path], Raw]
    class_names: tuple[str, ...] = ()
    orientation: str = "stored"


SETS = {
    "fashion_mnist": NamedSet(FASHION_MNIST, read_raw, FASHION_CLASSES),
    "kmnist": NamedSet(KMNIST, read_raw, KMNIST_CLASSES),
    "emnist_letters": NamedSet(
        EMNIST, lambda folder: read_emnist(folder / "gzip.zip", "letters"), (), "transposed"
    ),
    "emnist_balanced": NamedSet(
        EMNIST, lambda folder: read_emnist(folder / "gzip.zip", "balanced"), (), "transposed"
    ),
    "cifar10": NamedSet(CIFAR10, lambda folder: read_cifar(folder / "cifar-10-binary.tar.gz")),
}


def is_name(dataset: str) -> bool:
    """Whether a set of ours is meant; with a slash it is a path."""
    return dataset in SETS or (dataset.startswith(MEDMNIST) and "/" not in dataset)


def named(dataset: str) -> NamedSet:
    """The set of that name.

    Raises:
        ValueError: MedMNIST has none of that name, or it is no task of one label an image.
    """
    if dataset in SETS:
        return SETS[dataset]
    name = dataset.removeprefix(MEDMNIST)
    if name in OTHER_SETS:
        raise ValueError(f"{dataset} {OTHER_SETS[name]}")
    if name not in MED_SETS:
        names = ", ".join(sorted(MED_SETS))
        raise ValueError(f"'{dataset}' is none of MedMNIST's sets of 28×28: {names}")
    file, found = f"{name}.npz", MED_SETS[name]
    source = Source("medmnist", (ADDRESS,), {file: found.md5})
    return NamedSet(source, lambda folder: read_npz_set(folder / file), found.class_names)


def read_named(dataset: str) -> Raw:
    """A named set as its publisher has it, downloaded where the cache lacks it.

    Raises:
        ValueError: there is none of that name, or a file in the cache is another one.
        DownloadError: it is not to be had; the message says which file to put where.
        OSError: the cache cannot be written.
        MemoryError: it does not fit.
    """
    found = named(dataset)
    source = found.source
    try:
        raw = found.read(fetched(source))
    except DownloadError as error:
        raise DownloadError(
            f"{dataset}: {error}. Put {', '.join(missing_of(source))} of {source.addresses[0]} "
            f"into '{cache_folder(source.folder)}', or name a mirror with {MIRROR_VARIABLE}"
        ) from None
    names = dict(enumerate(found.class_names)) or raw.class_names
    turned = ["published transposed, put upright"] if found.orientation == "transposed" else []
    return replace(raw, name=dataset, class_names=names, notes=(*raw.notes, *turned))
