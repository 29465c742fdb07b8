"""A study in MLflow: one parent run, and a flat child for each trial, written when it has ended.

Optuna's storage is the record; what MLflow shows is made from it and can be made again.
"""

import functools
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
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
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode

from mnist_tradeoff.data.dataset import Dataset
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.results import Standing
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.successive_halving import TrialRecord
from mnist_tradeoff.system.processes import RUN_VARIABLE, this_owner
from mnist_tradeoff.system.retries import patiently
from mnist_tradeoff.system.signals import let_go
from mnist_tradeoff.tracking.runs import StatusKept, mlflow_dataset, tracked_run
from mnist_tradeoff.tracking.store import TrackingError, tracking_errors
from mnist_tradeoff.tracking.tags import (
    PARENT_TAG,
    SESSION_ROLE,
    STUDY_ROLE,
    STUDY_RUN_ID,
    TRIAL_ROLE,
    marked,
    role_of,
)

FRONT_TAGS = ("on_front", "dominated_by")
# A store that went away is asked again after so many seconds.
RETRY_SECONDS = 5
# So many trials are looked for one by one; more with all that the store has.
FEW = 20
NO_SUCH_RUN = ErrorCode.Name(RESOURCE_DOES_NOT_EXIST)


@contextmanager
def study_run(params: Mapping[str, Any], study: Study, is_end: bool = True) -> Iterator[str]:
    """The study's one parent run: gone on with, or, at the first time, begun.

    `mlflow run` opens a run of its own every time. When the study has its parent already, that one
    gets the role ``session`` and a tag with the parent's id.

    Args:
        is_end: whether the study's run ends with this; else it is left with the status that it had.

    Yields:
        the parent's id.

    Raises:
        TrackingError: the store failed, or it holds another study of this name.
    """
    name = study.config.study
    tags = {"study": name, "role": STUDY_ROLE}
    with tracking_errors(), ExitStack() as runs:
        with study.lock("parent"):  # of several commands, the first one makes it
            parent_id = study.parent_run_id
            if parent_id is None or not _exists(parent_id):
                _require_new(name)
                parent_id = None
            if parent_id and RUN_VARIABLE in os.environ:
                session = {**tags, "role": SESSION_ROLE, STUDY_RUN_ID: parent_id}
                runs.enter_context(tracked_run(f"{name} session", params, session))
                params = {}
            kept = StatusKept(parent_id) if parent_id and not is_end else None
            if kept:
                runs.callback(kept.restore)
            run_id = runs.enter_context(tracked_run(name, params, tags, parent_id))
            if kept:
                runs.callback(kept.look)
            study.parent_run_id = run_id
        yield run_id


def _exists(run_id: str) -> bool:
    try:
        stage = mlflow.MlflowClient().get_run(run_id).info.lifecycle_stage
    except MlflowException as error:
        if error.error_code != NO_SUCH_RUN:
            raise
        return False
    if stage == LifecycleStage.DELETED:
        raise TrackingError(
            f"the study's run {run_id} was deleted in MLflow: bring it back with "
            f"'mlflow runs restore --run-id {run_id}', or choose another name with study=NAME"
        )
    return True


def find_run(role: str, study: str) -> Run | None:
    """The newest run of ours with a role in a study, of whatever experiment; None: there is none.

    Raises:
        TrackingError: the store failed.
    """
    with tracking_errors():
        runs: list[Any] = mlflow.search_runs(  # pyright: ignore[reportAssignmentType]
            search_all_experiments=True,
            filter_string=f"tags.role = '{role}' and tags.study = '{study}'",
            order_by=["attributes.start_time DESC"],
            output_format="list",
        )
    return next((run for run in runs if role_of(run) == role), None)


def _is_trial(run: Run) -> bool:
    """Whether a child of a study's run is one of ours: others are neither counted nor deleted."""
    return role_of(run) == TRIAL_ROLE and run.data.tags.get("trial_number", "").isdecimal()


