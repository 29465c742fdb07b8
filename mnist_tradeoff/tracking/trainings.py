"""A training in MLflow: what it leaves there, and how a later run finds it again."""

import dataclasses
import io
import json
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from mnist_tradeoff.analysis.classes import balanced_accuracies
from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.architecture.own_model import own_name
from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.tracking.logged_model import log_model
from mnist_tradeoff.tracking.runs import log_contents
from mnist_tradeoff.tracking.store import TrackingError, tracking_errors
from mnist_tradeoff.tracking.tags import LEFT_OUT, PARENT_TAG, TRIAL_ROLE, internal, role_of
from mnist_tradeoff.training.fingerprint import code_version
from mnist_tradeoff.training.recipe import Recipe

if TYPE_CHECKING:  # it starts TensorFlow
    from mnist_tradeoff.training.loop import Epoch, FinalResult

PREDICTIONS_FILE, LOSSES_FILE = "test_predictions.npy", "test_losses.npy"
# By column.
Table = Mapping[str, Sequence[Any]]
CURVE_METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")
# What an older version trained with, which did not log all of it; epochs are told by themselves.
USUAL_RECIPE = {
    one.name: str(one.default) for one in dataclasses.fields(Recipe) if one.name != "epochs"
}


def log_fingerprint(fingerprint: str) -> None:
    """Tags by which a later run finds this result instead of training it again."""
    mlflow.set_tags({"fingerprint": fingerprint, "code_version": code_version()})


def log_together(count: int) -> None:
    """A tag: how many trainings were one graph; ``train_seconds`` is the share of one."""
    mlflow.set_tag("trained_together", count)


def log_epoch(epoch: "Epoch") -> None:
    """One point of the learning curve, at step = epoch."""
    values = dataclasses.asdict(epoch)
    mlflow.log_metrics(values, step=values.pop("epoch"))


def log_result(
    result: "FinalResult",
    dataset: Dataset,
    pictures: Mapping[str, bytes],
    tables: Mapping[str, Table],
) -> None:
    """Final metrics, the model with its signature, test predictions, pictures and tables.

    val_loss and val_accuracy are the last epoch's and stand there already.

    Args:
        pictures: PNG, by file name.
        tables: by file name, which ends in ``.json``; MLflow shows them as tables.
    """
    mlflow.log_metrics(
        {
            "train_seconds": result.train_seconds,
            "test_loss": result.test.loss,
            "test_accuracy": result.test.accuracy,
            **balanced_accuracies(dataset, result.val.predictions, result.test.predictions),
        }
    )
    mlflow.set_tag("precision", result.precision)
    log_model(result.model, dataset.val.images[:1], dataset.class_names)
    predictions = result.test.predictions.astype(dataset.test.labels.dtype)
    arrays = {PREDICTIONS_FILE: predictions, LOSSES_FILE: result.test.losses}
    log_contents({**{name: _npy(array) for name, array in arrays.items()}, **pictures})
    for file, table in tables.items():
        mlflow.log_table(dict(table), file)


def _npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def finished_trainings(
    roles: Collection[str], fingerprints: Collection[str], study: str = ""
) -> dict[str, Training]:
    """The experiment's finished trainings of some roles that have one of the fingerprints, by it.

    Of several with one fingerprint it is the oldest; one whose files are gone or damaged is left
    out. They become children of the active run, unless their own parent has finished, too.

    Args:
        study: the name of one whose own come first.
    """
    found, parents = {}, _Parents()
    # A study's are asked for at once: each question takes long where a store has many runs.
    of_study = f"tags.study = '{study}' and tags.role != '{TRIAL_ROLE}'"
    own = _finished_runs(of_study) if study else []
    for fingerprint in fingerprints:
        if read := _first_read(_with(fingerprint, own), roles):
            run, found[fingerprint] = read
            parents.adopt(run)
    return found


def _with(fingerprint: str, first: Sequence[Run]) -> Iterator[Run]:
    """The finished runs with a fingerprint; the others are asked for when these are not enough."""
    yield from (run for run in first if run.data.tags.get("fingerprint") == fingerprint)
    known = {run.info.run_id for run in first}
    # One by one: MLflow looks for one value of a tag, and a store has thousands of runs.
    others = _finished_runs(f"tags.fingerprint = '{fingerprint}'")
    yield from (run for run in others if run.info.run_id not in known)


