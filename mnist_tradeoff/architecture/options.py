"""The options behind a layer's token: stride, padding, normalisation, activation. Standard library.

``16C3S2sb:tanh``: stride 2, same padding, batch normalisation before the activation, tanh.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

from mnist_tradeoff.architecture.task import Shape
from mnist_tradeoff.system.settings import require_range

DEFAULT_ACTIVATION = "relu"
# By the name in the notation: what Keras calls it. Leaky ReLU has the slope 0.2 of the small nets
# that use it (JoshWarn/Parameter-Efficient-MNIST).
ACTIVATIONS = {
    "relu": "relu",
    "linear": "linear",
    "leaky": "leaky_relu",
    "elu": "elu",
    "silu": "silu",
    "hswish": "hard_silu",
    "gelu": "gelu",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
}
MAX_STRIDE = 16
# Several options in any order, between a layer's own number and its activation.
FLAGGED = re.compile(
    r"(?P<layer>\w*?\d)(?P<options>(?:S\d{1,6}|s|b){2,})(?P<activation>:\w{1,20})?",
    re.IGNORECASE | re.ASCII,
)
OPTION = re.compile(r"(?P<name>[sb])(?P<number>\d*)")


def in_order(token: str) -> str:
    """A token with its options in the canonical order: stride, padding, normalisation.

    Raises:
        ValueError: an option that stands there twice.
    """
    match = FLAGGED.fullmatch(token)
    if not match:
        return token
    found: dict[tuple[bool, bool], str] = {}
    for option in OPTION.finditer(match["options"].lower()):
        place = (option["name"] == "b", not option["number"])
        if place in found:
            raise ValueError(f"{found[place]} and {option[0]} are the same option")
        found[place] = option[0].upper() if option["number"] else option[0]
    ordered = "".join(found[place] for place in sorted(found))
    return f"{match['layer']}{ordered}{match['activation'] or ''}"


@dataclass(frozen=True)
class Options:
    """What holds of a layer with weights, unless it says otherwise.

    same: padded with zeros, so that stride 1 keeps height and width.
    normalized: batch normalised before the activation; the layer has no bias of its own then.
    """

    stride: int = field(default=1, kw_only=True)
    same: bool = field(default=False, kw_only=True)
    normalized: bool = field(default=False, kw_only=True)
    activation: str = field(default=DEFAULT_ACTIVATION, kw_only=True)

    PATTERN_FLAT: ClassVar[str] = r"(?P<normalized>b)?(?::(?P<activation>\w{1,20}))?"
    PATTERN: ClassVar[str] = rf"(?:S(?P<stride>\d{{1,6}}))?(?P<same>s)?{PATTERN_FLAT}"

    @staticmethod
    def values(match: re.Match[str]) -> dict[str, Any]:
        """The fields that a token gives.

        Raises:
            ValueError: an activation that there is not.
        """
        found = match.groupdict()
        activation = (found["activation"] or DEFAULT_ACTIVATION).lower()
        if activation not in ACTIVATIONS:
            names = ", ".join(ACTIVATIONS)
            raise ValueError(f"there is no activation '{activation}': use {names}")
        options = {"normalized": bool(found["normalized"]), "activation": activation}
        if "same" in found:
            options |= {"stride": int(found["stride"] or 1), "same": bool(found["same"])}
        return options

    @property
    def is_normalized(self) -> bool:
        """Whether it is batch normalised."""
        return self.normalized

    @property
    def has_bias(self) -> bool:
        """Of its own: normalisation brings another."""
        return not self.normalized

    @property
    def options(self) -> str:
        """What stands behind the token."""
        stride = f"S{self.stride}" if self.stride != 1 else ""
        activation = f":{self.activation}" if self.activation != DEFAULT_ACTIVATION else ""
        return f"{stride}{'s' * self.same}{'b' * self.normalized}{activation}"

    def windows(self, before: Shape, kernel: int, channels: int) -> Shape:
        """Shape after a window has slid over an image.

        Raises:
            ValueError: a stride out of range, or a window larger than the image.
        """
        require_range("stride", self.stride, 1, MAX_STRIDE)
        lost = 0 if self.same else kernel - 1
        height, width = (math.ceil((side - lost) / self.stride) for side in before[:2])
        if height < 1 or width < 1:
            raise ValueError(f"its {before.height}×{before.width} input would shrink below 1×1")
        return Shape(height, width, channels)
