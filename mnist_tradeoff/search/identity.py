"""What must be equal for a study to be gone on with, as plain JSON values in the study itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.spaces import space_named

IDENTITY = "identity"
CODE = "code_version"
# What may change from one command to the next.
FREE = (
    "study",
    "space",
    "trials",
    "workers",
    "timeout",
    "seeds",
    "dataset",
    "orientation",
    "resize",
    "step",
    "artifact_location",
)


def identity(config: SearchConfig, dataset: str, task: Task, code: str) -> dict[str, Any]:
    """What must be equal for a study to be gone on with.

    Args:
        dataset: see ``Dataset.identity``.
        code: see ``training.fingerprint.code_version``; empty: whatever a stored one says.
    """
    recipe = {name: value for name, value in asdict(config).items() if name not in FREE}
    space = {"name": config.space, **space_named(config.space).describe()}
    found = {**recipe, "data": dataset, "space": space, "task": _plain(task)}
    return found | ({CODE: code} if code else {})


def shown_settings(found: Mapping[str, Any]) -> dict[str, Any]:
    """Of a stored identity what people compare: the space by its name alone."""
    complete = _complete(found)
    return {"space": complete.pop("space")["name"], **complete}


def first_difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    """Where a stored identity differs from the wanted one, in words; None if nowhere."""
    complete = _complete(found)
    for name, value in wanted.items():
        if not _equal(name, complete.get(name), value):
            return f"{name}={complete.get(name, 'unknown')}, not {value}"
    return None


def same_data(one: str, other: str) -> bool:
    """Whether two ``Dataset.identity`` are of equal content, wherever it lies now."""
    return one.rpartition(" ")[2] == other.rpartition(" ")[2]


def data_name(data: str) -> str:
    """The name in a ``Dataset.identity``."""
    return data.rpartition(" ")[0]


def _equal(name: str, one: Any, other: Any) -> bool:
    return same_data(one, other) if name == "data" else one == other


@dataclass(frozen=True)
class Stored:
    """A study's settings as they were stored: of its config those that must be equal.

    code: the version of the code that trained; empty where an older version did not say it.
    """

    settings: Mapping[str, Any]
    dataset: str
    task: Task
    code: str


def stored(found: Mapping[str, Any]) -> Stored:
    """Settings, data, task and code of a stored identity.

    Raises:
        ValueError: a newer version has stored what this one does not know.
    """
    settings = _complete(found)
    code = settings.pop(CODE, "")
    known = {one.name for one in fields(SearchConfig)} | {"data", "task"}
    if unknown := sorted(set(settings) - known):
        raise ValueError(f"a newer version of this project made it: it has {', '.join(unknown)}")
    dataset, (height, width, channels, classes) = settings.pop("data"), settings.pop("task")
    settings["space"] = settings["space"]["name"]
    return Stored(settings, dataset, Task(Shape(height, width, channels), classes), code)


def _plain(task: Task) -> list[int]:
    return [*task.input_shape, task.classes]


def _complete(found: Mapping[str, Any]) -> dict[str, Any]:
    """With what a study of an older version does not say: it was as the defaults are."""
    defaults = {one.name: one.default for one in fields(SearchConfig) if one.name not in FREE}
    space = {"name": "widths", **found["space"]}
    return {**defaults, "task": _plain(MNIST), **found, "space": space}
