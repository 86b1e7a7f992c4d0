"""The Library page: every track with its state, your labels and what is predicted; adding music; what went wrong."""

from __future__ import annotations

import zlib

import pandas as pd
import streamlit as st

from services import drives, library, scope, targets, visits
from ui.components.add_music import add_music
from ui.components.apple_library import HOW_TO_EXPORT, apple_library
from ui.components.doubts import doubts
from ui.components.play import play_column, play_labels
from ui.components.track_card import several, track_card
from ui.components.words import STATES, cloud_sentence, counted, percent, together
from ui.session import Engine, engine, stamp

WAITING = ["new", "quick"]
WITH_SOUND = ["new", "quick", "analysed", "partly"]  # tracks that can be listened to while their file is there
ALWAYS = ("All", "Rated", "Unrated")  # the others are shown when something is in them
FILTERS = {
    "All": lambda table: table.state.notna(),
    "Rated": lambda table: table.your_rating.notna(),
    "Unrated": lambda table: table.your_rating.isna() & table.state.isin(["quick", "analysed", "partly"]),
    "Waiting": lambda table: table.state.isin(WAITING) & ~table.missing,
    "New since last visit": lambda table: table.new,
    "Unreadable": lambda table: table.state == "unreadable",
    "Missing": lambda table: table.missing,
    "In the cloud": lambda table: table.state == "cloud-only",
    "Protected": lambda table: table.state == "protected",
    "Left out": lambda table: table.left_out,
}
COLUMNS = {
    "title": "Title", "artist": "Artist", "album": "Album", "your_rating": "Your rating",
    "predicted_rating": "Predicted", "sure": "Sure", "your_genre": "Your genre", "predicted_genre": "Predicted genre",
    "genre_tag": "Genre tag", "in_words": "State",
}  # fmt: skip
SHIPPED = ("rating", "genre")  # have columns of their own
AT_THE_START = ("title", "artist", "album", "your_rating")
OWN = "answer "  # begins the name of a column with the answers to another target


def page() -> None:
    """Show the table, the chosen track below it, then ways to add and to mend."""
    opened = engine()
    st.title("Library", anchor=False)
    table = read(opened)
    if table.empty:
        st.write("No music yet. Choose a folder: it is read, never changed.")
    else:
        waits(opened, table)
        chosen = show(table)
        if len(chosen) == 1:
            track_card(opened, chosen[0])
        elif chosen:
            several(opened, chosen)
        doubts(opened)
        unreadable(opened, table)
    add(opened, expanded=table.empty)
    waiting(opened, table)


def read(opened: Engine) -> pd.DataFrame:
    """Return the library's table; read again only when a label, a track, a model or a choice changed."""
    return _read(library_stamp(opened), opened)


def library_stamp(opened: Engine) -> str:
    """Return a text that changes whenever something of the table does."""
    workspace = opened.workspace
    choices = workspace.exclusions.stamp(), [act.id for act in workspace.acts.all(limit=1)]
    return str((stamp(opened), choices, workspace.tracks.count_missing(), workspace.settings.get("visit")))


@st.cache_resource(show_spinner="Opening your library", max_entries=2)
def _read(stamp: str, _opened: Engine) -> pd.DataFrame:
    """Return the table with what else the filters ask for; it is shared and must not be changed."""
    workspace = _opened.workspace
    table = library.table(workspace)
    elsewhere = table.state.isin(["cloud-only", "protected"])
    said = {name: workspace.labels.current(name) for name in targets.in_use(workspace) if name not in SHIPPED}
    table = table.assign(play=play_labels(table.path.notna().tolist()))
    for name, labels in said.items():
        values = {track_id: label.value for track_id, label in labels.items()}
        table[f"{OWN}{name}"] = table.id.map(values).astype(object)
    missing = ~table.id.isin(workspace.tracks.with_files()) & ~elsewhere
    return table.assign(
        about=together(table[["title", "artist", "album"]]),
        sure=table.confidence.map(percent),
        in_words=table.state.map(STATES).mask(missing & table.state.isin(WAITING), STATES["missing"]),
        missing=missing,
        new=table.id.isin(visits.new_tracks(workspace)),
        left_out=table.id.isin(scope.left_out(workspace)),
    )


def waits(opened: Engine, table: pd.DataFrame) -> None:
    """Say what cannot be listened to now because it is in a cloud or on a drive that is not connected."""
    cloud = int((table.state == "cloud-only").sum())
    if cloud:
        st.write(cloud_sentence(cloud, len(table), int((table.state.isin(WITH_SOUND) & ~table.missing).sum())))
    if opened.workspace.roots.away():
        for place in drives.away(opened.workspace):
            st.write(place.sentence)


def show(table: pd.DataFrame) -> list[int]:
    """Show the filters with their counts, the search, and what is left; return the tracks that are chosen."""
    counts = {name: int(fits(table).sum()) for name, fits in FILTERS.items()}
    names = [name for name, count in counts.items() if count or name in ALWAYS]
    chosen = st.segmented_control(
        "Show",
        names,
        default=names[0],
        format_func=lambda name: f"{name} {counts[name]:,}" if name in counts else name,
        key="library-filter",
        required=True,
    )
    text = st.text_input("Search", key="library-search", placeholder="Title, artist or album")
    rows = search(table[FILTERS.get(chosen or "All", FILTERS["All"])(table)], text)
    if rows.empty:
        st.write("Nothing fits.")
        return []
    return choose(rows)


def choose(rows: pd.DataFrame) -> list[int]:
    """Show tracks and return those that are chosen; your answers to other targets stand beside your rating."""
    ids = rows.id.to_numpy()
    key = f"library-table-{zlib.crc32(ids.tobytes()):x}"  # other rows, another choice
    own = [str(name) for name in rows if str(name).startswith(OWN)]
    names = {**COLUMNS, **{name: f"Your {name.removeprefix(OWN)}" for name in own}}
    order = [*AT_THE_START, *own, *(name for name in COLUMNS if name not in AT_THE_START)]
    shown = rows[order].fillna("")
    shown.insert(0, "play", rows.play)
    picked = st.dataframe(
        shown,
        hide_index=True,
        column_config={**names, "play": play_column(f"{key}-play", ids.tolist())},
        height=420,
        key=key,
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
    )
    selection = picked["selection"]
    places = selection.get("rows") or [cell[0] for cell in selection.get("cells", [])]
    return [int(ids[place]) for place in places if place < len(ids)]


def search(table: pd.DataFrame, text: str) -> pd.DataFrame:
    """Return the rows whose title, artist or album has every word of `text`."""
    for word in (text or "").casefold().split():
        table = table[table.about.str.contains(word, regex=False)]
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


def add(opened: Engine, *, expanded: bool) -> None:
    """Offer the ways in: a folder, or an Apple Music library."""
    with st.expander("Add music", expanded=expanded, icon=":material/add:"):
        add_music(opened, key="library-add")
    with st.expander("Add an Apple Music library", icon=":material/library_add:", key="library-apple-door"):
        st.write(HOW_TO_EXPORT)
        apple_library(opened, key="library-apple")


def waiting(opened: Engine, table: pd.DataFrame) -> None:
    """Offer the analysis of what waits when nothing is doing it."""
    number = int((table.state.isin(WAITING) & ~table.missing).sum())
    if number and not opened.workspace.jobs.open(lane="analysis"):
        in_passing = ", or only for a few seconds" if (table.state == "quick").any() else ""
        st.write(f"{counted(number, 'track')} not listened to yet{in_passing}.")
        st.button("Listen to them", key="library-analyse", on_click=opened.submit, args=("analyze",))


page()
