"""A Keras network behind scikit-learn's interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from core.errors import NotEnoughLabelsError
from models.backend import load_keras
from models.training_loop import SCHEDULES, Augment, Course, Rows, predict, rows_at_once, train

MIN_TO_VALIDATE = 40  # labels; below, a part held back would cost more than early stopping gives
MIN_GROUPS = 5  # artists, likewise
# Keras' own 0.99 forgets its start after hundreds of steps, and an epoch of 200 tracks has six: validation then judges
# another network than the one that learns (log loss of genre on new artists .99, with 0.9 .84).
MOMENTUM = 0.9  # of batch normalisation
CONSTANT = 1e-6  # standard deviation of a column that says nothing

BuildNetwork = Callable[..., Any]  # (input shape, number of classes, *, l2, dropout) -> keras.Model


class KerasClassifier(ClassifierMixin, BaseEstimator):
    """Trains a network with Adam and early stopping, on features standardised over all but the last axis.

    What is missing (NaN) becomes the mean of its column, which is 0 then. The same data and `random_state` give the
    same network on one computer.

    Parameters
    ----------
    build_network : callable (input shape, number of classes, *, l2, dropout) -> keras.Model, optional
        The network, ending in a softmax; a loaded model needs none.
    family : str
        The name that `name_` gets.
    epochs : int
        At most; without enough labels to hold some back, a third of it.
    patience : int
        Epochs without a better validation loss before it stops and goes back to the best.
    batch_size : int
    learning_rate : float
        Of Adam, at the start.
    schedule : str
        "constant", or "cosine": the learning rate falls to 0 over all epochs (Loshchilov & Hutter 2017, "SGDR").
    l2 : float
        Weight decay: penalty on the squared kernels of dense and convolutional layers.
    dropout : float
        Share of units left out in each step of training.
    balanced : bool
        Whether rare classes count more, by the square root of their rarity.
    augment : callable (batch, random generator) -> batch, optional
        Changes each training batch anew, as `models.cnn.spec_augment` does.
    random_state : int
    on_epoch : callable (epoch, logs), optional
        Called after each epoch with loss, accuracy and, where a part is held back, val_loss and val_accuracy.
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
        schedule: str = "constant",
        l2: float = 0.0,
        dropout: float = 0.2,
        balanced: bool = True,
        augment: Augment | None = None,
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
        self.schedule = schedule
        self.l2 = l2
        self.dropout = dropout
        self.balanced = balanced
        self.augment = augment
        self.random_state = random_state
        self.on_epoch = on_epoch
        self.should_stop = should_stop

    def __sklearn_clone__(self) -> KerasClassifier:
        """Return an untrained one that shares the callables: a copy of a page's `on_epoch` would report to nobody."""
        return type(self)(**self.get_params(deep=False))

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        groups: np.ndarray | None = None,
        sample_weight: np.ndarray | None = None,
    ) -> KerasClassifier:
        """Train the network.

        Parameters
        ----------
        X : np.ndarray, shape (n, ..., d)
            NaN where something is missing.
        y : np.ndarray of str, shape (n,)
        groups : np.ndarray, shape (n,), optional
            Artists, kept together when a part is held back for early stopping.
        sample_weight : np.ndarray, shape (n,), optional
            How much of a label each row is: segments share that of their track.

        Raises
        ------
        NotEnoughLabelsError
            All labels are the same.
        Cancelled
            `should_stop` said so.
        """
        self._check(y)
        keras = load_keras()
        share = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        self._fit_scaler(X)
        Z = self._scaled(X)
        train_rows, held_back = self._split(labels, groups, share)
        keras.utils.set_random_seed(self.random_state)
        self.model_ = self.build_network(  # type: ignore[misc]  # _check saw that it is there
            Z.shape[1:], len(self.classes_), l2=self.l2, dropout=self.dropout
        )
        weights = self._weights(labels[train_rows], share[train_rows])
        self.history_ = train(
            self.model_,
            Rows(Z[train_rows], labels[train_rows], weights),
            Rows(Z[held_back], labels[held_back], share[held_back]) if len(held_back) else None,
            self._course(validated=len(held_back) > 0),
            augment=self.augment,
            on_epoch=self.on_epoch,
            should_stop=self.should_stop,
        )
        self.name_ = self.family
        return self

    def _check(self, y: np.ndarray) -> None:
        if len(np.unique(np.asarray(y))) < 2:
            raise NotEnoughLabelsError("All answers are the same so far. Give one that differs.")
        if self.build_network is None:
            raise ValueError("build_network is needed to fit")
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule {self.schedule!r} is not one of {SCHEDULES}")

    def _course(self, *, validated: bool) -> Course:
        epochs = self.epochs if validated else max(1, self.epochs // 3)
        return Course(epochs, self.patience, self.batch_size, self.learning_rate, self.schedule, self.random_state)

    def _fit_scaler(self, X: np.ndarray) -> None:
        """Learn mean and deviation of what is known of each column, block by block: spectrograms are many numbers."""
        d = X.shape[-1]
        count, total, squares = np.zeros(d), np.zeros(d), np.zeros(d)
        for block in _blocks(X):
            rows = block.reshape(-1, d).astype(float)
            count += np.isfinite(rows).sum(axis=0)
            rows = np.nan_to_num(rows, nan=0.0, posinf=0.0, neginf=0.0)
            total, squares = total + rows.sum(axis=0), squares + (rows**2).sum(axis=0)
        mean = total / np.maximum(count, 1)
        spread = np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean**2, 0))
        self.mean_ = mean.astype(np.float32)
        self.scale_ = np.where(spread > CONSTANT, spread, 1.0).astype(np.float32)
        self.n_features_in_ = d

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        """Return standardised float32 rows, 0 where something is missing."""
        Z = (np.asarray(X, dtype=np.float32) - self.mean_) / self.scale_
        return np.nan_to_num(Z, copy=False, nan=0.0, posinf=0.0, neginf=0.0)

    def _split(self, labels: np.ndarray, groups: np.ndarray | None, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Hold back about a fifth of the artists for early stopping; nothing where a class would be left out."""
        from models.evaluation import grouped_folds

        everything, nothing = np.arange(len(labels)), np.zeros(0, dtype=int)
        groups = everything if groups is None else np.asarray(groups)
        if round(share.sum()) < MIN_TO_VALIDATE or len(np.unique(groups)) < MIN_GROUPS:
            return everything, nothing
        for rows, held_back in grouped_folds(labels, groups, random_state=self.random_state):
            if len(np.unique(labels[rows])) == len(self.classes_):
                return rows, held_back
        return everything, nothing

    def _weights(self, labels: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Return how much each row counts, 1 on average."""
        counts = np.maximum(np.bincount(labels, weights=share, minlength=len(self.classes_)), 1e-9)
        weights = share * (1.0 / np.sqrt(counts) if self.balanced else np.ones(len(counts)))[labels]
        return weights / weights.mean()

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each of `classes_`, shape (n, classes)."""
        parts = [predict(self.model_, self._scaled(block)) for block in _blocks(X)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes_)))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each track."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _blocks(X: np.ndarray) -> list[np.ndarray]:
    """Return views of so many rows as go through a network at once."""
    size = rows_at_once(X.shape[1:])
    return [X[i : i + size] for i in range(0, len(X), size)]


def penalty(l2: float) -> Any:
    """Return what Keras layers take as `kernel_regularizer`."""
    return load_keras().regularizers.L2(l2) if l2 else None
