import pytest

from mnist_tradeoff.analysis.comparison import correct_by_model, differences, steps
from mnist_tradeoff.analysis.trainings import Training
from mnist_tradeoff.report.conclusions import conclusions
from mnist_tradeoff.report.suite_tables import (
    conclusion_table,
    difference_table,
    step_table,
    summary_table,
)
from tests.factories import COSTS, LABELS, RIGHT, make_training


@pytest.fixture
def trainings() -> list[Training]:
    return [make_training(model, seed) for seed in (1, 0) for model in reversed(RIGHT)]


def cells(markdown: str, row: str) -> list[str]:
    (line,) = [line for line in markdown.splitlines() if line.startswith(f"| {row}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_summary_by_hand(trainings):
    # 0.980 and 0.981: mean 98.05 %, sd 0.0707 %, t(0.975, 1) = 12.706, interval ± 0.635
    assert cells(summary_table(trainings, 2, COSTS, True), "`cnn_v1`") == [
        *("`cnn_v1`", "12,810", "1.0", "662,912", "0.07", "1.5"),
        *("98.05 ± 0.07", "98.05 ± 0.07", "97.41–98.69", "2", "98.39", "-0.34"),
    ]


def test_summary_tells_what_is_missing(trainings):
    some = [t for t in trainings if t.model != "ann" and (t.model, t.seed) != ("cnn_v2", 1)]
    table = summary_table(some, 2, COSTS, True)
    assert cells(table, "`ann`")[5:] == ["–", "–", "–", "–", "0 of 2", "97.43", "–"]
    assert cells(table, "`cnn_v2`")[7:10] == ["99.20", "–", "1 of 2"]
    assert "`ann`" not in summary_table(some, 2, COSTS, True, ["cnn_v1", "cnn_v2"])  # not asked for


def test_another_set_has_no_documented_numbers(trainings):
    assert "documented" in summary_table(trainings, 2, COSTS, True)
    assert "documented" not in summary_table(trainings, 2, COSTS, False)


def test_differences_are_a_row_a_pair_and_noise_is_called_so(trainings):
    found = differences(correct_by_model(trainings, LABELS), COSTS)
    table = difference_table(found)
    assert len(table.splitlines()) == 2 + 6
    from_, to, points, *_, real = cells(table, "`ann`        | `cnn_v2`")
    assert (from_, to, points, real) == ("`ann`", "`cnn_v2`", "+4.20", "yes")
    pair = [make_training("simple_cnn", 0, 980), make_training("cnn_v1", 0, 981)]
    noise = difference_table(differences(correct_by_model(pair, LABELS), COSTS))
    assert cells(noise, "`cnn_v1`")[-1] == "not told apart"


def test_steps_say_what_is_paid_for_one_image(trainings):
    correct = correct_by_model([t for t in trainings if t.model in ("ann", "cnn_v1")], LABELS)
    found = [step for cost in ("num_params", "macs") for step in steps(correct, cost, COSTS)]
    table = step_table(found)
    assert cells(table, "`cnn_v1`")[2:] == [
        *("96,576 parameters", "0", "30", "-30", "nothing gained"),
    ]
    assert cells(table, "`ann`")[2:] == [
        *("553,728 MACs", "30", "0", "+30", "18,458 MACs"),
    ]


def test_documented_conclusions_confirmed_and_contradicted(trainings):
    found = conclusions(trainings, correct_by_model(trainings, LABELS), COSTS)
    assert [c.confirmed for c in found] == [True, True, True, True]
    assert "17.6 times fewer" in found[0].evidence
    assert cells(conclusion_table(found), "`cnn_v2` is the most accurate")[1] == "confirmed"
    # cnn_v1 as poor as can be, cnn_v2 no better than simple_cnn
    others = [t for t in trainings if t.model not in ("cnn_v1", "cnn_v2")]
    poor = [make_training("cnn_v1", seed, 900) for seed in (0, 1)]
    even = [make_training("cnn_v2", seed, 985 + seed) for seed in (0, 1)]
    changed = [*others, *poor, *even]
    verdicts = conclusions(changed, correct_by_model(changed, LABELS), COSTS)
    assert [c.confirmed for c in verdicts] == [False, False, True, False]


def test_no_conclusions_without_all_four(trainings):
    some = [t for t in trainings if t.model != "ann"]
    assert conclusions(some, correct_by_model(some, LABELS), COSTS) == []
