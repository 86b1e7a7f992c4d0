"""A small dense network: 256-128 with batch normalisation and dropout."""

from __future__ import annotations

from typing import Any

from models.keras_classifier import KerasClassifier

LAYERS = (256, 128)
DROPOUT = 0.2


def network(input_shape: tuple[int, ...], n_classes: int) -> Any:
    """Return the network, not yet compiled.

    Parameters
    ----------
    input_shape : tuple of int
        Of one track, without the batch.
    n_classes : int

    Returns
    -------
    keras.Model
    """
    import keras

    inputs = keras.Input(input_shape)
    x = inputs
    for units in LAYERS:
        x = keras.layers.Dense(units, use_bias=False)(x)  # batch normalisation brings the bias
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Activation("relu")(x)
        x = keras.layers.Dropout(DROPOUT)(x)
    return keras.Model(inputs, keras.layers.Dense(n_classes, activation="softmax")(x))


def build(*, random_state: int = 0, **options: Any) -> KerasClassifier:
    """Return an untrained classifier with this network; options are those of `KerasClassifier`."""
    return KerasClassifier(network, family="mlp", random_state=random_state, **options)
