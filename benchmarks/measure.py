"""A command of this folder as something that can be asked for, run and read."""

import importlib
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from benchmarks.command import results_file


@dataclass(frozen=True)
class Measure:
    """A command of this folder that measures, and writes its numbers into ``results``.

    names: what asks for it: lines of the table, or ``growth``.
    quick: arguments of a run of few rounds, instead of the others; None: no run is quick.
    needs: an optional library, without which it is left out.
    """

    names: tuple[str, ...]
    module: str
    title: str
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] | None = ()
    needs: str = ""

    def load(self) -> ModuleType:
        """The module itself."""
        return importlib.import_module(f"benchmarks.{self.module}")

    def results(self) -> Any:
        """Its numbers, or None before its first run.

        Raises:
            ValueError: the file is damaged.
        """
        path = results_file(self.module)
        if not path.exists():
            return None
        try:
            return json.loads(path.read_text())
        except json.JSONDecodeError as error:
            raise ValueError(f"{path} is damaged, measure it again: {error}") from None

    def can_run(self) -> bool:
        """Whether the library that it needs is installed."""
        return not self.needs or importlib.util.find_spec(self.needs) is not None

    def run(self, check: Callable[[], None], quick: bool = False) -> int:
        """Run the command in a process of its own, and give its exit code.

        Args:
            check: called every second; the process ends with what it raises.
        """
        arguments = (self.quick or ()) if quick else self.arguments
        command = [sys.executable, "-m", f"benchmarks.{self.module}", *arguments]
        with subprocess.Popen(command) as process:
            try:
                while process.poll() is None:
                    check()
                    time.sleep(1)
            finally:
                process.terminate()
        return process.returncode
