"""Playlists: every track in exactly one of the three, and files that lead to the music."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import EarmarkError
from core.records import FoundFile, Label, Prediction, Tags
from data.exchange import itunes, m3u, playlist_csv
from services import apple, playlists
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


# -- back to Apple Music ----------------------------------------------------------------------------


def written(path: str | Path) -> list[dict]:
    """Return the tracks of a playlist file in order."""
    content = plistlib.loads(Path(path).read_bytes())
    items = content["Playlists"][0].get("Playlist Items", [])
    return [content["Tracks"][str(item["Track ID"])] for item in items]


def test_playlists_of_real_libraries_come_back_with_the_ids_and_addresses_they_had(
    workspace: Workspace, shared: Callable[[str], Path], tmp_path: Path
) -> None:
    compared = 0
    for path in sorted(shared("itunes").glob("*.xml")):
        home = Workspace(tmp_path / path.stem)
        try:
            apple.take(home, path)
        except EarmarkError:
            continue  # those that hold no library
        source = plistlib.loads(path.read_bytes())
        music = {entry.number for entry in itunes.read_library(path).entries if entry.kind == "music"}
        by_id = {playlist.get("Playlist Persistent ID"): playlist for playlist in source["Playlists"]}
        for playlist in home.playlists.all():
            if [p.name for p in home.playlists.all()].count(playlist.name) > 1 or playlist.kind == "folder":
                continue
            if playlist.kind == "smart" and playlist.tracks > 100:  # like the others, and half of the time
                continue
            result = playlists.export_one(home, f"playlist:{playlist.name}", out=tmp_path / "one.xml")
            items = [item["Track ID"] for item in by_id[playlist.external_id].get("Playlist Items", [])]
            wanted = [source["Tracks"][str(number)] for number in items if number in music]
            kept = ("Track ID", "Persistent ID", "Location")
            given = [{key: track.get(key) for key in kept} for track in written(tmp_path / "one.xml")]
            expected = [{key: track.get(key) for key in kept} for track in wanted]
            for track, own in zip(expected, given, strict=True):
                track["Persistent ID"] = track["Persistent ID"] or own["Persistent ID"]
            assert given == expected
            [file] = result["files"]
            assert (file["tracks"], file["not_found"]) == (len(wanted), 0)
            assert file["from_apple"] == len(wanted)
            compared += len(wanted)
    assert compared > 2_000


def test_the_sentence_before_writing_is_what_the_file_holds(
    workspace: Workspace, add: Add, apple_library: Callable[..., Path], tmp_path: Path
) -> None:
    _, stranger, gone = add("here", "stranger", "gone")
    assert playlists.apple_sentence(workspace, playlists.contents(workspace)["liked"]) is None
    apple.take(
        workspace,
        apple_library(
            [{"Name": "here", "Location": tmp_path / "music/here.mp3", "Rating": 100},
             {"Name": "cloud", "Track Type": "Remote", "Loved": True}]
        ),
    )  # fmt: skip
    (tmp_path / "music/gone.mp3").unlink()
    rate(workspace, stranger, "liked")
    rate(workspace, gone, "liked")
    said = playlists.apple_sentence(workspace, playlists.contents(workspace)["liked"])
    result = playlists.export_one(workspace, "liked", out=tmp_path / "liked.xml")
    tracks = written(tmp_path / "liked.xml")
    known = [track for track in tracks if track["Persistent ID"] in (f"{1:016X}", f"{2:016X}")]
    assert said == result["note"] == f"{len(known)} of {len(tracks)} came from your Apple library; 1 may not appear."
    assert result["files"][0] | {"path": ""} == {"path": "", "tracks": 3, "not_found": 1, "from_apple": 2}
    everything = playlists.export_all(workspace, tmp_path / "all", rated_only=True)
    assert everything["note"] == said
    assert [file["from_apple"] for file in everything["files"]] == [2, 0, 0]


def test_a_track_apple_does_not_know_gets_an_id_of_its_own(
    workspace: Workspace, add: Add, apple_library: Callable[..., Path], tmp_path: Path
) -> None:
    _, stranger = add("known", "stranger")
    taken = {"Name": "known", "Track ID": itunes.FIRST_ID, "Location": tmp_path / "music/known.mp3", "Rating": 100}
    apple.take(workspace, apple_library([taken]))
    rate(workspace, stranger, "liked")
    playlists.export_one(workspace, "liked", out=tmp_path / "x.xml")
    by_name = {track["Name"]: track for track in written(tmp_path / "x.xml")}
    assert by_name["known"]["Track ID"] == itunes.FIRST_ID != by_name["stranger"]["Track ID"]
    assert by_name["known"]["Persistent ID"] == f"{1:016X}"
    assert len(by_name["stranger"]["Persistent ID"]) == 16


def test_tracks_of_the_cloud_are_in_the_apple_file_and_in_no_other(
    workspace: Workspace, apple_library: Callable[..., Path], tmp_path: Path
) -> None:
    apple.take(workspace, apple_library([{"Name": "cloud", "Track Type": "Remote", "Rating": 100}]))
    counts = {
        name: playlists.export_one(workspace, "liked", format=name, out=tmp_path)["files"][0]
        for name in playlists.WRITERS
    }
    assert {name: (file["tracks"], file["not_found"]) for name, file in counts.items()} == {
        "apple": (1, 0), "m3u8": (0, 1), "csv": (0, 1),
    }  # fmt: skip
    [track] = written(counts["apple"]["path"])
    assert (track["Track ID"], track["Persistent ID"], track.get("Location")) == (1, f"{1:016X}", None)


def test_a_file_that_moved_on_this_computer_has_its_real_address(
    workspace: Workspace, apple_library: Callable[..., Path], tmp_path: Path
) -> None:
    old = tmp_path / "old" / "Jóga.mp3"
    old.parent.mkdir()
    old.write_bytes(b"sound")
    path = apple_library([{"Name": "Jóga", "Location": old, "Rating": 100, "Size": 5}])
    apple.take(workspace, path)
    (tmp_path / "old").rename(tmp_path / "new")
    apple.take(workspace, path, apple.Options(look_in=[str(tmp_path / "new")]))
    playlists.export_one(workspace, "liked", out=tmp_path / "x.xml")
    [track] = written(tmp_path / "x.xml")
    assert track["Location"] == itunes.location(str(tmp_path / "new" / "Jóga.mp3"))
    assert (track["Track ID"], track["Persistent ID"]) == (1, f"{1:016X}")


def test_the_library_of_another_computer_gets_its_own_addresses_back(
    workspace: Workspace, apple_library: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "A").mkdir()
    (tmp_path / "A" / "1 é.mp3").write_bytes(b"sound")
    address = "file://localhost/C:/Users/me/Music/A/1%20e%CC%81.mp3"
    path = apple_library([{"Name": "one", "Location": address, "Rating": 100}])
    apple.take(workspace, path, apple.Options(maps=[("C:/Users/me/Music", str(tmp_path))]))
    playlists.export_one(workspace, "liked", out=tmp_path / "x.xml")
    assert [track["Location"] for track in written(tmp_path / "x.xml")] == [address]
    playlists.export_one(workspace, "liked", format="m3u8", out=tmp_path / "x.m3u8")
    assert [entry.path for entry in m3u.read(tmp_path / "x.m3u8")[1]] == [str(tmp_path / "A" / "1 é.mp3")]


def test_a_playlist_of_apple_is_found_beside_a_genre_of_its_name(
    workspace: Workspace, add: Add, apple_library: Callable[..., Path], tmp_path: Path
) -> None:
    [jazz] = add("jazz")
    rate(workspace, jazz, "Party", "genre")
    tracks = [{"Name": name, "Track Type": "Remote"} for name in "ab"]
    apple.take(workspace, apple_library(tracks, {"Party": [2, 1, 2]}))
    for name, titles_ in (("party", ["jazz"]), ("playlist:Party", ["b", "a", "b"])):
        playlists.export_one(workspace, name, out=tmp_path / "x.xml")
        assert [track["Name"] for track in written(tmp_path / "x.xml")] == titles_
