"""Sets that are broken or tiny: one line that names what and where, or a line of what was done."""

import gzip
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import ExifTags, Image

from mnist_tradeoff.data import sets
from mnist_tradeoff.data.formats.idx import IDX_NAMES, idx_bytes
from mnist_tradeoff.data.formats.npz import NPZ_KEYS
from tests.factories import coloured, make_arrays, write_idx, write_pictures

ARRAYS = make_arrays(40, 20)
ROW = ",".join(["1", *["0"] * 784])
# Of 10^12 images of 28×28; IDX has at most 2^32 in one dimension.
HUGE_IDX = struct.pack(">HBB4I", 0, 0x08, 4, 10**6, 10**6, 28, 28)
HUGE_NPY = {"descr": "|u1", "fortran_order": False, "shape": (10**12, 28, 28)}


def idx_without_images(folder: Path) -> Path:
    write_idx(folder, ARRAYS)
    (folder / IDX_NAMES[0]).unlink()
    return folder / f"{IDX_NAMES[0]}.gz"


def huge_zipped_idx(folder: Path) -> None:
    idx_without_images(folder).write_bytes(gzip.compress(HUGE_IDX))


def endless_zipped_idx(folder: Path) -> None:
    images = idx_bytes(ARRAYS.train_images) + bytes(10**7)
    idx_without_images(folder).write_bytes(gzip.compress(images))


def sparse_idx(folder: Path) -> None:
    with idx_without_images(folder).with_suffix("").open("wb") as file:
        file.write(HUGE_IDX)
        file.truncate(10**12)


