"""Which finished run stands in for a training."""

import io

import mlflow
import numpy as np
import pytest

from mnist_tradeoff.tracking.runs import log_contents, tracked_run
from mnist_tradeoff.tracking.trainings import PREDICTIONS_FILE, finished_trainings

TRAINING = {"model": "2C3-G", "seed": 0}


def finished(tags: dict[str, str], predictions: bytes) -> str:
    tags = {"role": "final", "fingerprint": "f", **tags}
    with tracked_run("seed 0", TRAINING, tags) as run_id:
        log_contents({PREDICTIONS_FILE: predictions})
    return run_id


def found(study: str = "") -> str:
    with tracked_run("study", {}, {"role": "study"}):
        return finished_trainings(["final"], ["f", "g"], study)["f"].run_id


@pytest.mark.usefixtures("store")
def test_it_is_the_studys_own_or_else_the_oldest_that_can_be_read(capsys):
    content = io.BytesIO()
    np.save(content, np.zeros(3, np.uint8))
    damaged = finished({}, b"damaged")
    oldest = finished({}, content.getvalue())
    own = [finished({"study": "s"}, content.getvalue()) for _ in range(2)]
    assert (found(), found("s")) == (oldest, own[0])
    message = f"'{PREDICTIONS_FILE}' of run {damaged} is gone or damaged ("
    assert message in capsys.readouterr().err
    damaged = finished({"study": "t"}, b"damaged")
    assert found("t") == oldest
    assert capsys.readouterr().err.count(damaged) == 1
    mlflow.MlflowClient().delete_run(own[0])
    assert found("s") == own[1]
