"""The user's own Keras model: run its function, check what came back, and build it for training.

The function takes ``(input_shape, classes)`` and returns a functional or sequential model from
float images (n, height, width, channels), values 0 to 1, to logits or a softmax (n, classes). The
file is code that runs with the user's rights. What is exported, logged and loaded later is made of
Keras's own layers, so that it is read again without running the file.
"""

import hashlib
import re
import runpy
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mnist_tradeoff.architecture.own_model import OWN, OwnModel
from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.training.backend import keras
from mnist_tradeoff.training.keras_costs import calls, count, trace
from mnist_tradeoff.training.net import Net, Unit
from mnist_tradeoff.training.normalization import GroupNormalization, Noise

BatchNormalization, Dropout = keras.layers.BatchNormalization, keras.layers.Dropout
KINDS = ("Functional", "Sequential")
# What Keras writes of objects that a user has registered.
OF_THE_USER = re.compile(r'"([^">]+>[^"]+)"')
TRIED_IMAGES = 8
# Rounding of one forward pass in another order.
TOLERANCE = 1e-3


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
    _require_plain(logits, f"'{model}'")
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
        if isinstance(layer, BatchNormalization) and layer.trainable:
            names = ("epsilon", "center", "scale", "name")
            return GroupNormalization(**{name: config[name] for name in names})
        if is_dropout(layer):
            noise_seed = self.seed * 1_000 + len(self.noises)
            self.noises.append(Noise(layer.rate, noise_seed % 2**31, name=layer.name))
            return self.noises[-1]
        return layer.__class__.from_config(config)


def is_dropout(layer: Any) -> bool:
    """Whether a layer is dropout of single numbers, and no kin of it."""
    return type(layer) is Dropout and layer.noise_shape is None


def leaves(model: Any) -> Iterator[Any]:
    """The layers of a model and of the models in it, each once."""
    seen: set[int] = set()
    waiting = list(reversed(model.layers))
    while waiting:
        layer = waiting.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        if _is_plain_model(layer):
            waiting.extend(reversed(layer.layers))
        else:
            yield layer


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
    policy = keras.config.dtype_policy()
    try:
        make = _run(lambda: runpy.run_path(str(path)), path, f"{path.name}").get(function)
        if not callable(make):
            raise ValueError(f"{where}: the file has no function {function}")
        model = _run(lambda: make(tuple(task.input_shape), task.classes), path, f"{function}()")
        if not _is_plain_model(model):
            raise ValueError(
                f"{where} returned a {type(model).__name__}, and not a functional or sequential "
                "keras.Model"
            )
        if not model.built:
            _run(lambda: model.build((None, *task.input_shape)), path, f"{function}()'s model")
    finally:
        keras.config.set_dtype_policy(policy)  # the user's is a matter of the user's layers
    _require_shapes(model, task, where)
    if any(isinstance(structure, list) for structure in _structures(model)):
        model = keras.Model(model.inputs[0], model.outputs[0])
    _require_keras_layers(model, where)
    return _without_softmax(model, where)


def _structures(model: Any) -> tuple[Any, ...]:
    """What a functional model takes and gives; a sequential one has one tensor each."""
    return () if isinstance(model, keras.Sequential) else (model.input, model.output)


def _is_plain_model(model: Any) -> bool:
    return isinstance(model, keras.Model) and type(model).__name__ in KINDS


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


def _require_shapes(model: Any, task: Task, where: str) -> None:
    if any(isinstance(structure, dict) for structure in _structures(model)):
        raise ValueError(f"{where} takes or gives a dict: one tensor each is due")
    found = [[tensor.shape for tensor in ends] for ends in (model.inputs, model.outputs)]
    wanted = [[(None, *task.input_shape)], [(None, task.classes)]]
    if found != wanted:
        shapes = [", ".join(map(str, some)) for some in (*found, *wanted)]
        raise ValueError(
            f"{where} is from {shapes[0]} to {shapes[1]}; from {shapes[2]} to {shapes[3]} is due"
        )
    if model.outputs[0].dtype != "float32":
        raise ValueError(
            f"{where} gives {model.outputs[0].dtype}: give its last layer dtype='float32'"
        )


