"""The check-up finds what is wrong and says what is right."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from filelock import FileLock

from data.db import FILE_NAME
from services import doctor
from services.workspace import Workspace


def details(home: Path) -> dict[str, tuple[bool, str]]:
    return {check["name"]: (check["ok"], check["detail"]) for check in doctor.examine(home)["checks"]}


def test_a_new_home_is_well(home: Path) -> None:
    found = details(home)
    assert set(found) == {"Python", "packages", "TensorFlow", "home", "database", "disk", "work"}
    assert found["home"] == (True, str(home))
    assert found["database"] == (True, "none yet; the first import makes it")
    assert found["work"] == (True, "nothing is running")


def test_a_used_home_is_sound(home: Path) -> None:
    Workspace(home)
    assert details(home)["database"] == (True, "sound")


def test_a_damaged_database_is_found(home: Path) -> None:
    home.mkdir()
    (home / FILE_NAME).write_bytes(b"not a database at all" * 50)
    ok, detail = details(home)["database"]
    assert not ok
    assert "no database Earmark can read" in detail
    assert doctor.examine(home)["ok"] is False


def test_a_home_that_cannot_be_written_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ok, detail = details(tmp_path / "file" / "home")["home"]
    assert not ok
    assert "cannot be written to" in detail


def test_a_missing_package_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("numpy", "no_such_package"))
    ok, detail = details(home)["packages"]
    assert not ok
    assert detail.startswith("missing: no_such_package;")


def test_an_earmark_at_work_is_noticed(home: Path) -> None:
    Workspace(home)
    with FileLock(home / "coordinator.lock"):
        assert details(home)["work"] == (True, "an Earmark is working in this home")


def test_a_python_too_old_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PYTHON_FROM", (sys.version_info[0], sys.version_info[1] + 1))
    ok, detail = details(home)["Python"]
    assert not ok
    assert "needs Python" in detail
