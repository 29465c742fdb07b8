"""A user's own Keras model: checked, counted, trained like any other."""

import math
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from mnist_tradeoff.architecture.costs import macs, num_params, peak_activation_bytes
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.data.sets import load
from mnist_tradeoff.device import litert
from mnist_tradeoff.device.convert import convert
from mnist_tradeoff.training import evaluation
from mnist_tradeoff.training.build import build, build_net
from mnist_tradeoff.training.graph_costs import graph_macs
from mnist_tradeoff.training.keras_costs import FREE, IN_PLACE, MACS, count
from mnist_tradeoff.training.loop import train_and_test
from mnist_tradeoff.training.own_checks import leaves
from mnist_tradeoff.training.own_layers import own_layer_costs
from mnist_tradeoff.training.own_model import load_own_model
from mnist_tradeoff.training.recipe import TrainConfig
from tests.factories import constants

NETS = Path(__file__).with_name("nets.py")
SMALL = Task(Shape(12, 16, 3), 7)


def own(function: str, task: Task = MNIST):
    return load_own_model(f"{NETS}:{function}", task)


def test_the_same_net_costs_the_same_in_keras_and_in_the_notation():
    found, written = own("lenet"), resolve("6C5s:tanh-A2-16C5:tanh-A2-120:tanh-84:tanh", MNIST)
    for cost in (num_params, macs, peak_activation_bytes):
        assert cost(found, MNIST) == cost(written, MNIST)
    assert not found.counts.from_graph
    assert found.name == "nets.py:lenet"


def test_a_normalisation_is_counted_as_it_is_deployed():
    found, channels = own("resnet"), 4
    # One folds into weights without a bias, one into a bias that is there, one stays.
    kernels = 9 * channels + 9 * channels**2 + channels * 10 + 10
    assert found.counts.num_params == kernels + channels + channels + 2 * channels
    assert found.counts.trainable_params == kernels + channels + 5 * channels


@pytest.mark.parametrize("function", ["lenet", "resnet"])
def test_its_layers_add_up_to_the_model(function):
    found = own(function)
    costs = own_layer_costs(build(found, MNIST))
    assert sum(layer.num_params for layer in costs) == found.counts.num_params
    assert sum(layer.macs or 0 for layer in costs) == found.counts.macs


# Of every kind that arithmetic knows, one that differs from the defaults.
ONE_LAYER = [
    layers.Conv1D(5, 3, strides=2, padding="same"),
    layers.Conv2D(6, (3, 2), strides=2),
    layers.Conv2D(6, 3, groups=2),
    layers.Conv2D(6, 3, data_format="channels_first"),
    layers.Conv2DTranspose(4, 3, strides=2),
    layers.Dense(5),
    layers.DepthwiseConv1D(3, depth_multiplier=2),
    layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
    layers.SeparableConv1D(5, 3, depth_multiplier=2),
    layers.SeparableConv2D(5, 3, depth_multiplier=2),
]


def test_every_kind_that_arithmetic_knows_is_tried():
    assert {type(layer) for layer in ONE_LAYER} == set(MACS)
    assert not set(MACS) & {*IN_PLACE, *FREE}


@pytest.mark.parametrize("layer", ONE_LAYER, ids=lambda layer: type(layer).__name__)
def test_arithmetic_equals_the_operations_of_the_compiled_graph(layer):
    is_flat = "1D" in type(layer).__name__
    images = keras.Input((12, 6) if is_flat else (12, 8, 6))
    model = keras.Model(images, layer(images))
    assert count(model).macs == graph_macs(model) > 0
    assert not count(model).from_graph


def test_what_arithmetic_does_not_know_is_counted_in_the_graph():
    found, places = own("attention"), 49
    projections = 4 * places * 16 * 16
    expected = 16 * 16 * places + projections + 2 * places**2 * 16 + 16 * 10
    assert (found.counts.macs, found.counts.from_graph) == (expected, True)


def test_a_file_made_from_the_config_alone_has_all_constants_and_answers_as_the_model():
    model = own("resnet")
    keras_model = build(model, MNIST)
    random = np.random.default_rng(0)
    for weight in keras_model.weights:
        value = random.normal(size=weight.shape)
        weight.assign(np.abs(value) if "variance" in weight.path else value)
    content = convert(model, MNIST, keras_model.get_weights())
    assert constants(content) == model.counts.num_params + 1  # and the scale of the pixels
    images = random.integers(0, 256, (200, 28, 28), np.uint8)
    expected = keras_model(images).numpy().argmax(axis=1)
    assert len(set(expected)) > 1
    assert np.array_equal(litert.classify(content, images), expected)


