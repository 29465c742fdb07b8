"""Nets that are known to be good for their size: what studies of the space ``tiny`` begin with.

The public ones are as their sources build them, but for what a notation does not say (a
normalisation of another kind, dropout). Those by hand are this project's own, without any search.
Standard library only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_tradeoff.architecture.notation import Architecture, parse
from mnist_tradeoff.architecture.task import Task


@dataclass(frozen=True)
class KnownNet:
    """A net, and where it is from."""

    architecture: Architecture
    source: str

    def fits(self, task: Task) -> bool:
        """Whether its layers fit on the images of a task."""
        try:
            self.architecture.shapes(task)
        except ValueError:
            return False
        return True


PUBLIC = {
    "6C3s:leaky-P2-5DS3:leaky-9DS3:leaky-10DS3:leaky-8DS3:leaky-G": (
        "github.com/JoshWarn/Parameter-Efficient-MNIST"
    ),
    "8C3-P2-26DS3-(26DS3s)@3-G-16": "github.com/ruslangrimov/mnist-minimal-model",
    "8C3sb-8C3sb-P2-12C3sb-12C3sb-P2-16C3b-10C3-G": "github.com/firekind/ERA4, session 6",
}
# With hard-swish where it did better than ReLU.
BY_HAND = (
    "3C3sb:hswish-4DS3sb:hswish-P2-6DS3b:hswish-6DS3b:hswish-P2-7DS3sb:hswish-7DS3s:hswish-G",
    "6C3sb:hswish-P2-5DS3b:hswish-9DS3b:hswish-10DS3b:hswish-8DS3:hswish-G",
    "5C3sb:hswish-5DS3sb:hswish-P2-8DS3b:hswish-8DS3b:hswish-P2-9DS3sb:hswish-9DS3s:hswish-G",
    "4C3b-P2-6C3b-6C3b-P2-8C3b-G",
    "6C3sb:hswish-6DS3sb:hswish-P2-10DS3b:hswish-10DS3b:hswish-P2-14DS3sb:hswish-14DS3s:hswish-G",
    "6C3sb:hswish-10DS3sb:hswish-P2-14DS3b:hswish-14DS3b:hswish-P2-18DS3sb:hswish-18DS3s:hswish-G",
    "5C3b:hswish-5C3b:hswish-P2-8C3b:hswish-8C3b:hswish-P2-12C3sb:hswish-G",
    "7C3b-7C3b-P2-10C3b-10C3b-P2-12C3sb-G",
    "8C3b-8C3b-P2-12C3b-12C3b-P2-16C3sb-10C3s-G",
    "10C3b:hswish-10C3b:hswish-P2-14C3b:hswish-14C3b:hswish-P2-16C3sb:hswish-10C3s:hswish-G",
    "12C3b-12C3b-P2-24C3b-24C3b-P2-32C3sb-G",
)
# With few MACs: strides in place of poolings, and a dense layer again (docs/frontier.md).
FOR_MACS = (
    "4C3S2b:hswish-8DS3S2b:hswish-10DS3b:hswish-24:hswish",
    "5C3S2b:hswish-10DS3S2b:hswish-12DS3b:hswish-24:hswish",
    "6C3S2b:hswish-12DS3S2b:hswish-12DS3b:hswish-32:hswish",
)


def known_nets(costs: Sequence[str]) -> list[KnownNet]:
    """Nets that are good at these costs: those with few MACs where MACs are one of them."""
    by_hand = (*BY_HAND, *FOR_MACS) if "macs" in costs else BY_HAND
    sources = PUBLIC | dict.fromkeys(by_hand, "by hand")
    return [KnownNet(parse(notation), source) for notation, source in sources.items()]
