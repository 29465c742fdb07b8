"""What holds of every kind of layer, unless it says otherwise. Standard library only."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from mnist_tradeoff.architecture.task import Shape


class Kind:
    """What holds of a layer unless its kind says otherwise.

    TOKEN: its notation; the groups are the fields. None where it is written with parentheses.
    EXAMPLE: a token and what it is, for messages and help.
    """

    TOKEN: ClassVar[re.Pattern[str] | None] = None
    EXAMPLE: ClassVar[tuple[str, str]]

    # Whether it works on flat activations: only such layers can follow it.
    is_flat: ClassVar[bool] = False
    # Whether it can stand among flat layers as well.
    keeps_flat: ClassVar[bool] = False
    # Whether a search counts its blocks from here.
    ends_block: ClassVar[bool] = False

    @classmethod
    def read(cls, match: re.Match[str]) -> Any:
        """The layer of a token that matched."""
        return cls(**{name: int(text) for name, text in match.groupdict().items()})

    def output_shape(self, before: Shape) -> Shape:
        """Of one image.

        Raises:
            ValueError: a number out of range, or an input that is too small.
        """
        return before

    def bare_params(self, before: Shape) -> int:  # noqa: ARG002
        """Weights and biases apart from batch normalisation, which replaces a bias."""
        return 0

    def normalized_channels(self, before: Shape) -> int:  # noqa: ARG002
        """Channels that are batch normalised."""
        return 0

    def num_params(self, before: Shape) -> int:
        """As deployed: batch normalisation is folded into the weights and leaves a bias."""
        return self.bare_params(before) + self.normalized_channels(before)

    def trainable_params(self, before: Shape) -> int:
        """As Keras counts them: normalisation has a scale and a shift."""
        return self.bare_params(before) + 2 * self.normalized_channels(before)

    def macs(self, before: Shape) -> int:  # noqa: ARG002
        """Multiply-accumulate operations for one image."""
        return 0

    def peak(self, before: Shape) -> int:
        """Most numbers that are kept at once: those that go in and those that come out."""
        return before.size + self.output_shape(before).size

    def activations(self, before: Shape) -> int:
        """Numbers that come out of it and of every layer inside: training keeps them all."""
        return self.output_shape(before).size

    @property
    def convolved_filters(self) -> int:
        """Filters that a convolution computes at once, which decide about fast arithmetic."""
        return 0

    @property
    def is_normalized(self) -> bool:
        """Whether it is batch normalised."""
        return False

    def leaves(self) -> Iterator["Kind"]:
        """Itself, or the layers inside a group."""
        yield self

    @property
    def depth(self) -> int:
        """How many groups are within each other here."""
        return 0

    def passes(self) -> int:
        """How many layers an image passes here."""
        return 1

    def searched(self, block: int, number: int) -> dict[str, int]:  # noqa: ARG002
        """The numbers of this layer that a search chooses, by the name of their place."""
        return {}
