"""Entry point ``init``: an old name of ``search`` with ``step=init``, for one release more.

python -m experiments.search --step init --study widths
"""

import sys
from dataclasses import dataclass
from typing import Literal

from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.processes import watch_launcher
from mnist_tradeoff.system.settings import option


@dataclass(frozen=True, kw_only=True)
class InitConfig(SearchConfig):
    """Prepare the stores of a search, so that its workers only have to join."""

    step: Literal["all", "init"] = option("init", "leave it: this is what init is")


def run(config: InitConfig) -> None:
    check_launcher = watch_launcher()
    print(
        "init is now search with step=init; this name goes with the next release", file=sys.stderr
    )
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff.pipelines.study import run_search

    run_search(config, check_launcher)


ENTRY_POINT = EntryPoint("init", InitConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
