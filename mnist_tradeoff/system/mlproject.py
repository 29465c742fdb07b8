"""MLproject, from the configs of the entry points: each parameter is written once."""

import importlib
import json
import pkgutil
from types import ModuleType

from mnist_tradeoff.system.command_line import EntryPoint, own_first

HEAD = """\
# Made from the configs in experiments/ by `python -m experiments`: change those, not this.
name: mnist_tradeoff

conda_env: conda.yaml

entry_points:
"""
FIRST = "main"


def entry_points(package: ModuleType) -> dict[str, tuple[str, EntryPoint]]:
    """Module and entry point by name, of all modules of a package: ``main`` first."""
    found = {}
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if not info.name.endswith("__main__"):
            entry_point = importlib.import_module(info.name).ENTRY_POINT
            found[entry_point.name] = (info.name, entry_point)
    found.pop("", None)
    return {FIRST: found.pop(FIRST), **found}


def mlproject(package: ModuleType) -> str:
    """Text of the file MLproject for the entry points of a package."""
    parts = [_entry(*found) for found in entry_points(package).values()]
    return HEAD + "".join(parts)


def _entry(module: str, entry_point: EntryPoint) -> str:
    parameters = own_first(entry_point.config_type)
    if not parameters:
        return f"  {entry_point.name}:\n    command: python -m {module}\n"
    declared = [f"      {one.name}: {_declaration(one.default)}" for one in parameters]
    flags = [f"      --{one.name} {{{one.name}}}" for one in parameters]
    command = ["    command: >-", f"      python -m {module}", *flags]
    return "\n".join([f"  {entry_point.name}:", "    parameters:", *declared, *command]) + "\n"


def _declaration(default: object) -> str:
    if isinstance(default, str):
        text = default if default.isidentifier() else json.dumps(default)
        return f"{{type: string, default: {text}}}"
    if isinstance(default, bool):
        return f"{{type: string, default: {str(default).lower()!r}}}"
    return f"{{type: float, default: {default:g}}}"
