"""The whole grammar: every architecture is read as it is written; what is wrong is one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_tradeoff.architecture.groups import Repeated, Residual, Shared
from mnist_tradeoff.architecture.layers import (
    AveragePool,
    Conv,
    Dense,
    Depthwise,
    Dropout,
    GlobalAverage,
    Head,
    MaxPool,
    Separable,
)
from mnist_tradeoff.architecture.notation import Architecture, parse, read, spelled
from mnist_tradeoff.architecture.options import ACTIVATIONS
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST

ACTIVATION = st.sampled_from(list(ACTIVATIONS))
NORMALIZED = {"normalized": st.booleans(), "activation": ACTIVATION}
OPTIONS = {"stride": st.integers(1, 3), "same": st.booleans(), **NORMALIZED}
NUMBER = st.integers(1, 512)
ON_IMAGES = st.one_of(
    st.builds(Conv, NUMBER, st.integers(1, 9), **OPTIONS),
    st.builds(Separable, NUMBER, st.integers(1, 9), **OPTIONS),
    st.builds(Depthwise, st.integers(1, 9), **OPTIONS),
    st.builds(MaxPool, st.integers(2, 9)),
    st.builds(AveragePool, st.integers(2, 9)),
    st.builds(Dropout, st.sampled_from([0.1, 0.25, 0.5])),
)
FLAT = st.builds(Dense, st.sampled_from([1, 10, 128, 784]), **NORMALIZED)


def grouped(inside: st.SearchStrategy) -> st.SearchStrategy:
    layers = st.lists(inside, min_size=1, max_size=3).map(tuple)
    times = st.integers(2, 3)
    return st.one_of(
        st.builds(Repeated, layers, times),
        st.builds(Shared, layers, times),
        st.builds(Residual, layers),
    )


BODY = st.lists(st.recursive(ON_IMAGES, grouped, max_leaves=5), min_size=1, max_size=4)
TAIL = st.one_of(
    st.builds(lambda head: [head], st.builds(Head, st.integers(1, 5))),
    st.lists(FLAT, max_size=3),
    st.lists(FLAT, max_size=2).map(lambda dense: [GlobalAverage(), *dense]),
)


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    layers = draw(st.one_of(BODY, st.just([]))) + draw(TAIL)
    return Architecture(tuple(layers or [Conv(4)]))


@given(architectures())
def test_what_is_written_is_read_as_the_same(architecture):
    assert parse(str(architecture)) == architecture
    assert parse(str(architecture).lower()) == architecture
    assert read(spelled(architecture, MNIST), MNIST).architecture == architecture


@pytest.mark.parametrize(
    ("pasted", "canonical"),
    [
        ("784-128-10", "128"),
        ("784 - [32C3-32C3-32C5S2] - 128 - 10", "32C3-32C3-32C5S2-128"),
        ("1x28x28-20C4-MP2-40C5-MP3-150N-10N", "20C4-P2-40C5-P3-150"),
        ("28x28-16c3sb:TANH-ap2-gap", "16C3sb:tanh-A2-G"),
        ("(8C3s-8C3s)x2+-G", "((8C3s-8C3s)x2)+-G"),
        ("(8C3-P2)-16", "8C3-P2-16"),
        ("10-10", "10"),
        ("784-784-10", "784"),
        ("16C3S1:relu", "16C3"),
    ],
)
def test_what_people_paste(pasted, canonical):
    assert str(read(pasted, MNIST).architecture) == canonical


def test_a_reading_says_what_was_understood():
    assert read("784-128-10", MNIST).notes == (
        *("784 is the input", "the last 10 is the classifier"),
    )
    assert read("128", MNIST).notes == ()


@pytest.mark.parametrize(
    ("notation", "line"),
    [
        ("", "the end at character 1: this is no layer: use a notation such as"),
        ("lenet", "'lenet' at character 1: this is no layer"),
        ("16C3-16X3", "'16X3' at character 6: 16 is dense, and 'X3' behind it is no option"),
        ("16C3-P2S2", "'P2S2' at character 6: P2 is max pooling, and 'S2' behind it is no option"),
        ("4C3ss", "'4C3ss' at character 1: s and s are the same option"),
        ("16C3 P2", "16C3 is convolution, and ' P2' behind it is no option"),
        ("4C3-", "the end at character 5"),
        ("4C3--P2", "'-' at character 5"),
        ("(4C3", "a parenthesis is not closed"),
        ("4C3)", "')' at character 4: nothing opens this parenthesis"),
        ("()x2", "at character 2: this is no layer"),
        ("(4C3s)x1000000", "repeats must be 2 to 64, not 1000000"),
        ("(4C3s)@1", "repeats must be 2 to 64, not 1"),
        ("((8C3s)x64)x64", "an architecture has 1 to 256 layers, not 4096"),
        # Refused without walking through them.
        (8 * "(" + "8C3s" + 8 * ")x64", "has 1 to 256 layers, not 281474976710656"),
        (9 * "(" + "4C3" + 9 * ")", "groups nest at most 8 deep"),
        ("(4C3s)" + 9 * "+", "groups nest at most 8 deep"),
        ("(4C3s)" + 600 * "x64", "groups nest at most 8 deep"),
        ("-".join(["4C1"] * 600), "a notation has at most 2,000 characters"),
        ("4C3:foo", "there is no activation 'foo': use relu, linear, leaky"),
        ("head3-4C3", "head3 is the classifier: it must be the last"),
        ("(head3)x2", "head3 is the classifier: it must be the last"),
        ("4C3-(8C3-head3)+", "head must be the last"),
        ("G-4C3", "layer 2 (4C3) of 'G-4C3': only dense layers can follow a flat layer"),
        ("128-P2", "layer 2 (P2) of '128-P2': only dense layers can follow a flat layer"),
        ("10", "'10' has no hidden layer: 10 is the classifier; write 10-10"),
        ("27x27-128", "the input 27x27 is not that of the images, which are 28×28"),
        ("(4C3)+", "the sum needs equal shapes, and 28×28×1 becomes 26×26×4"),
        ("(8C3)@3", "its weights are shared, but the second pass of 8C3 would need others"),
        ("4C3S0", "stride must be 1 to 16, not 0"),
        ("999999C3", "filters must be 1 to 512, not 999999"),
        ("4C99", "its 28×28 input would shrink below 1×1"),
        ("P2-P2-P2-P2-head3", "layer 5 (head3)"),
        ("drop1.5-4", "the rate of dropout must be above 0 and below 1, not 1.5"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_it(notation, line):
    with pytest.raises(ValueError) as error:  # noqa: PT011 (the line is looked at below)
        resolve(notation, MNIST).shapes(MNIST)
    assert line in str(error.value)
    assert "\n" not in str(error.value)
