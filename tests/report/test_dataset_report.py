"""A set as figure, tables and lines."""

import io
import json

import numpy as np
import pandas as pd
from PIL import Image

from mnist_tradeoff.data import sets
from mnist_tradeoff.data.summary import summarized
from mnist_tradeoff.pipelines.dataset import show
from mnist_tradeoff.report.dataset import class_figure, dataset_files, folder_name
from tests.factories import coloured


def write_npz(folder, count: int, classes: int, side: int):
    images, labels = coloured(count, classes, side)
    path = folder / "a set <b>.npz"
    names = np.array([f"class {label}" for label in range(classes)])
    np.savez(path, x_train=images, y_train=names[labels], x_test=images, y_test=names[labels])
    return path


def test_files_have_every_class_and_the_figure_the_first_thirty(tmp_path):
    dataset = sets.load(str(write_npz(tmp_path, 200, 40, 96)))
    files = dataset_files(dataset, summarized(dataset))
    table = pd.read_csv(io.StringIO(str(files["classes.csv"])))
    assert table.columns.tolist() == ["class", "name", "train", "val", "test"]
    assert table[["train", "val", "test"]].sum().tolist() == [160, 40, 200]
    facts = json.loads(files["summary.json"])
    assert facts["shape"] == [96, 96, 3]
    assert facts["digest"] == dataset.digest
    assert facts["copies_across"]["test in train"] == 160
    content = files["classes.png"]
    assert isinstance(content, bytes)
    Image.open(io.BytesIO(content)).verify()
    (axes,) = class_figure(dataset).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == list(dataset.names[:30])
    assert axes.get_title().endswith("of the first 30 of 40 classes")


def test_the_figure_shows_ten_images_of_each_class_as_they_are(tmp_path):
    dataset = sets.load(str(write_npz(tmp_path, 60, 3, 16)))
    (axes,) = class_figure(dataset).axes
    picture = np.asarray(axes.images[0].get_array())
    cells = picture.reshape(3, 18, 10, 18, 3)[:, :16, :, :16]
    for label in range(3):
        of_class = dataset.train.images[dataset.train.labels == label][:10]
        np.testing.assert_array_equal(cells[label].swapaxes(0, 1), of_class)


def test_a_set_is_shown_beside_the_store(tmp_path):
    path = write_npz(tmp_path, 200, 40, 16)
    dataset = sets.load(str(path))
    assert folder_name(dataset) == "dataset_a_set__b_"
    lines = show(dataset, tmp_path)
    files = {one.name for one in (tmp_path / "dataset_a_set__b_").iterdir()}
    assert files == {"classes.png", "classes.csv", "summary.json"}
    assert "… 10 more classes: all are in classes.csv" in lines
    assert lines[-1] == f"picture   {tmp_path / 'dataset_a_set__b_' / 'classes.png'}"
    assert "warning   160 images of test also in train" in lines
