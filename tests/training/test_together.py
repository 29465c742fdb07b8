"""Nets that are trained as one learn what each learns alone."""

import numpy as np
import pytest
import tensorflow as tf

from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.data.sets import load
from mnist_tradeoff.training.build import build_net
from mnist_tradeoff.training.loop import train_and_test, train_together
from mnist_tradeoff.training.recipe import TrainConfig
from mnist_tradeoff.training.together import join

SEEDS = (3, 0, 7)
RGB = Task(Shape(16, 12, 3), 4)


@pytest.mark.parametrize(
    ("notation", "task"),
    [
        ("6C3sb:hswish-6DS3sb:hswish-P2-10DS3b-G", MNIST),
        ("8C3S2-P2-16:gelu-16b:leaky", MNIST),
        ("4C3s-(4C3s:tanh)+-(D3s-4C1b)x2-A2-(4DS3s)@2-(4DS3sb)@2-drop0.1-head3", MNIST),
        ("4C3b-8C3S2:sigmoid-12-(12)+-drop0.5", RGB),
        ("16:elu", RGB),
    ],
)
def test_joined_nets_answer_as_each_does(notation, task):
    architecture = parse(notation)
    nets = [build_net(architecture, task, seed, is_trained=True) for seed in SEEDS]
    together = join(nets, task)
    images = np.random.default_rng(0).integers(0, 256, (4, 3, *task.input_shape), np.uint8)
    height, width, _ = task.input_shape
    beside = np.moveaxis(images, 1, 3).reshape(4, height, width, -1)
    found = together.net.model(tf.constant(beside), training=False)
    before = [net.model.get_weights() for net in nets]
    for number, net in enumerate(nets):
        alone = net.model(images[:, number].reshape(4, *task.image_shape), training=False)
        columns = slice(number * task.classes, (number + 1) * task.classes)
        np.testing.assert_allclose(found[:, columns], alone, atol=1e-5)
        net.model.set_weights([np.zeros_like(one) for one in net.model.get_weights()])
    together.give_back()
    for net, weights in zip(nets, before, strict=True):
        for own, one in zip(net.model.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(own, one)


def test_each_learns_what_it_learns_alone(stripes):
    dataset = load(str(stripes))
    settings = {"epochs": 2, "learning_rate": 0.003, "batch_size": 64, "augment": "0.5"}
    architecture = parse("4C3b:hswish-6DS3b-P2-(6C3sb)+-drop0.2-12")
    seen, points = [], []
    found = train_together(
        *(architecture, dataset, TrainConfig(**settings), SEEDS, seen.append, points.append)
    )
    for number, (seed, result) in enumerate(zip(SEEDS, found, strict=True)):
        alone = train_and_test(architecture, dataset, TrainConfig(**settings, seed=seed))
        for own, one in zip(result.model.get_weights(), alone.model.get_weights(), strict=True):
            np.testing.assert_allclose(own, one, atol=2e-4)
        assert result.epochs == tuple(epochs[number] for epochs in points)
        assert result.epochs[-1].loss == pytest.approx(alone.epochs[-1].loss, rel=1e-3)
        assert result.test.loss == pytest.approx(alone.test.loss, rel=1e-3)
    steps = len(dataset.train.labels) // 64
    assert sum(seen) == 2 * steps * 64


def test_one_that_diverges_ends_all(stripes):
    config = TrainConfig(epochs=1, learning_rate=1e30)
    with pytest.raises(FloatingPointError, match="epoch 1"):
        train_together(parse("16"), load(str(stripes)), config, [0, 1])
