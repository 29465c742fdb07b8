import random

import pytest

from mnist_tradeoff.architecture.costs import num_params
from mnist_tradeoff.architecture.layers import Conv, Dense, MaxPool
from mnist_tradeoff.architecture.notation import Architecture, NotationError, parse
from mnist_tradeoff.architecture.references import REFERENCES, reference_of, resolve
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from tests.factories import random_architecture


@pytest.mark.parametrize("seed", range(50))
def test_notation_round_trip(seed):
    architecture = random_architecture(random.Random(seed))
    assert parse(str(architecture)) == architecture


def test_notation_of_every_layer():
    assert parse("16c3-P2-128") == Architecture((Conv(16, 3), MaxPool(2), Dense(128)))


def test_references_by_name_and_by_notation():
    for name, reference in REFERENCES.items():
        assert (
            resolve(name, MNIST)
            == resolve(str(reference.architecture), MNIST)
            == reference.architecture
        )
        assert reference_of(resolve(str(reference.architecture), MNIST)) is reference
    assert reference_of(parse("8C3-P2")) is None


@pytest.mark.parametrize(
    ("notation", "message"),
    [
        ("", "unknown model ''"),
        ("resnet50", "unknown model 'resnet50': .* use ann, simple_cnn, cnn_v1, cnn_v2"),
        ("16C3--P2", "unknown model"),
        ("٣C3", "unknown model"),
        ("9999999C3", "unknown model"),
        ("128-16C3", r"layer 2 \(16C3\) .* only dense layers can follow"),
        ("-".join(["1C1"] * 257), "1 to 256 layers, not 257"),
    ],
)
def test_what_is_no_architecture_is_refused_by_name(notation, message):
    with pytest.raises(ValueError, match=message):
        resolve(notation, MNIST)


@pytest.mark.parametrize(
    ("notation", "message"),
    [
        ("0C3", r"layer 1 \(0C3\) of '0C3': filters must be 1 to 512, not 0"),
        ("16C3-100000C3", r"layer 2 \(100000C3\)"),
        ("16C3-0", r"layer 2 \(0\) .* units must be 1 to 4096, not 0"),
        ("16C3-P2-P2-P2-P2-P2", r"layer 6 \(P2\) .* 1×1 input would shrink below 1×1"),
        ("8C257", r"layer 1 \(8C257\) .* kernel size must be 1 to 256"),
        ("8C29", r"layer 1 \(8C29\) .* 28×28 input would shrink below 1×1"),
        ("8C27-8C3", r"layer 2 \(8C3\) .* 2×2 input"),
        ("8C3-P1", r"layer 2 \(P1\) .* pooling size must be 2 to 256"),
    ],
)
def test_what_does_not_fit_the_images_is_refused_by_name(notation, message):
    architecture = resolve(notation, MNIST)
    for ask in (architecture.shapes, lambda task: num_params(architecture, task)):
        with pytest.raises(ValueError, match=message):
            ask(MNIST)


def test_larger_images_have_room_for_more():
    shapes = parse("8C29-P2").shapes(Task(Shape(32, 40, 3), 2))
    assert shapes == (Shape(4, 12, 8), Shape(2, 6, 8))


def test_a_token_that_is_no_layer_is_named():
    with pytest.raises(NotationError, match="'Q2' at character 6: this is no layer"):
        parse("16C3-Q2")
