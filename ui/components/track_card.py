"""One track opened: what it is, where its files are, what was said of it and by whom, and where it appears."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import EarmarkError
from core.records import Track
from services import identity, labeling, lyrics_shown, predicting, scope, targets
from services.course import course
from services.engine import Engine
from services.identity import About
from ui.components.answers import answer_field
from ui.components.moments import moment
from ui.components.play import play_button
from ui.components.words import SOURCES, STATES, clock, counted, input_name, literal, percent, readable
from ui.session import note, stamp
from ui.sheet import sheet

EVENTS = 20  # of the history: as many as one looks through
UNLIKE_RATED, UNLIKE_ANSWERED = "Unlike anything you rated.", "Unlike anything you answered."
LEFT_OUT = "Not asked about, not learned from and in no playlist."


def track_card(engine: Engine, track_id: int) -> None:
    """Show everything known of a track, and let the person leave it out or take it in again."""
    try:
        about = identity.about(engine.workspace, track_id)
    except EarmarkError as error:  # merged or taken back a moment ago
        st.caption(str(error))
        return
    is_out = track_id in scope.left_out(engine.workspace)
    with st.container(border=True, key="track-card"):
        st.header(literal(about.track.title), anchor=False)
        st.markdown(description(about.track))
        st.markdown(" · ".join([state_sentence(about), *(["**left out**"] if is_out else [])]))
        _answers(engine, about)
        for line in guesses(_guessed(stamp(engine), engine, track_id)):
            st.markdown(line)
        left, right = st.columns(2, gap="medium")
        with left:
            _list("What is said", said(about))
            _list("History", history(about))
        with right:
            _list("Files", [f"`{readable(path)}`" + ("" if there else " (not there)") for path, there in about.files])
            _list("Elsewhere", elsewhere(about))
        _course(engine, track_id)
        _words(engine, about.track)
        if is_out:
            st.button("Take in again", key="track-take-in", on_click=take_in, args=(engine, [track_id]))
        else:
            st.button("Leave out", key="track-leave-out", help=LEFT_OUT, on_click=leave_out, args=(engine, [track_id]))


def _answers(engine: Engine, about: About) -> None:
    """Let the person answer here, also above what came from elsewhere."""
    track_id = about.track.id
    with st.container(horizontal=True, vertical_alignment="bottom", key="track-answers"):
        for target in targets.in_use(engine.workspace):
            label, field = about.labels.get(target), f"track-{target}-{track_id}"
            st.session_state[field] = None if label is None else label.value
            args = (engine, track_id, target, field)
            answer_field(engine, target, label=f"Your {target}", key=field, on_change=_answer, args=args)
        play_button(track_id, key="track-play", there=about.track.path is not None)


def _answer(engine: Engine, track_id: int, target: str, field: str) -> None:
    value = st.session_state[field]
    if value is None:  # the chosen one was clicked again: it stays
        return
    try:
        labeling.answer(engine.workspace, track_id, target, value, asked="")
    except EarmarkError as error:
        note(str(error))
    engine.learner.wake()


@st.cache_data(show_spinner=False, max_entries=64)
def _guessed(stamp: str, _engine: Engine, track_id: int) -> list[dict[str, Any]]:
    """Return for each target what the guess comes from, and whether the track is unlike everything answered."""
    workspace = _engine.workspace
    found = {target: workspace.predictions.of_track(track_id, target) for target in targets.in_use(workspace)}
    answered = workspace.labels.of_track(track_id)
    return [
        {
            "target": target,
            "inputs": _shares(_engine, target, track_id),
            "unlike": target not in answered and (one.novelty or 0) > 1,
        }
        for target, one in found.items()
        if one is not None
    ]


def _shares(engine: Engine, target: str, track_id: int) -> dict[str, float] | None:
    try:
        return predicting.explain(engine.workspace, target, track_id)
    except EarmarkError:  # its files are gone, or what it hears is kept no more: the guess still stands
        return None


def guesses(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Say what the guesses about a track come from, and that it is unlike everything answered.

    >>> guesses([{"target": "rating", "inputs": {"musicnn": 0.53, "lyrics": 0.47}, "unlike": True}])
    ['Rating: the guess comes from the sound 53 %, its words 47 %. Unlike anything you rated.']
    """
    lines = []
    for row in rows:
        shares = sorted((row["inputs"] or {}).items(), key=lambda one: -one[1])
        said = ", ".join(f"{input_name(name)} {percent(share)}" for name, share in shares)
        parts = [f"the guess comes from {said}."] if said else []
        if row["unlike"]:
            parts.append(UNLIKE_RATED if row["target"] == "rating" else UNLIKE_ANSWERED)
        if parts:
            lines.append(f"{row['target'].capitalize()}: {' '.join(parts)}")
    return lines


