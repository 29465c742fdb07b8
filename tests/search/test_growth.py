"""What a study of thousands of trials costs, and who waits for whom meanwhile."""

import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from optuna.trial import TrialState

from mnist_tradeoff.analysis.hv2 import MNIST_SCALE, hv2
from mnist_tradeoff.analysis.pareto import on_front
from mnist_tradeoff.architecture.costs import exact_costs
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.results import progress
from mnist_tradeoff.search.running_trial import RunningTrial
from mnist_tradeoff.search.sampler import SurrogateSampler
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.successive_halving import Rung, TrialRecord, candidates
from tests.factories import ROOT, make_trial
from tests.studies import DATA, MANY, grown


@pytest.fixture(autouse=True)
def _no_database(monkeypatch):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)


def take(study: Study) -> RunningTrial:
    trial = study.take()
    assert trial is not None
    return trial


def sampler_of(study: Study) -> SurrogateSampler:
    sampler = study.optuna.sampler
    assert isinstance(sampler, SurrogateSampler)
    return sampler


def take_references(study: Study) -> None:
    for _ in range(3):
        take(study)


def test_while_one_process_thinks_about_its_proposal_others_take_trials(tmp_path):
    study, other = grown(tmp_path, 10), Study(MANY, DATA, MNIST, tmp_path)
    take_references(study)
    taken: list[int] = []
    sampler = sampler_of(study)
    allowed = sampler.is_allowed

    def think(architecture):
        if not taken:
            taken.append(take(other).number)  # would wait for ever if the lock were held
        return allowed(architecture)

    sampler.is_allowed = think
    assert [take(study).number, *taken] == [13, 14]


THINKS_FOR_EVER = """
import sys, time
from pathlib import Path
from typing import Any
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.study import Study
from tests.studies import DATA, MANY
study = Study(MANY, DATA, MNIST, Path(sys.argv[1]))
def think(_):
    print("thinking", flush=True)
    time.sleep(600)
study.optuna.sampler.is_allowed = think
study.take()
"""


def test_a_process_that_dies_while_it_thinks_leaves_the_trial_to_others(tmp_path):
    undisturbed, disturbed = tmp_path / "a", tmp_path / "b"
    for folder in (undisturbed, disturbed):
        folder.mkdir()
        study = grown(folder, 10)
        take_references(study)
    expected = take(Study(MANY, DATA, MNIST, undisturbed))
    command = [sys.executable, "-c", THINKS_FOR_EVER, str(disturbed)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "thinking\n"
    study = Study(MANY, DATA, MNIST, disturbed)
    assert study.optuna.trials[-1].user_attrs["owner"]
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert study.release_abandoned() == 1
    again = take(study)
    assert again.number == expected.number == 13
    assert again.trial.params == expected.trial.params
    assert again.seed == expected.seed


def test_a_proposal_that_fails_gives_its_trial_back(tmp_path):
    study = grown(tmp_path, 10)
    take_references(study)

    def fail(_):
        raise ValueError("no such architecture")

    sampler_of(study).is_allowed = fail
    with pytest.raises(ValueError, match="no such"):
        study.take()
    assert study.optuna.trials[-1].state == TrialState.WAITING


def naive_hv2(trials: list[TrialRecord]) -> float:
    found = candidates(trials, 3)
    accuracies = np.array([one.val_accuracy for one in found])
    return hv2(np.array([one.costs["num_params"] for one in found]), accuracies, MNIST_SCALE)


@pytest.mark.parametrize("seed", range(5))
def test_progress_is_the_hypervolume_of_all_trials_up_to_each(seed):
    generator, trials = random.Random(seed), []
    for number in range(120):  # of few architectures: most are replicates, whose means fall, too
        filters = generator.randint(2, 12)
        lengths = {1: 0.9} | (
            {3: generator.uniform(0.9, 0.999)} if generator.random() < 0.7 else {}
        )
        trials.append(make_trial(number, f"{filters}C3-P2", 100 * filters, lengths))
    naive = [naive_hv2(trials[: i + 1]) for i in range(len(trials))]
    assert [point.hv2 for point in progress(trials, 3, MNIST_SCALE)] == pytest.approx(
        naive, abs=1e-12
    )


def test_progress_of_thousands_of_trials_takes_a_second():
    generator = random.Random(0)
    trials = [
        make_trial(n, f"{2 + n % 500}C3-P2", 10 * (2 + n % 500), {3: generator.uniform(0.9, 0.999)})
        for n in range(3_000)
    ]
    start = time.process_time()  # other programs may have the cores
    progress(trials, 3, MNIST_SCALE)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("objectives", [1, 2, 3, 4])
def test_a_front_is_what_no_other_point_dominates(objectives):
    generator = np.random.default_rng(objectives)

    def dominates(a, b):
        return (a <= b).all() and (a < b).any()

    for _ in range(100):
        points = generator.integers(0, 6, (generator.integers(0, 25), objectives)).astype(float)
        expected = [not any(dominates(a, b) for a in points) for b in points]
        assert on_front(points).tolist() == expected


def test_ended_trials_are_read_once(tmp_path):
    study = grown(tmp_path, 20)
    first = study.finished()
    trial = take(study)
    trial.costs = exact_costs(trial.architecture, MNIST)
    trial.add_rung(Rung(3, 0.9, 0.1, 1.0, "float32", {}))
    trial.finish([0.9, trial.costs["num_params"]])
    second = study.finished()
    assert len(second) == 21
    kept = {id(one) for one in first} & {id(one) for one in second}
    assert len(kept) == 20
