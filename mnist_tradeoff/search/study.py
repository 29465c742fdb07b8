"""The Optuna study: what is proposed, and who takes which trial.

Trials are asked for and told one by one, so that a trial which a killed process left RUNNING can
wait again, keep its number, and be taken up by the next one.
"""

import functools
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from mnist_tradeoff.architecture.layers import REFERENCES
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.sampler import choose_sampler, seeds_of
from mnist_tradeoff.search.spaces import SearchSpace
from mnist_tradeoff.search.storage import (
    LOCK_SECONDS,
    StudyError,
    experimental,
    is_new,
    open_storage,
    storage_address,
    study_errors,
)
from mnist_tradeoff.search.successive_halving import Rung, TrialRecord
from mnist_tradeoff.system.processes import BEAT_SECONDS, is_dead, parent_owner, this_owner
from mnist_tradeoff.system.redaction import redact

IDENTITY = "identity"
AlreadyFinished = optuna.exceptions.UpdateFinishedTrialError
MIN_TRIALS_FOR_IMPORTANCES = 10
# A trial whose process was killed comes back so often.
MAX_RETRIES = 2
MAX_CLOCK_SECONDS = 60
ENDED = (TrialState.COMPLETE, TrialState.FAIL)
# Proposals that are refused untrained cost milliseconds; so many in a row will not end well.
MAX_REFUSALS_IN_A_ROW = 2_000

optuna.logging.set_verbosity(optuna.logging.ERROR)


def study_names(folder: Path) -> list[str]:
    """Studies of this project in the storage.

    Raises:
        StudyError: the storage cannot be used.
    """
    if is_new(folder):
        return []
    with study_errors():
        storage = open_storage(folder).optuna
        summaries = optuna.get_all_study_summaries(storage)
    return [summary.study_name for summary in summaries if IDENTITY in summary.user_attrs]


def describe_storage(folder: Path) -> str:
    """The storage's address, without its password, and its studies.

    Raises:
        StudyError: it cannot be used, or its clock is another than this machine's: beats would
            be misread.
    """
    names = study_names(folder)
    if is_new(folder):
        return f"{storage_address(folder)}, to be made by the first search"
    with study_errors():
        ahead = open_storage(folder).seconds_ahead()
    if abs(ahead) > MAX_CLOCK_SECONDS:
        raise StudyError(
            f"the storage's clock is {ahead:+.0f} seconds from this machine's: set both by NTP"
        )
    return f"{redact(storage_address(folder))}, studies: {', '.join(names) or 'none'}"


def serve(folder: Path, host: str, port: int) -> None:
    """Serve the storage over Optuna's gRPC proxy until a signal comes.

    Raises:
        StudyError: the storage cannot be used.
    """
    with study_errors(), experimental():
        storage = open_storage(folder).optuna
        optuna.storages.run_grpc_proxy_server(storage, host=host, port=port)


