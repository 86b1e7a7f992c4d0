"""Jobs: oldest first, obeying wishes, queued again after a crash."""

from __future__ import annotations

import pytest

from core.errors import EarmarkError
from services.workspace import Workspace


def test_a_lane_takes_its_own_jobs_oldest_first(workspace: Workspace) -> None:
    jobs = workspace.jobs
    first = jobs.add("analyze", "analysis", {"limit": 3})
    jobs.add("retrain", "training")
    second = jobs.add("analyze", "analysis")
    taken = [jobs.take("analysis"), jobs.take("analysis"), jobs.take("analysis")]
    assert [job and job.id for job in taken] == [first, second, None]
    assert taken[0] is not None
    assert (taken[0].state, taken[0].params) == ("running", {"limit": 3})


def test_a_report_keeps_the_progress_and_brings_the_wish_back(workspace: Workspace) -> None:
    job = workspace.jobs.add("analyze", "analysis")
    workspace.jobs.take("analysis")
    assert workspace.jobs.report(job, {"done": 1}) is None
    workspace.jobs.wish(job, "pause")
    assert workspace.jobs.report(job, {"done": 2}) == "pause"
    assert workspace.jobs.get(job).progress == {"done": 2}


def test_a_paused_job_waits_and_goes_on(workspace: Workspace) -> None:
    job = workspace.jobs.add("analyze", "analysis")
    workspace.jobs.take("analysis")
    workspace.jobs.finish(job, "paused")
    assert workspace.jobs.take("analysis") is None
    assert [open_job.id for open_job in workspace.jobs.open()] == [job]
    workspace.jobs.wish(job, None)
    taken = workspace.jobs.take("analysis")
    assert taken is not None
    assert taken.id == job


def test_a_job_that_has_not_begun_can_be_cancelled_at_once(workspace: Workspace) -> None:
    job = workspace.jobs.add("analyze", "analysis")
    workspace.jobs.wish(job, "cancel")
    assert workspace.jobs.get(job).state == "cancelled"
    assert workspace.jobs.open() == []


def test_what_ran_when_the_coordinator_died_is_queued_again(workspace: Workspace) -> None:
    job = workspace.jobs.add("analyze", "analysis")
    workspace.jobs.take("analysis")
    assert workspace.jobs.requeue_interrupted() == 1
    assert workspace.jobs.get(job).state == "queued"


def test_a_finished_job_keeps_its_result_and_is_not_open(workspace: Workspace) -> None:
    job = workspace.jobs.add("retrain", "training")
    workspace.jobs.take("training")
    workspace.jobs.finish(job, "done", result={"model": "knn"})
    latest = workspace.jobs.latest("retrain")
    assert latest is not None
    assert (latest.state, latest.result) == ("done", {"model": "knn"})
    assert workspace.jobs.open(kind="retrain") == []
    assert workspace.jobs.latest("analyze") is None


def test_an_unknown_job_is_named(workspace: Workspace) -> None:
    with pytest.raises(EarmarkError, match="number 12"):
        workspace.jobs.get(12)
