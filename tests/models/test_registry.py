"""The families by name."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from core.errors import EarmarkError
from models.registry import FAMILIES, build, families_for, quick_families


def test_every_family_is_named_as_it_is_listed() -> None:
    assert all(family.name == name for name, family in FAMILIES.items())


def test_the_quick_model_of_ratings_is_ordered_and_of_genres_logistic() -> None:
    assert quick_families("ordered")[0].name == "ordered"
    assert quick_families("nominal")[0].name == "logistic"
    assert all("knn" in {family.name for family in quick_families(kind)} for kind in ("ordered", "nominal"))


def test_only_genre_has_a_prior() -> None:
    assert "prior" in {family.name for family in families_for("nominal", "genre")}
    assert "prior" not in {family.name for family in families_for("nominal", "mood")}


@pytest.mark.parametrize(("name", "kind"), [(f.name, kind) for f in FAMILIES.values() for kind in f.kinds])
def test_every_family_can_be_built(name: str, kind: str) -> None:
    model = build(name, kind, random_state=3)
    assert hasattr(model, "fit")
    assert hasattr(model, "predict_proba")


@pytest.mark.parametrize("kind", ["ordered", "nominal"])
def test_quick_families_tell_their_name_once_fitted(kind: str) -> None:
    X, y = np.random.default_rng(0).normal(size=(12, 4)), np.array(["liked", "disliked", "semi"] * 4)
    for family in quick_families(kind):
        assert build(family.name, kind).fit(X, y).name_ == family.name


def test_wrong_names_are_answered_with_the_right_ones() -> None:
    with pytest.raises(EarmarkError, match="knn"):
        build("forest", "nominal")
    with pytest.raises(EarmarkError, match="ordered, knn, ensemble, mlp"):
        build("logistic", "ordered")


def test_naming_families_costs_nothing() -> None:
    code = (
        "import sys, models.registry, models.evaluation, labeling.targets, labeling.queue;"
        "assert not {'sklearn', 'tensorflow', 'keras', 'skops'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
