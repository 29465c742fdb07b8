"""Downloads MNIST's four files once, verified, into a cache of our own."""

import gzip
import hashlib
import http.client
import os
import sys
import urllib.request
import zlib
from pathlib import Path

from tqdm import tqdm

from mnist_tradeoff.data.formats.idx import IDX_NAMES
from mnist_tradeoff.system.files import write_whole

# The mirrors of TensorFlow Datasets and of torchvision.
MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
# md5 of the uncompressed IDX content of MNIST.
MNIST_MD5 = (
    "6bbc9ace898e44ae57da46a324031adb",
    "a25bea736e30d166cdddb491f175f624",
    "2646ac647ad5339dbf082846283269ea",
    "27ae3e4e09519cfbb04c329615203637",
)
TIMEOUT_SECONDS = 20
_BLOCK = 1 << 16


def cache_folder() -> Path:
    """``mnist_tradeoff/mnist`` in the user's cache folder; it need not exist."""
    caches = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The specification of the variable has relative paths ignored.
    root = caches if caches.is_absolute() else Path.home() / ".cache"
    return root / "mnist_tradeoff" / "mnist"


def download_mnist(folder: Path) -> None:
    """Fetch what the folder lacks of MNIST; run again after an interruption, it goes on.

    Every file is verified before it gets its name, in one atomic step, so processes that download
    at once do each other no harm.

    Raises:
        OSError: no mirror gave a file; the message says what each answered.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, md5 in zip(IDX_NAMES, MNIST_MD5, strict=True):
        target = folder / f"{name}.gz"
        if not (target.is_file() and _is_content(target.read_bytes(), md5)):
            _download_file(target, md5)


def _download_file(target: Path, md5: str) -> None:
    failures = []
    for mirror in MIRRORS:
        try:
            content = _fetch(mirror + target.name)
        except (OSError, http.client.HTTPException) as error:
            failures.append(f"{mirror}: {error}")
            continue
        if _is_content(content, md5):
            return write_whole(target, content)
        failures.append(f"{mirror}: {target.name} arrived truncated or is not MNIST")
    raise OSError(f"could not download {target.name} ({'; '.join(failures)})")


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else None
        name = url.rpartition("/")[2]
        content = bytearray()
        with tqdm(
            total=total, unit="B", unit_scale=True, desc=name, disable=not sys.stderr.isatty()
        ) as bar:
            while block := response.read(_BLOCK):
                content += block
                bar.update(len(block))
    return bytes(content)


def _is_content(content: bytes, md5: str) -> bool:
    try:
        return hashlib.md5(gzip.decompress(content)).hexdigest() == md5
    except (OSError, EOFError, zlib.error):
        return False
