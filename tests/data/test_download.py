"""MNIST from mirrors: verified, gone on with, and never a wrong file."""

import gzip
import hashlib
import http.server
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mnist_tradeoff.data import download, sets
from mnist_tradeoff.data.download import MNIST_MD5
from mnist_tradeoff.data.formats.idx import IDX_NAMES, idx_bytes
from tests.factories import arrays_of


class MirrorHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):  # noqa: A002 (the base class's name)
        pass


@pytest.fixture(scope="module")
def zipped_mnist(mnist_folder, tmp_path_factory):
    """MNIST's files as the mirrors have them, however the folder has them."""
    folder = tmp_path_factory.mktemp("mirror")
    for name, array in zip(IDX_NAMES, arrays_of(mnist_folder), strict=True):
        (folder / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(array), compresslevel=1))
    return folder


@pytest.fixture
def mirror(zipped_mnist):
    """A real HTTP server over the folder of MNIST's files."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *args: MirrorHandler(*args, directory=str(zipped_mnist))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def broken_mirror():
    """Answers every request with a body shorter than it announced."""

    class Handler(MirrorHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"short")

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("nowhere")
def test_second_mirror_and_two_downloads_at_once(monkeypatch, mirror, broken_mirror):
    monkeypatch.setattr(download, "MIRRORS", (broken_mirror, mirror))
    folder = download.cache_folder()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(download.download_mnist, [folder, folder]))
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{n}.gz" for n in IDX_NAMES)
    assert sets.load("mnist").is_mnist


@pytest.mark.usefixtures("nowhere")
def test_download_goes_on_where_it_stopped(monkeypatch, mirror):
    monkeypatch.setattr(download, "MIRRORS", (mirror,))
    folder = download.cache_folder()
    download.download_mnist(folder)
    kept, lost, damaged = (folder / f"{name}.gz" for name in IDX_NAMES[:3])
    lost.unlink()
    damaged.write_bytes(damaged.read_bytes()[:100])
    time_of_kept = kept.stat().st_mtime_ns
    download.download_mnist(folder)
    assert kept.stat().st_mtime_ns == time_of_kept
    assert sets.load("mnist").is_mnist


@pytest.mark.usefixtures("nowhere")
def test_download_that_is_not_mnist_is_not_kept(monkeypatch, broken_mirror):
    monkeypatch.setattr(download, "MIRRORS", (broken_mirror,))
    with pytest.raises(OSError, match="arrived truncated or is not MNIST"):
        download.download_mnist(download.cache_folder())
    assert list(download.cache_folder().iterdir()) == []


def test_md5_is_of_the_idx_content(mnist_folder):
    for name, md5 in zip(IDX_NAMES, MNIST_MD5, strict=True):
        path = next(mnist_folder.glob(f"{name}*"))
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        assert hashlib.md5(content).hexdigest() == md5
