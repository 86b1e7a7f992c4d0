"""What one app process holds: one engine per home, which starts the work and ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.errors import HomeBusyError
from services.engine import Engine, engine


@pytest.fixture
def opened(home: Path) -> Iterator[Engine]:
    made = engine()
    yield made
    made.close()


def test_a_home_has_one_engine_and_another_home_another(
    opened: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine() is opened
    monkeypatch.setenv("EARMARK_HOME", str(tmp_path / "other"))
    other = engine()
    assert other is not opened and other.workspace.home == tmp_path / "other"
    other.close()


def test_a_home_keeps_the_name_it_got_first(opened: Engine) -> None:
    name = opened.workspace.settings.get("home_id")
    opened.close()
    again = Engine(opened.workspace.home)
    assert len(name) == 32 and again.workspace.settings.get("home_id") == name
    again.close()


def test_a_second_engine_of_one_home_is_refused(opened: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.engine.LOCK_SECONDS", 0.1)
    with pytest.raises(HomeBusyError, match="Another Earmark has"):
        Engine(opened.workspace.home)


def test_work_starts_a_coordinator_and_closing_ends_it(opened: Engine) -> None:
    assert coordinators() == []
    opened.submit("import", {"paths": [str(opened.workspace.home / "no such folder")], "labels_from": None})
    deadline = time.monotonic() + 20
    while opened.workspace.jobs.open() and time.monotonic() < deadline:
        time.sleep(0.05)
    job = opened.workspace.jobs.latest("import")
    assert job is not None and job.state == "failed" and "no such folder" in (job.error or "")
    [child] = coordinators()
    opened.close()
    assert not child.is_running()
    time.sleep(0.6)
    assert coordinators() == []
    assert "learner" not in {thread.name for thread in threading.enumerate()}


def coordinators() -> list[psutil.Process]:
    mine = psutil.Process().children(recursive=True)
    return [child for child in mine if "services.coordinator" in child.cmdline()]
