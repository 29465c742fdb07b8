"""A search that is killed, shared, bounded or stopped: real processes and signals."""

import os
import signal

import optuna
import pandas as pd
import psutil

from mnist_tradeoff.architecture.costs import num_params
from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST
from tests.commands import (
    SIZE,
    of_role,
    search,
    start,
    trials_of,
    wait_for_line,
)


def test_two_commands_at_once_share_a_study_and_one_replaces_a_killed_worker(tmp_path, stripes):
    arguments = (*SIZE, "--dataset", str(stripes))
    first, second = (start(tmp_path, *arguments) for _ in range(2))
    wait_for_line(first, "2/5")
    (worker,) = [
        child
        for child in psutil.Process(first.pid).children()
        if "spawn_main" in " ".join(child.cmdline())
    ]
    worker.kill()
    for command in (first, second):
        _, stderr = command.communicate(timeout=300)
        assert command.returncode == 0, stderr
    trials = trials_of(tmp_path)
    assert [trial.number for trial in trials] == list(range(5))
    assert {trial.state for trial in trials} == {optuna.trial.TrialState.COMPLETE}
    numbers = [run.data.tags["trial_number"] for run in of_role(tmp_path, "trial")]
    assert sorted(numbers) == [str(number) for number in range(5)]
    assert len(of_role(tmp_path, "study")) == 1


def test_ctrl_c_stops_all_processes(tmp_path, stripes):
    arguments = ("--trials", "500", "--epochs", "3", "--workers", "2", "--dataset", str(stripes))
    process = start(tmp_path, *arguments)
    wait_for_line(process, "4/500")
    processes = psutil.Process(process.pid).children(recursive=True)
    assert len(processes) >= 2
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert stderr.splitlines()[-1] == "interrupted"
    assert "Traceback" not in stderr
    assert "Exception" not in stderr
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive
    (parent,) = of_role(tmp_path, "study")
    assert parent.info.status == "KILLED"
    assert {run.info.status for run in of_role(tmp_path, "trial")} == {"FINISHED"}
    states = {trial.state for trial in trials_of(tmp_path)}
    assert states <= {optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.WAITING}


def test_measured_costs_two_at_once_under_a_budget(tmp_path, stripes):
    done = search(
        tmp_path,
        *("--cost", "latency_us,size_bytes", "--max_params", "20000", "--trials", "2"),
        *("--epochs", "1", "--seeds", "1", "--dataset", str(stripes)),
    )
    assert done.returncode == 0, done.stderr
    trials = trials_of(tmp_path)
    complete = [trial for trial in trials if trial.state == optuna.trial.TrialState.COMPLETE]
    assert len(complete) == 2
    for trial in complete:
        _, latency_us, size_bytes = trial.values
        weights = num_params(parse(trial.user_attrs["architecture"]), MNIST)
        assert weights <= 20_000
        assert latency_us > 0
        assert size_bytes > 4 * weights
    rejected = [trial for trial in trials if trial.state == optuna.trial.TrialState.PRUNED]
    assert len(rejected) >= 2  # simple_cnn and cnn_v2
    assert all("rungs" not in trial.user_attrs for trial in rejected)
    frame = pd.read_csv(tmp_path / "search_widths" / "pareto.csv")
    assert (frame[frame.role == "reference"].latency_us > 0).all()
