"""Files that are whole or not there."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file at once: whoever reads it, or stops this, never has half of it.

    Raises:
        OSError: the folder cannot be written, or the disk is full; nothing is left behind.
    """
    descriptor, part = tempfile.mkstemp(".part", f".{path.name}.", path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(part).chmod(_usual_mode())
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _usual_mode() -> int:
    """What a file gets that is made in the usual way: mkstemp's are for their owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
