"""What a difference is worth: intervals over seeds, paired tests over the same test images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

CONFIDENCE = 0.95
RESAMPLES = 20_000


@dataclass(frozen=True)
class Sample:
    """Summary of one number over seeds.

    sd and the ends of the 95 % interval of the mean are NaN where n is 1.
    """

    mean: float
    sd: float
    n: int
    low: float
    high: float


def summarize(values: Sequence[float]) -> Sample:
    """Mean, sample standard deviation (n − 1) and Student's 95 % interval of the mean.

    Raises:
        ValueError: no values.
    """
    n = len(values)
    if not n:
        raise ValueError("there are no values to summarize")
    mean = float(np.mean(values))
    if n == 1:
        return Sample(mean, float("nan"), 1, float("nan"), float("nan"))
    sd = float(np.std(values, ddof=1))
    margin = float(special.stdtrit(n - 1, (1 + CONFIDENCE) / 2)) * sd / n**0.5
    return Sample(mean, sd, n, mean - margin, mean + margin)


def margin(sample: Sample) -> float:
    """Half the width of the interval of the mean; 0 where n is 1."""
    return 0.0 if np.isnan(sample.high) else sample.high - sample.mean


def mcnemar(correct_a: np.ndarray, correct_b: np.ndarray) -> float:
    """p-value of the exact McNemar test (McNemar, 1947) that two classifiers are equally good.

    Args:
        correct_a, correct_b: bool (images,), whether each classifier is right on the same images.
    """
    only_a = int(np.sum(correct_a & ~correct_b))
    only_b = int(np.sum(correct_b & ~correct_a))
    # Both tails of a symmetric binomial distribution, whose middle belongs to both.
    return min(1.0, 2 * float(special.bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


@dataclass(frozen=True)
class Difference:
    """How much better b is than a: accuracy difference in points of 1, and what it is worth.

    low, high: 95 % bootstrap interval over images and seeds.
    p_value: median over the seeds of McNemar's exact test, seed i of a against seed i of b.
    """

    difference: float
    low: float
    high: float
    p_value: float

    @property
    def is_real(self) -> bool:
        """Whether the interval excludes zero."""
        return not self.low <= 0 <= self.high


def paired_difference(correct_a: np.ndarray, correct_b: np.ndarray) -> Difference:
    """Difference of two architectures' accuracies, each trained with several seeds.

    The bootstrap (Efron and Tibshirani, 1993, percentile interval) draws test images, the same for
    both, and for each architecture seeds: both were sampled from more than we looked at.

    Args:
        correct_a, correct_b: bool (seeds, images); the numbers of seeds may differ.

    Raises:
        ValueError: other numbers of images.
    """
    if correct_a.shape[1:] != correct_b.shape[1:]:
        raise ValueError(
            f"paired tests need the same images: {correct_a.shape[1:]} against "
            f"{correct_b.shape[1:]}"
        )
    random = np.random.default_rng(0)
    differences = _resampled_accuracy_gains(correct_a, correct_b, random)
    low, high = np.quantile(differences, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    pairs = zip(correct_a, correct_b, strict=False)
    return Difference(
        difference=float(correct_b.mean() - correct_a.mean()),
        low=float(low),
        high=float(high),
        p_value=float(np.median([mcnemar(a, b) for a, b in pairs])),
    )


def _resampled_accuracy_gains(correct_a, correct_b, random: np.random.Generator) -> np.ndarray:
    """Differences of resampled accuracies, (RESAMPLES,).

    Images on which all classifiers agree need not be told apart: the images are drawn by their
    pattern of right and wrong answers, of which there are few.
    """
    patterns, counts = np.unique(
        np.concatenate([correct_a, correct_b]).T, axis=0, return_counts=True
    )
    images = counts.sum()
    draws = random.multinomial(images, counts / images, size=RESAMPLES) / images
    accuracies = draws @ patterns  # (RESAMPLES, seeds of a + seeds of b)
    of_a, of_b = np.split(accuracies, [len(correct_a)], axis=1)
    return _mean_of_drawn_seeds(of_b, random) - _mean_of_drawn_seeds(of_a, random)


def _mean_of_drawn_seeds(accuracies: np.ndarray, random: np.random.Generator) -> np.ndarray:
    resamples, seeds = accuracies.shape
    drawn = random.integers(seeds, size=(resamples, seeds))
    return np.take_along_axis(accuracies, drawn, axis=1).mean(axis=1)


def majority_correct(correct: np.ndarray) -> np.ndarray:
    """Bool (images,): whether more than half of the seeds, bool (seeds, images), are right."""
    return correct.mean(axis=0) > 0.5
