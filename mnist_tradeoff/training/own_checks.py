"""What is asked of a user's own Keras model before it is trained; one line where it is not so."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from mnist_tradeoff.architecture.task import Task
from mnist_tradeoff.training.backend import keras
from mnist_tradeoff.training.keras_costs import calls, trace

BatchNormalization, Dropout = keras.layers.BatchNormalization, keras.layers.Dropout
KINDS = ("Functional", "Sequential")
# What Keras writes of objects that a user has registered.
OF_THE_USER = re.compile(r'"([^">]+>[^"]+)"')
TRIED_IMAGES = 8
# Rounding of one forward pass in another order.
TOLERANCE = 1e-3


def leaves(model: Any) -> Iterator[Any]:
    """The layers of a model and of the models in it, each once."""
    seen: set[int] = set()
    waiting = list(reversed(model.layers))
    while waiting:
        layer = waiting.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        if is_plain_model(layer):
            waiting.extend(reversed(layer.layers))
        else:
            yield layer


def is_plain_model(model: Any) -> bool:
    """Whether it is a functional or a sequential model, whose layers are known."""
    return isinstance(model, keras.Model) and type(model).__name__ in KINDS


def is_dropout(layer: Any) -> bool:
    """Whether a layer is dropout of single numbers, and no kin of it."""
    return type(layer) is Dropout and layer.noise_shape is None


def structures(model: Any) -> tuple[Any, ...]:
    """What a functional model takes and gives; a sequential one has one tensor each."""
    return () if isinstance(model, keras.Sequential) else (model.input, model.output)


def require_shapes(model: Any, task: Task, where: str) -> None:
    """Raise ValueError unless a model is from a task's images to one float32 score a class."""
    if any(isinstance(structure, dict) for structure in structures(model)):
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


def require_keras_layers(model: Any, where: str) -> None:
    """Raise ValueError where a layer cannot be loaded again, or is not trained here as it says."""
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


def without_softmax(model: Any, where: str) -> Any:
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


def _require_no_probabilities(model: Any, where: str) -> None:
    scores = np.asarray(model(_tried_images(model), training=False))
    if scores.min() >= 0 and np.allclose(scores.sum(axis=1), 1, atol=1e-4):
        raise ValueError(
            f"{where} gives probabilities: end it with a layer whose activation is softmax, or "
            "with logits"
        )


def require_plain(model: Any, where: str) -> None:
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


def _tried_images(model: Any) -> np.ndarray:
    shape = (TRIED_IMAGES, *model.inputs[0].shape[1:])
    return np.random.default_rng(0).random(shape, dtype=np.float32)
