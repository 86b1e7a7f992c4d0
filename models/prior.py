"""A first guess of the genre from MusiCNN's tags, before the person has given one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from core.vocabulary import GENRE_TAGS, MSD_TAGS

SHARPNESS = 2.0  # factor inside the softmax
WEIGHT = 8.0  # the prior counts like this many labels


class GenrePrior(ClassifierMixin, BaseEstimator):
    """How far a track's tags stand out in the person's own library, averaged over the tags of each genre.

    The logarithm of each tag's probability is standardised over the library, averaged over the tags of a genre, and
    turned into probabilities by a softmax with factor 2. A genre without tags gets an equal share.

    Parameters
    ----------
    classes : sequence of str, optional
        The genres to choose from; without them those of the labels, else those of the table.
    table : mapping of genre to tags, optional
        By default `core.vocabulary.GENRE_TAGS`; a genre that is itself a tag needs no entry.
    """

    def __init__(self, classes: Sequence[str] | None = None, table: Mapping[str, Sequence[str]] | None = None) -> None:
        self.classes = classes
        self.table = table

    def fit(self, X: np.ndarray, y: np.ndarray | None = None, groups: np.ndarray | None = None) -> GenrePrior:
        """Learn what is usual in this library; labels only name the genres.

        Parameters
        ----------
        X : np.ndarray, shape (tracks, 50 or 100)
            The feature set "tags" of the whole library: MSD probabilities first.
        y : np.ndarray of str, optional
        """
        table = GENRE_TAGS if self.table is None else self.table
        names = self.classes if self.classes is not None else (table if y is None else np.unique(np.asarray(y)))
        self.classes_ = np.array(sorted({str(name) for name in names}))
        self.members_ = [_tags_of(str(name), table) for name in self.classes_]
        logs = _log_tags(X)
        self.mean_ = logs.mean(axis=0)
        spread = logs.std(axis=0)
        self.scale_ = np.where(spread > 1e-6, spread, 1.0)
        self.name_ = "prior"
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each of `classes_`, shape (n, classes)."""
        z = (_log_tags(X) - self.mean_) / self.scale_
        k = len(self.classes_)
        proba = np.full((len(z), k), 1.0 / k)
        tagged = [i for i, tags in enumerate(self.members_) if tags]
        if tagged:
            scores = SHARPNESS * np.stack([z[:, self.members_[i]].mean(axis=1) for i in tagged], axis=1)
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            proba[:, tagged] = scores / scores.sum(axis=1, keepdims=True) * len(tagged) / k
        return proba

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each track."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _log_tags(X: np.ndarray) -> np.ndarray:
    return np.log(np.clip(np.asarray(X, dtype=float)[:, : len(MSD_TAGS)], 1e-6, 1.0))


def tagged(classes: Sequence[str], table: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the classes that tags speak for.

    >>> tagged(["happy", "workout"], {})
    ['happy']
    """
    return [name for name in classes if _tags_of(name, table)]


def _tags_of(genre: str, table: Mapping[str, Sequence[str]]) -> list[int]:
    """Return the columns of a genre's tags; "Hip Hop" is "hip-hop"."""
    columns = {_key(tag): i for i, tag in enumerate(MSD_TAGS)}
    tags = next((tags for name, tags in table.items() if _key(name) == _key(genre)), (genre,))
    return [columns[_key(tag)] for tag in tags if _key(tag) in columns]


def _key(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def align(proba: np.ndarray, classes: Sequence[str], onto: Sequence[str]) -> np.ndarray:
    """Put the columns of probabilities in the order of other classes, 0 where a class was unknown.

    >>> align(np.array([[0.3, 0.7]]), ["pop", "rock"], ["jazz", "rock", "pop"])
    array([[0. , 0.7, 0.3]])
    """
    column = {str(name): i for i, name in enumerate(onto)}
    aligned = np.zeros((len(proba), len(onto)))
    for i, name in enumerate(classes):
        if str(name) in column:
            aligned[:, column[str(name)]] = proba[:, i]
    return aligned


def blend(proba_model: np.ndarray, proba_prior: np.ndarray, n_labels: int, weight: float = WEIGHT) -> np.ndarray:
    """Mix what was learned with the first guess: a weighted mean of logarithms, n labels against the prior's 8.

    Parameters
    ----------
    proba_model, proba_prior : np.ndarray, shape (n, classes)
        Of the same classes (see `align`). A class the model has not met (a column of 0) is left to the prior.
    n_labels : int
    weight : float

    >>> blend(np.array([[0.5, 0.5]]), np.array([[0.9, 0.1]]), n_labels=0)
    array([[0.9, 0.1]])
    """
    share = n_labels / (n_labels + weight)
    known = (proba_model > 0).any(axis=0)
    if not known.any():
        return proba_prior / proba_prior.sum(axis=1, keepdims=True)
    logs = share * np.log(np.maximum(proba_model[:, known], 1e-9))
    logs += (1 - share) * np.log(np.maximum(proba_prior[:, known], 1e-9))
    mixed = np.exp(logs - logs.max(axis=1, keepdims=True))
    unknown = (1 - share) * proba_prior[:, ~known]
    proba = np.empty_like(proba_prior, dtype=float)
    proba[:, ~known] = unknown
    proba[:, known] = mixed / mixed.sum(axis=1, keepdims=True) * (1 - unknown.sum(axis=1, keepdims=True))
    return proba
