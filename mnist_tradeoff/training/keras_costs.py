"""What a Keras model costs, counted layer by layer, by the rules of ``architecture/costs.py``."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mnist_tradeoff.architecture.own_model import Counts
from mnist_tradeoff.training.backend import keras
from mnist_tradeoff.training.graph_costs import Shape, graph_macs

layers = keras.layers


@dataclass(frozen=True)
class Call:
    """A layer (or an operation of ``keras.ops``) at one place of a model."""

    layer: Any
    inputs: list[Any]
    output: Any

    @property
    def before(self) -> Shape:
        """Of the first input, for one image."""
        return tuple(self.inputs[0].shape[1:])

    @property
    def after(self) -> Shape:
        """Of the output, for one image."""
        return tuple(self.output.shape[1:])


def calls(model: Any) -> list[Call]:
    """Every call of a layer in a model, and in the models in it, in the order they are run."""
    return trace(model)[0]


def trace(model: Any) -> tuple[list[Call], Any]:
    """Calls, and the model of symbolic tensors that they are between."""
    found: list[Call] = []

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        output = layer(*args, **kwargs)
        given = keras.tree.flatten([args, kwargs])
        inputs = [one for one in given if isinstance(one, keras.KerasTensor)]
        if len(keras.tree.flatten(output)) > 1:
            raise ValueError(
                f"model: '{layer.name}' has several outputs: only layers with one can be counted"
            )
        if isinstance(layer, keras.Model):
            found.extend(_inlined(layer, inputs, keras.tree.flatten(output)))
        else:
            found.append(Call(layer, inputs, output))
        return output

    traced = keras.models.clone_model(
        keras.Model(model.inputs, model.outputs),
        clone_function=lambda layer: layer,
        call_function=call,
    )
    return found, traced


def _inlined(model: Any, inputs: list[Any], outputs: list[Any]) -> list[Call]:
    """Calls of a model within a model, between the tensors of the outer one."""
    found, traced = trace(model)
    ends = zip([*traced.inputs, *traced.outputs], [*inputs, *outputs], strict=True)
    outer = {id(inner): tensor for inner, tensor in ends}
    return [
        Call(
            one.layer,
            [outer.get(id(tensor), tensor) for tensor in one.inputs],
            outer.get(id(one.output), one.output),
        )
        for one in found
    ]


def _conv(call: Call) -> int:
    layer = call.layer
    channels = call.before[_channel_axis(layer)]
    return math.prod(call.after) * math.prod(layer.kernel_size) * channels // layer.groups


def _channel_axis(layer: Any) -> int:
    """Of a shape without its batch."""
    return 0 if layer.data_format == "channels_first" else -1


def _transposed(call: Call) -> int:
    return math.prod(call.before) * math.prod(call.layer.kernel_size) * call.layer.filters


def _depthwise(call: Call) -> int:
    return math.prod(call.after) * math.prod(call.layer.kernel_size)


def _separable(call: Call) -> int:
    channels = call.before[_channel_axis(call.layer)] * call.layer.depth_multiplier
    places = math.prod(call.after) // call.layer.filters
    return places * channels * (math.prod(call.layer.kernel_size) + call.layer.filters)


def _dense(call: Call) -> int:
    return math.prod(call.after) * call.before[-1]


# Those whose multiplications arithmetic knows.
MACS: dict[type, Callable[[Call], int]] = {
    layers.Conv1D: _conv,
    layers.Conv2D: _conv,
    layers.Conv2DTranspose: _transposed,
    layers.Dense: _dense,
    layers.DepthwiseConv1D: _depthwise,
    layers.DepthwiseConv2D: _depthwise,
    layers.SeparableConv1D: _separable,
    layers.SeparableConv2D: _separable,
}
# Those that change nothing or one number at a time, in place: nothing more is kept for them.
IN_PLACE = (
    layers.Activation,
    layers.ActivityRegularization,
    layers.BatchNormalization,
    layers.Dropout,
    layers.ELU,
    layers.Flatten,
    layers.Identity,
    layers.LayerNormalization,
    layers.LeakyReLU,
    layers.PReLU,
    layers.ReLU,
    layers.Rescaling,
    layers.Reshape,
    layers.Softmax,
)
# Others without a multiplication that counts.
FREE = (
    layers.Add,
    layers.Average,
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.Concatenate,
    layers.Cropping2D,
    layers.GlobalAveragePooling1D,
    layers.GlobalAveragePooling2D,
    layers.GlobalMaxPooling1D,
    layers.GlobalMaxPooling2D,
    layers.Maximum,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.Minimum,
    layers.Multiply,
    layers.Permute,
    layers.Subtract,
    layers.UpSampling2D,
    layers.ZeroPadding2D,
)
# Layers that a batch normalisation behind them is folded into.
LINEAR = tuple(MACS)


def count(model: Any) -> Counts:
    """Costs of a model for one image; MACs of the compiled graph where a layer is not known here.

    Raises:
        ValueError: its MACs cannot be counted.
    """
    made, traced = trace(model)
    known = all(type(one.layer) in (*MACS, *IN_PLACE, *FREE) for one in made)
    weights = {id(weight): weight for weight in model.trainable_weights}
    return Counts(
        num_params=_num_params(made),
        trainable_params=sum(math.prod(weight.shape) for weight in weights.values()),
        macs=sum(map(_macs, made)) if known else graph_macs(model),
        peak=_peak(made, traced.inputs[0]),
        activations=sum(math.prod(one.after) for one in made),
        from_graph=not known,
    )


def _macs(call: Call) -> int:
    arithmetic = MACS.get(type(call.layer))
    return arithmetic(call) if arithmetic else 0


def _num_params(made: list[Call]) -> int:
    every = {id(one.layer): one.layer for one in made}
    return sum(deployed_params(layer, made) for layer in every.values())


def deployed_params(layer: Any, made: list[Call]) -> int:
    """Weights of a layer as deployed; a normalisation behind a linear layer leaves a bias."""
    if isinstance(layer, layers.BatchNormalization):
        return _deployed_norm(layer, made)
    return sum(math.prod(weight.shape) for weight in getattr(layer, "weights", ()))


def _deployed_norm(norm: Any, made: list[Call]) -> int:
    (first, *others) = [one for one in made if one.layer is norm]
    channels = first.before[-1]
    source = next((one for one in made if one.output is first.inputs[0]), None)
    if others or source is None or not _folds(source, made):
        return 2 * channels
    return 0 if source.layer.use_bias else channels


def _folds(source: Call, made: list[Call]) -> bool:
    """Whether what follows a layer can be folded into its weights."""
    is_linear = isinstance(source.layer, LINEAR)
    is_plain = getattr(source.layer, "activation", None) is keras.activations.linear
    places = [one for one in made if one.layer is source.layer]
    readers = [one for one in made if any(tensor is source.output for tensor in one.inputs)]
    return is_linear and is_plain and len(places) == 1 and len(readers) == 1


def _peak(made: list[Call], images: Any) -> int:
    """Most numbers alive at once while call after call is run; a view shares what it looks at."""
    roots: dict[int, int] = {}
    sizes: dict[int, int] = {id(images): math.prod(images.shape[1:])}
    last: dict[int, int] = {}
    for step, call in enumerate(made):
        entries = [roots.get(id(tensor), id(tensor)) for tensor in call.inputs]
        if isinstance(call.layer, IN_PLACE):
            roots[id(call.output)] = entries[0]
        else:
            sizes[id(call.output)] = math.prod(call.after)
        last |= dict.fromkeys(entries, step)
    made_at = {id(images): -1}
    made_at |= {id(call.output): step for step, call in enumerate(made) if id(call.output) in sizes}
    return max(
        sum(
            size
            for tensor, size in sizes.items()
            if made_at[tensor] <= step <= max(last.get(tensor, 0), made_at[tensor])
        )
        for step in range(len(made))
    )
