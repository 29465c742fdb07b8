"""Entry point ``doctor``: what is wrong with environment, data or stores, and what to do.

python -m experiments.doctor

It also closes the runs and gives back the trials whose processes are dead. A process of this
machine is looked up; one of another machine is taken to be dead when it has not been heard of for
three minutes.
"""

from dataclasses import dataclass

from mnist_tradeoff.data.options import DataConfig
from mnist_tradeoff.system.command_line import EntryPoint


@dataclass(frozen=True, kw_only=True)
class DoctorConfig(DataConfig):
    """Check environment, data and stores, and close what dead processes left open."""


def run(config: DoctorConfig) -> None:
    from mnist_tradeoff.pipelines.doctor import run_doctor

    run_doctor(config)


ENTRY_POINT = EntryPoint("doctor", DoctorConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
