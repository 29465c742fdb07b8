"""The test images that a model gets wrong, as pictures within the page."""

import base64
import io

import numpy as np
from PIL import Image

from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.report.plain import escaped
from mnist_tradeoff.system.plain import shortened

MAX_SHOWN = 60
# Larger images are scaled down: the page stays small.
MAX_SIDE = 96
MAX_NAME = 14


def mistakes_section(dataset: Dataset, predictions: np.ndarray, losses: np.ndarray) -> str:
    """At most 60 wrong images, those with the largest loss first.

    Args:
        predictions: int (n,).
        losses: float (n,), or none: then they come in the order of the set.
    """
    wrong = np.flatnonzero(predictions != dataset.test.labels)
    is_ordered = len(losses) == len(predictions)
    if is_ordered:
        wrong = wrong[np.argsort(-losses[wrong], kind="stable")]
    shown = "".join(
        _picture(dataset, int(i), int(predictions[i]), float(losses[i]) if is_ordered else None)
        for i in wrong[:MAX_SHOWN]
    )
    return (
        f"<h2>What it gets wrong</h2><p class=quiet>{_note(len(wrong), is_ordered)}</p>"
        f'<div class="mistakes">{shown}</div>'
    )


def _note(count: int, is_ordered: bool) -> str:
    if not count:
        return "No test image."
    first = f"the first {MAX_SHOWN} of them" if count > MAX_SHOWN else "all of them"
    order = "the largest loss first" if is_ordered else "in the order of the set"
    return f"{count:,} test images; {first}, {order}. Above is the class, below the answer."


def _picture(dataset: Dataset, index: int, answer: int, loss: float | None) -> str:
    names = [
        shortened(dataset.names[i], MAX_NAME) for i in (int(dataset.test.labels[index]), answer)
    ]
    is_class, said = map(escaped, names)
    of_loss = "" if loss is None else f"<br>loss {loss:.2f}"
    spoken = f"test image {index}: {is_class}, taken for {said}"
    return (
        f'<figure class="mistake"><span>{is_class}</span><img alt="{spoken}" title="{spoken}" '
        f'src="{_as_url(dataset.test.images[index])}"><figcaption>{said}{of_loss}</figcaption>'
        "</figure>"
    )


def _as_url(image: np.ndarray) -> str:
    picture, content = Image.fromarray(image), io.BytesIO()
    if max(picture.size) > MAX_SIDE:
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
    picture.save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