def _require_keras_layers(model: Any, where: str) -> None:
    for layer in leaves(model):
        module = type(layer).__module__
        if not module.startswith("keras.") or isinstance(layer, keras.layers.Lambda):
            raise ValueError(
                f"{where}: '{layer.name}' is a {type(layer).__name__}; only layers that Keras has "
                "can be loaded again without running the file"
            )
        if isinstance(layer, BatchNormalization) and layer.axis not in (-1, _last_axis(layer)):
            raise ValueError(f"{where}: '{layer.name}' normalises axis {layer.axis}: use the last")
    _require_readable(model, where)
    if not model.trainable_weights:
        raise ValueError(f"{where} has nothing to train")
    if any(weight.regularizer or weight.constraint for weight in model.weights):
        raise ValueError(
            f"{where} has regularizers or constraints, which are not applied here: leave them out"
        )
    places = [call.layer for call in calls(model)]
    for layer in leaves(model):
        if isinstance(layer, BatchNormalization) and sum(one is layer for one in places) > 1:
            raise ValueError(
                f"{where}: '{layer.name}' normalises in several places, whose statistics differ: "
                "give each place a BatchNormalization of its own"
            )


def _require_readable(model: Any, where: str) -> None:
    """Refuse what is of the user's own inside a layer: an activation, a wrapped layer."""
    try:
        config = model.to_json()
        keras.models.model_from_json(config)
        found = OF_THE_USER.search(config)
        problem = f"it has {found[1]} of your own" if found else ""
    except Exception as error:  # whatever Keras raises of objects that it does not know
        problem = " ".join(str(error).split())[:200]
    if problem:
        raise ValueError(
            f"{where} cannot be loaded again without running the file ({problem}): use what Keras "
            "has"
        )


def _last_axis(layer: Any) -> int:
    return layer.input.ndim - 1


def _without_softmax(model: Any, where: str) -> Any:
    """The same model without a softmax at its end: the loss is taken of logits."""
    made, traced = trace(model)
    last, is_softmax = made[-1].layer, isinstance(made[-1].layer, keras.layers.Softmax)
    if not (is_softmax or getattr(last, "activation", None) is keras.activations.softmax):
        _require_no_probabilities(model, where)
        return model
    is_ours = made[-1].output is traced.outputs[0] and last in traced.layers
    if is_ours and (is_softmax or isinstance(last, keras.layers.Activation)):
        return keras.Model(traced.inputs[0], made[-1].inputs[0])
    if is_softmax or sum(one.layer is last for one in made) > 1:
        raise ValueError(
            f"{where}: the softmax '{last.name}' at its end is within a model or used elsewhere: "
            "leave it out"
        )

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        return layer.__class__.from_config(
            config | ({"activation": "linear"} if layer is last else {})
        )

    logits = keras.models.clone_model(model, clone_function=clone, recursive=True)
    logits.set_weights(model.get_weights())
    return logits


def _tried_images(model: Any) -> np.ndarray:
    shape = (TRIED_IMAGES, *model.inputs[0].shape[1:])
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def _require_no_probabilities(model: Any, where: str) -> None:
    scores = np.asarray(model(_tried_images(model), training=False))
    if scores.min() >= 0 and np.allclose(scores.sum(axis=1), 1, atol=1e-4):
        raise ValueError(
            f"{where} gives probabilities: end it with a layer whose activation is softmax, or "
            "with logits"
        )


def _require_plain(model: Any, where: str) -> None:
    """Refuse a model whose training depends on more than an image and the weights.

    Cores share a batch: what a layer draws, counts or takes from the other images would depend on
    how many there are. Normalisation and dropout, which ours replace, are left out of the trial.
    """

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        if isinstance(layer, BatchNormalization):
            config |= {"trainable": False}
        if is_dropout(layer):
            config |= {"rate": 0.0}
        return layer.__class__.from_config(config)

    tried = keras.models.clone_model(model, clone_function=clone, recursive=True)
    images = _tried_images(model)
    before = [np.asarray(variable) for variable in tried.non_trainable_variables]
    whole = np.asarray(tried(images, training=True))
    parts = [tried(part, training=True) for part in np.split(images, 2)]
    if not np.isfinite(whole).all():
        raise ValueError(f"model {where} gives numbers that are not finite")
    if tried.losses:
        raise ValueError(f"model {where} has losses of its own, which are not applied here")
    after = [np.asarray(variable) for variable in tried.non_trainable_variables]
    same_state = all(np.array_equal(*pair) for pair in zip(before, after, strict=True))
    scale = max(1.0, float(np.abs(whole).max()))
    if not same_state or not np.allclose(whole, np.concatenate(parts), atol=TOLERANCE * scale):
        names = sorted({type(one).__name__ for one in leaves(tried) if one.non_trainable_variables})
        raise ValueError(
            f"model {where} draws or counts while it is trained, or mixes the images of a batch"
            f"{' (' + ', '.join(names) + ')' if names else ''}: of such layers only "
            "BatchNormalization and Dropout can be trained here"
        )
