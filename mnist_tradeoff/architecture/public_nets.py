"""Published small MNIST classifiers, as their authors report them: what a front must dominate.

They were not trained here. None of them reports a mean with every choice made on validation;
``protocol`` says what each accuracy is. Parameters are as their authors count them: with the scale
and shift of normalisations (the ERA nets), or weights without biases (BitNetMCU). Standard library
only.
"""

from dataclasses import dataclass
from typing import Literal

Protocol = Literal["best of many", "one run", "mean"]
PROTOCOLS: dict[Protocol, str] = {
    "best of many": "best of many, chosen on test",
    "one run": "one run",
    "mean": "mean over seeds",
}


@dataclass(frozen=True)
class PublicNet:
    """A published net with its reported test accuracy.

    source: repository, or where else it was found.
    macs: None where the source does not give them.
    """

    source: str
    num_params: int
    macs: int | None
    test_accuracy: float
    protocol: Protocol

    def cost(self, name: str) -> int | None:
        """A cost of it by name; None where it is unknown."""
        return {"num_params": self.num_params, "macs": self.macs}.get(name)


PUBLIC_NETS = (
    # Non-zero weights, of 820; pruned on the test images.
    PublicNet("hexhowells/NeuralGolfing", 575, None, 0.9800, "best of many"),
    # The best of about 700; the next one is the mean of 223, with a standard deviation of 0.105 %.
    PublicNet("JoshWarn/Parameter-Efficient-MNIST", 697, 80_576, 0.9903, "best of many"),
    PublicNet("JoshWarn/Parameter-Efficient-MNIST, older", 997, 89_766, 0.9876, "mean"),
    PublicNet("ruslangrimov/mnist-minimal-model", 1_936, 413_458, 0.9910, "one run"),
    PublicNet("firekind/ERA4", 6_174, None, 0.9946, "one run"),
    PublicNet("sayanbanerjee32/TSAI_ERAv2_S7", 7_432, None, 0.9951, "one run"),
    PublicNet("a public notebook", 7_752, None, 0.9955, "one run"),
    PublicNet("snehanshu-raj/ERA", 7_918, 2_021_056, 0.9950, "one run"),
    PublicNet("BitNetMCU, 16 wide", 8_080, 58_912, 0.9892, "one run"),
    PublicNet("sagarigrandhi/EVA4", 9_994, None, 0.9960, "one run"),
    PublicNet("BitNetMCU, 16x16 pixels", 25_216, 25_216, 0.9902, "one run"),
    PublicNet("BitNetMCU, 64 wide", 33_088, 236_416, 0.9955, "one run"),
    # Of 30 runs of one epoch, and of 1,500.
    PublicNet("tuomaso/train_mnist_fast", 215_194, 1_240_000, 0.9904, "mean"),
    PublicNet("cdeotte/MNIST-CNN-99.75", 327_000, None, 0.9964, "mean"),
)
