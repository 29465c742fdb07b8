import numpy as np
import pytest

from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.data import sets
from mnist_tradeoff.training import evaluation
from mnist_tradeoff.training.augmentation import DEGREES, SCALE, SHIFT, Augmentation, moved
from mnist_tradeoff.training.backend import tf
from mnist_tradeoff.training.loop import train
from mnist_tradeoff.training.recipe import TrainConfig

SIDE = 28


def cross(*shape):
    """An image, black but for a horizontal and a vertical bar through its centre."""
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[13:15, 4:24] = image[4:24, 13:15] = 200
    return np.broadcast_to(image.reshape(SIDE, SIDE, *[1] * len(shape)), (SIDE, SIDE, *shape))


def moves(count, strength=1.0, seed=0, step=0, shape=(SIDE, SIDE)):
    return Augmentation(strength, seed).draw(tf.constant(step), count, shape)


def test_moves_are_as_large_as_they_may_be_and_no_larger():
    drawn = moves(5_000).numpy().astype(float)
    a, b, right, c, d, down = drawn[:, :6].T
    scales, angles = np.hypot(a, c), np.degrees(np.arctan2(c, a))
    assert np.abs(angles).max() == pytest.approx(DEGREES, rel=0.01)
    assert (1 / scales).min() == pytest.approx(1 - SCALE, rel=0.01)
    assert (1 / scales).max() == pytest.approx(1 + SCALE, rel=0.01)
    centre = (SIDE - 1) / 2
    of_centre = np.stack([a + b, c + d]) * centre + np.stack([right, down]) - centre
    assert np.abs(of_centre).max(axis=1) == pytest.approx([SHIFT * SIDE] * 2, rel=0.01)
    assert np.abs(drawn.mean(axis=0) - [1, 0, 0, 0, 1, 0, 0, 0]).max() < 0.1


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_moved_images_keep_shape_kind_and_content(channels):
    images = np.stack([cross(*channels)] * 64)
    result = moved(tf.constant(images), moves(64)).numpy()
    assert result.shape == images.shape
    assert result.dtype == np.uint8
    assert not np.array_equal(result[0], result[1])
    assert result.sum(axis=(1, 2)).mean() == pytest.approx(
        images[0].sum(axis=(0, 1)).mean(), rel=0.05
    )
    nothing = moved(tf.constant(images), moves(64, strength=0.0)).numpy()
    np.testing.assert_array_equal(nothing, images)


def test_every_step_and_seed_moves_otherwise_and_the_same_again():
    first = moves(8)
    np.testing.assert_array_equal(first, moves(8))
    assert not np.array_equal(first, moves(8, step=1))
    assert not np.array_equal(first, moves(8, seed=1))


def test_one_and_three_threads_give_the_same_weights(stripes, monkeypatch):
    dataset = sets.load(str(stripes))
    config = TrainConfig(epochs=2, batch_size=50, augment="1")
    weights = []
    for threads in (1, 3):
        monkeypatch.setattr(evaluation, "THREADS", threads)
        result = train(parse("4C3-P2"), dataset.task, dataset.train, dataset.val, config)
        weights.append(result.model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)
