"""How a study on PostgreSQL and MLflow's server scales with its commands.

    python -m benchmarks.scaling

Starts both servers on loopback. Training is replaced by a sleep, so that the cores of one machine
do not cap it; all else is real: commands with a worker process each, Optuna's sampler, what
successive halving looks up in the study, and one MLflow run a trial. The clock runs from the moment
when every worker is ready to the end of each command's last trial. A last run without sleep shows
the most that the stores and this machine's cores give together.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import optuna
from sqlalchemy import NullPool
from tqdm import tqdm

from benchmarks.command import results_file, write_results
from benchmarks.ours import host
from benchmarks.study_throughput import search_only
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.search.config import SearchConfig
from tests.services import mlflow_server, postgresql

RESULTS = results_file("scaling")
COMMANDS = (1, 2, 4, 8)
SLEEP_SECONDS = 6.0
TRIALS_A_COMMAND = 8
UNTHROTTLED_TRIALS = 120
SLEEP_VARIABLE, COUNT_VARIABLE = "SCALING_SLEEP", "SCALING_COMMANDS"


def sleeping_work(
    config: SearchConfig, data_identity: str, task: Task, folder: Path, training, val
) -> None:
    """A worker process of the search that sleeps where it would train."""
    from mnist_tradeoff.pipelines.study import work
    from mnist_tradeoff.search import trials as search

    def sleep(architecture, _training, _val, config):
        # Not all alike, as trainings are not: else all commands would want everything at once.
        seconds = float(os.environ[SLEEP_VARIABLE]) * random.Random(config.seed).uniform(0.8, 1.2)
        time.sleep(seconds)
        accuracy = 1 - 0.1 / len(str(architecture))
        epoch = SimpleNamespace(loss=0.1, accuracy=accuracy, val_loss=0.1, val_accuracy=accuracy)
        return SimpleNamespace(
            epochs=[epoch] * config.epochs,
            val=SimpleNamespace(accuracy=accuracy, loss=0.1),
            train_seconds=seconds,
            precision="float32",
        )

    search.train = sleep
    (folder / f"ready{os.getpid()}").touch()
    while len(list(folder.glob("ready*"))) < int(os.environ[COUNT_VARIABLE]):
        time.sleep(0.05)
    work(config, data_identity, task, folder, training, val)


def measure(server, commands: int, trials: int, seconds: float) -> dict:
    """Trials of so many commands at once; their span and what each took besides its sleep."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        storage = server.create()
        with mlflow_server(folder, server.create()) as tracking:
            environment = {
                **os.environ,
                **tracking.client,
                "OPTUNA_STORAGE": storage,
                "PYTHONPATH": str(Path(__file__).parent.parent),
                SLEEP_VARIABLE: str(seconds),
                COUNT_VARIABLE: str(commands),
            }
            line = [sys.executable, "-m", "benchmarks.scaling", "--command", str(trials)]
            running = [
                subprocess.Popen(line, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
                for _ in range(commands)
            ]
            for process in running:
                if process.wait() != 0:
                    raise RuntimeError(f"a command failed: {process.args}")
        storage = optuna.storages.RDBStorage(storage, engine_kwargs={"poolclass": NullPool})
        found = optuna.load_study(study_name="widths", storage=storage).trials
    start = min(trial.datetime_start for trial in found if trial.datetime_start)
    ends: dict[str, float] = {}  # of each command, when its last trial ended
    for trial in found:
        assert trial.datetime_complete is not None
        end = (trial.datetime_complete - start).total_seconds()
        command = trial.user_attrs["command"]
        ends[command] = max(end, ends.get(command, 0))
    assert (len(found), len(ends)) == (trials, commands)
    return {
        "commands": commands,
        "trials": trials,
        "slept_seconds": sum(trial.user_attrs["rungs"][0]["train_seconds"] for trial in found),
        "command_seconds": sum(ends.values()),
        "span_seconds": max(ends.values()),
    }


def markdown(results: dict) -> str:
    """The table, the rate without sleep, and the host."""
    header = ["commands", "trials", "trials an hour", "of linear"]
    header += ["a trial besides its training, ms"]
    rows = []
    *throttled, free = results["runs"]
    for run in throttled:
        slept, spent = run["slept_seconds"], run["command_seconds"]
        efficiency = slept / spent
        beside = 1e3 * (spent - slept) / run["trials"]
        rate = 3600 * run["trials"] * run["commands"] / spent
        cells = (str(run["commands"]), str(run["trials"]), f"{rate:,.0f}", f"{efficiency:.1%}")
        rows.append([*cells, f"{beside:.0f}"])
    rate = free["trials"] / free["span_seconds"]
    found = results["host"]
    return "\n".join(
        [
            table(header, rows, left=0),
            "",
            f"Training replaced by sleeps of {SLEEP_SECONDS:.0f} s, ± 20 %. Without a sleep, "
            f"{free['commands']} commands finish {rate:.1f} trials a second: there the two cores "
            f"are full (sampling, MLflow's server and PostgreSQL together). With trainings of "
            f"30 s that is the work of {30 * rate:.0f} commands.",
            "",
            f"Host: {found['cpu']}, {found['threads']} cores, Python {found['python']}, "
            f"PostgreSQL and MLflow's server on the same machine.",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="how a study scales with its commands")
    parser.add_argument("--command", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.command:
        config = SearchConfig(trials=arguments.command, epochs=1, dataset="digits")
        search_only(config, sleeping_work)
        return
    plan = [(count, count * TRIALS_A_COMMAND, SLEEP_SECONDS) for count in COMMANDS]
    plan.append((COMMANDS[-1], UNTHROTTLED_TRIALS, 0.0))
    with postgresql() as server:
        runs = [measure(server, *sizes) for sizes in tqdm(plan, disable=None)]
    results = {"host": host(), "runs": runs}
    write_results(RESULTS, results)
    print(markdown(results))


if __name__ == "__main__":
    main()
