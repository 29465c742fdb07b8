import io

import pandas as pd
import pytest

from mnist_tradeoff.analysis.trainings import Model, Training, by_model, tidy
from mnist_tradeoff.architecture.references import REFERENCES
from tests.factories import LABELS, RIGHT, make_training


@pytest.fixture
def trainings() -> list[Training]:
    return [make_training(model, seed) for seed in (1, 0) for model in reversed(RIGHT)]


def test_order_is_that_of_the_references_and_of_the_seeds(trainings):
    groups = by_model(trainings)
    assert list(groups) == list(REFERENCES)
    assert [t.seed for t in groups["cnn_v1"]] == [0, 1]


def test_tidy_has_a_row_per_model_seed_and_metric(trainings):
    frame = tidy(trainings)
    assert len(frame) == 4 * 2 * 3
    assert not frame.duplicated(["model", "seed", "metric"]).any()
    row = frame[(frame.model == "cnn_v1") & (frame.seed == 1) & (frame.metric == "test_accuracy")]
    assert row.value.item() == 0.981
    assert row.architecture.item() == "16C3-P2-32C3-P2"
    assert row.run_id.item() == "cnn_v1-1"
    again = pd.read_csv(io.StringIO(frame.to_csv(index=False)))
    pd.testing.assert_frame_equal(again, frame)


def test_a_model_merges_its_seeds_by_mean_and_times_by_median():
    trainings = [
        make_training("ann", 0, 950, latency_us=1.0, int8_test_accuracy=0.7, size_bytes=9.0),
        make_training("ann", 1, 970, latency_us=2.0, int8_test_accuracy=0.8, size_bytes=9.0),
        make_training("ann", 2, 960, latency_us=90.0, int8_test_accuracy=0.9),
    ]
    model = Model("ann", "128-64", {}, trainings, labels=LABELS)
    assert model.metrics["latency_us"] == 2.0
    assert model.metrics["int8_test_accuracy"] == pytest.approx(0.8)
    assert "size_bytes" not in model.metrics  # one of them was not measured
    assert (model.val.mean, model.test.n) == (pytest.approx(0.96), 3)
    assert model.correct.sum(axis=1).tolist() == [950, 970, 960]
    assert model.best is trainings[1]
    assert model.run_ids == ["ann-0", "ann-1", "ann-2"]
