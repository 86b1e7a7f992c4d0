"""The Library page: every track with its state, your labels and what is predicted; adding music; what went wrong."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from services import library
from ui.components.add_music import add_music
from ui.components.words import counted, percent
from ui.session import Engine, engine, stamp

FILTERS = {
    "All": lambda table: table.state.notna(),
    "Rated": lambda table: table.your_rating.notna(),
    "Unrated": lambda table: table.your_rating.isna() & table.state.isin(["analysed", "partly"]),
    "Waiting": lambda table: table.state == "new",
    "Unreadable": lambda table: table.state == "unreadable",
}
COLUMNS = {
    "title": "Title", "artist": "Artist", "album": "Album", "your_rating": "Your rating",
    "predicted_rating": "Predicted", "sure": "Sure", "your_genre": "Your genre", "predicted_genre": "Predicted genre",
    "genre_tag": "Genre tag", "state": "State",
}  # fmt: skip


def page() -> None:
    """Show the table, then ways to add and to mend."""
    opened = engine()
    st.title("Library", anchor=False)
    table = read(opened)
    if table.empty:
        st.write("No music yet. Choose a folder: it is read, never changed.")
    else:
        show(table)
        unreadable(opened, table)
    with st.expander("Add music", expanded=table.empty, icon=":material/add:"):
        add_music(opened, key="library-add")
    waiting(opened, table)


def read(opened: Engine) -> pd.DataFrame:
    """Return the library's table; read again only when a label, a track or a model changed."""
    return _read(stamp(opened), opened)


@st.cache_data(show_spinner="Opening your library", max_entries=4)
def _read(stamp: str, _opened: Engine) -> pd.DataFrame:
    return library.table(_opened.workspace)


def show(table: pd.DataFrame) -> None:
    """Show the filters with their counts, the search, and what is left."""
    names = {f"{name} {int(fits(table).sum()):,}": name for name, fits in FILTERS.items()}
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    chosen = left.segmented_control("Show", list(names), default=next(iter(names)), key="library-filter", required=True)
    text = right.text_input("Search", key="library-search", placeholder="Title, artist or album")
    rows = search(table[FILTERS[names.get(chosen, "All")](table)], text)
    if rows.empty:
        st.write("Nothing fits.")
        return
    rows = rows.assign(sure=rows.confidence.map(percent))
    st.dataframe(
        rows[list(COLUMNS)].fillna(""),
        hide_index=True,
        column_config=COLUMNS,
        height=420,
        key="library-table",
    )


def search(table: pd.DataFrame, text: str) -> pd.DataFrame:
    """Return the rows whose title, artist or album has every word of `text`."""
    about = table[["title", "artist", "album"]].fillna("").agg(" ".join, axis=1).str.casefold()
    for word in (text or "").casefold().split():
        table, about = table[about.str.contains(word, regex=False)], about[about.str.contains(word, regex=False)]
    return table


def unreadable(opened: Engine, table: pd.DataFrame) -> None:
    """List the files that could not be read, with the reason, and offer another try."""
    rows = table[table.state.isin(["unreadable", "partly"])]
    if rows.empty:
        return
    with st.expander(f"{counted(len(rows), 'file')} could not be read, or only in part", icon=":material/warning:"):
        st.dataframe(
            rows[["path", "state", "reason"]],
            hide_index=True,
            column_config={"path": "File", "state": "State", "reason": "Why"},
            key="library-unreadable",
        )
        st.button("Try these again", key="library-retry", on_click=opened.submit, args=("analyze", {"retry": True}))


def waiting(opened: Engine, table: pd.DataFrame) -> None:
    """Offer the analysis of what waits when nothing is doing it."""
    number = int((table.state == "new").sum())
    if number and not opened.workspace.jobs.open(lane="analysis"):
        st.write(f"{counted(number, 'track')} not listened to yet.")
        st.button("Listen to them", key="library-analyse", on_click=opened.submit, args=("analyze",))


page()
