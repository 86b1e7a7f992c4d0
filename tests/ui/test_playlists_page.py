"""The Playlists page: what Apple Music will know before it is written, and the playlists that came from there."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.records import Label, LibraryRow, Tags
from data.external_ids import APPLE_NUMBER
from data.playlists import NewPlaylist
from services import scope
from services.engine import Engine

VALUES = ["liked", "liked", "semi"]
ROOT = Path(__file__).resolve().parents[2]

Visit = Callable[[], AppTest]


@pytest.fixture
def visit(opened: Engine) -> Visit:
    """Give a function that opens the Playlists page and sees that nothing went wrong."""

    def go() -> AppTest:
        at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=30).run()
        at.switch_page("views/playlists.py").run()
        assert not at.exception, at.exception[0].message
        assert at.title[0].value == "Playlists"
        return at

    return go


@pytest.fixture
def songs(opened: Engine, song: Any) -> list[int]:
    """Give three analysed tracks with files, and one that is only in Apple's cloud."""
    workspace = opened.workspace
    ids = list(workspace.tracks.add([song(f"{name}.mp3") for name in "abc"]).added)
    for track_id in ids:
        workspace.tracks.mark_analysed(track_id, f"sound {track_id}", duration=1.0, note=None)
    far, _ = workspace.tracks.take_library([(None, LibraryRow(Tags(title="Far", artist="A"), "cloud-only"))])
    return [*ids, *far]


def said(at: AppTest) -> str:
    """Return every sentence on the page."""
    kinds = ("markdown", "caption", "error", "info", "warning", "success")
    return "\n".join(element.value for kind in kinds for element in at.get(kind))


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception, at.exception[0].message
    return at


def give(opened: Engine, *playlists: NewPlaylist) -> None:
    """Take playlists in as a library brings them."""
    opened.workspace.playlists.replace("apple:X", playlists)


# -- before writing -----------------------------------------------------------------------------------


def test_answers_to_other_targets_are_playlists_too(
    visit: Visit, opened: Engine, songs: list[int], tmp_path: Path
) -> None:
    workspace = opened.workspace
    workspace.labels.add([Label("l", songs[0], "rating", "liked"), Label("m", songs[1], "mood", "calm")])
    at = visit()
    assert "mood:calm" in at.selectbox(key="playlist-name").options
    at.selectbox(key="playlist-name").set_value("mood:calm").run()
    assert at.dataframe[0].value["Title"].tolist() == ["b.mp3"]
    at.selectbox(key="playlist-format").set_value("M3U8, for most players").run()
    at.text_input(key="playlist-folder").set_value(str(tmp_path / "out")).run()
    click(at, "playlist-write-one")
    assert "b.mp3" in (tmp_path / "out" / "mood calm.m3u8").read_text("utf-8")


def test_what_apple_music_will_know_is_said_before_writing(visit: Visit, opened: Engine, songs: list[int]) -> None:
    workspace = opened.workspace
    workspace.labels.add([Label(f"l{i}", i, "rating", value) for i, value in zip(songs, VALUES, strict=False)])
    assert "came from your Apple library" not in said(visit()), "no Apple library was imported"
    with workspace.acts.act("import", "Library.xml: 2 tracks"):
        workspace.external_ids.put({songs[0]: {APPLE_NUMBER: "1"}, songs[2]: {APPLE_NUMBER: "2"}})
    at = visit()
    assert "All playlists: 2 of 3 came from your Apple library; 1 may not appear." in said(at)
    assert "Liked: 1 of 2 came from your Apple library; 1 may not appear." in said(at)
    assert "Importing the same file twice makes a second playlist in Apple Music" in said(at)
    at.selectbox(key="playlist-format").set_value("Table (CSV)").run()
    assert "Apple library" not in said(at)


