"""PostgreSQL and MLflow's server as processes of the tests, on loopback."""

import functools
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
import yaml

from tests.browser import free_port, wait_for
from tests.factories import ROOT

USER, PASSWORD = "study", "hunter2-secret"
BINARIES = [*sorted(Path("/usr/lib/postgresql").glob("*/bin")), Path("/usr/local/bin")]


class PostgreSQL:
    """A server of its own, with databases that are made on demand."""

    def __init__(self, folder: Path, binaries: Path):
        self.folder, self.binaries, self.port = folder, binaries, free_port()
        self.numbers = itertools.count()
        # It refuses to work as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        shutil.chown(folder, self.user) if self.user else None
        password_file = folder / "password"
        password_file.write_text(PASSWORD)
        shutil.chown(password_file, self.user) if self.user else None
        self._run(
            *("initdb", "--pgdata", self.data, "--username", USER, "--auth", "scram-sha-256"),
            *("--pwfile", password_file, "--no-sync"),
        )
        password_file.unlink()
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self.binaries / program), *map(str, arguments)]
        subprocess.run(
            command, user=self.user, cwd=self.folder, stdout=subprocess.DEVNULL, check=True
        )

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c fsync=off"
        log = self.folder / "log"
        self._run("pg_ctl", "start", "-w", "-D", self.data, "-l", log, "-o", options)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self.data)

    def address(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        address = self.address(database).replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def dump(self, address: str) -> bytes:
        """All that a database holds."""
        program = str(self.binaries / "pg_dump")
        return subprocess.check_output([program, address.replace("+psycopg", "")])

    def create(self) -> str:
        """Address of a new database."""
        database = f"database{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {database}")
        return self.address(database)


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A running server; the test is skipped where PostgreSQL is not installed."""
    binaries = next((path for path in BINARIES if (path / "initdb").exists()), None)
    if binaries is None:
        pytest.skip("no PostgreSQL: install Debian's package postgresql")
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    server = None
    try:
        server = PostgreSQL(folder, binaries)
        yield server
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own in a folder; the test is skipped where none may be mounted."""
    options = ("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    mount = shutil.which("mount")
    if mount is None or subprocess.run([mount, *options], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """A file that takes all room that is left."""
    ballast = folder / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    return ballast


@functools.cache
def compose() -> dict:
    return yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())


class MlflowServer:
    """MLflow's server with the command of deploy/compose.yaml, over a database."""

    def __init__(self, folder: Path, store: str):
        self.folder, self.port = folder, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        (folder / "artifacts").mkdir()
        auth = (ROOT / "deploy" / "basic_auth.ini").read_text()
        (folder / "auth.ini").write_text(auth.replace("/artifacts", f"{folder}/artifacts"))
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")},
            "MLFLOW_BACKEND_STORE_URI": store,
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
            "MLFLOW_AUTH_ADMIN_USERNAME": "admin",
            "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
            "MLFLOW_FLASK_SERVER_SECRET_KEY": f"{PASSWORD}-flask",
        }
        self.client = {
            "MLFLOW_TRACKING_URI": self.address,
            "MLFLOW_TRACKING_USERNAME": "admin",
            "MLFLOW_TRACKING_PASSWORD": PASSWORD,
        }
        self.start()

    def start(self) -> None:
        command = [
            part.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 (that is what is replaced)
            .replace("5000", str(self.port))
            .replace("/artifacts", f"{self.folder}/artifacts")
            for part in compose()["services"]["mlflow"]["command"]
        ]
        with (self.folder / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        wait_for(f"{self.address}/health")

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=30)


@contextmanager
def mlflow_server(folder: Path, store: str) -> Iterator[MlflowServer]:
    server = MlflowServer(folder, store)
    try:
        yield server
    finally:
        server.stop()
