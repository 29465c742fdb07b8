"""What the page of a model is told of other runs."""

import mlflow
import pytest

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.data.sets import load
from mnist_tradeoff.tracking.model_runs import references_on
from mnist_tradeoff.tracking.runs import log_dataset, tracked_run
from mnist_tradeoff.tracking.trainings import training_of

METRICS = {"test_accuracy": 0.9, "num_params": 10, "macs": 20}


def reference(dataset, seed: int, **recipe) -> str:
    params = {"model": "ann", "seed": seed, "epochs": 3, **recipe}
    with tracked_run("ann", params, {"role": "reference"}) as run_id:
        log_dataset(dataset)
        mlflow.log_metrics(METRICS)
    return run_id


@pytest.mark.usefixtures("store")
def test_references_are_of_one_recipe_the_models_own_where_there_are_such():
    digits = load("digits")
    usual = [reference(digits, seed) for seed in (0, 1)]
    longer = reference(digits, 0, epochs=54)
    moved = reference(digits, 0, augment="auto")
    with tracked_run("without parameters", {}, {"role": "reference"}):
        log_dataset(digits)
        mlflow.log_metrics(METRICS)

    def beside(training: Training) -> set[str]:
        return {one.run_id for one in references_on(digits, "0", training)}

    client = mlflow.MlflowClient()
    for group in (usual, [longer], [moved]):
        assert beside(training_of(client.get_run(group[0]))) == set(group)
    with tracked_run("other", {"model": "4C3-G", "seed": 0, "epochs": 7}, {}) as run_id:
        pass
    assert beside(training_of(client.get_run(run_id))) == {moved}  # the newest
