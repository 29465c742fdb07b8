"""A finished training's run, with all that the page of its model tells."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.tracking.models import FRONT_FILE
from mnist_tradeoff.tracking.store import TrackingError, tracking_errors
from mnist_tradeoff.tracking.study_runs import find_run
from mnist_tradeoff.tracking.tags import STUDY_ROLE, role_of
from mnist_tradeoff.tracking.trainings import LOSSES_FILE, logged_array, training_of, with_curves

PAGE_FILE = "model.html"
# Of the references that were trained on the same images: enough for the four with several seeds.
MAX_REFERENCE_RUNS = 200


@dataclass(frozen=True)
class ModelRun:
    """A training as its run tells it.

    params: as they were logged.
    losses: of the test images, float (n,); empty where an older version did not log them.
    files: paths and bytes of the run's artifacts.
    study: the name of the one that it belongs to; empty: none.
    """

    training: Training
    name: str
    params: Mapping[str, str]
    losses: np.ndarray
    files: Sequence[tuple[str, int]]
    experiment_id: str
    study: str


def read_model_run(training: Training) -> ModelRun:
    """A finished training, as it was read, with its learning curve and its files.

    Raises:
        TrackingError: the run, or a file of it, is gone or damaged.
    """
    with tracking_errors():
        return _model_run(training, mlflow.MlflowClient().get_run(training.run_id))


def read_model_runs(trainings: Sequence[Training], experiment_id: str) -> list[ModelRun]:
    """``read_model_run`` of trainings of one experiment, which is asked for all at once."""
    if not trainings:
        return []
    names = ", ".join(f"'{one.run_id}'" for one in trainings)
    with tracking_errors():
        client = mlflow.MlflowClient()
        found = client.search_runs(
            [experiment_id], f"attributes.run_id IN ({names})", max_results=len(trainings)
        )
        runs = {run.info.run_id: run for run in found}
        return [
            _model_run(one, runs.get(one.run_id) or client.get_run(one.run_id)) for one in trainings
        ]


def _model_run(training: Training, run: Run) -> ModelRun:
    # The run is known: MLflow's client would ask for it again for every folder.
    files = list(_files(get_artifact_repository(run.info.artifact_uri or "")))
    has_losses = LOSSES_FILE in dict(files)
    losses = logged_array(run, LOSSES_FILE) if has_losses else np.zeros(0)
    return ModelRun(
        with_curves(training),
        run.info.run_name or training.run_id,
        run.data.params,
        losses,
        files,
        run.info.experiment_id,
        run.data.tags.get("study", ""),
    )


def _files(repository: ArtifactRepository, path: str = "") -> Iterator[tuple[str, int]]:
    for file in repository.list_artifacts(path):
        if file.is_dir:
            yield from _files(repository, file.path)
        elif file.path != PAGE_FILE:
            yield file.path, file.file_size or 0


def front_of_study(study: str) -> pd.DataFrame | None:
    """The rows of a study's ``pareto.csv``; None where it has none that can be read."""
    run = find_run(STUDY_ROLE, study)
    if run is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        try:
            client = mlflow.MlflowClient()
            return pd.read_csv(client.download_artifacts(run.info.run_id, FRONT_FILE, folder))
        except (MlflowException, OSError, ValueError):
            return None


def references_on(dataset: Dataset, experiment_id: str, like: Training) -> list[Training]:
    """The references that an experiment's suites have trained on the same images.

    They were trained as a certain training was, or else as the newest of them: a mean over several
    recipes would be of none.

    Raises:
        TrackingError: the store failed.
    """
    with tracking_errors():
        runs = mlflow.MlflowClient().search_runs(
            [experiment_id],
            "tags.role = 'reference' and attributes.status = 'FINISHED'",
            max_results=MAX_REFERENCE_RUNS,
        )
    found = [
        training_of(run) for run in runs if role_of(run) == "reference" and _is_of(run, dataset)
    ]
    alike = [one for one in found if _is_like(one, like)]
    return alike or [one for one in found if _is_like(one, found[0])]


def _is_like(one: Training, other: Training) -> bool:
    return (one.epochs, one.recipe) == (other.epochs, other.recipe)


def _is_of(run: Run, dataset: Dataset) -> bool:
    inputs = run.inputs.dataset_inputs if run.inputs else []
    has_metrics = {"test_accuracy", "num_params", "macs"} <= set(run.data.metrics)
    has_params = {"model", "seed"} <= set(run.data.params)
    return has_metrics and has_params and dataset.digest in {used.dataset.digest for used in inputs}


def log_page(run_id: str, page: str) -> None:
    """The page of a run's model, as its artifact ``model.html``.

    Raises:
        TrackingError: the store failed.
    """
    with tracking_errors():
        mlflow.MlflowClient().log_text(run_id, page, PAGE_FILE)


def require_page_possible(training: Training, dataset: Dataset) -> None:
    """Refuse predictions of another number of images.

    Raises:
        TrackingError: they are not those of this set.
    """
    if len(training.predictions) != len(dataset.test.labels):
        raise TrackingError(
            f"run {training.run_id} has answers to {len(training.predictions):,} test images, and "
            f"'{dataset.name}' has {len(dataset.test.labels):,}: name its set with dataset=SET"
        )
