"""Features before a model sees them: gaps, outliers, scales, and classes of unequal size."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import EarmarkError
from models.preprocessing import BALANCES, OUTLIERS, SCALES, Preprocessor, balanced_rows, check_balance


@pytest.fixture(name="X")
def normal_columns() -> np.ndarray:
    return np.random.default_rng(0).normal(3.0, 2.0, size=(80, 5))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("outliers", OUTLIERS)
def test_every_way_gives_finite_columns_of_one_scale(X: np.ndarray, scale: str, outliers: str) -> None:
    Z = Preprocessor(scale, outliers).fit(X).transform(X)
    assert Z.shape == X.shape and np.isfinite(Z).all()
    assert np.abs(Z).max() < 5 and (Z.std(axis=0) > 0.2).all()


@pytest.mark.parametrize("outliers", ["iqr", "squash"])
def test_one_odd_track_does_not_move_the_others(X: np.ndarray, outliers: str) -> None:
    odd = X.copy()
    odd[0] = 1e4
    plain, tamed = (Preprocessor(outliers=o).fit(odd).transform(odd)[1:] for o in ("keep", outliers))
    assert tamed.std() > 4 * plain.std()
    assert np.abs(Preprocessor(outliers="z").fit(odd).transform(odd)).max() == 2.5


def test_a_gap_becomes_the_median_and_is_told(X: np.ndarray) -> None:
    holed = X.copy()
    holed[:20, 3:] = np.nan
    model = Preprocessor().fit(holed)
    Z = model.transform(holed)
    assert Z.shape == (80, 6), "two columns with the same gaps need one more column"
    assert Z[:, 5].tolist() == [1.0] * 20 + [0.0] * 60
    known = Z[20:, 3]
    assert known.min() < Z[0, 3] < known.max()


def test_what_only_new_tracks_lack_is_filled_without_another_column(X: np.ndarray) -> None:
    model = Preprocessor().fit(X)
    new = X[:3].copy()
    new[0] = np.nan
    assert model.transform(new).shape == (3, 5) and np.isfinite(model.transform(new)).all()


def test_a_column_that_nobody_has_does_no_harm(X: np.ndarray) -> None:
    X[:, 2] = np.nan
    assert np.isfinite(Preprocessor().fit(X).transform(X)).all()


def test_numbers_that_are_none_are_refused_with_what_to_do(X: np.ndarray) -> None:
    X[4, 1] = np.inf
    with pytest.raises(EarmarkError, match=r"1 track hold numbers that are not finite\. Analyse them again"):
        Preprocessor().fit(X)
    with pytest.raises(EarmarkError, match="Every feature is missing"):
        Preprocessor().fit(np.full((4, 2), np.nan))


def test_nothing_is_learned_from_what_is_transformed(X: np.ndarray) -> None:
    model = Preprocessor(outliers="squash").fit(X[:40])
    before = model.transform(X[:5])
    model.transform(X * 100)
    np.testing.assert_array_equal(model.transform(X[:5]), before)


def test_balancing_makes_classes_as_many() -> None:
    y = np.array(["a"] * 9 + ["b"] * 3 + ["c"] * 2)
    up, down = (np.unique(y[balanced_rows(y, how)], return_counts=True)[1].tolist() for how in ("up", "down"))
    assert up == [9, 9, 9] and down == [2, 2, 2]
    assert set(range(14)) == set(balanced_rows(y, "up").tolist()), "no track is lost by repeating"
    assert balanced_rows(y, "none").tolist() == list(range(14))


def test_an_unknown_way_of_balancing_is_answered_with_the_known_ones() -> None:
    assert [check_balance(name) for name in BALANCES] == list(BALANCES)
    with pytest.raises(EarmarkError, match="none, weights, up, down"):
        check_balance("magic")
