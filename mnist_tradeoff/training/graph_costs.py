"""Multiplications of a model's compiled graph, where arithmetic does not know a layer."""

import math
from collections.abc import Callable
from typing import Any

from mnist_tradeoff.training.backend import functions_inlined, tf

Shape = tuple[int, ...]


def graph_macs(model: Any) -> int:
    """Multiply-accumulate operations of a model's compiled graph for one image.

    Raises:
        ValueError: the graph has a loop or another operation whose work cannot be told.
    """
    shape = (1, *model.inputs[0].shape[1:])
    forward = tf.function(lambda images: model(images, training=False), autograph=False)
    with functions_inlined():
        graph = forward.get_concrete_function(tf.TensorSpec(shape, tf.float32)).graph
    found = 0
    for operation in graph.get_operations():
        kind = operation.type
        if kind in GRAPH_MACS:
            found += GRAPH_MACS[kind](operation)
        elif kind in OPAQUE or "Conv" in kind or "MatMul" in kind:
            remedy = "a recurrent layer needs unroll=True" if kind in LOOPS else "use other layers"
            raise ValueError(
                f"model: the MACs of '{operation.name}' ({kind}) cannot be counted: {remedy}"
            )
    return found


def _output(operation: Any) -> Shape:
    return tuple(operation.outputs[0].shape)


def _graph_matmul(operation: Any) -> int:
    transposed = operation.node_def.attr["transpose_a"].b or operation.node_def.attr["adj_x"].b
    return math.prod(_output(operation)) * operation.inputs[0].shape[-2 if transposed else -1]


def _graph_conv(operation: Any) -> int:
    *kernel, channels, _ = operation.inputs[1].shape
    return math.prod(_output(operation)) * math.prod(kernel) * channels


def _graph_depthwise(operation: Any) -> int:
    return math.prod(_output(operation)) * math.prod(operation.inputs[1].shape[:2])


def _graph_transposed(operation: Any) -> int:
    *kernel, filters, _ = operation.inputs[1].shape
    return math.prod(operation.inputs[2].shape) * math.prod(kernel) * filters


def _graph_einsum(operation: Any) -> int:
    equation = operation.node_def.attr["equation"].s.decode()
    terms = equation.partition("->")[0].split(",")
    sides: dict[str, int] = {}
    for term, tensor in zip(terms, operation.inputs, strict=True):
        sides |= dict(zip(term, tensor.shape, strict=True))
    return math.prod(sides.values())


GRAPH_MACS: dict[str, Callable[[Any], int]] = {
    "BatchMatMulV2": _graph_matmul,
    "Conv2D": _graph_conv,
    "Conv2DBackpropInput": _graph_transposed,
    "DepthwiseConv2dNative": _graph_depthwise,
    "Einsum": _graph_einsum,
    "MatMul": _graph_matmul,
}
LOOPS = ("StatelessWhile", "While")
# They hide operations of their own.
OPAQUE = (
    "If",
    "PartitionedCall",
    "StatefulPartitionedCall",
    "StatelessWhile",
    "While",
    "XlaCallModule",
)
