"""Where a home lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.settings import APP_NAME, default_cores, home_path


def test_the_argument_comes_before_the_variable_and_that_before_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARMARK_HOME", str(tmp_path / "variable"))
    assert home_path(tmp_path / "argument") == tmp_path / "argument"
    assert home_path() == tmp_path / "variable"
    monkeypatch.setenv("EARMARK_HOME", "")
    assert home_path().is_absolute() and APP_NAME in home_path().name


def test_a_home_is_absolute_and_knows_the_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert home_path("~/music") == tmp_path / "music"
    assert home_path("music") == tmp_path / "music"
    assert not (tmp_path / "music").exists()  # asking makes nothing


def test_at_least_one_core_is_used() -> None:
    assert 1 <= default_cores() <= (os.cpu_count() or 1)
