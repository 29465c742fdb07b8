"""A trial in the hands of this process."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import optuna
from optuna.trial import Trial, TrialState

from mnist_tradeoff.architecture.notation import Architecture
from mnist_tradeoff.search.given import proposed
from mnist_tradeoff.search.identity import CODE
from mnist_tradeoff.search.proposals import Space
from mnist_tradeoff.search.records import record
from mnist_tradeoff.search.sampler import seeds_of
from mnist_tradeoff.search.successive_halving import Rung, TrialRecord


class RunningTrial:
    """A trial that this process has taken: what it proposes and what becomes of it.

    Raises:
        ProposalError: what was given for it is no point of the space.
    """

    def __init__(
        self,
        study: optuna.Study,
        space: Space,
        study_seed: int,
        code: str,
        trial: Trial,
        give_back: Callable[[Trial], None],
        now: Callable[[], float],
    ):
        self.study = study
        self.trial = trial
        self.give_back = give_back
        self.now = now
        self.number = trial.number
        self.seed, _, self.audit_seed = seeds_of(study_seed, trial.number)
        self.proposal = proposed(space, trial, self._given())
        self._forget_other_code(code)
        trial.set_user_attr("architecture", str(self.architecture))
        trial.set_user_attr("seed", self.seed)
        if self.proposal.overrides:
            trial.set_user_attr("overrides", dict(self.proposal.overrides))

    def _forget_other_code(self, code: str) -> None:
        """Of what another version of the code, or another program, has left nothing is kept."""
        if self.trial.user_attrs.get(CODE) != code:
            for name, nothing in {"rungs": [], "costs": {}, "deaths": 0}.items():
                if name in self.trial.user_attrs:
                    self.trial.set_user_attr(name, nothing)
            self.trial.set_user_attr(CODE, code)

    def _given(self) -> dict[str, Any]:
        """Parameters that it must have, from ``enqueue_trial``."""
        trial = self.study.get_trials(deepcopy=False)[self.number]
        return trial.system_attrs.get("fixed_params", {})

    @property
    def architecture(self) -> Architecture:
        """What it proposes to train."""
        return self.proposal.architecture

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
        return record(self.study.get_trials(deepcopy=False)[self.number])

    def audit(self) -> None:
        """Note that it was to be stopped and goes on as a sample."""
        self.trial.set_user_attr("audited", True)

    def finish(self, values: Sequence[float]) -> None:
        """Tell its objectives: val_accuracy, then the costs."""
        self._tell(values)

    def reject(self) -> None:
        """End it untrained, over budget: the sampler learns that it is infeasible."""
        self._tell(state=TrialState.PRUNED)

    def fail(self, reason: str) -> None:
        """End it, because its training diverged."""
        self.trial.set_user_attr("error", reason)
        self._tell(state=TrialState.FAIL)

    def _tell(self, values: Sequence[float] | None = None, state: TrialState | None = None) -> None:
        # Told already, if the storage went away before it answered, or if this process was taken
        # for dead and another one took the trial up.
        if self._state() == TrialState.WAITING:  # nobody did: it tells what is kept of this one
            return
        self.study.tell(self.trial, values, state, skip_if_finished=True)

    def _state(self) -> TrialState:
        return self.study.get_trials(deepcopy=False)[self.number].state

    def release(self) -> None:
        """Let it wait again, because this process will not finish it."""
        self.give_back(self.trial)

    def beat(self) -> None:
        """Tell other hosts that this process is alive."""
        self.trial.set_user_attr("beat", self.now())
