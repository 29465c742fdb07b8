"""The space ``tiny``: its proposals on any task, its inverse, its cheapest net, its first ones."""

import dataclasses
import functools
import math
import random

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_tradeoff.architecture.costs import (
    exact_cost,
    macs,
    num_params,
    peak_activation_bytes,
)
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.search.known_nets import FOR_MACS, known_nets
from mnist_tradeoff.search.proposals import Proposal
from mnist_tradeoff.search.spaces import SPACES
from mnist_tradeoff.search.surrogate import RandomTrial
from mnist_tradeoff.search.tiny import Tiny
from mnist_tradeoff.training.build import build
from mnist_tradeoff.training.recipe import Recipe
from tests.search.test_spaces import Drawn

TASKS = [
    Task(Shape(8, 8, 1), 2),
    MNIST,
    Task(Shape(32, 32, 3), 3),
    Task(Shape(64, 64, 3), 100),
    Task(Shape(9, 40, 1), 1_000),
]
PLAIN = Tiny(augments=())
KNOWN_NETS = known_nets(["num_params"])
AUGMENTED = Tiny(augments=("off", "0.5", "1"))


def random_proposals(space: Tiny, count: int, seed: int = 0) -> list[Proposal]:
    generator = random.Random(seed)
    return [space.suggest(RandomTrial(generator)) for _ in range(count)]


@given(st.data(), st.sampled_from(TASKS), st.sampled_from([PLAIN, AUGMENTED]))
def test_every_proposal_fits_and_comes_back_from_its_parameters(data, task, space):
    space = space.fitted(task)
    trial = Drawn(data)
    proposal = space.suggest(trial)
    proposal.architecture.shapes(task)  # raises if it did not fit
    assert parse(str(proposal.architecture)) == proposal.architecture
    params = space.params(proposal)
    again = optuna.trial.FixedTrial(params)
    assert space.suggest(again) == proposal
    assert list(again.params) == list(params)  # nothing that is not asked
    for cost in (num_params, macs, peak_activation_bytes):
        of_task = functools.partial(cost, task=task)
        assert of_task(proposal.architecture) >= space.minimum(of_task)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: "x".join(map(str, task.input_shape)))
def test_random_proposals_their_neighbours_and_the_cheapest(task):
    space = AUGMENTED.fitted(task)
    generator, proposals = random.Random(1), random_proposals(space, 2_000)
    for proposal in proposals[:200]:
        for _ in range(3):
            near = space.suggest(RandomTrial(generator, space.params(proposal)))
            assert near.architecture.shapes(task)
            assert space.suggest(optuna.trial.FixedTrial(space.params(near))) == near
    for name in ("num_params", "macs"):
        cost = functools.partial(exact_cost, name=name, task=task)
        costs = [cost(one.architecture) for one in proposals]
        assert space.minimum(cost) <= min(costs) <= 10 * space.minimum(cost)


def test_random_proposals_are_of_a_useful_size():
    sizes = sorted(num_params(one.architecture, MNIST) for one in random_proposals(PLAIN, 1_000))
    assert 1_500 < sizes[500] < 4_500
    assert sizes[50] < 500
    assert sizes[950] < 50_000


EXPRESSIBLE = (
    *("16C3-P2-32C3-P2", "32C3-P2-64C3-P2-128", "32C3-32C3-P2-64C3-64C3-P2-128"),
    "6C3s:leaky-P2-5DS3:leaky-9DS3:leaky-10DS3:leaky-8DS3:leaky-G",
    "8C3-P2-26DS3-(26DS3s)@3-G-16",
    "8C3s-8C3s-P2-12C3s-12C3s-P2-16C3-10C3-G",
    "A2-8C5S1s-(8DS5s)+-(8DS5s)+-A2-12DS3-head3",
    # Stages without a pooling between: in one, in two, and before a group.
    *("4C3-4C3-4C3-4C3-4C3-4C3-4C3-G", "4C3-4DS3-5DS3s-5DS3s-9C3s-G", "2C3-4C3-4DS3-(4DS3s)@2-G"),
    # Strides behind the first stage, also before a group, and with a pooling.
    *("4C3-8DS3S2-8DS3-G", "4C3S2-8C3S2s-P2-8C3S2s-G-16", "4C3-6DS3S2s-(6DS3s)+-G"),
    *("A2-2C3b-56DS3b-36DS3b-2DS3b-41", "4C3S2sb-8DS3sb-(8DS3sb)@5-G-8", "4C3b-G", "4C3-G"),
)


@pytest.mark.parametrize("notation", EXPRESSIBLE)
def test_nets_that_are_points_of_the_space(notation):
    proposal = Proposal(parse(notation))
    params = PLAIN.params(proposal)
    assert PLAIN.suggest(optuna.trial.FixedTrial(params)) == proposal


OTHERS = (
    *("128-64", "16C3-P3-32C3-P2", "1C3-G", "65C3-G", "33C3-G", "8C7-G", "4C3-P2-P2-G", "D3-G"),
    *("4C3-G-16-16", "4C3-G-4", "4DS3-G", "4C3-P2-8C3b-G", "4C3:leaky-8C3-G", "4C3-G-16:leaky"),
    *("4C3-(4DS3)@2-G", "4C3-(4DS3s)@6-G", "4C3-(4DS3s-4DS3s)@2-G", "(4C3)x2-G", "4C3-drop0.5-G"),
    *("16C3", "4C3-P2-8C3-5C3-8C1-G", "4C3-8C3-head5", "4C3-4C3s-4C3-4C3s-G", "4C3-32b"),
    *("4C3S3-G", "4C3-8C3S3-G", "4C3-8C3S2-8C3S2-8C3S2-8C3S2-G", "4C3-(8DS3sS2)@2-G"),
)


