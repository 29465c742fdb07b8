"""Entry point ``doctor``: what is wrong with environment, data or stores, and what to do.

python -m experiments.doctor

It also closes the runs and gives back the trials whose processes are dead. A process of this
machine is looked up; one of another machine is taken to be dead when it has not been heard of for
three minutes.
"""

from dataclasses import dataclass

from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.settings import option
from mnist_tradeoff.training.recipe import DATASET_HELP


@dataclass(frozen=True, kw_only=True)
class DoctorConfig:
    """Check environment, data and stores, and close what dead processes left open."""

    dataset: str = option("auto", DATASET_HELP)


def run(config: DoctorConfig) -> None:
    from mnist_tradeoff.pipelines.doctor import run_doctor

    run_doctor(config.dataset)


ENTRY_POINT = EntryPoint("doctor", DoctorConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
