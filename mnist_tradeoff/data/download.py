"""Downloads what publishers have, once, verified, into a cache of our own.

Interrupted, it goes on where it was. Several processes may want the same files at once.
"""

import gzip
import hashlib
import http.client
import os
import urllib.request
import zlib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from tqdm import tqdm

from mnist_tradeoff.data.formats.raw import require_file
from mnist_tradeoff.system.locks import file_lock

MIRROR_VARIABLE = "MNIST_TRADEOFF_MIRROR"
LOCK = "download.lock"
TIMEOUT_SECONDS = 20
# A download of less is over before anyone wonders.
QUIET_SECONDS = 2
_BLOCK = 1 << 16
_PARTIAL_CONTENT, _RANGE_NOT_SATISFIABLE = 206, 416


@dataclass(frozen=True)
class Source:
    """Files of a publisher.

    folder: in the cache, and on a mirror.
    addresses: of the folders that have them all, each with a slash at its end.
    md5s: of each file, by its name.
    of_content: whether an md5 is of what is in the gzipped file, however it was compressed.
    """

    folder: str
    addresses: tuple[str, ...]
    md5s: Mapping[str, str]
    of_content: bool = False

    def is_right(self, path: Path, name: str) -> bool:
        """Whether a file is the publisher's of that name."""
        with path.open("rb") as raw:
            opened = gzip.GzipFile(fileobj=raw) if self.of_content else nullcontext(raw)
            try:
                with opened as file:
                    return hashlib.file_digest(file, "md5").hexdigest() == self.md5s[name]
            except (gzip.BadGzipFile, EOFError, zlib.error):
                return False


class DownloadError(OSError):
    """No address gave a file; the message says what each answered."""


def cache_folder(name: str) -> Path:
    """``mnist_tradeoff/NAME`` in the user's cache folder; it need not exist."""
    caches = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The specification of the variable has relative paths ignored.
    root = caches if caches.is_absolute() else Path.home() / ".cache"
    return root / "mnist_tradeoff" / name


def fetched(source: Source) -> Path:
    """The folder of the cache with all files of a source: those that it lacks are downloaded.

    Every file is verified, those too that someone has put there; none is changed. Processes that
    come at once wait for the one that downloads.

    Raises:
        ValueError: a file that was there is not the publisher's, or the mirror is no address.
        DownloadError: no address gave a file.
        OSError: the folder cannot be written.
    """
    folder = cache_folder(source.folder)
    if missing_of(source):
        folder.mkdir(parents=True, exist_ok=True)
        with file_lock(folder / LOCK):
            for name in missing_of(source):
                _download(source, name, folder / name)
    return folder


def missing_of(source: Source) -> list[str]:
    """The files of a source that its folder lacks.

    Raises:
        ValueError: one that is there is not the publisher's.
    """
    folder, missing = cache_folder(source.folder), []
    for name in source.md5s:
        if not os.path.lexists(folder / name):
            missing.append(name)
        elif not source.is_right(require_file(folder / name), name):
            raise ValueError(
                f"'{folder / name}' is not the file that {source.addresses[0]} has: it is "
                "truncated or another one; move it away"
            )
    return missing


def addresses_of(source: Source) -> tuple[str, ...]:
    """Where its files are looked for: at the publisher's, or only at the mirror that is set.

    Raises:
        ValueError: the variable is no address; it is not repeated, for it may hold a password.
    """
    mirror = os.environ.get(MIRROR_VARIABLE, "").strip()
    if not mirror:
        return source.addresses
    try:
        parts = urlsplit(mirror)
        is_address = parts.scheme in ("http", "https") and parts.hostname and "@" not in mirror
    except ValueError:
        is_address = False
    if not is_address:
        raise ValueError(
            f"{MIRROR_VARIABLE} must be an address that begins with http:// or https://, without "
            "user and password"
        )
    return (f"{mirror.rstrip('/')}/{source.folder}/",)


def _download(source: Source, name: str, target: Path) -> None:
    part = target.with_name(f"{name}.part")
    failures = []
    for address in addresses_of(source):
        try:
            if _try(source, address, name, part):
                part.replace(target)
                return
            failures.append(f"{address} has another {name}")
        except (OSError, http.client.HTTPException) as error:
            failures.append(f"{address}: {_reason(error)}")
    raise DownloadError(f"{name} could not be downloaded ({'; '.join(failures)})")


def _try(source: Source, address: str, name: str, part: Path) -> bool:
    """Complete a file; whether it is right. One that is wrong does not stay."""
    if _size(part) and source.is_right(part, name):
        return True  # only its name was missing
    while True:
        was_continued = _complete(address + name, part)
        if source.is_right(part, name):
            return True
        part.unlink()
        if not was_continued:
            return False


def _complete(url: str, part: Path) -> bool:
    """Fetch what is missing, over as many connections as it takes while each brings more.

    Returns:
        whether it was there in part, and the server went on with it.
    """
    while True:
        before = _size(part)
        try:
            return _append(url, part, before)
        except HTTPError as error:
            if error.code != _RANGE_NOT_SATISFIABLE or not before:
                raise
            part.unlink()  # there is no more of it, and it is not right
        except (OSError, http.client.HTTPException):
            if _size(part) <= before:
                raise


def _append(url: str, part: Path, begun: int) -> bool:
    """Write what the server has from there on; a server that knows no ranges sends all again."""
    headers = {"User-Agent": "mnist_tradeoff"}  # some servers deny Python's own
    if begun:
        headers["Range"] = f"bytes={begun}-"
    with urllib.request.urlopen(
        urllib.request.Request(url, headers=headers), timeout=TIMEOUT_SECONDS
    ) as response:
        is_rest = response.status == _PARTIAL_CONTENT
        start = begun if is_rest else 0
        total = start + response.length if response.length is not None else None
        with part.open("ab" if is_rest else "wb") as file, _bar(part, start, total) as bar:
            while block := response.read(_BLOCK):
                file.write(block)
                bar.update(len(block))
            file.flush()
            os.fsync(file.fileno())
    if total is not None and _size(part) != total:
        raise OSError(f"the connection broke after {_size(part):,} of {total:,} bytes")
    return is_rest


def _bar(part: Path, start: int, total: int | None) -> tqdm:
    """A bar on a terminal, for what takes longer than a moment."""
    return tqdm(
        desc=part.stem,
        initial=start,
        total=total,
        unit="B",
        unit_scale=True,
        disable=None,
        delay=QUIET_SECONDS,
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    return f"{error.code} {reason}" if isinstance(error, HTTPError) else str(reason)
