"""The table of genres: their names, which are trained, tags accepted as labels; and the first guesses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pandas as pd
import streamlit as st

from services import genres as genre_service
from services.engine import Engine
from ui.components.words import counted
from ui.session import attempt, note, stamp

VERSION = "genre-table-version"  # session: counted up when the table was saved, so that it starts anew
LISTED = 6  # ways of writing shown
TALLEST = 460  # pixels


def genres(engine: Engine) -> None:
    """Show the table, the tags as labels, then the first guesses."""
    st.header("Genres", anchor=False)
    rows = _rows(stamp(engine), engine)
    if rows:
        _table(engine, rows)
        _accept(engine, rows)
    else:
        st.write("No track says its genre yet, and you have named none.")
    with st.expander("First guesses of a genre"):
        _first_guesses(engine)


@st.cache_data(show_spinner="Reading the tags", max_entries=2)
def _rows(stamp: str, _engine: Engine) -> list[dict[str, Any]]:
    return genre_service.tag_table(_engine.workspace)


# -- names, and which are trained ---------------------------------------------------------------------


def _table(engine: Engine, rows: list[dict[str, Any]]) -> None:
    st.write(
        "Give a genre another name to rename it, or the name of another one to make both one."
        " An empty name lets a tag say nothing. Your files stay as they are."
    )
    version = st.session_state.setdefault(VERSION, 0)
    edited = st.data_editor(
        _frame(rows),
        hide_index=True,
        height=min(TALLEST, 40 + 35 * len(rows)),
        disabled=["written", "tracks", "labelled", "left_out"],
        column_config={
            "genre": st.column_config.TextColumn("Genre", max_chars=60),
            "trained": st.column_config.CheckboxColumn("Train", help="Which genres are learned and told apart."),
            "tracks": st.column_config.NumberColumn("Tracks", format="localized"),
            "labelled": st.column_config.NumberColumn("Labels", format="localized"),
            "written": "Written as",
            "left_out": "Left out",
        },
        key=f"genre-table-{version}",
    )
    changed = not edited.fillna("").equals(_frame(rows))
    st.button(
        "Save the changes",
        key="genre-save",
        type="primary",
        disabled=not changed,
        on_click=_save,
        args=(engine, rows, edited),
    )


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "genre": [row["genre"] for row in rows],
            "trained": [row["trained"] for row in rows],
            "tracks": [row["tracks"] for row in rows],
            "labelled": [row["labelled"] for row in rows],
            "written": [_written(row["tags"]) for row in rows],
            "left_out": ["yes" if row["left_out"] else "" for row in rows],
        }
    )


def _written(tags: dict[str, int]) -> str:
    listed = ", ".join(f"{tag} ({number:,})" for tag, number in list(tags.items())[:LISTED])
    return listed + (", ..." if len(tags) > LISTED else "")


def _save(engine: Engine, rows: list[dict[str, Any]], edited: pd.DataFrame) -> None:
    """Rename and merge as the table says, then choose what is trained; nothing else is touched."""
    st.session_state[VERSION] += 1
    names = [str(name or "").strip() for name in edited["genre"].fillna("")]
    sources: dict[str, list[str]] = defaultdict(list)
    for row, name in zip(rows, names, strict=True):
        if name != row["genre"]:
            sources[name] += [row["genre"]] if row["genre"] else list(row["tags"])
    known = {row["genre"] for row in rows}
    for name, old in sources.items():
        if _give_name(engine, old, name, known) is None:
            return
    trained = [bool(ticked) for ticked in edited["trained"]]
    if trained != [row["trained"] for row in rows]:
        _train(engine, names, trained)
    else:
        note("Saved. It can be taken back under What was done.")


def _give_name(engine: Engine, old: list[str], name: str, known: Iterable[str]) -> Any:
    if name and (len(old) > 1 or name in known):
        return attempt(engine, genre_service.merge, old, name)
    return [attempt(engine, genre_service.rename, one, name) for one in old][-1]


def _train(engine: Engine, names: list[str], trained: list[bool]) -> None:
    told = [ticked for name, ticked in zip(names, trained, strict=True) if name]
    chosen = None if all(told) else [name for name, ticked in zip(names, trained, strict=True) if ticked and name]
    says = "All genres are trained." if chosen is None else f"{counted(len(set(chosen)), 'genre')} are trained."
    attempt(engine, genre_service.choose_trained, chosen, says=lambda _: f"Saved. {says}")


# -- tags as labels -----------------------------------------------------------------------------------


def _accept(engine: Engine, rows: list[dict[str, Any]]) -> None:
    st.subheader("Tags as labels", anchor=False)
    waiting = {row["genre"]: row["to_accept"] for row in rows if row["to_accept"]}
    if not waiting:
        st.caption("Every tag that says a genre has a label already, or yours is above it.")
        return
    st.write("What the files say of their genre is only evidence. Accepted, it counts as a label below your own.")
    chosen = st.multiselect(
        "Genres",
        list(waiting),
        format_func=lambda name: f"{name} · {waiting[name]:,}",
        placeholder="All that are not left out",
        key="genre-accept-which",
    )
    number = sum(waiting[name] for name in chosen or waiting)
    st.button(f"Accept {counted(number, 'tag')} as labels", key="genre-accept", on_click=_take_tags, args=(engine,))
    st.caption("It can be taken back as a whole under What was done.")


def _take_tags(engine: Engine) -> None:
    chosen = st.session_state["genre-accept-which"] or None
    st.session_state["genre-accept-which"] = []
    attempt(engine, genre_service.accept_tags, chosen, says=_accepted)


def _accepted(done: dict[str, Any]) -> str:
    return f"{counted(done['accepted'], 'tag')} accepted. It can be taken back under What was done."


# -- first guesses --------------------------------------------------------------------------------------


def _first_guesses(engine: Engine) -> None:
    """Let the person edit which sounds speak for which genre before the first answer."""
    st.write("One genre a line, then the words that speak for it. Used until your own answers weigh more.")
    table = genre_service.genre_table(engine.workspace)
    text = "\n".join(f"{name}: {', '.join(tags)}" for name, tags in table.items())
    with st.form("settings-genres", border=False):
        edited = st.text_area("Genres and words", text, height=320, key="settings-genre-table")
        if st.form_submit_button("Save"):
            _save_first_guesses(engine, edited)


def _save_first_guesses(engine: Engine, text: str) -> None:
    from core.vocabulary import MSD_TAGS

    lines = [line.split(":", 1) for line in text.splitlines() if line.strip()]
    table = {line[0].strip(): [tag.strip() for tag in line[1].split(",")] for line in lines if len(line) == 2}
    known = {tag.casefold() for tag in MSD_TAGS}
    unknown = sorted({tag for tags in table.values() for tag in tags if tag and tag.casefold() not in known})
    if unknown:
        st.error(f"Not saved. MusiCNN has no word for: {', '.join(unknown)}. It has: {', '.join(MSD_TAGS)}.")
        return
    if len(table) < 2 or any(len(line) != 2 for line in lines):
        st.error("Not saved. Write at least two lines such as: rock: rock, hard rock")
        return
    engine.workspace.settings.set("genre_tags", {name: [t for t in tags if t] for name, tags in table.items()})
    engine.learner.wake()
    note("Saved.")
    st.rerun()