def test_one_playlist_is_written_alone(visit: Visit, opened: Engine, songs: list[int], tmp_path: Path) -> None:
    opened.workspace.labels.add([Label("e", songs[1], "rating", "liked")])
    at = visit()
    at.selectbox(key="playlist-format").set_value("M3U8, for most players").run()
    at.text_input(key="playlist-folder").set_value(str(tmp_path / "out")).run()
    at = click(at, "playlist-write-one")
    assert "1 playlist with 1 entry" in at.success[0].value
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["liked_songs_playlist.m3u8"]


# -- what came from Apple Music -------------------------------------------------------------------------


def test_imported_playlists_are_listed_with_their_folders(visit: Visit, opened: Engine, songs: list[int]) -> None:
    give(
        opened,
        NewPlaylist("Summer", "folder", "f", None, []),
        NewPlaylist("Beach", "list", "b", "f", songs),
        NewPlaylist("All", "smart", "s", None, songs[:2]),
    )
    at = visit()
    assert "your first playlist appears here" in said(at), "nothing is rated yet"
    table = at.dataframe[0].value
    assert table.Playlist.tolist() == ["All", "Summer / Beach"]
    assert table.Tracks.tolist() == ["2 tracks", "4 tracks"]
    assert table.Files.tolist() == ["2 of them here", "3 of them here"]


def test_an_imported_playlist_shows_its_tracks_in_order_and_where_they_are(
    visit: Visit, opened: Engine, songs: list[int]
) -> None:
    give(opened, NewPlaylist("Beach", "list", "b", None, [songs[3], songs[1], songs[0]]))
    table = visit().dataframe[1].value
    assert table.Title.tolist() == ["Far", "b.mp3", "a.mp3"]
    assert table.File.tolist() == ["in Apple's cloud", "here", "here"]


@pytest.mark.parametrize(("format_name", "extension"), [("Apple Music (XML)", "xml"), ("Table (CSV)", "csv")])
def test_an_imported_playlist_is_written_in_any_format(
    visit: Visit, opened: Engine, songs: list[int], tmp_path: Path, format_name: str, extension: str
) -> None:
    give(opened, NewPlaylist("Beach", "list", "b", None, songs[:3]))
    at = visit()
    at.selectbox(key="playlist-format").set_value(format_name).run()
    at.text_input(key="playlist-folder").set_value(str(tmp_path / "out")).run()
    at = click(at, "playlist-write-one")
    assert "1 playlist with 3 entries" in at.success[0].value
    assert (tmp_path / "out" / f"Beach.{extension}").is_file()


def test_two_playlists_of_one_name_are_written_apart(
    visit: Visit, opened: Engine, songs: list[int], tmp_path: Path
) -> None:
    give(
        opened,
        NewPlaylist("Summer", "folder", "f", None, []),
        NewPlaylist("Beach", "list", "b", None, songs[:1]),
        NewPlaylist("Beach", "list", "c", "f", songs[1:3]),
    )
    at = visit()
    at.selectbox(key="playlist-name").set_value("Apple Music: Summer / Beach").run()
    at.text_input(key="playlist-folder").set_value(str(tmp_path)).run()
    click(at, "playlist-write-one")
    written = plistlib.loads((tmp_path / "Beach.xml").read_bytes())
    assert sorted(track["Name"] for track in written["Tracks"].values()) == ["b.mp3", "c.mp3"]


def test_what_is_left_out_is_in_no_playlist(visit: Visit, opened: Engine, songs: list[int]) -> None:
    give(opened, NewPlaylist("Beach", "list", "b", None, songs))
    opened.workspace.labels.add([Label("e", songs[1], "rating", "liked")])
    assert visit().dataframe[0].value.Tracks.tolist() == ["4 tracks"]
    scope.leave_out(opened.workspace, "track", songs[1])
    at = visit()
    assert at.dataframe[0].value.Tracks.tolist() == ["3 tracks"] and "0 rated + " in said(at)
    at.selectbox(key="playlist-name").set_value("Apple Music: Beach").run()
    assert at.dataframe[1].value.Title.tolist() == ["a.mp3", "c.mp3", "Far"]
