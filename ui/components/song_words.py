"""One song's words: found in a list, read line by line while it plays, corrected by hand."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from services import lyrics, lyrics_search, lyrics_shown, lyrics_words
from services.engine import Engine
from ui.components.lyrics_acts import do
from ui.components.play import play_button, play_column, play_labels
from ui.components.words import LANGUAGES, OUTCOMES, literal, percent, together
from ui.session import note
from ui.sheet import sheet

FILTERS = ("With words", "Instrumental", "Not there", "Failed", "Not looked for")
NOT_ENGLISH = "How lines feel is measured in English only; everything else is measured here too."
UNSURE = "language unsure"
EDIT = "lyrics-edit"
FEWEST_LINES = 4  # of which a course can be seen


def song_words(engine: Engine) -> None:
    """Show the list, and below it the song that is chosen in it."""
    table = lyrics_table(engine)
    if table.empty:
        st.write("No tracks yet.")
        return
    counts = table.state.value_counts()
    names = [name for name in FILTERS if counts.get(OUTCOMES_OF[name], 0)]
    chosen = st.segmented_control(
        "Show",
        names,
        default=names[0],
        format_func=lambda name: f"{name} {counts.get(OUTCOMES_OF.get(name, ''), 0):,}",
        key="lyrics-filter",
        required=True,
    )
    rows = table[table.state == OUTCOMES_OF[chosen if chosen in names else names[0]]]
    text = st.text_input("Search", key="lyrics-find", placeholder="Title, artist or album")
    for word in (text or "").casefold().split():
        rows = rows[rows.about.str.contains(word, regex=False)]
    if rows.empty:
        st.write("Nothing fits.")
        return
    picked = _choose(rows)
    if picked is None:
        st.caption("Choose a row to read its words.")
    else:
        _song(engine, picked)


OUTCOMES_OF = dict(zip(FILTERS, OUTCOMES, strict=True))


def lyrics_table(engine: Engine) -> pd.DataFrame:
    """Return every track with what is known of its words; read again only when that or the tracks change."""
    workspace = engine.workspace
    acts = [act.id for act in workspace.acts.all(limit=1)]
    return _table(str((workspace.lyrics.stamp(), workspace.tracks.count(), acts, str(workspace.home))), engine)


@st.cache_data(show_spinner=False, max_entries=2)
def _table(stamp: str, _engine: Engine) -> pd.DataFrame:
    workspace = _engine.workspace
    known = {row.track_id: row for row in workspace.lyrics.since("")}
    tracks = workspace.tracks.all()
    rows = [(known.get(track.id), track) for track in tracks]
    table = pd.DataFrame(
        {
            "id": [track.id for _, track in rows],
            "title": [track.title for _, track in rows],
            "artist": [track.artist or "" for _, track in rows],
            "album": [track.album or "" for _, track in rows],
            "state": ["" if row is None else row.outcome for row, _ in rows],
            "source": ["" if row is None else row.source or "" for row, _ in rows],
            "language": [
                "" if row is None else LANGUAGES.get(row.language or "", row.language or "") for row, _ in rows
            ],
            "fits": ["" if row is None else percent(row.match) for row, _ in rows],
            "there": [track.path is not None for _, track in rows],
        }
    )
    return table.assign(about=together(table[["title", "artist", "album"]]))


def _choose(rows: pd.DataFrame) -> int | None:
    ids = rows.id.to_numpy()
    key = f"lyrics-table-{zlib.crc32(ids.astype(np.int64).tobytes()):x}"
    shown = rows[["title", "artist", "source", "language", "fits"]].copy()
    shown.insert(0, "play", play_labels(rows.there.tolist()).to_numpy())
    names = {"title": "Title", "artist": "Artist", "source": "From", "language": "Language", "fits": "Fits"}
    picked = st.dataframe(
        shown,
        hide_index=True,
        column_config={**names, "play": play_column(f"{key}-play", ids.tolist())},
        height=min(320, 35 * (len(shown) + 1) + 3),
        key=key,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
    )
    selection = picked["selection"]
    places = selection.get("rows") or [cell[0] for cell in selection.get("cells", [])]
    return int(ids[places[0]]) if places and places[0] < len(ids) else None


def _song(engine: Engine, track_id: int) -> None:
    found = lyrics_shown.show(engine.workspace, track_id)
    with st.container(border=True, key="lyrics-song"):
        st.header(literal(found["title"]), anchor=False)
        if found["artist"]:
            st.markdown(literal(found["artist"]))
        st.markdown(literal(found["sentence"]))
        if found["figures"]:
            st.markdown(figures(found))
        place = st.empty()
        _buttons(engine, found)
        if found["lines"]:
            _arc(found)
            if found["synced"]:
                st.caption("The line that is sung is marked while it plays; a click on a line goes there.")
            sheet(track_id, found["title"], found["lines"], key=f"lyrics-sheet-{track_id}")
        _edit(engine, found)
        if found["lines"]:  # last: the first time the words of the whole library are counted for it
            said = lyrics_words.sentence(_signs(*_stamps(engine), engine, track_id))
            place.markdown(literal(said)) if said else place.empty()


def figures(found: dict[str, Any]) -> str:
    """Say what the words are like.

    >>> numbers = {"words": 180, "lines": 30, "distinct_ratio": 0.52, "repetition": 0.4, "words_per_second": 0.99}
    >>> figures({"language": "de", "figures": numbers, "mood": None}).partition(" · How")[0]
    'German · 180 words in 30 lines · 52 % distinct · repeats itself 40 % · 1.0 words a second'
    """
    numbers, language = found["figures"], found["language"]
    parts = [
        LANGUAGES.get(language, language or UNSURE),
        f"{numbers['words']:,} words in {numbers['lines']:,} lines",
        f"{percent(numbers['distinct_ratio'])} distinct",
        f"repeats itself {percent(numbers['repetition'])}",
    ]
    if numbers["words_per_second"] is not None:
        parts.append(f"{numbers['words_per_second']:.1f} words a second")
    mood = found["mood"]
    parts.append(NOT_ENGLISH if mood is None else f"sentiment {mood['mean']:+.2f} (-1 to 1)")
    return " · ".join(parts)


def _stamps(engine: Engine) -> tuple[str, str]:
    workspace = engine.workspace
    return str(workspace.lyrics.stamp()), f"{workspace.labels.newest_id()} {workspace.home}"


@st.cache_data(show_spinner=False, max_entries=64)
def _signs(stamp: str, answers: str, _engine: Engine, track_id: int) -> dict[str, list[str]]:
    return lyrics_words.signs(_engine.workspace, track_id)


def _buttons(engine: Engine, found: dict[str, Any]) -> None:
    track_id, known = found["id"], found["outcome"] in ("found", "instrumental")
    with st.container(horizontal=True, key="lyrics-song-do"):
        play_button(track_id, key="lyrics-play", there=engine.workspace.tracks.get(track_id).path is not None)
        if known:
            words = "Wrong lyrics" if found["outcome"] == "found" else "Something is sung"
            why = "Takes them away, never takes them again, and looks for others."
            st.button(words, key="lyrics-wrong", help=why, on_click=_wrong, args=(engine, track_id))
        else:
            st.button("Look for it now", key="lyrics-look", on_click=_look, args=(engine, track_id))
        if found["outcome"] != "instrumental":
            instrumental = (engine, lyrics.say_instrumental, track_id)
            st.button("Nothing is sung", key="lyrics-instrumental", on_click=do, args=instrumental)


def _wrong(engine: Engine, track_id: int) -> None:
    if do(engine, lyrics.wrong, track_id) is not None:
        lyrics_search.start(engine.workspace, track_ids=[track_id])


def _look(engine: Engine, track_id: int) -> None:
    lyrics_search.start(engine.workspace, track_ids=[track_id])
    note("Looking for it.")


def _arc(found: dict[str, Any]) -> None:
    """Draw how the lines feel, one after the other."""
    lines = [line for line in found["lines"] if line["sentiment"] is not None]
    if len(lines) < FEWEST_LINES:
        return
    from ui.charts import sentiment_arc  # plotly is not there before it is needed

    table = pd.DataFrame(lines)
    figure = sentiment_arc(table, arc=found["mood"]["arc"], dark=st.context.theme.type == "dark")
    st.plotly_chart(figure, key="lyrics-arc", config={"displayModeBar": False})


def _edit(engine: Engine, found: dict[str, Any]) -> None:
    """Let the person correct the words or paste them; LRC stamps are kept."""
    track_id = found["id"]
    words = "Correct the words" if found["text"] else "Write or paste the words"
    with st.expander(words, key=f"lyrics-edit-open-{track_id}"):
        key = f"{EDIT}-{track_id}"
        st.text_area("Words, a line each", _as_edited(engine, track_id), key=key, height=260)
        st.caption("Time stamps like [01:23.45] in front of the lines are kept and followed.")
        st.button("Save", key=f"{key}-save", on_click=_save, args=(engine, track_id, key))


def _as_edited(engine: Engine, track_id: int) -> str:
    known = engine.workspace.lyrics.of_track(track_id)
    return "" if known is None else known.synced or known.text or ""


def _save(engine: Engine, track_id: int, key: str) -> None:
    do(engine, lyrics.write, track_id, st.session_state[key])
