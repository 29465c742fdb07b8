"""The surrogate's proposals: its gain against sampling, its budgets, and what it finds."""

import functools
import random

import numpy as np
import optuna
import pytest

from benchmarks.replay_table import GridSpace, architectures
from mnist_tradeoff.analysis.hv2 import MNIST_SCALE
from mnist_tradeoff.analysis.pareto import hypervolume, on_front
from mnist_tradeoff.architecture.costs import exact_cost, exact_costs
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.proposals import Proposal
from mnist_tradeoff.search.sampler import (
    RANDOM_TRIALS,
    RepeatableTPESampler,
    SurrogateSampler,
    choose_sampler,
    observations,
)
from mnist_tradeoff.search.surrogate import Observation, RandomTrial, expected_improvement, propose
from mnist_tradeoff.search.widths import Widths

WORST_NUM_PARAMS = 316_228
num_params = functools.partial(exact_cost, name="num_params", task=MNIST)
TRIED = ("8C3-P2-8C3-P2", "2C3-P2-4C3-P2", "16C3-P2-32C3-P2")


def accuracy(architecture):
    """A law without noise: the error falls with the parameters and the multiplications."""
    costs = exact_costs(architecture, MNIST)
    return 1 - 0.9 * costs["num_params"] ** -0.3 * (costs["macs"] / 1e5) ** -0.2


def observed(notations):
    proposals = [Proposal(parse(notation)) for notation in notations]
    return [Observation(one, 1, accuracy(one.architecture)) for one in proposals]


def test_expected_improvement_is_the_mean_growth_of_the_hypervolume():
    generator = np.random.default_rng(0)
    points = generator.uniform(0, 1, (6, 2))
    front, corner = points[on_front(points)], (1.1, 1.2)
    costs, means = np.array([0.05, 0.4, 0.8, 1.05]), np.array([0.9, 0.3, 0.2, 0.1])
    deviations = np.array([0.1, 0.3, 0.05, 0.2])
    expected = expected_improvement(front, costs, means, deviations, corner)
    base = hypervolume(front, np.array(corner))
    for i, cost in enumerate(costs):
        errors = generator.normal(means[i], deviations[i], 4_000)
        growth = [
            hypervolume(np.vstack([front, [cost, error]]), np.array(corner)) - base
            for error in errors
        ]
        standard_error = np.std(growth) / np.sqrt(len(growth))
        assert abs(np.mean(growth) - expected[i]) < 4 * standard_error + 1e-6


def test_beyond_the_corner_or_hopeless_there_is_nothing_to_gain():
    front = np.array([[0.5, 0.5]])
    gains = expected_improvement(
        front,
        costs=np.array([1.2, 0.6, 0.2]),
        means=np.array([0.1, 0.9, 0.4]),
        deviations=np.full(3, 1e-9),
        corner=(1.0, 1.0),
    )
    assert gains == pytest.approx([0, 0, 0.3 * 0.6 + 0.5 * 0.1])


def test_a_proposal_is_new_and_within_the_budget():
    space, known = Widths(), observed(TRIED)
    for seed in range(5):
        params = propose(
            *(space, MNIST, num_params, known, WORST_NUM_PARAMS, MNIST_SCALE, seed),
            is_allowed=lambda architecture: num_params(architecture) <= 1_000,
        )
        proposal = space.suggest(optuna.trial.FixedTrial(params))
        assert num_params(proposal.architecture) <= 1_000
        assert proposal not in [one.proposal for one in known]
        known.append(Observation(proposal, 1, accuracy(proposal.architecture)))


def test_it_depends_on_the_seed_and_what_is_known_alone():
    known = observed(TRIED)
    found = [
        propose(Widths(), MNIST, num_params, known, WORST_NUM_PARAMS, MNIST_SCALE, seed=seed)
        for seed in (1, 1, 2, 3, 4)
    ]
    assert found[0] == found[1]
    assert any(one != found[0] for one in found[2:])


def test_what_runs_is_not_proposed_again():
    known = observed(TRIED)
    space = Widths()
    running = []
    for _ in range(4):
        params = propose(
            space, MNIST, num_params, [*known, *running], WORST_NUM_PARAMS, MNIST_SCALE, seed=0
        )
        running.append(Observation(space.suggest(optuna.trial.FixedTrial(params)), 0, None))
    assert len({one.proposal for one in running}) == 4


