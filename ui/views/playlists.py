"""The Playlists page: what would be in each, how sure that is, and where it goes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import streamlit as st

from core.errors import EarmarkError
from services import playlists
from services.playlists import Entry
from ui.components.words import RATINGS, counted, percent
from ui.session import Engine, engine, stamp

FORMATS = {"Apple Music (XML)": "apple", "M3U8, for most players": "m3u8", "Table (CSV)": "csv"}
NEEDED = "Rate 8 tracks, at least 2 you like and 2 you don't, and your first playlist appears here."
HOW_TO_IMPORT = """In Music (or iTunes) choose **File > Library > Import Playlist...** and pick the .xml file.
Only tracks that are already in your Apple library appear; add the folder to Music first.
Importing the same file twice makes a second playlist: delete the old one before."""


def page() -> None:
    """Show a card for each playlist, a preview of the chosen one, and the export."""
    opened = engine()
    st.title("Playlists", anchor=False)
    rated = opened.workspace.labels.counts().get("rating", {})
    if not rated:
        st.write(NEEDED)
        return
    rated_only, threshold = choices()
    ratings, genres = contents(stamp(opened), opened, rated_only, threshold)
    cards(ratings)
    everything = {RATINGS[name]: entries for name, entries in ratings.items()} | genres
    name = st.selectbox("Look into", list(everything), key="playlist-name")
    preview(everything[name])
    export(opened, name, rated_only, threshold)


@st.cache_data(show_spinner="Sorting your library", max_entries=8)
def contents(
    stamp: str, _opened: Engine, rated_only: bool, threshold: float
) -> tuple[dict[str, list[Entry]], dict[str, list[Entry]]]:
    """Return what is in the playlists of each rating and each genre; sorted again only when something changed."""
    ratings, genres = (
        playlists.contents(_opened.workspace, target, rated_only=rated_only, threshold=threshold)
        for target in ("rating", "genre")
    )
    return ratings, genres


def choices() -> tuple[bool, float]:
    """Ask what may be in a playlist besides the person's own answers."""
    predicted = st.segmented_control(
        "What goes in",
        ["Only what I rated", "Also what is predicted"],
        default="Also what is predicted",
        key="playlist-source",
        required=True,
    )
    if predicted == "Only what I rated":
        return True, 0.0
    label = "Take predictions that are at least so sure"
    threshold = st.slider(label, 0, 95, 50, 5, format="%d %%", key="playlist-sure")
    if threshold:
        st.caption("A track the model is less sure of is in none of these playlists.")
    return False, threshold / 100


def cards(ratings: dict[str, list[Entry]]) -> None:
    """Show how many tracks each rating's playlist has and how many mistakes to expect."""
    for column, (name, entries) in zip(st.columns(3), ratings.items(), strict=True):
        rated = sum(entry.rated for entry in entries)
        with column.container(border=True):
            st.header(RATINGS[name], anchor=False)
            st.write(f"{rated:,} rated + {len(entries) - rated:,} predicted")
            mistakes = playlists.expected_mistakes(entries)
            st.caption(f"About {mistakes:.0f} expected mistakes" if len(entries) > rated else "Your own answers")


def preview(entries: list[Entry]) -> None:
    """List the tracks of a playlist, the person's own first, then the surest."""
    if not entries:
        st.write("No track fits yet.")
        return
    rows = [
        {
            "Title": entry.track.title,
            "Artist": entry.track.artist or "",
            "Album": entry.track.album or "",
            "Why": "you said so" if entry.rated else f"predicted, {percent(entry.confidence)} sure",
        }
        for entry in entries
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=min(420, 40 + 35 * len(rows)), key="playlist-preview")


def export(opened: Engine, name: str, rated_only: bool, threshold: float) -> None:
    """Write all playlists to a folder, or hand one over as a download."""
    st.header("Export", anchor=False)
    format_name = FORMATS[st.selectbox("Format", list(FORMATS), key="playlist-format")]
    folder = st.text_input("Folder", value=str(opened.workspace.exports_folder), key="playlist-folder")
    left, right = st.columns(2)
    if left.button("Write all playlists to this folder", key="playlist-write", type="primary", width="stretch"):
        write_all(opened, folder, format_name, rated_only, threshold)
    right.download_button(
        f"Download {name}",
        data=lambda: one_file(opened, name, format_name, rated_only, threshold),
        file_name=f"{name}{playlists.WRITERS[format_name].extension}",
        key="playlist-download",
        width="stretch",
    )
    if format_name == "apple":
        st.markdown("\n".join(f"{number}. {line}" for number, line in enumerate(HOW_TO_IMPORT.splitlines(), 1)))


def write_all(opened: Engine, folder: str, format_name: str, rated_only: bool, threshold: float) -> None:
    """Export every playlist as it is shown above, and say what was written."""
    target = Path(folder.strip()).expanduser() if folder.strip() else opened.workspace.exports_folder
    if not target.is_absolute():
        st.error(f"Nothing was written. Give the whole path of the folder, for example {Path.home() / target}.")
        return
    try:
        result = playlists.export_all(
            opened.workspace, target, format=format_name, rated_only=rated_only, threshold=threshold
        )
    except EarmarkError as error:
        st.error(str(error))
        return
    tracks = sum(file["tracks"] for file in result["files"])
    lost = sum(file["not_found"] for file in result["files"])
    st.success(f"{counted(len(result['files']), 'playlist')} with {counted(tracks, 'entry', 'entries')} in {target}")
    if lost:
        st.warning(f"{counted(lost, 'track')} left out: the file is not there now.")
    if result.get("note"):
        st.info(result["note"])


def one_file(opened: Engine, name: str, format_name: str, rated_only: bool, threshold: float) -> bytes:
    """Return the file of one playlist."""
    rating = {shown: value for value, shown in RATINGS.items()}.get(name, name)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"playlist{playlists.WRITERS[format_name].extension}"
        playlists.export_one(
            opened.workspace, rating, format=format_name, out=target, rated_only=rated_only, threshold=threshold
        )
        return target.read_bytes()


page()
