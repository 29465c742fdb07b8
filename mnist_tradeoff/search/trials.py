"""What happens to a trial: check the budget, train longer and longer, tell; so to the total."""

import random
import time
from collections.abc import Callable

from mnist_tradeoff.architecture.costs import COSTS, exact_costs, excesses
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.data.dataset import Split
from mnist_tradeoff.device.convert import stop_converter
from mnist_tradeoff.device.measure import measure
from mnist_tradeoff.search.abandoned import AlreadyFinished
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.running_trial import RunningTrial
from mnist_tradeoff.search.storage import study_errors
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.successive_halving import (
    AUDIT_SHARE,
    Rung,
    candidates,
    is_promoted,
    mean_val_accuracy,
    rung_epochs,
)
from mnist_tradeoff.system.processes import beating
from mnist_tradeoff.training.loop import TrainResult, train
from mnist_tradeoff.training.recipe import TrainConfig

CURVE = ("loss", "accuracy", "val_loss", "val_accuracy")


def run_trials(study: Study, training: Split, val: Split) -> None:
    """Take trials of a study and run them, until its total or its time is reached.

    An interruption gives the trial back to the study.

    Raises:
        StudyError: the storage failed, or proposals within the budget cannot be found.
    """
    started = time.monotonic()
    timeout = study.config.timeout
    try:
        while not timeout or time.monotonic() - started < timeout:
            trial = study.take()
            if trial is None:
                return
            _run_or_release(study, trial, training, val)
            study.require_feasible_proposals()
    finally:
        stop_converter()


def _run_or_release(study: Study, trial: RunningTrial, training: Split, val: Split) -> None:
    try:
        with study_errors(), beating(trial.beat):
            run_trial(study, trial, training, val)
    except AlreadyFinished:  # by another process, which took this one for dead
        return
    except BaseException:
        trial.release()
        raise


def run_trial(study: Study, trial: RunningTrial, training: Split, val: Split) -> None:
    """Bring one trial to its end: rejected, failed, or finished with its objectives."""
    config = study.config
    exact = exact_costs(trial.architecture, study.task)
    if not trial.keeps_budgets(excesses(exact, config.budgets)):
        trial.reject()
        return
    trial.costs = {**exact, **measured_costs(trial, config, study.task)}

    def train_rung(epochs: int) -> Rung:
        found = train_config(config, trial, epochs)
        return rung_of(train(trial.architecture, study.task, training, val, found))

    try:
        climb(study, trial, train_rung)
    except FloatingPointError as error:
        trial.fail(str(error))
        return
    own = trial.record()
    same = [record for record in study.finished() if record.proposal == own.proposal]
    accuracy = mean_val_accuracy([*same, own], own.rungs[-1].epochs)
    trial.finish([accuracy, *(own.costs[cost] for cost in config.costs)])


def train_config(config: SearchConfig, trial: RunningTrial, epochs: int) -> TrainConfig:
    """The study's recipe, with what the trial's proposal overrides of it, for so many epochs."""
    recipe = config.recipe(dict(trial.proposal.overrides))
    return TrainConfig(**{**recipe, "epochs": epochs, "seed": trial.seed})


def climb(study: Study, trial: RunningTrial, train_rung: Callable[[int], Rung]) -> None:
    """Train a trial on longer and longer schedules, as long as its Pareto rank is good.

    What was proposed before starts where it had come to: its mean then counts.
    """
    finished = study.finished()
    same = [record for record in finished if record.proposal == trial.proposal]
    reached = max((len(record.rungs) for record in same), default=1)
    lengths = rung_epochs(study.config.epochs)
    for epochs in lengths[reached - 1 :]:
        if not trial.record().at(epochs):
            trial.add_rung(train_rung(epochs))
        if epochs == lengths[-1]:
            return
        found = candidates([*finished, trial.record()], epochs)
        if not is_promoted(trial.proposal, found, study.config.costs):
            break
    if random.Random(trial.audit_seed).random() < AUDIT_SHARE:
        trial.audit()
        if not trial.record().at(lengths[-1]):
            trial.add_rung(train_rung(lengths[-1]))


def rung_of(result: TrainResult) -> Rung:
    """A finished training as a rung."""
    curve = {name: [getattr(epoch, name) for epoch in result.epochs] for name in CURVE}
    return Rung(
        epochs=len(result.epochs),
        val_accuracy=result.val.accuracy,
        val_loss=result.val.loss,
        train_seconds=result.train_seconds,
        precision=result.precision,
        curve=curve,
    )


def measured_costs(trial: RunningTrial, config: SearchConfig, task: Task) -> dict[str, float]:
    """The wanted costs that arithmetic does not know; kept over an interruption."""
    wanted = [cost for cost in config.costs if not COSTS[cost].is_exact]
    return {
        cost: trial.costs.get(cost) or measure(trial.architecture, cost, task) for cost in wanted
    }
