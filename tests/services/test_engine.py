"""What one app process holds: one engine per home, which starts the work and ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from audio.encode import write_audio
from core.errors import HomeBusyError
from core.records import FoundFile, Job, Tags
from services import backup, labeling, library, visits
from services.engine import Engine, engine
from services.workspace import Workspace


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


# -- coming back ------------------------------------------------------------------------------------


def test_a_start_looks_for_what_is_new_and_asks_nobody(home: Path, tmp_path: Path) -> None:
    known(home, tmp_path)
    write_song(tmp_path / "music" / "new.flac")
    opened = Engine(home)
    try:
        job = finished(opened.workspace, "rescan")
    finally:
        opened.close()
    assert job.state == "done" and job.result is not None and job.result["added"] == 1
    assert opened.workspace.jobs.latest("analyze") is not None


def test_no_start_looks_where_there_is_nothing_to_look_at_or_it_is_not_wanted(home: Path, tmp_path: Path) -> None:
    Engine(home).close()
    workspace = known(home, tmp_path)
    workspace.settings.set("rescan_at_start", False)
    Engine(home).close()
    assert workspace.jobs.latest("rescan") is None


def test_a_visit_lasts_while_a_tab_is_open(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.engine.STAY_EVERY", 0.1)
    opened = Engine(home)
    visit = opened.workspace.settings.get(visits.SETTING)
    time.sleep(1.2)
    assert opened.workspace.settings.get(visits.SETTING) == visit  # nobody is there
    opened.desk.sync({"tab": "a"})
    deadline = time.monotonic() + 10
    while opened.workspace.settings.get(visits.SETTING) == visit and time.monotonic() < deadline:
        time.sleep(0.05)
    seen = opened.workspace.settings.get(visits.SETTING)["seen"]
    assert seen > visit["seen"]
    opened.desk.sync({"tab": "a"})
    opened.close()  # the last moments count too
    seen_last = opened.workspace.settings.get(visits.SETTING)["seen"]
    assert seen_last > seen
    again = Engine(home)
    assert again.workspace.settings.get(visits.SETTING)["last"] == seen_last
    again.close()


def known(home: Path, tmp_path: Path) -> Workspace:
    """Return a library of one song in a folder."""
    workspace = Workspace(home)
    write_song(tmp_path / "music" / "old.flac")
    library.add(workspace, [tmp_path / "music"])
    return workspace


def write_song(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    write_audio(path, np.zeros(3200, np.float32), 32_000, Tags(title=path.stem))


def finished(workspace: Workspace, kind: str) -> Job:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        job = workspace.jobs.latest(kind)
        if job is not None and job.state not in ("queued", "running"):
            return job
        time.sleep(0.05)
    raise AssertionError(f"no {kind} job came to its end")


def coordinators() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "services.coordinator" in cmdline(child)]


def cmdline(process: psutil.Process) -> list[str]:
    """Return how a process was called; nothing where it has ended and only waits to be noticed."""
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


def test_the_table_of_labels_follows_the_answers(opened: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.engine.MIRROR_EVERY", 0.1)
    table = opened.workspace.home / "labels.csv"
    [track] = opened.workspace.tracks.add([FoundFile("/music/a.mp3", 1, 1.0, Tags(title="A"))]).added
    opened._mirror_at = 0.0
    labeling.answer(opened.workspace, track, "rating", "liked")
    wait_until(lambda: table.exists() and "/music/a.mp3,rating,liked" in table.read_text("utf-8"))
    labeling.answer(opened.workspace, track, "rating", "semi")
    opened.close()
    assert "/music/a.mp3,rating,semi" in table.read_text("utf-8"), "the last answer is there when the app ends"


def test_a_restore_by_the_terminal_is_noticed(opened: Engine, tmp_path: Path) -> None:
    workspace = opened.workspace
    file = backup.backup(workspace, tmp_path / "empty.zip")["path"]
    [track] = workspace.tracks.add([FoundFile("/music/a.mp3", 1, 1.0, Tags(title="A"))]).added
    workspace.tracks.mark_analysed(track, "sound", duration=60.0, note=None)
    workspace.features.put(track, {"musicnn": np.ones(6)}, {"musicnn": 1})
    hello = {"tab": "t", "events": [], "showing": None}
    wait_until(lambda: [card["id"] for card in opened.desk.sync(hello)["queue"]] == [track])
    wait_until(lambda: opened.learner.ranked("rating") is not None)
    backup.restore(Workspace(workspace.home), file)
    wait_until(lambda: opened.learner.ranked("rating") is None)
    assert opened.desk.sync(hello)["queue"] == []


def wait_until(fits: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < deadline
        time.sleep(0.05)
