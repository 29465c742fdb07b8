"""What others report, drawn beside a front."""

import numpy as np
from matplotlib.axes import Axes

from mnist_tradeoff.architecture.public_nets import PROTOCOLS
from mnist_tradeoff.report.public_table import public_nets_with
from mnist_tradeoff.report.style import PUBLIC_COLOR, PUBLIC_MARKERS


def draw_public(axes: Axes, cost: str) -> None:
    """Published nets of a known cost, as open symbols by what their accuracy is."""
    for protocol, words in PROTOCOLS.items():
        nets = public_nets_with(cost, protocol)
        costs = np.array([net.cost(cost) for net in nets], float)
        errors = [1 - net.test_accuracy for net in nets]
        looks = {"markerfacecolor": "none", "color": PUBLIC_COLOR, "markersize": 7}
        label = f"public: {words}" if nets else None
        axes.plot(costs, errors, PUBLIC_MARKERS[protocol], **looks, label=label)
