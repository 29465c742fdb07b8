"""Normalised nets: independent of the number of threads, and deployed without normalisation."""

import numpy as np
import pytest

from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data.sets import load
from mnist_tradeoff.training import evaluation
from mnist_tradeoff.training.backend import tf
from mnist_tradeoff.training.build import build_net
from mnist_tradeoff.training.loop import train_and_test
from mnist_tradeoff.training.net import carry_over
from mnist_tradeoff.training.normalization import EPSILON, Noise, composed, fused
from mnist_tradeoff.training.recipe import TrainConfig

MIXED = parse("4C3b-(4DS3sb:hswish)+-P2-(4C3sb)@2-drop0.2-G-16b")


@pytest.fixture(scope="module")
def dataset(stripes):
    return load(str(stripes))


def test_one_two_and_four_threads_give_the_same_weights(dataset, monkeypatch):
    weights = []
    for threads in (1, 2, 4):
        monkeypatch.setattr(evaluation, "THREADS", threads)
        config = TrainConfig(epochs=1, batch_size=128)
        weights.append(train_and_test(MIXED, dataset, config).model.get_weights())
    for other in weights[1:]:
        for a, b in zip(weights[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("normalize", [fused, composed])
@pytest.mark.parametrize("shape", [(64, 28, 28, 6), (12, 5, 7, 8), (50, 14), (9, 49, 16)])
def test_normalisation_and_its_gradient_are_those_of_arithmetic(normalize, shape):
    random = np.random.default_rng(0)
    images, upstream = (random.normal(3, 2, shape) for _ in range(2))
    gamma, beta = (random.normal(size=shape[-1:]) for _ in range(2))
    given = [tf.constant(one, tf.float32) for one in (images, gamma, beta)]
    with tf.GradientTape() as tape:
        tape.watch(given)
        normalized, mean, variance = normalize(*given, EPSILON)
        loss = tf.reduce_sum(normalized * tf.constant(upstream, tf.float32))
    axes = tuple(range(len(shape) - 1))
    deviation = np.sqrt(images.var(axes) + EPSILON)
    bare = (images - images.mean(axes)) / deviation
    slopes = upstream - upstream.mean(axes) - bare * (upstream * bare).mean(axes)
    expected = {
        "images": gamma / deviation * slopes,
        "gamma": (upstream * bare).sum(axes),
        "beta": upstream.sum(axes),
        "normalized": gamma * bare + beta,
        "mean": images.mean(axes),
        "variance": images.var(axes, ddof=1),
    }
    found = [*tape.gradient(loss, given), normalized, mean, variance]
    for (name, wanted), one in zip(expected.items(), found, strict=True):
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(one, wanted, atol=5e-3 * scale, rtol=0, err_msg=name)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_normalised_net_learns_and_is_deployed_folded(dataset, precision):
    config = TrainConfig(epochs=8, batch_size=64, learning_rate=0.02, precision=precision)
    result = train_and_test(parse("4C3b-P2-8C3b-P2"), dataset, config)
    assert result.precision == precision
    assert result.test.accuracy > 0.97
    names = {type(layer).__name__ for layer in result.model.layers}
    assert not names & {"BatchNormalization", "GroupNormalization"}


def test_what_is_carried_over_answers_alike(dataset):
    trained = build_net(MIXED, MNIST, is_trained=True)
    random = np.random.default_rng(0)
    for weight in trained.model.weights:
        value = weight.numpy() + random.normal(0, 0.1, weight.shape)
        weight.assign(np.abs(value) if "variance" in weight.path else value)
    finished = build_net(MIXED, MNIST)
    carry_over(trained, finished)
    images = dataset.test.images[:50]
    expected = trained.model(images, training=False).numpy()
    np.testing.assert_allclose(finished.model(images).numpy(), expected, rtol=1e-3, atol=1e-4)


def test_dropout_takes_its_share_and_depends_on_step_and_place_alone():
    noise, images = Noise(0.25, seed=3), np.ones((64, 5, 5, 2), np.float32)

    def drawn(step: int, first: int, last: int) -> np.ndarray:
        noise.place = (np.int32(step), 64, first)
        return np.asarray(noise(images[first:last], training=True))

    whole = drawn(0, 0, 64)
    np.testing.assert_array_equal(whole, np.concatenate([drawn(0, 0, 16), drawn(0, 16, 64)]))
    assert not np.array_equal(whole, drawn(1, 0, 64))
    assert set(np.unique(whole)) == {0, np.float32(1 / 0.75)}
    assert (whole == 0).mean() == pytest.approx(0.25, abs=0.03)
    np.testing.assert_array_equal(np.asarray(noise(images)), images)
