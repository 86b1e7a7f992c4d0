"""Playlists: every track in exactly one of the three, and files that lead to the music."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import EarmarkError
from core.records import FoundFile, Label, Prediction, Tags
from data.exchange import itunes, m3u, playlist_csv
from services import playlists
from services.workspace import Workspace

Add = Callable[..., list[int]]


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return Workspace(home)


@pytest.fixture
def add(workspace: Workspace, tmp_path: Path) -> Add:
    """Give a function that takes in analysed tracks by name; their files hold no sound."""

    def tracks(*names: str) -> list[int]:
        added = []
        for name in names:
            path = tmp_path / "music" / f"{name}.mp3"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode())
            file = FoundFile(str(path), path.stat().st_size, path.stat().st_mtime, Tags(title=name, artist="Artist"))
            [track_id] = workspace.tracks.add([file]).added
            workspace.tracks.mark_analysed(track_id, f"sound of {name}", duration=61.5, note=None)
            added.append(track_id)
        return added

    return tracks


def predict(workspace: Workspace, target: str, values: dict[int, tuple[str, float]]) -> None:
    run = workspace.model_runs.add(target=target, family="ordered", features="musicnn", labels=9, classes=[], scores={})
    predictions = [Prediction(i, target, value, {value: share}, run) for i, (value, share) in values.items()]
    workspace.predictions.replace(target, predictions)


def rate(workspace: Workspace, track_id: int, value: str, target: str = "rating") -> None:
    workspace.labels.add([Label(f"{track_id} {target} {value}", track_id, target, value)])


def titles(classes: dict[str, list[playlists.Entry]]) -> dict[str, list[str]]:
    return {name: [entry.track.title for entry in entries] for name, entries in classes.items()}


# -- what is in them --------------------------------------------------------------------------------


def test_a_rating_overrides_the_prediction_and_each_track_is_in_one_playlist(workspace: Workspace, add: Add) -> None:
    a, b, c, d = add("a", "b", "c", "d")
    predict(workspace, "rating", {a: ("liked", 0.9), b: ("liked", 0.6), c: ("liked", 0.8), d: ("semi", 0.5)})
    rate(workspace, a, "disliked")
    rate(workspace, b, "liked")
    contents = playlists.contents(workspace)
    assert titles(contents) == {"liked": ["b", "c"], "semi": ["d"], "disliked": ["a"]}
    assert [(entry.rated, entry.confidence) for entry in contents["liked"]] == [(True, 1.0), (False, 0.8)]


def test_what_is_only_predicted_can_be_left_out_or_held_to_a_threshold(workspace: Workspace, add: Add) -> None:
    a, b, c = add("a", "b", "c")
    predict(workspace, "rating", {a: ("liked", 0.9), b: ("liked", 0.6), c: ("semi", 0.4)})
    rate(workspace, c, "liked")
    assert titles(playlists.contents(workspace, rated_only=True)) == {"liked": ["c"], "semi": [], "disliked": []}
    assert titles(playlists.contents(workspace, threshold=0.7))["liked"] == ["c", "a"]


def test_export_all_holds_to_the_threshold(workspace: Workspace, add: Add, tmp_path: Path) -> None:
    a, b = add("a", "b")
    predict(workspace, "rating", {a: ("liked", 0.9), b: ("liked", 0.6)})
    for threshold, tracks in ((0.0, 2), (0.7, 1)):
        result = playlists.export_all(workspace, tmp_path / "out", threshold=threshold)
        assert result["files"][0]["tracks"] == tracks and result["note"] is None


def test_mistakes_are_expected_of_predictions_only(workspace: Workspace, add: Add) -> None:
    a, b, c = add("a", "b", "c")
    predict(workspace, "rating", {a: ("liked", 0.9), b: ("liked", 0.6)})
    rate(workspace, c, "liked")
    contents = playlists.contents(workspace)
    assert playlists.expected_mistakes(contents["liked"]) == pytest.approx(0.5)
    assert playlists.expected_mistakes([]) == 0


def test_before_any_model_only_rated_tracks_are_in(workspace: Workspace, add: Add, tmp_path: Path) -> None:
    a, _ = add("a", "b")
    rate(workspace, a, "semi")
    assert titles(playlists.contents(workspace)) == {"liked": [], "semi": ["a"], "disliked": []}
    result = playlists.export_all(workspace, tmp_path / "out")
    assert "Only rated tracks" in result["note"]


def test_a_rated_track_that_was_never_analysed_is_in(workspace: Workspace, add: Add) -> None:
    [a] = add("a")
    workspace.tracks.mark(a, "unreadable", "it was cut short")
    rate(workspace, a, "liked")
    assert titles(playlists.contents(workspace))["liked"] == ["a"]


def test_genres_are_those_said_or_predicted(workspace: Workspace, add: Add) -> None:
    a, b, c = add("a", "b", "c")
    predict(workspace, "genre", {a: ("rock", 0.9), b: ("jazz", 0.6), c: ("rock", 0.4)})
    rate(workspace, c, "Blues", "genre")
    assert titles(playlists.contents(workspace, "genre")) == {"Blues": ["c"], "jazz": ["b"], "rock": ["a"]}


# -- files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("format_", "module"), [("apple", itunes), ("m3u8", m3u), ("csv", playlist_csv)])
def test_export_all_writes_the_three_and_one_for_each_genre(
    workspace: Workspace, add: Add, tmp_path: Path, format_: str, module: object
) -> None:
    a, b = add("Don't & #1", "Jóga")
    rate(workspace, a, "liked")
    rate(workspace, b, "R&B/Soul", "genre")
    predict(workspace, "rating", {a: ("semi", 0.5), b: ("semi", 0.5)})
    result = playlists.export_all(workspace, tmp_path / "out", format=format_)
    extension = {"apple": ".xml", "m3u8": ".m3u8", "csv": ".csv"}[format_]
    names = ["liked_songs_playlist", "semi-liked_songs_playlist", "disliked_songs_playlist", "R&B-Soul"]
    assert [Path(file["path"]).name for file in result["files"]] == [name + extension for name in names]
    assert [file["tracks"] for file in result["files"]] == [1, 1, 0, 1]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(name + extension for name in names)
    for file in result["files"]:
        entries = module.read(Path(file["path"]))[1]
        assert len(entries) == file["tracks"]
        assert all(Path(entry.path).is_file() for entry in entries)


def test_files_that_are_gone_are_left_out_and_counted(workspace: Workspace, add: Add, tmp_path: Path) -> None:
    for track_id in add("here", "gone"):
        rate(workspace, track_id, "liked")
    (tmp_path / "music" / "gone.mp3").unlink()
    result = playlists.export_one(workspace, "liked", out=tmp_path / "x.xml")
    assert result["files"] == [{"path": str(tmp_path / "x.xml"), "tracks": 1, "not_found": 1, "from_apple": 0}]
    assert [entry.title for entry in itunes.read(tmp_path / "x.xml")[1]] == ["here"]


def test_another_copy_stands_in_for_a_file_that_is_gone(workspace: Workspace, add: Add, tmp_path: Path) -> None:
    first, second = add("first", "second")
    workspace.tracks.mark_analysed(second, "sound of first", duration=61.5, note=None)
    rate(workspace, first, "liked")
    (tmp_path / "music" / "first.mp3").unlink()
    playlists.export_one(workspace, "liked", format="m3u8", out=tmp_path / "x.m3u8")
    assert [entry.path for entry in m3u.read(tmp_path / "x.m3u8")[1]] == [str(tmp_path / "music" / "second.mp3")]


def test_a_file_name_with_a_line_break_is_left_out_of_m3u_only(workspace: Workspace, add: Add, tmp_path: Path) -> None:
    for track_id in add("two\nlines", "plain"):
        rate(workspace, track_id, "liked")
    counts = {
        name: playlists.export_one(workspace, "liked", format=name, out=tmp_path)["files"][0]
        for name in playlists.WRITERS
    }
    assert {name: (file["tracks"], file["not_found"]) for name, file in counts.items()} == {
        "apple": (2, 0), "m3u8": (1, 1), "csv": (2, 0),
    }  # fmt: skip


def test_one_playlist_goes_to_the_home_or_where_it_is_told(workspace: Workspace, add: Add, tmp_path: Path) -> None:
    [a] = add("a")
    rate(workspace, a, "liked")
    rate(workspace, a, "Jazz", "genre")
    assert playlists.export_one(workspace, "liked")["files"][0]["path"] == str(
        workspace.exports_folder / "liked_songs_playlist.xml"
    )
    assert playlists.export_one(workspace, "jazz", out=tmp_path)["files"][0]["path"] == str(tmp_path / "Jazz.xml")
    name, entries = itunes.read(tmp_path / "Jazz.xml")
    assert (name, entries[0].title, entries[0].duration) == ("Jazz", "a", 61.5)
    assert playlists.export_one(workspace, "Semi-liked_songs_playlist")["files"][0]["tracks"] == 0


def test_an_exported_playlist_can_travel_with_the_music(workspace: Workspace, add: Add, tmp_path: Path) -> None:
    [a] = add("a")
    rate(workspace, a, "liked")
    playlists.export_one(workspace, "liked", format="m3u8", out=tmp_path / "x.m3u8", relative=True)
    assert (tmp_path / "x.m3u8").read_text().splitlines()[-1] == "music/a.mp3"


def test_ids_stay_the_same_from_export_to_export(workspace: Workspace, add: Add, tmp_path: Path) -> None:
    for track_id in add("a", "b"):
        rate(workspace, track_id, "liked")
    found = []
    for name in ("one.xml", "two.xml"):
        playlists.export_one(workspace, "liked", out=tmp_path / name)
        library = plistlib.loads((tmp_path / name).read_bytes())
        found.append({key: track["Persistent ID"] for key, track in library["Tracks"].items()})
    assert found[0] == found[1]
    assert len(set(found[0].values())) == 2


def test_playlists_and_formats_that_do_not_exist_are_said_with_those_that_do(workspace: Workspace, add: Add) -> None:
    [a] = add("a")
    rate(workspace, a, "Jazz", "genre")
    with pytest.raises(EarmarkError, match="liked, semi, disliked, Jazz"):
        playlists.export_one(workspace, "polka")
    with pytest.raises(EarmarkError, match="apple, m3u8, csv"):
        playlists.export_all(workspace, "out", format="pls")


def test_file_names_are_safe_on_every_system_and_never_alike() -> None:
    names = ["R&B/Soul", "r&b:soul", "AUX", "..", "a\x00b?", "Rock ", "rock", "ü" * 200, "", "日本"]
    made = playlists.file_names(names)
    assert made[:7] == ["R&B-Soul", "r&b-soul (2)", "AUX_", "playlist", "a-b-", "Rock", "rock (2)"]
    assert made[8:] == ["playlist (2)", "日本"]
    assert len(made[7].encode()) <= playlists.NAME_BYTES
    assert len({name.casefold() for name in made}) == len(names)


def test_a_genre_called_like_a_rating_playlist_does_not_overwrite_it(
    workspace: Workspace, add: Add, tmp_path: Path
) -> None:
    a, b = add("a", "b")
    rate(workspace, a, "liked")
    rate(workspace, b, "liked_songs_playlist", "genre")
    result = playlists.export_all(workspace, tmp_path / "out")
    assert len({file["path"] for file in result["files"]}) == 4
    assert [entry.title for entry in itunes.read(tmp_path / "out" / "liked_songs_playlist.xml")[1]] == ["a"]
