"""Operations that tf2onnx 1.17 does not know, made of those of ONNX. Importing it is enough.

GELU of Keras is made of ``Erfc``, CELU of ``Expm1``.
"""

from typing import Any

import numpy as np
from tf2onnx import utils
from tf2onnx.handler import tf_op


@tf_op("Erfc")
class Erfc:
    """1 + erf(-x)."""

    @classmethod
    def version_9(cls, ctx: Any, node: Any, **_: Any) -> None:
        """Since ONNX's opset 9."""
        node.type = "Erf"
        ctx.insert_new_node_on_input(node, "Neg", node.input[0])
        _add_behind(ctx, node, 1)


@tf_op("Expm1")
class Expm1:
    """exp(x) - 1."""

    @classmethod
    def version_7(cls, ctx: Any, node: Any, **_: Any) -> None:
        """Since ONNX's opset 7."""
        node.type = "Exp"
        _add_behind(ctx, node, -1)


@tf_op("Log1p")
class Log1p:
    """log(x + 1)."""

    @classmethod
    def version_7(cls, ctx: Any, node: Any, **_: Any) -> None:
        """Since ONNX's opset 7."""
        node.type = "Log"
        ctx.insert_new_node_on_input(node, "Add", [node.input[0], _constant(ctx, 1)])


def _add_behind(ctx: Any, node: Any, number: float) -> None:
    inputs, name = [node.output[0], _constant(ctx, number)], utils.make_name(node.name)
    ctx.insert_new_node_on_output("Add", node.output[0], name=name, inputs=inputs)


def _constant(ctx: Any, number: float) -> str:
    return ctx.make_const(utils.make_name("number"), np.array(number, np.float32)).output[0]
