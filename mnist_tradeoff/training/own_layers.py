"""What each layer of a user's own Keras model costs."""

import math
from typing import Any

from mnist_tradeoff.architecture.layer_costs import LayerCost
from mnist_tradeoff.training.backend import keras
from mnist_tradeoff.training.keras_costs import FREE, IN_PLACE, MACS, Call, calls


def own_layer_costs(model: keras.Model) -> list[LayerCost]:
    """Every call of a layer of a trained model that was built here, in the order they are run.

    Weights that several calls share count at the first. MACs of a layer that arithmetic does not
    know are not known.
    """
    seen: set[int] = set()
    found = []
    for call in calls(model.layers[-1]):
        weights = getattr(call.layer, "weights", ())
        new = {id(one): math.prod(one.shape) for one in weights if id(one) not in seen}
        seen |= new.keys()
        found.append(LayerCost(_name(call.layer), call.after, sum(new.values()), _macs(call)))
    return found


def _name(layer: Any) -> str:
    return f"{layer.name} ({type(layer).__name__})"


def _macs(call: Call) -> int | None:
    kind = type(call.layer)
    if kind in MACS:
        return MACS[kind](call)
    return 0 if kind in (*IN_PLACE, *FREE) else None
