"""Long work: one coordinator per home, in two lanes; what it did not finish goes on later."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from core.errors import Cancelled, EarmarkError, HomeBusyError
from core.records import Job
from services import jobs
from services.jobs import LANES, Coordinator, carry_out, submit
from services.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
STEP = 0.02  # seconds


def count(workspace: Workspace, params: dict[str, Any], report: jobs.Report) -> dict[str, Any]:
    """Count up to `to`, going on from where it was, and write down every number."""
    done = workspace.settings.get("counted", [])
    while len(done) < params["to"]:
        report({"done": len(done), "total": params["to"]})
        done = [*done, len(done)]
        workspace.settings.set("counted", done)
        time.sleep(STEP)
    return {"counted": len(done)}


def refuse(workspace: Workspace, params: dict[str, Any], report: jobs.Report) -> dict[str, Any]:
    raise EarmarkError("There is nothing to count. Buy some beans.")


def stumble(workspace: Workspace, params: dict[str, Any], report: jobs.Report) -> dict[str, Any]:
    raise ZeroDivisionError("beans by zero")


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add three kinds of job made of this file's functions, quick to report."""
    runners = {function.__name__: (__name__, function.__name__) for function in (count, refuse, stumble)}
    monkeypatch.setattr(jobs, "RUNNERS", {**jobs.RUNNERS, **runners})
    monkeypatch.setattr(jobs, "LANES", {"analysis": ("import", "refuse", "stumble"), "training": ("count",)})
    monkeypatch.setattr(jobs, "REPORT_EVERY", 0.0)
    monkeypatch.setattr(jobs, "POLL", 0.02)


@pytest.fixture
def running(workspace: Workspace) -> Iterator[Coordinator]:
    """Give a coordinator at work in a thread."""
    coordinator = Coordinator(workspace)
    thread = threading.Thread(target=coordinator.run)
    thread.start()
    # Seen by its lanes: trying the lock could take it from the coordinator in the very moment it asks for it.
    wait_until(lambda: any(lane.name in LANES for lane in threading.enumerate()))
    yield coordinator
    coordinator.stop()
    thread.join(timeout=10)
    assert not thread.is_alive()


def busy(workspace: Workspace) -> bool:
    """Tell whether somebody holds the home."""
    lock = FileLock(workspace.home / "coordinator.lock")
    try:
        lock.acquire(timeout=0)
    except TimeoutError:
        return True
    lock.release()
    return False


def wait_until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert true()


def wait_for(workspace: Workspace, job_id: int, state: str) -> Job:
    wait_until(lambda: workspace.jobs.get(job_id).state == state)
    return workspace.jobs.get(job_id)


# -- to the end -------------------------------------------------------------------------------------


def test_a_job_runs_to_its_end_with_progress(workspace: Workspace) -> None:
    seen: list[dict[str, Any]] = []
    assert carry_out(workspace, "count", {"to": 5}, seen.append) == {"counted": 5}
    assert seen and all(progress["total"] == 5 for progress in seen)
    [job] = [workspace.jobs.latest("count")]
    assert job is not None and job.state == "done" and job.result == {"counted": 5}
    assert workspace.jobs.open() == [] and not busy(workspace)


def test_a_failure_is_one_sentence(workspace: Workspace) -> None:
    with pytest.raises(EarmarkError, match=r"^There is nothing to count\. Buy some beans\.$"):
        carry_out(workspace, "refuse", {})
    job = workspace.jobs.latest("refuse")
    assert job is not None and job.state == "failed"


def test_an_unexpected_failure_says_what_it_was_and_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(EarmarkError) as error:
        carry_out(workspace, "stumble", {})
    assert str(error.value) == ("stumble stopped (ZeroDivisionError: beans by zero). What was done is kept; try again.")


def test_a_failed_job_does_not_hold_up_the_next(workspace: Workspace, running: Coordinator) -> None:
    first, second = submit(workspace, "stumble"), submit(workspace, "refuse")
    assert wait_for(workspace, first, "failed").id < wait_for(workspace, second, "failed").id


def test_lanes_do_not_wait_for_each_other(workspace: Workspace, running: Coordinator) -> None:
    counting = submit(workspace, "count", {"to": 100_000})
    wait_for(workspace, counting, "running")
    wait_for(workspace, submit(workspace, "refuse"), "failed")
    assert workspace.jobs.get(counting).state == "running"


def test_the_same_wish_twice_is_one_job(workspace: Workspace) -> None:
    assert submit(workspace, "count", {"to": 3}) == submit(workspace, "count", {"to": 3})
    assert submit(workspace, "count", {"to": 4}) != submit(workspace, "count", {"to": 3})
    assert len(workspace.jobs.open()) == 2


