"""Entry point ``reap``: close the runs and give back the trials whose processes are dead.

python -m experiments.reap

Every start does this too. A process of this machine is looked up; one of another machine is taken
to be dead when it has not been heard of for three minutes.
"""

from mnist_tradeoff.search.config import ReapConfig
from mnist_tradeoff.system import command_line as cli


def run_reap(_: ReapConfig) -> None:
    # Imported here, because MLflow takes seconds that --help need not wait for.
    from mnist_tradeoff.search.study import Study, study_names
    from mnist_tradeoff.tracking import store as tracking

    closed = tracking.prepare_store()
    folder = tracking.store_folder()
    given_back = sum(Study.load(name, folder).release_abandoned() for name in study_names(folder))
    print(f"{closed} runs closed, {given_back} trials given back")


if __name__ == "__main__":
    cli.run(lambda: run_reap(cli.parse(ReapConfig)))