@pytest.mark.parametrize("function", ["resnet", "lenet", "unbuilt", "attention"])
def test_it_trains_alike_on_any_number_of_threads(function, stripes, monkeypatch):
    dataset, results = load(str(stripes)), []
    for threads in (1, 2):
        monkeypatch.setattr(evaluation, "THREADS", threads)
        config = TrainConfig(epochs=2, batch_size=128, learning_rate=0.005)
        results.append(train_and_test(own(function), dataset, config))
    images = dataset.test.images
    logits, others = (np.asarray(result.model(images)) for result in results)
    assert np.allclose(logits, others, atol=1e-3)
    assert np.array_equal(logits.argmax(axis=1), results[0].test.predictions)
    assert not math.isclose(float(logits[0].sum()), 1, rel_tol=1e-3)  # of no softmax


@pytest.mark.parametrize(("function", "activations"), [("functional_softmax", 0), ("gated", 1)])
def test_only_the_softmax_at_the_end_is_left_out(function, activations):
    model = build(own(function), MNIST)
    logits = np.asarray(model(np.zeros((1, 28, 28), np.uint8) + 99))
    assert not np.isclose(logits.sum(), 1, atol=1e-3)
    found = [layer for layer in leaves(model) if isinstance(layer, layers.Activation)]
    assert len(found) == activations


def test_a_module_beside_the_file_is_found_and_what_the_code_sets_ends_with_it(tmp_path):
    (tmp_path / "beside.py").write_text("WIDTH = 3\n")
    (tmp_path / "net.py").write_text(
        "import os\nimport keras\nimport beside\n\n\n"
        "def make(input_shape, classes):\n"
        "    os.chdir('/')\n"
        "    keras.config.set_floatx('float64')\n"
        "    stack = [keras.layers.Flatten(), keras.layers.Dense(beside.WIDTH, dtype='float32')]\n"
        "    stack.append(keras.layers.Dense(classes, dtype='float32'))\n"
        "    return keras.Sequential([keras.Input(input_shape, dtype='float32'), *stack])\n"
    )
    before = (Path.cwd(), keras.config.floatx(), list(sys.path))
    found = load_own_model(f"{tmp_path}/net.py:make", MNIST)
    assert found.counts.num_params == 785 * 3 + 4 * 10
    assert (Path.cwd(), keras.config.floatx(), list(sys.path)) == before


def test_a_function_that_makes_another_model_at_each_call_is_one_line():
    with pytest.raises(ValueError, match="is another one at each call"):
        build_net(own("another_each_time"), MNIST, is_trained=True)


@pytest.mark.parametrize("function", ["resnet", "attention"])
def test_it_is_made_for_the_task(function):
    model = build(own(function, SMALL), SMALL)
    assert model.input_shape == (None, 12, 16, 3)
    assert model.output_shape == (None, 7)


@pytest.mark.parametrize(
    ("function", "line"),
    [
        ("raises", r"raises\(\) of .* raised RuntimeError: no net for 10 classes \(line \d+\)"),
        ("leaves", r"leaves\(\) of .* raised SystemExit: 3 \(line \d+\)"),
        ("nothing", "nothing' returned a NoneType, and not a functional or sequential keras.Model"),
        ("subclassed", "returned a Mine, and not a functional"),
        ("eleven", r"is from \(None, 28, 28, 1\) to \(None, 11\); .* to \(None, 10\) is due"),
        ("transposed", r"is from \(None, 1, 28, 28\) to"),
        ("own_layer", "is a Mine; only layers that Keras has can be loaded again"),
        ("unlearned", "has nothing to train"),
        ("noisy", r"draws or counts while it is trained, .* \(GaussianNoise\)"),
        ("counting", r"draws or counts while it is trained, .* \(SpectralNormalization\)"),
        ("probabilities", "gives probabilities: end it with"),
        ("recurrent", r"the MACs of .* \((Partitioned|While|Stateful).*unroll=True"),
        ("by_rows", "normalises axis 1: use the last"),
        ("shared_normalisation", "normalises in several places, .* BatchNormalization of its own"),
        ("spatial", r"draws or counts while it is trained, .* \(SpatialDropout2D\)"),
        ("regularised", "has regularizers or constraints"),
        ("own_activation", "cannot be loaded again without running the file"),
        ("registered_activation", "without running the file .*doubled of your own"),
        ("several_outputs", "has several outputs"),
        ("nested_subclass", "is a Inner; only layers that Keras has"),
        ("named_output", "takes or gives a dict"),
        ("infinite", "gives numbers that are not finite"),
        ("half", "gives float16: give its last layer dtype='float32'"),
        ("missing", "the file has no function missing"),
        ("not_callable", "the file has no function not_callable"),
    ],
)
def test_a_function_that_makes_no_such_model_is_one_line(function, line):
    with pytest.raises(ValueError, match=line) as raised:
        own(function)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "is not a file; mlflow run works in the project's folder"),
        (b"def net(:", r"net.py of .* raised SyntaxError|'net.py' .* SyntaxError"),
        (b"import nowhere_to_be_found", "raised ModuleNotFoundError.*nowhere_to_be_found"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_one_line(tmp_path, content, line):
    path = tmp_path / "net.py"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=line) as raised:
        load_own_model(f"{path}:net", MNIST)
    assert "\n" not in str(raised.value)
