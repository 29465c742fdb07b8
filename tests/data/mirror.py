"""A real HTTP server over a folder, with what servers and networks do to a download."""

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Mirror:
    """Serves a folder at ``address``, and remembers what it was asked for.

    has_ranges: whether it sends the rest of a file that was begun.
    breaks: after how many bytes of the body each of the next answers breaks off.
    statuses: with which status each of the next answers refuses; 0: it does not.
    redirects: whether it sends everyone to ``/moved`` first.
    """

    def __init__(self, folder: Path, address: str):
        self.folder, self.address = folder, address
        self.has_ranges, self.redirects = True, False
        self.breaks: list[int] = []
        self.statuses: list[int] = []
        self.asked: list[tuple[str, str]] = []

    def put(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@contextmanager
def serving(folder: Path) -> Iterator[Mirror]:
    """A mirror of a folder, until the block ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.mirror = Mirror(folder, f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.mirror  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        mirror: Mirror = self.server.mirror  # type: ignore[attr-defined]
        if mirror.redirects and not self.path.startswith("/moved/"):
            self.answer(302, b"", {"Location": f"/moved{self.path}"})
            return
        name = self.path.removeprefix("/moved").lstrip("/")
        wanted = self.headers.get("Range", "")
        mirror.asked.append((name, wanted))
        status = mirror.statuses.pop(0) if mirror.statuses else 0
        path = mirror.folder / name
        if status or not path.is_file():
            self.answer(status or 404, b"<html>no</html>", {})
            return
        self.answer_file(mirror, path.read_bytes(), wanted)

    def answer_file(self, mirror: Mirror, content: bytes, wanted: str) -> None:
        end = mirror.breaks.pop(0) if mirror.breaks else None
        found = re.fullmatch(r"bytes=(\d+)-", wanted) if mirror.has_ranges else None
        begin = int(found[1]) if found else 0
        if found and begin >= len(content):
            self.answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        elif found:
            span = f"bytes {begin}-{len(content) - 1}/{len(content)}"
            self.answer(206, content[begin:], {"Content-Range": span}, end)
        else:
            self.answer(200, content, {}, end)

    def answer(
        self, status: int, body: bytes, headers: dict[str, str], end: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:end])
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        pass
