"""How the commands that read a whole store grow with its trials and runs.

    python -m benchmarks.full_store

The study's trials are made up, as those of ``large_studies``; the search writes their runs itself
and trains its finals on scikit-learn's digits. Copies of one training's run then fill the store:
nothing but reading is timed. Each command is a process, with its imports.
"""

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from matplotlib.figure import Figure
from tqdm import tqdm

from benchmarks.command import at_least, own_store, results_file, write_results
from benchmarks.ours import host
from mnist_tradeoff.data.sets import load_configured
from mnist_tradeoff.report.markdown import table
from mnist_tradeoff.report.style import STUDY_COLORS, themed
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.system.signals import run_to_exit
from tests.studies import grown

RESULTS = results_file("full_store")
SIZES = ((250, 2_500), (500, 5_000), (1_000, 10_000), (2_000, 20_000))
COMMANDS = ("search", "report", "recommend", "doctor")
MARKERS = "o^sD"
AIM_SECONDS = 20
STUDY, DATASET = "s", "digits"
# What MLflow keeps of a run, by its column for the run's identity.
RUN_TABLES = ("runs", "params", "tags", "metrics", "latest_metrics")
COPY = """
WITH RECURSIVE numbers(number) AS
    (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < :count)
INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, numbers WHERE run_uuid = :run
"""


def fill(store: Path, run: str, count: int) -> None:
    """Copy a run of MLflow's so often, within its database."""
    with closing(sqlite3.connect(store)) as database, database:
        for name in RUN_TABLES:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
            copied = ["printf('%032x', number)" if one == "run_uuid" else one for one in columns]
            statement = COPY.format(
                table=name, columns=", ".join(columns), values=", ".join(copied)
            )
            database.execute(statement, {"count": count, "run": run})


def command_line(command: str, trials: int) -> list[str]:
    """The command as a user types it, for the study of so many trials."""
    arguments = ["--dataset", DATASET]
    if command != "doctor":
        arguments += ["--study", STUDY]
    if command == "search":
        arguments += ["--trials", str(trials), "--seeds", "1"]
    return [sys.executable, "-m", f"experiments.{command}", *arguments]


def call(folder: Path, line: list[str]) -> float:
    """Seconds of a command in a folder of its own.

    Raises:
        RuntimeError: it failed.
    """
    environment = own_store(folder) | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    started = time.perf_counter()
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(line[2:])} failed: {done.stderr}")
    return time.perf_counter() - started


def prepare(folder: Path, trials: int, runs: int) -> None:
    """A study of so many finished trials with its runs and finals, in a store of so many runs."""
    config = SearchConfig(study=STUDY, trials=trials, dataset=DATASET, seeds=1)
    grown(folder, trials, config, load_configured(config).identity)
    call(folder, command_line("search", trials))
    train = [sys.executable, "-m", "experiments.train", "--dataset", DATASET, "--epochs", "1"]
    call(folder, train)
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        (there,) = database.execute("SELECT count(*) FROM runs").fetchone()
        (run,) = database.execute(
            "SELECT run_uuid FROM runs ORDER BY start_time DESC LIMIT 1"
        ).fetchone()
    fill(folder / "mlflow.db", run, runs - there)


def measure(trials: int, runs: int, rounds: int) -> dict:
    """Seconds of every command in every round, at one size of the store."""
    seconds: dict[str, list[float]] = {command: [] for command in COMMANDS}
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name), trials, runs)
        for _ in range(rounds):
            for command in COMMANDS:
                seconds[command].append(call(Path(name), command_line(command, trials)))
    return {"trials": trials, "runs": runs, "seconds": seconds}


def markdown(results: dict) -> str:
    """A row for each size, and the host."""
    header, rows = ["trials", "runs", *COMMANDS], []
    for one in results["sizes"]:
        medians = [statistics.median(one["seconds"][command]) for command in COMMANDS]
        rows.append([f"{one['trials']:,}", f"{one['runs']:,}", *(f"{s:.1f}" for s in medians)])
    found = results["host"]
    line = (
        f"Seconds of a command, imports included: medians of {results['rounds']}. Host: "
        f"{found['cpu']}, {found['threads']} cores, Python {found['python']}."
    )
    return "\n".join([table(header, rows, left=0), "", line])


def draw(sizes: list[dict]) -> Figure:
    """Seconds of each command over the runs of the store: medians."""
    figure = Figure(figsize=(6.4, 3.8), layout="constrained", dpi=150)
    axes = figure.subplots()
    runs = [one["runs"] for one in sizes]
    for command, color, marker in zip(COMMANDS, STUDY_COLORS, MARKERS, strict=False):
        medians = [statistics.median(one["seconds"][command]) for one in sizes]
        axes.plot(runs, medians, marker=marker, color=color, label=command)
    axes.axhline(AIM_SECONDS, color="gray", ls="--", lw=1)
    place = {"xytext": (0, 3), "textcoords": "offset points"}
    axes.annotate("aim", (runs[0], AIM_SECONDS), **place, color="gray")
    axes.set(xlabel="runs in the store, a tenth of them trials", ylabel="seconds", ylim=(0, None))
    axes.grid(alpha=0.3)
    figure.legend(loc="outside upper center", ncols=len(COMMANDS), fontsize=9)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description="how commands grow with the store")
    parser.add_argument("--rounds", type=at_least(1), default=3)
    rounds = parser.parse_args().rounds
    os.environ.pop("OPTUNA_STORAGE", None)  # a study of its own
    sizes = [measure(*size, rounds) for size in tqdm(SIZES, disable=None)]
    results = {"host": host(), "rounds": rounds, "sizes": sizes}
    write_results(RESULTS, results)
    for file, content in themed("full_store", draw, sizes).items():
        (RESULTS.parent / file).write_bytes(content)
    print(markdown(results))


if __name__ == "__main__":
    run_to_exit(main)
