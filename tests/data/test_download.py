"""Downloads: verified, continued, one process at a time, and never over a file of the user's."""

import gzip
import hashlib
import os
import pty
import subprocess
import sys
import termios
from dataclasses import replace

import numpy as np
import pytest

from mnist_tradeoff.data import download, sets
from mnist_tradeoff.data.download import DownloadError, Source, fetched
from mnist_tradeoff.data.formats.idx import IDX_NAMES, idx_bytes
from mnist_tradeoff.data.named import MNIST, MNIST_MD5
from tests.commands import environment
from tests.data.mirror import serving
from tests.factories import arrays_of

CONTENT = np.random.default_rng(0).bytes(300_000)
NAME = "images.bin"
HALF = len(CONTENT) // 2


def source_of(content: bytes = CONTENT) -> Source:
    return Source("some", ("http://127.0.0.1:9/",), {NAME: hashlib.md5(content).hexdigest()})


@pytest.fixture
def published(mirror):
    mirror.put(f"some/{NAME}", CONTENT)
    return mirror


def cached_files() -> set[str]:
    """What lies in the cache, but the lock, which stays."""
    return {path.name for path in download.cache_folder("some").iterdir()} - {download.LOCK}


def put_by_hand(name: str, content: bytes):
    folder = download.cache_folder("some")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def test_a_file_is_fetched_once(published):
    published.redirects = True
    assert (fetched(source_of()) / NAME).read_bytes() == CONTENT
    assert (fetched(source_of()) / NAME).read_bytes() == CONTENT
    assert published.asked == [(f"some/{NAME}", "")]
    assert cached_files() == {NAME}


def test_a_broken_connection_is_continued(published):
    published.redirects, published.breaks = True, [HALF, 1_000]
    assert (fetched(source_of()) / NAME).read_bytes() == CONTENT
    assert [wanted for _, wanted in published.asked] == [
        *("", f"bytes={HALF}-", f"bytes={HALF + 1_000}-")
    ]


def test_what_was_had_when_the_network_went_is_kept_and_continued(published):
    published.breaks, published.statuses = [HALF], [0, 503]
    with pytest.raises(DownloadError, match=r"images.bin could not .*: 503 Service Unavailable"):
        fetched(source_of())
    assert cached_files() == {f"{NAME}.part"}
    assert (fetched(source_of()) / NAME).read_bytes() == CONTENT
    assert published.asked[-1] == (f"some/{NAME}", f"bytes={HALF}-")
    assert cached_files() == {NAME}


@pytest.mark.parametrize(
    ("has_ranges", "part"),
    [
        (False, CONTENT[:HALF]),  # all of it is sent again
        (True, b"\0" * HALF),  # of another file: what was continued is wrong
        (True, b"\0" * (len(CONTENT) + 1)),  # longer than the file: there is no rest
        (True, CONTENT),  # only its name was missing
    ],
)
def test_any_part_ends_in_the_right_file(published, has_ranges, part):
    published.has_ranges = has_ranges
    put_by_hand(f"{NAME}.part", part)
    assert (fetched(source_of()) / NAME).read_bytes() == CONTENT
    assert cached_files() == {NAME}


@pytest.mark.usefixtures("published")
def test_a_wrong_file_is_not_kept():
    with pytest.raises(DownloadError, match=r"/some/ has another images.bin\)$"):
        fetched(source_of(b"other"))
    assert cached_files() == set()


def test_a_connection_that_always_breaks_ends(published):
    published.has_ranges, published.breaks = False, [HALF] * 5
    with pytest.raises(DownloadError, match=r"the connection broke after 150,000 of 300,000 bytes"):
        fetched(source_of())
    assert len(published.asked) == 2
    assert cached_files() == {f"{NAME}.part"}


