"""Models on disk: skops for scikit-learn, .keras for networks, never pickle.

A model file may come from somebody else. skops builds only the types of a fixed list, a network is made of layers of a
fixed list and Keras refuses code, so loading one cannot run what its sender wrote.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import EarmarkError

FORMAT = 1
METADATA_SUM = "metadata_checksum"  # models saved before it was kept have none
# Our own classes; those of scikit-learn that we use are on skops' own list.
TRUSTED = [
    "models.ensemble.EnsembleClassifier",
    "models.knn.KNNClassifier",
    "models.logistic.LogisticClassifier",
    "models.majority.MajorityClassifier",
    "models.novelty.NoveltyDetector",
    "models.ordered.OrderedClassifier",
    "models.preprocessing.Preprocessor",
    "models.prior.GenrePrior",
    "models.segments.SegmentClassifier",
    "models.svm.SVMClassifier",
]
# What the networks are made of; all of it is Keras' own.
NETWORK_PARTS = frozenset(
    {
        *("Functional", "InputLayer", "Reshape", "Flatten", "Concatenate", "Cropping1D", "Dot"),
        *("Dense", "Conv1D", "Conv2D", "LSTM", "BatchNormalization", "Activation", "Softmax"),
        *("AveragePooling2D", "MaxPooling1D", "MaxPooling2D", "Dropout", "SpatialDropout2D"),
        *("GlorotUniform", "Orthogonal", "Zeros", "Ones", "L2", "DTypePolicy", "__keras_tensor__"),
    }
)
# What a KerasClassifier needs to predict, and what it is good to know of how it was trained.
KERAS_PARAMS = (
    *("family", "epochs", "patience", "batch_size", "learning_rate", "schedule", "l2", "dropout"),
    *("balanced", "random_state"),
)


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
        network = getattr(model, "base_", model)
        kind = _write_keras(model, network, work) if hasattr(network, "model_") else _write_skops(model, work)
        sums = {path.name: _checksum(path) for path in sorted(work.iterdir())}
        kept = json.loads(json.dumps(metadata or {}))  # as it will be read
        about = {"format": FORMAT, "kind": kind, "checksums": sums, METADATA_SUM: _digest(kept), "metadata": kept}
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
    if METADATA_SUM in about and about[METADATA_SUM] != _digest(about["metadata"]):
        raise _damaged(folder, "what model.json says about it has changed")
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


def _digest(metadata: Any) -> str:
    """Return the SHA-256 of metadata as JSON that does not depend on the order of its keys."""
    return hashlib.sha256(json.dumps(metadata, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _foreign(folder: Path) -> EarmarkError:
    return EarmarkError(f"The model in {folder} holds parts that Earmark does not write, so it was not opened.")


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
        raise _foreign(folder) from error
    except Exception as error:  # any file can be broken in any way, and skops wraps none of it
        raise _damaged(folder, "model.skops cannot be read") from error


def _write_keras(model: Any, network: Any, folder: Path) -> str:
    """Write a KerasClassifier, or a SegmentClassifier around one."""
    network.model_.save(folder / "network.keras")
    np.savez(folder / "scaler.npz", mean=network.mean_, scale=network.scale_)
    state: dict[str, Any] = {
        "params": {key: value for key, value in network.get_params(deep=False).items() if key in KERAS_PARAMS},
        "classes": [str(name) for name in network.classes_],
        "history": network.history_,
    }
    if model is not network:
        state["segments"] = {"shares": model.shares_.tolist()}
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    return "keras"


def _read_keras(folder: Path) -> Any:
    try:
        parts = set(_network_parts(folder / "network.keras"))
    except Exception as error:  # no archive, no JSON, not what Keras writes
        raise _damaged(folder, "the network cannot be read") from error
    if not parts <= NETWORK_PARTS:
        raise _foreign(folder)
    try:
        return _network(folder)
    except Exception as error:  # Keras raises whatever its readers raise
        raise _damaged(folder, "the network cannot be read") from error


def _network_parts(path: Path) -> Iterator[str]:
    """Yield the name of every class and function that a network is made of; of others than Keras' with their module."""
    with zipfile.ZipFile(path) as archive:
        waiting: list[Any] = [json.loads(archive.read("config.json"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "class_name" in node:
                yield _part(node)
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _part(node: dict[str, Any]) -> str:
    module, name, registered = (node.get(key) for key in ("module", "class_name", "registered_name"))
    own = module is None or module == "keras" or str(module).startswith("keras.")
    same = registered is None or registered == name
    return str(name) if own and same else f"{module}.{name} {registered}"


def _network(folder: Path) -> Any:
    """Build what `_write_keras` wrote."""
    from models.backend import load_keras
    from models.keras_classifier import KerasClassifier
    from models.segments import SegmentClassifier

    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    model = KerasClassifier(**{key: state["params"][key] for key in KERAS_PARAMS if key in state["params"]})
    model.classes_ = np.array(state["classes"])
    model.history_ = state["history"]
    with np.load(folder / "scaler.npz", allow_pickle=False) as arrays:
        model.mean_, model.scale_ = arrays["mean"], arrays["scale"]
    model.n_features_in_ = len(model.mean_)
    model.model_ = load_keras().saving.load_model(folder / "network.keras", compile=False, safe_mode=True)
    model.name_ = model.family
    if "segments" not in state:
        return model
    tracks = SegmentClassifier(KerasClassifier(**model.get_params(deep=False)))
    tracks.shares_ = np.array(state["segments"]["shares"])
    return tracks.adopt(model)
