"""The dense network: few tests, because each pays for TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from core.errors import Cancelled, EarmarkError, NotEnoughLabelsError
from models.evaluation import auc_liked
from models.keras_classifier import KerasClassifier
from models.persistence import load, save
from models.registry import build

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def trained() -> tuple[Any, np.ndarray, np.ndarray, list[tuple[int, dict[str, float]]]]:
    """Return a small network trained on easy data, the data, and the epochs it reported."""
    rng = np.random.default_rng(0)
    y = np.array(["disliked", "liked"] * 40)
    X = rng.normal(size=(80, 6)) + 1.5 * (y == "liked")[:, None] * np.array([1, 1, 0, 0, 0, 0])
    epochs: list[tuple[int, dict[str, float]]] = []
    model = build("mlp", "ordered", epochs=6, on_epoch=lambda epoch, logs: epochs.append((epoch, logs)))
    return model.fit(X, y, groups=np.repeat(np.arange(20), 4)), X, y, epochs


def test_the_network_learns_and_reports_each_epoch(trained: Any) -> None:
    model, X, y, epochs = trained
    proba = model.predict_proba(X)
    assert proba.shape == (80, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-5)
    assert auc_liked(y, proba, ["disliked", "liked"]) > 0.8
    assert [epoch for epoch, _ in epochs] == list(range(len(epochs)))
    assert [logs["val_loss"] for _, logs in epochs] == model.history_["val_loss"]
    assert set(epochs[0][1]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert all(0 <= logs["accuracy"] <= 1 and 0 <= logs["val_accuracy"] <= 1 for _, logs in epochs)
    assert model.history_["loss"][-1] < model.history_["loss"][0]
    assert model.name_ == "mlp"


def test_the_network_ends_as_it_was_when_it_was_best(trained: Any) -> None:
    _, X, y, _ = trained
    groups = np.repeat(np.arange(20), 4)
    options = {
        "learning_rate": 0.3,
        "patience": 3,
        "epochs": 40,
        "schedule": "constant",
    }  # so fast that it gets worse again
    model = build("mlp", "ordered", **options).fit(X, y, groups=groups)
    losses = model.history_["val_loss"]
    assert len(losses) == int(np.argmin(losses)) + 4 < 40
    shorter = build("mlp", "ordered", **options | {"epochs": int(np.argmin(losses)) + 1}).fit(X, y, groups=groups)
    np.testing.assert_allclose(model.predict_proba(X), shorter.predict_proba(X), atol=1e-5)


def test_a_network_comes_back_with_the_same_probabilities(trained: Any, tmp_path: Path) -> None:
    model, X, _, _ = trained
    save(model, tmp_path / "run", metadata={"target": "rating"})
    again, metadata = load(tmp_path / "run")
    np.testing.assert_allclose(again.predict_proba(X), model.predict_proba(X), rtol=1e-6)
    assert again.classes_.tolist() == model.classes_.tolist()
    assert metadata == {"target": "rating"}
    (tmp_path / "run" / "network.keras").write_bytes(b"not a network")
    with pytest.raises(EarmarkError, match="damaged"):
        load(tmp_path / "run")


def test_the_seed_decides_the_network(trained: Any) -> None:
    _, X, y, _ = trained
    one, other = (build("mlp", "ordered", epochs=3, random_state=5).fit(X[:20], y[:20]) for _ in range(2))
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), rtol=1e-5)
    another = build("mlp", "ordered", epochs=3, random_state=6).fit(X[:20], y[:20])
    assert np.abs(one.predict_proba(X) - another.predict_proba(X)).max() > 1e-3


def test_missing_features_count_as_the_usual_ones(trained: Any) -> None:
    _, X, y, _ = trained
    holed = X.copy()
    holed[::3, 4:] = np.nan
    model = build("mlp", "ordered", epochs=4).fit(holed, y)
    assert auc_liked(y, model.predict_proba(holed), ["disliked", "liked"]) > 0.7
    usual = np.where(np.isnan(holed), np.nanmean(holed, axis=0), holed)
    np.testing.assert_allclose(model.predict_proba(holed), model.predict_proba(usual), atol=1e-5)


def test_a_column_that_nobody_has_says_nothing(trained: Any) -> None:
    _, X, y, _ = trained
    X = np.hstack([X, np.full((80, 1), np.nan)])
    assert np.isfinite(build("mlp", "ordered", epochs=2).fit(X, y).predict_proba(X)).all()


def test_weight_decay_keeps_the_kernels_small(trained: Any) -> None:
    _, X, y, _ = trained

    def size(l2: float) -> float:
        model = build("mlp", "ordered", epochs=60, learning_rate=0.01, l2=l2).fit(X[:30], y[:30])
        return float(np.abs(model.model_.get_weights()[0]).mean())

    assert size(1.0) < 0.8 * size(0.0)


def test_a_cosine_schedule_learns_less_at_the_end(trained: Any) -> None:
    _, X, y, _ = trained

    def last_step(schedule: str) -> float:
        seen = []
        model = build("mlp", "ordered", epochs=60, schedule=schedule, dropout=0.0)
        model.on_epoch = lambda epoch, logs: seen.append(model.model_.get_weights()[0])
        model.fit(X[:30], y[:30])
        return float(np.abs(seen[-1] - seen[-2]).mean())

    assert last_step("cosine") < 0.2 * last_step("constant")


def test_rows_of_no_weight_teach_nothing(trained: Any) -> None:
    _, X, y, _ = trained
    turned = np.where(np.arange(80) < 40, y, np.where(y == "liked", "disliked", "liked"))
    weight = np.where(np.arange(80) < 40, 1.0, 1e-6)
    model = build("mlp", "ordered", epochs=60, learning_rate=0.01).fit(X, turned, sample_weight=weight)
    assert auc_liked(y, model.predict_proba(X), ["disliked", "liked"]) > 0.7


def test_a_clone_is_untrained_and_keeps_every_setting(trained: Any) -> None:
    model = build("mlp", "ordered", l2=0.1, schedule="cosine", dropout=0.4)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(clone(trained[0]), "model_")
    with pytest.raises(ValueError, match="schedule"):
        KerasClassifier(model.build_network, schedule="sine").fit(np.eye(2), np.array(["a", "b"]))


def test_importing_keras_prints_nothing() -> None:
    code = "from models.backend import load_keras; load_keras().layers.Dense(1)(load_keras().ops.ones((1, 1)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (found.stdout, found.stderr) == ("", "")


def test_a_network_with_code_in_it_is_not_opened(trained: Any, tmp_path: Path) -> None:
    import keras

    save(trained[0], tmp_path / "run")
    inputs = keras.Input((6,))
    outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.Lambda(lambda x: 2 * x)(inputs))
    replace_network(tmp_path / "run", keras.Model(inputs, outputs))
    with pytest.raises(EarmarkError, match=r"^The model in .* holds parts that Earmark does not write, so it was not"):
        load(tmp_path / "run")


def test_a_network_that_names_other_code_is_not_opened(trained: Any, tmp_path: Path) -> None:
    save(trained[0], tmp_path / "run")
    network = tmp_path / "run" / "network.keras"
    with zipfile.ZipFile(network) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"])
    config["config"]["layers"][1].update(module="shutil", class_name="rmtree")
    with zipfile.ZipFile(network, "w") as archive:
        for name, content in (files | {"config.json": json.dumps(config).encode()}).items():
            archive.writestr(name, content)
    forget_checksums(tmp_path / "run")
    with pytest.raises(EarmarkError, match="does not write"):
        load(tmp_path / "run")


def replace_network(folder: Path, network: Any) -> None:
    """Put another network into a saved model."""
    network.save(folder / "network.keras")
    forget_checksums(folder)


def forget_checksums(folder: Path) -> None:
    """Let a saved model no longer know what its files were."""
    about = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**about, "checksums": {}}))


def test_training_can_be_stopped(trained: Any) -> None:
    _, X, y, _ = trained
    with pytest.raises(Cancelled):
        build("mlp", "ordered", should_stop=lambda: True).fit(X, y)


def test_equal_answers_are_refused() -> None:
    with pytest.raises(NotEnoughLabelsError):
        build("mlp", "nominal").fit(np.eye(3), np.array(["rock"] * 3))
