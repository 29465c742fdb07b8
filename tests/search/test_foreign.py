"""What other programs and other versions of the code leave in a study: told, and never counted."""

import dataclasses
import re
from typing import Any

import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search.importances import importances
from mnist_tradeoff.search.storage import StudyError
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.successive_halving import candidates, front
from tests.studies import CONFIG, DATA, finish, run

OTHER = "0123456789ab"


def test_another_version_of_the_code_is_refused_and_nothing_of_it_is_taken(folder):
    study = Study(CONFIG, DATA, MNIST, folder)
    run(study, 2)
    with pytest.raises(StudyError) as error:
        Study(CONFIG, DATA, MNIST, folder, code=OTHER)
    message = str(error.value)
    assert f"was made with code_version={study.code}, not {OTHER}: " in message
    assert "go back to the code and the libraries that it was made with, or choose" in message
    assert {trial.code_version for trial in study.finished()} == {study.code}
    assert Study.load("s", folder).code == study.code


def test_a_study_that_does_not_say_its_code_goes_on_where_nothing_was_trained(folder):
    study = Study(CONFIG, DATA, MNIST, folder)
    older = {k: v for k, v in study.optuna.user_attrs["identity"].items() if k != "code_version"}
    study.optuna.set_user_attr("identity", older)
    again = Study(CONFIG, DATA, MNIST, folder)
    assert Study.load("s", folder).code == again.code
    run(again, 1)
    study.optuna.set_user_attr("identity", older)
    with pytest.raises(StudyError, match=f"code_version=unknown, not {again.code}: "):
        Study(CONFIG, DATA, MNIST, folder)
    assert len(Study.load("s", folder).finished()) == 1  # its report can still be written


def test_a_study_of_a_newer_version_is_one_line(folder):
    study = Study(CONFIG, DATA, MNIST, folder)
    found = study.optuna.user_attrs["identity"]
    study.optuna.set_user_attr("identity", {**found, "wings": 2})
    with pytest.raises(
        StudyError, match=r"study 's' cannot be read \(a newer version .* has wings"
    ):
        Study.load("s", folder)


def test_data_that_have_moved_are_the_same_data(folder):
    run(Study(CONFIG, "stripes 1234", MNIST, folder), 1)
    assert len(Study(CONFIG, "my own set 1234", MNIST, folder).finished()) == 1


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"filters_1_1": 600}, "filters_1_1 must be a whole number from 2 to 64, not 600"),
        ({"filters_1_1": 8.5}, "filters_1_1 must be a whole number from 2 to 64, not 8.5"),
        ({"blocks": 5}, "blocks must be a whole number from 2 to 3, not 5"),
        ({"blocks": True}, "blocks must be a whole number from 2 to 3, not True"),
        ({"blocks": "x"}, "blocks must be a whole number from 2 to 3, not x"),
        ({"dense": "no"}, "dense must be False or True, not no"),
        ({"dense": None}, "dense must be False or True, not None"),
        ({"filter_1_1": 8}, "filter_1_1: no parameter of this proposal"),
        ({"blocks": 2, "filters_3_1": 8}, "filters_3_1: no parameter of this proposal"),
        ({"a\n\x1b[31m": 1}, "a\\u000a\\u001b[31m: no parameter of this proposal"),
        ({"blocks": 10**99}, f"blocks must be a whole number from 2 to 3, not 1{58 * '0'}…"),
    ],
)
def test_an_enqueued_value_that_is_none_fails_its_trial_alone(
    tmp_path, monkeypatch, capsys, given, reason
):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    study = Study(dataclasses.replace(CONFIG, trials=5), DATA, MNIST, tmp_path)
    run(study, 3)
    study.optuna.enqueue_trial(given)
    study.optuna.enqueue_trial({"blocks": 2, "filters_1_1": 9})
    run(study, 2)
    assert study.take() is None
    failed, good = study.optuna.trials[3:5]
    assert (failed.state, failed.user_attrs["error"]) == (TrialState.FAIL, reason)
    assert (good.state, good.params["filters_1_1"]) == (TrialState.COMPLETE, 9)
    assert study.foreign() == {3: reason}
    assert f"trial 3 of study 's' cannot be proposed: {reason}" in capsys.readouterr().err


