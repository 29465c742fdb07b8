import numpy as np
import pytest
from scipy import stats

from mnist_tradeoff.analysis.statistics import (
    majority_correct,
    mcnemar,
    paired_difference,
    summarize,
)


def test_summary_against_scipy():
    values = [0.9902, 0.9898, 0.9913, 0.9902, 0.9902]
    sample = summarize(values)
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert (sample.mean, sample.sd, sample.n) == (np.mean(values), np.std(values, ddof=1), 5)
    assert (sample.low, sample.high) == pytest.approx((low, high))


def test_summary_by_hand():
    # sd of 1, 2, 3 is 1; t(0.975, 2) = 4.302653 (any table of Student's t)
    sample = summarize([1, 2, 3])
    assert (sample.mean, sample.sd) == (2, 1)
    assert sample.high == pytest.approx(2 + 4.302653 / 3**0.5)


def test_one_value_has_no_interval_and_none_is_an_error():
    sample = summarize([0.5])
    assert (sample.mean, sample.n) == (0.5, 1)
    assert np.isnan([sample.sd, sample.low, sample.high]).all()
    with pytest.raises(ValueError, match="no values"):
        summarize([])


def correct(*runs: tuple[int, int]) -> np.ndarray:
    """Bool array of runs of (how many, right or wrong)."""
    return np.concatenate([np.full(count, bool(right)) for count, right in runs])


def test_mcnemar_by_hand():
    # 8 images only a has right, 2 only b: two-sided binomial(10, 1/2), 2·(1 + 10 + 45)/1024
    a = correct((50, 1), (8, 1), (2, 0), (40, 0))
    b = correct((50, 1), (8, 0), (2, 1), (40, 0))
    assert mcnemar(a, b) == pytest.approx(112 / 1024)
    assert mcnemar(b, a) == pytest.approx(112 / 1024)
    assert mcnemar(a, a) == 1


def test_bootstrap_against_scipy():
    random = np.random.default_rng(1)
    a, b = random.random((1, 2_000)) < 0.95, random.random((1, 2_000)) < 0.96
    found = paired_difference(a, b)
    expected = stats.bootstrap(
        (a[0].astype(float), b[0].astype(float)),
        lambda a, b, axis: np.mean(b, axis) - np.mean(a, axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=20_000,
        batch=500,
        rng=2,
    ).confidence_interval
    assert found.difference == pytest.approx(b.mean() - a.mean())
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=4e-4)


def test_interval_covers_the_seeds_too():
    """Two seeds that differ widely say less than two that agree on as many images."""
    even = np.zeros((2, 1_000), bool)
    even[:, :500] = True
    uneven = np.zeros((2, 1_000), bool)
    uneven[0, :900], uneven[1, :100] = True, True
    other = np.zeros((2, 1_000), bool)
    other[:, :600] = True
    certain, uncertain = paired_difference(even, other), paired_difference(uneven, other)
    assert certain.difference == pytest.approx(uncertain.difference) == pytest.approx(0.1)
    assert certain.is_real
    assert not uncertain.is_real


def test_noise_is_called_noise_at_about_the_promised_rate():
    """Two samples of one classifier: the 95 % interval excludes zero in about 5 % of cases."""
    random = np.random.default_rng(3)
    hard = random.random(500) < 0.1  # images that are often missed
    errors = np.where(hard, 0.4, 0.02)
    wrong = 0
    for _ in range(60):
        a, b = (random.random((5, 500)) > errors for _ in range(2))
        wrong += paired_difference(a, b).is_real
    assert wrong <= 9  # 3 expected; P(more than 9) is below 0.001


def test_other_images_are_refused():
    with pytest.raises(ValueError, match="the same images"):
        paired_difference(np.ones((2, 10), bool), np.ones((2, 9), bool))


def test_majority():
    votes = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]], bool)
    assert majority_correct(votes).tolist() == [True, False, False, False]
    assert majority_correct(votes[:3]).tolist() == [True, True, False, False]
