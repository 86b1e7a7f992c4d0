"""How a network learns: epochs of batches with Adam, a part held back, and an end when that stops getting better.

Keras' own fit() takes 0.13 s for an epoch of 160 tracks through a small dense network, this loop 0.01 s: most of fit()
is made for data that do not fit in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import Cancelled

SCHEDULES = ("constant", "cosine")
NUMBERS = 2_000_000  # of the inputs in one forward pass: a convolution holds about 16 times as many
MOST_ROWS = 4_096

Logs = dict[str, float]
Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]
Step = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[Any, Any]]


@dataclass(frozen=True)
class Rows:
    """What is learned from or judged by."""

    Z: np.ndarray  # (n, ...) float32, standardised
    labels: np.ndarray  # (n,) int
    weights: np.ndarray  # (n,) how much each counts


@dataclass(frozen=True)
class Course:
    """How long and how fast to learn."""

    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    schedule: str = "constant"
    random_state: int = 0


def train(
    network: Any,
    rows: Rows,
    held_back: Rows | None,
    course: Course,
    *,
    augment: Augment | None = None,
    on_epoch: Callable[[int, Logs], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> dict[str, list[float]]:
    """Train a network in place; with a part held back it ends as it was when that part's loss was least.

    Parameters
    ----------
    network : keras.Model
        Ending in a softmax.
    rows : Rows
    held_back : Rows, optional
    course : Course
    augment : callable (batch, random generator) -> batch, optional
        Changes each training batch anew.
    on_epoch : callable (epoch, logs), optional
        Called after each epoch with loss and accuracy, and val_loss and val_accuracy of the part held back.
    should_stop : callable () -> bool, optional
        Asked after each epoch.

    Returns
    -------
    dict
        Of each of the logs, one value an epoch. A loss is the weighted mean cross-entropy, without any penalty.

    Raises
    ------
    Cancelled
        `should_stop` said so.
    """
    rng = np.random.default_rng(course.random_state)
    step = _step(network, _optimizer(course, len(rows.labels)))
    history: dict[str, list[float]] = {}
    best = _Best(network, course.patience)
    for epoch in range(course.epochs):
        logs = _epoch(step, rows, course.batch_size, augment, rng)
        if held_back is not None:
            logs |= {f"val_{name}": value for name, value in judge(network, held_back).items()}
        for name, value in logs.items():
            history.setdefault(name, []).append(value)
        if on_epoch is not None:
            on_epoch(epoch, dict(logs))
        if should_stop is not None and should_stop():
            raise Cancelled("Training was stopped.")
        if held_back is not None and best.is_past(logs["val_loss"]):
            break
    best.restore()
    return history


def batches(n: int, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Deal n rows out into batches of about that size, as equal as can be.

    A last batch of one row would have no variance for batch normalisation.

    >>> [len(batch) for batch in batches(33, 32, np.random.default_rng(0))]
    [33]
    """
    return np.array_split(rng.permutation(n), max(1, round(n / size)))


def predict(network: Any, Z: np.ndarray) -> np.ndarray:
    """Return class probabilities, shape (n, classes); calling a model is ten times as quick as its predict()."""
    size = rows_at_once(Z.shape[1:])
    parts = [np.asarray(network(Z[i : i + size], training=False)) for i in range(0, len(Z), size)]
    return np.concatenate(parts).astype(float) if parts else np.zeros((0, network.output_shape[-1]))


def rows_at_once(shape: tuple[int, ...]) -> int:
    """Return how many rows of a shape go through a network at once.

    >>> rows_at_once((200,)), rows_at_once((108, 64))
    (4096, 289)
    """
    return max(1, min(MOST_ROWS, NUMBERS // max(1, int(np.prod(shape)))))


def judge(network: Any, rows: Rows) -> Logs:
    """Return weighted mean cross-entropy and accuracy."""
    proba = predict(network, rows.Z)
    right = proba[np.arange(len(rows.labels)), rows.labels]
    losses = -np.log(np.maximum(right, 1e-7))
    return _logs(losses, proba.argmax(axis=1) == rows.labels, rows.weights)


def _logs(losses: np.ndarray, hits: np.ndarray, weights: np.ndarray) -> Logs:
    return {"loss": float(np.average(losses, weights=weights)), "accuracy": float(np.average(hits, weights=weights))}


def _epoch(step: Step, rows: Rows, size: int, augment: Augment | None, rng: np.random.Generator) -> Logs:
    """Learn from every row once."""
    losses, hits = np.zeros(len(rows.labels)), np.zeros(len(rows.labels))
    for batch in batches(len(rows.labels), size, rng):
        Z, labels = rows.Z[batch], rows.labels[batch].astype(np.int32)
        if augment is not None:
            Z = augment(Z, rng)
        found, proba = step(Z, labels, rows.weights[batch].astype(np.float32))
        losses[batch], hits[batch] = np.asarray(found), np.asarray(proba).argmax(axis=1) == labels
    return _logs(losses, hits, rows.weights)


def _optimizer(course: Course, n: int) -> Any:
    import keras

    rate: Any = course.learning_rate
    if course.schedule == "cosine":
        steps = course.epochs * max(1, round(n / course.batch_size))
        rate = keras.optimizers.schedules.CosineDecay(course.learning_rate, steps)
    return keras.optimizers.Adam(rate)


def _step(network: Any, optimizer: Any) -> Step:
    """Return a compiled function (Z, labels, weights) -> (losses, proba) that also makes the network a bit better."""
    import keras
    import tensorflow as tf

    optimizer.build(network.trainable_variables)

    def step(Z: Any, labels: Any, weights: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            proba = network(Z, training=True)
            losses = keras.losses.sparse_categorical_crossentropy(labels, proba)
            # The weights are 1 on average over all rows, so a batch of light rows pulls less than one of heavy rows.
            total = tf.reduce_mean(losses * weights) + sum(network.losses)  # the latter: penalties on the kernels
        gradients = tape.gradient(total, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return losses, proba

    row = network.input_shape[1:]
    signature = [tf.TensorSpec((None, *row), tf.float32), tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None,))]
    return tf.function(step, input_signature=signature, autograph=False)


class _Best:
    """The weights of the epoch that was best so far."""

    def __init__(self, network: Any, patience: int) -> None:
        self._network, self._patience = network, patience
        self._loss, self._weights, self._worse = np.inf, None, 0

    def is_past(self, loss: float) -> bool:
        """Note an epoch's loss; True when the last better one is `patience` epochs ago."""
        if loss < self._loss:
            self._loss, self._weights, self._worse = loss, self._network.get_weights(), 0
        else:
            self._worse += 1
        return self._worse >= self._patience

    def restore(self) -> None:
        """Bring those weights back; the last epoch's stay where none was noted."""
        if self._weights is not None:
            self._network.set_weights(self._weights)
