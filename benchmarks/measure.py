"""A command of this folder as something that can be asked for, run and read."""

import importlib
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"


@dataclass(frozen=True)
class Measure:
    """A command of this folder that measures, and writes its numbers into ``results``.

    names: what asks for it: lines of the table, or ``growth``.
    needs: an optional library, without which it is left out.
    """

    names: tuple[str, ...]
    module: str
    title: str
    arguments: tuple[str, ...] = ()
    needs: str = ""

    def load(self) -> ModuleType:
        """The module itself."""
        return importlib.import_module(f"benchmarks.{self.module}")

    def results(self) -> Any:
        """Its numbers, or None before its first run.

        Raises:
            ValueError: the file is damaged.
        """
        path = RESULTS / f"{self.module}.json"
        if not path.exists():
            return None
        try:
            return json.loads(path.read_text())
        except json.JSONDecodeError as error:
            raise ValueError(f"{path} is damaged, measure it again: {error}") from None

    def can_run(self) -> bool:
        """Whether the library that it needs is installed."""
        return not self.needs or importlib.util.find_spec(self.needs) is not None

    def run(self, check: Callable[[], None]) -> int:
        """Run the command in a process of its own, and give its exit code.

        Args:
            check: called every second; the process ends with what it raises.
        """
        command = [sys.executable, "-m", f"benchmarks.{self.module}", *self.arguments]
        with subprocess.Popen(command) as process:
            try:
                while process.poll() is None:
                    check()
                    time.sleep(1)
            finally:
                process.terminate()
        return process.returncode
