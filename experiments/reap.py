"""Entry point ``reap``: a part of ``doctor`` by an old name, for one release more.

python -m experiments.doctor
"""

import sys
from dataclasses import dataclass

from mnist_tradeoff.system.command_line import EntryPoint


@dataclass(frozen=True, kw_only=True)
class ReapConfig:
    """Close the runs and give back the trials whose processes are dead."""


def run(_: ReapConfig) -> None:
    print("reap is now a part of doctor; this name goes with the next release", file=sys.stderr)
    from mnist_tradeoff.pipelines.doctor import reap

    reap()


ENTRY_POINT = EntryPoint("reap", ReapConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
