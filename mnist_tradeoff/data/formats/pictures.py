"""Image files decoded, through Pillow: grey where all of a set are, else RGB."""

import io
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from mnist_tradeoff.data.formats.raw import Part, require_memory
from mnist_tradeoff.system.plain import plural

# The pictures that Pillow reads, under each of the names in use.
SUFFIXES = frozenset(
    (
        *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".j2k", ".webp", ".avif"),
        *(".gif", ".bmp", ".dib", ".tif", ".tiff", ".tga", ".pbm", ".pgm", ".ppm", ".pnm"),
    )
)
# Shorter work shows nothing.
QUIET_SECONDS = 1.0
GREY = ("1", "L", "LA")
COLOURED = ("RGB", "RGBA", "P", "CMYK", "YCbCr", "PA")
# Orientations of EXIF whose rows are shown as columns.
ON_ITS_SIDE = (5, 6, 7, 8)
SHOWN = 4
Picture = Path | bytes


def decode_parts(
    members: Mapping[str, Sequence[tuple[Picture, str, Any]]], resize: int, folder: Path
) -> dict[str, Part]:
    """The parts of a set whose images are files or their contents: all grey, or all in colours.

    Args:
        members: by part, each image with its name for messages and its label.

    Raises:
        ValueError, MemoryError: see ``decode``.
    """
    every = [one for part in members.values() for one in part]
    images = decode([one[0] for one in every], [one[1] for one in every], resize, folder)
    parts, first = {}, 0
    for part, some in members.items():
        labels = np.array([label for *_, label in some])
        parts[part] = Part(images[first : first + len(some)], labels, f"{part} in '{folder}'")
        first += len(some)
    return parts


def decode(
    pictures: Sequence[Picture], names: Sequence[str], resize: int, source: Path
) -> np.ndarray:
    """Images uint8 (n, height, width), or (n, height, width, 3) where one of them has colours.

    Args:
        pictures: files, or their contents.
        names: of each, for messages.
        resize: side to which each is scaled; 0: none.

    Raises:
        ValueError: a file that is no image, or images of several sizes; the message names them.
        MemoryError: they do not fit.
    """
    sizes, modes = Counter(), set()
    for picture, name in zip(_shown(pictures, "looking at"), names, strict=True):
        with _opened(picture, name) as image:
            sizes[_upright_size(image)] += 1
            modes.add(_mode(image, name))
    if len(sizes) > 1 and not resize:
        shown = [f"{h}×{w} ({count:,})" for (w, h), count in sizes.most_common(SHOWN)]
        more = f" and {plural(len(sizes) - SHOWN, 'size')} more" if len(sizes) > SHOWN else ""
        raise ValueError(
            f"'{source}' has images of {len(sizes)} sizes, {', '.join(shown)}{more}: "
            "scale them all with resize=SIDE, such as resize=32"
        )
    mode = "L" if modes <= {"L"} else "RGB"
    width, height = (resize, resize) if resize else next(iter(sizes))
    shape = (len(pictures), height, width, *((3,) if mode == "RGB" else ()))
    require_memory([int(np.prod(shape, dtype=object))], source)
    images = np.empty(shape, np.uint8)
    for i, (picture, name) in enumerate(zip(_shown(pictures, "reading"), names, strict=True)):
        images[i] = _pixels(picture, name, mode, (width, height))
    return images


def _shown(pictures: Sequence[Picture], doing: str) -> Iterable[Picture]:
    """The pictures, with a bar on a terminal where they take longer than a moment."""
    what = f"{doing} images"
    return tqdm(pictures, what, disable=None, delay=QUIET_SECONDS, leave=False, dynamic_ncols=True)


def _opened(picture: Picture, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture)
    except PermissionError:
        raise
    except Exception as error:  # untrusted bytes: Pillow's plugins raise what they like
        raise ValueError(f"'{name}' is no readable image ({_reason(error)})") from None


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height as it is shown: a camera's picture may be stored on its side."""
    width, height = image.size
    is_turned = image.getexif().get(ExifTags.Base.Orientation) in ON_ITS_SIDE
    return (height, width) if is_turned else (width, height)


def _mode(image: Image.Image, name: str) -> str:
    if image.mode in GREY or (image.mode == "P" and _is_grey(image)):
        return "L"
    if image.mode in COLOURED:
        return "RGB"
    raise ValueError(f"'{name}' has pixels of the kind {image.mode}; 8 bits a channel are read")


def _is_grey(image: Image.Image) -> bool:
    """Whether a palette has greys alone."""
    colours = np.array(image.getpalette("RGB") or [0, 1, 2]).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())


def _is_transparent(image: Image.Image) -> bool:
    has_alpha = image.has_transparency_data
    return has_alpha and image.convert("RGBA").getchannel("A").getextrema() != (255, 255)


def _pixels(picture: Picture, name: str, mode: str, size: tuple[int, int]) -> np.ndarray:
    with _opened(picture, name) as image:
        try:
            upright = ImageOps.exif_transpose(image)
            turned, is_transparent = upright.convert(mode), _is_transparent(upright)
        except Exception as error:  # truncated files are told when they are decoded
            raise ValueError(f"'{name}' is no readable image ({_reason(error)})") from None
    if is_transparent:
        raise ValueError(
            f"'{name}' has transparent pixels: store it on the background that it is meant to have"
        )
    if turned.size != size:
        turned = turned.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(turned)


def _reason(error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return "it has more pixels than any image of such a set"
    return "unknown format" if isinstance(error, UnidentifiedImageError) else str(error)


def scaled(images: np.ndarray, side: int) -> np.ndarray:
    """Images uint8 (n, height, width[, 3]) scaled to a square."""
    found = [Image.fromarray(one).resize((side, side), Image.Resampling.BILINEAR) for one in images]
    return np.stack([np.asarray(one) for one in found])
