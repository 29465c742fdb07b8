"""A front against the published nets: what costs no more, and what is as accurate."""

from collections.abc import Sequence

import numpy as np

from mnist_tradeoff.analysis.hv2 import MNIST_SCALE, hv2
from mnist_tradeoff.architecture.costs import COSTS
from mnist_tradeoff.architecture.public_nets import PROTOCOLS, PUBLIC_NETS, PublicNet
from mnist_tradeoff.report.numbers import MISSING, mean_and_sd
from mnist_tradeoff.search.results import SearchResults


def public_table(
    results: SearchResults, nets: Sequence[PublicNet] = PUBLIC_NETS
) -> tuple[str, list[str], list[list[str]], int]:
    """Title, header, rows and the number of text columns: a row for each net of known cost."""
    cost = results.cost
    header = ["public net", COSTS[cost].label, "reported %", "which is", "no more expensive, best"]
    header += ["test %", "as accurate, cheapest", f"fewer {COSTS[cost].label}"]
    rows = [_row(net, results) for net in nets if net.cost(cost)]
    return "Against the public nets, as reported", header, rows, 1


def _row(net: PublicNet, results: SearchResults) -> list[str]:
    cost, most = results.cost, net.cost(results.cost)
    assert most is not None
    cheap = [one for one in results.finalists if one.costs[cost] <= most]
    accurate = [one for one in results.finalists if one.test.mean >= net.test_accuracy]
    best = max(cheap, key=lambda one: one.test.mean, default=None)
    cheapest = min(accurate, key=lambda one: one.costs[cost], default=None)
    return [
        net.source,
        f"{most:,}",
        f"{100 * net.test_accuracy:.2f}",
        PROTOCOLS[net.protocol],
        *((f"`{best.name}`", mean_and_sd(best.test)) if best else (MISSING, MISSING)),
        *(
            (f"`{cheapest.name}`", _times(most, cheapest.costs[cost]))
            if cheapest
            else (MISSING, MISSING)
        ),
    ]


def _times(theirs: float, ours: float) -> str:
    """How many times fewer ours are, if they are fewer."""
    return f"{theirs / ours:.1f} times" if ours <= theirs else MISSING


def public_hv2() -> float:
    """HV2 of the published nets, but for those that were chosen on the test images."""
    nets = [net for net in PUBLIC_NETS if net.protocol != "best of many"]
    params, accuracies = zip(*((net.num_params, net.test_accuracy) for net in nets), strict=True)
    return hv2(np.array(params), np.array(accuracies), MNIST_SCALE)


def public_nets_with(cost: str, protocol: str) -> list[PublicNet]:
    """The published nets of a protocol whose cost is known."""
    return [net for net in PUBLIC_NETS if net.protocol == protocol and net.cost(cost)]
