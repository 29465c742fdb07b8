import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_tradeoff.architecture.costs import num_params
from mnist_tradeoff.architecture.layers import Conv, Dense, MaxPool
from mnist_tradeoff.architecture.notation import Architecture, NotationError, parse, read
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


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("28x28 - [32C3 - 3Q2] - 10", 17),
        ("( 8C3 - 8X3 )x3", 9),
        ("784-8X3", 5),
        ("  8C3-", 7),
        ("8C3- (16C3s)+ ) ", 15),
        ("16C3 - 8C3bb", 8),
    ],
)
def test_an_error_tells_the_place_as_it_was_typed(typed, place):
    with pytest.raises(NotationError, match=f"at character {place}:"):
        read(typed, MNIST)


@given(options=st.permutations(["S2", "s", "b"]), activation=st.sampled_from(["", ":tanh"]))
@pytest.mark.parametrize("layer", ["16C3", "16DS3", "D3"])
def test_options_are_read_in_any_order(layer, options, activation):
    typed = f"{layer}{''.join(options)}{activation}"
    assert str(parse(typed)) == str(parse(typed.lower())) == f"{layer}S2sb{activation}"


def test_what_others_write_dropout_with_is_told_how_to_write_it_here():
    with pytest.raises(ValueError, match=r"28×28 input; dropout is written drop0\.4"):
        parse("D40").shapes(MNIST)
    assert parse("D40").shapes(Task(Shape(64, 40, 1), 2)) == (Shape(25, 1, 1),)
