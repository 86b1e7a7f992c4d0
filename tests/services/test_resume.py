"""Going on after sleep, crash, pause and restart, shown on real processes; the analysis gives way to the rest."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from audio import analyse
from audio.encode import write_audio
from core.records import Analysis, Job, Tags, Task
from services import analysis, jobs, library
from services.meter import Meter
from services.waiting import Waiting
from services.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
FILES = 1500  # so many that an import takes some seconds

posix = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="This system cannot stop a process for a while.")


@pytest.fixture
def coordinator(workspace: Workspace) -> Iterator[Callable[[], psutil.Process]]:
    """Give a function that starts a coordinator's process for the home; all of them end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> psutil.Process:
        command = [sys.executable, "-m", "services.coordinator", str(workspace.home), str(os.getpid())]
        started.append(subprocess.Popen(command, cwd=ROOT))
        return psutil.Process(started[-1].pid)

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Give a folder with many short songs."""
    folder = tmp_path / "many"
    folder.mkdir()
    song = write_audio(tmp_path / "song.mp3", np.zeros(3200, np.float32), 32_000, Tags(title="Song", artist="A"))
    for i in range(FILES):
        shutil.copy2(song, folder / f"{i}.mp3")
    return folder


def wait_until(true: Callable[[], bool], seconds: float = 150.0) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert true()


def wait_for(workspace: Workspace, job_id: int, state: str) -> Job:
    wait_until(lambda: workspace.jobs.get(job_id).state == state)
    return workspace.jobs.get(job_id)


def analysed(workspace: Workspace) -> int:
    return workspace.tracks.count().get("analysed", 0)


# -- sleep ----------------------------------------------------------------------------------------------


@posix
def test_sleep_pause_and_the_end_of_everything_lose_nothing(
    workspace: Workspace, heard: Any, coordinator: Callable[[], psutil.Process]
) -> None:
    library.add(workspace, [heard.music])
    job_id = jobs.submit(workspace, "analyze", {"cores": 1})
    first = coordinator()
    wait_until(lambda: analysed(workspace) > 0)
    sleep(workspace, [first, *first.children(recursive=True)])
    wait_until(lambda: analysed(workspace) > 1)  # it goes on by itself
    children = first.children(recursive=True)
    workspace.jobs.wish(job_id, "pause")
    wait_for(workspace, job_id, "paused")
    psutil.wait_procs(children, timeout=10)
    assert not any("spawn_main" in " ".join(cmdline(child)) for child in children)  # the memory is free again
    end(first)
    before = analysed(workspace)
    coordinator()
    wait_until(lambda: is_busy(workspace))
    time.sleep(1)
    assert workspace.jobs.get(job_id).state == "paused" and analysed(workspace) == before < 10
    workspace.jobs.wish(job_id, None)
    result = wait_for(workspace, job_id, "done").result
    assert analysed(workspace) == 10
    assert result is not None and [failed["path"] for failed in result["failed"]] == [heard.garbled]


def sleep(workspace: Workspace, family: list[psutil.Process]) -> None:
    """Stop processes for some seconds, as a closed lid does."""
    assert len(family) > 1
    with workspace.database.read() as connection:
        connection.execute("SELECT COUNT(*) FROM tracks").fetchone()  # the last one to close locks out all others
        for member in family:
            member.suspend()
        before = analysed(workspace)
        time.sleep(3)
        assert analysed(workspace) == before
        for member in family:
            member.resume()


def end(process: psutil.Process) -> None:
    """End a process at once, as a crash does."""
    process.kill()
    process.wait()


def test_a_sleep_is_no_time_of_work_and_leaves_the_time_left_sane(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("services.meter.time.monotonic", lambda: clock[0])
    meter = Meter(total=1000, started=1000.0)

    def listen(tracks: int) -> None:
        for _ in range(tracks):
            for _ in range(4):
                clock[0] += 0.5
                meter.progress()
            meter.heard(240.0)

    listen(20)
    usual = meter.progress()
    assert usual["tracks_per_second"] == pytest.approx(0.5, abs=0.05)
    clock[0] += 8 * 3600  # the lid is closed
    assert "seconds_left" not in meter.progress()  # nothing is known yet, which is better than years
    meter.heard(240.0)
    listen(3)
    after = meter.progress()
    assert after["tracks_per_second"] == pytest.approx(0.5, abs=0.2)
    assert after["seconds_left"] == pytest.approx((1000 - 24) / after["tracks_per_second"], rel=0.05)
    assert meter.result()["seconds"] == pytest.approx(2 * 23, abs=1)


# -- crash ----------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("kind", ["import", "rescan"])
def test_an_import_killed_half_way_goes_on_and_takes_everything_in_once(
    workspace: Workspace, many: Path, coordinator: Callable[[], psutil.Process], kind: str
) -> None:
    resting = workspace.jobs.add("analyze", "analysis")
    workspace.jobs.wish(resting, "pause")
    if kind == "rescan":
        workspace.roots.add(str(many))
    job_id = jobs.submit(workspace, kind, {"paths": [str(many)]} if kind == "import" else None)
    first = coordinator()
    wait_until(lambda: workspace.tracks.count()["tracks"] > 0)
    end(first)
    assert workspace.jobs.get(job_id).state == "running"  # nobody was left to write that it ended
    taken = workspace.tracks.count()["tracks"]
    assert 0 < taken < FILES
    coordinator()
    result = wait_for(workspace, job_id, "done").result
    assert result is not None and result["added"] == FILES - taken
    assert workspace.tracks.count()["tracks"] == len(workspace.tracks.known_files()) == FILES
    assert library.status(workspace)["missing"] == 0
    assert workspace.jobs.get(resting).state == "paused"  # what is new waits with it


# -- pause ----------------------------------------------------------------------------------------------


def test_a_pause_wished_for_just_before_a_crash_is_kept(workspace: Workspace, fill: Any) -> None:
    fill(2, state="new")
    job_id = jobs.submit(workspace, "analyze")
    assert workspace.jobs.take("analysis") is not None
    workspace.jobs.wish(job_id, "pause")
    jobs.Coordinator(workspace).run(until=job_id)
    assert workspace.jobs.get(job_id).state == "paused"


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


def is_busy(workspace: Workspace) -> bool:
    """Tell whether a coordinator holds the home."""
    from filelock import FileLock

    lock = FileLock(workspace.home / "coordinator.lock")
    try:
        lock.acquire(timeout=0)
    except TimeoutError:
        return True
    lock.release()
    return False


# -- giving way -------------------------------------------------------------------------------------------


def hear_nothing(task: Task) -> Analysis:
    """Stand for the analysis of a file, in a child."""
    time.sleep(0.15)
    return Analysis(task.path, 60.0, True, {"descriptors": np.ones(3, np.float32)})


def ready() -> None:
    """Prepare nothing."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the children hear nothing, quickly, and wait for nobody else's children to start."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(analyse, "analyse_in_worker", hear_nothing)
    monkeypatch.setattr(analyse, "start_worker", ready)