def foreign_objective(trial: optuna.Trial) -> tuple[float, float]:
    return 0.999, float(trial.suggest_int("filters_1_1", 2, 64, log=True))


@pytest.mark.parametrize("cost", ["num_params", "num_params,macs"])
def test_trials_of_another_program_do_not_count_and_are_never_on_the_front(folder, cost):
    config = dataclasses.replace(CONFIG, trials=20, cost=cost)
    study = Study(config, DATA, MNIST, folder)
    run(study, 3)
    study.optuna.optimize(foreign_objective if cost == "num_params" else of_two, n_trials=4)
    running = study.optuna.ask()
    running.suggest_int("filters_1_1", 2, 64, log=True)
    assert study.missing() == 17
    assert study.foreign() == dict.fromkeys(
        range(3, 7), "another program made it: it has no architecture"
    )
    assert study.release_abandoned() == study.running() == 0  # it is not ours to give back
    run(study, 17)
    assert study.take() is None
    found = front(candidates(study.finished(), 3), config.costs)
    assert not {number for one in found for number in one.trials} & set(range(3, 8))
    assert all("convs_1" in shares for shares in importances(study).values())


def of_two(trial: optuna.Trial) -> tuple[float, float, float]:
    return (*foreign_objective(trial), 1.0)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"architecture": "<script>"}, "its attributes are damaged: .*<script>"),
        ({"architecture": 7}, "its attributes are damaged"),
        ({"costs": {"num_params": float("nan"), "macs": 1}}, "num_params is nan"),
        ({"costs": {"macs": 1}}, "it has no costs for num_params"),
        ({"costs": {"num_params": 1, "macs": 1}}, "its num_params is 1, and that of its archi"),
        ({"seed": "x"}, "its seed is x"),
        ({"rungs": [{"epochs": 3}]}, "its attributes are damaged"),
        ({"rungs": "none"}, "its attributes are damaged"),
        ({"code_version": OTHER}, f"it is of code_version {OTHER}, not "),
    ],
)
def test_a_hostile_trial_is_named_by_its_number_and_blocks_nothing(
    tmp_path, monkeypatch, attributes, reason
):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    run(study, 7)
    study.optuna.add_trial(planted(study.optuna.trials[6], attributes))
    again = Study(CONFIG, DATA, MNIST, tmp_path)
    run(again, 2)
    assert len(again.finished()) == 9
    ((number, why),) = again.foreign().items()
    assert number == 7
    assert re.search(reason, why)


def planted(trial: FrozenTrial, attributes: dict[str, Any]) -> FrozenTrial:
    """A copy with some attributes that no trial of this project has."""
    return optuna.create_trial(
        values=[1.0, 1.0],
        params=trial.params,
        distributions=trial.distributions,
        user_attrs={**trial.user_attrs, **attributes},
    )


def test_what_is_planted_in_a_trial_that_waits_is_forgotten(tmp_path, monkeypatch):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    run(study, 3)
    planted = {"rungs": "x", "costs": 3, "deaths": "many", "owner": "me", "beat": "x"}
    study.optuna.enqueue_trial({"blocks": 2}, user_attrs=planted)
    trial = study.take()
    assert trial is not None
    assert (trial.rungs, trial.costs) == ([], {})
    finish(trial)
    assert [one.number for one in study.finished()] == [0, 1, 2, 3]


def test_another_program_with_other_ranges_ends_a_start_with_one_line(tmp_path, monkeypatch):
    """Optuna keeps the ranges of the first one: no proposal of this space is possible any more."""
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    distributions: dict[str, BaseDistribution] = {"dense": CategoricalDistribution(["a", "b"])}
    study.optuna.add_trial(
        optuna.create_trial(values=[1, 1], params={"dense": "a"}, distributions=distributions)
    )
    again = Study(CONFIG, DATA, MNIST, tmp_path)
    with pytest.raises(StudyError, match=r"can be proposed \(.*\): if another program writes"):
        again.take()
