"""A Keras network behind scikit-learn's interface."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from core.errors import Cancelled, NotEnoughLabelsError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its notes on drivers say nothing to a musician

MIN_TO_VALIDATE = 40  # labels; below, a part held back would cost more than early stopping gives
BATCH = 4_096  # tracks per forward pass

BuildNetwork = Callable[[tuple[int, ...], int], Any]


class KerasClassifier(ClassifierMixin, BaseEstimator):
    """Trains a network with Adam and early stopping, on features standardised over all but the last axis.

    Parameters
    ----------
    build_network : callable (input shape, number of classes) -> keras.Model, optional
        The network, ending in a softmax; a loaded model needs none.
    family : str
        The name that `name_` gets.
    epochs : int
        At most; without enough labels to hold some back, a third of it.
    patience : int
        Epochs without a better validation loss before it stops and goes back to the best.
    batch_size : int
    learning_rate : float
    balanced : bool
        Whether rare classes count more, by the square root of their rarity.
    random_state : int
    on_epoch : callable (epoch, logs), optional
        Called after each epoch.
    should_stop : callable () -> bool, optional
        Asked after each epoch; True ends the training with `Cancelled`.
    """

    def __init__(
        self,
        build_network: BuildNetwork | None = None,
        family: str = "keras",
        epochs: int = 60,
        patience: int = 8,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        balanced: bool = True,
        random_state: int = 0,
        on_epoch: Callable[[int, dict[str, float]], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        self.build_network = build_network
        self.family = family
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.balanced = balanced
        self.random_state = random_state
        self.on_epoch = on_epoch
        self.should_stop = should_stop

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> KerasClassifier:
        """Train the network.

        Parameters
        ----------
        X : np.ndarray, shape (n, ..., d)
        y : np.ndarray of str, shape (n,)
        groups : np.ndarray, shape (n,), optional
            Artists, kept together when a part is held back for early stopping.

        Raises
        ------
        NotEnoughLabelsError
            All labels are the same.
        Cancelled
            `should_stop` said so.
        """
        import keras

        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) < 2:
            raise NotEnoughLabelsError("All answers are the same so far. Give one that differs.")
        if self.build_network is None:
            raise ValueError("build_network is needed to fit")
        self._fit_scaler(np.asarray(X, dtype=np.float32))
        Z = self._scaled(X)
        train, held_back = self._split(labels, groups)
        keras.utils.set_random_seed(self.random_state)
        self.model_ = self.build_network(Z.shape[1:], len(self.classes_))
        self.model_.compile(optimizer=keras.optimizers.Adam(self.learning_rate), loss="sparse_categorical_crossentropy")
        watch = _watch(self.on_epoch, self.should_stop)
        callbacks, validation, epochs = [watch], None, max(1, self.epochs // 3)
        if len(held_back):
            callbacks.append(
                keras.callbacks.EarlyStopping("val_loss", patience=self.patience, restore_best_weights=True)
            )
            validation, epochs = (Z[held_back], labels[held_back]), self.epochs
        weights = self._weights(labels[train])[labels[train]]
        history = self.model_.fit(
            Z[train],
            labels[train],
            sample_weight=weights,
            validation_data=validation,
            epochs=epochs,
            batch_size=_batch_size(self.batch_size, len(train)),
            callbacks=callbacks,
            verbose=0,
        )
        if watch.stopped:
            raise Cancelled("Training was stopped.")
        self.history_ = {key: [float(value) for value in row] for key, row in history.history.items()}
        self.name_ = self.family
        return self

    def _fit_scaler(self, X: np.ndarray) -> None:
        axes = tuple(range(X.ndim - 1))
        spread = X.std(axis=axes)
        self.mean_ = X.mean(axis=axes)
        self.scale_ = np.where(spread > 1e-6, spread, 1.0).astype(np.float32)
        self.n_features_in_ = X.shape[-1]

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        return (np.asarray(X, dtype=np.float32) - self.mean_) / self.scale_

    def _split(self, labels: np.ndarray, groups: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Hold back about a fifth of the artists for early stopping; nothing where a class would be left out."""
        from models.evaluation import grouped_folds

        everything, nothing = np.arange(len(labels)), np.zeros(0, dtype=int)
        groups = everything if groups is None else np.asarray(groups)
        if len(labels) < MIN_TO_VALIDATE or len(np.unique(groups)) < 5:
            return everything, nothing
        for train, held_back in grouped_folds(labels, groups, random_state=self.random_state):
            if len(np.unique(labels[train])) == len(self.classes_):
                return train, held_back
        return everything, nothing

    def _weights(self, labels: np.ndarray) -> np.ndarray:
        """Return the weight of each class, 1 on average over the labels."""
        counts = np.maximum(np.bincount(labels, minlength=len(self.classes_)), 1)
        weights = 1.0 / np.sqrt(counts) if self.balanced else np.ones(len(counts))
        return weights / np.average(weights, weights=counts)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each of `classes_`, shape (n, classes)."""
        Z = self._scaled(X)
        # Calling the model is about ten times as quick as its predict() for what fits in memory.
        parts = [np.asarray(self.model_(Z[i : i + BATCH], training=False)) for i in range(0, len(Z), BATCH)]
        return np.concatenate(parts).astype(float) if parts else np.zeros((0, len(self.classes_)))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each track."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _batch_size(wanted: int, n: int) -> int:
    """Avoid a last batch of one row, on which batch normalisation has no variance."""
    size = min(wanted, n)
    return size + 1 if n % size == 1 and size < n else size


def _watch(on_epoch: Callable[[int, dict[str, float]], None] | None, should_stop: Callable[[], bool] | None) -> Any:
    """Return the callback that reports each epoch and stops when asked to."""
    import keras

    class Watch(keras.callbacks.Callback):
        stopped = False

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            if on_epoch is not None:
                on_epoch(epoch, {key: float(value) for key, value in (logs or {}).items()})
            if should_stop is not None and should_stop():
                self.stopped = self.model.stop_training = True

    return Watch()
