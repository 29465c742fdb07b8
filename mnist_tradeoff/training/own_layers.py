"""What each layer of a user's own Keras model costs."""

from typing import Any

from mnist_tradeoff.architecture.layer_costs import LayerCost
from mnist_tradeoff.training.backend import keras
from mnist_tradeoff.training.keras_costs import FREE, IN_PLACE, MACS, Call, calls, deployed_params


def own_layer_costs(model: keras.Model) -> list[LayerCost]:
    """Every call of a layer of a trained model that was built here, in the order they are run.

    A layer that is called several times counts its parameters at the first. MACs of a layer that
    arithmetic does not know are not known.
    """
    seen: set[int] = set()
    found = []
    made = calls(model.layers[-1])
    for call in made:
        params = 0 if id(call.layer) in seen else deployed_params(call.layer, made)
        seen.add(id(call.layer))
        found.append(LayerCost(_name(call.layer), call.after, params, _macs(call)))
    return found


def _name(layer: Any) -> str:
    return f"{layer.name} ({type(layer).__name__})"


def _macs(call: Call) -> int | None:
    kind = type(call.layer)
    if kind in MACS:
        return MACS[kind](call)
    return 0 if kind in (*IN_PLACE, *FREE) else None