def huge_npy(folder: Path) -> None:
    with (folder / "x_train.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, HUGE_NPY)
    np.save(folder / "y_train.npy", ARRAYS.train_labels)


def short_row(folder: Path) -> None:
    (folder / "train.csv").write_text(f"{ROW}\n2,0,0\n")


def empty_label(folder: Path) -> None:
    (folder / "train.csv").write_text(f"{ROW}\n\0{ROW[1:]}\n")


def no_label(folder: Path) -> None:
    (folder / "train.csv").write_text(f"{ROW}\n{ROW[1:]}\n")


def numbered_test(folder: Path) -> None:
    header = ",".join(f"pixel{i}" for i in range(784))
    (folder / "train.csv").write_text(f"label,{header}\n{ROW}\n2{ROW[1:]}\n")
    (folder / "test.csv").write_text(f"id,{header}\n{ROW}\n")


def scaled_training_part(folder: Path) -> None:
    arrays: dict[str, Any] = dict(zip(NPZ_KEYS, ARRAYS, strict=True))
    arrays["x_train"] = ARRAYS.train_images / 255
    np.savez(folder / "set.npz", **arrays)


def transparent(folder: Path) -> None:
    write_pictures(folder, *coloured(6, 2, 16))
    Image.new("RGBA", (16, 16), (0, 0, 0, 9)).save(folder / "cat" / "clear.png")


def missing_shard(folder: Path) -> None:
    for number in (0, 2):
        table = pd.DataFrame({"image": [CELL] * 2, "label": [0, 1]})
        table.to_parquet(folder / f"train-{number:05}-of-00003.parquet")


def cut_table(folder: Path) -> None:
    (folder / "train.csv.gz").write_bytes(gzip.compress(f"{ROW}\n".encode() * 500)[:-20])


def no_class_in_common(folder: Path) -> None:
    write_pictures(folder / "train", *coloured(6, 2, 16), names=("cat", "dog"))
    write_pictures(folder / "test", *coloured(6, 2, 16), names=("elk", "fox"))


def bomb(side: int):
    def make(folder: Path) -> None:
        write_pictures(folder, *coloured(6, 2, 16))
        header = f"P5 {side} {side} 255\n".encode()
        (folder / "cat" / "bomb.pgm").write_bytes(header + bytes(100))

    return make


def png(side: int) -> bytes:
    content = io.BytesIO()
    Image.new("L", (side, side)).save(content, "png")
    return content.getvalue()


def parquet(cells, labels):
    def make(folder: Path) -> None:
        pd.DataFrame({"image": cells, "label": labels}).to_parquet(folder / "train.parquet")

    return make


CELL = {"bytes": png(16)}
BROKEN = {
    "IDX of 10^12 images": (huge_zipped_idx, "is truncated: 20 bytes where 784,000,000,000,020"),
    "IDX without end": (endless_zipped_idx, "is too long: 31,377 bytes where 31,376 are due"),
    "IDX of 10^12 bytes": (sparse_idx, r"needs about 3,000\.0 GB of memory, and .* are free"),
    "npy of 10^12 images": (huge_npy, "x_train.npy' is no readable npy: it is truncated"),
    "CSV, a short row": (short_row, "train.csv', image 1: 782 pixels of 784 missing"),
    "CSV, an empty label": (empty_label, "labels of '.*train.csv': 1 are empty"),
    "CSV, no label": (no_label, "train.csv' has 1 line without a label"),
    "CSV, numbers and no labels": (
        numbered_test,
        "test.csv' has no labels, its first column is id",
    ),
    "CSV, gzipped and cut": (cut_table, r"train.csv.gz' is truncated or corrupt"),
    "no class in common": (no_class_in_common, "elk, fox, have none in common with .* cat, dog"),
    "one part scaled": (scaled_training_part, "has values from 0 to 1, another part up to 255"),
    "transparent image": (transparent, "clear.png' has transparent pixels: store it on"),
    "image of 10^8 pixels": (bomb(10_000), r"bomb.pgm' .*\(it has more pixels than any image of"),
    "image of 10^9 pixels": (bomb(30_000), r"bomb.pgm' .*\(it has more pixels than any image of"),
    "Parquet, a file of three": (missing_shard, "has 2 of 3 files of train: number 1 is missing"),
    "Parquet, no label": (parquet([CELL] * 2, [0, None]), "train.parquet' has 1 row without a"),
    "Parquet, lists": (parquet([CELL] * 2, [[0], [1, 2]]), "row 0: column label must hold one"),
    "Parquet, empty": (parquet([], []), "' has no training images$"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_named(tmp_path, what):
    make, message = BROKEN[what]
    make(tmp_path)
    with pytest.raises((ValueError, MemoryError), match=message) as error:
        sets.load(str(tmp_path))
    assert "\n" not in str(error.value)


def test_turned_photographs_and_grey_palettes_are_what_is_seen(tmp_path):
    for number in range(12):
        image = Image.new("L", (24, 16), number)
        image.putpixel((0, 0), 255)
        turned = image.getexif()
        turned[ExifTags.Base.Orientation] = 6  # a quarter to the right
        folder = tmp_path / "cd"[number % 2]
        folder.mkdir(exist_ok=True)
        if number % 3:
            image.quantize(8).save(folder / f"{number}.png", exif=turned)
        else:
            image.save(folder / f"{number}.png", exif=turned)
    images = sets.load(str(tmp_path)).train.images
    assert images.shape[1:] == (24, 16)
    assert (images[:, 0, -1] == 255).all()


def test_what_a_folder_has_besides_images_is_said(tmp_path):
    write_pictures(tmp_path, *coloured(6, 2, 16))
    (tmp_path / "elk").mkdir()
    (tmp_path / "dog" / "a.svg").write_text("<svg/>")
    (tmp_path / "dog" / "z.png").symlink_to("nowhere")
    notes = sets.load(str(tmp_path)).notes
    assert f"'{tmp_path}': 2 left out, no image files, such as dog/a.svg" in notes
    assert f"'{tmp_path}': no image in elk: no class of the set" in notes


def write_classes(path: Path, sizes: list[int], **more: Any) -> Path:
    """A set whose classes have so many images, all different, and no test part."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    images = np.random.default_rng(1).integers(0, 256, (len(labels), 8, 8)).astype(np.uint8)
    np.savez(path, x_train=images, y_train=labels, **more)
    return path


@pytest.mark.parametrize(
    ("sizes", "train", "val", "test"),
    [
        ([1, 2, 3, 30], [1, 1, 1, 22], [0, 0, 1, 2], [0, 1, 1, 6]),
        ([10] * 10, [7] * 10, [1] * 10, [2] * 10),
        ([10, 10], [7, 7], [1, 1], [2, 2]),
        ([3, 1], [1, 1], [1, 0], [1, 0]),
        (
            list(range(1, 10)),
            [1, 1, 1, 2, 3, 4, 5, 5, 6],
            [0, 0] + [1] * 7,
            [0] + [1] * 6 + [2] * 2,
        ),
    ],
)
def test_small_classes_are_held_out_by_the_documented_fallback(tmp_path, sizes, train, val, test):
    found = sets.load(str(write_classes(tmp_path / "few.npz", sizes)))
    counts = [
        np.bincount(part.labels, minlength=len(sizes)).tolist()
        for part in (found.train, found.val, found.test)
    ]
    assert counts == [train, val, test]


@pytest.mark.parametrize(("size", "part"), [(1, "test"), (2, "validation")])
def test_a_set_too_small_to_be_split_is_refused_in_our_words(tmp_path, size, part):
    path = write_classes(tmp_path / "few.npz", [size] * 10)
    line = f"few.npz' cannot be split: no class has two .* held out for {part}, add images$"
    with pytest.raises(ValueError, match=line):
        sets.load(str(path))


def test_a_validation_part_larger_than_the_classes_is_used_as_it_is(tmp_path):
    more = {"x_val": np.ones((50, 8, 8), np.uint8), "y_val": np.arange(50) % 3}
    found = sets.load(str(write_classes(tmp_path / "few.npz", [3, 3, 3], **more)))
    assert len(found.val.labels) == 50
    assert "its own validation part of 50 images is used" in found.notes
