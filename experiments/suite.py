"""Entry point ``suite``: the four references over several seeds, compared.

mlflow run . -e suite -P seeds=5        or        python -m experiments.suite --seeds 5

About 5 minutes with 5 seeds on two Zen 4 cores. Run it again after an interruption: what is
finished is not trained again.
"""

import dataclasses
from collections.abc import Callable, Sequence

from experiments.train import fingerprint_of, run_name, tags, train_in_run
from mnist_tradeoff import cli
from mnist_tradeoff.architectures import REFERENCES, resolve
from mnist_tradeoff.complexity import complexity
from mnist_tradeoff.config import RunConfig, SuiteConfig
from mnist_tradeoff.processes import watch_launcher

ROLE = "reference"


def run_suite(config: SuiteConfig) -> None:
    check_launcher = watch_launcher()
    # Imported here, because TensorFlow and MLflow take seconds that --help need not wait for.
    from mnist_tradeoff import data, report, terminal, tracking

    tracking.prepare_store()
    with tracking.tracked_run("suite", dataclasses.asdict(config), {"role": "suite"}) as run_id:
        dataset = data.load(config.dataset)
        terminal.warn_of_fallback(dataset)
        tracking.log_dataset(dataset)
        plan = {fingerprint_of(child, dataset): child for child in children(config)}
        finished = tracking.finished_trainings(ROLE, plan)
        for training in finished.values():
            tracking.adopt(training.run_id)
        terminal.tell_reused(len(finished), len(plan))
        missing = [child for key, child in plan.items() if key not in finished]
        trained, failures = train_children(missing, dataset, check_launcher)
        trainings = [*finished.values(), *map(tracking.read_training, trained)]
        texts = {}
        if trainings:
            texts = report.suite_texts(trainings, dataset, config.seeds)
            tracking.log_report(texts, report.suite_figures(trainings, dataset))
        if failures:
            print(texts.get("results.md", ""))
            raise ValueError(
                f"{len(failures)} of {len(plan)} trainings failed and are missing in the table "
                f"({'; '.join(failures)}); run again to train only these"
            )
    # Printed when the run has ended: a closed terminal must not fail what is finished.
    print(texts["results.md"])
    print(tracking.how_to_look(run_id))


def children(config: SuiteConfig) -> list[RunConfig]:
    """One training per reference and seed, seed by seed: a slow hour touches all models alike."""
    recipe = dataclasses.asdict(config)
    seeds = recipe.pop("seeds")
    return [
        RunConfig(model=name, seed=seed, **recipe) for seed in range(seeds) for name in REFERENCES
    ]


def train_children(
    configs: Sequence[RunConfig], dataset, check_launcher: Callable[[], None]
) -> tuple[list[str], list[str]]:
    """Train each in a run of its own; one that fails does not take the others with it.

    Returns:
        the run ids of the finished ones, and a line for each that failed.
    """
    from mnist_tradeoff import terminal, tracking

    trained, failures = [], []
    images = len(dataset.train.labels)
    macs = [complexity(resolve(config.model)).macs for config in configs]
    work = sum(one * config.epochs * images for one, config in zip(macs, configs, strict=True))
    with terminal.SuiteProgress(len(configs), work) as progress:
        for config, one in zip(configs, macs, strict=True):

            def on_images(images: int, one: int = one) -> None:
                check_launcher()
                progress.on_macs(images * one)

            name = f"{run_name(config)} seed {config.seed}"
            try:
                run_id, line = train_child(config, name, dataset, on_images)
            except tracking.TrackingError:
                raise
            except Exception as error:  # of one training; the others go on
                line = f"failed: {' '.join(str(error).split()) or type(error).__name__}"
                failures.append(f"{name} {line}")
            else:
                trained.append(run_id)
            progress.on_training(f"{name}: {line}")
    return trained, failures


def train_child(
    config: RunConfig, name: str, dataset, on_images: Callable[[int], None]
) -> tuple[str, str]:
    """Run id of a training in a child run of the active one, and a line of what came out."""
    from mnist_tradeoff import tracking

    with tracking.tracked_run(name, dataclasses.asdict(config), tags(config, ROLE)) as run_id:
        result = train_in_run(config, dataset, on_images, on_epoch=lambda _: None)
    return run_id, (
        f"val_accuracy {result.val.accuracy:.4f}, test_accuracy {result.test.accuracy:.4f}, "
        f"{result.train_seconds:.1f} s"
    )


if __name__ == "__main__":
    cli.run(lambda: run_suite(cli.parse(SuiteConfig)))
