"""The benchmarks' own machinery; what they measured is checked in test_readme.py."""

import random
import sys

import numpy as np
import optuna
import pytest

from benchmarks import comparisons, latency, replay, replay_table, time_to_accuracy, training_rate
from benchmarks.command import RESULTS_VARIABLE, results_file
from benchmarks.contestant import Contestant
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.proposals import Proposal
from mnist_tradeoff.search.surrogate import RandomTrial
from tests.commands import execute


def test_a_contestant_that_ends_is_an_error_with_its_last_words():
    contestant = Contestant("keras_fit", "16C3-Q2")
    contestant.process.wait()
    with pytest.raises(SystemExit, match="unknown model '16C3-Q2'"):
        contestant.ask(seed=0)
    contestant.close()


def test_what_names_comparisons_and_their_measures_run_once():
    assert comparisons.wanted("all") == comparisons.MEASURES
    found = [one.module for one in comparisons.wanted("T6, T3,L1")]
    assert found == ["training_rate", "latency", "operations"]
    (race,) = comparisons.wanted("T1")
    assert race.arguments == ("--races", "99%")
    with pytest.raises(ValueError, match="not 'T9'"):
        comparisons.wanted("T1,T9")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--what", "T9"), 1, "error: what must be all, T1"),
        (("--quick", "maybe"), 2, "error: argument --quick: must be true or false, not 'maybe'"),
    ],
)
def test_bad_arguments_are_one_line_and_no_run(tmp_path, arguments, code, message):
    found = execute(tmp_path, [sys.executable, "-m", "experiments.benchmark", *arguments])
    assert found.returncode == code
    assert found.stderr.startswith(message)
    assert len(found.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_quick_numbers_are_kept_apart_and_marked(monkeypatch, capsys):
    monkeypatch.setenv(RESULTS_VARIABLE, str(comparisons.QUICK_FOLDER))
    assert comparisons.report_file().parent == results_file("latency").parent
    assert comparisons.QUICK in comparisons.report()
    for measure in comparisons.MEASURES:
        if measure.quick is None:
            continue
        # A bad value ends it with 2; an unknown flag is one that the help does not have.
        monkeypatch.setattr(sys, "argv", ["", *measure.quick, "--help"])
        with pytest.raises(SystemExit, match="0"):
            measure.load().main()
        known = capsys.readouterr().out.split()
        assert {flag for flag in measure.quick if flag.startswith("--")} <= {
            word.strip("[]") for word in known
        }


def test_every_comparison_has_a_measure():
    modules = {measure.module for measure in comparisons.MEASURES}
    assert {one.measure for one in comparisons.COMPARISONS.values()} <= modules
    for measure in comparisons.MEASURES:
        assert callable(measure.load().markdown)


def answers(*accuracies, seconds=2.0):
    return [{"test_accuracy": one, "train_seconds": seconds} for one in accuracies]


def test_a_race_ends_with_the_first_epoch_and_the_shortest_schedule_that_are_there():
    rounds = {
        "fit": [answers(0.9, 0.92), answers(0.95, 0.93), answers(0.97, 0.97)],
        "ours": [answers(0.9, 0.9), answers(0.96, 0.95, seconds=0.5), answers(0.96, seconds=0.7)],
    }
    found = time_to_accuracy.summary(rounds, schedule=2, target=0.94)
    assert (found["fit_epochs"], found["fit_seconds"]) == (2, 4.0)
    assert (found["ours_epochs"], found["ours_seconds"]) == (2, 0.5)
    assert found["ratio"] == pytest.approx(8)


def test_a_race_may_begin_with_a_long_schedule():
    rounds = {
        "fit": [answers(0.9), answers(0.95)],
        "ours": [answers(0.9, seconds=18.0), answers(0.96, seconds=19.0)],
    }
    found = time_to_accuracy.summary(rounds, schedule=19, target=0.94, least=18)
    assert (found["ours_epochs"], found["ours_test_accuracy"]) == (19, 0.96)
    assert found["ours_seconds"] == 19


def test_a_race_that_ours_never_wins_misses_its_aim():
    rounds = {"fit": [answers(0.9), answers(0.95)], "ours": [answers(0.8), answers(0.9)]}
    found = time_to_accuracy.summary(rounds, schedule=None, target=0.94)
    comparison = comparisons.COMPARISONS["T2"]
    assert comparison.found({"ann": found}) == {"ann": 0}
    assert not comparison.is_met("ann", 0)


def test_a_search_that_missed_its_target_is_not_left_out():
    def pair(theirs, ours):
        seconds = {"random": theirs, replay.OURS: ours}
        return {"seconds": seconds, "spent": {"random": 400.0, replay.OURS: 90.0}}

    pairs = [pair(100.0, 50.0), pair(None, 50.0), pair(100.0, None), pair(None, None)]
    assert replay.ratios({"pairs": pairs}) == {"random": [2.0, 8.0, 0.0]}


def test_the_time_of_a_file_that_lost_its_accuracy_does_not_count():
    accuracies = {latency.CALL: [0.991], latency.FLOAT32: [0.991, 0.990], latency.INT8: [0.98]}
    microseconds = {latency.CALL: [400.0], latency.FLOAT32: [8.0], latency.INT8: [4.0]}
    results = {"test_accuracy": accuracies, "microseconds": microseconds}
    comparison = comparisons.COMPARISONS["L1"]
    assert comparison.found(results) == {latency.CALL: 50}
    accuracies[latency.FLOAT32] = [0.98]
    assert comparison.found(results) == {}


def test_the_first_layer_needs_no_gradient_of_the_images():
    # 784 x 128 of ann's multiplications are the first layer's.
    assert training_rate.training_macs(resolve("ann", MNIST)) == 3 * 109_184 - 784 * 128


def test_a_number_that_is_too_small_is_refused_before_anything_is_measured(tmp_path):
    found = execute(tmp_path, [sys.executable, "-m", "benchmarks.latency", "--seeds", "0"])
    assert found.returncode == 2
    assert found.stderr.splitlines()[-1].endswith("must be an integer of at least 1: '0'")


def test_a_fit_that_never_is_there_counts_with_all_its_epochs():
    rounds = {"fit": [answers(0.9), answers(0.91)], "ours": [answers(0.95), answers(0.95)]}
    found = time_to_accuracy.summary(rounds, schedule=1, target=0.94)
    assert found["fit_epochs"] is None
    assert time_to_accuracy.ratio(found) == "more than 2.0×"


def test_the_table_of_the_replay_is_the_whole_grid():
    table = replay_table.load()
    grid = replay_table.architectures() * len(replay_table.SEEDS)
    assert sorted(table.architecture) == sorted(grid)
    assert table.val_accuracy.between(0.9, 1).all()
    space = replay_table.GridSpace()
    for notation in replay_table.architectures():
        proposal = Proposal(parse(notation))
        params = space.params(proposal)
        assert space.suggest(optuna.trial.FixedTrial(params)) == proposal


def test_a_random_trial_reaches_the_whole_grid():
    space, generator = replay_table.GridSpace(), random.Random(0)
    found = {str(space.suggest(RandomTrial(generator))) for _ in range(5_000)}
    assert found == set(replay_table.architectures())


@pytest.mark.parametrize("name", replay.SAMPLERS)
def test_a_replayed_search_adds_up_the_table(name):
    table = replay.trainings_of(0)
    found = replay.search(replay.SAMPLERS[name](0), table, trials=8)
    assert len(found["hv2"]) == 8
    assert (np.diff(found["hv2"]) >= 0).all()
    assert (np.diff(found["cpu_seconds"]) >= table.cpu_seconds.min()).all()
    again = replay.search(replay.SAMPLERS[name](0), table, trials=8)
    assert again["hv2"] == found["hv2"]
