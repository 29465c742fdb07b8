import mlflow
import pytest

from mnist_tradeoff.analysis.recommendation import recommend
from mnist_tradeoff.system.processes import this_host
from mnist_tradeoff.tracking.models import measured_here, models_of
from mnist_tradeoff.tracking.trainings import training_of

KNOWN = {"num_params": 100.0, "macs": 900.0, "val_accuracy": 0.9, "test_accuracy": 0.8}


def final(model: str, seed: int, host: str = "", epochs: int = 3, **metrics: float):
    with mlflow.start_run() as run:
        mlflow.log_params({"model": model, "seed": seed, "epochs": epochs})
        mlflow.log_metrics({**KNOWN, **metrics})
        if host:
            mlflow.set_tag("latency_host", host)
    return training_of(mlflow.get_run(run.info.run_id))


@pytest.mark.usefixtures("store")
def test_a_measured_cost_is_known_where_all_that_was_measured_here_has_it():
    here = this_host()
    finals = [
        final("cnn_v1", 0, here, size_bytes=50.0, latency_us=8.0, val_accuracy=0.91),
        final("cnn_v1", 1, here, size_bytes=50.0),  # an older export measured less
        final("cnn_v1", 2, "elsewhere", size_bytes=50.0, latency_us=99.0),
        final("ann", 0, "elsewhere", latency_us=1.0),
        final("4C3-P2", 0, here, size_bytes=20.0, latency_us=3.0),
        final("4C3-P2", 1, here, size_bytes=20.0, latency_us=5.0),
    ]
    measured = [one.run_id for one in measured_here(finals)]
    assert measured == [one.run_id for one in (*finals[:2], *finals[4:])]
    cnn_v1, ann, small = models_of(finals)
    exact = {"num_params": 100, "macs": 900}
    assert cnn_v1.costs == {**exact, "size_bytes": 50}
    assert ann.costs == exact
    assert small.costs == {**exact, "size_bytes": 20, "latency_us": 4}
    assert (cnn_v1.name, cnn_v1.architecture) == ("cnn_v1", "cnn_v1")  # of a run without the tag
    assert (cnn_v1.best.seed, cnn_v1.val.n) == (0, 3)
    with pytest.raises(ValueError, match=r"latency_us has not been measured .* for 2 of 3 models"):
        recommend([cnn_v1, ann, small], {}, "latency_us", 5_000)


@pytest.mark.usefixtures("store")
def test_a_model_that_learned_for_longer_is_another_option():
    finals = [
        final("cnn_v1", 0, epochs=1),
        final("ann", 0),
        final("cnn_v1", 0, epochs=54, val_accuracy=0.95),
    ]
    options = models_of(finals)
    assert [one.name for one in options] == ["cnn_v1, 1 epoch", "ann", "cnn_v1, 54 epochs"]
    assert [one.val.mean for one in options] == [0.9, 0.9, 0.95]
