import http.server
import os
import subprocess
import sys
import threading
import time

import mlflow
import pytest

from mnist_tradeoff.system.redaction import redact
from mnist_tradeoff.tracking import store as tracking
from tests.factories import ROOT


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A fresh SQLite store in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID"):
        monkeypatch.delenv(name, raising=False)
    tracking.prepare_store()
    yield tmp_path
    mlflow.set_tracking_uri("")


def status(run_id: str) -> str:
    return mlflow.get_run(run_id).info.status


@pytest.mark.parametrize(
    ("error", "expected"),
    [(None, "FINISHED"), (ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")],
)
def test_a_run_ends_with_the_right_status(store, error, expected):
    assert (store / "mlflow.db").exists()
    run_id = ""
    try:
        with tracking.tracked_run("name", {"seed": 1}, {"role": "run"}) as run_id:
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


@pytest.mark.usefixtures("store")
def test_joins_the_opened_run_and_keeps_its_spelling(monkeypatch):
    with mlflow.start_run(run_name="opened") as opened:
        mlflow.log_param("learning_rate", "1e-3")
    monkeypatch.setenv("MLFLOW_RUN_ID", opened.info.run_id)
    with tracking.tracked_run("other", {"learning_rate": 0.001, "seed": 0}, {}) as run_id:
        assert run_id == opened.info.run_id
    run = mlflow.get_run(run_id)
    assert run.data.params == {"learning_rate": "1e-3", "seed": "0"}
    assert (run.info.run_name, run.info.status) == ("opened", "FINISHED")


def test_store_that_cannot_be_made(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////proc/nowhere/mlflow.db")
    with pytest.raises(
        tracking.TrackingError, match=r"'/proc/nowhere/mlflow.db' cannot be written"
    ):
        tracking.prepare_store()


def test_lock_is_beside_a_store_whose_address_is_percent_encoded(monkeypatch, tmp_path):
    """`mlflow run` hands such an address down from a folder with a space in its name."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/a%20folder/mlflow.db")
    tracking.prepare_store()
    mlflow.set_tracking_uri("")
    assert {path.name for path in folder.iterdir()} >= {"mlflow.db", ".mlflow.db.lock"}


def test_full_disk_is_one_line(tmp_path):
    """A limit on the size of files stands in for the end of the disk, in a process of its own."""
    code = (
        "from mnist_tradeoff import cli, tracking\n"
        "def main():\n"
        "    tracking.prepare_store()\n"
        "    with tracking.tracked_run('run', {}, {}): pass\n"
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


def test_store_that_is_no_database(monkeypatch, tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"not a database, but somebody's file" * 100)
    before = path.read_bytes()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
    with pytest.raises(tracking.TrackingError, match="tracking failed"):
        tracking.prepare_store()
    assert path.read_bytes() == before


def test_server_that_is_down_is_one_quick_line_without_the_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:hunter2@127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(tracking.TrackingError) as raised:
        tracking.prepare_store()
    assert time.monotonic() - started < tracking.SERVER_TIMEOUT_SECONDS + 1
    assert "http://***@127.0.0.1:9 does not answer" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_database_that_is_down_is_one_quick_line_without_the_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql+psycopg://u:hunter2@127.0.0.1:9/db")
    started = time.monotonic()
    with pytest.raises(tracking.TrackingError) as raised:
        tracking.prepare_store()
    assert time.monotonic() - started < tracking.SERVER_TIMEOUT_SECONDS + 1
    assert "postgresql+psycopg://***@127.0.0.1:9/db cannot be used" in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_server_out_of_order_is_one_line(monkeypatch):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(503)

        def log_message(self, format, *args):  # noqa: A002 (the base class's name)
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.handle_request, daemon=True).start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
    with pytest.raises(tracking.TrackingError, match=r"out of order .*503"):
        tracking.prepare_store()
    server.server_close()


@pytest.mark.parametrize("password", ["pw", "p@ss:w", "pa/ss", "p?x"])
def test_redact(password):
    text = redact(f"at postgresql+psycopg://u:{password}@h/db, retry")
    assert text == "at postgresql+psycopg://***@h/db, retry"
    assert redact("https://h/x?user=u&password=pw") == "https://h/x?user=u&password=***"
    assert redact("sqlite:///a.db") == "sqlite:///a.db"


@pytest.mark.parametrize("uri", ["http://localhost:50x0", "http://u:pa/ss@127.0.0.1:9"])
def test_server_with_an_odd_address_is_one_line(monkeypatch, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(tracking.TrackingError, match="does not answer") as raised:
        tracking.prepare_store()
    assert "pa/ss" not in str(raised.value)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_first_touch_by_four_processes_at_once(tmp_path, kind, request):
    code = (
        "from mnist_tradeoff import tracking\n"
        "tracking.prepare_store()\n"
        "with tracking.tracked_run('run', {'seed': 0}, {}): pass"
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
