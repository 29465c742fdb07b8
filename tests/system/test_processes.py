import os
import subprocess
import sys

import pytest

from mnist_tradeoff.system.processes import is_dead, this_owner
from tests.factories import ROOT

CHILD = """
import sys, time
from mnist_tradeoff.system.processes import watch_launcher
check = watch_launcher()
check()
print("watching", flush=True)
try:
    for _ in range(int(sys.argv[1])):
        time.sleep(0.1)
        check()
    print("went on", flush=True)
except KeyboardInterrupt:
    print("launcher gone", flush=True)
"""


@pytest.mark.parametrize(
    ("variables", "shell", "polls", "end"),
    [
        ({"MLFLOW_RUN_ID": "x"}, False, 300, "launcher gone\n"),
        ({"MLFLOW_RUN_ID": "x"}, True, 300, "launcher gone\n"),
        ({}, False, 4, "went on\n"),  # without `mlflow run` there is nobody to watch
    ],
)
def test_the_check_notices_a_killed_launcher(variables, shell, polls, end):
    """The launcher is a process of its own, with or without a shell between it and the child."""
    command = ["bash", "-c", '"$0" -c "$1" "$2"; true'] if shell else []
    python = [sys.executable, *([] if shell else ["-c"]), CHILD, str(polls)]
    launch = f"import subprocess; subprocess.run({[*command, *python]!r})"
    kept = {key: value for key, value in os.environ.items() if key != "MLFLOW_RUN_ID"}
    launcher = subprocess.Popen(
        [sys.executable, "-c", launch],
        cwd=ROOT,
        env={**kept, **variables, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None
    assert launcher.stdout.readline() == "watching\n"
    launcher.kill()
    assert launcher.stdout.readline() == end
    launcher.communicate()


OWNER = "from mnist_tradeoff.system.processes import this_owner\nprint(this_owner())"


def test_owners_alive_dead_and_elsewhere():
    assert not is_dead(this_owner())
    ended = subprocess.check_output([sys.executable, "-c", OWNER], cwd=ROOT, text=True).strip()
    assert is_dead(ended)
    host, number, started = this_owner().split("/")
    assert is_dead(f"{host}/{number}/{int(started) - 1_000}")  # its number, given again
    assert not is_dead(f"elsewhere/{ended.partition('/')[2]}")
    assert not is_dead("a/team/of/ours")
    for nonsense in ("zz/1/x", "", None, 7):
        assert not is_dead(nonsense, 0)
    for beat in ("x", None, "nan", []):
        assert not is_dead("elsewhere/1/2", beat)
    assert is_dead("elsewhere/1/2", "1.5")
    assert not is_dead("elsewhere/1/2", 1_000.0, now=1_100.0)
