"""A convolutional network on mel-spectrogram slices of 5 s: what it says of each is averaged over the track."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.backend import load_keras
from models.keras_classifier import MOMENTUM, KerasClassifier, penalty
from models.segments import SegmentClassifier

BLOCKS = ((16, 5, 2), (32, 3, 1))  # filters, their size and step: a first step of 2 takes a third of the time of 1
UNITS = 64
# Of 257 clips, new artists: log loss of genre .911 and of rating 1.020 so, .922 and 1.038 at a constant rate. Masks
# (`spec_augment`) at a constant rate: .903 and 1.036, but the AUC of liked fell from .77 to .74: off by default.
USUAL: dict[str, Any] = {"epochs": 25, "patience": 6, "schedule": "cosine"}
MASKS = 2  # of each sort
MOST_TIME = 0.2  # of a slice hidden by one mask
MOST_BANDS = 0.15


def network(input_shape: tuple[int, ...], n_classes: int, *, l2: float = 0.0, dropout: float = 0.2) -> Any:
    """Return the network, not yet trained: two convolutional blocks, the mean over time, two dense layers.

    Which band something sounds in stays known; when it sounds does not matter.

    Parameters
    ----------
    input_shape : tuple of int
        (time, bands) of one slice.
    n_classes : int
    l2 : float
        Weight decay of the kernels.
    dropout : float
        Share of units left out, after each block and between the dense layers.

    Returns
    -------
    keras.Model
    """
    keras = load_keras()
    layers = keras.layers
    inputs = keras.Input(input_shape)
    x = layers.Reshape((*input_shape, 1))(inputs)
    for filters, size, step in BLOCKS:
        x = layers.Conv2D(filters, size, step, padding="same", use_bias=False, kernel_regularizer=penalty(l2))(x)
        x = layers.BatchNormalization(momentum=MOMENTUM)(x)
        x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D(2, padding="same")(x)
        x = layers.SpatialDropout2D(dropout / 2)(x)
    x = layers.AveragePooling2D((x.shape[1], 1))(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(UNITS, activation="relu", kernel_regularizer=penalty(l2))(x)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, layers.Dense(n_classes, activation="softmax")(x))


def spec_augment(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hide two stretches of time and two of the bands of each slice, drawn anew every time.

    Park et al. 2019, "SpecAugment". Hidden is 0: the mean, once slices are standardised.

    Parameters
    ----------
    batch : np.ndarray, shape (n, time, bands)
    rng : np.random.Generator

    Returns
    -------
    np.ndarray, shape (n, time, bands)
        A changed copy.
    """
    n, time, bands = batch.shape
    heard = np.ones(batch.shape, dtype=bool)
    for _ in range(MASKS):
        heard &= ~_stretches(n, time, MOST_TIME, rng)[:, :, None]
        heard &= ~_stretches(n, bands, MOST_BANDS, rng)[:, None, :]
    return batch * heard


def _stretches(n: int, length: int, most: float, rng: np.random.Generator) -> np.ndarray:
    """Return one stretch a row, of random place and a random length up to `most` of all, (n, length) of bool."""
    width = rng.integers(0, int(most * length) + 1, n)[:, None]
    start = (rng.random(n)[:, None] * (length - width + 1)).astype(int)
    place = np.arange(length)
    return (place >= start) & (place < start + width)


def build(*, random_state: int = 0, augment: bool = False, **options: Any) -> SegmentClassifier:
    """Return an untrained classifier of tracks as slices, shape (n, slices, time, bands), NaN where there is none.

    Parameters
    ----------
    random_state : int
    augment : bool
        Train with `spec_augment`.
    **options
        Those of `KerasClassifier`.
    """
    changed = spec_augment if augment else None
    return SegmentClassifier(
        KerasClassifier(network, family="cnn", random_state=random_state, augment=changed, **(USUAL | options))
    )