def children() -> list[psutil.Process]:
    found = psutil.Process().children(recursive=True)
    return [child for child in found if "spawn_main" in " ".join(cmdline(child))]


@pytest.mark.usefixtures("quick")
def test_other_cores_count_while_the_analysis_runs(workspace: Workspace, fill: Any) -> None:
    ids = fill(40, state="new")
    workspace.settings.set("cores", 1)
    seen: dict[int, list[int]] = {1: [], 2: [], 3: []}
    phase = [1]

    def report(progress: dict[str, Any]) -> None:
        seen[phase[0]].append(len(children()))
        if phase[0] == 1 and progress["done"] >= 5:
            workspace.settings.set("cores", 2)
            phase[0] = 2
        elif phase[0] == 2 and progress["done"] >= 20:
            workspace.settings.set("cores", 1)
            phase[0] = 3

    result = analysis.run(workspace, {}, report)
    assert max(seen[1]) == 1 and max(seen[2]) == 2 and seen[3][-2] == 1
    assert result["analyzed"] == len(ids) == analysed(workspace)


@pytest.mark.usefixtures("quick")
def test_a_number_of_cores_given_with_the_job_stays(workspace: Workspace, fill: Any) -> None:
    fill(10, state="new")
    workspace.settings.set("cores", 1)
    seen: list[int] = []
    analysis.run(workspace, {"cores": 2}, lambda progress: seen.append(len(children())))
    assert max(seen) == 2


def test_a_limit_holds_when_other_cores_are_wished_for(workspace: Workspace, fill: Any) -> None:
    fill(10, state="new")
    waiting = Waiting.whole(workspace, limit=6)
    asked = iter([True, True, True, False])
    assert len(list(waiting.tasks(lambda: next(asked)))) == 3
    assert waiting.count() == 3 and len(list(waiting.tasks())) == 3 and waiting.count() == 0
