import io

import pandas as pd
import pytest

from mnist_tradeoff.analysis.trainings import Training, by_model, summary_table, tidy
from mnist_tradeoff.architecture.references import REFERENCES


@pytest.fixture
def trainings() -> list[Training]:
    return [training(model, seed) for seed in (1, 0) for model in reversed(RIGHT)]


def cells(markdown: str, row: str) -> list[str]:
    (line,) = [line for line in markdown.splitlines() if line.startswith(f"| {row}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


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


def test_summary_by_hand(trainings):
    # 0.980 and 0.981: mean 98.05 %, sd 0.0707 %, t(0.975, 1) = 12.706, interval ± 0.635
    assert cells(summary_table(trainings, 2, True), "`cnn_v1`") == [
        *("`cnn_v1`", "12,810", "1.0", "662,912", "0.07", "1.5"),
        *("98.05 ± 0.07", "98.05 ± 0.07", "97.41–98.69", "2", "98.39", "-0.34"),
    ]


def test_summary_tells_what_is_missing(trainings):
    some = [t for t in trainings if t.model != "ann" and (t.model, t.seed) != ("cnn_v2", 1)]
    table = summary_table(some, 2, True)
    assert cells(table, "`ann`")[5:] == ["–", "–", "–", "–", "0 of 2", "97.43", "–"]
    assert cells(table, "`cnn_v2`")[7:10] == ["99.20", "–", "1 of 2"]


def test_another_set_has_no_documented_numbers(trainings):
    assert "documented" in summary_table(trainings, 2, True)
    assert "documented" not in summary_table(trainings, 2, False)
