"""The library: importing real files, looking before importing, labels and features in and out."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audio.encode import write_audio
from core.errors import EarmarkError
from core.records import Label, LibraryRow, Prediction, Tags
from services import analysis, library, targets
from services.sizes import size_text
from services.workspace import Workspace

Song = Callable[..., Path]


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return Workspace(home)


@pytest.fixture(scope="session")
def sound() -> np.ndarray:
    """A tenth of a second, quick to write."""
    return (0.3 * np.sin(np.linspace(0, 400, 3200))).astype(np.float32)


@pytest.fixture
def song(tmp_path: Path, sound: np.ndarray) -> Song:
    """Give a function that writes a song below tmp_path/music and returns its path."""

    def write(name: str, **tags: Any) -> Path:
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_audio(path, sound, 32_000, Tags(**tags))

    return write


def music(tmp_path: Path) -> Path:
    return tmp_path / "music"


def ids(workspace: Workspace) -> dict[str, int]:
    """Return file name -> track id."""
    return {Path(track.path or "").name: track.id for track in workspace.tracks.all()}


# -- importing ------------------------------------------------------------------------------------


def test_only_a_folder_in_which_there_was_music_is_looked_at_again(
    workspace: Workspace, song: Song, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    library.add(workspace, [tmp_path / "empty"])
    assert workspace.roots.all() == []
    file = song("1.flac")
    library.add(workspace, [file.parent])
    file.unlink()
    library.add(workspace, [file.parent])
    assert workspace.roots.all() == [str(file.parent)]


def test_a_folder_is_imported_with_its_tags(workspace: Workspace, song: Song, tmp_path: Path) -> None:
    song("A/1.flac", title="Jóga", artist="Björk", album="Homogenic", genre="Pop", year=1997)
    song("B/2.mp3", title="Two")
    (music(tmp_path) / "notes.txt").write_text("not music")
    result = library.add(workspace, [music(tmp_path)])
    assert result.as_json() == {
        "tracks": 2, "added": 2, "updated": 0, "moved": 0, "unreadable": [], "ignored": {".txt": 1},
        "cloud_only": 0, "protected": 0, "missing": 0, "podcasts": 0, "other": 0, "playlists": 0, "labels": {},
        "withdrawn": 0,
    }  # fmt: skip
    track = workspace.tracks.all()[0]
    assert (track.title, track.artist, track.album, track.genre, track.year) == (
        "Jóga",
        "Björk",
        "Homogenic",
        "Pop",
        1997,
    )
    assert track.duration == pytest.approx(0.1, abs=0.05)
    assert workspace.roots.all() == [str(music(tmp_path))]


def test_a_second_import_reads_no_unchanged_file(
    workspace: Workspace, song: Song, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song("1.flac", title="One")
    library.add(workspace, [music(tmp_path)])
    read: list[str] = []
    monkeypatch.setattr(library, "read_tags", lambda path: read.append(path) or Tags())
    again = library.add(workspace, [music(tmp_path)])
    assert (again.tracks, again.added, again.updated, read) == (1, 0, 0, [])
    assert workspace.tracks.all()[0].title == "One"


def test_retagged_and_moved_files_keep_their_labels(workspace: Workspace, song: Song, tmp_path: Path) -> None:
    retagged, moved = song("a.flac", title="Old"), song("b.flac", title="B")
    library.add(workspace, [music(tmp_path)])
    known = ids(workspace)
    workspace.labels.add([Label(name, track_id, "rating", "liked") for name, track_id in known.items()])
    song("a.flac", title="New name")
    os.utime(retagged, (1, 1))
    (music(tmp_path) / "deep").mkdir()
    shutil.move(moved, music(tmp_path) / "deep" / "b.flac")
    result = library.add(workspace, [music(tmp_path)])
    assert (result.tracks, result.added, result.updated, result.moved) == (2, 0, 1, 1)
    assert ids(workspace) == known
    assert workspace.tracks.get(known["a.flac"]).title == "New name"
    assert set(workspace.labels.current("rating")) == set(known.values())


def test_files_that_cannot_be_read_stop_nothing_and_are_listed_each_time(
    workspace: Workspace, song: Song, tmp_path: Path
) -> None:
    song("good.flac", title="Good")
    (music(tmp_path) / "broken.mp3").write_bytes(b"this is text" * 50)
    (music(tmp_path) / "empty.mp3").touch()
    for _ in range(2):
        result = library.add(workspace, [music(tmp_path)])
        assert result.tracks == 3
        assert [Path(line["path"]).name for line in result.unreadable] == ["broken.mp3", "empty.mp3"]
        assert all(line["reason"] for line in result.unreadable)
    assert workspace.tracks.count() == {"tracks": 3, "new": 1, "unreadable": 2}


def test_music_without_an_extension_is_recognised_by_its_sound(
    workspace: Workspace, song: Song, tmp_path: Path
) -> None:
    song("x.flac", title="Found").rename(music(tmp_path) / "no extension")
    (music(tmp_path) / "neither").write_text("text")
    result = library.add(workspace, [music(tmp_path)])
    assert (result.tracks, result.ignored) == (1, {"": 1})
    assert workspace.tracks.all()[0].title == "Found"


def test_single_files_are_imported_and_leave_no_folder_behind(workspace: Workspace, song: Song, tmp_path: Path) -> None:
    one, text = song("1.flac"), tmp_path / "notes.txt"
    text.touch()
    result = library.add(workspace, [str(one), str(text)])
    assert (result.added, result.ignored) == (1, {".txt": 1})
    assert workspace.roots.all() == []


def test_the_parent_folder_can_be_the_genre(workspace: Workspace, song: Song, tmp_path: Path) -> None:
    for name in ("Blues/1.flac", "Hip  Hop/2.flac"):
        song(name)
    for _ in range(2):
        result = library.add(workspace, [music(tmp_path)], labels_from="folder")
        assert result.labels == {"genre": 2}
    labels = workspace.labels.current("genre")
    known = ids(workspace)
    assert {name: (labels[i].value, labels[i].source) for name, i in known.items()} == {
        "1.flac": ("Blues", "dataset"),
        "2.flac": ("Hip Hop", "dataset"),
    }
    assert len(workspace.labels.history()) == 2


def test_a_file_that_is_gone_is_missed_and_found_again(workspace: Workspace, song: Song, tmp_path: Path) -> None:
    path = song("a.flac")
    library.add(workspace, [music(tmp_path)])
    shutil.move(path, tmp_path / "aside.flac")
    library.add(workspace, [music(tmp_path)])
    assert library.status(workspace)["missing"] == 1
    shutil.move(tmp_path / "aside.flac", path)
    result = library.add(workspace, [music(tmp_path)])
    assert (result.tracks, result.added, library.status(workspace)["missing"]) == (1, 0, 0)


def test_an_import_that_is_stopped_keeps_what_it_did_and_goes_on_later(
    workspace: Workspace, song: Song, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(5):
        song(f"{i}.flac")
    monkeypatch.setattr(library, "BATCH", 2)
    reports: list[dict[str, Any]] = []
    first = library.add(
        workspace,
        [music(tmp_path)],
        progress=reports.append,
        should_stop=lambda: bool(reports) and reports[-1]["tracks"] >= 2,
    )
    assert (first.added, workspace.tracks.count()["tracks"]) == (2, 2)
    assert library.status(workspace)["missing"] == 0
    second = library.add(workspace, [music(tmp_path)])
    assert (second.tracks, second.added) == (5, 3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "is not there"),
        ("Library.xml", "line 1: the file is empty"),
        ("pipe", "neither a folder nor a file"),
    ],
)
def test_a_path_that_cannot_be_imported_is_said_before_anything_is_changed(
    workspace: Workspace, song: Song, tmp_path: Path, name: str, message: str
) -> None:
    song("1.flac")
    (tmp_path / "Library.xml").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EarmarkError, match=message):
        library.add(workspace, [music(tmp_path), tmp_path / name])
    assert workspace.tracks.count() == {"tracks": 0}


def test_an_import_job_does_the_same_and_queues_the_analysis(workspace: Workspace, song: Song, tmp_path: Path) -> None:
    song("1.flac")
    result = library.run(workspace, {"paths": [str(music(tmp_path))]}, lambda _: None)
    assert result["added"] == 1
    assert [job.kind for job in workspace.jobs.open()] == ["analyze"]
    assert analysis.start(workspace) == workspace.jobs.open()[0].id


def test_a_demo_job_makes_music_takes_it_in_and_queues_the_analysis(
    workspace: Workspace, song: Song, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = song("1.flac")

    def make(folder: Path, *, progress: Callable[[int, int], None]) -> None:
        folder.mkdir()
        made.rename(folder / made.name)
        progress(1, 1)

    monkeypatch.setattr("services.demo.make_demo", make)
    reports: list[dict[str, Any]] = []
    assert library.run_demo(workspace, {}, reports.append)["added"] == 1
    assert reports[0] == {"done": 1, "total": 1}
    assert [job.kind for job in workspace.jobs.open()] == ["analyze"]


def test_the_torture_files_are_imported_without_a_crash(workspace: Workspace, shared: Callable[[str], Path]) -> None:
    result = library.add(workspace, [shared("torture")])
    assert result.tracks == workspace.tracks.count()["tracks"] > 100
    assert all(line["reason"] for line in result.unreadable)


# -- looking before importing -----------------------------------------------------------------------


def test_a_single_file_can_be_checked(song: Song, tmp_path: Path) -> None:
    checked = library.check(song("one.flac"))
    assert checked.error is None and checked.sentence.startswith("1 audio file, ")


def test_a_path_is_checked_in_one_sentence(song: Song, tmp_path: Path) -> None:
    one, two = song("1.flac"), song("deep/2.mp3")
    (music(tmp_path) / "notes.txt").touch()
    checked = library.check(music(tmp_path))
    assert (checked.exists, checked.readable, checked.audio_files) == (True, True, 2)
    assert checked.bytes == one.stat().st_size + two.stat().st_size
    assert checked.sentence == f"2 audio files, {size_text(checked.bytes)}"


def test_counting_a_large_folder_stops_after_a_while(song: Song, tmp_path: Path) -> None:
    song("1.flac"), song("2.flac")
    checked = library.check(music(tmp_path), seconds=-1)
    assert not checked.complete
    assert checked.sentence.startswith("more than 1 audio file, ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "is not there."),
        ("file", "is no music."),
        ("empty", "holds no audio files."),
        ("", "Type the path"),
    ],
)
def test_what_is_wrong_with_a_path_is_said(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    checked = library.check(tmp_path / name if name else "")
    assert message in checked.sentence
    assert checked.sentence == checked.error


def test_a_folder_without_permission_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "permission denied" in library.check(tmp_path).sentence


def test_music_folders_that_exist_are_suggested_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.delenv("XDG_MUSIC_DIR", raising=False)
    assert library.suggested_folders() == []
    for name in ("Music", "Hudba", ".config"):
        (tmp_path / name).mkdir()
    (tmp_path / ".config" / "user-dirs.dirs").write_text('# comment\nXDG_MUSIC_DIR="$HOME/Hudba"\n')
    assert library.suggested_folders() == [tmp_path / "Hudba", tmp_path / "Music"]
    monkeypatch.setenv("XDG_MUSIC_DIR", str(tmp_path / "Music"))
    assert library.suggested_folders() == [tmp_path / "Music", tmp_path / "Hudba"]


def test_visible_subfolders_are_listed_in_natural_order(tmp_path: Path) -> None:
    for name in ("CD 10", "CD 2", ".hidden"):
        (tmp_path / "x" / name).mkdir(parents=True)
    (tmp_path / "x" / "file").touch()
    assert [folder.name for folder in library.subfolders(tmp_path / "x")] == ["CD 2", "CD 10"]
    with pytest.raises(EarmarkError, match="cannot be opened"):
        library.subfolders(tmp_path / "nowhere")


# -- looking at the library -------------------------------------------------------------------------


def predict(workspace: Workspace, target: str, values: dict[int, tuple[str, float]]) -> int:
    """Let a model run have predicted these tracks."""
    run = workspace.model_runs.add(
        target=target, family="logistic", features="musicnn", labels=9, classes=["liked"], scores={}
    )
    workspace.model_runs.make_current(run)
    predictions = [Prediction(i, target, value, {value: share}, run) for i, (value, share) in values.items()]
    workspace.predictions.replace(target, predictions)
    return run


def test_an_empty_library_is_an_empty_table_and_zeros(workspace: Workspace) -> None:
    assert library.table(workspace).empty
    assert library.status(workspace) == {
        "tracks": 0, "analyzed": 0, "in_passing": 0, "unreadable": 0, "missing": 0, "cloud_only": 0, "protected": 0,
        "labels": {"rating": 0, "genre": 0},
        "current_model": {"rating": None, "genre": None},
    }  # fmt: skip


def test_the_table_has_a_row_for_each_track(workspace: Workspace, song: Song, tmp_path: Path) -> None:
    song("1.flac", title="One", genre="Pop")
    song("2.flac", title="Two")
    library.add(workspace, [music(tmp_path)])
    one, two = ids(workspace).values()
    for i in (one, two):
        workspace.tracks.mark_analysed(i, f"content {i}", duration=0.1, note=None)
    workspace.labels.add([Label("e", one, "rating", "liked"), Label("f", two, "genre", "jazz", source="csv")])
    predict(workspace, "rating", {one: ("semi", 0.5), two: ("disliked", 0.75)})
    predict(workspace, "genre", {one: ("rock", 0.5), two: ("rock", 0.5)})
    table = library.table(workspace).set_index("title")
    assert table.loc["One", ["genre_tag", "your_rating", "predicted_rating", "predicted_genre"]].tolist() == [
        "Pop", "liked", "semi", "rock",
    ]  # fmt: skip
    assert (table.loc["Two", "your_genre"], table.loc["Two", "confidence"]) == ("jazz", 0.75)
    assert pd.isna(table.loc["Two", "your_rating"])
    assert table["state"].tolist() == ["analysed", "analysed"]
    assert library.status(workspace)["labels"] == {"rating": 1, "genre": 1}
    assert library.status(workspace)["current_model"] == {"rating": "logistic", "genre": "logistic"}


def test_quick_models_speak_where_the_current_one_has_not(workspace: Workspace, song: Song, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for i in range(6):
        song(f"{i}.flac", title=str(i), artist=f"Artist {i}")
    library.add(workspace, [music(tmp_path)])
    tracks = list(ids(workspace).values())
    for i, track in enumerate(tracks):
        workspace.tracks.mark_analysed(track, f"content {track}", duration=0.1, note=None)
        vector = rng.normal(size=200) + (5 if i % 2 else -5)
        workspace.features.put(track, {"musicnn": vector}, {"musicnn": 1})
    workspace.labels.add([Label("a", tracks[0], "rating", "liked"), Label("b", tracks[1], "rating", "disliked")])
    quick = library.predictions(workspace, "rating")
    assert set(quick) == set(tracks)
    assert (quick[tracks[2]].proba["liked"] > quick[tracks[3]].proba["liked"]) is True
    predict(workspace, "rating", {tracks[2]: ("semi", 0.9)})
    both = library.predictions(workspace, "rating")
    assert both[tracks[2]].value == "semi"
    assert both[tracks[3]].proba == quick[tracks[3]].proba


# -- labels and features, in and out ----------------------------------------------------------------


@pytest.fixture
def three(workspace: Workspace, song: Song, tmp_path: Path) -> dict[str, int]:
    """Import three songs and give their ids by file name."""
    for name in ("A/one.flac", "A/Jóga.flac", "B/two.flac"):
        song(name)
    library.add(workspace, [music(tmp_path)])
    return ids(workspace)


def write_csv(path: Path, *lines: str, bom: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["path,target,value", *lines]), encoding="utf-8-sig" if bom else "utf-8")
    return path


@pytest.mark.parametrize("bom", [False, True])
def test_labels_are_matched_beside_the_csv_and_by_the_end_of_the_path(
    workspace: Workspace, three: dict[str, int], tmp_path: Path, bom: bool
) -> None:
    decomposed = unicodedata.normalize("NFD", "A/Jóga.flac")
    file = write_csv(
        tmp_path / "elsewhere" / "l.csv",
        "A/one.flac,rating,Liked",
        f"{decomposed},genre,Pop",
        "x.mp3,rating,semi",
        bom=bom,
    )
    assert library.labels_import(workspace, file) == {"imported": 2, "unmatched": ["x.mp3"], "new_targets": []}
    assert workspace.labels.current("rating")[three["one.flac"]].value == "liked"
    assert workspace.labels.current("genre")[three["Jóga.flac"]].value == "Pop"


def test_importing_labels_again_repeats_nothing_and_changes_its_own_only(
    workspace: Workspace, three: dict[str, int], tmp_path: Path
) -> None:
    one, two = three["one.flac"], three["two.flac"]
    workspace.labels.add([Label("mine", one, "rating", "disliked")])
    lines = ["A/one.flac,rating,liked", "B/two.flac,rating,liked", "B/two.flac,rating,semi"]
    file = write_csv(music(tmp_path) / "l.csv", *lines)
    for _ in range(3):
        assert library.labels_import(workspace, file) == {"imported": 3, "unmatched": [], "new_targets": []}
    assert len(workspace.labels.history()) == 3
    assert {i: said.value for i, said in workspace.labels.current("rating").items()} == {one: "disliked", two: "semi"}
    library.labels_import(workspace, write_csv(music(tmp_path) / "l.csv", "B/two.flac,rating,liked"))
    assert workspace.labels.current("rating")[two].value == "liked"


def test_a_wrong_value_names_its_line_and_nothing_is_imported(
    workspace: Workspace, three: dict[str, int], tmp_path: Path
) -> None:
    file = write_csv(music(tmp_path) / "l.csv", "A/one.flac,rating,liked", "B/two.flac,rating,loved it")
    with pytest.raises(EarmarkError, match=r"line 3: .*loved it.*disliked, semi, liked"):
        library.labels_import(workspace, file)
    assert workspace.labels.counts() == {}


def test_labels_that_were_exported_can_be_imported_elsewhere(
    workspace: Workspace, three: dict[str, int], tmp_path: Path
) -> None:
    values = {three["one.flac"]: "liked", three["Jóga.flac"]: "semi"}
    workspace.labels.add([Label(str(i), i, "rating", value) for i, value in values.items()])
    workspace.labels.add([Label("g", three["two.flac"], "genre", "R&B, Soul")])
    exported = library.labels_export(workspace, tmp_path / "labels.csv")
    assert exported == {"path": str(tmp_path / "labels.csv"), "exported": 3}
    other = Workspace(tmp_path / "other home")
    library.add(other, [music(tmp_path)])
    assert library.labels_import(other, tmp_path / "labels.csv") == {"imported": 3, "unmatched": [], "new_targets": []}
    assert other.labels.counts() == workspace.labels.counts()


def test_a_target_is_made_as_the_file_defines_it(workspace: Workspace, three: dict[str, int], tmp_path: Path) -> None:
    targets.add(workspace, "energy", ["low", "so | so", "high"], ordered=True)
    workspace.labels.add([Label("e", three["one.flac"], "energy", "high")])
    library.labels_export(workspace, tmp_path / "labels.csv")
    other = Workspace(tmp_path / "other home")
    library.add(other, [music(tmp_path)])
    assert library.labels_import(other, tmp_path / "labels.csv")["new_targets"] == ["energy"]
    assert targets.get(other, "energy") == targets.get(workspace, "energy")


def test_a_target_the_file_does_not_define_has_the_values_it_gives(
    workspace: Workspace, three: dict[str, int], tmp_path: Path
) -> None:
    lines = ["A/one.flac,Big  Room,yes", "B/two.flac,big room,no", "A/one.flac,workout,Yes", "B/two.flac,workout,yes"]
    result = library.labels_import(workspace, write_csv(music(tmp_path) / "l.csv", *lines))
    assert result == {"imported": 4, "unmatched": [], "new_targets": ["big room", "workout"]}
    assert targets.get(workspace, "big room").classes == ("yes", "no")
    assert targets.get(workspace, "workout").classes == ("Yes", "not Yes")
    assert {said.value for said in workspace.labels.current("workout").values()} == {"Yes"}


@pytest.mark.parametrize("definition", ["", ",nominal,slow|fast|wild"])
def test_a_known_target_is_not_defined_again(
    workspace: Workspace, three: dict[str, int], tmp_path: Path, definition: str
) -> None:
    targets.add(workspace, "pace", ["slow", "fast"], ordered=True)
    file = write_csv(music(tmp_path) / "l.csv", "A/one.flac,pace,slow" + definition)
    file.write_text(file.read_text().replace("value\n", "value,kind,classes\n"))
    assert library.labels_import(workspace, file)["new_targets"] == []
    assert targets.get(workspace, "pace").classes == ("slow", "fast")
    file.write_text(file.read_text().replace("pace,slow", "pace,wild"))
    with pytest.raises(EarmarkError, match=r"line 2: 'wild' is not a pace. Choose one of: slow, fast"):
        library.labels_import(workspace, file)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["A/one.flac,workout,yes,nominal,yes|no", "B/two.flac,workout,maybe,,"], "line 3: 'maybe' is not a workout"),
        (["A/one.flac,rating,liked,,", "B/two.flac,?,yes,nominal,yes|no"], r"line 3: there is no target '\?' here"),
        (["A/one.flac,workout,,,"], "line 2: there is no target 'workout' here, and Give workout 2"),
    ],
)
def test_a_target_that_cannot_be_made_is_said_with_its_line(
    workspace: Workspace, three: dict[str, int], tmp_path: Path, lines: list[str], message: str
) -> None:
    file = tmp_path / "l.csv"
    file.write_text("\n".join(["path,target,value,kind,classes", *lines]))
    with pytest.raises(EarmarkError, match=message):
        library.labels_import(workspace, file)
    assert workspace.targets.all() == [] and workspace.labels.counts() == {}


def test_taking_an_import_back_takes_its_targets_back(
    workspace: Workspace, three: dict[str, int], tmp_path: Path
) -> None:
    library.labels_import(workspace, write_csv(music(tmp_path) / "l.csv", "A/one.flac,workout,yes"))
    workspace.acts.undo(workspace.acts.all()[0].id)
    assert "workout" not in targets.every(workspace) and workspace.labels.counts() == {}


def test_features_are_exported_under_their_names_with_labels(
    workspace: Workspace, three: dict[str, int], tmp_path: Path
) -> None:
    from core.vocabulary import TAG_NAMES

    rng = np.random.default_rng(0)
    kept = {track: rng.normal(size=100).astype(np.float32) for track in list(three.values())[:2]}
    for track, tags in kept.items():
        workspace.features.put(track, {"tags": tags, "musicnn": tags[:5]}, {"tags": 1, "musicnn": 1})
    first = next(iter(kept))
    workspace.labels.add([Label("e", first, "rating", "liked")])
    for file in ("f.csv", "f.parquet"):
        assert library.features_export(workspace, tmp_path / file, "tags+musicnn") == {
            "path": str(tmp_path / file), "rows": 2, "columns": 7 + 100 + 5,
        }  # fmt: skip
    table, parquet = pd.read_csv(tmp_path / "f.csv"), pd.read_parquet(tmp_path / "f.parquet")
    assert list(table.columns) == list(parquet.columns)
    assert list(table.columns[7:107]) == list(TAG_NAMES)
    assert table.columns[-1] == "musicnn_004"
    np.testing.assert_array_equal(parquet.set_index("id").loc[first].iloc[6:106].to_numpy(np.float32), kept[first])
    assert table.set_index("id").loc[first, "rating"] == "liked"


def test_features_nobody_has_and_formats_nobody_knows_are_said(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(EarmarkError, match="Nothing is analysed yet"):
        library.features_export(workspace, tmp_path / "f.csv", "descriptors")
    with pytest.raises(EarmarkError, match="must end in"):
        library.features_export(workspace, tmp_path / "f.xlsx", "descriptors")


def test_labels_of_tracks_without_a_file_travel_by_their_ids(workspace: Workspace, tmp_path: Path) -> None:
    rows = [LibraryRow(Tags(title=title), "cloud-only") for title in ("by Apple's id", "by number")]
    first, second = workspace.tracks.take_library((None, row) for row in rows)[0]
    workspace.external_ids.put({first: {"apple_persistent_id": "00AB"}})
    workspace.labels.add([Label(f"e{i}", i, "rating", "liked") for i in (first, second)])
    assert library.labels_export(workspace, tmp_path / "l.csv")["exported"] == 2
    assert (tmp_path / "l.csv").read_text().splitlines()[1:] == [
        "apple:00AB,rating,liked,,",
        f"track:{second},rating,liked,,",
    ]
    workspace.labels.undo_last("u1")
    workspace.labels.undo_last("u2")
    assert library.labels_import(workspace, tmp_path / "l.csv") == {"imported": 2, "unmatched": [], "new_targets": []}
    assert workspace.labels.labelled("rating") == {first, second}
