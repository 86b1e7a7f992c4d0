"""Measuring without keeping anything: any family on any features, beside what flatters, and what a set adds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import EarmarkError
from models import comparison
from services import inputs, targets, training
from services.datasets import Dataset, Report, aside, dataset, together
from services.training import Plan, Progress, cost, folds_of, measure_baseline, measure_family, one_thread
from services.workspace import Workspace


def evaluate(
    workspace: Workspace,
    target: str = "rating",
    families: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    report: str | Path | None = None,
    progress: Report | None = None,
    *,
    balance: str = "none",
) -> dict[str, Any]:
    """Measure families on artists they were not trained on; nothing is kept.

    Parameters
    ----------
    families : sequence of str, optional
        The quick ones by default.
    features : sequence of str, optional
        Each by itself; "a+b" joins two. By default each family on its own inputs.
    report : path, optional
        A folder for report.html, scores.csv and confusion.csv.
    balance : str
        As for `training.retrain`.

    Returns
    -------
    dict
        grouped_by, labels, baseline (accuracy of always the usual answer), baseline_scores, models (best named in
        "best"; each with "random_split", which flatters), paired, nested, aside.
    """
    from models.preprocessing import check_balance
    from models.registry import get, quick_families

    about = targets.get(workspace, target)
    names = list(dict.fromkeys(families or [family.name for family in quick_families(about.kind)]))
    training.check_families(workspace, about.name, names)
    asked: Sequence[str | None] = features or [None]
    jobs = [(name, _inputs(workspace, name, wanted)) for wanted in asked for name in names]
    check_balance(balance)
    sets = _gather(workspace, about.name, [wanted for _, wanted in jobs], progress)
    data = sets[jobs[0][1]]
    folds = folds_of(data)
    plan = Plan(tuple(names), {}, {}, balance=balance)
    meter = Progress(progress or (lambda _: None), total=len(folds) * sum(cost(name) for name, _ in jobs))
    measured = {}
    with one_thread():
        for name, wanted in jobs:
            key = name if len(features or []) < 2 else f"{name} on {wanted}"
            measured[key] = measure_family(name, sets[wanted], folds, plan, meter, flattering=not get(name).network)
        baseline = measure_baseline(data, folds)
    simplicity = {key: get(one.name).simplicity for key, one in measured.items()}
    best = min(measured, key=lambda key: measured[key].losses.mean())
    result = {
        "target": about.name,
        "grouped_by": "artist",
        "labels": len(data.y),
        "artists": len(np.unique(data.groups)),
        "baseline": baseline.report["accuracy"],
        "baseline_scores": baseline.report,
        "models": [one.report for one in measured.values()],
        "best": best,
        "paired": comparison.paired(measured, best, data.groups),
        "nested": comparison.nested(measured, data.y, data.classes, data.groups, simplicity),
        "aside": aside(data.about, data.y, data.groups),
    }
    if report is not None:
        from services.report import write

        write(Path(report), result, data, measured)
    return result


def _inputs(workspace: Workspace, family: str, features: str | None) -> str:
    """Return the feature set a family is measured on: as asked, else its own, else what there is."""
    from models.registry import get

    about = get(family)
    if about.bound and features and inputs.split(features)[0] != inputs.split(about.inputs)[0]:
        raise EarmarkError(f"{family} learns from {about.inputs} only. Leave it out, or leave --features out.")
    if about.joins and not features:
        return inputs.everything(workspace, about.inputs)
    return inputs.fitting(workspace, about.inputs, features)


def _gather(workspace: Workspace, target: str, wanted: Sequence[str], progress: Report | None) -> dict[str, Dataset]:
    """Return the datasets with the tracks that all of them have: only so are their figures comparable."""
    different = list(dict.fromkeys(wanted))
    found = [dataset(workspace, target, features, make=True, progress=progress) for features in different]
    return dict(zip(different, together(found), strict=True))


def added(workspace: Workspace, target: str, progress: Report | None = None) -> list[dict[str, Any]]:
    """Return what each feature set adds to the embedding, measured: the linear model with it against without it.

    Returns
    -------
    list of {"features", "tracks", "gain", "error", "clear", "accuracy"}
        gain in log loss (rating: ranked probability score) over the embedding alone, and its standard error; tracks:
        how many answered tracks have the set.
    """
    about = targets.get(workspace, target)
    family = "ordered" if about.kind == "ordered" else "logistic"
    first = inputs.default(workspace)
    others = [name for name in stored_sets(workspace) if name != first]
    data = dataset(workspace, about.name, first)
    folds = folds_of(data)
    plan = Plan((family,), {}, {family: {}} if family == "ordered" else {family: MEASURED_WITH})
    meter = Progress(progress or (lambda _: None), total=(len(others) + 1) * len(folds))
    with one_thread():
        alone = measure_family(family, data, folds, plan, meter)
    rows = []
    for name in others:
        joined = dataset(workspace, about.name, f"{first}+{name}")
        with one_thread():
            more = measure_family("ensemble", joined, folds, plan, meter)
        gain, error = comparison.paired_gain(alone.losses, more.losses, data.groups)
        own = joined.X[:, slice(*joined.blocks[name])]
        rows.append(
            {
                "features": name,
                "tracks": int((~np.isnan(own).all(axis=1)).sum()),
                "gain": round(gain, 4),
                "error": round(error, 4) if np.isfinite(error) else None,
                "clear": bool(gain > error),
                "accuracy": more.report["accuracy"],
            }
        )
    return rows


MEASURED_WITH = {"C": 0.005, "outliers": "squash"}  # as the members of the ensemble, so that only the set differs


def stored_sets(workspace: Workspace) -> list[str]:
    """Return the feature sets that a linear model can join: those kept, and the facts in the tags."""
    return [name for name in workspace.features.sets() if name not in inputs.INSIDE] + list(inputs.MADE)
