"""What a logged model says to input that is no set of images."""

import numpy as np
import pytest

from mnist_tradeoff.tracking.served_images import MAX_IMAGES, ImageError, as_images

SHAPE = (2, 3)
IMAGE = [[0, 1, 2], [3, 4, 255]]
FLOATS = [[0.5, 0.25, 1.0], [0.0, 0.0, 0.0]]
NAN = [[float("nan"), 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    "images",
    [
        [IMAGE],
        np.array([IMAGE], np.uint8),
        np.array([IMAGE], np.float64),
        [[[float(value) for value in row] for row in IMAGE]],
    ],
)
def test_whole_numbers_are_images_whatever_their_type(images):
    found = as_images(images, SHAPE)
    assert found.dtype == np.uint8
    assert found.tolist() == [IMAGE]


@pytest.mark.parametrize(
    ("images", "line"),
    [
        (IMAGE, "the images must be (n, 2, 3), not (2, 3): put the one image into a list"),
        ([], "the images must be (n, 2, 3), not (0,): send at least one"),
        ([[1, 2, 3, 4, 5, 6]], "the images must be (n, 2, 3), not (1, 6)"),
        ([IMAGE, [[1, 2]]], "the images must be numbers (n, 2, 3): these differ in size"),
        (7, "the images must be (n, 2, 3), not ()"),
        ("text", "the images must be numbers (n, 2, 3), not text"),
        (None, "the images must be numbers (n, 2, 3), not a mixture, or null"),
        ({"a": 1}, "the images must be numbers (n, 2, 3), not a mixture, or null"),
        ([[[True] * 3] * 2], "the images must be numbers (n, 2, 3), not true and false"),
        ([NAN], "a value is NaN or infinite: values are whole numbers from 0 to 255"),
        ([[[-1, 0, 0]] * 2], "values must be 0 to 255, as in an image file, not -1 to 0"),
        ([[[256, 0, 0]] * 2], "values must be 0 to 255, as in an image file, not 0 to 256"),
        ([[[10**30, 0, 0]] * 2], "the images must be numbers (n, 2, 3), not a mixture, or null"),
        ([FLOATS], "values must be whole numbers from 0 to 255: multiply these by 255"),
        ([[[2.5, 0, 0]] * 2], "values must be whole numbers from 0 to 255, as 2.5 is not"),
        ([IMAGE] * (MAX_IMAGES + 1), "10,001 images at once: send at most 10,000"),
    ],
)
def test_what_is_no_image_is_one_line(images, line):
    with pytest.raises(ImageError) as caught:
        as_images(images, SHAPE)
    caught.value.message = f"Failed to predict data '{images}'"  # as MLflow's server does
    assert caught.value.message == line
    assert caught.value.get_http_status_code() == 400


def test_a_black_image_is_one():
    assert not as_images(np.zeros((1, *SHAPE)), SHAPE).any()
