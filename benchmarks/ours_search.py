"""Our side: this project's proposals and training, for so many seconds.

Argument: the space, ``mlp`` or ``widths`` (our search's own). Answers every line ``{"seed": s,
"seconds": t}`` on standard input with ``{"seconds": t, "trials": [{"seconds": since the start,
"num_params": n, "val_accuracy": a}, ...]}``; a trial that ends later does not count. An empty
object is answered with the host.

``mlp`` has the tutorial's widths; of its other choices it fixes dropout 0, batch 128 and 4 epochs.
That is a part of the tutorial's space but for the learning rate, which is our recipe's: one cycle
of Adam, the same for every net.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Sequence

from optuna.trial import FixedTrial

from benchmarks.ax_tutorial import WORST_NUM_PARAMS
from benchmarks.ours import host
from mnist_tradeoff.analysis.hv2 import MNIST_SCALE
from mnist_tradeoff.architecture.costs import exact_cost
from mnist_tradeoff.architecture.layers import Dense
from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.architecture.task import MNIST, Task
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.data.sets import load
from mnist_tradeoff.search.proposals import Proposal, Space, Trial, encode_architecture
from mnist_tradeoff.search.sampler import RANDOM_TRIALS, seeds_of
from mnist_tradeoff.search.surrogate import Observation, RandomTrial, propose
from mnist_tradeoff.search.widths import Widths
from mnist_tradeoff.system.processes import exit_with_parent
from mnist_tradeoff.training.loop import train
from mnist_tradeoff.training.recipe import TrainConfig

EPOCHS = 4


class MlpSpace:
    """Two dense layers of 16 to 128 units."""

    def fitted(self, task: Task) -> "MlpSpace":
        """They fit on any images."""
        del task
        return self

    def suggest(self, trial: Trial) -> Proposal:
        """What a trial proposes."""
        units = (trial.suggest_int(f"units_{number}", 16, 128, log=True) for number in (1, 2))
        return Proposal(Architecture(tuple(map(Dense, units))))

    def params(self, proposal: Proposal) -> dict[str, int]:
        """The trial parameters that propose this."""
        layers = proposal.architecture.layers
        units = [layer.units for layer in layers if isinstance(layer, Dense)]
        return {f"units_{number}": width for number, width in enumerate(units, start=1)}

    def encode(self, proposal: Proposal) -> dict[str, float]:
        """The widths."""
        return encode_architecture(proposal.architecture)

    def minimum(self, cost: Callable[[Architecture], float]) -> float:
        """The cost of the narrowest one."""
        return cost(Architecture((Dense(16), Dense(16))))

    def starts(self, task: Task, costs: Sequence[str]) -> list[Proposal]:
        """Nothing."""
        del task, costs
        return []

    def describe(self) -> dict[str, int]:
        """The ranges."""
        return {"min_units": 16, "max_units": 128}


SPACES: dict[str, Space] = {"mlp": MlpSpace(), "widths": Widths()}


def num_params(architecture: Architecture) -> int:
    return exact_cost(architecture, "num_params", MNIST)


def is_allowed(architecture: Architecture) -> bool:
    """Whether it can count: num_params is known before any training."""
    return num_params(architecture) < WORST_NUM_PARAMS


def random_proposal(space: Space, generator: random.Random) -> Proposal:
    while True:
        proposal = space.suggest(RandomTrial(generator))
        if is_allowed(proposal.architecture):
            return proposal


def next_proposal(space: Space, observations: list[Observation], seed: int) -> Proposal:
    if len(observations) < RANDOM_TRIALS:
        return random_proposal(space, random.Random(seed))
    known = (observations, WORST_NUM_PARAMS, MNIST_SCALE, seed, is_allowed)
    params = propose(space, MNIST, num_params, *known)
    return space.suggest(FixedTrial(params))


def timed_search(space: Space, dataset: Dataset, seed: int, seconds: float) -> dict:
    trace, observations = [], []
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        training_seed, proposal_seed, _ = seeds_of(seed, len(observations))
        proposal = next_proposal(space, observations, proposal_seed)
        config = TrainConfig(epochs=EPOCHS, seed=training_seed)
        images = (dataset.task, dataset.train, dataset.val)
        accuracy = train(proposal.architecture, *images, config).val.accuracy
        observations.append(Observation(proposal, EPOCHS, accuracy))
        trace.append(
            {
                "seconds": time.perf_counter() - started,
                "num_params": num_params(proposal.architecture),
                "val_accuracy": accuracy,
            }
        )
    return {"seconds": seconds, "trials": [one for one in trace if one["seconds"] <= seconds]}


def main() -> None:
    exit_with_parent()
    space, dataset = SPACES[sys.argv[1]], load("mnist")
    for line in sys.stdin:
        request = json.loads(line)
        answer = timed_search(space, dataset, **request) if request else host()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
