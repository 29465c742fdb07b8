"""Where the names of points go in a figure, so that none lies on another one or on a point."""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

# Anchors around a point, by Plotly's names: where the text goes, x and y. The first is the best.
PLACES = {
    "top center": (0, 1),
    "bottom center": (0, -1),
    "middle right": (1, 0),
    "middle left": (-1, 0),
    "top right": (1, 1),
    "top left": (-1, 1),
    "bottom right": (1, -1),
    "bottom left": (-1, -1),
}
MARK = 6.0
LETTER_WIDTH, LINE_HEIGHT = 7.0, 15.0


@dataclass(frozen=True)
class _Box:
    """A rectangle by its centre and its half sides, in pixels."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, others: np.ndarray) -> float:
        """The area that it and each of others covers, (n, 4) of their fields, in sum."""
        x = self.width + others[:, 2] - abs(self.x - others[:, 0])
        y = self.height + others[:, 3] - abs(self.y - others[:, 1])
        return float(np.sum(np.maximum(x, 0) * np.maximum(y, 0)))


def place_labels(
    points: Sequence[tuple[float, float]], texts: Sequence[str], size: tuple[float, float]
) -> list[str]:
    """For each point the side on which its text covers least: a key of ``PLACES``.

    Args:
        points: x and y as shares of the figure's sides, from 0 to 1, y upwards.
        texts: one line for each point; nothing for those that only stand in the way.
        size: width and height of the figure in pixels.
    """
    marks = [_Box(x * size[0], y * size[1], MARK, MARK) for x, y in points]
    taken = np.array([astuple(mark) for mark in marks]).reshape(-1, 4)
    found = []
    for index, (mark, text) in enumerate(zip(marks, texts, strict=True)):
        if not text:  # a study's trials are thousands
            found.append(next(iter(PLACES)))
            continue
        boxes = {place: _text_box(mark, text, place) for place in PLACES}
        others = np.delete(taken, index, axis=0)
        costs = {place: box.overlap(others) + _outside(box, size) for place, box in boxes.items()}
        best = min(costs, key=costs.__getitem__)
        found.append(best)
        taken = np.append(taken, [astuple(boxes[best])], axis=0)
    return found


def log_shares(
    points: Sequence[tuple[float, float]],
    x_limits: tuple[float, float],
    y_limits: tuple[float, float],
) -> list[tuple[float, float]]:
    """Points of a figure with two log axes as shares of its sides.

    Args:
        x_limits, y_limits: the first and the last value of each axis; all above 0.
    """
    shares = []
    for point in points:
        x, y = (
            math.log(value / first) / math.log(last / first)
            for value, (first, last) in zip(point, (x_limits, y_limits), strict=True)
        )
        shares.append((x, y))
    return shares


def _text_box(mark: _Box, text: str, place: str) -> _Box:
    width, height = len(text) * LETTER_WIDTH / 2, LINE_HEIGHT / 2
    x, y = PLACES[place]
    return _Box(mark.x + x * (width + MARK), mark.y + y * (height + MARK), width, height)


def _outside(box: _Box, size: tuple[float, float]) -> float:
    """What lies beyond the frame, in pixels of area, and worse than a text on a text."""
    beyond_x = max(0.0, box.width - box.x, box.x + box.width - size[0])
    beyond_y = max(0.0, box.height - box.y, box.y + box.height - size[1])
    return 4 * (beyond_x * 2 * box.height + beyond_y * 2 * box.width)
