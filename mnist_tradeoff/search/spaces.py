"""WHERE a search looks: the search spaces by name. Each is a file of its own beside this one."""

from mnist_tradeoff.search.proposals import Space
from mnist_tradeoff.search.tiny import Tiny
from mnist_tradeoff.search.widths import Widths

SPACES: dict[str, Space] = {"widths": Widths(), "tiny": Tiny()}


def space_named(name: str) -> Space:
    """A search space, for images as MNIST's until it is fitted to others.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in SPACES:
        raise ValueError(f"unknown space '{name}': use {', '.join(SPACES)}")
    return SPACES[name]
