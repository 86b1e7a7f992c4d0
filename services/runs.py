"""The trainings of the past: listed, compared, taken back to, deleted."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np

from core.errors import EarmarkError
from core.records import ModelRun
from services import inputs, predicting, targets
from services.jobs import carry_out
from services.training import MEASURED
from services.workspace import Workspace

COMPARED = ("accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "auc_liked", "log_loss", "brier", "ece")

Report = predicting.Report


def as_json(workspace: Workspace, run: ModelRun) -> dict[str, Any]:
    """Return a run for the terminal and the pages."""
    current = workspace.model_runs.current(run.target)
    return {
        "run": run.id,
        "target": run.target,
        "model": run.family,
        "features": run.features,
        "versions": run.versions,
        "labels": run.labels,
        "classes": list(run.classes),
        "created_at": run.created_at,
        "seconds": run.seconds,
        "seed": run.seed,
        "settings": (run.settings.get(run.family) or {}).get("settings"),
        "why": run.why,
        "current": current is not None and current.id == run.id,
        "scores": {name: run.scores.get(name) for name in COMPARED if run.scores.get(name) is not None},
    }


def every(workspace: Workspace, target: str | None = None) -> list[dict[str, Any]]:
    """Return the runs that can speak, newest first."""
    name = None if target is None else targets.get(workspace, target).name
    return [as_json(workspace, run) for run in workspace.model_runs.all(name)]


def get(workspace: Workspace, run_id: int) -> ModelRun:
    """Return a run whose files are there.

    Raises
    ------
    EarmarkError
        There is no such run, or it was deleted.
    """
    run = workspace.model_runs.get(run_id)
    if run.deleted_at is not None or run.path is None:
        raise EarmarkError(f"Run {run_id} was deleted. Choose one of those that are there.")
    return run


def compare(workspace: Workspace, first: int, second: int) -> dict[str, Any]:
    """Compare two runs of a target: what they were trained on, how they were measured, and where they disagree.

    Returns
    -------
    dict
        runs [the two], scores {name: {first, second, difference}}, tracks (how many both were measured on), gain (how
        much less the second loses on those) and error, both_right, only_first, only_second, both_wrong.

    Raises
    ------
    EarmarkError
        One is not there, or they are about different targets.
    """
    one, two = get(workspace, first), get(workspace, second)
    if one.target != two.target:
        raise EarmarkError(f"Run {first} is about {one.target} and run {second} about {two.target}.")
    scores = {
        name: {
            "first": one.scores[name],
            "second": two.scores[name],
            "difference": round(two.scores[name] - one.scores[name], 4),
        }
        for name in COMPARED
        if one.scores.get(name) is not None and two.scores.get(name) is not None
    }
    return {"runs": [as_json(workspace, one), as_json(workspace, two)], "scores": scores, **_both(workspace, one, two)}


def _both(workspace: Workspace, one: ModelRun, two: ModelRun) -> dict[str, Any]:
    """Compare two runs on the answered tracks that both were measured on, with the same answer."""
    from models.comparison import paired_gain
    from models.evaluation import log_losses, rank_losses

    a, b = measured(workspace, one), measured(workspace, two)
    if a is None or b is None or a["classes"].tolist() != b["classes"].tolist():
        return {"tracks": 0}
    common, rows_a, rows_b = np.intersect1d(a["ids"], b["ids"], return_indices=True)
    same = a["y"][rows_a] == b["y"][rows_b]
    rows_a, rows_b, common = rows_a[same], rows_b[same], common[same]
    if not len(common):
        return {"tracks": 0}
    y, classes = a["y"][rows_a], a["classes"].tolist()
    losses = rank_losses if targets.get(workspace, one.target).kind == "ordered" else log_losses
    proba_a, proba_b = a["proba"][rows_a], b["proba"][rows_b]
    tracks = workspace.tracks.many([int(i) for i in common])
    groups = predicting.group_names([tracks[int(i)] for i in common if int(i) in tracks])
    known = np.array([int(i) in tracks for i in common])
    gain, error = paired_gain(losses(y, proba_a, classes)[known], losses(y, proba_b, classes)[known], groups)
    right_a, right_b = (np.array(classes)[p.argmax(axis=1)] == y for p in (proba_a, proba_b))
    return {
        "tracks": len(common),
        "gain": round(gain, 4),
        "error": round(error, 4) if np.isfinite(error) else None,
        "both_right": int((right_a & right_b).sum()),
        "only_first": int((right_a & ~right_b).sum()),
        "only_second": int((~right_a & right_b).sum()),
        "both_wrong": int((~right_a & ~right_b).sum()),
    }


def measured(workspace: Workspace, run: ModelRun) -> dict[str, np.ndarray] | None:
    """Return the out-of-fold guesses a run was measured by: ids, y, proba, classes; None where none were kept."""
    if run.path is None:
        return None
    path = workspace.home / run.path / MEASURED
    try:
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in ("ids", "y", "proba", "classes")}
    except (OSError, ValueError, KeyError):
        return None


def use(workspace: Workspace, run_id: int, progress: Report | None = None) -> dict[str, Any]:
    """Let a run speak again, and predict the library with it; here or in the coordinator.

    Returns
    -------
    dict
        run, model, target, predicted, changed, tracks, unlike.

    Raises
    ------
    EarmarkError
        There is no such run, its files are gone, or what it hears is not measured any more.
    """
    check_usable(workspace, get(workspace, run_id))
    return carry_out(workspace, "use_run", {"run": run_id}, progress)


def check_usable(workspace: Workspace, run: ModelRun) -> None:
    """Refuse a run whose features are gone or measured in another way now.

    Raises
    ------
    EarmarkError
    """
    there = workspace.features.versions()
    for name, version in run.versions.items():
        if not there.get(name, {}).get(version):
            raise EarmarkError(
                f"Run {run.id} was trained on {name} as it was measured before, which is kept no more. Retrain instead."
            )
    predicting.load(workspace, run)


def run(workspace: Workspace, params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Do the job of `use`: the runner that the coordinator calls."""
    chosen = get(workspace, int(params["run"]))
    check_usable(workspace, chosen)
    report({"done": 0, "total": 1, "sentence": f"Predicting your library with run {chosen.id} ({chosen.family})"})
    ids = workspace.features.matrix(inputs.default(workspace))[0]
    inputs.make(workspace, chosen.features, ids, report)  # before it speaks: stopped, the other one goes on
    workspace.model_runs.make_current(chosen.id)
    changes = predicting.predict_all(workspace, chosen.target, progress=report)
    return {"run": chosen.id, "model": chosen.family, "target": chosen.target, **changes}


def delete(workspace: Workspace, run_id: int) -> dict[str, Any]:
    """Delete a run's files; what it was stays known, for the answers that were given beside its guesses.

    Raises
    ------
    EarmarkError
        There is no such run, or it is the one that speaks.
    """
    chosen = get(workspace, run_id)
    current = workspace.model_runs.current(chosen.target)
    if current is not None and current.id == chosen.id:
        raise EarmarkError(f"Run {run_id} speaks for {chosen.target} now. Let another one speak first.")
    assert chosen.path is not None
    shutil.rmtree(workspace.home / chosen.path, ignore_errors=True)
    workspace.model_runs.mark_deleted(run_id)
    return {"deleted": run_id}
