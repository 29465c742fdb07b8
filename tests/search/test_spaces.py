import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.search.spaces import SearchSpace

SPACE = SearchSpace()
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
    architecture = REFERENCES[name].architecture
    trial = optuna.trial.FixedTrial(SPACE.params(architecture))
    assert SPACE.suggest(trial) == architecture


@given(st.data())
def test_every_proposal_is_valid_and_comes_back_from_its_parameters(data):
    architecture = SPACE.suggest(Drawn(data))  # raises if it were invalid
    params = SPACE.params(architecture)
    assert SPACE.suggest(optuna.trial.FixedTrial(params)) == architecture
    for cost in ("num_params", "macs"):
        at_least = SPACE.minimum(lambda a, cost=cost: getattr(complexity(a), cost))
        assert getattr(complexity(architecture), cost) >= at_least


def test_a_random_sampler_proposes_every_structure():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    structures = set()
    for _ in range(300):
        layers = SPACE.suggest(study.ask()).layers
        structures.add("-".join(type(layer).__name__ for layer in layers))
    assert len(structures) == 16  # 2 × 2 convolutions, third block or not, dense or not


OTHERS = (
    *("128-64", "16C3-P2", "16C3-P2-32C3", "16C5-P2-32C3-P2", "16C3-P3-32C3-P2", "1C3-P2-32C3-P2"),
    *("65C3-P2-32C3-P2", "16C3-P2-32C3-P2-4", "16C3-P2-32C3-P2-16-16", "4C3-4C3-4C3-P2-8C3-P2"),
)


@pytest.mark.parametrize("notation", OTHERS)
def test_other_architectures_are_no_points(notation):
    with pytest.raises(ValueError, match="is no point of the search space"):
        SPACE.params(parse(notation))
