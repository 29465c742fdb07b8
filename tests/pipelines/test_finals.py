"""What a study that is not finished still lacks."""

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.pipelines.finals import interim_of
from mnist_tradeoff.pipelines.live import LivePage
from mnist_tradeoff.search.results import Interim
from mnist_tradeoff.search.study import Study
from tests.studies import CONFIG, DATA, finish, run


def test_a_study_is_interim_until_its_trials_and_its_finals_are_done(tmp_path):
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    run(study, CONFIG.trials - 1)
    trial = study.take()
    assert trial is not None
    running = [str(trial.architecture)]
    assert interim_of(study, [1, 1]) == Interim(CONFIG.trials, running, 0, interim_seconds(study))
    finish(trial)
    assert interim_of(study, [2, 2]) is None
    missing = interim_of(study, [2, 0])
    assert missing is not None
    assert missing.finals == 2
    study.wanted = {"trials": CONFIG.trials, "seeds": 1}
    assert interim_of(study, [5, 1]) is None  # a reference that a suite trained more often


def interim_seconds(study: Study) -> float:
    """NaN is not equal to itself: the very object that is the default."""
    found = interim_of(study, [1, 1])
    assert found is not None
    return found.seconds_left


def test_the_page_of_a_running_study_is_written_when_it_is_due(tmp_path):
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    page = LivePage(study, "stripes", tmp_path)
    path = tmp_path / "search_s" / "report.html"
    page.on_poll(study.finished())
    assert not path.exists()
    run(study, 1)
    page.on_poll(study.finished())
    assert "1 of 20 trials" in path.read_text()
    run(study, 9)
    page.on_poll(study.finished())
    assert "1 of 20 trials" in path.read_text()  # neither ten trials nor half a minute
    run(study, 1)
    page.on_poll(study.finished())
    text = path.read_text()
    assert "11 of 20 trials" in text
    assert "are left for the trials" in text


def test_a_page_that_cannot_be_written_does_not_stop_the_trials(tmp_path, capsys):
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    page = LivePage(study, "stripes", tmp_path)
    (tmp_path / "search_s").write_text("a file of the user's")
    run(study, 1)
    page.on_poll(study.finished())
    page.on_poll(study.finished())
    assert capsys.readouterr().err.count("cannot be written") == 1
