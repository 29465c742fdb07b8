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

from optuna.trial import FixedTrial

from benchmarks.ax_tutorial import WORST_NUM_PARAMS
from benchmarks.ours import host
from mnist_tradeoff.architecture.costs import complexity
from mnist_tradeoff.architecture.layers import Architecture, Dense
from mnist_tradeoff.data.dataset import Dataset, load
from mnist_tradeoff.search.config import TrainConfig
from mnist_tradeoff.search.sampler import RANDOM_TRIALS, seeds_of
from mnist_tradeoff.search.spaces import SearchSpace, Trial
from mnist_tradeoff.search.surrogate import Observation, RandomTrial, Space, propose
from mnist_tradeoff.system.processes import exit_with_parent
from mnist_tradeoff.training.loop import train

EPOCHS = 4


class MlpSpace:
    """Two dense layers of 16 to 128 units."""

    def suggest(self, trial: Trial) -> Architecture:
        """The architecture that a trial proposes."""
        units = (trial.suggest_int(f"units_{number}", 16, 128, log=True) for number in (1, 2))
        return Architecture(tuple(map(Dense, units)))

    def params(self, architecture: Architecture) -> dict[str, int]:
        """The trial parameters that propose an architecture."""
        units = [layer.units for layer in architecture.layers if isinstance(layer, Dense)]
        return {f"units_{number}": width for number, width in enumerate(units, start=1)}


SPACES: dict[str, Space] = {"mlp": MlpSpace(), "widths": SearchSpace()}


def num_params(architecture: Architecture) -> int:
    return complexity(architecture).num_params


def is_allowed(architecture: Architecture) -> bool:
    """Whether it can count: num_params is known before any training."""
    return num_params(architecture) < WORST_NUM_PARAMS


def random_architecture(space: Space, generator: random.Random) -> Architecture:
    while True:
        architecture = space.suggest(RandomTrial(generator))
        if is_allowed(architecture):
            return architecture


def next_architecture(space: Space, observations: list[Observation], seed: int) -> Architecture:
    if len(observations) < RANDOM_TRIALS:
        return random_architecture(space, random.Random(seed))
    params = propose(space, num_params, observations, WORST_NUM_PARAMS, seed, is_allowed)
    return space.suggest(FixedTrial(params))


def timed_search(space: Space, dataset: Dataset, seed: int, seconds: float) -> dict:
    trace, observations = [], []
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        training_seed, proposal_seed, _ = seeds_of(seed, len(observations))
        architecture = next_architecture(space, observations, proposal_seed)
        config = TrainConfig(epochs=EPOCHS, seed=training_seed)
        accuracy = train(architecture, dataset.train, dataset.val, config).val.accuracy
        observations.append(Observation(architecture, EPOCHS, accuracy))
        trace.append(
            {
                "seconds": time.perf_counter() - started,
                "num_params": num_params(architecture),
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
