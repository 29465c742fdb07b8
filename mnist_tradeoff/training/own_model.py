"""The user's own Keras model: run its function, check what came back, and build it for training.

The function takes ``(input_shape, classes)`` and returns a functional or sequential model from
float images (n, height, width, channels), values 0 to 1, to logits or a softmax (n, classes). The
file is code that runs with the user's rights. What is exported, logged and loaded later is made of
Keras's own layers, so that it is read again without running the file.
"""

import hashlib
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mnist_tradeoff.architecture.own_model import OWN, OwnModel
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.training.backend import keras
from mnist_tradeoff.training.keras_costs import count
from mnist_tradeoff.training.net import Net, Unit
from mnist_tradeoff.training.normalization import GroupNormalization, Noise
from mnist_tradeoff.training.own_checks import (
    is_dropout,
    is_plain_model,
    leaves,
    require_keras_layers,
    require_plain,
    require_shapes,
    structures,
    without_softmax,
)


def load_own_model(model: str, task: Task) -> OwnModel:
    """Run a user's function for a task, check its model, and count what it costs.

    Args:
        model: ``PATH.py:FUNCTION``.

    Raises:
        ValueError: a file that does not exist, a function that raises or returns something else, a
            wrong shape, or a layer that cannot be trained here; one line that says which.
    """
    path, function = _place(model)
    source = _read(path)
    logits = _made(path, function, task)
    require_plain(logits, f"'{model}'")
    return OwnModel(
        name=f"{path.name}:{function}",
        digest=hashlib.md5(source.encode()).hexdigest(),
        path=str(path),
        source=source,
        config=logits.to_json(),
        counts=count(logits),
    )


def own_model_of(model: keras.Model, name: str) -> OwnModel:
    """What can be converted of a trained model that was built here, without its file.

    Args:
        name: see ``OwnModel``.
    """
    logits = model.layers[-1]
    return OwnModel(name, "", "", "", logits.to_json(), count(logits))


def build_own(
    own: OwnModel, task: Task, seed: int = 0, input_dtype: str = "uint8", is_trained: bool = False
) -> Net:
    """A user's model as ``training.build.build_net`` makes the ones of the notation.

    A net that is trained has the weights that the function gave, made with the seed, and our
    normalisation and dropout in place of Keras's; a finished one has untrained weights.
    """
    if is_trained:
        keras.utils.set_random_seed(seed)
        source = _made(Path(own.path), own.name.rpartition(":")[2], task)
        replacing = _Replacing(seed)
        logits = keras.models.clone_model(source, clone_function=replacing, recursive=True)
        if [one.shape for one in source.weights] != _shapes(own.config):
            raise ValueError(
                f"model '{own.name}' is another one at each call: make it always alike"
            )
        logits.set_weights(source.get_weights())
        units, noises = _units(logits), replacing.noises
    else:
        logits: Any = keras.models.model_from_json(own.config)
        units, noises = _units(logits), []
    images = keras.Input(task.image_shape, dtype=input_dtype, name="images")
    x = keras.layers.Rescaling(1 / 255)(images)
    x = keras.layers.Reshape(tuple(task.input_shape))(x)
    return Net(keras.Model(images, logits(x)), units, noises)


class _Replacing:
    """Clones a layer, with ours in place of the two whose work depends on the whole batch."""

    def __init__(self, seed: int):
        self.seed = seed
        self.noises: list[Noise] = []

    def __call__(self, layer: Any) -> Any:
        config = layer.get_config()
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            names = ("epsilon", "center", "scale", "name")
            return GroupNormalization(**{name: config[name] for name in names})
        if is_dropout(layer):
            noise_seed = self.seed * 1_000 + len(self.noises)
            self.noises.append(Noise(layer.rate, noise_seed % 2**31, name=layer.name))
            return self.noises[-1]
        return layer.__class__.from_config(config)


def _shapes(config: str) -> list[tuple[int, ...]]:
    counted: Any = keras.models.model_from_json(config)
    return [weight.shape for weight in counted.weights]


def _units(logits: Any) -> list[Unit]:
    return [Unit(layer) for layer in leaves(logits) if layer.weights]


def _place(model: str) -> tuple[Path, str]:
    match = OWN.fullmatch(model)
    assert match is not None
    try:
        return Path(match["path"]).expanduser().absolute(), match["function"]
    except RuntimeError as error:  # ~nobody
        raise ValueError(f"model '{model}': {error}") from None


def _read(path: Path) -> str:
    if not path.is_file():
        raise ValueError(
            f"model: '{path}' is not a file; mlflow run works in the project's folder: "
            "name the file by its absolute path"
        )
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"model: '{path}' cannot be read: {error}") from None


def _made(path: Path, function: str, task: Task) -> Any:
    """The function's model, checked, as one that gives logits."""
    where = f"model '{path.name}:{function}'"
    with _left_as_it_was(path.parent):
        make = _run(lambda: runpy.run_path(str(path)), path, f"{path.name}").get(function)
        if not callable(make):
            raise ValueError(f"{where}: the file has no function {function}")
        model = _run(lambda: make(tuple(task.input_shape), task.classes), path, f"{function}()")
        if not is_plain_model(model):
            raise ValueError(
                f"{where} returned a {type(model).__name__}, and not a functional or sequential "
                "keras.Model"
            )
        if not model.built:
            _run(lambda: model.build((None, *task.input_shape)), path, f"{function}()'s model")
    require_shapes(model, task, where)
    if any(isinstance(structure, list) for structure in structures(model)):
        model = keras.Model(model.inputs[0], model.outputs[0])
    require_keras_layers(model, where)
    return without_softmax(model, where)


@contextmanager
def _left_as_it_was(folder: Path) -> Iterator[None]:
    """Modules beside the user's file are found; what its code sets ends with it."""
    policy, floats = keras.config.dtype_policy(), keras.config.floatx()
    current, places = Path.cwd(), list(sys.path)
    sys.path.insert(0, str(folder))  # as for ``python FILE``
    try:
        yield
    finally:
        keras.config.set_floatx(floats)
        keras.config.set_dtype_policy(policy)
        os.chdir(current)
        sys.path[:] = places


def _run(step: Callable[[], Any], path: Path, what: str) -> Any:
    try:
        return step()
    except (Exception, SystemExit) as error:  # the user's code raises what it likes
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(path)]
        line = f" (line {lines[-1]})" if lines else ""
        message = " ".join(str(error).split())[:300]
        raise ValueError(
            f"model: {what} of '{path}' raised {type(error).__name__}: {message}{line}"
        ) from None
