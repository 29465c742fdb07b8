"""The study on real storages: Optuna's journal file, SQLite and PostgreSQL."""

import dataclasses
import time

import optuna
import pytest
from optuna.trial import TrialState

from mnist_tradeoff.architecture.costs import exact_costs
from mnist_tradeoff.architecture.references import REFERENCES
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.search.proposals import Proposal
from mnist_tradeoff.search.sampler import seeds_of
from mnist_tradeoff.search.storage import StudyError
from mnist_tradeoff.search.study import Study
from mnist_tradeoff.search.successive_halving import Rung
from mnist_tradeoff.system.processes import SILENCE_SECONDS, this_host
from tests.studies import CONFIG, DATA, finish, run


def proposals(study: Study) -> list[tuple]:
    return [(t.number, t.architecture, t.seed, t.params) for t in study.finished()]


def test_the_references_come_first_and_the_total_is_kept(folder):
    study = Study(dataclasses.replace(CONFIG, trials=5), DATA, MNIST, folder)
    assert study.missing() == 5
    run(study, 5)
    assert study.take() is None
    assert study.missing() == 0
    architectures = [trial.architecture for trial in study.finished()]
    in_space = ("simple_cnn", "cnn_v1", "cnn_v2")
    assert architectures[:3] == [str(REFERENCES[name].architecture) for name in in_space]


def test_opened_anew_it_proposes_what_an_undisturbed_one_does(
    folder, tmp_path_factory, monkeypatch
):
    undisturbed = Study(CONFIG, DATA, MNIST, folder)
    run(undisturbed, 16)
    other = tmp_path_factory.mktemp("other")
    monkeypatch.setenv("OPTUNA_STORAGE", f"{other}/optuna_journal.log")
    for count in (2, 7, 7):
        run(Study(CONFIG, DATA, MNIST, other), count)
    assert proposals(Study(CONFIG, DATA, MNIST, other)) == proposals(undisturbed)


def test_an_abandoned_trial_is_taken_up_with_its_number_and_trainings(folder):
    study = Study(CONFIG, DATA, MNIST, folder)
    run(study, 4)
    left = study.take()
    assert left is not None
    left.add_rung(Rung(1, 0.5, 0.1, 1.0, "float32", {}))
    left.trial.set_user_attr("owner", "anotherhost/1/1")
    again = Study(CONFIG, DATA, MNIST, folder)
    assert again.release_abandoned() == 0  # another host that was heard of just now
    assert again.running() == 1
    left.trial.set_user_attr("beat", time.time() - SILENCE_SECONDS - 1)
    assert again.running() == 0
    assert again.release_abandoned() == 1
    taken = again.take()
    assert taken is not None
    assert (taken.number, taken.architecture, taken.seed) == (4, left.architecture, left.seed)
    assert [rung.val_accuracy for rung in taken.rungs] == [0.5]


def test_a_trial_whose_processes_die_comes_back_twice_and_then_fails(folder):
    study = Study(CONFIG, DATA, MNIST, folder)
    for deaths in (1, 2, 3):
        trial = study.take()
        assert trial is not None
        assert trial.number == 0
        trial.costs = exact_costs(trial.architecture, MNIST)
        trial.trial.set_user_attr("owner", dead_owner())
        assert study.release_abandoned() == 1
        state = TrialState.WAITING if deaths < 3 else TrialState.FAIL
        assert study.optuna.trials[0].state == state
    (record,) = study.finished()
    assert record.error == "its process was killed 3 times"
    trial = study.take()
    assert trial is not None
    assert trial.number == 1


def dead_owner() -> str:
    return f"{this_host()}/1/1"  # process 1 has started at another time


def test_a_process_that_was_taken_for_dead_changes_nothing_any_more(folder):
    study = Study(CONFIG, DATA, MNIST, folder)
    late = study.take()
    assert late is not None
    late.costs = exact_costs(late.architecture, MNIST)
    late.trial.set_user_attr("owner", dead_owner())
    assert study.release_abandoned() == 1
    taken = study.take()
    assert taken is not None
    finish(taken)
    values = study.optuna.trials[0].values
    late.finish([0.1, 1])
    late.release()
    assert study.optuna.trials[0].values == values


def test_a_process_whose_trial_was_given_back_ends_in_peace_and_its_trainings_are_kept(folder):
    """As where the clocks of two machines differ."""
    study = Study(CONFIG, DATA, MNIST, folder)
    late = study.take()
    assert late is not None
    study.give_back(late.trial)
    finish(late)
    assert study.optuna.trials[0].state == TrialState.WAITING
    again = study.take()
    assert again is not None
    assert (again.number, len(again.rungs)) == (0, 1)


def test_two_that_take_at_once_do_not_exceed_the_total(folder):
    config = dataclasses.replace(CONFIG, trials=3)
    one, two = Study(config, DATA, MNIST, folder), Study(config, DATA, MNIST, folder)
    taken = [study.take() for study in (one, two, one, two)]
    assert [trial.number for trial in taken if trial] == [0, 1, 2]
    assert taken[3] is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 1}, "was made with seed=0, not 1"),
        ({"epochs": 4}, "was made with epochs=3, not 4"),
        ({"cost": "macs"}, "was made with cost=num_params, not macs"),
        ({"max_params": 5_000}, "was made with max_params=0, not 5000"),
    ],
)
def test_a_study_of_other_settings_is_refused(folder, change, named):
    Study(CONFIG, DATA, MNIST, folder)
    with pytest.raises(StudyError, match=named):
        Study(dataclasses.replace(CONFIG, **change), DATA, MNIST, folder)


