"""The Optuna study: what is proposed, and who takes which trial.

Trials are asked for and told one by one, so that a trial which a killed process left RUNNING can
wait again, keep its number, and be taken up by the next one.
"""

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.search.abandoned import AlreadyFinished, is_abandoned, let_wait
from mnist_tradeoff.search.config import SearchConfig, require_budgets
from mnist_tradeoff.search.given import ProposalError
from mnist_tradeoff.search.identity import IDENTITY, stored
from mnist_tradeoff.search.opening import open_study
from mnist_tradeoff.search.records import Records, is_own_rejected, is_own_running
from mnist_tradeoff.search.running_trial import RunningTrial
from mnist_tradeoff.search.spaces import space_named
from mnist_tradeoff.search.storage import Storage, StudyError, open_storage, study_errors
from mnist_tradeoff.search.successive_halving import TrialRecord
from mnist_tradeoff.system.processes import parent_owner, this_owner
from mnist_tradeoff.training.fingerprint import code_version

ENDED = (TrialState.COMPLETE, TrialState.FAIL)
# Proposals that are rejected untrained cost milliseconds; so many in a row will not end well.
MAX_REJECTIONS_IN_A_ROW = 2_000

optuna.logging.set_verbosity(optuna.logging.ERROR)


class Study:
    """A study of this search: Optuna's, with the rules of who may take a trial.

    Args:
        config: its name, objectives, seed and budgets.
        dataset: name and digest of the data, part of the study's identity.
        task: what the data ask for, another part of it.
        folder: where the journal is, unless OPTUNA_STORAGE names another storage.
        wait: whether a database that is away is waited for from the start.
        code: version of the code that its trials are of; empty: an older version did not say it.
        storage: the one in that folder, where it is open already: a long journal is read once.

    Raises:
        StudyError: the storage cannot be used, or a study of that name is another one; the first
            difference is named.
        ValueError: a budget that no proposal keeps.
    """

    def __init__(
        self,
        config: SearchConfig,
        dataset: str,
        task: Task,
        folder: Path,
        wait: bool = False,
        code: str | None = None,
        storage: Storage | None = None,
    ):
        self.config, self.task = config, task
        require_budgets(config, task)
        self.code = code_version() if code is None else code
        self.space = space_named(config.space).fitted(task)
        self._records = Records(self.code, self.task)
        with study_errors():
            self.storage = storage or open_storage(folder, wait)
            with self.lock("create"):
                self.optuna = open_study(self.storage, config, dataset, task, self.code)

    @classmethod
    def load(cls, name: str, folder: Path) -> "Study":
        """A study as it was made, by whatever code; ``trials`` of its config are those it has.

        Raises:
            StudyError: there is none of that name, or the storage cannot be used.
        """
        with study_errors():
            storage = open_storage(folder)
            if name not in optuna.get_all_study_names(storage.optuna):
                raise StudyError(f"there is no study '{name}' here: run the entry point search")
            found = optuna.load_study(study_name=name, storage=storage.optuna)
            if IDENTITY not in found.user_attrs:
                raise StudyError(f"study '{name}' was not made by this project, or not to the end")
            try:
                known = stored(found.user_attrs[IDENTITY])
            except ValueError as error:
                raise StudyError(f"study '{name}' cannot be read ({error})") from None
        config = SearchConfig(**known.settings, study=name, trials=1)
        study = cls(config, known.dataset, known.task, folder, code=known.code, storage=storage)
        study.config = replace(config, trials=max(1, len(study.finished())))
        return study

    @property
    def dataset(self) -> str:
        """Name and digest of its data."""
        return self.optuna.user_attrs[IDENTITY]["data"]

    def lock(self, purpose: str) -> AbstractContextManager:
        """A lock that one of the study's processes holds at a time; waited for without an end."""
        return self.storage.lock(f"{self.config.study}.{purpose}")

    def release_abandoned(self, count_deaths: bool = True) -> int:
        """Let the trials of dead processes wait again, with their numbers and parameters.

        A trial that came back twice fails at its third death: it may be what kills its processes.

        Args:
            count_deaths: False where this command itself has stopped its workers.

        Returns:
            how many there were.
        """
        with study_errors(), self.lock("take"):
            abandoned = [
                trial for trial in self._own_running() if is_abandoned(trial, self.storage)
            ]
            for trial in abandoned:
                # One that has no costs yet has hardly begun.
                let_wait(trial, self.storage, count_deaths and "costs" in trial.user_attrs)
        return len(abandoned)

    def give_back(self, trial: Trial | FrozenTrial) -> None:
        """Let a running trial wait again."""
        with suppress(AlreadyFinished):
            self.storage.optuna.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def running(self) -> int:
        """How many trials run, in this command or in another one."""
        return len(self.running_architectures())

    def running_architectures(self) -> list[str]:
        """The notation of each trial that runs, in this command or in another one."""
        with study_errors():
            trials = self._own_running()
        return [
            trial.user_attrs.get("architecture", f"trial {trial.number}")
            for trial in trials
            if not is_abandoned(trial, self.storage)
        ]

    def _own_running(self) -> list[FrozenTrial]:
        return [trial for trial in self._trials(TrialState.RUNNING) if is_own_running(trial)]

    def missing(self) -> int:
        """How many trials are missing for the total, those that wait or run included."""
        return max(0, self.config.trials - len(self.finished()))

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self.optuna.get_trials(deepcopy=False, states=states or None)

    def take(self) -> RunningTrial | None:
        """The next trial for this process, or None when the total is reached.

        Only the number is taken under the lock: what a trial proposes depends on its number and on
        what is known, and takes a second where thousands are known.
        """
        with study_errors():
            taken = None
            while taken is None:
                self.finished()  # what others wrote is read before the lock, and only once
                with self.lock("take"):
                    trial = self._take()
                if trial is None:
                    return None
                taken = self._begin(trial)
            return taken

    def _begin(self, trial: Trial) -> RunningTrial | None:
        """The trial with its proposal; None where it was given parameters that are none."""
        try:
            trial.set_user_attr("command", parent_owner())
            rest = (self.config.seed, self.code, trial, self.give_back, self.storage.now)
            return RunningTrial(self.optuna, self.space, *rest)
        except ProposalError as error:
            self._fail(trial, str(error))
            return None
        except ValueError as error:
            self.give_back(trial)
            raise StudyError(
                f"no trial of study '{self.config.study}' can be proposed ({error}): if another "
                "program writes into it, choose another name with study=NAME"
            ) from error
        except BaseException:
            self.give_back(trial)
            raise

    def _fail(self, trial: Trial, reason: str) -> None:
        """End a trial that was enqueued with what is no proposal; the study goes on."""
        trial.set_user_attr("error", reason)
        self.optuna.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        what = f"trial {trial.number} of study '{self.config.study}' cannot be proposed: {reason}"
        print(f"{what}; it does not count", file=sys.stderr, flush=True)

    def _take(self) -> Trial | None:
        if len(self.finished()) + len(self._own_running()) >= self.config.trials:
            return None
        trial = self.optuna.ask()
        # Before the owner: one on another host without a beat would never be given up.
        trial.set_user_attr("beat", self.storage.now())
        trial.set_user_attr("owner", this_owner())
        if self.storage.has_lock or not self._is_surplus(trial.number):
            return trial
        self.give_back(trial)
        return None

    def _is_surplus(self, number: int) -> bool:
        """Whether the trials before this one make the total: without a lock, two may be the last.

        What is given back waits for a larger total.
        """
        self.finished()
        before = self._trials()[:number]
        return sum(map(self._records.counts, before)) >= self.config.trials

    def require_feasible_proposals(self) -> None:
        """Stop where proposals over budget do not end.

        Raises:
            StudyError: the last 2,000 were rejected.
        """
        last = self.optuna.get_trials(deepcopy=False)[-MAX_REJECTIONS_IN_A_ROW:]
        rejected = sum(map(is_own_rejected, last))
        if rejected == MAX_REJECTIONS_IN_A_ROW:
            raise StudyError(
                f"{rejected:,} proposals in a row were over budget: raise it, under another name "
                "with study=NAME"
            )

    def finished(self) -> list[TrialRecord]:
        """All trials that were trained to an end, or diverged, by number."""
        with study_errors():
            return self._records.read(self._trials(*ENDED))

    def foreign(self) -> dict[int, str]:
        """By number, the ended trials that do not count, and why.

        Another program made them, or another version of the code; or it enqueued no proposal.
        """
        self.finished()
        return dict(sorted(self._records.foreign.items()))

    def rejected(self) -> int:
        """How many proposals were over budget."""
        with study_errors():
            return sum(map(is_own_rejected, self._trials(TrialState.PRUNED)))

    @property
    def parent_run_id(self) -> str | None:
        """The MLflow run that this study's trials are the children of."""
        return self.optuna.user_attrs.get("mlflow_run_id")

    @parent_run_id.setter
    def parent_run_id(self, run_id: str) -> None:
        with study_errors():
            self.optuna.set_user_attr("mlflow_run_id", run_id)

    @property
    def wanted(self) -> dict[str, int]:
        """How many ``trials`` and ``seeds`` the last search command asked for; empty: none did."""
        return self.optuna.user_attrs.get("wanted", {})

    @wanted.setter
    def wanted(self, counts: Mapping[str, int]) -> None:
        with study_errors():
            self.optuna.set_user_attr("wanted", dict(counts))

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
