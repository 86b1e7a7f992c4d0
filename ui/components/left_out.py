"""What is left out of asking, training and playlists: a list, taking in again, leaving out more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from services import scope
from services.engine import Engine
from ui.components.words import counted, literal, readable
from ui.session import attempt

KINDS = {"Folder": "folder", "Genre": "genre", "Playlist": "playlist"}


def left_out(engine: Engine) -> None:
    """Show what is left out, then a way to leave out more."""
    st.header("Left out", anchor=False)
    st.write("Not asked about, not learned from and in no playlist. Your answers stay.")
    rows = scope.described(engine.workspace)
    if not rows:
        st.caption("Nothing is left out.")
    for number, row in enumerate(row for row in rows if row["kind"] != "track"):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"left-out-{number}"):
            st.markdown(f"{literal(readable(_name(row)))} · {counted(row['tracks'], 'track')}", width="stretch")
            again = (engine, row["kind"], row["value"])
            st.button("Take in again", key=f"take-in-{row['kind']}-{row['value']}", on_click=_take_in, args=again)
    _single_tracks(engine, [row for row in rows if row["kind"] == "track"])
    _add(engine)


def _name(row: dict[str, Any]) -> str:
    return str(row["name"][:1].upper() + row["name"][1:])


def _single_tracks(engine: Engine, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    names = {int(row["value"]): row["name"] for row in rows}
    st.multiselect(
        f"{counted(len(rows), 'single track')} left out",
        list(names),
        format_func=lambda track_id: str(names[track_id]),
        placeholder="Choose those to take in again",
        key="left-out-tracks",
    )
    chosen = st.session_state["left-out-tracks"]
    st.button("Take in again", key="take-in-tracks", disabled=not chosen, on_click=_take_in_tracks, args=(engine,))


def _add(engine: Engine) -> None:
    st.subheader("Leave out more", anchor=False)
    kind = KINDS[st.segmented_control("What", list(KINDS), default="Folder", key="leave-out-kind", required=True)]
    options, shown = _options(engine, kind)
    if not options:
        st.caption(f"There is no {kind} to choose.")
        return
    value = st.selectbox(
        kind.capitalize(), options, index=None, format_func=shown, placeholder="Type or choose", key=f"leave-out-{kind}"
    )
    st.button("Leave out", key="leave-out", disabled=value is None, on_click=_leave_out, args=(engine, kind, value))


def _options(engine: Engine, kind: str) -> tuple[list[str], Callable[[str], str]]:
    """Return what can be left out, and how it is shown."""
    kept = {row["value"] for row in scope.described(engine.workspace) if row["kind"] == kind}
    if kind == "folder":
        return [folder for folder in scope.folders(engine.workspace) if folder not in kept], readable
    rows = scope.choices(engine.workspace)[f"{kind}s"]
    names = {row["value"]: f"{row['name']} · {counted(row['tracks'], 'track')}" for row in rows}
    return [value for value in names if value not in kept], names.__getitem__


def _leave_out(engine: Engine, kind: str, value: str) -> None:
    st.session_state[f"leave-out-{kind}"] = None
    attempt(engine, scope.leave_out, kind, value, says=lambda done: f"Left out: {counted(done['tracks'], 'track')}.")


def _take_in(engine: Engine, kind: str, value: str) -> None:
    attempt(engine, scope.take_in, kind, value, says=_taken_in)


def _take_in_tracks(engine: Engine) -> None:
    attempt(engine, scope.take_in_tracks, st.session_state["left-out-tracks"], says=_taken_in)
    st.session_state["left-out-tracks"] = []


def _taken_in(done: dict[str, Any]) -> str:
    return f"Taken in again: {counted(done['tracks'], 'track')}."
