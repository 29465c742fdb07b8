import functools

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_tradeoff.architecture.costs import EXACT_OBJECTIVES, exact_cost
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.proposals import Proposal
from mnist_tradeoff.search.spaces import SPACES, space_named
from mnist_tradeoff.search.widths import Widths

SPACE = Widths()
POINTS = ["cnn_v1", "simple_cnn", "cnn_v2"]


class Drawn:
    """Answers a proposal's questions with whatever hypothesis draws."""

    def __init__(self, data):
        self.data = data

    def suggest_int(self, name, low, high, **_):
        return self.data.draw(st.integers(low, high), label=name)

    def suggest_categorical(self, name, choices):
        return self.data.draw(st.sampled_from(choices), label=name)


@pytest.mark.parametrize("name", POINTS)
def test_references_are_points_of_the_space(name):
    proposal = Proposal(REFERENCES[name].architecture)
    trial = optuna.trial.FixedTrial(SPACE.params(proposal))
    assert SPACE.suggest(trial) == proposal


@given(st.data())
def test_every_proposal_is_valid_and_comes_back_from_its_parameters(data):
    proposal = SPACE.suggest(Drawn(data))
    assert proposal.architecture.shapes(MNIST)  # raises if it were invalid
    params = SPACE.params(proposal)
    assert SPACE.suggest(optuna.trial.FixedTrial(params)) == proposal
    for name in EXACT_OBJECTIVES:
        cost = functools.partial(exact_cost, name=name, task=MNIST)
        assert cost(proposal.architecture) >= SPACE.minimum(cost)


def test_a_random_sampler_proposes_every_structure():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    structures = set()
    for _ in range(300):
        layers = SPACE.suggest(study.ask()).architecture.layers
        structures.add("-".join(type(layer).__name__ for layer in layers))
    assert len(structures) == 16  # 2 × 2 convolutions, third block or not, dense or not


OTHERS = (
    *("128-64", "16C3-P2", "16C3-P2-32C3", "16C5-P2-32C3-P2", "16C3-P3-32C3-P2", "1C3-P2-32C3-P2"),
    *("65C3-P2-32C3-P2", "16C3-P2-32C3-P2-4", "16C3-P2-32C3-P2-16-16", "4C3-4C3-4C3-P2-8C3-P2"),
)


@pytest.mark.parametrize("notation", OTHERS)
def test_other_architectures_are_no_points(notation):
    with pytest.raises(ValueError, match="is no point of the search space"):
        SPACE.params(Proposal(parse(notation)))


def test_a_recipe_of_its_own_is_no_point_of_a_space_that_has_none():
    proposal = Proposal.of(REFERENCES["cnn_v1"].architecture, {"epochs": 9})
    with pytest.raises(ValueError, match="16C3-P2-32C3-P2 epochs=9 is no point"):
        SPACE.params(proposal)


def test_a_surrogate_sees_the_widths_by_their_place():
    seen = SPACE.encode(Proposal(parse("4C3-6C3-P2-8C3-P2-16")))
    assert seen == {"filters_1_1": 4, "filters_1_2": 6, "filters_2_1": 8, "units_1": 16}


def test_spaces_have_names():
    assert space_named("widths") is SPACES["widths"]
    with pytest.raises(ValueError, match="unknown space 'depths': use widths"):
        SearchConfig(space="depths")


def test_blanks_between_two_costs_are_none_of_the_study():
    config = SearchConfig(cost=" num_params ,  macs")
    assert (config.cost, config.costs) == ("num_params,macs", ("num_params", "macs"))