def _course(engine: Engine, track_id: int) -> None:
    """Draw how the track goes, once it was heard whole."""
    found = course(engine.workspace, track_id)
    if found is None:
        return
    loudness = "Silence" if found["loudness"] is None else f"{found['loudness']:.1f} LUFS"
    segments = counted(len(found["segments"]), "segment")
    st.markdown(f"**How it goes** · {loudness} · {segments} · telling moment at {clock(found['telling'])}")
    from ui.charts import track_course  # plotly is not there before it is needed

    figure = track_course(
        pd.DataFrame(found["parts"]),
        segments=[segment["start"] for segment in found["segments"]],
        telling=found["telling"],
        dark=st.context.theme.type == "dark",
    )
    st.plotly_chart(figure, key="track-course", config={"displayModeBar": False})


def _words(engine: Engine, track: Track) -> None:
    """Offer a track's words where they are there; they are read and measured only when they are to be shown."""
    known = engine.workspace.lyrics.of_track(track.id)
    if known is None or known.outcome != "found":
        return
    if st.toggle("Show its words", key=f"track-words-{track.id}"):
        st.caption(lyrics_shown.sentence(track, known))
        lines = lyrics_shown.show(engine.workspace, track.id)["lines"]
        sheet(track.id, track.title, lines, key=f"track-sheet-{track.id}")


def description(track: Track) -> str:
    """Return artist, album, year and length, those that are known."""
    parts = (track.artist, track.album, str(track.year or ""), clock(track.duration))
    return literal(" · ".join(part for part in parts if part)) or "No artist or album"


def state_sentence(about: About) -> str:
    """Say how far the track has come, and why no further."""
    words = STATES["quick" if about.track.quick else about.track.state]
    if about.files and not any(there for _, there in about.files) and about.track.state in ("analysed", "partly"):
        words += ", file not found now"
    return words.capitalize() + (f": {about.track.reason}" if about.track.reason else "")


def said(about: About) -> list[str]:
    """Return what each label says and where it came from."""
    return [
        f"{target.capitalize()}: **{literal(label.value)}** ({SOURCES.get(label.source, label.source)})"
        for target, label in sorted(about.labels.items(), reverse=True)
    ]


def history(about: About) -> list[str]:
    """Return what happened to the track, newest first."""
    return [
        f"{moment(event.created_at)}: {event.target} {literal(event.value)} ({SOURCES.get(event.source, event.source)})"
        + (", taken back" if event.undone_at else "")
        for event in about.history[:EVENTS]
    ]


def elsewhere(about: About) -> list[str]:
    """Return how often the track was played, where it is listed, and whether Apple knows it."""
    plays, skips = about.track.play_count, about.track.skip_count
    lines = [f"Played {counted(plays, 'time')}"] if plays else []
    lines += [f"Skipped {counted(skips, 'time')}"] if skips else []
    lines += [f"In your library since {moment(about.track.date_added)}"] if about.track.date_added else []
    lines += [f"Playlist: {literal(name)}" for name in about.playlists]
    return [*lines, "In your Apple Music library" if about.apple else "Not in an Apple Music library"]


def _list(heading: str, lines: Iterable[str]) -> None:
    if lines := list(lines):
        st.markdown(f"**{heading}**\n\n" + "\n".join(f"- {line}" for line in lines))


# -- leaving out ----------------------------------------------------------------------------------------


def several(engine: Engine, track_ids: list[int]) -> None:
    """Offer what can be done with the tracks that are chosen."""
    directly = {one.value for one in engine.workspace.exclusions.all() if one.kind == "track"}
    out = [track_id for track_id in track_ids if str(track_id) in directly]
    rest = [track_id for track_id in track_ids if str(track_id) not in directly]
    with st.container(horizontal=True, key="tracks-chosen"):
        if rest:
            words = f"Leave out {counted(len(rest), 'track')}"
            st.button(words, key="tracks-leave-out", help=LEFT_OUT, on_click=leave_out, args=(engine, rest))
        if out:
            words = f"Take in again {counted(len(out), 'track')}"
            st.button(words, key="tracks-take-in", on_click=take_in, args=(engine, out))


def leave_out(engine: Engine, track_ids: list[int]) -> None:
    """Leave tracks out and say so."""
    _act(engine, lambda: scope.leave_out_tracks(engine.workspace, track_ids), "Left out", track_ids)


def take_in(engine: Engine, track_ids: list[int]) -> None:
    """Take tracks in again and say so; one that is left out with its folder or genre stays so."""
    if len(track_ids) == 1:
        _act(engine, lambda: scope.take_in(engine.workspace, "track", track_ids[0]), "Taken in again", track_ids)
    else:
        _act(engine, lambda: scope.take_in_tracks(engine.workspace, track_ids), "Taken in again", track_ids)


def _act(engine: Engine, verb: Callable[[], Any], words: str, track_ids: list[int]) -> None:
    try:
        verb()
    except EarmarkError as error:
        note(str(error))
        return
    engine.learner.wake()
    note(f"{words}: {counted(len(track_ids), 'track')}.")