def _require_new(name: str) -> None:
    if find_run(TRIAL_ROLE, name):
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
        TrackingError: the store failed; so do the methods, if they do not say otherwise.
    """

    def __init__(
        self,
        parent_id: str,
        config: SearchConfig,
        dataset: Dataset,
        lock: Callable[[], AbstractContextManager],
    ):
        self.parent_id = parent_id
        self.lock = lock
        self.away_until = 0.0
        self.config = config
        self.client = mlflow.MlflowClient()
        entity = mlflow_dataset(dataset)._to_mlflow_entity()
        self.dataset = DatasetInput(entity, [InputTag("mlflow.data.context", "training")])
        self.dataset_name = dataset.name
        self.front_tags: dict[int, dict[str, str]] = {}
        with tracking_errors(), self.lock():
            self.experiment_id = self.client.get_run(parent_id).info.experiment_id
            self.run_ids = self._logged()

    def _logged(self, condition: str = "") -> dict[int, str]:
        """Run id of every trial that was written to its end."""
        found: dict[int, str] = {}
        runs: list[Any] = mlflow.search_runs(  # pyright: ignore[reportAssignmentType]
            [self.experiment_id],
            filter_string=(
                f"tags.role = '{TRIAL_ROLE}' and tags.`{PARENT_TAG}` = '{self.parent_id}'"
                f"{condition}"
            ),
            output_format="list",
        )
        for run in sorted(filter(_is_trial, runs), key=lambda run: run.info.run_id):
            number = int(run.data.tags["trial_number"])
            # Its writer was killed in the middle; or, where there is no lock, two wrote at once.
            if run.info.status == "RUNNING" or number in found:
                self.client.delete_run(run.info.run_id)
            else:
                found[number] = run.info.run_id
                tags = run.data.tags
                self.front_tags[number] = {key: tags[key] for key in FRONT_TAGS if key in tags}
        return found

    def write_own(self, trials: Sequence[TrialRecord]) -> None:
        """Write the new ones of this command's workers; that the store is away is told once."""
        if time.monotonic() < self.away_until:
            return
        try:
            self.write([trial for trial in trials if trial.command == this_owner()])
            self.away_until = 0.0
        except TrackingError as error:
            if not self.away_until:
                print(f"{error}; the trials go on, and are written later", file=sys.stderr)
            self.away_until = time.monotonic() + RETRY_SECONDS

    def write_patiently(self, trials: Sequence[TrialRecord]) -> None:
        """Write those that are not there yet; a store that is away is waited for."""
        patiently(
            functools.partial(self.write, trials),
            lambda error: isinstance(error, TrackingError),
            "the tracking store",
            RETRY_SECONDS,
        )

    def write(self, trials: Sequence[TrialRecord]) -> None:
        """Write those that are not there yet."""
        new = [trial for trial in trials if trial.number not in self.run_ids]
        if new:
            with tracking_errors(), self.lock():
                self._find(new)  # another command on the same study may have written some by now
                for trial in new:
                    if trial.number not in self.run_ids:
                        self._write(trial)
                # A request whose answer was lost is sent again by MLflow's client, and makes a
                # second run; a database that restarts gives the lock to another command.
                self._find(new)

    def _find(self, trials: Sequence[TrialRecord]) -> None:
        """Note which were written to their end; what is half-written or there twice is deleted."""
        if len(trials) > FEW:
            self.run_ids |= self._logged()
            return
        for trial in trials:
            self.run_ids |= self._logged(f" and tags.trial_number = '{trial.number}'")

    def _write(self, trial: TrialRecord) -> None:
        completed = _milliseconds(trial.completed)
        params = [Param(name, str(value)) for name, value in self._params(trial).items()]
        status = RunStatus.FAILED if trial.error else RunStatus.FINISHED
        try:
            run_id = self.client.create_run(
                self.experiment_id,
                start_time=_milliseconds(trial.started),
                run_name=f"trial {trial.number}: {trial.architecture}",
                tags=self._tags(trial),
            ).info.run_id
            self.client.log_batch(run_id, _metrics(trial, completed), params)
            self.client.log_inputs(run_id, [self.dataset])
            self.client.set_terminated(run_id, RunStatus.to_string(status), completed)
        except BaseException as error:  # Ctrl-C, the store went away: perhaps before it told the id
            let_go(error)
            with suppress(MlflowException):
                self._find([trial])
            raise

    def _tags(self, trial: TrialRecord) -> dict[str, str]:
        return {
            **marked({PARENT_TAG: self.parent_id, "role": TRIAL_ROLE}),
            "study": self.config.study,
            "trial_number": str(trial.number),
            "architecture": trial.architecture,
            "dataset": self.dataset_name,
            "full_length": _text(trial.at(self.config.epochs) is not None),
            "audited": _text(trial.audited),
            **({"precision": trial.rungs[-1].precision} if trial.rungs else {}),
            **({"error": trial.error} if trial.error else {}),
            **({"code_version": trial.code_version} if trial.code_version else {}),
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
            **trial.overrides,
        }

    def tag_front(self, standings: Mapping[int, Standing]) -> None:
        """Tags ``on_front`` and ``dominated_by`` (a trial number) of the study's trials.

        Only those that have changed are written: of thousands of trials few move.
        """
        with tracking_errors():
            for number, standing in standings.items():
                by = "" if standing.dominated_by is None else str(standing.dominated_by)
                wanted = {"on_front": _text(standing.on_front), "dominated_by": by}
                if self.front_tags.get(number) != wanted:
                    tags = [RunTag(*tag) for tag in wanted.items()]
                    self.client.log_batch(self.run_ids[number], tags=tags)
                    self.front_tags[number] = wanted


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
