"""Models on disk: skops for scikit-learn, .keras for networks, never pickle.

A model file may come from somebody else. skops builds only the types of a fixed list and Keras refuses code, so loading
one cannot run what its sender wrote.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import EarmarkError

FORMAT = 1
# Our own classes; those of scikit-learn that we use are on skops' own list.
TRUSTED = [
    "models.knn.KNNClassifier",
    "models.logistic.LogisticClassifier",
    "models.majority.MajorityClassifier",
    "models.ordered.OrderedClassifier",
    "models.prior.GenrePrior",
]
# What a KerasClassifier needs to predict, and what it is good to know of how it was trained.
KERAS_PARAMS = ("family", "epochs", "patience", "batch_size", "learning_rate", "balanced", "random_state")


def save(model: Any, folder: str | os.PathLike[str], *, metadata: dict[str, Any] | None = None) -> None:
    """Write a trained model into a folder, wholly or not at all.

    Parameters
    ----------
    model : classifier
        From `models.registry.build`, fitted.
    folder : path
        Made, or replaced.
    metadata : dict, optional
        Anything JSON can hold: target, feature set, scores, temperature.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}")
    work.mkdir()
    try:
        kind = _write_keras(model, work) if hasattr(model, "model_") else _write_skops(model, work)
        sums = {path.name: _checksum(path) for path in sorted(work.iterdir())}
        about = {"format": FORMAT, "kind": kind, "checksums": sums, "metadata": metadata or {}}
        (work / "model.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
        _swap(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _swap(work: Path, folder: Path) -> None:
    """Put the finished folder in its place; the old one goes only when the new one stands."""
    if not folder.exists():
        os.replace(work, folder)
        return
    old = work.with_name(work.name + ".old")
    os.replace(folder, old)
    try:
        os.replace(work, folder)
    except OSError:
        os.replace(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def load(folder: str | os.PathLike[str]) -> tuple[Any, dict[str, Any]]:
    """Read a model that `save` wrote.

    Returns
    -------
    (model, metadata)

    Raises
    ------
    EarmarkError
        It is not there, damaged, written by a newer version, or holds something that Earmark does not write.
    """
    folder = Path(folder)
    about = _about(folder)
    for name, checksum in about["checksums"].items():
        if not (folder / name).is_file() or _checksum(folder / name) != checksum:
            raise _damaged(folder, f"{name} is missing or has changed")
    reader = {"skops": _read_skops, "keras": _read_keras}.get(about["kind"])
    if reader is None:
        raise _damaged(folder, f"it is of an unknown kind, {about['kind']!r}")
    return reader(folder), about["metadata"]


def _about(folder: Path) -> dict[str, Any]:
    path = folder / "model.json"
    if not path.is_file():
        raise EarmarkError(f"There is no model in {folder}. Retrain to make one.")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        known = about["format"] <= FORMAT and isinstance(about["checksums"], dict) and "metadata" in about
        about["kind"]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, "model.json cannot be understood") from error
    if not known:
        raise EarmarkError(
            f"The model in {folder} was written by a newer version of Earmark. Update Earmark, or retrain."
        )
    if any(Path(name).name != name for name in about["checksums"]):
        raise _damaged(folder, "it names files outside its folder")
    return about


def _damaged(folder: Path, reason: str) -> EarmarkError:
    return EarmarkError(f"The model in {folder} is damaged: {reason}. Retrain to replace it.")


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_skops(model: Any, folder: Path) -> str:
    import skops.io

    skops.io.dump(model, folder / "model.skops")
    return "skops"


def _read_skops(folder: Path) -> Any:
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.load(folder / "model.skops", trusted=TRUSTED)
    except UntrustedTypesFoundException as error:
        raise EarmarkError(
            f"The model in {folder} holds parts that Earmark does not write, so it was not opened."
        ) from error
    except Exception as error:  # any file can be broken in any way, and skops wraps none of it
        raise _damaged(folder, "model.skops cannot be read") from error


def _write_keras(model: Any, folder: Path) -> str:
    model.model_.save(folder / "network.keras")
    np.savez(folder / "scaler.npz", mean=model.mean_, scale=model.scale_)
    state = {
        "params": {key: value for key, value in model.get_params().items() if key in KERAS_PARAMS},
        "classes": [str(name) for name in model.classes_],
        "history": model.history_,
    }
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    return "keras"


def _read_keras(folder: Path) -> Any:
    import keras

    from models.keras_classifier import KerasClassifier

    try:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        model = KerasClassifier(**{key: state["params"][key] for key in KERAS_PARAMS})
        model.classes_ = np.array(state["classes"])
        model.history_ = state["history"]
        with np.load(folder / "scaler.npz", allow_pickle=False) as arrays:
            model.mean_, model.scale_ = arrays["mean"], arrays["scale"]
        model.n_features_in_ = len(model.mean_)
        model.model_ = keras.saving.load_model(folder / "network.keras", compile=False, safe_mode=True)
        model.name_ = model.family
    except Exception as error:  # Keras raises whatever its readers raise
        raise _damaged(folder, "the network cannot be read") from error
    return model
