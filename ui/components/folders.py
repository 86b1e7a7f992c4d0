"""The places music came from: how each is, looking for changes, forgetting one; and how much is worked at once."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.settings import default_cores
from services import rescan
from services.engine import Engine
from ui.components.moments import moment
from ui.components.words import counted, readable
from ui.session import note

FOUND = {
    "added": "new",
    "changed": "changed",
    "moved": "moved",
    "found": "found again",
    "missing": "not there any more",
}


def folders(engine: Engine) -> None:
    """Show every place and what can be done with it, then how much is worked at once."""
    st.header("Folders", anchor=False)
    places = rescan.places(engine.workspace)
    if not places:
        st.write("No folder yet. Add one on the Library page.")
    for place in places:
        _place(engine, place)
    if places:
        _look_for_changes(engine)
    _cores(engine)


def _place(engine: Engine, place: dict[str, Any]) -> None:
    path = place["path"]
    with st.container(border=True, key=f"root-{path}"):
        with st.container(horizontal=True, vertical_alignment="center", key=f"root-do-{path}"):
            st.markdown(f"`{readable(path)}`  \n{_how_it_is(place)}", width="stretch")
            if place["changed"]:
                st.button(
                    "Import again", key=f"root-again-{path}", type="primary", on_click=_again, args=(engine, path)
                )
            if place["kind"] != "drive":
                label = f"Forget this {place['kind']}"
                st.button(label, key=f"root-forget-{path}", on_click=_forget, args=(engine, place))
        if place["trouble"]:
            st.warning(place["trouble"], icon=":material/info:")


def _how_it_is(place: dict[str, Any]) -> str:
    if place["kind"] == "drive":
        return "A drive"
    if place["kind"] == "folder":
        return counted(place["tracks"], "track")
    read = f"Apple Music library, read {moment(place['added_at'])}" if place["added_at"] else "Apple Music library"
    return f"{read}. The file is newer than that." if place["changed"] else f"{read}."


def _again(engine: Engine, path: str) -> None:
    """Take a library in again the way it was taken in before."""
    engine.submit("import", {"paths": [path], **(engine.workspace.settings.get("apple_import") or {})})


def _forget(engine: Engine, place: dict[str, Any]) -> None:
    rescan.forget(engine.workspace, place["path"])
    tracks = "Its tracks stay" if place["tracks"] is None else f"{counted(place['tracks'], 'track')} from it stay"
    note(f"{readable(place['path'])} is not looked at any more. {tracks} in your library.")


def _look_for_changes(engine: Engine) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="root-look"):
        st.button(
            "Look for changes",
            key="root-scan",
            icon=":material/refresh:",
            disabled=bool(engine.workspace.jobs.open(kind="rescan")),
            on_click=engine.submit,
            args=("rescan",),
        )
        st.toggle(
            "Look for changes at every start",
            value=bool(engine.workspace.settings.get("rescan_at_start", True)),
            key="root-at-start",
            on_change=lambda: engine.workspace.settings.set("rescan_at_start", st.session_state["root-at-start"]),
        )
    job = engine.workspace.jobs.latest("rescan")
    if job is not None and job.state == "done":
        numbers = [
            f"{job.result[name]:,} {word}" for name, word in FOUND.items() if job.result and job.result.get(name)
        ]
        st.caption(f"The last look: {', '.join(numbers)}." if numbers else "The last look found nothing new.")


def _cores(engine: Engine) -> None:
    """Ask how many tracks are listened to at once."""
    st.header("Analysis", anchor=False)
    most = default_cores()
    kept = min(most, int(engine.workspace.settings.get("cores") or most))
    st.number_input(
        "Cores to use",
        1,
        most,
        kept,
        key="settings-cores",
        help="Each listens to one track at a time and needs about 1 GB of memory. Counts from the next analysis on.",
        on_change=lambda: engine.workspace.settings.set("cores", st.session_state["settings-cores"]),
    )
