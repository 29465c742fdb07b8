"""A study in its storage: made, or gone on with if it is the same one."""

import functools
import time
from contextlib import suppress

import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState

from mnist_tradeoff.architecture.references import references_of
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.identity import IDENTITY, first_difference, identity
from mnist_tradeoff.search.sampler import choose_sampler
from mnist_tradeoff.search.spaces import Proposal, Space, space_named, verified
from mnist_tradeoff.search.storage import Storage, StudyError, experimental

MAKER_SECONDS = 10


def open_study(storage: Storage, config: SearchConfig, dataset: str, task: Task) -> optuna.Study:
    """Optuna's study of that name, whose identity is what these settings ask for.

    Call it under a lock: a study is made in several steps.

    Args:
        dataset: name and digest of the data.

    Raises:
        StudyError: a study of that name is another one; the first difference is named.
    """
    space = space_named(config.space).fitted(task)
    study = _create(storage, config, space, task)
    wanted = identity(config, dataset, task)
    found = study.user_attrs.get(IDENTITY)
    if found is None:
        _prepare(study, config, space, task)
        # Last, so that a start which is killed before is done again.
        study.set_user_attr(IDENTITY, wanted)
    elif difference := first_difference(found, wanted):
        raise StudyError(
            f"study '{config.study}' was made with {difference}: go on with that, or "
            "choose another name with study=NAME"
        )
    return study


def _create(storage: Storage, config: SearchConfig, space: Space, task: Task) -> optuna.Study:
    directions = [StudyDirection.MAXIMIZE, *[StudyDirection.MINIMIZE] * len(config.costs)]
    create = functools.partial(
        optuna.create_study,
        storage=storage.optuna,
        study_name=config.study,
        sampler=choose_sampler(config, space, task),
        directions=directions,
    )
    try:
        study = create()
    except optuna.exceptions.DuplicatedStudyError:
        study = create(load_if_exists=True)
        _wait_for_its_maker(storage, study)
    if IDENTITY not in study.user_attrs and not _is_begun(study, directions):
        raise StudyError(
            f"study '{config.study}' was not made by this project: "
            "choose another name with study=NAME"
        )
    return study


def _is_begun(study: optuna.Study, directions: list[StudyDirection]) -> bool:
    """Whether it is as a start that was killed may have left it: with proposals that wait."""
    # Optuna takes other objectives without a word.
    trials = study.get_trials(deepcopy=False)
    return study.directions == directions and all(t.state == TrialState.WAITING for t in trials)


def _wait_for_its_maker(storage: Storage, study: optuna.Study) -> None:
    """Where there is no lock, another process may be about to write what the study is."""
    waited = 0.0
    while not storage.has_lock and IDENTITY not in study.user_attrs and waited < MAKER_SECONDS:
        time.sleep(0.2)
        waited += 0.2


def _prepare(study: optuna.Study, config: SearchConfig, space: Space, task: Task) -> None:
    """Name the objectives, and let the references wait."""
    with experimental():
        study.set_metric_names(["val_accuracy", *config.costs])
    for reference in references_of(task).values():
        with suppress(ValueError):  # the ann is no point of the space
            proposal = Proposal(reference.architecture)
            params = verified(space, space.params(proposal), proposal)
            study.enqueue_trial(params, skip_if_exists=True)
