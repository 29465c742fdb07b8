"""Finished models in MLflow: loaded from there, and their exported files logged there."""

import hashlib
import json
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pandas as pd
from mlflow.artifacts import download_artifacts
from mlflow.entities import LifecycleStage, Metric, Run
from mlflow.exceptions import MlflowException
from mlflow.utils.time import get_current_time_millis

from mnist_tradeoff.analysis.trainings import Model, Training, told_apart_by_recipe
from mnist_tradeoff.architecture.costs import COSTS, OBJECTIVES
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.device.export import Exported, due_files
from mnist_tradeoff.system.plain import one_line
from mnist_tradeoff.system.processes import this_host
from mnist_tradeoff.tracking.store import TrackingError, tracking_errors
from mnist_tradeoff.tracking.study_runs import find_run
from mnist_tradeoff.tracking.tags import (
    EXPORTED,
    LATENCY_HOST,
    LEFT_OUT,
    STUDY_ROLE,
    internal,
    role_of,
)
from mnist_tradeoff.tracking.trainings import training_of

if TYPE_CHECKING:  # it starts TensorFlow
    from mnist_tradeoff.training.backend import keras

EXPORT_FOLDER = "export"
REGISTERED_NAME = "mnist_tradeoff"
CHAMPION = "champion"
FRONT_FILE = "pareto.csv"
# Where MLflow keeps a Keras model in its folder.
MODEL_FILE = "data/model.keras"
SUITE_ROLE, SUITE_FILE = "suite", "results.csv"


class ModelError(ValueError):
    """A run's model cannot be had; one line."""


def finals_of(study: str, run_ids: Sequence[str], dataset: Dataset) -> list[Training]:
    """The trainings that runs stand for, each once; without runs those of a study.

    Of a study these are what its report names, its front first, the cheapest first; of a suite all
    that it compares; a training stands for itself.

    Raises:
        TrackingError: there is no such study or run, it has no report yet, or is of other data.
    """
    if not run_ids:
        return _finals_of_study(study, dataset)
    finals = [final for one in run_ids for final in _finals_of_run(one, dataset)]
    return list({final.run_id: final for final in finals}.values())


def _finals_of_study(study: str, dataset: Dataset) -> list[Training]:
    run = _study_run(study)
    _require_dataset(run, dataset, f"study '{study}'")
    return _named_in_front(run)


def _finals_of_run(run_id: str, dataset: Dataset) -> list[Training]:
    with tracking_errors():
        run = mlflow.MlflowClient().get_run(run_id)
    role = role_of(run)
    has_model = run.info.status == "FINISHED" and run.outputs and run.outputs.model_outputs
    if role not in (STUDY_ROLE, SUITE_ROLE) and not (role and has_model):
        raise TrackingError(f"run {run_id} is no suite, no study and no finished training")
    _require_dataset(run, dataset, f"run {run_id}")
    if role == STUDY_ROLE:
        return _named_in_front(run)
    if role == SUITE_ROLE:
        frame = _read_table(run, SUITE_FILE, ["model", "run_id"]).drop_duplicates("run_id")
        return [_training(str(child)) for child in frame["run_id"]]
    return [training_of(run)]


def _study_run(study: str) -> Run:
    run = find_run(STUDY_ROLE, study)
    if run is None:
        raise TrackingError(f"there is no study '{study}' here: run the entry point search first")
    return run


def _require_dataset(run: Run, dataset: Dataset, what: str) -> None:
    inputs = run.inputs.dataset_inputs if run.inputs else []
    if dataset.digest not in {used.dataset.digest for used in inputs}:
        raise TrackingError(
            f"{what} is one of '{run.data.tags.get('dataset')}', not of '{dataset.name}': "
            "name its set with dataset=SET"
        )


def _named_in_front(run: Run) -> list[Training]:
    # A reference that is on the front has two rows.
    frame = _read_table(run, FRONT_FILE, ["model", "run_ids"]).drop_duplicates("model")
    return [_training(run_id) for run_ids in frame["run_ids"] for run_id in str(run_ids).split()]


def _read_table(run: Run, file: str, columns: list[str]) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = mlflow.MlflowClient().download_artifacts(run.info.run_id, file, folder)
            return pd.read_csv(path).loc[:, columns]
        except (MlflowException, OSError, ValueError, KeyError):
            raise TrackingError(
                f"{run.info.run_name} has no {file} that can be read: run it to its end, or again"
            ) from None


def _training(run_id: str) -> Training:
    with tracking_errors():
        return training_of(mlflow.MlflowClient().get_run(run_id))