def test_the_second_address_is_asked_where_the_first_has_nothing(published, nowhere, monkeypatch):
    monkeypatch.delenv("MNIST_TRADEOFF_MIRROR")
    with serving(nowhere / "empty") as first:
        addresses = (f"{first.address}/", f"{published.address}/some/")
        assert (fetched(replace(source_of(), addresses=addresses)) / NAME).read_bytes() == CONTENT
        assert len(first.asked) == 1
        none = replace(source_of(), folder="none", addresses=addresses[:1])
        with pytest.raises(DownloadError, match=rf"\({first.address}/: 404 Not Found\)$"):
            fetched(none)


@pytest.mark.usefixtures("nowhere")
def test_a_file_put_there_by_hand_is_used_if_it_is_right():
    path = put_by_hand(NAME, CONTENT)
    written = path.stat().st_mtime_ns
    assert fetched(source_of()) == path.parent
    assert (path.stat().st_mtime_ns, cached_files()) == (written, {NAME})


@pytest.mark.parametrize("kind", ["other", "folder", "dead link"])
def test_what_is_wrong_there_is_named_and_stays(published, kind):
    path = put_by_hand(NAME, b"the user's")
    if kind != "other":
        path.unlink()
        path.mkdir() if kind == "folder" else path.symlink_to("elsewhere")
    with pytest.raises(ValueError, match=r"images.bin' is (not the file|a folder|a link)"):
        fetched(source_of())
    assert published.asked == []
    assert cached_files() == {NAME}
    assert kind != "other" or path.read_bytes() == b"the user's"


@pytest.mark.parametrize(
    "address", ["mirror.example", "file:///etc", "https://", "http://[", "https://me:secret@host/"]
)
@pytest.mark.usefixtures("nowhere")
def test_a_mirror_that_is_no_address(monkeypatch, address):
    monkeypatch.setenv("MNIST_TRADEOFF_MIRROR", address)
    with pytest.raises(ValueError, match=r"MNIST_TRADEOFF_MIRROR must be an address") as error:
        fetched(source_of())
    assert "secret" not in str(error.value)


FETCH = f"""
from mnist_tradeoff.data.download import Source, fetched
fetched(Source("some", (), {source_of().md5s}))
"""


def test_processes_that_come_at_once_download_once(published, nowhere):
    processes = [
        subprocess.Popen([sys.executable, "-c", FETCH], env=environment(nowhere)) for _ in range(3)
    ]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert len(published.asked) == 1
    assert cached_files() == {NAME}


@pytest.mark.usefixtures("published")
def test_a_bar_is_for_terminals(nowhere):
    at_once = "import mnist_tradeoff.data.download as d; d.QUIET_SECONDS = 0"
    command = [sys.executable, "-c", f"{at_once}{FETCH}"]
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    subprocess.run(command, env=environment(nowhere), stderr=theirs, check=True, timeout=60)
    assert b"images.bin: 100%" in os.read(ours, 10_000)
    (download.cache_folder("some") / NAME).unlink()
    done = subprocess.run(
        command, env=environment(nowhere), capture_output=True, check=True, timeout=60
    )
    assert done.stderr == b""
    os.close(ours)
    os.close(theirs)


def test_mnist_is_known_by_its_content_however_it_was_compressed(mirror, mnist_folder):
    for name, array in zip(IDX_NAMES, arrays_of(mnist_folder), strict=True):
        mirror.put(f"mnist/{name}.gz", gzip.compress(idx_bytes(array), compresslevel=0))
    damaged = fetched(MNIST) / f"{IDX_NAMES[2]}.gz"
    damaged.write_bytes(damaged.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"t10k-images.* truncated or another one; move it away"):
        sets.load("mnist")
    damaged.rename(damaged.with_name(f"{damaged.name}.part"))
    assert sets.load("mnist").is_mnist
    assert len(mirror.asked) == 5


def test_md5_is_of_the_idx_content(mnist_folder):
    for name, md5 in zip(IDX_NAMES, MNIST_MD5, strict=True):
        path = next(mnist_folder.glob(f"{name}*"))
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        assert hashlib.md5(content).hexdigest() == md5 == MNIST.md5s[f"{name}.gz"]
