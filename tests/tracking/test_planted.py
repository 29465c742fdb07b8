"""Models that come out of a store are data: nothing beside their file is executed."""

import os
import pickle
from pathlib import Path

import mlflow
import numpy as np
import pytest

from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.tracking.models import load_model
from mnist_tradeoff.training.build import build

# Keras 3.15 on NumPy 2.4, where it saves; MLflow 3.17 on itself, where it is imported.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning"),
]


class Planted:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    "name", ["custom_objects.cloudpickle", "global_custom_objects.cloudpickle"]
)
def test_a_planted_pickle_is_not_opened(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")  # whatever the user's is
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    model, proof = build(parse("2C3-P2"), MNIST), tmp_path / "executed"
    with mlflow.start_run() as run:
        mlflow.tensorflow.log_model(  # pyright: ignore[reportPrivateImportUsage]
            model, name="model", pip_requirements=["keras"]
        )
    (file,) = tmp_path.rglob("MLmodel")
    (file.parent / "data" / name).write_bytes(pickle.dumps(Planted(proof)))
    loaded = load_model(run.info.run_id)
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not proof.exists()