def load_model(run_id: str) -> "keras.Model":
    """The Keras model of a run, read from its one file in Keras's safe mode.

    MLflow's own loader would also unpickle custom objects and import code that lie beside the file:
    whoever can write to the store could have it execute anything.

    Raises:
        ModelError: the run was deleted, has no model, or its file is damaged.
    """
    from mnist_tradeoff.training.backend import keras

    with tracking_errors():
        stage = mlflow.MlflowClient().get_run(run_id).info.lifecycle_stage
    if stage == LifecycleStage.DELETED:
        raise ModelError(
            f"run {run_id} was deleted in MLflow: bring it back with "
            f"'mlflow runs restore --run-id {run_id}'"
        )
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = download_artifacts(f"runs:/{run_id}/model", dst_path=folder)
            model: Any = keras.models.load_model(Path(path) / MODEL_FILE, safe_mode=True)
            return model
    except Exception as error:  # a damaged file raises what it likes
        raise ModelError(
            f"the model of run {run_id} is missing or damaged ({one_line(error)}): to have it "
            f"trained anew, 'mlflow runs delete --run-id {run_id}', and start its search, suite or "
            "training again"
        ) from None


def model_digest(run_id: str) -> str:
    """md5 of a run's Keras model as it lies in the store; empty where it cannot be read."""
    with suppress(MlflowException, OSError), tempfile.TemporaryDirectory() as folder:
        path = download_artifacts(f"runs:/{run_id}/model/{MODEL_FILE}", dst_path=folder)
        return hashlib.md5(Path(path).read_bytes()).hexdigest()
    return ""


def found_export(run_id: str, key: str) -> Training | None:
    """The training of a run that ``log_export`` has finished with this key; None: it has not.

    Raises:
        TrackingError: the store failed.
    """
    client = mlflow.MlflowClient()
    with tracking_errors():
        run = client.get_run(run_id)
        is_deleted = run.info.lifecycle_stage == LifecycleStage.DELETED
        if is_deleted or run.data.tags.get(EXPORTED) != key:
            return None
        files = {Path(file.path).name for file in client.list_artifacts(run_id, EXPORT_FOLDER)}
    training = training_of(run)
    return training if files >= due_files(training.left_out) else None


def log_export(run_id: str, exported: Exported, key: str) -> None:
    """Costs as metrics, files in the folder ``export``, and which host measured the times.

    Args:
        key: what they depend on; written last, for ``found_export``.
    """
    client = mlflow.MlflowClient()
    now = get_current_time_millis()
    with tracking_errors(), tempfile.TemporaryDirectory() as folder:
        for name, content in exported.files.items():
            (Path(folder) / name).write_bytes(content)
        client.log_artifacts(run_id, folder, EXPORT_FOLDER)
        client.set_tag(run_id, LATENCY_HOST, this_host())
        client.set_tag(run_id, LEFT_OUT, json.dumps(dict(exported.left_out)))
        metrics = [Metric(name, value, now, 0) for name, value in exported.metrics.items()]
        client.log_batch(run_id, metrics)
        client.set_tag(run_id, EXPORTED, key)


def models_of(finals: Sequence[Training]) -> list[Model]:
    """The models that a recommendation chooses from, with the costs that are known on this host.

    A measured cost is known where every training of the model that was measured here has it.
    """
    groups: dict[str, list[Training]] = {}
    for final in told_apart_by_recipe(finals):
        groups.setdefault(final.model, []).append(final)
    return [_model(name, group) for name, group in groups.items()]


def _model(name: str, group: Sequence[Training]) -> Model:
    here = measured_here(group)
    costs = {
        cost: statistics.median(training.metrics[cost] for training in known)
        for cost in OBJECTIVES
        if (known := group if COSTS[cost].is_exact else here)
        and all(cost in training.metrics for training in known)
    }
    return Model(name, group[0].architecture, costs, group)


def register_champion(run_id: str, card: str) -> str:
    """Register a run's model as a new version with the alias ``champion``; the version's number.

    Nothing is registered anew where the champion is that run already. The card becomes the
    version's description, and ``export/model_card.md`` of the run.

    Raises:
        TrackingError: the store has no registry, or failed.
    """
    client = mlflow.MlflowClient()
    with tracking_errors():
        client.log_text(run_id, card, f"{EXPORT_FOLDER}/model_card.md")
        with suppress(MlflowException):  # there is none yet
            champion = client.get_model_version_by_alias(REGISTERED_NAME, CHAMPION)
            if champion.run_id == run_id:
                client.update_model_version(REGISTERED_NAME, champion.version, card)
                return str(champion.version)
        outputs = client.get_run(run_id).outputs
        assert outputs is not None
        (model,) = outputs.model_outputs
        version = mlflow.register_model(f"models:/{model.model_id}", REGISTERED_NAME)
        client.update_model_version(REGISTERED_NAME, version.version, card)
        client.set_registered_model_alias(REGISTERED_NAME, CHAMPION, version.version)
    return str(version.version)


def measured_here(finals: Sequence[Training]) -> list[Training]:
    """The trainings that were measured on this host: other hosts' times say nothing here."""
    client = mlflow.MlflowClient()
    with tracking_errors():
        runs = [client.get_run(final.run_id) for final in finals]
    return [training_of(run) for run in runs if internal(run, LATENCY_HOST) == this_host()]
