"""A study over Optuna's gRPC proxy."""

import subprocess
import sys
import time

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.storage import StudyError
from mnist_tradeoff.search.study import Study
from tests.browser import free_port
from tests.commands import environment
from tests.services import PASSWORD
from tests.studies import CONFIG, DATA, run

SEARCH = [sys.executable, "-m", "experiments.search"]


def test_the_grpc_proxy_serves_a_study(postgres, tmp_path, monkeypatch):
    port = free_port()
    command = [sys.executable, "-m", "experiments.proxy", "--port", str(port)]
    storage = postgres.create()
    log = (tmp_path / "proxy.log").open("w")
    with log, subprocess.Popen(
        command, env=environment(tmp_path, OPTUNA_STORAGE=storage), cwd=tmp_path,
        stdout=log, stderr=log,
    ) as proxy:  # fmt: skip
        try:
            monkeypatch.setenv("OPTUNA_STORAGE", f"grpc://127.0.0.1:{port}")
            one = two = None
            for _ in range(40):
                try:
                    one, two = (Study(CONFIG, DATA, MNIST, tmp_path) for _ in range(2))
                    break
                except StudyError:
                    time.sleep(0.5)
            assert one is not None
            assert two is not None
            run(one, 3)
            run(two, 3)
            numbers = [record.number for record in one.finished()]
            assert numbers == [record.number for record in two.finished()] == list(range(6))
        finally:
            proxy.terminate()
    monkeypatch.setenv("OPTUNA_STORAGE", storage)
    assert len(Study(CONFIG, DATA, MNIST, tmp_path).finished()) == 6
    assert PASSWORD not in (tmp_path / "proxy.log").read_text()