def test_where_everything_was_trained_it_proposes_a_replicate_within_the_budget():
    space = GridSpace()
    for seed in range(3):
        params = propose(
            *(
                space,
                MNIST,
                num_params,
                observed(architectures()),
                WORST_NUM_PARAMS,
                MNIST_SCALE,
                seed,
            ),
            is_allowed=lambda architecture: num_params(architecture) <= 900,
        )
        proposal = space.suggest(optuna.trial.FixedTrial(params))
        assert num_params(proposal.architecture) <= 900


@pytest.mark.parametrize("params", [None, {"filters": 3, "dense": True}])
def test_a_random_trial_stays_in_the_range(params):
    trial = RandomTrial(random.Random(0), params)
    numbers = [trial.suggest_int("filters", 2, 4, log=True) for _ in range(300)]
    choices = [trial.suggest_categorical("dense", [False, True]) for _ in range(300)]
    assert set(numbers) == {2, 3, 4}
    assert set(choices) == {False, True}


def grid_hypervolume(sampler, trials):
    space, points = GridSpace(), []
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
    for _ in range(trials):
        trial = study.ask()
        architecture = space.suggest(trial).architecture
        values = [accuracy(architecture), num_params(architecture)]
        trial.set_user_attr("architecture", str(architecture))
        trial.set_user_attr("rungs", [{"epochs": 1, "val_accuracy": values[0]}])
        trial.set_user_attr("costs", {"num_params": values[1]})
        study.tell(trial, values)
        points.append([np.log10(1 - values[0]), np.log10(values[1])])
    corner = np.array([np.log10(0.2), np.log10(WORST_NUM_PARAMS)])
    return hypervolume(np.array(points), corner)


def test_its_front_is_better_than_that_of_as_many_random_trials():
    trials = RANDOM_TRIALS + 10
    for seed in range(3):
        ours = SurrogateSampler(seed, GridSpace(), MNIST, num_params, WORST_NUM_PARAMS, MNIST_SCALE)
        chance = optuna.samplers.RandomSampler(seed=seed)
        assert grid_hypervolume(ours, trials) > grid_hypervolume(chance, trials)


def test_what_failed_is_the_worst_and_what_runs_has_no_accuracy_yet():
    def trial(state, **attributes):
        architecture = {"architecture": "2C3-P2-4C3-P2"}
        return optuna.trial.create_trial(
            state=state,
            values=[0.9, 1] if state.name == "COMPLETE" else None,
            user_attrs={**architecture, **attributes},
        )

    costs, rung = {"num_params": 1}, {"epochs": 3, "val_accuracy": 0.9}
    states = optuna.trial.TrialState
    found = observations(
        [
            trial(states.PRUNED),
            trial(states.COMPLETE, costs=costs, rungs=[rung]),
            trial(states.FAIL, costs=costs),
            trial(states.RUNNING, costs=costs, overrides={"batch_size": 64}),
        ]
    )
    assert [(one.epochs, one.val_accuracy) for one in found] == [(3, 0.9), (1, 0.0), (0, None)]
    architecture = parse("2C3-P2-4C3-P2")
    assert [one.proposal for one in found] == [
        *[Proposal(architecture)] * 2,
        Proposal(architecture, (("batch_size", 64),)),
    ]


@pytest.mark.parametrize(
    ("cost", "kind"),
    [
        ("num_params", SurrogateSampler),
        ("macs", SurrogateSampler),
        ("latency_us", RepeatableTPESampler),
        ("num_params,macs", RepeatableTPESampler),
    ],
)
def test_the_cost_decides_who_proposes(cost, kind):
    assert isinstance(choose_sampler(SearchConfig(cost=cost), Widths(), MNIST, MNIST_SCALE), kind)


def test_a_trial_that_has_only_some_of_its_parameters_gets_the_others():
    def suggested():
        sampler = choose_sampler(SearchConfig(), Widths(), MNIST, MNIST_SCALE)
        study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
        study.enqueue_trial({"blocks": 2})
        return Widths().suggest(study.ask())

    assert suggested() == suggested()


def test_a_trial_whose_process_died_between_two_parameters_is_proposed_as_it_was():
    def study():
        sampler = choose_sampler(SearchConfig(), Widths(), MNIST, MNIST_SCALE)
        return optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)

    undisturbed = Widths().suggest(study().ask())
    disturbed = study()
    trial = disturbed.ask()
    trial.suggest_int("blocks", 2, 3)
    disturbed._storage.set_trial_state_values(trial._trial_id, optuna.trial.TrialState.WAITING)
    again = disturbed.ask()
    assert again.number == trial.number
    assert Widths().suggest(again) == undisturbed
