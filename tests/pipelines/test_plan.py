"""A model is understood when the images are known, and before anything is trained."""

import pytest

from mnist_tradeoff.data.sets import load
from mnist_tradeoff.pipelines.training import plan
from mnist_tradeoff.training.recipe import RunConfig


@pytest.mark.parametrize(
    ("model", "line"),
    [
        ("16C3-P2-P2-P2-P2-P2", r"layer 6 \(P2\)"),
        ("4096-4096-4096-4096", "has 53,600,266 parameters; at most 50,000,000"),
        ("32x32-16C3", "the input 32x32 is not that of the images, which are 28×28"),
    ],
)
def test_a_model_that_does_not_fit_the_images_is_one_line(stripes, model, line):
    with pytest.raises(ValueError, match=line):
        plan(RunConfig(model=model), load(str(stripes)))
