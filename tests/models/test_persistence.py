"""Models on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier

from core.errors import EarmarkError
from models.majority import MajorityClassifier
from models.persistence import load, save
from models.registry import build


@pytest.mark.parametrize(
    ("name", "kind"), [("logistic", "nominal"), ("knn", "nominal"), ("ordered", "ordered"), ("prior", "nominal")]
)
def test_a_model_comes_back_with_the_same_probabilities(name: str, kind: str, library: Any, tmp_path: Path) -> None:
    X = np.abs(np.hstack([library.X] * 3)) / 10 if name == "prior" else library.X
    model = build(name, kind).fit(X, library.y, groups=library.groups)
    save(model, tmp_path / "runs" / "1", metadata={"target": "rating", "temperature": 1.1})
    again, metadata = load(tmp_path / "runs" / "1")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert again.classes_.tolist() == model.classes_.tolist()
    assert again.name_ == name
    assert metadata == {"target": "rating", "temperature": 1.1}


def test_saving_again_replaces_and_leaves_nothing_behind(library: Any, tmp_path: Path) -> None:
    model = MajorityClassifier().fit(library.X, library.y)
    for number in range(3):
        save(model, tmp_path / "run", metadata={"number": number})
    assert load(tmp_path / "run")[1] == {"number": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_failed_save_keeps_the_old_model(library: Any, tmp_path: Path) -> None:
    model = MajorityClassifier().fit(library.X, library.y)
    save(model, tmp_path / "run", metadata={"number": 1})
    with pytest.raises(TypeError):
        save(model, tmp_path / "run", metadata={"number": object()})
    assert load(tmp_path / "run")[1] == {"number": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_missing_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(EarmarkError, match="no model"):
        load(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["model.skops", "model.json"])
@pytest.mark.parametrize("damage", [b"", b"\x00" * 50, None])
def test_a_damaged_model_says_so(name: str, damage: bytes | None, library: Any, tmp_path: Path) -> None:
    save(MajorityClassifier().fit(library.X, library.y), tmp_path / "run")
    path = tmp_path / "run" / name
    path.unlink() if damage is None else path.write_bytes(damage)
    with pytest.raises(EarmarkError, match=r"(?i)retrain"):
        load(tmp_path / "run")


def test_a_model_of_a_newer_version_says_so(library: Any, tmp_path: Path) -> None:
    save(MajorityClassifier().fit(library.X, library.y), tmp_path / "run")
    path = tmp_path / "run" / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(EarmarkError, match="newer version"):
        load(tmp_path / "run")


def test_a_foreign_model_is_not_opened(library: Any, tmp_path: Path) -> None:
    save(MajorityClassifier().fit(library.X, library.y), tmp_path / "run")
    forest = RandomForestClassifier(2).fit(library.X, library.y)
    skops.io.dump(forest, tmp_path / "run" / "model.skops")
    about = json.loads((tmp_path / "run" / "model.json").read_text())
    del about["checksums"]["model.skops"]
    (tmp_path / "run" / "model.json").write_text(json.dumps(about))
    with pytest.raises(EarmarkError, match="not opened"):
        load(tmp_path / "run")


def test_metadata_that_was_changed_is_refused(library: Any, tmp_path: Path) -> None:
    save(MajorityClassifier().fit(library.X, library.y), tmp_path / "run", metadata={"temperature": 1.1, "b": [1, 2]})
    path = tmp_path / "run" / "model.json"
    about = json.loads(path.read_text())
    path.write_text(json.dumps({**about, "metadata": {"b": [1, 2], "temperature": 1.1}}))
    assert load(tmp_path / "run")[1] == {"temperature": 1.1, "b": [1, 2]}
    path.write_text(json.dumps({**about, "metadata": {"temperature": 0.01, "b": [1, 2]}}))
    with pytest.raises(EarmarkError, match="has changed"):
        load(tmp_path / "run")


def test_a_model_saved_before_metadata_had_a_checksum_is_read(library: Any, tmp_path: Path) -> None:
    save(MajorityClassifier().fit(library.X, library.y), tmp_path / "run", metadata={"number": 1})
    path = tmp_path / "run" / "model.json"
    about = json.loads(path.read_text())
    del about["metadata_checksum"]
    path.write_text(json.dumps(about))
    assert load(tmp_path / "run")[1] == {"number": 1}


def test_a_file_outside_the_folder_is_not_read(library: Any, tmp_path: Path) -> None:
    save(MajorityClassifier().fit(library.X, library.y), tmp_path / "run")
    path = tmp_path / "run" / "model.json"
    about = json.loads(path.read_text())
    about["checksums"]["../secret"] = ""
    path.write_text(json.dumps(about))
    with pytest.raises(EarmarkError, match="outside"):
        load(tmp_path / "run")
