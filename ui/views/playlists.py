"""The Playlists page: what would be in each, how sure that is, and where it goes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import EarmarkError
from services import playlists, targets
from services.playlists import Entry
from ui.components.play import play_column, play_labels
from ui.components.words import RATINGS, STATES, counted, literal, percent, readable
from ui.session import Engine, engine, stamp

FORMATS = {"Apple Music (XML)": "apple", "M3U8, for most players": "m3u8", "Table (CSV)": "csv"}
NEEDED = "Rate 8 tracks, at least 2 you like and 2 you don't, and your first playlist appears here."
HOW_TO_IMPORT = """In Music (or iTunes) choose **File > Library > Import Playlist...** and pick the .xml file.
Only tracks that are already in your Apple library appear; add the folder to Music first.
Importing the same file twice makes a second playlist in Apple Music: delete the old one before."""


@dataclass(frozen=True)
class Rules:
    """What may be in a playlist besides the person's own answers."""

    rated_only: bool
    threshold: float  # least confidence of a predicted track, 0 to 1


@dataclass(frozen=True)
class Shown:
    """A playlist that can be looked into: its tracks and what writes it as a file."""

    name: str
    entries: list[Entry]
    write: Callable[..., dict[str, Any]]  # format, out
    mine: bool  # False: it came from Apple Music
    title: str  # in its file


def page() -> None:
    """Show a card for each playlist, those from Apple Music, a preview of the chosen one, and the export."""
    opened = engine()
    st.title("Playlists", anchor=False)
    imported = from_apple(stamp(opened), opened)
    if opened.workspace.labels.counts().get("rating"):
        rules = choices()
        ratings, genres = contents(stamp(opened), opened, rules)
        cards(ratings)
        named = {RATINGS[name]: entries for name, entries in ratings.items()}
        mine = named | genres | others(stamp(opened), opened, rules)
    else:
        st.write(NEEDED)
        rules, mine = Rules(True, 0.0), {}
    apple_list(imported)
    if mine or imported:
        shown = look_into(opened, mine, imported, rules)
        preview(shown)
        export(opened, shown, rules, all_of_mine=bool(mine))


@st.cache_data(show_spinner="Sorting your library", max_entries=8)
def contents(stamp: str, _opened: Engine, rules: Rules) -> tuple[dict[str, list[Entry]], dict[str, list[Entry]]]:
    """Return what is in the playlists of each rating and each genre; sorted again only when something changed."""
    ratings, genres = (
        playlists.contents(_opened.workspace, target, rated_only=rules.rated_only, threshold=rules.threshold)
        for target in ("rating", "genre")
    )
    return ratings, genres


@st.cache_data(show_spinner=False, max_entries=8)
def others(stamp: str, _opened: Engine, rules: Rules) -> dict[str, list[Entry]]:
    """Return what is in the playlists of moods and of the person's own targets, as "mood:calm"."""
    return {
        f"{target}:{value}": entries
        for target in targets.in_use(_opened.workspace)
        if target not in ("rating", "genre")
        for value, entries in playlists.contents(
            _opened.workspace, target, rated_only=rules.rated_only, threshold=rules.threshold
        ).items()
    }


@st.cache_data(show_spinner=False, max_entries=2)
def from_apple(stamp: str, _opened: Engine) -> dict[str, dict[str, Any]]:
    """Return the playlists that came from Apple Music under names no two of which are alike."""
    named: dict[str, dict[str, Any]] = {}
    for row in playlists.imported(_opened.workspace):
        name = " / ".join(part for part in (row["folder"], row["name"]) if part)
        named[name if name not in named else f"{name} ({row['id']})"] = row
    return named


# -- what is in them ----------------------------------------------------------------------------------


def choices() -> Rules:
    """Ask what may be in a playlist besides the person's own answers."""
    predicted = st.segmented_control(
        "What goes in",
        ["Only what I rated", "Also what is predicted"],
        default="Also what is predicted",
        key="playlist-source",
        required=True,
    )
    if predicted == "Only what I rated":
        return Rules(True, 0.0)
    label = "Take predictions that are at least so sure"
    threshold = st.slider(label, 0, 95, 50, 5, format="%d %%", key="playlist-sure")
    if threshold:
        st.caption("A track the model is less sure of is in none of these playlists.")
    return Rules(False, threshold / 100)


def cards(ratings: dict[str, list[Entry]]) -> None:
    """Show how many tracks each rating's playlist has and how many mistakes to expect."""
    for column, (name, entries) in zip(st.columns(3), ratings.items(), strict=True):
        rated = sum(entry.rated for entry in entries)
        with column.container(border=True):
            st.header(RATINGS[name], anchor=False)
            st.write(f"{rated:,} rated + {len(entries) - rated:,} predicted")
            mistakes = playlists.expected_mistakes(entries)
            about = f"About {counted(round(mistakes), 'expected mistake')}"
            st.caption(about if len(entries) > rated else "Your own answers")


def apple_list(imported: dict[str, dict[str, Any]]) -> None:
    """List the playlists that came from Apple Music: "Folder / Name, 57 tracks, 43 of them here"."""
    if not imported:
        return
    st.header("From Apple Music", anchor=False)
    rows = [
        {"Playlist": name, "Tracks": counted(row["tracks"], "track"), "Files": f"{row['here']:,} of them here"}
        for name, row in imported.items()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=min(300, 40 + 35 * len(rows)), key="playlist-apple")


