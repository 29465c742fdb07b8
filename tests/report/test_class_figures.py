"""The confusion matrix of few and of many classes."""

import numpy as np
import pytest

from mnist_tradeoff.analysis.classes import by_class
from mnist_tradeoff.report.classes import (
    MAX_CLASSES_DRAWN,
    class_table,
    confusion_figure,
    confusion_table,
)

NAMES = ("cat", "$dog$", "elk\u202e")
LABELS, ANSWERS = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 0, 2])


def test_the_tables_say_what_is_taken_for_what():
    found = by_class(LABELS, ANSWERS, 3)
    assert class_table(found, NAMES) == {
        "class": ["cat", "$dog$", "elk\\u202e"],
        "images": [3, 2, 1],
        "right": [1, 1, 1],
        "accuracy": [pytest.approx(1 / 3), 0.5, 1.0],
        "most often taken for": ["$dog$", "cat", ""],
        "so many times": [2, 1, 0],
    }
    assert confusion_table(found, NAMES) == {
        "class": ["cat", "$dog$"],
        "answer": ["$dog$", "cat"],
        "images": [2, 1],
    }


def test_the_figure_names_the_classes_and_their_accuracy():
    figure = confusion_figure(by_class(LABELS, ANSWERS, 3), NAMES, "title")
    figure.canvas.draw()
    (axes,) = figure.axes
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows == ["cat  33.3%", "$dog$  50.0%", "elk\\u202e  100.0%"]
    assert sorted(text.get_text() for text in axes.texts) == ["1", "1", "1", "1", "2"]


def test_of_a_thousand_classes_those_with_most_mistakes_are_drawn():
    labels = np.arange(10_000) % 1_000
    answers = np.where(labels % 100 == 7, labels - 1, labels)
    found = by_class(labels, answers, 1_000)
    figure = confusion_figure(found, [f"name {i}" for i in range(1_000)], "title")
    (axes,) = figure.axes
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert len(rows) == MAX_CLASSES_DRAWN
    assert "name 107  0.0%" in rows
    assert rows[-1] == "others"
    assert "the 19 classes with most mistakes" in axes.get_title()
    assert len(class_table(found, list(map(str, range(1_000))))["class"]) == 1_000
