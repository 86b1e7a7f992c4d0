"""Tracks that may be one recording, side by side, for the person to decide."""

from __future__ import annotations

import streamlit as st

from core.errors import EarmarkError
from core.records import Track
from services import identity
from services.engine import Engine
from services.identity import Pair
from ui.components.words import clock, counted, literal, readable
from ui.session import note

AT_ONCE = 10  # pairs shown; the next follow as these are decided


def doubts(engine: Engine) -> None:
    """Show the pairs, the likeliest first; nothing while music is being read or listened to."""
    jobs = engine.workspace.jobs
    if jobs.open(lane="analysis") or jobs.open(lane="import"):
        return
    pairs = _pairs(_stamp(engine), engine)
    if not pairs:
        return
    words = f"{counted(len(pairs), 'pair')} may be one recording"
    with st.expander(words, key="doubts", icon=":material/content_copy:", on_change="rerun") as place:
        if not place.open:
            return
        for pair in pairs[:AT_ONCE]:
            _pair(engine, pair)
        if len(pairs) > AT_ONCE:
            st.caption(f"{len(pairs) - AT_ONCE:,} more follow as you decide.")


def _stamp(engine: Engine) -> str:
    """Return a text that changes when sound, files, names or decisions do: what pairs are made of."""
    workspace = engine.workspace
    newest = [act.id for act in workspace.acts.all(limit=1)]
    said = len(workspace.tracks.different_pairs())
    return str((str(workspace.home), workspace.features.newest_id(), workspace.tracks.count(), newest, said))


@st.cache_resource(show_spinner=False, max_entries=2)
def _pairs(stamp: str, _engine: Engine) -> list[Pair]:
    return identity.doubts(_engine.workspace)


def _pair(engine: Engine, pair: Pair) -> None:
    key = f"doubt-{pair.first.id}-{pair.second.id}"
    with st.container(border=True, key=key):
        for column, track in zip(st.columns(2), (pair.first, pair.second), strict=True):
            column.markdown(about(track))
        st.caption(pair.reason)
        with st.container(horizontal=True, key=f"{key}-answers"):
            st.button("The same: merge", key=f"{key}-same", on_click=_merge, args=(engine, pair))
            st.button("Two recordings", key=f"{key}-two", on_click=_keep_apart, args=(engine, pair))


def about(track: Track) -> str:
    """Return title, artist, album, length and file of a track, a line each."""
    lines = [f"**{literal(track.title)}**", literal(track.artist or "No artist"), literal(track.album or "No album")]
    lines.append(clock(track.duration) or "Length not known")
    lines.append(f"`{readable(track.path)}`" if track.path else "No file here")
    return "  \n".join(lines)


def _merge(engine: Engine, pair: Pair) -> None:
    try:
        identity.merge(engine.workspace, pair.first.id, pair.second.id)
    except EarmarkError as error:  # one of them went into another meanwhile
        note(str(error))
        return
    engine.learner.wake()
    note(f"Merged: {pair.first.title}. Every answer is kept.")


def _keep_apart(engine: Engine, pair: Pair) -> None:
    try:
        identity.keep_apart(engine.workspace, pair.first.id, pair.second.id)
    except EarmarkError as error:
        note(str(error))
        return
    note("Kept as two recordings. You are not asked about them again.")
