"""Words that tell one part of the library from another: as clouds, as bars, and as a table."""

from __future__ import annotations

import base64
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import EarmarkError
from services import lyrics_words
from services.engine import Engine
from ui.components.words import counted, literal

BARS = 12  # words of each side
DRAWN = 1.0  # standard deviations: below, a word is in no cloud
MOST_PARTS = 200  # offered to choose from, the largest
COLOURS = {  # of answers that have a colour, in the light and the dark theme; as text teal and amber are darker
    "liked": ("#16776A", "#4CC3B1"),
    "semi": ("#8A5B17", "#E9B44C"),
    "disliked": ("#B4442F", "#E5846F"),
}
USUAL, OTHER = ("#3F5BA9", "#9DB2EE"), ("#7A5195", "#C9A3DD")
FAINT = ("#6B7280", "#8B95A3")  # of words that may be chance
HOW = (
    "Log-odds of each word against the other side, with a prior from all your lyrics, in standard deviations of what"
    " they are when songs, and whole artists, are dealt out anew. Two uses of a word in a song count, and words of one"
    " song only are left out. Up to the dotted lines the clearest word comes by chance in 19 of 20 cases; words that"
    " may be chance are grey."
)
NOTHING_CLEAR = "No word is clearer than chance yet. More songs with words may tell."


def telling_words(engine: Engine) -> None:
    """Let the person choose two parts, and show the words that tell them apart."""
    kinds = lyrics_words.kinds(engine.workspace)
    by = st.segmented_control("By", kinds, default=kinds[0], format_func=str.capitalize, key="words-by", required=True)
    by = by if by in kinds else kinds[0]
    parts = {name: len(ids) for name, ids in lyrics_words.groups(engine.workspace, by).items()}
    if not parts:
        st.write(f"No track with words has a {by} yet.")
        return
    names = list(parts)[:MOST_PARTS]
    left, right = st.columns(2)
    with left:
        first = names.index("liked") if "liked" in names else 0
        value = st.selectbox("Words of", names, first, format_func=lambda n: _named(n, parts), key=f"words-of-{by}")
    rest = [lyrics_words.REST, *(name for name in names if name != value)]
    with right:
        usual = lyrics_words.OPPOSITES.get(value, "")
        place = rest.index(usual) if usual in rest else 0
        against = st.selectbox(
            "Against", rest, place, format_func=lambda n: _named(n, parts), key=f"words-against-{by}-{value}"
        )
    found = _compared(str(engine.workspace.lyrics.stamp()), _answers(engine, by), engine, by, value, against)
    if isinstance(found, str):
        st.write(found)
        return
    if not any(term["clear"] for side in found for term in side["terms"]):
        st.write(NOTHING_CLEAR)
    _clouds(found)
    _bars(found)


def _answers(engine: Engine, by: str) -> str:
    return str((engine.workspace.labels.newest_id(), engine.workspace.tracks.count(), str(engine.workspace.home), by))


@st.cache_data(show_spinner="Counting words", max_entries=32)
def _compared(
    stamp: str, answers: str, _engine: Engine, by: str, value: str, against: str
) -> list[dict[str, Any]] | str:
    """Return both sides, each against the other, or why there is nothing to show."""
    try:
        sides = lyrics_words.compare(_engine.workspace, by, value, against)
    except EarmarkError as error:
        return str(error)
    return [side for side in sides if side["songs"]]  # where there is one part alone, everything else is nothing


def _named(name: str, parts: dict[str, int]) -> str:
    return f"{name} ({counted(parts[name], 'song')})" if name in parts else name


def _clouds(sides: list[dict[str, Any]]) -> None:
    for column, side in zip(st.columns(len(sides)), sides, strict=True):
        with column:
            st.header(literal(side["value"]), anchor=False)
            st.caption(counted(side["songs"], "song"))
            _cloud(side)


def _cloud(side: dict[str, Any]) -> None:
    dark = st.context.theme.type == "dark"
    usual = OTHER if side["value"] == lyrics_words.REST else USUAL
    terms = tuple((term["word"], term["z"], term["clear"]) for term in side["terms"] if term["z"] >= DRAWN)
    picture = _picture(terms, COLOURS.get(side["value"], usual)[dark], FAINT[dark])
    if picture is None:
        st.write("No word stands out yet.")
        return
    words = ", ".join(term["word"] for term in side["terms"][:BARS])
    said = escape(f"Word cloud of {side['value']}: {words}", quote=True)
    st.html(f'<img alt="{said}" style="width: 100%; height: auto" src="data:image/png;base64,{picture}">')


@st.cache_data(show_spinner=False, max_entries=64)
def _picture(terms: tuple[tuple[str, float, bool], ...], colour: str, faint_colour: str) -> str | None:
    """Return a cloud as a PNG in base 64, None where no word can be drawn."""
    weights, faint = {word: z for word, z, _ in terms}, [word for word, _, clear in terms if not clear]
    picture = lyrics_words.cloud(weights, colour, faint=faint, faint_colour=faint_colour) if terms else None
    return None if picture is None else base64.b64encode(picture).decode()


def _bars(sides: list[dict[str, Any]]) -> None:
    """Draw the most telling words of both sides, and list them all."""
    signs = (1, -1)
    rows = [
        {**term, "side": side["value"], "signed": sign * term["z"]}
        for side, sign in zip(sides, signs, strict=False)
        for term in side["terms"][:BARS]
    ]
    if not rows:
        return
    from ui.charts import telling_words as bars  # plotly is not there before it is needed

    dark = st.context.theme.type == "dark"
    colours = [COLOURS.get(side["value"], usual)[dark] for side, usual in zip(sides, (USUAL, OTHER), strict=False)]
    chance = [sign * side["chance"] for side, sign in zip(sides, signs, strict=False) if side["chance"] is not None]
    figure = bars(pd.DataFrame(rows), colours, chance=chance, dark=dark)
    st.plotly_chart(figure, key="words-bars", config={"displayModeBar": False})
    st.caption(HOW)
    with st.expander("All the words", key="words-all"):
        table = pd.DataFrame([{"Side": side["value"], **term} for side in sides for term in side["terms"]])
        names = {"word": "Word", "clear": "Clearer than chance", "songs": "Songs here", "rest": "Songs there"}
        st.dataframe(table.rename(columns=names), hide_index=True, key="words-table")
