import http.server
import shutil
import sqlite3
import threading
import time

import mlflow
import pytest

from mnist_tradeoff.system import locked_database
from mnist_tradeoff.tracking import store as tracking


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


def test_store_that_is_no_database(monkeypatch, tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"not a database, but somebody's file" * 100)
    before = path.read_bytes()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
    with pytest.raises(
        tracking.TrackingError, match=r"mlflow.db. is damaged, or no database \(.*begin anew"
    ):
        tracking.prepare_store()
    assert path.read_bytes() == before


def test_store_that_is_locked_is_waited_for_at_the_start(store, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(locked_database, "ATTEMPT_SECONDS", 0)
    path = shutil.copy(store / "mlflow.db", tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(1, lambda: other.execute("ROLLBACK"))
    release.start()
    tracking.prepare_store()
    release.join()
    other.close()
    assert "is away: waiting up to 10 minutes\n" in capsys.readouterr().err


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


@pytest.mark.parametrize("uri", ["http://localhost:50x0", "http://u:pa/ss@127.0.0.1:9"])
def test_server_with_an_odd_address_is_one_line(monkeypatch, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(tracking.TrackingError, match="does not answer") as raised:
        tracking.prepare_store()
    assert "pa/ss" not in str(raised.value)
