"""The Optuna study: what is proposed, and who takes which trial.

Trials are asked for and told one by one, so that a trial which a killed process left RUNNING can
wait again, keep its number, and be taken up by the next one.
"""

import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from mnist_tradeoff.architectures import REFERENCES
from mnist_tradeoff.config import SearchConfig
from mnist_tradeoff.ladder import Rung, TrialRecord
from mnist_tradeoff.processes import is_dead, this_owner
from mnist_tradeoff.search_space import SearchSpace
from mnist_tradeoff.storage import StudyError, open_storage, study_errors

IDENTITY = "identity"
MIN_TRIALS_FOR_IMPORTANCES = 10
ENDED = (TrialState.COMPLETE, TrialState.FAIL)
# Proposals that are refused untrained cost milliseconds; so many in a row will not end well.
MAX_REFUSALS_IN_A_ROW = 2_000

optuna.logging.set_verbosity(optuna.logging.ERROR)


def seeds_of(study_seed: int, number: int) -> tuple[int, int, int]:
    """Seeds of a trial's training, proposal and audit: they depend on nothing else."""
    training, proposal, audit = np.random.SeedSequence([study_seed, number]).generate_state(3) >> 1
    return int(training), int(proposal), int(audit)


class Sampler(BaseSampler):
    """Optuna's TPE, started anew for each trial from the study's seed and the trial's number.

    Optuna does not store the state of its random numbers: a study that went on after an
    interruption would otherwise propose something else than an undisturbed one.
    """

    def __init__(self, seed: int):
        self.seed = seed
        self.tpe = TPESampler()

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:  # noqa: ARG002
        with _experimental():
            self.tpe = TPESampler(
                seed=seeds_of(self.seed, trial.number)[1],
                multivariate=True,
                group=True,  # some parameters exist in some proposals only
            )

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self.tpe.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self.tpe.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self.tpe.sample_independent(study, trial, param_name, param_distribution)


def _experimental() -> warnings.catch_warnings:
    """Optuna's warning that a feature may change: the version is pinned here."""
    category = optuna.exceptions.ExperimentalWarning
    return warnings.catch_warnings(action="ignore", category=category)


class Study:
    """A study of this search: Optuna's, with the rules of who may take a trial.

    Args:
        config: its name, objectives, seed and budgets.
        dataset: name and digest of the data, part of the study's identity.
        folder: where the journal is, unless OPTUNA_STORAGE names another storage.

    Raises:
        StudyError: the storage cannot be used, or a study of that name is another one; the first
            difference is named.
    """

    def __init__(self, config: SearchConfig, dataset: str, folder: Path):
        self.config = config
        self.space = SearchSpace()
        with study_errors():
            self.storage, self.lock = open_storage(folder)
            with self.lock:
                self.optuna = self._create()
                self._identify(dataset)

    def _create(self) -> optuna.Study:
        directions = [StudyDirection.MAXIMIZE]
        directions += [StudyDirection.MINIMIZE] * len(self.config.costs)
        study = optuna.create_study(
            storage=self.storage,
            study_name=self.config.study,
            sampler=Sampler(self.config.seed),
            directions=directions,
            load_if_exists=True,
        )
        # Optuna takes other objectives without a word. A start that was killed may have left
        # proposals that wait.
        is_new = all(trial.state == TrialState.WAITING for trial in study.trials)
        if IDENTITY not in study.user_attrs and not (study.directions == directions and is_new):
            raise StudyError(
                f"study '{self.config.study}' was not made by this project: "
                "choose another name with study=NAME"
            )
        return study

    def _identify(self, dataset: str) -> None:
        wanted = identity(self.config, self.space, dataset)
        found = self.optuna.user_attrs.get(IDENTITY)
        if found is None:
            with _experimental():
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

    def release_abandoned(self) -> None:
        """Let the trials of dead processes wait again, with their numbers and parameters."""
        with study_errors(), self.lock:
            for trial in self._trials(TrialState.RUNNING):
                owner = trial.user_attrs.get("owner")
                if owner is None or is_dead(owner):
                    self.let_wait(trial._trial_id)

    def let_wait(self, trial_id: int) -> None:
        """Give a running trial back."""
        self.storage.set_trial_state_values(trial_id, TrialState.WAITING)

    def missing(self) -> int:
        """How many trials are missing for the total, those that wait or run included."""
        with study_errors():
            return max(0, self.config.trials - len(self._trials(*ENDED)))

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self.optuna.get_trials(deepcopy=False, states=states)

    def take(self) -> "RunningTrial | None":
        """The next trial for this process, or None when the total is reached."""
        with study_errors(), self.lock:
            if len(self._trials(*ENDED, TrialState.RUNNING)) >= self.config.trials:
                return None
            trial = self.optuna.ask()
            trial.set_user_attr("owner", this_owner())
            return RunningTrial(self, trial)

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
        self.study.optuna.tell(self.trial, values)

    def refuse(self) -> None:
        """End it untrained, over budget: the sampler learns that it is infeasible."""
        self.study.optuna.tell(self.trial, state=TrialState.PRUNED)

    def fail(self, reason: str) -> None:
        """End it, because its training diverged."""
        self.trial.set_user_attr("error", reason)
        self.study.optuna.tell(self.trial, state=TrialState.FAIL)

    def release(self) -> None:
        """Let it wait again, because this process will not finish it."""
        self.study.let_wait(self.trial._trial_id)


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
    )