def test_other_data_number_of_objectives_or_maker_is_refused(folder):
    study = Study(CONFIG, DATA, MNIST, folder)
    with pytest.raises(StudyError, match="was made with data=stripes 1234, not digits 5"):
        Study(CONFIG, "digits 5", MNIST, folder)
    with pytest.raises(StudyError, match="with cost=num_params, not num_params,macs"):
        Study(dataclasses.replace(CONFIG, cost="num_params,macs"), DATA, MNIST, folder)
    storage = study.storage.optuna
    foreign = optuna.create_study(
        storage=storage, study_name="foreign", directions=["maximize", "minimize"]
    )
    foreign.add_trial(optuna.create_trial(values=[0.5, 1]))
    optuna.create_study(storage=storage, study_name="one_objective")
    for name in ("foreign", "one_objective"):
        with pytest.raises(StudyError, match=f"'{name}' was not made by this project"):
            Study(dataclasses.replace(CONFIG, study=name), DATA, MNIST, folder)


def test_a_start_that_was_killed_is_done_again(folder):
    study = Study(CONFIG, DATA, MNIST, folder)
    fresh = optuna.create_study(
        storage=study.storage.optuna,
        study_name="killed",
        directions=["maximize", "minimize"],
    )
    proposal = Proposal(REFERENCES["simple_cnn"].architecture)
    fresh.enqueue_trial(study.space.params(proposal))
    again = Study(dataclasses.replace(CONFIG, study="killed"), DATA, MNIST, folder)
    run(again, 3)
    assert [t.architecture for t in again.finished()] == [
        str(REFERENCES[name].architecture) for name in ("simple_cnn", "cnn_v1", "cnn_v2")
    ]


def test_another_space_or_task_is_refused(folder):
    study = Study(CONFIG, DATA, MNIST, folder)
    found = study.optuna.user_attrs["identity"]
    with pytest.raises(StudyError, match=r"was made with task=\[28, 28, 1, 10\], not \[28, 28, 3"):
        Study(CONFIG, DATA, Task(Shape(28, 28, 3), 10), folder)
    study.optuna.set_user_attr("identity", {**found, "space": {"max_filters": 128}})
    with pytest.raises(StudyError, match=r"was made with space=.*'max_filters': 128\}, not"):
        Study(CONFIG, DATA, MNIST, folder)


def test_more_trials_workers_and_seeds_go_on(folder):
    run(Study(dataclasses.replace(CONFIG, trials=2), DATA, MNIST, folder), 2)
    more = dataclasses.replace(CONFIG, trials=3, workers=2, seeds=1, timeout=9.0)
    assert Study(more, DATA, MNIST, folder).missing() == 1


def test_a_rejected_proposal_is_no_trial_and_the_sampler_hears_of_it(folder):
    study = Study(dataclasses.replace(CONFIG, max_params=5_000), DATA, MNIST, folder)
    trial = study.take()
    assert trial is not None
    assert not trial.keeps_budgets({"max_params": 220_034.0})
    trial.reject()
    assert (study.rejected(), study.missing(), study.finished()) == (1, 20, [])
    (rejected,) = study.optuna.get_trials(states=[TrialState.PRUNED])
    assert rejected.constraints == {"max_params": 220_034.0}


def test_a_diverged_trial_counts_and_tells_why(folder):
    study = Study(CONFIG, DATA, MNIST, folder)
    trial = study.take()
    assert trial is not None
    trial.costs = exact_costs(trial.architecture, MNIST)
    trial.fail("training diverged in epoch 1")
    assert study.missing() == 19
    (record,) = study.finished()
    assert record.error == "training diverged in epoch 1"


def test_seeds_depend_on_study_and_number_alone():
    found = {seeds for number in range(50) for seeds in seeds_of(0, number)}
    assert len(found) == 150
    assert seeds_of(3, 7) == seeds_of(3, 7) != seeds_of(4, 7)
    assert all(0 <= seed < 2**31 for seed in found)


def test_a_study_of_an_older_version_goes_on(tmp_path, monkeypatch):
    """It says neither which task nor which space it is of: there was one of each."""
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    run(study, 2)
    older = dict(study.optuna.user_attrs["identity"])
    assert older.pop("task") == [28, 28, 1, 10]
    assert older["space"].pop("name") == "widths"
    study.optuna.set_user_attr("identity", older)
    again = Study(CONFIG, DATA, MNIST, tmp_path)
    run(again, 1)
    assert [trial.number for trial in again.finished()] == [0, 1, 2]
    loaded = Study.load("s", tmp_path)
    assert (loaded.config.space, loaded.task, loaded.dataset) == ("widths", MNIST, DATA)
    with pytest.raises(StudyError, match="was made with task="):
        Study(CONFIG, DATA, Task(Shape(28, 28, 3), 10), tmp_path)
