"""A trained model as MLflow keeps it: a flavor, so that what is served looks at its input first.

MLflow converts the numbers of a request to the type of the signature before a model sees them:
0.7 of an image from 0 to 1 became 0, and the answer to a black image. So a logged model converts
and checks by itself, with ``served_images.py``, which is logged with it.
"""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mlflow.models import Model, infer_signature

if TYPE_CHECKING:  # it starts TensorFlow
    from mnist_tradeoff.training.backend import keras

MODEL_REQUIREMENTS = ("mlflow", "tensorflow", "keras", "numpy")
LOADER = Path(__file__).with_name("served_images.py")


def log_model(model: "keras.Model", example: np.ndarray, class_names: tuple[str, ...]) -> None:
    """Log a model into the active run, with its signature.

    Args:
        example: images uint8 (n, height, width) or (n, height, width, 3).
        class_names: in the model's metadata, where there are any.
    """
    Model.log(
        artifact_path=None,
        name="model",
        flavor=sys.modules[__name__],
        flavor_name="tensorflow",
        model=model,
        signature=infer_signature(example, model(example).numpy()),
        # Named here, because MLflow would run the model in another process to find them out.
        pip_requirements=[f"{package}=={version(package)}" for package in MODEL_REQUIREMENTS],
        metadata={"classes": list(class_names)} if class_names else None,
    )


def save_model(path: str, mlflow_model: Model, **settings: Any) -> None:
    """What MLflow calls to save a model of this flavor: its own Keras one, with our loader."""
    # Here, because it imports TensorFlow, and backend must have done that first, quietly.
    from mlflow import tensorflow
    from mlflow.pyfunc import FLAVOR_NAME, MAIN

    tensorflow.save_model(
        path=path, mlflow_model=mlflow_model, code_paths=[str(LOADER)], **settings
    )
    mlflow_model.flavors[FLAVOR_NAME][MAIN] = LOADER.stem
    assert mlflow_model.signature is not None
    # As of a Python model with type hints: the numbers of a request reach it as they are.
    mlflow_model.signature._is_signature_from_type_hint = True
    mlflow_model.save(str(Path(path) / "MLmodel"))
