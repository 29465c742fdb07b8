"""A study that many commands share, on PostgreSQL and MLflow's server, and what they survive.

With MNIST_TRADEOFF_LONG=1 the storm is 60 trials of four commands with a death every few seconds.
"""

import os
import random
import re
import signal
import sys
import threading
import time
from pathlib import Path

import mlflow
import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from sqlalchemy import NullPool

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.storage import StudyError
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.successive_halving import candidates, front
from mnist_tradeoff.tracking.store import TrackingError, prepare_experiment, prepare_store
from tests.commands import environment, execute
from tests.preloaded import Command
from tests.services import PASSWORD, MlflowServer, mlflow_server
from tests.studies import CONFIG, DATA, finish, run

LONG = os.environ.get("MNIST_TRADEOFF_LONG") == "1"
SEARCH = [sys.executable, "-m", "experiments.search"]
SIZE = ("--epochs", "1", "--seeds", "1")


class Site:
    """Stores that commands share: an Optuna database and MLflow's server over another one."""

    def __init__(self, folder: Path, stripes: Path, postgres, server: MlflowServer, storage: str):
        self.folder, self.stripes, self.postgres, self.server = folder, stripes, postgres, server
        self.storage = storage
        self.variables = {"OPTUNA_STORAGE": storage, **server.client}
        self.logs: list[Path] = []
        self.commands: list[Command] = []

    def start(self, entry: str, *arguments: str) -> Command:
        log = self.folder / f"command{len(self.logs)}.log"
        self.logs.append(log)
        variables = environment(self.folder, **self.variables)
        command = Command([f"experiments.{entry}", *arguments], self.folder, variables, log)
        self.commands.append(command)
        return command

    def stop(self) -> None:
        """End what a failed test has left."""
        for command in self.commands:
            if command.poll() is None:
                os.killpg(command.pid, signal.SIGKILL)
                command.wait()

    def search(self, trials: int) -> Command:
        return self.start("search", "--trials", str(trials), *SIZE, "--dataset", str(self.stripes))

    def study(self) -> optuna.Study:
        storage = RDBStorage(self.storage, engine_kwargs={"poolclass": NullPool})
        return optuna.load_study(study_name="widths", storage=storage)

    def runs(self, role: str) -> list:
        client = mlflow.MlflowClient(self.server.address)
        return list(client.search_runs(["0"], f"tags.role = '{role}'"))

    def told(self) -> str:
        return "".join(log.read_text() for log in self.logs)


@pytest.fixture
def site(tmp_path, stripes, postgres, monkeypatch):
    with mlflow_server(tmp_path, postgres.create()) as server:
        for name, value in server.client.items():
            monkeypatch.setenv(name, value)
        site = Site(tmp_path, stripes, postgres, server, postgres.create())
        yield site
        site.stop()


def check(site: Site, trials: int) -> None:
    """Each trial ended once, is one child of one parent, and nothing runs any more."""
    found = site.study().trials
    assert [trial.number for trial in found] == list(range(trials))
    for trial in found:
        killed_too_often = trial.user_attrs.get("deaths", 0) > 2
        assert trial.state == (TrialState.FAIL if killed_too_often else TrialState.COMPLETE)
    (parent,) = site.runs("study")
    children = {int(run.data.tags["trial_number"]): run for run in site.runs("trial")}
    assert len(site.runs("trial")) == len(children) == trials
    for trial in found:
        child = children[trial.number]
        assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert child.data.params["model"] == trial.user_attrs["architecture"]
        if trial.state == TrialState.COMPLETE:
            assert (
                child.data.metrics["val_accuracy"] == trial.user_attrs["rungs"][-1]["val_accuracy"]
            )
    assert parent.info.status == "FINISHED"
    for role in ("study", "trial", "final"):
        assert "RUNNING" not in {run.info.status for run in site.runs(role)}
    assert {run.data.tags["architecture"] for run in children.values() if on_front(run)} == {
        one.architecture for one in site_front(site)
    }


def on_front(run) -> bool:
    return run.data.tags["on_front"] == "true"


def site_front(site: Site) -> list:
    study = Study.load("widths", site.folder)
    return front(candidates(study.finished(), study.config.epochs), study.config.costs)


def check_no_password(site: Site) -> None:
    files = [path for path in site.folder.rglob("*") if path.is_file() and path.name != "auth.ini"]
    texts = {str(path): path.read_bytes() for path in files}
    for address in (site.storage, site.server.environment["MLFLOW_BACKEND_STORE_URI"]):
        texts[address] = site.postgres.dump(address)
    assert len(texts) > 10
    assert not [name for name, content in texts.items() if PASSWORD.encode() in content]


