"""Apple libraries taken in: what is said of them, what becomes of them, again, elsewhere, and taken back."""

from __future__ import annotations

import plistlib
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio.encode import write_audio
from core.errors import EarmarkError
from core.records import FoundFile, Label, Tags
from data.acts import JOURNALLED
from data.exchange import itunes
from services import apple, identity, labeling, library, playlists, rescan
from services.apple import Options
from services.workspace import Workspace

Library = Callable[..., Path]
Song = Callable[..., Path]
# Names and length of the songs below; their files last as long.
ABOUT = {"Artist": "Björk", "Album": "Homogenic", "Total Time": 400}


@pytest.fixture
def song(tmp_path: Path) -> Song:
    """Give a function that writes a song of 0.4 s below tmp_path and returns its path."""

    def write(name: str, title: str, *, pitch: float = 440.0, **tags: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        t = np.arange(12_800) / 32_000
        about = {"artist": ABOUT["Artist"], "album": ABOUT["Album"]} | tags
        return write_audio(path, (0.3 * np.sin(2 * np.pi * pitch * t)).astype(np.float32), 32_000, Tags(title, **about))

    return write


def lay(path: Path, size: int = 10) -> Path:
    """Put a file of some size somewhere; an import of a library does not open it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def change(path: Path, edit: Callable[[dict[str, Any]], object]) -> Path:
    """Edit a library's file as a program would."""
    content = plistlib.loads(path.read_bytes())
    edit(content)
    path.write_bytes(plistlib.dumps(content))
    return path


def rate(workspace: Workspace, track_id: int, value: str) -> None:
    number = len(workspace.labels.history())
    workspace.labels.add([Label(f"person {number}", track_id, "rating", value)])


def said(workspace: Workspace) -> dict[str, tuple[str, str]]:
    """Return title -> the rating that speaks and who gave it."""
    titles = {track.id: track.title for track in workspace.tracks.all()}
    return {titles[i]: (label.value, label.source) for i, label in workspace.labels.current("rating").items()}


def titled(workspace: Workspace, title: str) -> int:
    [track_id] = [track.id for track in workspace.tracks.all() if track.title == title]
    return track_id


def lists(workspace: Workspace) -> dict[str, list[str]]:
    """Return playlist -> titles."""
    titles = {track.id: track.title for track in workspace.tracks.all()}
    return {p.name: [titles[i] for i in workspace.playlists.tracks(p.id)] for p in workspace.playlists.all()}


def dump(workspace: Workspace) -> dict[str, list[tuple]]:
    """Return everything an act may change; of labels and skips only what stands."""
    with workspace.database.read() as connection:
        return {
            table: sorted(
                map(
                    tuple,
                    connection.execute(
                        f"SELECT * FROM {table}" + (" WHERE undone_at IS NULL" if table in ("labels", "skips") else "")
                    ),
                ),
                key=repr,
            )
            for table in JOURNALLED
        }


def undo_newest(workspace: Workspace) -> None:
    workspace.acts.undo(workspace.acts.all()[0].id)


# -- looking ------------------------------------------------------------------------------------------


def test_looking_changes_nothing(workspace: Workspace, apple_library: Library, tmp_path: Path) -> None:
    path = apple_library([{"Name": "Jóga", "Rating": 100, "Location": lay(tmp_path / "a.mp3")}], {"Party": [1]})
    before = dump(workspace)
    preview = apple.look(workspace, path, Options(look_in=[str(tmp_path)]))
    assert preview.counts["files"] == 1 and preview.version == "1.2.5.7"
    assert dump(workspace) == before
    assert workspace.acts.all() == []


def test_the_real_windows_library_is_looked_at(workspace: Workspace, shared: Callable[[str], Path]) -> None:
    preview = apple.look(workspace, shared("itunes") / "windows_itunes_12.10_rated.xml")
    assert [(line.words, line.tracks, line.answer) for line in preview.lines] == [
        ("5 stars", 36, "liked"), ("4 stars", 176, "liked"), ("3 stars", 469, "semi"),
        ("2 stars", 159, "disliked"), ("1 star", 3, "disliked"),
    ]  # fmt: skip
    assert preview.counts["tracks"] == preview.counts["missing"] == 1169
    assert preview.as_json()["labels"][3] == {
        "line": "2", "words": "2 stars", "tracks": 159, "becomes": "disliked"
    }  # fmt: skip


def test_what_looking_promises_is_what_importing_does(workspace: Workspace, shared: Callable[[str], Path]) -> None:
    for path in sorted(shared("itunes").glob("*_rat*.xml")):
        fresh = Workspace(workspace.home / path.stem)
        preview, result = apple.look(fresh, path), apple.take(fresh, path)
        for name in ("tracks", "cloud_only", "protected", "missing", "podcasts", "other", "playlists"):
            assert getattr(result, name) == preview.counts[name]
        assert sum(line.tracks for line in preview.lines) == result.labels["rating"]
        assert result.labels["rating"] == len(fresh.labels.current("rating"))
        assert apple.look(fresh, path).counts["known"] == result.tracks


def test_each_line_counts_what_it_decides(workspace: Workspace, apple_library: Library) -> None:
    path = apple_library(
        [{"Name": "a", "Loved": True, "Rating": 40}, {"Name": "b", "Rating": 40}, {"Name": "c", "Disliked": True},
         {"Name": "d", "Loved": True}, {"Name": "e"}]
    )  # fmt: skip
    counts = {line.key: line.tracks for line in apple.look(workspace, path).lines}
    assert counts == {"loved": 2, "disliked": 1, "2": 1}
    ignoring = Options.of({"stars": {"loved": "ignore"}})
    counts = {line.key: (line.tracks, line.answer) for line in apple.look(workspace, path, ignoring).lines}
    assert counts == {"loved": (2, "ignore"), "disliked": (1, "disliked"), "2": (2, "disliked")}
    assert apple.take(workspace, path, ignoring).labels == {"rating": 3}


# -- ratings ------------------------------------------------------------------------------------------


def test_loved_favourites_and_dislikes_beat_stars(workspace: Workspace, apple_library: Library) -> None:
    apple.take(
        workspace,
        apple_library(
            [{"Name": "loved", "Loved": True, "Rating": 20}, {"Name": "favourite", "Favorited": True, "Rating": 20},
             {"Name": "disliked", "Disliked": True, "Rating": 100}, {"Name": "stars", "Rating": 60}]
        ),
    )  # fmt: skip
    assert said(workspace) == {
        "loved": ("liked", "itunes"), "favourite": ("liked", "itunes"), "disliked": ("disliked", "itunes"),
        "stars": ("semi", "itunes"),
    }  # fmt: skip


def test_what_the_person_did_not_give_is_no_rating(workspace: Workspace, apple_library: Library) -> None:
    path = apple_library(
        [{"Name": "computed", "Rating": 80, "Rating Computed": True}, {"Name": "zero", "Rating": 0}, {"Name": "none"}]
    )
    assert apple.take(workspace, path).labels == {}
    assert said(workspace) == {} and workspace.labels.history() == []


def test_stars_can_be_ignored_and_loved_stays(workspace: Workspace, apple_library: Library) -> None:
    path = apple_library([{"Name": "a", "Rating": 100}, {"Name": "b", "Loved": True, "Rating": 20}])
    assert apple.take(workspace, path, Options.of({"stars": "ignore"})).labels == {"rating": 1}
    assert said(workspace) == {"b": ("liked", "itunes")}


def test_a_line_can_stand_for_another_rating_or_for_none(workspace: Workspace, apple_library: Library) -> None:
    path = apple_library([{"Name": str(n), "Rating": 20 * n} for n in range(1, 6)])
    apple.take(workspace, path, Options.of({"stars": {"3": "liked", "2": "ignore"}}))
    assert {title: value for title, (value, _) in said(workspace).items()} == {
        "1": "disliked", "3": "liked", "4": "liked", "5": "liked"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stars", "message"),
    [
        ({"6": "liked"}, "no line '6'"),
        ({"5": "great"}, "great"),
        ("all", "kept or ignored"),
        ({"": "liked"}, "no line"),
    ],
)
def test_lines_and_ratings_that_do_not_exist_are_said(stars: Any, message: str) -> None:
    with pytest.raises(EarmarkError, match=message):
        Options.of({"stars": stars})


def test_no_options_keep_everything() -> None:
    for params in ({}, {"stars": "keep", "maps": None, "look_in": []}):
        assert (Options.of(params).answers, list(Options.of(params).maps)) == (Options().answers, [])


def test_the_person_speaks_before_a_csv_and_that_before_apple(workspace: Workspace, apple_library: Library) -> None:
    path = apple_library([{"Name": name, "Rating": 100} for name in "abc"])
    apple.take(workspace, path)
    a, b = titled(workspace, "a"), titled(workspace, "b")
    workspace.labels.add([Label("csv a", a, "rating", "semi", "csv"), Label("csv b", b, "rating", "semi", "csv")])
    rate(workspace, a, "disliked")
    apple.take(workspace, path)
    assert said(workspace) == {"a": ("disliked", "person"), "b": ("semi", "csv"), "c": ("liked", "itunes")}


def test_importing_again_repeats_no_event_and_is_no_act(workspace: Workspace, apple_library: Library) -> None:
    path = apple_library([{"Name": f"{n}", "Rating": 20 * (n % 6)} for n in range(20)], {"Party": [1, 2, 1]})
    first = apple.take(workspace, path)
    before, history = dump(workspace), workspace.labels.history()
    again = apple.take(workspace, path)
    assert workspace.labels.history() == history
    assert dump(workspace) == before
    assert (again.added, again.updated, again.moved, again.tracks) == (0, 0, 0, first.tracks)
    assert len(workspace.acts.all()) == 1


def test_a_changed_star_supersedes_only_its_own_and_a_removed_one_is_withdrawn(
    workspace: Workspace, apple_library: Library
) -> None:
    apple.take(workspace, apple_library([{"Name": name, "Rating": 100} for name in "abc"]))
    rate(workspace, titled(workspace, "c"), "semi")
    apple.take(workspace, apple_library([{"Name": "a", "Rating": 20}, {"Name": "b"}, {"Name": "c", "Rating": 20}]))
    assert said(workspace) == {"a": ("disliked", "itunes"), "c": ("semi", "person")}
    assert Counter(event.source for event in workspace.labels.history()) == {"itunes": 5, "person": 1}
    apple.take(workspace, apple_library([{"Name": "b", "Persistent ID": f"{2:016X}", "Rating": 60}]))
    assert said(workspace)["b"] == ("semi", "itunes") and said(workspace)["a"] == ("disliked", "itunes")


def test_only_the_library_that_gave_a_rating_can_take_it_back(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    tracks = [{"Name": "a", "Location": lay(tmp_path / "a.mp3"), "Rating": 100}]
    apple.take(workspace, apple_library(tracks, {"Party": [1]}))
    silent = [{**tracks[0], "Rating": 0}]
    other = {"Library Persistent ID": "0" * 16}
    for file in (
        Path(playlists.export_one(workspace, "liked", out=tmp_path / "liked.xml")["files"][0]["path"]),
        change(apple_library(silent, name="playlist.xml"), lambda content: content["Playlists"][0].pop("Master")),
        apple_library(silent, name="other.xml", **other),
    ):
        assert apple.take(workspace, file).withdrawn == 0
        assert said(workspace) == {"a": ("liked", "itunes")}
    assert apple.take(workspace, apple_library(silent)).withdrawn == 1
    assert said(workspace) == {}
    assert "1 withdrawn rating" in workspace.acts.all()[0].title


def test_an_older_import_of_a_library_is_not_taken_back_below_a_newer_one(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    apple.take(workspace, apple_library([{"Name": "a", "Rating": 100}, {"Name": "b", "Rating": 20}]))
    before = said(workspace)
    apple.take(workspace, apple_library([{"Name": "a", "Rating": 60}, {"Name": "b", "Rating": 20}]))
    newer, older = workspace.acts.all()
    with pytest.raises(EarmarkError, match=f"Take that back first.*act {newer.id}"):
        workspace.acts.undo(older.id)
    workspace.acts.undo(newer.id)
    assert said(workspace) == before
    workspace.acts.undo(older.id)
    assert said(workspace) == {}


def test_the_folder_the_files_lie_in_is_looked_at_and_forgotten_when_it_moved(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    music = tmp_path / "Music"
    file = apple_library([{"Name": n, "Size": 10, "Location": lay(music / n / f"{n}.mp3")} for n in "ab"])
    apple.take(workspace, file)
    assert workspace.roots.all() == [str(music)]
    music.rename(tmp_path / "Elsewhere")
    [away] = rescan.rescan(workspace)["away"]
    assert "Nothing is lost; 2 tracks wait for it" in away["sentence"]
    apple.take(workspace, file, Options(look_in=[str(tmp_path / "Elsewhere")]))
    assert workspace.roots.all() == [str(tmp_path / "Elsewhere")]
    assert rescan.rescan(workspace)["away"] == []


def test_after_a_persons_undo_the_star_speaks_again(workspace: Workspace, apple_library: Library) -> None:
    path = apple_library([{"Name": "a", "Rating": 100}])
    apple.take(workspace, path)
    labeling.answer(workspace, titled(workspace, "a"), "rating", "disliked")
    assert said(workspace) == {"a": ("disliked", "person")}
    labeling.undo(workspace)
    assert said(workspace) == {"a": ("liked", "itunes")}
    apple.take(workspace, path)
    assert said(workspace) == {"a": ("liked", "itunes")}


# -- what is not music on this computer ---------------------------------------------------------------


def test_every_kind_of_entry_has_its_own_count_and_state(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    path = apple_library(
        [{"Name": "here", "Location": lay(tmp_path / "here.mp3")},
         {"Name": "missing", "Location": tmp_path / "missing.mp3"},
         {"Name": "cloud", "Track Type": "Remote", "Rating": 80},
         {"Name": "matched", "Track Type": None},
         {"Name": "protected", "Protected": True, "Location": lay(tmp_path / "bought.m4p")},
         {"Name": "protected and gone", "Location": tmp_path / "gone.m4p"},
         {"Name": "podcast", "Podcast": True, "Location": lay(tmp_path / "cast.mp3"), "Rating": 100},
         {"Name": "video", "Has Video": True, "Location": lay(tmp_path / "film.m4v")},
         {"Name": "book", "Location": lay(tmp_path / "book.m4b")},
         {"Name": "stream", "Track Type": "URL", "Location": "http://radio.example/stream"}],
        {"Mixed": [1, 3, 7, 10]},
    )  # fmt: skip
    result = apple.take(workspace, path)
    assert (result.tracks, result.cloud_only, result.protected, result.missing) == (6, 2, 2, 1)
    assert (result.podcasts, result.other, result.labels) == (1, 3, {"rating": 1})
    assert {track.title: track.state for track in workspace.tracks.all()} == {
        "here": "new", "missing": "missing", "cloud": "cloud-only", "matched": "cloud-only", "protected": "protected",
        "protected and gone": "protected",
    }  # fmt: skip
    assert [pending.path for pending in workspace.tracks.to_analyse()] == [str(tmp_path / "here.mp3")]
    assert lists(workspace) == {"Mixed": ["here", "cloud"]}


def test_a_protected_file_that_a_folder_brought_first_is_no_longer_tried(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    [track_id] = workspace.tracks.add([FoundFile(str(lay(tmp_path / "bought.m4p")), 10, 1.0, Tags("x"))]).added
    workspace.tracks.mark(track_id, "unreadable", "no sound in it")
    apple.take(workspace, apple_library([{"Name": "x", "Protected": True, "Location": tmp_path / "bought.m4p"}]))
    assert workspace.tracks.count() == {"tracks": 1, "protected": 1}


def test_a_track_of_the_cloud_becomes_one_with_its_file_when_that_comes_later(
    workspace: Workspace, apple_library: Library, song: Song, tmp_path: Path
) -> None:
    path = apple_library(
        [{"Name": "Jóga", **ABOUT, "Track Type": "Remote", "Rating": 100, "Play Count": 7, "Disc Number": 1},
         {"Name": "Hunter", **ABOUT, "Track Type": "Remote"}],
        {"Party": [1]},
    )  # fmt: skip
    apple.take(workspace, path)
    rate(workspace, titled(workspace, "Jóga"), "semi")
    file = song("music/Joga.flac", "Jóga")
    library.add(workspace, [tmp_path / "music"])
    track = workspace.tracks.get(titled(workspace, "Jóga"))
    assert (track.path, track.state, track.play_count) == (str(file), "new", 7)
    assert said(workspace) == {"Jóga": ("semi", "person")}
    assert workspace.external_ids.of([track.id])[track.id]["apple_persistent_id"] == f"{1:016X}"
    assert lists(workspace) == {"Party": ["Jóga"]}
    assert workspace.tracks.count()["tracks"] == 2
    again = apple.take(workspace, path)
    assert (again.added, workspace.tracks.count()["tracks"], len(workspace.labels.history())) == (0, 2, 2)


def test_a_file_that_was_there_first_becomes_one_with_its_track_of_the_cloud(
    workspace: Workspace, apple_library: Library, song: Song, tmp_path: Path
) -> None:
    song("music/Joga.flac", "Jóga"), song("music/Hunter.flac", "Hunter")
    library.add(workspace, [tmp_path / "music"])
    rate(workspace, titled(workspace, "Hunter"), "disliked")
    apple.take(
        workspace,
        apple_library(
            [{"Name": "Jóga", **ABOUT, "Track Type": "Remote", "Rating": 100, "Play Count": 7},
             {"Name": "Hunter", **ABOUT, "Location": tmp_path / "elsewhere/Hunter.m4a", "Rating": 100}]
        ),
    )  # fmt: skip
    assert workspace.tracks.count() == {"tracks": 2, "new": 2}
    assert said(workspace) == {"Jóga": ("liked", "itunes"), "Hunter": ("disliked", "person")}
    track = workspace.tracks.get(titled(workspace, "Jóga"))
    assert (track.play_count, Path(track.path or "").name) == (7, "Joga.flac")


def test_a_file_known_by_its_path_gets_no_second_track(
    workspace: Workspace, apple_library: Library, song: Song, tmp_path: Path
) -> None:
    file = song("music/Joga.flac", "Jóga")
    library.add(workspace, [tmp_path / "music"])
    path = apple_library([{"Name": "JOGA (Apple)", "Location": file, "Rating": 20, "Skip Count": 2}])
    assert apple.look(workspace, path).counts["known"] == 1
    result = apple.take(workspace, path)
    assert (result.added, result.updated) == (0, 1)
    [track] = workspace.tracks.all()
    assert (track.title, track.skip_count) == ("Jóga", 2)  # the file's own name stays
    assert said(workspace) == {"Jóga": ("disliked", "itunes")}
    assert library.add(workspace, [tmp_path / "music"]).added == 0


def test_a_library_first_and_its_folder_later_is_one_library(
    workspace: Workspace, apple_library: Library, song: Song, tmp_path: Path
) -> None:
    files = [song(f"music/{n}.flac", f"Song {n}") for n in range(3)]
    apple.take(workspace, apple_library([{"Name": f"Song {n}", "Location": file} for n, file in enumerate(files)]))
    ids = {track.id for track in workspace.tracks.all()}
    result = library.add(workspace, [tmp_path / "music"])
    assert (result.tracks, result.added) == (3, 0)
    assert {track.id for track in workspace.tracks.all()} == ids


def test_a_file_missing_in_the_library_that_comes_back_under_its_path_is_its_track(
    workspace: Workspace, apple_library: Library, song: Song, tmp_path: Path
) -> None:
    apple.take(workspace, apple_library([{"Name": "Jóga", "Location": tmp_path / "music/1.flac", "Rating": 100}]))
    assert workspace.tracks.count() == {"tracks": 1, "missing": 1}
    song("music/1.flac", "Jóga")
    library.add(workspace, [tmp_path / "music"])
    assert workspace.tracks.count() == {"tracks": 1, "new": 1}
    assert said(workspace) == {"Jóga": ("liked", "itunes")}


def test_two_tracks_of_one_name_in_the_cloud_wait_for_a_person(
    workspace: Workspace, apple_library: Library, song: Song, tmp_path: Path
) -> None:
    entries = [{"Name": "Jóga", **ABOUT, "Track Type": "Remote", "Rating": 100 - 80 * n} for n in range(2)]
    apple.take(workspace, apple_library(entries))
    song("music/Joga.flac", "Jóga")
    library.add(workspace, [tmp_path / "music"])
    assert workspace.tracks.count()["tracks"] == 3
    assert identity.doubts(workspace) == []  # it will be listened to: that may tell
    [file_id] = [track.id for track in workspace.tracks.all() if track.path]
    workspace.tracks.mark_analysed(file_id, "sound", duration=0.4, note=None)
    assert len(identity.doubts(workspace)) == 2


# -- where the files are ------------------------------------------------------------------------------


def found(workspace: Workspace, path: Path, **params: Any) -> list[tuple[str, str | None]]:
    """Return how each entry was found, and where."""
    preview = apple.look(workspace, path, Options.of(params))
    return [(placed.how, placed.path if placed.mtime else None) for placed in preview.placed]


@pytest.mark.parametrize("start", ["file://", "file://localhost"])
def test_addresses_are_understood_however_they_begin(
    workspace: Workspace, apple_library: Library, tmp_path: Path, start: str
) -> None:
    file = lay(tmp_path / "R&B #1 100% Jóga.mp3")
    address = start + itunes.location(str(file)).removeprefix("file://")
    assert "%23" in address and "%25" in address
    assert found(workspace, apple_library([{"Name": "a", "Location": address}])) == [("here", str(file))]


@pytest.mark.parametrize(("on_disk", "written"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_may_be_written_either_way(
    workspace: Workspace, apple_library: Library, tmp_path: Path, on_disk: Any, written: Any
) -> None:
    file = lay(tmp_path / unicodedata.normalize(on_disk, "Björk/Jóga.mp3"))
    said_path = tmp_path / unicodedata.normalize(written, "Björk/Jóga.mp3")
    path = apple_library([{"Name": "a", "Location": said_path}])
    assert found(workspace, path) == [("here", str(file))]
    apple.take(workspace, path)
    assert workspace.tracks.paths_of(titled(workspace, "a")) == [str(file)]


def test_other_capitals_are_found_where_no_other_file_has_them(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    file, exact = lay(tmp_path / "music/JOGA.mp3"), lay(tmp_path / "music/Two.mp3")
    lay(tmp_path / "music/two.MP3")
    path = apple_library([{"Name": "a", "Location": tmp_path / "Music/joga.MP3"}, {"Name": "b", "Location": exact}])
    assert found(workspace, path) == [("here", str(file)), ("here", str(exact))]


def test_a_map_leads_from_another_computer_to_this_one(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    file = lay(tmp_path / "A/one.mp3")
    path = apple_library(
        [{"Name": "one", "Location": "file://localhost/C:/Users/me/Music/A/one.mp3"},
         {"Name": "two", "Location": "file://localhost/C:/Users/me/Music/A/two.mp3"}]
    )  # fmt: skip
    assert found(workspace, path) == [("missing", None), ("missing", None)]
    maps = [("C:\\Users\\me\\Music", str(tmp_path))]
    assert found(workspace, path, maps=maps) == [("by map", str(file)), ("missing", None)]
    apple.take(workspace, path, Options.of({"maps": maps}))
    assert {track.title: track.path for track in workspace.tracks.all()} == {
        "one": str(file), "two": str(tmp_path / "A/two.mp3")
    }  # fmt: skip


def test_moved_files_are_found_by_name_and_size_and_never_by_name_alone(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    moved, other = lay(tmp_path / "new/A/one.mp3", 111), lay(tmp_path / "new/B/two.mp3", 222)
    for folder in "CD":
        lay(tmp_path / f"new/{folder}/same.mp3", 333)
    path = apple_library(
        [{"Name": "one", "Location": tmp_path / "old/one.mp3", "Size": 111},
         {"Name": "two", "Location": tmp_path / "old/B/two.mp3", "Size": 999},
         {"Name": "three", "Location": tmp_path / "old/x/same.mp3", "Size": 333},
         {"Name": "four", "Location": tmp_path / "old/B/two.mp3"}]
    )  # fmt: skip
    assert [how for how, _ in found(workspace, path)] == ["missing"] * 4
    assert found(workspace, path, look_in=[str(tmp_path / "new")]) == [
        ("by name and size", str(moved)), ("missing", None), ("several", None), ("by name and size", str(other)),
    ]  # fmt: skip
    result = apple.take(workspace, path, Options(look_in=[str(tmp_path / "new")]))
    assert (result.missing, workspace.tracks.count()) == (2, {"tracks": 4, "new": 2, "missing": 2})


def test_a_folder_to_look_in_that_is_none_is_said_and_nothing_is_changed(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    path = apple_library([{"Name": "one", "Location": tmp_path / "old/one.mp3"}])
    before = dump(workspace)
    with pytest.raises(EarmarkError, match="is no folder"):
        apple.take(workspace, path, Options(look_in=[str(tmp_path / "nowhere")]))
    assert dump(workspace) == before and workspace.acts.all() == []


def test_a_library_whose_folder_moved_keeps_its_labels_and_knows_the_new_place(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    files = [lay(tmp_path / f"old/A/{n}.mp3", 100 + n) for n in range(10)]
    entries = [
        {"Name": f"Song {n}", "Location": file, "Size": 100 + n, "Rating": 20 + 20 * (n % 5)}
        for n, file in enumerate(files)
    ]
    path = apple_library(entries, {"Party": [3, 1, 3]})
    apple.take(workspace, path)
    for n in range(10):
        workspace.tracks.mark_analysed(titled(workspace, f"Song {n}"), f"sound {n}", duration=60.0, note=None)
        rate(workspace, titled(workspace, f"Song {n}"), "liked")
    ids, history = {track.id for track in workspace.tracks.all()}, workspace.labels.history()
    (tmp_path / "old").rename(tmp_path / "new")
    result = apple.take(workspace, path, Options(look_in=[str(tmp_path / "new")]))
    assert (result.moved, result.added, result.missing) == (10, 0, 0)
    assert {track.id for track in workspace.tracks.all(states=["analysed"])} == ids
    assert workspace.labels.history() == history
    assert workspace.tracks.unanswered("rating", limit=-1) == []
    exported = playlists.export_one(workspace, "liked", out=tmp_path / "liked.xml")
    [file] = exported["files"]
    written = plistlib.loads((tmp_path / "liked.xml").read_bytes())["Tracks"].values()
    assert (file["tracks"], file["from_apple"], len(written)) == (10, 10, 10)
    assert {entry["Persistent ID"] for entry in written} == {f"{n:016X}" for n in range(1, 11)}
    paths = [Path(entry.path) for entry in itunes.read(tmp_path / "liked.xml")[1]]
    assert all(path.is_file() and path.is_relative_to(tmp_path / "new") for path in paths)
    assert exported["note"] == "10 of 10 came from your Apple library."


def test_two_files_that_changed_names_with_each_other_do_not_become_one_track(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    one, two = lay(tmp_path / "1.mp3", 11), lay(tmp_path / "2.mp3", 22)
    entries = [{"Name": "a", "Location": one, "Rating": 100}, {"Name": "b", "Location": two, "Rating": 20}]
    apple.take(workspace, apple_library(entries))
    entries[0]["Location"], entries[1]["Location"] = two, one
    apple.take(workspace, apple_library(entries))
    assert said(workspace) == {"a": ("liked", "itunes"), "b": ("disliked", "itunes")}
    assert {track.title: track.path for track in workspace.tracks.all()} == {"a": str(two), "b": str(one)}


def test_the_table_of_what_was_found_has_a_row_for_each_track(
    workspace: Workspace, apple_library: Library, tmp_path: Path
) -> None:
    file = lay(tmp_path / "one.mp3")
    path = apple_library([{"Name": "one", "Location": file}, {"Name": "two", "Track Type": "Remote"}])
    rows = apple.report_rows(apple.look(workspace, path).placed)
    assert [(row["title"], row["found"], row["file"]) for row in rows] == [
        ("one", "where the file says", str(file)), ("two", "in Apple's cloud", None),
    ]  # fmt: skip


# -- playlists ----------------------------------------------------------------------------------------


@pytest.fixture
def folders(apple_library: Library) -> Path:
    """Give a library with a folder in a folder, a smart list, and a list that names a track twice."""
    path = apple_library(
        [{"Name": name} for name in "abcd"], {"Outer": [], "Inner": [], "Deep": [3, 1, 3, 2], "Smart": [4]}
    )

    def nest(content: dict[str, Any]) -> None:
        outer, inner, deep, smart = content["Playlists"][1:]
        outer["Folder"] = inner["Folder"] = True
        inner["Parent Persistent ID"] = outer["Playlist Persistent ID"]
        deep["Parent Persistent ID"] = inner["Playlist Persistent ID"]
        smart["Smart Info"] = b"\x01"
        content["Playlists"].append({"Name": "Music", "Distinguished Kind": 4, "Playlist Items": [{"Track ID": 1}]})

    return change(path, nest)


def test_playlists_keep_their_folders_kinds_order_and_repeats(workspace: Workspace, folders: Path) -> None:
    assert apple.take(workspace, folders).playlists == 2
    by_name = {playlist.name: playlist for playlist in workspace.playlists.all()}
    assert {name: playlist.kind for name, playlist in by_name.items()} == {
        "Outer": "folder", "Inner": "folder", "Deep": "list", "Smart": "smart"
    }  # fmt: skip
    assert by_name["Deep"].parent_id == by_name["Inner"].id
    assert by_name["Inner"].parent_id == by_name["Outer"].id
    assert lists(workspace)["Deep"] == lists(workspace)["Outer"] == ["c", "a", "c", "b"]


def test_a_newer_library_changes_its_lists_and_what_it_no_longer_has_goes(workspace: Workspace, folders: Path) -> None:
    apple.take(workspace, folders)
    before = dump(workspace)
    by_name = {playlist.name: playlist.id for playlist in workspace.playlists.all()}

    def newer(content: dict[str, Any]) -> None:
        deep = content["Playlists"][3]
        deep["Name"], deep["Playlist Items"] = "Deeper", [{"Track ID": 2}]
        del deep["Parent Persistent ID"]
        del content["Playlists"][1:3]

    apple.take(workspace, change(folders, newer))
    assert lists(workspace) == {"Deeper": ["b"], "Smart": ["d"]}
    assert {p.name: (p.id, p.parent_id) for p in workspace.playlists.all()}["Deeper"] == (by_name["Deep"], None)
    undo_newest(workspace)
    assert dump(workspace) == before


def exported(content: dict[str, Any], place: int) -> None:
    """Leave of a library what Music writes when one playlist of it is exported."""
    content["Playlists"] = [content["Playlists"][place]]
    numbers = {str(item["Track ID"]) for item in content["Playlists"][0]["Playlist Items"]}
    content["Tracks"] = {key: track for key, track in content["Tracks"].items() if key in numbers}


def test_an_exported_playlist_is_taken_in_once_and_takes_no_other_away(
    workspace: Workspace, folders: Path, tmp_path: Path
) -> None:
    one = change(Path(shutil.copy(folders, tmp_path / "Deep.xml")), lambda content: exported(content, 3))
    two = change(Path(shutil.copy(folders, tmp_path / "Smart.xml")), lambda content: exported(content, 4))
    for path in (one, one, two):
        assert apple.take(workspace, path).playlists == 1
    assert lists(workspace) == {"Deep": ["c", "a", "c", "b"], "Smart": ["d"]}
    assert workspace.tracks.count()["tracks"] == 4


@pytest.mark.parametrize("library_first", [True, False])
def test_a_playlist_of_the_library_and_its_own_export_are_one(
    workspace: Workspace, folders: Path, tmp_path: Path, library_first: bool
) -> None:
    alone = change(Path(shutil.copy(folders, tmp_path / "Deep.xml")), lambda content: exported(content, 3))
    for path in (folders, alone) if library_first else (alone, folders):
        apple.take(workspace, path)
    assert sorted(p.name for p in workspace.playlists.all()) == ["Deep", "Inner", "Outer", "Smart"]
    deep = next(p for p in workspace.playlists.all() if p.name == "Deep")
    assert deep.parent_id is not None
    apple.take(workspace, change(folders, lambda content: content["Playlists"].pop(3)))
    assert "Deep" not in lists(workspace)  # it is the library's, which no longer has it


def test_a_playlist_earmark_exported_can_be_taken_in(workspace: Workspace, folders: Path, tmp_path: Path) -> None:
    apple.take(workspace, folders)
    playlists.export_one(workspace, "playlist:Deep", out=tmp_path / "Deep.xml")
    other = Workspace(tmp_path / "other")
    apple.take(other, tmp_path / "Deep.xml")
    assert lists(other) == {"Deep": ["c", "a", "c", "b"]}


# -- taken back, cut short, refused -------------------------------------------------------------------


def full(apple_library: Library, tmp_path: Path, **more: Any) -> Path:
    return apple_library(
        [{"Name": "here", **ABOUT, "Location": tmp_path / "music/here.flac", "Rating": 100, "Play Count": 3},
         {"Name": "Jóga", **ABOUT, "Track Type": "Remote", "Rating": 20, "Play Count": 4},
         {"Name": "new", "Track Type": "Remote", "Loved": True}],
        {"Party": [1, 2]}, **more,
    )  # fmt: skip


def test_an_import_is_taken_back_exactly_also_after_a_restart(
    workspace: Workspace, apple_library: Library, song: Song, tmp_path: Path
) -> None:
    song("music/here.flac", "Here"), song("music/Joga.flac", "Jóga")
    library.add(workspace, [tmp_path / "music"])
    rate(workspace, titled(workspace, "Here"), "semi")
    before = dump(workspace)
    apple.take(workspace, full(apple_library, tmp_path))
    assert workspace.tracks.count()["tracks"] == 3  # the cloud's Jóga went into the file's
    [act] = workspace.acts.all()
    assert act.title == "Library.xml: 3 tracks, 3 ratings, 1 playlist"
    again = Workspace(workspace.home)
    undo_newest(again)
    assert dump(again) == before
    assert rescan.libraries(again) == []
    assert {event.source for event in again.labels.history(undone=False)} == {"person"}


def test_a_second_import_is_taken_back_to_the_first(
    workspace: Workspace, apple_library: Library, song: Song, tmp_path: Path
) -> None:
    song("music/here.flac", "Here"), song("music/Joga.flac", "Jóga")
    library.add(workspace, [tmp_path / "music"])
    apple.take(workspace, full(apple_library, tmp_path))
    before, speaking = dump(workspace), said(workspace)

    def newer(content: dict[str, Any]) -> None:
        tracks = content["Tracks"]
        tracks["1"] |= {"Rating": 40, "Play Count": 9}
        del tracks["2"]["Rating"], tracks["3"]
        tracks["4"] = {"Track ID": 4, "Persistent ID": "F" * 16, "Name": "newest", "Track Type": "Remote"}
        content["Playlists"][1:] = [{"Name": "Other", "Playlist Persistent ID": "E" * 16, "Playlist Items": []}]

    path = change(tmp_path / "Library.xml", newer)
    assert rescan.libraries(workspace) == [{"path": str(path), "changed": True}]
    apple.take(workspace, path)
    assert said(workspace) != speaking and rescan.libraries(workspace) == [{"path": str(path), "changed": False}]
    undo_newest(Workspace(workspace.home))
    assert dump(workspace) == before and said(workspace) == speaking
    assert rescan.libraries(workspace) == [{"path": str(path), "changed": True}]


def test_taking_an_import_back_keeps_what_the_person_answered_since(
    workspace: Workspace, apple_library: Library
) -> None:
    path = apple_library([{"Name": name, "Rating": 100} for name in "abc"], {"Party": [1, 2, 3]})
    apple.take(workspace, path)
    rate(workspace, titled(workspace, "b"), "semi")
    undo_newest(workspace)
    assert [track.title for track in workspace.tracks.all()] == ["b"]
    assert said(workspace) == {"b": ("semi", "person")}
    apple.take(workspace, path)
    assert {track.title for track in workspace.tracks.all()} == {"a", "b", "c"}
    assert said(workspace)["b"] == ("semi", "person") and said(workspace)["a"] == ("liked", "itunes")


def test_an_import_stopped_half_way_stays_and_is_completed_by_the_next(
    workspace: Workspace, apple_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apple, "BATCH", 4)
    path = apple_library([{"Name": f"{n}", "Rating": 100} for n in range(10)], {"Party": [10, 1]})
    told: list[dict[str, Any]] = []
    before = dump(workspace)
    first = apple.take(
        workspace, path, progress=told.append, should_stop=lambda: any(t.get("done", 0) >= 4 for t in told)
    )
    assert (first.tracks, first.added, workspace.tracks.count()["tracks"]) == (4, 4, 4)
    kept = {track.id for track in workspace.tracks.all()}
    second = apple.take(workspace, path)
    assert (second.tracks, second.added, second.labels) == (10, 6, {"rating": 10})
    assert kept < {track.id for track in workspace.tracks.all()}
    assert len(workspace.labels.history()) == 10 and lists(workspace) == {"Party": ["9", "0"]}
    for act in workspace.acts.all():
        workspace.acts.undo(act.id)
    assert dump(workspace) == before


def test_progress_says_how_far_it_is(
    workspace: Workspace, apple_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apple, "BATCH", 4)
    told: list[dict[str, Any]] = []
    apple.take(workspace, apple_library([{"Name": f"{n}"} for n in range(10)]), progress=told.append)
    assert told[0] == {"sentence": "Reading Library.xml"}
    assert [progress["done"] for progress in told[1:]] == [4, 8, 10]
    assert told[-1] == {"done": 10, "total": 10, "sentence": "Library.xml: 10 of 10"}


@pytest.mark.parametrize("content", [b"", b"no XML", b"<plist><dict><key>Tracks</key><dict>"])
def test_a_refused_file_changes_nothing(workspace: Workspace, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "Library.xml").write_bytes(content)
    before = dump(workspace)
    with pytest.raises(EarmarkError, match="line"):
        apple.take(workspace, tmp_path / "Library.xml")
    assert dump(workspace) == before and workspace.acts.all() == []


def test_tracks_merged_by_the_analysis_meanwhile_do_not_stop_an_import(
    workspace: Workspace, apple_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apple, "BATCH", 2)
    path = apple_library([{"Name": name, "Rating": 100} for name in "abcdef"], {"Party": [1, 2, 6]})
    apple.take(workspace, path)
    ids = [titled(workspace, name) for name in "abcdef"]

    def merge(progress: dict[str, Any]) -> None:
        """Do between two batches what the analysis lane may do: one track taken in already, one still to come."""
        if progress.get("done") == 2:
            workspace.tracks.merge(ids[2], ids[0])
            workspace.tracks.merge(ids[3], ids[5])

    change(path, lambda content: [track.update({"Rating": 20}) for track in content["Tracks"].values()])
    apple.take(workspace, path, progress=merge)
    ratings = workspace.labels.current("rating")
    assert {i: label.value for i, label in ratings.items()} == dict.fromkeys(ids[1:5], "disliked")
    assert workspace.playlists.tracks(workspace.playlists.all()[0].id) == [ids[2], ids[1], ids[3]]


# -- any order of things ------------------------------------------------------------------------------


STEPS = st.lists(
    st.one_of(
        st.sampled_from([("take", "A"), ("take", "B"), ("undo",), ("add",), ("recognise",)]),
        st.tuples(st.just("rate"), st.integers(0, 5), st.sampled_from(["liked", "semi", "disliked"])),
    ),
    max_size=8,
)


@given(steps=STEPS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
def test_no_order_of_imports_answers_and_undos_loses_an_answer(
    tmp_path_factory: pytest.TempPathFactory, apple_library: Library, steps: list[tuple[Any, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("steps")
    workspace = Workspace(folder / "home")
    files = [lay(folder / f"music/{n}.mp3", 10 + n) for n in range(3)]
    here = [{"Name": f"Song {n}", **ABOUT, "Location": file, "Rating": 100} for n, file in enumerate(files)]
    cloud = [{"Name": f"Song {n}", **ABOUT, "Track Type": "Remote", "Rating": 20} for n in range(4)]
    names = {"A": apple_library(here, {"P": [1, 2]}, name="A.xml")}
    names["B"] = apple_library(cloud, {"P": [2], "Q": [4]}, name="B.xml")
    answers = 0
    for step in steps:
        match step:
            case ("take", name):
                apple.take(workspace, names[name])
            case ("undo",):
                for act in workspace.acts.all(limit=1):
                    workspace.acts.undo(act.id)
            case ("add",):
                found_files = [
                    FoundFile(str(file), 10 + n, 5.0, Tags(f"Song {n}", "Björk", "Homogenic", duration=0.4))
                    for n, file in enumerate(files)
                ]
                known = workspace.tracks.known_files()
                workspace.tracks.add([file for file in found_files if file.path not in known])
            case ("recognise",):
                identity.recognise(workspace)
            case ("rate", place, value):
                ids = sorted(workspace.tracks.ids())
                if ids:
                    rate(workspace, ids[place % len(ids)], value)
                    answers += 1
        assert workspace.database.damage() is None
        standing = workspace.labels.history(source="person", undone=False)
        assert len(standing) == answers and {event.track_id for event in standing} <= workspace.tracks.ids()
    for _ in range(2):  # the same library twice is the library once
        apple.take(workspace, names["A"])
        state = dump(workspace)
    apple.take(workspace, names["A"])
    assert dump(workspace) == state
