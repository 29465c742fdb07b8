import os
import subprocess
import sys
from contextlib import contextmanager

import mlflow
import numpy as np
import pytest
from sqlalchemy import Engine, event

from mnist_tradeoff.architecture.task import Shape, Task
from mnist_tradeoff.data.dataset import Dataset, Split
from mnist_tradeoff.system.processes import this_owner
from mnist_tradeoff.tracking import runs
from mnist_tradeoff.tracking.runs import (
    log_contents,
    log_dataset,
    log_metrics,
    log_note,
    tracked_run,
)
from mnist_tradeoff.tracking.tags import OWNER, internal, role_of
from tests.factories import ROOT


@pytest.mark.parametrize(
    ("error", "expected"),
    [(None, "FINISHED"), (ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")],
)
def test_a_run_ends_with_the_right_status(store, error, expected):
    assert (store / "mlflow.db").exists()
    run_id = ""
    try:
        with tracked_run("name", {"seed": 1}, {"role": "run"}) as run_id:
            if error:
                raise error
    except (ValueError, KeyboardInterrupt) as raised:
        assert type(raised) is error
    run = mlflow.get_run(run_id)
    assert run.info.status == expected
    assert run.info.run_name == "name"
    assert run.data.params == {"seed": "1"}
    assert run.data.tags["role"] == "run"
    assert run.data.tags["git_dirty"] in ("true", "false", "unknown")
    assert {"cpu", "threads", "python", "tensorflow"} <= set(run.data.tags)


@contextmanager
def ctrl_c_in_a_query():
    """A query for runs is interrupted before its rows are read."""

    def interrupt(*arguments: object) -> None:
        if "FROM runs" in str(arguments[2]):
            raise KeyboardInterrupt

    event.listen(Engine, "after_cursor_execute", interrupt)
    try:
        yield
    finally:
        event.remove(Engine, "after_cursor_execute", interrupt)


@pytest.mark.usefixtures("store")
def test_ctrl_c_in_the_middle_of_a_query_does_not_block_what_follows():
    """A cursor that is not read to its end keeps others, of this process too, from writing."""
    for _ in range(3):
        mlflow.MlflowClient().create_run("0")
    with (
        pytest.raises(KeyboardInterrupt),
        tracked_run("name", {}, {}) as run_id,
        ctrl_c_in_a_query(),
    ):
        mlflow.search_runs(["0"])
    assert mlflow.get_run(run_id).info.status == "KILLED"


@pytest.mark.usefixtures("store")
def test_a_run_is_owned_from_its_first_moment(monkeypatch):
    """So that one whose process was killed there is closed by the next start."""
    found = []

    def look() -> dict[str, str]:
        (run,) = mlflow.MlflowClient().search_runs(["0"], "attributes.run_name = 'owned'")
        found.append((internal(run, OWNER), role_of(run)))
        return {}

    monkeypatch.setattr(runs, "_environment_tags", look)
    with tracked_run("owned", {}, {"role": "run"}) as run_id:
        pass
    assert found == [(this_owner(), "run")]
    assert internal(mlflow.get_run(run_id), OWNER) is None


@pytest.mark.usefixtures("store")
def test_a_request_that_was_sent_twice_leaves_one_run(monkeypatch):
    """As by MLflow's client, when the answer of a server was lost."""
    create = mlflow.MlflowClient.create_run

    def repeated(*args, **kwargs):
        create(*args, **kwargs)
        return create(*args, **kwargs)

    monkeypatch.setattr(mlflow.MlflowClient, "create_run", repeated)
    monkeypatch.setattr(runs, "is_sqlite", lambda _: False)
    with tracked_run("twice", {}, {}) as run_id, tracked_run("twice", {}, {}) as child_id:
        pass
    found = mlflow.MlflowClient().search_runs(["0"], "attributes.run_name = 'twice'")
    assert {run.info.run_id for run in found} == {run_id, child_id}


@pytest.mark.parametrize(("given", "shown"), [(None, "cnn_v1"), ("my own-name-1", "my own-name-1")])
def test_a_run_without_a_name_of_the_users_gets_ours(store, monkeypatch, given, shown):
    assert store.exists()
    opened = mlflow.MlflowClient().create_run("0", run_name=given)  # as `mlflow run` does
    monkeypatch.setenv("MLFLOW_RUN_ID", opened.info.run_id)
    with tracked_run("cnn_v1", {}, {}) as run_id:
        log_note("What it is.", "figures/a b.png")
    run = mlflow.get_run(run_id)
    assert run.info.run_name == run.data.tags["mlflow.runName"] == shown
    address = f"get-artifact?path=figures%2Fa+b.png&run_uuid={run_id}"
    assert run.data.tags["mlflow.note.content"].endswith(f"![figures/a b.png]({address})")


def test_artifacts_that_cannot_be_written_are_a_line_with_their_place(store):
    with tracked_run("name", {}, {}) as run_id:
        place = store / "mlruns" / "0" / run_id
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("no folder")
        with pytest.raises(OSError, match="artifacts of the run cannot be written to") as raised:
            log_contents({"a.txt": "text"})
    assert str(place) in str(raised.value)
    assert "Not a directory" in str(raised.value)
    assert "Errno" not in str(raised.value)


def test_joins_the_opened_run_and_keeps_its_spelling(store, monkeypatch):
    with mlflow.start_run(run_name="opened") as opened:
        mlflow.log_param("learning_rate", "1e-3")
    monkeypatch.setenv("MLFLOW_RUN_ID", opened.info.run_id)
    with tracked_run("other", {"learning_rate": 0.001, "seed": 0}, {}) as run_id:
        assert run_id == opened.info.run_id
        log_contents({"a.txt": "text", "figures/a.png": b"\x89PNG"})
        log_metrics({"T1: × seconds": 2.0})  # MLflow takes neither a colon nor a ×
    run = mlflow.get_run(run_id)
    assert run.data.params == {"learning_rate": "1e-3", "seed": "0"}
    assert (run.info.run_name, run.info.status) == ("opened", "FINISHED")
    assert run.data.metrics == {"T1  seconds": 2.0}
    folder = store / "mlruns" / "0" / run_id / "artifacts"
    assert (folder / "a.txt").read_bytes() == b"text"
    assert (folder / "figures" / "a.png").read_bytes() == b"\x89PNG"


def test_the_names_of_many_classes_are_a_tag_that_fits(store):
    assert store.exists()
    one = Split(np.zeros((2, 8, 8), np.uint8), np.zeros(2, np.uint8))
    names = [f"{i} {'x' * 190}" for i in range(1_000)]
    task = Task(Shape(8, 8, 1), 1_000)
    dataset = Dataset("many", "0", "x", task, one, one, one, tuple(names), notes=("y" * 9_000,))
    with tracked_run("name", {}, {}) as run_id:
        log_dataset(dataset)
    tags = mlflow.get_run(run_id).data.tags
    assert tags["classes"].startswith(f"{names[0]}, 1 x")
    assert len(tags["classes"]) == len(tags["dataset_notes"]) == 8_000
    assert tags["classes"].endswith("x…")


def test_full_disk_is_one_line(tmp_path):
    """A limit on the size of files stands in for the end of the disk, in a process of its own."""
    code = (
        "from mnist_tradeoff.system.signals import run_to_exit\n"
        "from mnist_tradeoff.tracking.runs import tracked_run\n"
        "from mnist_tradeoff.tracking.store import prepare_store\n"
        "def main():\n"
        "    prepare_store()\n"
        "    with tracked_run('run', {}, {}): pass\n"
        "run_to_exit(main)"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    environment["PYTHONPATH"] = str(ROOT)
    limited = ["bash", "-c", 'ulimit -f 100; exec "$0" -c "$1"', sys.executable, code]
    done = subprocess.run(
        limited, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: tracking failed: (sqlite3.OperationalError)")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_first_touch_by_four_processes_at_once(tmp_path, kind, request):
    code = (
        "from mnist_tradeoff.tracking.runs import tracked_run\n"
        "from mnist_tradeoff.tracking.store import prepare_store\n"
        "prepare_store()\n"
        "with tracked_run('run', {'seed': 0}, {}): pass"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    environment["PYTHONPATH"] = str(ROOT)
    store = f"sqlite:///{tmp_path}/mlflow.db"
    if kind == "postgresql":
        store = request.getfixturevalue("postgres").create()
        environment["MLFLOW_TRACKING_URI"] = store
    command = [sys.executable, "-c", code]
    processes = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in processes:
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr.decode()
    runs = mlflow.MlflowClient(store).search_runs(["0"])
    assert [run.info.status for run in runs] == ["FINISHED"] * 4
