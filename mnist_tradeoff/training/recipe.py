"""HOW a training runs: its settings, with the defaults of every entry point that trains."""

from dataclasses import dataclass
from typing import Literal

from mnist_tradeoff.architecture.own_model import AnyArchitecture
from mnist_tradeoff.architecture.references import require_model
from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.system.host import cpu_flags
from mnist_tradeoff.system.settings import option, require_range

# From so many filters a convolution gains from bfloat16 (benchmarks/NOTES.md).
BFLOAT16_FILTERS = 16
# From so many parameters a net gains from so strong an augmentation (benchmarks/NOTES.md).
AUTO_AUGMENTATION = ((600, 0.5), (4_000, 1.0))
MAX_AUGMENTATION = 3.0


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a training runs, whatever its seed.

    Raises:
        ValueError: a value out of range; the message names it.
    """

    epochs: int = option(3, "passes over the training images")
    batch_size: int = option(128, "images per step")
    learning_rate: float = option(0.01, "peak of the one-cycle schedule")
    beta_1: float = option(0.7, "Adam's: how long it remembers gradients; 0.9 for long schedules")
    beta_2: float = option(0.9, "Adam's: and their squares; 0.99 for long schedules")
    precision: Literal["auto", "float32", "bfloat16"] = option(
        "auto", "bfloat16 arithmetic where the CPU has it (auto), always or never"
    )
    augment: str = option(
        "none",
        "random turns, shifts and scales of the training images: none, auto (by the size of the "
        "net), or a strength such as 0.5; at 1 up to 10 degrees, 2 of 28 pixels and a tenth",
    )

    def __post_init__(self) -> None:
        require_range("epochs", self.epochs, 1, 10_000)
        require_range("batch_size", self.batch_size, 1, 60_000)
        if not 0 < self.learning_rate < float("inf"):
            raise ValueError(f"learning_rate must be above 0, not {self.learning_rate}")
        for name in ("beta_1", "beta_2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be 0 or more and below 1, not {getattr(self, name)}")
        augmentation_strength(self.augment, num_params=0)


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Recipe):
    """How one training runs."""

    seed: int = option(0, "of the initial weights and the order of the images")

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("seed", self.seed, 0, 2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class RunConfig(TrainConfig, DataConfig):
    """Train one architecture and track it in MLflow."""

    model: str = option(
        "cnn_v1",
        "ann, simple_cnn, cnn_v1, cnn_v2, or a notation: 16C3 convolution of 16 filters 3x3, 16DS3 "
        "depthwise-separable, D3 depthwise, P2 max and A2 average pooling, G global average, 128 "
        "dense, drop0.25 dropout, head3 classifier; behind a layer S2 stride, s same padding, b "
        "batch normalisation, :tanh activation; groups (...)x3, (...)@3 shared, (...)+ residual. "
        "Such as 16C3-P2-128 or 8C3sb-(8DS3sb)+-P2-16C3b-G. All of it: docs/notation.md. Or a "
        "Keras model of your own: PATH.py:FUNCTION",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require_model(self.model)


def choose_precision(architecture: AnyArchitecture, wanted: str) -> str:
    """``float32`` or ``bfloat16``: ``auto`` takes the latter where this CPU gains from it.

    It gains with bfloat16 instructions (AVX512_BF16 or AMX) and a convolution of at least 16
    filters (benchmarks/NOTES.md); without the instructions bfloat16 is emulated and slower.
    Batch-normalised nets gain nothing: normalisation is float32 either way.
    """
    if wanted != "auto":
        return wanted
    wide = any(layer.convolved_filters >= BFLOAT16_FILTERS for layer in architecture.leaves())
    wide = wide and not any(layer.is_normalized for layer in architecture.leaves())
    has_bfloat16 = cpu_flags() & {"avx512_bf16", "amx_bf16"}
    return "bfloat16" if wide and has_bfloat16 else "float32"


def augmentation_strength(augment: str, num_params: int) -> float:
    """How strong the images of a training are moved, see ``training.augmentation``; 0: not at all.

    Args:
        augment: as of ``Recipe``.
        num_params: of the net; ``auto`` goes by it.

    Raises:
        ValueError: it is no such text.
    """
    if augment == "none":
        return 0.0
    if augment == "auto":
        reached = [strength for least, strength in AUTO_AUGMENTATION if num_params >= least]
        return reached[-1] if reached else 0.0
    try:
        strength = float(augment)
    except ValueError:
        strength = float("nan")
    if not 0 <= strength <= MAX_AUGMENTATION:
        raise ValueError(
            f"augment must be none, auto, or a strength of 0 to {MAX_AUGMENTATION:g}, "
            f"not '{augment}'"
        )
    return strength
