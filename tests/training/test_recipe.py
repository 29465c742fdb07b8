import pytest

from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.training import recipe
from mnist_tradeoff.training.recipe import Recipe, augmentation_strength, choose_precision


@pytest.mark.parametrize(
    ("model", "flags", "expected"),
    [
        ("cnn_v1", {"avx2"}, "float32"),
        ("cnn_v1", {"avx512_bf16"}, "bfloat16"),
        ("cnn_v2", {"amx_bf16"}, "bfloat16"),
        ("ann", {"avx512_bf16"}, "float32"),
        ("8C3-P2-12C3-P2", {"avx512_bf16"}, "float32"),
    ],
)
def test_auto_precision(monkeypatch, model, flags, expected):
    monkeypatch.setattr(recipe, "cpu_flags", lambda: flags)
    assert choose_precision(resolve(model, MNIST), "auto") == expected
    assert choose_precision(resolve(model, MNIST), "float32") == "float32"
    assert choose_precision(resolve(model, MNIST), "bfloat16") == "bfloat16"


def test_the_strength_of_augmentation_is_none_a_number_or_by_the_size_of_the_net():
    assert augmentation_strength("none", 6_000) == 0
    assert augmentation_strength("0.5", 6_000) == 0.5
    strengths = [augmentation_strength("auto", params) for params in (100, 1_000, 10_000)]
    assert strengths[0] == 0 < strengths[1] < strengths[2]


@pytest.mark.parametrize("augment", ["", "on", "-1", "nan", "inf", "3.5", "0,5"])
def test_another_augmentation_is_refused_with_what_is_allowed(augment):
    with pytest.raises(
        ValueError, match="augment must be none, auto, or a strength of 0 to 3, not"
    ):
        Recipe(augment=augment)


@pytest.mark.parametrize("values", [{"beta_1": 1.0}, {"beta_2": -0.1}, {"beta_2": float("nan")}])
def test_betas_are_shares(values):
    with pytest.raises(ValueError, match=r"beta_[12] must be 0 or more and below 1, not"):
        Recipe(**values)
