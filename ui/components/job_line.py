"""One line under the navigation while long work runs: how far, how fast, how long still, and how to stop it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.records import Job
from services.engine import Engine

VERBS = {
    "import": "Reading your folders",
    "demo": "Making 36 short pieces",
    "analyze": "Listening",
    "retrain": "Learning",
}


def job_line(engine: Engine) -> None:
    """Show the open jobs and poll while there are any; nothing is polled otherwise."""
    running = bool(engine.workspace.jobs.open())
    st.fragment(_lines, run_every=1.0 if running else None)(engine)


def _lines(engine: Engine) -> None:
    jobs = engine.workspace.jobs.open()
    if not jobs and st.session_state.pop("jobs_were_open", False):
        st.rerun()  # what a page may show has changed, and the polling ends
    st.session_state["jobs_were_open"] = bool(jobs)
    for job in jobs:
        _line(engine, job)
    _failure(engine)


def _line(engine: Engine, job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"job-{job.id}"):
        st.markdown(sentence(job), width="stretch")
        if job.state == "paused":
            st.button("Go on", key=f"resume-{job.id}", on_click=engine.workspace.jobs.wish, args=(job.id, None))
        elif job.kind == "analyze":
            st.button("Pause", key=f"pause-{job.id}", on_click=engine.workspace.jobs.wish, args=(job.id, "pause"))
        st.button("Stop", key=f"stop-{job.id}", on_click=engine.workspace.jobs.wish, args=(job.id, "cancel"))
    if job.progress.get("total"):
        st.progress(min(1.0, job.progress["done"] / job.progress["total"]))


def sentence(job: Job) -> str:
    """Say how far a job is: "Listening: 3,204 of 12,041 · 5.1 tracks/s · 182 x real time · 29 min left"."""
    numbers = job.progress
    verb = VERBS.get(job.kind, job.kind)
    if job.state == "paused":  # its last sentence is no longer true
        return f"{verb}: paused at {numbers.get('done', 0):,} of {numbers.get('total', 0):,}"
    if "tracks" in numbers:
        return f"{verb}: {numbers['tracks']:,} tracks so far"
    if numbers.get("sentence"):
        return str(numbers["sentence"])
    if not numbers.get("total"):
        return f"{verb}: starting"
    parts = [f"{verb}: {numbers['done']:,} of {numbers['total']:,}", *_speed(numbers)]
    if numbers.get("failed"):
        parts.append(f"{numbers['failed']:,} unreadable")
    return " · ".join(parts)


def _speed(numbers: dict[str, Any]) -> list[str]:
    parts = []
    if numbers.get("tracks_per_second"):
        parts.append(f"{numbers['tracks_per_second']:.1f} tracks/s")
    if numbers.get("realtime_factor"):
        parts.append(f"{numbers['realtime_factor']:.0f} x real time")
    if numbers.get("seconds_left") is not None:
        parts.append(f"{duration_text(numbers['seconds_left'])} left")
    return parts


def duration_text(seconds: float) -> str:
    """Say a duration the way a person would.

    >>> duration_text(40), duration_text(1740), duration_text(9000)
    ('40 s', '29 min', '2 h 30 min')
    """
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _failure(engine: Engine) -> None:
    """Show why the newest job of a kind failed, until the person has read it."""
    for kind in VERBS:
        job = engine.workspace.jobs.latest(kind)
        if job is not None and job.state == "failed" and job.id > engine.workspace.settings.get("failure_read", 0):
            st.error(job.error or "It failed without saying why.")
            st.button(
                "Understood",
                key=f"failure-{job.id}",
                on_click=engine.workspace.settings.set,
                args=("failure_read", job.id),
            )