class Study:
    """A study of this search: Optuna's, with the rules of who may take a trial.

    Args:
        config: its name, objectives, seed and budgets.
        dataset: name and digest of the data, part of the study's identity.
        folder: where the journal is, unless OPTUNA_STORAGE names another storage.
        wait: whether a database that is away is waited for from the start.

    Raises:
        StudyError: the storage cannot be used, or a study of that name is another one; the first
            difference is named.
    """

    def __init__(self, config: SearchConfig, dataset: str, folder: Path, wait: bool = False):
        self.config = config
        self.space = SearchSpace()
        with study_errors():
            self.storage = open_storage(folder, wait)
            with self.lock("create"):
                self.optuna = self._create()
                self._identify(dataset)

    @classmethod
    def load(cls, name: str, folder: Path) -> "Study":
        """A study as it was made; ``trials`` of its config are those that it has.

        Raises:
            StudyError: there is none of that name, or the storage cannot be used.
        """
        with study_errors():
            storage = open_storage(folder).optuna
            if name not in optuna.get_all_study_names(storage):
                raise StudyError(f"there is no study '{name}' here: run the entry point search")
            found = optuna.load_study(study_name=name, storage=storage)
            if IDENTITY not in found.user_attrs:
                raise StudyError(f"study '{name}' was not made by this project, or not to the end")
            recipe = {**found.user_attrs[IDENTITY]}
            dataset = recipe.pop("data")
            del recipe["space"]
            trials = len(found.get_trials(deepcopy=False, states=ENDED))
        return cls(SearchConfig(**recipe, study=name, trials=max(1, trials)), dataset, folder)

    @property
    def dataset(self) -> str:
        """Name and digest of its data."""
        return self.optuna.user_attrs[IDENTITY]["data"]

    def lock(self, purpose: str, seconds: float = LOCK_SECONDS) -> AbstractContextManager:
        """A lock that one of the study's processes holds at a time; at most so long waited for."""
        return self.storage.lock(f"{self.config.study}.{purpose}", seconds)

    def _create(self) -> optuna.Study:
        directions = [StudyDirection.MAXIMIZE]
        directions += [StudyDirection.MINIMIZE] * len(self.config.costs)
        create = functools.partial(
            optuna.create_study,
            storage=self.storage.optuna,
            study_name=self.config.study,
            sampler=choose_sampler(self.config, self.space),
            directions=directions,
        )
        try:
            study = create()
        except optuna.exceptions.DuplicatedStudyError:
            study = create(load_if_exists=True)
            self._wait_for_its_maker(study)
        # Optuna takes other objectives without a word. A start that was killed may have left
        # proposals that wait.
        is_new = all(trial.state == TrialState.WAITING for trial in study.trials)
        if IDENTITY not in study.user_attrs and not (study.directions == directions and is_new):
            raise StudyError(
                f"study '{self.config.study}' was not made by this project: "
                "choose another name with study=NAME"
            )
        return study

    def _wait_for_its_maker(self, study: optuna.Study) -> None:
        """Where there is no lock, another process may be about to write what the study is."""
        waited = 0.0
        while not self.storage.has_lock and IDENTITY not in study.user_attrs and waited < 10:
            time.sleep(0.2)
            waited += 0.2

    def _identify(self, dataset: str) -> None:
        wanted = identity(self.config, self.space, dataset)
        found = self.optuna.user_attrs.get(IDENTITY)
        if found is None:
            with experimental():
                self.optuna.set_metric_names(["val_accuracy", *self.config.costs])
            for reference in REFERENCES.values():
                with suppress(ValueError):  # the ann is no point of the space
                    params = self.space.params(reference.architecture)
                    self.optuna.enqueue_trial(params, skip_if_exists=True)
            # Last, so that a start which is killed before is done again.
            self.optuna.set_user_attr(IDENTITY, wanted)
            return
        for name, value in wanted.items():
            if found.get(name) != value:
                raise StudyError(
                    f"study '{self.config.study}' was made with {name}={found.get(name)}, not "
                    f"{value}: go on with that, or choose another name with study=NAME"
                )

    def release_abandoned(self, count_deaths: bool = True) -> int:
        """Let the trials of dead processes wait again, with their numbers and parameters.

        A trial that came back twice fails at its third death: it may be what kills its processes.

        Args:
            count_deaths: False where this command itself has stopped its workers.

        Returns:
            how many there were.
        """
        with study_errors(), self.lock("take"):
            running = self._trials(TrialState.RUNNING)
            abandoned = [trial for trial in running if self._is_abandoned(trial)]
            for trial in abandoned:
                # One that has no costs yet has hardly begun.
                self._let_wait(trial, count_deaths and "costs" in trial.user_attrs)
        return len(abandoned)

    def _let_wait(self, trial: FrozenTrial, died: bool) -> None:
        storage, trial_id = self.storage.optuna, trial._trial_id
        deaths = trial.user_attrs.get("deaths", 0) + died
        with suppress(AlreadyFinished):  # its owner was alive after all
            if died:
                storage.set_trial_user_attr(trial_id, "deaths", deaths)
            if deaths > MAX_RETRIES:
                error = f"its process was killed {deaths} times"
                storage.set_trial_user_attr(trial_id, "error", error)
                storage.set_trial_state_values(trial_id, TrialState.FAIL)
            else:
                storage.set_trial_state_values(trial_id, TrialState.WAITING)

    def give_back(self, trial: Trial | FrozenTrial) -> None:
        """Let a running trial wait again."""
        with suppress(AlreadyFinished):
            self.storage.optuna.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def running(self) -> int:
        """How many trials run, in this command or in another one."""
        with study_errors():
            trials = self._trials(TrialState.RUNNING)
        return sum(not self._is_abandoned(trial) for trial in trials)

    def _is_abandoned(self, trial: FrozenTrial) -> bool:
        """Whether nobody works at a running trial.

        One without an owner was taken by a process that was killed at that moment; where there is
        no lock, it may be about to name itself.
        """
        owner = trial.user_attrs.get("owner")
        if owner is not None:
            return is_dead(owner, trial.user_attrs.get("beat"))
        assert trial.datetime_start is not None
        age = datetime.now() - trial.datetime_start
        return self.storage.has_lock or age > timedelta(seconds=BEAT_SECONDS)

    def missing(self) -> int:
        """How many trials are missing for the total, those that wait or run included."""
        with study_errors():
            return max(0, self.config.trials - len(self._trials(*ENDED)))

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self.optuna.get_trials(deepcopy=False, states=states)

    def take(self) -> "RunningTrial | None":
        """The next trial for this process, or None when the total is reached."""
        with study_errors():
            with self.lock("take"):
                if len(self._trials(*ENDED, TrialState.RUNNING)) >= self.config.trials:
                    return None
                trial = self.optuna.ask()
                # Before the owner: one on another host without a beat would never be given up.
                trial.set_user_attr("beat", time.time())
                trial.set_user_attr("owner", this_owner())
                if not self.storage.has_lock and self._is_surplus(trial.number):
                    self.give_back(trial)
                    return None
            trial.set_user_attr("command", parent_owner())
            return RunningTrial(self, trial)

    def _is_surplus(self, number: int) -> bool:
        """Whether the trials before this one make the total: without a lock, two may be the last.

        What is given back waits for a larger total.
        """
        before = self.optuna.get_trials(deepcopy=False)[:number]
        refused = sum(trial.state == TrialState.PRUNED for trial in before)
        return number - refused >= self.config.trials

    def require_feasible_proposals(self) -> None:
        """Stop where proposals over budget do not end.

        Raises:
            StudyError: the last 2,000 were refused.
        """
        last = self.optuna.get_trials(deepcopy=False)[-MAX_REFUSALS_IN_A_ROW:]
        refused = sum(trial.state == TrialState.PRUNED for trial in last)
        if refused == MAX_REFUSALS_IN_A_ROW:
            raise StudyError(
                f"{refused:,} proposals in a row were over budget: raise it, under another name "
                "with study=NAME"
            )

    def finished(self) -> list[TrialRecord]:
        """All trials that were trained to an end, or diverged, by number."""
        with study_errors():
            trials = self._trials(*ENDED)
        return [_record(trial) for trial in trials if "costs" in trial.user_attrs]

    def refused(self) -> int:
        """How many proposals were over budget."""
        with study_errors():
            return len(self._trials(TrialState.PRUNED))

    @property
    def parent_run_id(self) -> str | None:
        """The MLflow run that this study's trials are the children of."""
        return self.optuna.user_attrs.get("mlflow_run_id")

    @parent_run_id.setter
    def parent_run_id(self, run_id: str) -> None:
        with study_errors():
            self.optuna.set_user_attr("mlflow_run_id", run_id)

    @property
    def report_time(self) -> float:
        """When the last whole report was written, in seconds of ``time.time``; 0: never."""
        return self.optuna.user_attrs.get("report_time", 0.0)

    @report_time.setter
    def report_time(self, seconds: float) -> None:
        with study_errors():
            self.optuna.set_user_attr("report_time", seconds)

    @property
    def reference_costs(self) -> dict[str, dict[str, float]]:
        """Costs of the four references by name; empty until they are set."""
        return self.optuna.user_attrs.get("reference_costs", {})

    @reference_costs.setter
    def reference_costs(self, costs: Mapping[str, Mapping[str, float]]) -> None:
        with study_errors():
            self.optuna.set_user_attr("reference_costs", costs)

    def importances(self) -> dict[str, dict[str, float]]:
        """By objective: how much each parameter matters, of those that all trials have (fANOVA).

        Empty while there are too few trials.
        """
        names = ["val_accuracy", *self.config.costs]
        if len(self._trials(TrialState.COMPLETE)) < MIN_TRIALS_FOR_IMPORTANCES:
            return {}
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        return {
            name: optuna.importance.get_param_importances(
                self.optuna, evaluator=evaluator, target=lambda t, i=i: t.values[i]
            )
            for i, name in enumerate(names)
        }


