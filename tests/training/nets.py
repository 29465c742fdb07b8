"""Keras models as a user would write them."""

# ruff: noqa: ARG001

import os

import keras
from keras import layers


def resnet(input_shape, classes):
    images = keras.Input(input_shape)
    x = layers.Conv2D(4, 3, strides=2, use_bias=False)(images)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.Conv2D(4, 3, padding="same")(x)
    y = layers.BatchNormalization(scale=False)(y)
    x = layers.Dropout(0.1)(layers.Add()([x, y]))
    x = layers.BatchNormalization()(x)
    return keras.Model(images, layers.Dense(classes)(layers.GlobalAveragePooling2D()(x)))


def lenet(input_shape, classes):
    head = keras.Sequential([layers.Dense(84, activation="tanh"), layers.Dense(classes)])
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(6, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="tanh"),
            head,
            layers.Softmax(),
        ]
    )


def unbuilt(input_shape, classes):
    return keras.Sequential([layers.Flatten(), layers.Dense(classes, activation="softmax")])


def attention(input_shape, classes):
    images = keras.Input(input_shape)
    x = layers.Reshape((-1, 16))(layers.Conv2D(16, 4, strides=4)(images))
    y = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 8)(y, y)])
    return keras.Model(images, layers.Dense(classes)(layers.GlobalAveragePooling1D()(x)))


def raises(input_shape, classes):
    raise RuntimeError(f"no net\nfor {classes} classes")


def leaves(input_shape, classes):
    raise SystemExit(3)


def nothing(input_shape, classes):
    pass


def subclassed(input_shape, classes):
    class Mine(keras.Model):
        pass

    return Mine()


def eleven(input_shape, classes):
    return unbuilt(input_shape, classes + 1)


def transposed(input_shape, classes):
    height, width, channels = input_shape
    images = keras.Input((channels, height, width))
    return keras.Model(images, layers.Dense(classes)(layers.Flatten()(images)))


def own_layer(input_shape, classes):
    class Mine(layers.Dense):
        pass

    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), Mine(classes)])


def unlearned(input_shape, classes):
    return keras.Sequential(
        [keras.Input(input_shape), layers.Flatten(), layers.Dense(classes, trainable=False)]
    )


def noisy(input_shape, classes):
    noise = layers.GaussianNoise(0.1)
    return keras.Sequential(
        [keras.Input(input_shape), layers.Flatten(), noise, layers.Dense(classes)]
    )


def counting(input_shape, classes):
    dense = layers.SpectralNormalization(layers.Dense(classes))
    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), dense])


def probabilities(input_shape, classes):
    images = keras.Input(input_shape)
    scores = layers.Dense(classes)(layers.Flatten()(images))
    return keras.Model(images, keras.ops.softmax(scores))


def recurrent(input_shape, classes):
    rows = layers.Reshape(input_shape[:2])
    return keras.Sequential([keras.Input(input_shape), rows, layers.GRU(8), layers.Dense(classes)])


def by_rows(input_shape, classes):
    images = keras.Input(input_shape)
    x = layers.BatchNormalization(axis=1)(images)
    return keras.Model(images, layers.Dense(classes)(layers.Flatten()(x)))


def functional_softmax(input_shape, classes):
    images = keras.Input(input_shape)
    return keras.Model([images], layers.Softmax()(layers.Dense(classes)(layers.Flatten()(images))))


def gated(input_shape, classes):
    images, softmax = keras.Input(input_shape), layers.Activation("softmax")
    gate = softmax(layers.Dense(20)(layers.Flatten()(images)))
    return keras.Model(images, softmax(layers.Dense(classes)(gate)))


def shared_normalisation(input_shape, classes):
    images, norm = keras.Input(input_shape), layers.BatchNormalization()
    return keras.Model(images, layers.Dense(classes)(layers.Flatten()(norm(norm(images)))))


def spatial(input_shape, classes):
    images = keras.Input(input_shape)
    x = layers.SpatialDropout2D(0.5)(layers.Conv2D(4, 3)(images))
    return keras.Model(images, layers.Dense(classes)(layers.Flatten()(x)))


def regularised(input_shape, classes):
    dense = layers.Dense(classes, kernel_regularizer="l2")
    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), dense])


def own_activation(input_shape, classes):
    dense = layers.Dense(classes, activation=lambda x: x)
    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), dense])


@keras.saving.register_keras_serializable()
def doubled(x):
    return 2 * x


def registered_activation(input_shape, classes):
    dense = layers.Dense(classes, activation=doubled)
    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), dense])


def several_outputs(input_shape, classes):
    images = keras.Input(input_shape)
    rows = layers.Reshape(input_shape[:2])(images)
    x, _ = layers.MultiHeadAttention(1, 4)(rows, rows, return_attention_scores=True)
    return keras.Model(images, layers.Dense(classes)(layers.Flatten()(x)))


def nested_subclass(input_shape, classes):
    class Inner(keras.Model):
        def call(self, x):
            return x

    images = keras.Input(input_shape)
    return keras.Model(images, layers.Dense(classes)(layers.Flatten()(Inner()(images))))


def named_output(input_shape, classes):
    images = keras.Input(input_shape)
    return keras.Model(images, {"scores": layers.Dense(classes)(layers.Flatten()(images))})


def infinite(input_shape, classes):
    images = keras.Input(input_shape)
    x = keras.ops.log(layers.Flatten()(images) - 2)
    return keras.Model(images, layers.Dense(classes)(x))


def half(input_shape, classes):
    keras.config.set_dtype_policy("mixed_float16")
    return keras.Sequential([keras.Input(input_shape), layers.Flatten(), layers.Dense(classes)])


def another_each_time(input_shape, classes):
    width = 1 + int.from_bytes(os.urandom(3))
    hidden = layers.Dense(width % 500 + 1)
    return keras.Sequential(
        [keras.Input(input_shape), layers.Flatten(), hidden, layers.Dense(classes)]
    )


not_callable = 3