@pytest.mark.parametrize("notation", OTHERS)
def test_other_architectures_are_no_points(notation):
    with pytest.raises(ValueError, match="is no point of the search space"):
        PLAIN.params(Proposal(parse(notation)))


def test_its_studies_begin_with_the_known_nets_and_the_references_the_fastest_first():
    starts = PLAIN.starts(MNIST, ["num_params"])
    costs = [macs(one.architecture, MNIST) for one in starts]
    assert costs == sorted(costs)
    found = {one.architecture for one in starts}
    assert found == {one.architecture for one in (*KNOWN_NETS, *REFERENCES.values())}
    assert len(starts) == len(KNOWN_NETS) + 4
    for_macs = {one.architecture for one in PLAIN.starts(MNIST, ["macs", "size_bytes"])} - found
    assert for_macs == {parse(notation) for notation in FOR_MACS}
    assert all(PLAIN.params(Proposal(one)) for one in for_macs)
    for one in starts:
        if one.architecture != REFERENCES["ann"].architecture:
            assert PLAIN.params(one)
    small = Task(Shape(8, 8, 1), 2)
    assert all(
        one.architecture.shapes(small) for one in PLAIN.fitted(small).starts(small, ["macs"])
    )


def test_of_known_nets_the_parameters_are_those_of_the_measurements():
    sizes = sorted(num_params(net.architecture, MNIST) for net in KNOWN_NETS)
    assert sizes == [
        537,
        697,
        697,
        786,
        1122,
        1210,
        1854,
        1924,
        2238,
        3290,
        6152,
        6152,
        7654,
        16526,
    ]
    assert len({net.architecture for net in KNOWN_NETS}) == len(KNOWN_NETS)


def test_the_strength_of_augmentation_is_part_of_the_proposal_where_it_can_be_chosen():
    net = parse("8C3-P2-26DS3-(26DS3s)@3-G-16")
    weak, strong = (Proposal.of(net, {"augment": value}) for value in ("0.5", "1"))
    assert AUGMENTED.params(weak) | {"augment": "1"} == AUGMENTED.params(strong)
    assert AUGMENTED.encode(weak)["augment"] < AUGMENTED.encode(strong)["augment"]
    for space, proposal in ((AUGMENTED, Proposal(net)), (PLAIN, weak)):
        with pytest.raises(ValueError, match="is no point of the search space"):
            space.params(proposal)
    strengths = {
        num_params(one.architecture, MNIST): dict(one.overrides)["augment"]
        for one in AUGMENTED.starts(MNIST, ["num_params"])
    }
    assert (strengths[697], strengths[1_924], strengths[225_034]) == ("off", "0.5", "1")
    assert AUGMENTED.describe() != PLAIN.describe()


def test_what_the_surrogate_sees_has_the_same_few_names_for_all_and_tells_all_apart():
    proposals = list(dict.fromkeys(random_proposals(AUGMENTED, 300)))
    encoded = [AUGMENTED.encode(one) for one in proposals]
    assert {tuple(one) for one in encoded} == {tuple(encoded[0])}
    assert len(encoded[0]) <= 35
    assert all(value >= 1 for one in encoded for value in one.values())
    costs = [
        (num_params(one.architecture, MNIST), macs(one.architecture, MNIST)) for one in proposals
    ]
    rows = {(*one.values(), *cost) for one, cost in zip(encoded, costs, strict=True)}
    assert len(rows) == len(proposals)


def test_what_the_surrogate_sees_of_one_net():
    net = parse("A2-8C3b:silu-P2-26DS3b:silu-(26DS3s:silu)@3-G-16:silu")
    seen = {k: v for k, v in PLAIN.encode(Proposal(net)).items() if v != 1}
    assert seen == pytest.approx(
        {
            **{"layers_1": 2, "filters_1": 8, "layers_2": 5, "filters_2": 26, "layers": 5},
            # 2 of the mean, 2·2 of the first, 2 of the maximum, 4·2 of each of the four others
            **{"receptive_field": 2 + 4 + 2 + 32, "narrowest": 8, "last_filters": 26, "kernel": 3},
            **{"padded": 4, "separable": 5, "shared": 3, "averaged": 2, "places": 16, "units": 16},
            **{"normalized": 4, "silu": 4},
        }
    )


def test_built_nets_have_the_parameters_that_arithmetic_says():
    for task in (TASKS[0], TASKS[2]):
        for proposal in random_proposals(PLAIN.fitted(task), 3):
            weights = build(proposal.architecture, task).trainable_weights
            count = sum(math.prod(weight.shape) for weight in weights)
            assert count == num_params(proposal.architecture, task)


def test_what_proposals_override_are_settings_of_the_recipe():
    names = {name for one in random_proposals(Tiny(), 5) for name, _ in one.overrides}
    assert names <= {field.name for field in dataclasses.fields(Recipe)}
    assert SPACES["tiny"] == Tiny()