def look_into(opened: Engine, mine: dict[str, list[Entry]], imported: dict[str, dict[str, Any]], rules: Rules) -> Shown:
    """Ask which playlist to look into."""
    apple = {f"Apple Music: {name}": row for name, row in imported.items()}
    name = st.selectbox("Look into", [*mine, *apple], key="playlist-name")
    if name in apple:
        number = apple[name]["id"]
        entries = playlists.imported_entries(opened.workspace, number)
        title = str(apple[name]["name"])
        return Shown(title, entries, partial(playlists.export_imported, opened.workspace, number), False, title)
    rating = {shown: value for value, shown in RATINGS.items()}.get(name, name)
    write = partial(
        playlists.export_one, opened.workspace, rating, rated_only=rules.rated_only, threshold=rules.threshold
    )
    return Shown(name, mine[name], write, True, playlists.RATING_NAMES.get(rating, name.replace(":", " ")))


def preview(shown: Shown) -> None:
    """List the tracks of a playlist: one's own first, then the surest; what came from Apple Music in its order."""
    if not shown.entries:
        st.write("No track fits yet.")
        return
    column, why = ("Why", _why) if shown.mine else ("File", _where)
    rows = [
        {
            "Title": entry.track.title,
            "Artist": entry.track.artist or "",
            "Album": entry.track.album or "",
            column: why(entry),
        }
        for entry in shown.entries
    ]
    table = pd.DataFrame(rows)
    table.insert(0, "Play", play_labels([entry.track.path is not None for entry in shown.entries]))
    ids = [entry.track.id for entry in shown.entries]
    st.dataframe(
        table,
        hide_index=True,
        column_config={"Play": play_column("playlist-play", ids)},
        height=min(420, 40 + 35 * len(rows)),
        key="playlist-preview",
    )


def _why(entry: Entry) -> str:
    return "you said so" if entry.rated else f"predicted, {percent(entry.confidence)} sure"


def _where(entry: Entry) -> str:
    absent = entry.track.path is None or entry.track.state in ("missing", "cloud-only")
    return STATES[entry.track.state] if absent else "here"


# -- files --------------------------------------------------------------------------------------------


def export(opened: Engine, shown: Shown, rules: Rules, *, all_of_mine: bool) -> None:
    """Write all playlists or one to a folder, or hand one over as a download."""
    st.header("Export", anchor=False)
    format_name = FORMATS[st.selectbox("Format", list(FORMATS), key="playlist-format")]
    if format_name == "apple":
        apple_sentences(opened, shown, rules, all_of_mine=all_of_mine)
    folder = st.text_input("Folder", value=str(opened.workspace.exports_folder), key="playlist-folder")
    with st.container(horizontal=True, key="playlist-do"):
        every = all_of_mine and st.button("Write all playlists to this folder", key="playlist-write", type="primary")
        one = st.button(f"Write {shown.name} only", key="playlist-write-one")
        st.download_button(
            f"Download {shown.name}",
            data=lambda: one_file(shown, format_name),
            file_name=playlists.file_names([shown.title])[0] + playlists.WRITERS[format_name].extension,
            key="playlist-download",
        )
    if every:
        write_all = partial(
            playlists.export_all, opened.workspace, rated_only=rules.rated_only, threshold=rules.threshold
        )
        write(write_all, opened, folder, format_name)
    if one:
        write(shown.write, opened, folder, format_name, as_file=shown.title)
    if format_name == "apple":
        st.markdown("\n".join(f"{number}. {line}" for number, line in enumerate(HOW_TO_IMPORT.splitlines(), 1)))


def apple_sentences(opened: Engine, shown: Shown, rules: Rules, *, all_of_mine: bool) -> None:
    """Say before writing which tracks Apple Music will know."""
    if all_of_mine and (sentence := known_to_apple(stamp(opened), opened, rules)) is not None:
        st.caption(f"All playlists: {sentence}")
    if (sentence := playlists.apple_sentence(opened.workspace, shown.entries)) is not None and shown.entries:
        st.caption(f"{literal(shown.name)}: {sentence}")


@st.cache_data(show_spinner=False, max_entries=8)
def known_to_apple(stamp: str, _opened: Engine, rules: Rules) -> str | None:
    """Return the sentence for every track of the playlists together."""
    ratings, genres = contents(stamp, _opened, rules)
    every = {
        entry.track.id: entry for classes in (ratings, genres) for entries in classes.values() for entry in entries
    }
    return playlists.apple_sentence(_opened.workspace, every.values())


def write(
    export: Callable[..., dict[str, Any]], opened: Engine, folder: str, format_name: str, *, as_file: str | None = None
) -> None:
    """Export as shown above, and say what was written."""
    target = Path(folder.strip()).expanduser() if folder.strip() else opened.workspace.exports_folder
    if not target.is_absolute():
        st.error(f"Nothing was written. Give the whole path of the folder, for example {Path.home() / target}.")
        return
    extension = playlists.WRITERS[format_name].extension
    out = target if as_file is None else target / (playlists.file_names([as_file])[0] + extension)
    try:
        result = export(out=out, format=format_name)
    except EarmarkError as error:
        st.error(str(error))
        return
    tracks = sum(file["tracks"] for file in result["files"])
    lost = sum(file["not_found"] for file in result["files"])
    written = f"{counted(len(result['files']), 'playlist')} with {counted(tracks, 'entry', 'entries')}"
    st.success(f"{written} in `{readable(str(target))}`")
    if lost:
        st.warning(f"{counted(lost, 'track')} left out: the file is not there now.")
    if result.get("note"):
        st.info(result["note"])


def one_file(shown: Shown, format_name: str) -> bytes:
    """Return the file of one playlist."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"playlist{playlists.WRITERS[format_name].extension}"
        shown.write(format=format_name, out=target)
        return target.read_bytes()


page()
