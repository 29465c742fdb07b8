"""WHICH images: the parameters of every entry point that loads a set, in one place."""

from dataclasses import dataclass, fields
from typing import Any, Literal

from mnist_tradeoff.system.settings import option


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """The set of images that a command works on, and how its files are read."""

    dataset: str = option(
        "auto",
        "auto, mnist, digits, fashion_mnist, kmnist, emnist_letters, emnist_balanced, cifar10, "
        "medmnist:NAME, or the path of a set of your own: docs/runs_and_data.md",
    )
    orientation: Literal["stored", "transposed"] = option(
        "stored", "transposed: rows and columns of every image change places, as EMNIST needs"
    )
    resize: int = option(0, "side in pixels to which every image is scaled; 0: as it is")


def data_flags(config: DataConfig) -> dict[str, str]:
    """Those that differ from the defaults, as text: what another command must be given, too."""
    settings, defaults = data_settings(config), data_settings(DataConfig())
    return {name: str(value) for name, value in settings.items() if value != defaults[name]}


def data_settings(config: DataConfig) -> dict[str, Any]:
    """Those of a config by name: they are the same in all configs."""
    return {one.name: getattr(config, one.name) for one in fields(DataConfig)}
