"""The set-up: what it refuses and how, what the locks hold, what the page's settings say."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = ["requirements.txt", "requirements-dev.txt"]
OPTIONAL = {"dask", "distributed", "spotipy", "ytmusicapi", "umap", "musicnn"}
SOURCE = [*ROOT.glob("*.py"), *(p for top in ("core", "audio", "data", "labeling", "models", "lyrics", "streaming",
          "services", "ui") for p in (ROOT / top).rglob("*.py"))]  # fmt: skip


@pytest.fixture
def installer(monkeypatch, tmp_path):
    """Give tools/install.py as a module that works on a copy of the locks in tmp_path."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    module = importlib.import_module("install")
    for lock in LOCKS:
        (tmp_path / lock).write_text(lock)
    venv = tmp_path / ".venv"
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    for name, value in {"ROOT": tmp_path, "VENV": venv, "VENV_PYTHON": python}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "UNFINISHED", venv / "earmark-unfinished")
    return module


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 14, 0), (2, 7, 18)])
def test_a_python_that_does_not_fit_is_refused_in_one_line(installer, version):
    with pytest.raises(installer.SetupError, match=f"this is {version[0]}.{version[1]}") as refusal:
        installer.check_python(version)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 1)])
def test_a_python_that_fits_is_taken(installer, version):
    installer.check_python(version)


def test_a_full_disk_is_refused_in_one_line(installer, tmp_path):
    with pytest.raises(installer.SetupError, match="free disk space") as refusal:
        installer.check_disk(tmp_path, needed_gb=10**9)
    assert "\n" not in str(refusal.value)


def test_a_python_without_venv_is_refused_in_one_line(installer, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(installer.SetupError, match="sudo apt install") as refusal:
        installer.check_venv_module()
    assert "\n" not in str(refusal.value)


@pytest.fixture
def calls(installer, monkeypatch):
    """Give the list of the commands the installer ran, with the installing itself left out."""
    made = []
    monkeypatch.setattr(installer, "call", lambda command, failure: made.append(command))
    monkeypatch.setattr(installer, "runs", lambda *arguments: True)
    return made


def test_a_finished_install_is_not_repeated_until_a_lock_changes(installer, calls, tmp_path):
    installer.install("run")
    assert installer.is_current("run")
    assert not installer.is_current("dev")
    (tmp_path / "requirements.txt").write_text("changed")
    assert not installer.is_current("run")


def test_an_install_for_tests_is_one_for_running_too(installer, calls):
    installer.install("dev")
    assert installer.is_current("dev")
    assert installer.is_current("run")


def test_a_set_up_that_was_broken_off_is_begun_anew(installer, calls, monkeypatch, tmp_path):
    def break_off(kind):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(installer, "install_packages", break_off)
        with pytest.raises(KeyboardInterrupt):
            installer.install("run")
    left_over = tmp_path / ".venv" / "half-written"
    left_over.touch()
    assert not installer.is_current("run")
    installer.install("run")
    assert installer.is_current("run")
    assert not left_over.exists()


def test_an_update_that_fails_leaves_the_old_set_up_in_place(installer, calls, monkeypatch, tmp_path):
    installer.install("run")
    installer.VENV_PYTHON.parent.mkdir()
    installer.VENV_PYTHON.touch()
    (tmp_path / "requirements.txt").write_text("changed")

    def offline(kind):
        raise installer.SetupError("offline")

    monkeypatch.setattr(installer, "install_packages", offline)
    for _ in range(2):
        with pytest.raises(installer.SetupError):
            installer.install("run")
        assert installer.VENV_PYTHON.exists()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_exact_versions_and_no_places(lock):
    lines = [line for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert all(re.match(r"[\w.-]+==[\w.]+( ;.*)?(\s+# via .*)?$", line) for line in lines)
    assert not re.search(r"://|find-links|index-url|/(home|root|tmp|opt|Users)/", "\n".join(lines))


def test_the_locks_hold_every_direct_dependency():
    locked = {
        re.match(r"[\w.-]+", line)[0] for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line
    }
    assert {name_of(dependency) for dependency in PROJECT["dependencies"]} <= locked


def test_what_the_code_imports_is_a_direct_dependency():
    homes = {name: {d.lower().replace("_", "-") for d in places} for name, places in packages_distributions().items()}
    direct = {name_of(dependency) for dependency in PROJECT["dependencies"]} | {"tensorflow-cpu"}
    imported = {top for path in SOURCE for top in tops(path)} - set(sys.stdlib_module_names) - OPTIONAL
    ours = {path.stem for path in ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert {name for name in imported - ours if not homes.get(name, {name}) & direct} == set()


def test_the_version_is_said_the_same_everywhere():
    from core.settings import VERSION

    assert PROJECT["version"] == VERSION


def test_the_page_is_served_to_this_computer_only():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["server"]["allowedHosts"] == ["localhost", "127.0.0.1"]
    assert settings["browser"]["gatherUsageStats"] is False


def test_streamlit_knows_every_setting_of_ours():
    from streamlit import config

    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    config.get_config_options()
    assert [key for key in flat(settings) if not config._config_options or key not in config._config_options] == []


def test_make_help_lists_the_targets():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    for target in ["run", "install", "test", "lint", "format", "bench", "lock", "docs", "clean", "help"]:
        assert f"make {target} " in done.stdout


def name_of(dependency: str) -> str:
    """Return the package a requirement names."""
    return re.match(r"[\w.-]+", dependency)[0].lower().replace("_", "-")


def tops(path: Path) -> set[str]:
    """Return the top-level names a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def flat(settings: dict, prefix: str = "") -> list[str]:
    """Return the dotted names of nested settings."""
    pairs = [(f"{prefix}{key}", value) for key, value in settings.items()]
    return [name for key, value in pairs for name in (flat(value, f"{key}.") if isinstance(value, dict) else [key])]