@pytest.mark.slow
def test_a_storm_of_deaths_and_outages_loses_nothing_and_doubles_nothing(site, monkeypatch):
    """From four starts at the same instant on empty stores."""
    monkeypatch.setenv("OPTUNA_STORAGE", site.storage)
    trials, deaths = (60, 12) if LONG else (10, 2)
    dice = random.Random(0)
    commands = [site.search(trials) for _ in range(4)]
    outages = [restart_postgresql, stop_mlflow, restart_postgresql]
    for death in range(deaths):
        wait_for_trials(site, 1 + death * trials // (deaths + 2))
        victim = dice.randrange(len(commands))
        os.killpg(commands[victim].pid, signal.SIGKILL)
        commands[victim].wait()
        if outages and death % max(1, deaths // 3) == 0:
            outages.pop()(site)
        commands[victim] = site.search(trials)
    for command in commands:
        assert command.wait(timeout=900) == 0, site.told()
    check(site, trials)
    check_no_password(site)
    assert "report.html" in site.told()


def wait_for_trials(site: Site, count: int) -> None:
    """Until the commands tell of so many finished trials."""
    for _ in range(1200):
        done = re.findall(r"^(\d+)/\d+ trial", site.told(), re.MULTILINE)
        if max(map(int, done), default=0) >= count:
            return
        time.sleep(0.25)
    raise AssertionError(f"{count} trials were not reached: {site.told()}")


def restart_postgresql(site: Site) -> None:
    site.postgres.stop()
    time.sleep(3)
    site.postgres.start()


def stop_mlflow(site: Site) -> None:
    site.server.stop()
    time.sleep(30 if LONG else 5)
    site.server.start()


@pytest.mark.slow
def test_what_mlflow_missed_is_filled_in_by_a_report(site, monkeypatch):
    monkeypatch.setenv("OPTUNA_STORAGE", site.storage)
    arguments = ("--trials", "5", *SIZE, "--dataset", str(site.stripes))
    # One by the old name of that step.
    inits = [site.start("search", "--step", "init", *arguments), site.start("init", *arguments)]
    for init in inits:
        assert init.wait(timeout=120) == 0, site.told()
    (parent,) = site.runs("study")
    assert site.told().count(f"study 'widths' is ready: its run is {parent.info.run_id}") == 2
    assert site.told().count("init is now search with step=init; this name goes with") == 1
    study = Study.load("widths", site.folder)
    study.config = SearchConfig(trials=5, epochs=1, seeds=1)
    run(study, 4)  # MLflow has heard nothing
    left = study.take()
    assert left is not None
    left.trial.set_user_attr("owner", "anotherhost/1/1")
    left.trial.set_user_attr("beat", 0.0)
    doctor = site.start("doctor", "--dataset", str(site.stripes))
    assert doctor.wait(timeout=60) == 0, site.told()
    assert re.search(
        r"^ok    study storage   postgresql\+psycopg://\*\*\*@.*, studies: widths, "
        "1 abandoned trials given back$",
        *(site.told(), re.MULTILINE),
    )
    reap = site.start("reap")
    assert reap.wait(timeout=60) == 0, site.told()
    assert "reap is now a part of doctor; this name goes with" in site.told()
    assert "0 runs closed, 0 trials given back" in site.told()
    report = site.start("report", "--dataset", str(site.stripes))
    assert report.wait(timeout=120) == 0, site.told()
    assert {run.data.tags["trial_number"] for run in site.runs("trial")} == set("0123")
    site.postgres.stop()
    try:
        doctor = site.start("doctor", "--dataset", str(site.stripes))
        assert doctor.wait(timeout=60) == 1
    finally:
        site.postgres.start()
    assert "WRONG study storage" in site.logs[-1].read_text()
    assert "Traceback" not in site.told()
    check_no_password(site)


def test_bad_addresses_and_foreign_schemas_are_one_line_within_seconds(
    postgres, tmp_path, monkeypatch
):
    good, other = postgres.create(), postgres.create()
    monkeypatch.setenv("OPTUNA_STORAGE", other)
    Study(CONFIG, DATA, MNIST, tmp_path)
    postgres.execute("UPDATE alembic_version SET version_num = 'v9.9.a'", other.rpartition("/")[2])
    for address, message in (
        (good.replace(PASSWORD, "wrong-secret"), "password authentication failed"),
        (good.replace("127.0.0.1", "nowhere.invalid"), "cannot be used"),
        (good + "x", "does not exist"),
        (other, r"another version of Optuna made it \(schema v9\.9\.a, not "),
    ):
        monkeypatch.setenv("OPTUNA_STORAGE", address)
        started = time.monotonic()
        with pytest.raises(StudyError, match=message) as error:
            Study(CONFIG, DATA, MNIST, tmp_path)
        assert time.monotonic() - started < 10
        assert "secret" not in str(error.value)
        assert "\n" not in str(error.value)


def test_a_study_waits_for_a_database_that_restarts(postgres, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("OPTUNA_STORAGE", postgres.create())
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    trial = study.take()
    assert trial is not None
    postgres.stop()
    restart = threading.Timer(3, postgres.start)
    restart.start()
    finish(trial)
    restart.join()
    run(study, 2)
    assert [record.number for record in study.finished()] == [0, 1, 2]
    told = capfd.readouterr().err
    assert "the study's storage is away: waiting up to 10 minutes\n" in told
    assert "the study's storage is back\n" in told


@pytest.mark.slow
def test_an_artifact_store_that_cannot_be_written_is_told_before_a_trial_is_trained(
    postgres, tmp_path, stripes, monkeypatch
):
    (tmp_path / "file").write_text("no folder")
    variables = {"OPTUNA_STORAGE": postgres.create(), "MLFLOW_EXPERIMENT_NAME": "other"}
    size = ["--trials", "1", *SIZE, "--dataset", str(stripes)]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", variables["MLFLOW_EXPERIMENT_NAME"])
    prepare_store()
    prepare_experiment(f"file://{tmp_path}/file")
    with pytest.raises(TrackingError, match="cannot be changed"):
        prepare_experiment("/elsewhere")
    mlflow.set_tracking_uri("")
    done = execute(tmp_path, [*SEARCH, *size], **variables)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in done.stderr
    monkeypatch.setenv("OPTUNA_STORAGE", variables["OPTUNA_STORAGE"])
    assert Study.load("widths", tmp_path).finished() == []
