"""A study in MLflow: one parent run, and a flat child for each trial, written when it has ended.

Optuna's storage is the record; what MLflow shows is made from it and can be made again.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

import mlflow
from mlflow.entities import (
    DatasetInput,
    InputTag,
    LifecycleStage,
    Metric,
    Param,
    Run,
    RunStatus,
    RunTag,
)
from mlflow.exceptions import MlflowException

from mnist_tradeoff.config import SearchConfig
from mnist_tradeoff.data import Dataset
from mnist_tradeoff.ladder import TrialRecord
from mnist_tradeoff.processes import RUN_VARIABLE
from mnist_tradeoff.search_results import Standing
from mnist_tradeoff.tracking import (
    PARENT_TAG,
    TrackingError,
    mlflow_dataset,
    tracked_run,
    tracking_errors,
)

STUDY_ROLE = "study"
TRIAL_ROLE = "trial"


@contextmanager
def study_run(
    params: Mapping[str, Any], tags: Mapping[str, str], parent_id: str | None
) -> Iterator[str]:
    """The study's one parent run: gone on with, or, at the first time, begun.

    `mlflow run` opens a run of its own every time. When the study has its parent already, that one
    gets the role ``session`` and the tag ``study_run_id``.

    Args:
        tags: with ``study``, its name.
        parent_id: the run that the study names, if it has one.

    Yields:
        the parent's id.

    Raises:
        TrackingError: the store failed, or it holds another study of this name.
    """
    name = tags["study"]
    if parent_id is None or not _exists(parent_id):
        _require_new(name)
        parent_id = None
    tags = {**tags, "role": STUDY_ROLE}
    if parent_id and RUN_VARIABLE in os.environ:
        session = {**tags, "role": "session", "study_run_id": parent_id}
        with tracked_run(name, params, session), tracked_run(name, {}, tags, parent_id) as run_id:
            yield run_id
    else:
        with tracked_run(name, params, tags, parent_id) as run_id:
            yield run_id


def _exists(run_id: str) -> bool:
    try:
        stage = mlflow.MlflowClient().get_run(run_id).info.lifecycle_stage
    except MlflowException:
        return False
    if stage == LifecycleStage.DELETED:
        raise TrackingError(
            f"the study's run {run_id} was deleted in MLflow: bring it back with "
            f"'mlflow runs restore --run-id {run_id}', or choose another name with study=NAME"
        )
    return True


def _require_new(name: str) -> None:
    with tracking_errors():
        known = mlflow.search_runs(
            search_all_experiments=True,
            filter_string=f"tags.role = '{TRIAL_ROLE}' and tags.study = '{name}'",
            output_format="list",
            max_results=1,
        )
    if known:
        raise TrackingError(
            f"MLflow has a study '{name}' already, which another Optuna storage holds: set "
            "OPTUNA_STORAGE to that one, or choose another name with study=NAME"
        )


class TrialLog:
    """Writes the trials of a study into MLflow, each once.

    Args:
        parent_id: the study's parent run.
        lock: one process writes at a time: several commands may work at one study.

    Raises:
        TrackingError: the store failed; so do the methods.
    """

    def __init__(
        self,
        parent_id: str,
        config: SearchConfig,
        dataset: Dataset,
        lock: AbstractContextManager,
    ):
        self.parent_id = parent_id
        self.lock = lock
        self.config = config
        self.client = mlflow.MlflowClient()
        entity = mlflow_dataset(dataset)._to_mlflow_entity()
        self.dataset = DatasetInput(entity, [InputTag("mlflow.data.context", "training")])
        self.dataset_name = dataset.name
        with tracking_errors(), self.lock:
            self.experiment_id = self.client.get_run(parent_id).info.experiment_id
            self.run_ids = self._logged()

    def _logged(self, condition: str = "") -> dict[int, str]:
        """Run id of every trial that was written to its end."""
        found: dict[int, str] = {}
        runs = mlflow.search_runs(
            [self.experiment_id],
            filter_string=(
                f"tags.role = '{TRIAL_ROLE}' and tags.`{PARENT_TAG}` = '{self.parent_id}'"
                f"{condition}"
            ),
            output_format="list",
        )
        for run in runs:
            assert isinstance(run, Run)
            if run.info.status == "RUNNING":  # its writer was killed in the middle
                self.client.delete_run(run.info.run_id)
            else:
                found[int(run.data.tags["trial_number"])] = run.info.run_id
        return found

    def write(self, trials: Sequence[TrialRecord]) -> list[TrialRecord]:
        """Write those that are not there yet, and return them."""
        new = [trial for trial in trials if trial.number not in self.run_ids]
        if new:
            with tracking_errors(), self.lock:
                for trial in new:
                    # Another command on the same study may have written it by now.
                    found = self._logged(f" and tags.trial_number = '{trial.number}'")
                    self.run_ids[trial.number] = found.get(trial.number) or self._write(trial)
        return new

    def _write(self, trial: TrialRecord) -> str:
        completed = _milliseconds(trial.completed)
        run_id = self.client.create_run(
            self.experiment_id,
            start_time=_milliseconds(trial.started),
            run_name=f"trial {trial.number}: {trial.architecture}",
            tags=self._tags(trial),
        ).info.run_id
        params = [Param(name, str(value)) for name, value in self._params(trial).items()]
        self.client.log_batch(run_id, _metrics(trial, completed), params)
        self.client.log_inputs(run_id, [self.dataset])
        status = RunStatus.FAILED if trial.error else RunStatus.FINISHED
        self.client.set_terminated(run_id, RunStatus.to_string(status), completed)
        return run_id

    def _tags(self, trial: TrialRecord) -> dict[str, str]:
        return {
            PARENT_TAG: self.parent_id,
            "role": TRIAL_ROLE,
            "study": self.config.study,
            "trial_number": str(trial.number),
            "architecture": trial.architecture,
            "dataset": self.dataset_name,
            "full_length": _text(trial.at(self.config.epochs) is not None),
            "audited": _text(trial.audited),
            **({"precision": trial.rungs[-1].precision} if trial.rungs else {}),
            **({"error": trial.error} if trial.error else {}),
        }

    def _params(self, trial: TrialRecord) -> dict[str, Any]:
        return {
            "model": trial.architecture,
            "epochs": trial.rungs[-1].epochs if trial.rungs else self.config.epochs,
            "batch_size": self.config.batch_size,
            "learning_rate": self.config.learning_rate,
            "seed": trial.seed,
            "precision": self.config.precision,
            "dataset": self.config.dataset,
            **trial.params,
        }

    def tag_front(self, standings: Mapping[int, Standing]) -> None:
        """Tags ``on_front`` and ``dominated_by`` (a trial number) of the study's trials."""
        with tracking_errors():
            for number, standing in standings.items():
                by = "" if standing.dominated_by is None else str(standing.dominated_by)
                tags = [RunTag("on_front", _text(standing.on_front)), RunTag("dominated_by", by)]
                self.client.log_batch(self.run_ids[number], tags=tags)


def _metrics(trial: TrialRecord, timestamp: int) -> list[Metric]:
    values = [Metric(name, value, timestamp, 0) for name, value in trial.costs.items()]
    seconds = (trial.completed - trial.started).total_seconds()
    values.append(Metric("trial_seconds", seconds, timestamp, 0))
    for rung in trial.rungs:
        values.append(Metric("rung_val_accuracy", rung.val_accuracy, timestamp, rung.epochs))
    if trial.rungs:
        last = trial.rungs[-1]
        values.append(Metric("train_seconds", last.train_seconds, timestamp, 0))
        for name, curve in last.curve.items():
            values += [Metric(name, y, timestamp, epoch) for epoch, y in enumerate(curve, start=1)]
    return values


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _text(yes: bool) -> str:
    return str(yes).lower()
