import gc
import subprocess
import sys

import numpy as np
import pytest

from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.options import ACTIVATIONS
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.data import sets
from mnist_tradeoff.training import evaluation
from mnist_tradeoff.training.evaluation import compile_prediction
from mnist_tradeoff.training.loop import train, train_and_test, train_together
from mnist_tradeoff.training.recipe import TrainConfig
from mnist_tradeoff.training.schedule import OneCycle
from tests.factories import ROOT

SMALL = parse("4C3-P2-16")


@pytest.fixture(scope="module")
def dataset(stripes):
    return sets.load(str(stripes))


@pytest.fixture(scope="module")
def result(dataset):
    return train_and_test(SMALL, dataset, TrainConfig(epochs=6, batch_size=32, learning_rate=0.02))


def test_it_learns(result):
    assert result.epochs[0].loss > 1
    assert result.epochs[-1].loss < 0.1
    assert result.test.accuracy > 0.97
    assert result.val.accuracy == result.epochs[-1].val_accuracy
    assert [epoch.epoch for epoch in result.epochs] == [1, 2, 3, 4, 5, 6]
    assert result.train_seconds > 0


def test_evaluation_is_that_of_the_model(result, dataset):
    logits = result.model.predict(dataset.test.images, verbose=0)
    predict = compile_prediction(result.model)
    np.testing.assert_allclose(predict(dataset.test.images), logits, atol=1e-5)
    many = np.tile(dataset.test.images, (12, 1, 1))[:2345]  # no multiple of the batch
    np.testing.assert_allclose(predict(many), np.tile(logits, (12, 1))[:2345], atol=1e-5)
    np.testing.assert_array_equal(logits.argmax(1), result.test.predictions)
    assert result.test.accuracy == (logits.argmax(1) == dataset.test.labels).mean()
    shifted = logits - logits.max(1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    loss = -log_probabilities[np.arange(200), dataset.test.labels].mean()
    assert result.test.loss == pytest.approx(loss, rel=1e-4)


def test_same_seed_same_weights(result, dataset):
    config = TrainConfig(epochs=6, batch_size=32, learning_rate=0.02)
    again = train_and_test(SMALL, dataset, config)
    other = train_and_test(SMALL, dataset, TrainConfig(epochs=1, batch_size=32, seed=1))
    for a, b in zip(result.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert again.epochs == result.epochs
    assert not np.array_equal(other.model.get_weights()[0], result.model.get_weights()[0])


def test_a_finished_training_leaves_no_images_in_memory(dataset):
    """TensorFlow or Keras may hold a graph, and the images with it, for good."""
    activations = "-".join(f"8:{name}" for name in ACTIVATIONS)
    architecture = parse(f"4C3b:hswish-4DS3sb-(4DS3s)+-drop0.1-{activations}")
    config = TrainConfig(epochs=1, batch_size=32, augment="1")
    for seeds in ([0], [0, 1]):
        train_together(architecture, dataset, config, seeds)
    gc.collect()
    shape = dataset.train.images.shape
    kept = [o for o in gc.get_objects() if type(o).__name__ == "EagerTensor" and o.shape == shape]
    assert not kept


def test_every_image_of_an_epoch_is_counted_once(dataset):
    images, epochs = [], []
    config = TrainConfig(epochs=2, batch_size=50)
    parts = (dataset.task, dataset.train, dataset.val)
    result = train(SMALL, *parts, config, images.append, epochs.append)
    assert sum(images) == 2 * 550
    assert [epoch.epoch for epoch in epochs] == [1, 2]
    assert result.epochs == tuple(epochs)


def test_batch_larger_than_the_set_is_refused(dataset):
    with pytest.raises(ValueError, match="batch_size must be at most the 550 training images"):
        train_and_test(SMALL, dataset, TrainConfig(epochs=1, batch_size=551))


def test_odd_batches_are_split_without_loss(dataset, monkeypatch):
    config = TrainConfig(epochs=2, batch_size=33, learning_rate=0.01)
    weights = []
    for threads in (1, 3):
        monkeypatch.setattr(evaluation, "THREADS", threads)
        assert len(evaluation.slice_edges(33)) == min(threads, 2)
        weights.append(train_and_test(SMALL, dataset, config).model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)


def test_divergence_stops_with_the_epoch_and_the_rate(dataset):
    with pytest.raises(FloatingPointError, match=r"epoch 1.*lower learning_rate \(it was 1e\+30\)"):
        train_and_test(SMALL, dataset, TrainConfig(epochs=3, batch_size=16, learning_rate=1e30))


def test_divergence_in_the_very_last_step_is_noticed(dataset):
    with pytest.raises(FloatingPointError, match="diverged in epoch 1"):
        train_and_test(SMALL, dataset, TrainConfig(epochs=1, batch_size=550, learning_rate=1e30))


def test_schedule_rises_to_the_peak_and_ends_near_zero():
    schedule = OneCycle(peak=1.0, steps=100)
    rates = [float(schedule(step)) for step in range(100)]
    assert max(rates) == pytest.approx(1.0, abs=0.02)
    assert rates.index(max(rates)) in range(28, 32)
    assert 0 < rates[0] < 0.05
    assert 0 < rates[-1] < 0.05
    assert float(OneCycle(peak=1.0, steps=1)(0)) > 0


def test_bfloat16_trains_and_gives_a_float32_model(dataset):
    config = TrainConfig(epochs=4, batch_size=32, learning_rate=0.02, precision="bfloat16")
    result = train_and_test(SMALL, dataset, config)
    assert result.precision == "bfloat16"
    assert result.model.layers[-1].compute_dtype == "float32"
    assert {layer.compute_dtype for layer in result.model.layers} == {"float32"}
    assert result.test.accuracy > 0.9


WEIGHTS = """
import hashlib, sys
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.data import sets
from mnist_tradeoff.training.loop import train_and_test
from mnist_tradeoff.training.recipe import TrainConfig
config = TrainConfig(epochs=2, batch_size=32, precision=sys.argv[2])
result = train_and_test(parse("16C3-P2-16"), sets.load(sys.argv[1]), config)
print(hashlib.md5(b"".join(w.tobytes() for w in result.model.get_weights())).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_seed_gives_the_same_weights_in_every_process(stripes, precision):
    command = [sys.executable, "-c", WEIGHTS, str(stripes), precision]
    outputs = {subprocess.check_output(command, cwd=ROOT, text=True) for _ in range(2)}
    assert len(outputs) == 1


@pytest.mark.slow
def test_real_mnist_reaches_the_documented_accuracy(mnist_folder):
    result = train_and_test(resolve("cnn_v1", MNIST), sets.load(str(mnist_folder)), TrainConfig())
    assert len(result.test.predictions) == 10_000
    assert result.test.accuracy >= 0.9839
