"""A study in its storage: made, or gone on with if it is the same one."""

import functools
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import optuna
from optuna.samplers import BaseSampler
from optuna.study import StudyDirection
from optuna.trial import TrialState

from mnist_tradeoff.analysis.hv2 import scale_of
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.search.config import SearchConfig
from mnist_tradeoff.search.identity import CODE, IDENTITY, data_name, first_difference, identity
from mnist_tradeoff.search.proposals import Space, verified
from mnist_tradeoff.search.sampler import choose_sampler
from mnist_tradeoff.search.spaces import space_named
from mnist_tradeoff.search.storage import Storage, StudyError, experimental

MAKER_SECONDS = 10


def open_study(
    storage: Storage, config: SearchConfig, dataset: str, task: Task, code: str
) -> optuna.Study:
    """Optuna's study of that name, whose identity is what these settings ask for.

    Call it under a lock: a study is made in several steps.

    Args:
        dataset: name and digest of the data.
        code: version of the code that trains; empty: nothing will be trained.

    Raises:
        StudyError: a study of that name is another one; the first difference is named.
    """
    space = space_named(config.space).fitted(task)
    sampler = choose_sampler(config, space, task, scale_of(data_name(dataset), task))
    study = _create(storage, config, sampler)
    wanted = identity(config, dataset, task, code)
    found = study.user_attrs.get(IDENTITY)
    if found is None:
        _prepare(study, config, space, task)
        # Last, so that a start which is killed before is done again.
        study.set_user_attr(IDENTITY, wanted)
    else:
        _require_same(study, found, wanted)
    return study


def _require_same(study: optuna.Study, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse other settings, data or code; a study of an older version says nothing of its code."""
    says_nothing = CODE in wanted and CODE not in found
    if says_nothing and not _is_trained(study):
        found = {**found, CODE: wanted[CODE]}
    if difference := first_difference(found, wanted):
        remedy = "go on with that"
        if difference.startswith(CODE):
            remedy = (
                "trainings of the two cannot be compared; go back to the code and the libraries "
                "that it was made with"
            )
        raise StudyError(
            f"study '{study.study_name}' was made with {difference}: {remedy}, or "
            "choose another name with study=NAME"
        )
    if says_nothing:
        study.set_user_attr(IDENTITY, dict(found))


def _is_trained(study: optuna.Study) -> bool:
    return any("costs" in trial.user_attrs for trial in study.get_trials(deepcopy=False))


def _create(storage: Storage, config: SearchConfig, sampler: BaseSampler) -> optuna.Study:
    directions = [StudyDirection.MAXIMIZE, *[StudyDirection.MINIMIZE] * len(config.costs)]
    create = functools.partial(
        optuna.create_study,
        storage=storage.optuna,
        study_name=config.study,
        sampler=sampler,
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
    """Name the objectives, and let what the space starts with wait."""
    with experimental():
        study.set_metric_names(["val_accuracy", *config.costs])
    for proposal in space.starts(task, config.costs):
        with suppress(ValueError):  # the ann is no point of any space
            params = verified(space, space.params(proposal), proposal)
            study.enqueue_trial(params, skip_if_exists=True)
