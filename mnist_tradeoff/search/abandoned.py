"""Trials whose process is gone: told from those that are worked at, and left to wait again."""

from contextlib import suppress
from datetime import datetime, timedelta

import optuna
from optuna.trial import FrozenTrial, TrialState

from mnist_tradeoff.search.storage import Storage
from mnist_tradeoff.system.processes import BEAT_SECONDS, is_dead

AlreadyFinished = optuna.exceptions.UpdateFinishedTrialError
# A trial whose process was killed comes back so often.
MAX_RETRIES = 2


def is_abandoned(trial: FrozenTrial, storage: Storage) -> bool:
    """Whether nobody works at a running trial.

    One without an owner was taken by a process that was killed at that moment; where there is no
    lock, it may be about to name itself.
    """
    owner = trial.user_attrs.get("owner")
    if owner is not None:
        return is_dead(owner, trial.user_attrs.get("beat"), storage.now())
    assert trial.datetime_start is not None
    age = datetime.now() - trial.datetime_start
    return storage.has_lock or age > timedelta(seconds=BEAT_SECONDS)


def let_wait(trial: FrozenTrial, storage: Storage, died: bool) -> None:
    """Let an abandoned trial wait again; at its third death it fails.

    Args:
        died: whether its process was killed, rather than stopped by its own command.
    """
    store, trial_id = storage.optuna, trial._trial_id
    deaths = trial.user_attrs.get("deaths", 0) + died
    with suppress(AlreadyFinished):  # its owner was alive after all
        if died:
            store.set_trial_user_attr(trial_id, "deaths", deaths)
        if deaths > MAX_RETRIES:
            error = f"its process was killed {deaths} times"
            store.set_trial_user_attr(trial_id, "error", error)
            store.set_trial_state_values(trial_id, TrialState.FAIL)
        else:
            store.set_trial_state_values(trial_id, TrialState.WAITING)
