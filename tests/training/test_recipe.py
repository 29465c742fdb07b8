import pytest

from mnist_tradeoff.architecture.references import resolve
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.training import recipe
from mnist_tradeoff.training.recipe import choose_precision


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
