import subprocess
import sys

import pytest

from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.system import command_line
from mnist_tradeoff.training.recipe import RunConfig
from tests.factories import ROOT


def test_defaults_and_changes():
    assert command_line.parse(RunConfig, []) == RunConfig()
    changed = command_line.parse(
        RunConfig, ["--model", "8C3-P2", "--epochs", "2", "--learning_rate", "1e-3"]
    )
    assert changed == RunConfig(model="8C3-P2", epochs=2, learning_rate=0.001)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "abc"], "--epochs: must be a whole number, not 'abc'"),
        (["--epochs", "1.5"], "--epochs: must be a whole number, not '1.5'"),
        (["--epochs", "-1"], "epochs must be 1 to 10000, not -1"),
        (["--epochs", "0"], "epochs must be 1 to 10000, not 0"),
        (["--batch_size", "0"], "batch_size must be 1 to 60000, not 0"),
        (["--seed", "-1"], "seed must be 0 to"),
        (["--learning_rate", "nan"], "learning_rate must be above 0, not nan"),
        (["--learning_rate", "inf"], "learning_rate must be above 0, not inf"),
        (["--learning_rate", "x"], "--learning_rate: must be a number, not 'x'"),
        (["--precision", "half"], "invalid choice: 'half'"),
        (["--model", "lenet"], "unknown model 'lenet'"),
        (["--model", "16C3-P2-head3-8"], "head3 is the classifier: it must be the last"),
        (["--model", "16C3\nP2"], "unknown model '16C3 P2'"),
        (["--model", "16C3\u202eP2"], r"unknown model '16C3\u202eP2'"),
        (["--epoch", "3"], "unrecognized arguments: --epoch 3"),
        (["--lr", "3"], "unrecognized arguments: --lr 3"),
        (["--epochs"], "--epochs: expected one argument"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(capsys, arguments, message):
    with pytest.raises(SystemExit) as exit_info:
        command_line.parse(RunConfig, arguments)
    assert exit_info.value.code == 2
    stderr = capsys.readouterr().err
    assert message in stderr
    assert stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["x" * 10_000, "\u202e" * 10_000])
def test_a_name_of_any_length_is_one_short_line(capsys, name):
    with pytest.raises(SystemExit):
        command_line.parse(SearchConfig, ["--study", name])
    stderr = capsys.readouterr().err
    assert "study must be a name of at most 100 letters" in stderr
    assert "\u202e" not in stderr
    assert len(stderr) < 1_000


IMPORTS = """
import runpy, sys
before = set(sys.modules)

def packages():
    found = {name.partition(".")[0] for name in set(sys.modules) - before}
    return sorted(found - set(sys.stdlib_module_names))

from mnist_tradeoff.architecture import costs, references
from mnist_tradeoff.report import markdown
from mnist_tradeoff.search import spaces
light = packages()
sys.argv = ["train", "--help"]
try:
    runpy.run_module("experiments.train", run_name="__main__")
except SystemExit:
    pass
import experiments
from mnist_tradeoff.system.mlproject import entry_points
assert len(entry_points(experiments)) >= 10
print(light, packages())
"""


def test_help_waits_for_no_large_library_and_light_rooms_need_the_standard_library_alone():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "--learning_rate" in done.stdout
    ours = ["benchmarks", "experiments", "mnist_tradeoff"]
    assert done.stdout.splitlines()[-1] == f"{['mnist_tradeoff']} {[*ours, 'psutil', 'tqdm']}"


PIPELINES = """
import importlib, pkgutil, sys
from mnist_tradeoff import pipelines
for one in pkgutil.iter_modules(pipelines.__path__, f"{pipelines.__name__}."):
    importlib.import_module(one.name)
print([name for name in ("keras", "scipy.stats", "sklearn", "tensorflow") if name in sys.modules])
"""


def test_tensorflow_is_started_by_what_trains_and_not_by_what_only_reads():
    command = [sys.executable, "-c", PIPELINES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