def identity(config: SearchConfig, space: SearchSpace, dataset: str) -> dict[str, Any]:
    """What must be equal for a study to be gone on with; a plain JSON value each."""
    recipe = asdict(config)
    for name in ("study", "trials", "workers", "timeout", "seeds", "dataset"):
        del recipe[name]
    return {**recipe, "data": dataset, "space": space.describe()}


class RunningTrial:
    """A trial that this process has taken: what it proposes and what becomes of it."""

    def __init__(self, study: Study, trial: Trial):
        self.study = study
        self.trial = trial
        self.number = trial.number
        self.seed, _, self.audit_seed = seeds_of(study.config.seed, trial.number)
        self.architecture = study.space.suggest(trial)
        trial.set_user_attr("architecture", str(self.architecture))
        trial.set_user_attr("seed", self.seed)

    def keeps_budgets(self, excesses: Mapping[str, float]) -> bool:
        """Whether no constraint is above 0; Optuna is told them."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are set already, if the trial was taken up again
            for name, excess in excesses.items():
                self.trial.set_constraint(name, excess)
        return all(excess <= 0 for excess in excesses.values())

    @property
    def rungs(self) -> list[Rung]:
        """The trainings that it has behind it, the shortest first."""
        return [Rung(**values) for values in self.trial.user_attrs.get("rungs", [])]

    def add_rung(self, rung: Rung) -> None:
        """Keep a training, so that an interruption does not lose it."""
        self.trial.set_user_attr("rungs", [*map(asdict, self.rungs), asdict(rung)])

    @property
    def costs(self) -> dict[str, float]:
        """The costs that are known; measured ones are kept over an interruption."""
        return self.trial.user_attrs.get("costs", {})

    @costs.setter
    def costs(self, costs: Mapping[str, float]) -> None:
        self.trial.set_user_attr("costs", dict(costs))

    def record(self) -> TrialRecord:
        """What is known about it so far."""
        return _record(self.study.optuna.get_trials(deepcopy=False)[self.number])

    def audit(self) -> None:
        """Note that it was to be stopped and goes on as a sample."""
        self.trial.set_user_attr("audited", True)

    def finish(self, values: Sequence[float]) -> None:
        """Tell its objectives: val_accuracy, then the costs."""
        self._tell(values)

    def refuse(self) -> None:
        """End it untrained, over budget: the sampler learns that it is infeasible."""
        self._tell(state=TrialState.PRUNED)

    def fail(self, reason: str) -> None:
        """End it, because its training diverged."""
        self.trial.set_user_attr("error", reason)
        self._tell(state=TrialState.FAIL)

    def _tell(self, values: Sequence[float] | None = None, state: TrialState | None = None) -> None:
        # Told already, if the storage went away before it answered, or if this process was taken
        # for dead and another one took the trial up.
        self.study.optuna.tell(self.trial, values, state, skip_if_finished=True)

    def release(self) -> None:
        """Let it wait again, because this process will not finish it."""
        self.study.give_back(self.trial)

    def beat(self) -> None:
        """Tell other hosts that this process is alive."""
        self.trial.set_user_attr("beat", time.time())


def _record(trial: FrozenTrial) -> TrialRecord:
    assert trial.datetime_start is not None
    return TrialRecord(
        number=trial.number,
        architecture=trial.user_attrs["architecture"],
        params=trial.params,
        seed=trial.user_attrs["seed"],
        costs=trial.user_attrs["costs"],
        rungs=[Rung(**values) for values in trial.user_attrs.get("rungs", [])],
        audited=trial.user_attrs.get("audited", False),
        error=trial.user_attrs.get("error", ""),
        started=trial.datetime_start,
        completed=trial.datetime_complete or datetime.now(),
        command=trial.user_attrs.get("command", ""),
    )
