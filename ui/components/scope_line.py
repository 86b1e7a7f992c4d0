"""One quiet line above the desk: which part of the library is asked about, and how to choose another."""

from __future__ import annotations

from typing import Any

import streamlit as st

from services import scope
from services.engine import Engine
from ui.components.words import counted, literal
from ui.session import attempt

OPEN = "scope-open"
WIDTH = 960  # pixels, as wide as the desk
REFRESH = 3.0  # seconds between two looks at how much of the part is rated
PARTS = {"playlists": "Playlist", "genres": "Genre", "years": "Year", "new": "New"}
NEW = "Only what came since your last visit"


def scope_line(engine: Engine) -> None:
    """Show what is asked about; the choices are read only while they are open."""
    narrowed = scope.chosen(engine.workspace).kind != scope.EVERYTHING
    middle = st.container(horizontal=True, horizontal_alignment="center", key="scope-middle")
    with middle.container(width=WIDTH, horizontal=True, vertical_alignment="center", gap="small", key="scope-line"):
        name = literal(scope.scope_name(engine.workspace))
        line = st.popover(f"Asking about: {name}", key=OPEN, on_change="rerun")
        if narrowed:
            st.fragment(_how_far, run_every=REFRESH)(engine)
            st.button("Everything again", key="scope-everything", on_click=_choose, args=(engine, scope.EVERYTHING))
    if line.open:
        with line:
            _choices(engine)


def _how_far(engine: Engine) -> None:
    """Say it without the name, which stands before: "214 tracks, 31 rated"."""
    st.caption(scope.scope_text(engine.workspace).rpartition(": ")[2], width="content")


def _choices(engine: Engine) -> None:
    """Ask for a kind of part, then for one of it; choosing closes the list, so that the keys rate again."""
    listed = scope.choices(engine.workspace)
    listed["years"] = listed.pop("decades") + listed["years"]
    kinds = [PARTS[part] for part in PARTS if listed[part]]
    if not kinds:
        st.write("Nothing to choose yet: no playlist, no genre and no year is known.")
        return
    kind = st.segmented_control("Ask only about one", kinds, default=kinds[0], key="scope-kind", required=True)
    part = next(part for part, name in PARTS.items() if name == (kind or kinds[0]))
    if part == "new":
        tracks = listed["new"][0]["tracks"]
        st.button(f"{NEW}: {counted(tracks, 'track')}", key="scope-new", on_click=_choose, args=(engine, "new"))
        return
    st.selectbox(
        PARTS[part],
        listed[part],
        index=None,
        format_func=_option,
        placeholder="Type or choose",
        key=f"scope-{part}",
        on_change=_chosen,
        args=(engine, f"scope-{part}"),
    )


def _option(row: dict[str, Any]) -> str:
    return f"{row['name']} · {counted(row['tracks'], 'track')}"


def _chosen(engine: Engine, key: str) -> None:
    row = st.session_state[key]
    if row is not None:
        _choose(engine, row["kind"], row["value"])


def _choose(engine: Engine, kind: str, value: str | None = None) -> None:
    st.session_state[OPEN] = False
    attempt(engine, scope.choose, kind, value)
