"""Files that are whole or not there."""

import errno
import os
import re
import tempfile
from pathlib import Path

import psutil


def write_whole(path: Path, content: bytes) -> None:
    """Write a file at once: whoever reads it, or stops this, never has half of it.

    What a killed process has left of the same file is removed.

    Raises:
        OSError: the folder cannot be written, or the disk is full; nothing is left behind.
    """
    _remove_left(path)
    descriptor, part = tempfile.mkstemp(".part", f".{path.name}.{os.getpid()}.", path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(part).chmod(_usual_mode())
        Path(part).replace(path)
    except BaseException as error:
        Path(part).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise OSError(error.errno, error.strerror, str(path)) from None  # names the file
        raise


def _remove_left(path: Path) -> None:
    pattern = re.compile(rf"\.{re.escape(path.name)}\.(\d+)\..*\.part")
    for part in path.parent.iterdir():
        match = pattern.fullmatch(part.name)
        if match and not psutil.pid_exists(int(match[1])):
            part.unlink(missing_ok=True)


def _usual_mode() -> int:
    """What a file gets that is made in the usual way: mkstemp's are for their owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
