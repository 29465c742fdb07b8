"""A Keras model with its parts, and how what it has learned becomes the model that is deployed."""

from dataclasses import dataclass, field

import numpy as np

from mnist_tradeoff.training.backend import keras
from mnist_tradeoff.training.normalization import EPSILON, GroupNormalization, Noise


@dataclass
class Unit:
    """A Keras layer with weights, and the normalisations behind it, one a pass."""

    layer: keras.layers.Layer
    norms: list[keras.layers.Layer] = field(default_factory=list)


@dataclass
class Net:
    """A model with its parts that can be carried over to another model of the architecture.

    masks: for each trainable variable, ones where its gradient counts; none: everywhere.
    """

    model: keras.Model
    units: list[Unit]
    noises: list[Noise]
    masks: list[np.ndarray] = field(default_factory=list)

    @property
    def norms(self) -> list[GroupNormalization]:
        """All normalisations that are trained, in the order of the layers."""
        every = [layer for unit in self.units for layer in (unit.layer, *unit.norms)]
        return [layer for layer in every if isinstance(layer, GroupNormalization)]


def carry_over(trained: Net, finished: Net) -> None:
    """Give a finished net what a trained one has learned, its normalisations folded in.

    Scale and shift of a normalisation go into the weights before it; behind shared weights, where
    every pass has its own, they stay.
    """
    for source, target in zip(trained.units, finished.units, strict=True):
        if source.norms and not target.norms:
            (norm,) = source.norms
            target.layer.set_weights(_folded(source.layer, norm.get_weights()))
            continue
        target.layer.set_weights(source.layer.get_weights())
        for one, other in zip(source.norms, target.norms, strict=True):
            other.set_weights(one.get_weights())


def _folded(layer: keras.layers.Layer, statistics: list[np.ndarray]) -> list[np.ndarray]:
    gamma, beta, mean, variance = statistics
    scale = gamma / np.sqrt(variance + EPSILON)
    *others, kernel = layer.get_weights()
    by_channel = scale[:, None] if isinstance(layer, keras.layers.DepthwiseConv2D) else scale
    return [*others, kernel * by_channel, beta - mean * scale]
