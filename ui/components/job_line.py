"""One line under the navigation while long work runs: how far, how fast, how long still, and how to stop it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import EarmarkError
from core.records import Job
from services import apple, labeling
from services.engine import AT_START, Engine
from services.library import is_apple
from services.lyrics_search import BY_ITSELF, KIND
from services.meter import PHASES
from ui.components.acts import taken_back
from ui.components.words import counted
from ui.session import note

VERBS = {
    "import": "Reading your folders",
    "rescan": "Looking for changes",
    "demo": "Making 36 short pieces",
    "analyze": "Listening",
    "retrain": "Learning",
    "use_run": "Predicting your library",
    "lyrics": "Looking for lyrics",
}
PAUSED = ("analyze", "lyrics")  # go on later from what is kept


def job_line(engine: Engine) -> None:
    """Show the open jobs and poll while there are any; nothing is polled otherwise."""
    running = bool(engine.workspace.jobs.open())
    st.fragment(_lines, run_every=1.0 if running else None)(engine)


def _lines(engine: Engine) -> None:
    jobs = engine.workspace.jobs.open()
    _rescanned(engine, jobs)
    if not jobs and st.session_state.pop("jobs_were_open", False):
        st.rerun()  # what a page may show has changed, and the polling ends
    st.session_state["jobs_were_open"] = bool(jobs)
    for job in jobs:
        if not is_quiet(job):
            _line(engine, job)
    _failure(engine)
    _taken(engine)


def is_quiet(job: Job) -> bool:
    """Tell whether a job is not worth a line: a look for changes or lyrics nobody asked for, until it finds some."""
    if job.kind == KIND:
        return job.params == BY_ITSELF and not job.progress.get("found")
    return job.kind == "rescan" and job.params == AT_START and not job.progress.get("added")


def _line(engine: Engine, job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"job-{job.id}"):
        st.markdown(sentence(job), width="stretch")
        if job.state == "paused":
            st.button("Go on", key=f"resume-{job.id}", on_click=engine.workspace.jobs.wish, args=(job.id, None))
        elif job.kind in PAUSED:
            st.button("Pause", key=f"pause-{job.id}", on_click=engine.workspace.jobs.wish, args=(job.id, "pause"))
        st.button("Stop", key=f"stop-{job.id}", on_click=engine.workspace.jobs.wish, args=(job.id, "cancel"))
    if job.progress.get("total"):
        st.progress(min(1.0, job.progress["done"] / job.progress["total"]))


def sentence(job: Job) -> str:
    """Say how far a job is: "Listening: 3,204 of 12,041 · 5.1 tracks/s · 182 x real time · 29 min left"."""
    numbers = job.progress
    verb = _verb(job)
    if job.state == "paused":  # its last sentence is no longer true
        return f"{verb}: paused at {numbers.get('done', 0):,} of {numbers.get('total', 0):,}"
    if "tracks" in numbers:
        return f"{verb}: {counted(numbers['tracks'], 'track')} so far"
    if numbers.get("sentence"):
        return str(numbers["sentence"])
    if not numbers.get("total"):
        return f"{verb}: starting"
    parts = [f"{verb}: {numbers['done']:,} of {numbers['total']:,}", *_speed(numbers)]
    if "found" in numbers:
        parts.append(f"{numbers['found']:,} found")
    if numbers.get("failed"):
        parts.append(f"{numbers['failed']:,} unreadable")
    return " · ".join(parts)


def _verb(job: Job) -> str:
    paths = [Path(path) for path in job.params.get("paths", [])]
    if paths and all(is_apple(path) for path in paths):
        return f"Reading {paths[0].name}"
    if phase := PHASES.get(job.progress.get("phase", "")):
        return phase
    return VERBS.get(job.kind, job.kind)


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


# -- what a job found -----------------------------------------------------------------------------------


def _rescanned(engine: Engine, jobs: list[Job]) -> None:
    """Say in a note what a look for changes found when it has just ended; at the start only what is news."""
    before = st.session_state.get("rescan_open")
    st.session_state["rescan_open"] = next((job.id for job in jobs if job.kind == "rescan"), None)
    if before is None or before == st.session_state["rescan_open"]:
        return
    job = engine.workspace.jobs.get(before)
    if job.state == "done" and (news := found(job.result or {}) or (job.params != AT_START and "Nothing has changed.")):
        note(news)
        st.rerun()


def found(result: dict[str, Any]) -> str | None:
    """Say what a look for changes found, None for nothing.

    >>> found({"added": 12, "moved": 1, "missing": 3})
    '12 new tracks, 1 moved; 3 not found any more.'
    """
    counts = {name: result.get(name, 0) for name in ("added", "changed", "moved", "found", "missing")}
    words = {"changed": "changed", "moved": "moved", "found": "there again"}
    parts = [counted(counts["added"], "new track")] if counts["added"] else []
    parts += [f"{counts[name]:,} {word}" for name, word in words.items() if counts[name]]
    gone = [f"{counts['missing']:,} not found any more"] if counts["missing"] else []
    said = "; ".join(part for part in (", ".join(parts), *gone) if part)
    return f"{said}." if said else None


def _taken(engine: Engine) -> None:
    """Show what came from an Apple Music library, with the way back, until the person has read it."""
    job = engine.workspace.jobs.latest("import")
    if job is None or job.state != "done" or job.id <= engine.workspace.settings.get("import_read", 0):
        return
    files = [path for path in job.params.get("paths", []) if is_apple(Path(path))]
    if not files:
        return
    st.success(taken(Path(files[0]).name, job.result or {}))
    act = apple.taken_act(engine.workspace, files[0])
    with st.container(horizontal=True, key=f"taken-{job.id}"):
        st.button("Understood", key=f"taken-read-{job.id}", on_click=_read, args=(engine, job.id))
        if act is not None:
            st.button("Take it back", key=f"taken-back-{job.id}", on_click=_take_back, args=(engine, job.id, act))


def taken(name: str, result: dict[str, Any]) -> str:
    """Say what an import brought.

    >>> taken("Library.xml", {"tracks": 1169, "added": 149, "labels": {"rating": 843}, "playlists": 37, "missing": 3})
    'Library.xml: 1,169 tracks (149 new), 843 ratings and 37 playlists are in. 3 files were not found.'
    >>> said = taken("Library.xml", {"tracks": 3, "cloud_only": 2, "protected": 1, "podcasts": 1, "other": 2})
    >>> said.partition(" are in. ")[2]
    "2 are in Apple's cloud, 1 is protected by Apple. Not taken in: 1 podcast, 2 videos, audiobooks or streams."
    """
    tracks = f"{counted(result.get('tracks', 0), 'track')} ({result.get('added', 0):,} new)"
    ratings = counted(result.get("labels", {}).get("rating", 0), "rating")
    said = f"{name}: {tracks}, {ratings} and {counted(result.get('playlists', 0), 'playlist')} are in."
    if withdrawn := result.get("withdrawn", 0):
        said += f" {counted(withdrawn, 'rating')} it gave before: taken back, no longer in it or ignored now."
    return " ".join([said, *(f"{', '.join(group)}." for group in _without_files(result) if group)])


def _without_files(result: dict[str, Any]) -> list[list[str]]:
    """Return in words what cannot be listened to, then what is no music."""
    cloud, protected, missing = (result.get(name, 0) for name in ("cloud_only", "protected", "missing"))
    podcasts, other = result.get("podcasts", 0), result.get("other", 0)
    absent = [counted(cloud, "is in Apple's cloud", "are in Apple's cloud")] * bool(cloud)
    absent += [counted(protected, "is protected by Apple", "are protected by Apple")] * bool(protected)
    absent += [counted(missing, "file was not found", "files were not found")] * bool(missing)
    aside = [counted(podcasts, "podcast")] * bool(podcasts)
    aside += [counted(other, "video, audiobook or stream", "videos, audiobooks or streams")] * bool(other)
    return [absent, [f"Not taken in: {', '.join(aside)}"] * bool(aside)]


def _read(engine: Engine, job_id: int) -> None:
    engine.workspace.settings.set("import_read", job_id)


def _take_back(engine: Engine, job_id: int, act: int) -> None:
    try:
        undone = labeling.undo_act(engine.workspace, act)
    except EarmarkError as error:
        note(str(error))
    else:
        note(taken_back(undone))
    engine.learner.wake()
    _read(engine, job_id)