def _finished_runs(condition: str) -> list[Run]:
    """Of the active run's experiment, the oldest first."""
    active = mlflow.active_run()
    assert active is not None
    return mlflow.search_runs(  # pyright: ignore[reportReturnType]
        [active.info.experiment_id],
        filter_string=f"attributes.status = 'FINISHED' and {condition}",
        order_by=["attributes.start_time ASC"],
        output_format="list",
    )


def _first_read(runs: Iterable[Run], roles: Collection[str]) -> tuple[Run, Training] | None:
    """The first one that has one of the roles, and files that can be read."""
    for run in runs:
        if role_of(run) in roles:
            try:
                return run, _read(run)
            except TrackingError as error:
                print(f"{error}: this run is left out", file=sys.stderr)
    return None


class _Parents:
    """What became of the parents of runs; each is asked for once."""

    def __init__(self):
        self.status: dict[str, str | None] = {}

    def adopt(self, run: Run) -> None:
        """Make a run whose parents are lost a child of the active one."""
        active = mlflow.active_run()
        if active and self._are_lost(run):
            mlflow.MlflowClient().set_tag(run.info.run_id, PARENT_TAG, active.info.run_id)

    def _are_lost(self, run: Run) -> bool:
        """Whether a run has no parent, or one that has not finished and never will."""
        parent = run.data.tags.get(PARENT_TAG, "")
        if parent not in self.status:
            self.status[parent] = None
            with suppress(MlflowException):  # it is gone
                if parent:
                    self.status[parent] = mlflow.MlflowClient().get_run(parent).info.status
        return self.status[parent] in (None, "FAILED", "KILLED")


def read_training(run_id: str) -> Training:
    """A finished training as its run tells it, with its test predictions.

    Raises:
        TrackingError: the run, or the file of its predictions, is gone or damaged.
    """
    with tracking_errors():
        return _read(mlflow.MlflowClient().get_run(run_id))


def _read(run: Run) -> Training:
    predictions = logged_array(run, PREDICTIONS_FILE)
    return dataclasses.replace(training_of(run), predictions=predictions)


def with_curves(training: Training) -> Training:
    """A training with its learning curve, which a store of many runs takes long to find.

    Raises:
        TrackingError: the store failed.
    """
    client = mlflow.MlflowClient()
    with tracking_errors():
        histories = {
            name: client.get_metric_history(training.run_id, name) for name in CURVE_METRICS
        }
    curves = {name: tuple(metric.value for metric in found) for name, found in histories.items()}
    return dataclasses.replace(training, curves=curves)


def training_of(run: Run) -> Training:
    """A finished training as its run alone tells it, without curve and predictions.

    Raises:
        TrackingError: it is the run of another program.
    """
    params, metrics = run.data.params, {**run.data.metrics}
    try:
        model, seed, epochs = params["model"], int(params["seed"]), int(params.get("epochs", 0))
    except (KeyError, ValueError):
        raise TrackingError(f"run {run.info.run_id} is no training of this project") from None
    architecture = run.data.tags.get("architecture", model)
    model = own_name(architecture) or model  # without the folders of one machine
    return Training(
        model,
        seed,
        run.info.run_id,
        metrics,
        architecture=architecture,
        epochs=epochs,
        recipe={name: params.get(name, usual) for name, usual in USUAL_RECIPE.items()},
        left_out=_read_left_out(internal(run, LEFT_OUT) or ""),
    )


def _read_left_out(text: str) -> dict[str, str]:
    """What ``models.log_export`` has written; nothing where another program has."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): str(why) for name, why in found.items()} if isinstance(found, dict) else {}


def logged_array(run: Run, file: str) -> np.ndarray:
    """An array that ``log_result`` has logged.

    Raises:
        TrackingError: the file is gone or damaged.
    """
    with tracking_errors(), tempfile.TemporaryDirectory() as folder:
        try:
            # The run is known: MLflow's client would ask for it again, and for its models.
            repository = get_artifact_repository(run.info.artifact_uri or "")
            return np.load(repository.download_artifacts(file, folder), allow_pickle=False)
        except (MlflowException, ValueError, EOFError, OSError) as error:
            # MLflow's last line names the reason.
            reason = (str(error).splitlines() or [""])[-1]
            raise TrackingError(
                f"'{file}' of run {run.info.run_id} is gone or damaged ({reason})"
            ) from None