def test_every_kind_of_job_has_a_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    import importlib

    for lane, kinds in jobs.LANES.items():
        for kind in kinds:
            module, function = jobs.RUNNERS[kind]
            assert callable(getattr(importlib.import_module(module), function))
            assert jobs.lane_of(kind) == lane


# -- wishes -----------------------------------------------------------------------------------------


def test_a_job_stops_when_the_person_wants_it(workspace: Workspace, running: Coordinator) -> None:
    job_id = submit(workspace, "count", {"to": 100_000})
    wait_until(lambda: len(workspace.settings.get("counted", [])) > 2)
    workspace.jobs.wish(job_id, "cancel")
    wait_for(workspace, job_id, "cancelled")
    assert len(workspace.settings.get("counted")) < 100_000


def test_who_waits_for_a_stopped_job_is_told(workspace: Workspace, running: Coordinator) -> None:
    job_id = submit(workspace, "count", {"to": 100_000})
    threading.Timer(0.2, workspace.jobs.wish, (job_id, "cancel")).start()
    with pytest.raises(Cancelled, match="Everything done so far is kept"):
        carry_out(workspace, "count", {"to": 100_000})


def test_a_paused_job_rests_and_goes_on_where_it_was(workspace: Workspace, running: Coordinator) -> None:
    job_id = submit(workspace, "count", {"to": 30})
    wait_until(lambda: len(workspace.settings.get("counted", [])) > 2)
    workspace.jobs.wish(job_id, "pause")
    wait_for(workspace, job_id, "paused")
    rested = workspace.settings.get("counted")
    time.sleep(5 * STEP)
    assert workspace.settings.get("counted") == rested
    workspace.jobs.wish(job_id, None)
    wait_for(workspace, job_id, "done")
    assert workspace.settings.get("counted") == list(range(30))


def test_asking_again_for_a_paused_job_lets_it_go_on(workspace: Workspace, running: Coordinator) -> None:
    job_id = submit(workspace, "count", {"to": 20})
    workspace.jobs.wish(job_id, "pause")
    wait_for(workspace, job_id, "paused")
    assert submit(workspace, "count", {"to": 20}) == job_id
    wait_for(workspace, job_id, "done")


# -- one coordinator --------------------------------------------------------------------------------


def test_a_second_coordinator_is_refused(workspace: Workspace, running: Coordinator) -> None:
    with pytest.raises(HomeBusyError, match="Another Earmark is working in"):
        Coordinator(Workspace(workspace.home)).run(idle=0)


def test_the_terminal_joins_the_coordinator_that_runs(workspace: Workspace, running: Coordinator) -> None:
    assert carry_out(Workspace(workspace.home), "count", {"to": 5}) == {"counted": 5}
    assert workspace.settings.get("counted") == list(range(5))


def test_a_coordinator_without_work_ends(workspace: Workspace) -> None:
    job_id = submit(workspace, "count", {"to": 3})
    Coordinator(workspace).run(idle=0.1)
    assert workspace.jobs.get(job_id).state == "done" and not busy(workspace)


def test_a_coordinator_ends_with_the_app_that_started_it(workspace: Workspace) -> None:
    Coordinator(workspace).run(alive=lambda: False)
    assert not busy(workspace)


# -- interrupted ------------------------------------------------------------------------------------


def test_a_job_whose_coordinator_ends_is_queued_again_and_goes_on(workspace: Workspace) -> None:
    job_id = submit(workspace, "count", {"to": 40})
    coordinator = Coordinator(workspace)
    threading.Timer(0.3, coordinator.stop).start()
    coordinator.run()
    assert workspace.jobs.get(job_id).state == "queued"
    before = len(workspace.settings.get("counted"))
    assert 0 < before < 40
    assert carry_out(workspace, "count", {"to": 40}) == {"counted": 40}
    assert workspace.settings.get("counted") == list(range(40))


def test_a_job_whose_coordinator_died_goes_on_at_the_next_start(workspace: Workspace) -> None:
    job_id = submit(workspace, "count", {"to": 4})
    job = workspace.jobs.take("training")
    assert job is not None and workspace.jobs.get(job_id).state == "running" and not busy(workspace)
    Coordinator(workspace).run(until=job_id)
    assert workspace.jobs.get(job_id).result == {"counted": 4}


def test_the_coordinators_process_ends_when_the_app_is_gone(workspace: Workspace) -> None:
    submit(workspace, "refuse")  # a kind this process does not know is no reason to die
    nobody = subprocess.run(
        [sys.executable, "-m", "services.coordinator", str(workspace.home), "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (nobody.returncode, nobody.stdout) == (0, "")
    assert not busy(workspace)
