"""One recording under several names: labels follow the music, and never go to other music."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio import descriptors
from audio.analyse import analyse
from audio.decode import decode
from audio.encode import write_audio
from audio.metadata import read_tags
from core.errors import EarmarkError, UnknownTrackError
from core.records import FoundFile, Label, LibraryRow, Tags
from services import analysis, identity, library
from services.workspace import Workspace

SR = 32_000  # Hz
SECONDS = 6.0
JOGA = Tags("Jóga", "Björk", "Homogenic", duration=SECONDS)


def performance(seed: int, seconds: float = SECONDS) -> np.ndarray:
    """Return music whose loudness and brightness take a course of their own for each number."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * SR)) / SR
    steps = np.linspace(0, seconds, 25)
    sound = np.zeros(len(t))
    for pitch in (130, 260, 520, 1040, 2080):
        sound += np.interp(t, steps, rng.uniform(0.02, 1, len(steps)) ** 2) * np.sin(2 * np.pi * pitch * t)
    sound += 0.2 * np.interp(t, steps, rng.uniform(0.02, 1, len(steps)) ** 2) * rng.normal(size=len(t))
    return (0.15 * sound).astype(np.float32)


def encode(path: Path, out: Path) -> Path:
    """Encode a file anew with its tags, as a music player does."""
    waveform = decode(path)
    return write_audio(out, waveform.y, waveform.sr, read_tags(path))


@pytest.fixture(autouse=True)
def no_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the descriptors out: they say nothing about identity and take most of the time."""
    monkeypatch.setattr(descriptors, "describe", lambda y, sr: np.zeros(3, np.float32))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Give the folder music lies in."""
    (tmp_path / "music").mkdir()
    return tmp_path / "music"


Record = Callable[..., Path]


@pytest.fixture
def record(music: Path) -> Record:
    """Give a function that writes a performance, by default Jóga, and returns its path."""

    def write(name: str, seed: int, title: str = "Jóga", **tags: object) -> Path:
        path = music / name
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {"artist": "Björk", "album": "Homogenic"} | tags
        return write_audio(path, performance(seed), SR, Tags(title, **about))  # type: ignore[arg-type]

    return write


def listen(workspace: Workspace) -> int:
    """Do what an analysis does, here and without the networks; return how many tracks went into another."""
    for pending in workspace.tracks.to_analyse():
        analysis.keep(workspace, pending, analyse(pending.path))
    identity.verify(workspace)
    merged = identity.recognise(workspace)
    assert workspace.database.damage() is None
    return merged


def take_in(workspace: Workspace, music: Path) -> int:
    """Import, listen and return how many tracks went into another."""
    library.add(workspace, [music])
    return listen(workspace)


def rate(workspace: Workspace, path: Path, value: str) -> int:
    """Answer for the track of a file and return it."""
    track = workspace.tracks.by_path(path)
    assert track is not None
    workspace.labels.add([Label(f"event {len(workspace.labels.history())}", track.id, "rating", value)])
    return track.id


def ratings(workspace: Workspace) -> dict[str, str]:
    """Return the name of each file that is there -> the rating that speaks for it."""
    current = workspace.labels.current("rating")
    paths = {path: entry[0] for path, entry in workspace.tracks.known_files().items() if os.path.exists(path)}
    return {Path(path).name: current[i].value for path, i in paths.items() if i in current}


def names_only(workspace: Workspace, tags: Tags = JOGA) -> int:
    """Take in a track that a library has in the cloud."""
    [track_id], _ = workspace.tracks.take_library([(None, LibraryRow(tags, "cloud-only"))])
    return track_id


def by_path(workspace: Workspace, path: Path) -> int:
    track = workspace.tracks.by_path(path)
    assert track is not None
    return track.id


# -- labels follow the music --------------------------------------------------------------------------


def retagged(path: Path) -> Path:
    y = performance(1)
    write_audio(path, y, SR, Tags("Another Title", "Somebody Else"))
    os.utime(path, (1, 1))
    return path


def renamed(path: Path) -> Path:
    return path.rename(path.with_name(f"renamed{path.suffix}"))


def moved(path: Path) -> Path:
    (path.parent / "deep").mkdir()
    return path.rename(path.parent / "deep" / path.name)


def moved_and_retagged(path: Path) -> Path:
    return retagged(moved(path))


def moved_renamed_and_retagged(path: Path) -> Path:
    return retagged(renamed(moved(path)))


def encoded_again(path: Path) -> Path:
    other = encode(path, path.with_suffix(".m4a"))
    path.unlink()
    return other


def encoded_again_elsewhere(path: Path) -> Path:
    (path.parent / "deep").mkdir()
    other = encode(path, path.parent / "deep" / "01 other.ogg")
    path.unlink()
    return other


CHANGES = (
    retagged, renamed, moved, moved_and_retagged, moved_renamed_and_retagged, encoded_again, encoded_again_elsewhere,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_labels_follow_a_file_that_is(
    workspace: Workspace, music: Path, record: Record, change: Callable[[Path], Path]
) -> None:
    path = record("song.flac", 1)
    record("other.flac", 2, "Hunter")
    take_in(workspace, music)
    track_id = rate(workspace, path, "liked")
    now = change(path)
    take_in(workspace, music)
    assert ratings(workspace) == {now.name: "liked"}
    assert by_path(workspace, now) == track_id
    assert workspace.tracks.count() == {"tracks": 2, "analysed": 2}
    assert [event.track_id for event in workspace.labels.history()] == [track_id]


def test_a_file_moved_and_retagged_at_once_has_its_new_names(workspace: Workspace, music: Path, record: Record) -> None:
    path = record("song.flac", 1, "Track 01", year=1997)
    take_in(workspace, music)
    track_id = rate(workspace, path, "liked")
    path.unlink()
    write_audio(music / "Joga.flac", performance(1), SR, Tags("Jóga", "Björk"))
    take_in(workspace, music)
    track = workspace.tracks.get(track_id)
    assert (track.title, track.artist, track.year, track.path) == ("Jóga", "Björk", 1997, str(music / "Joga.flac"))


@pytest.mark.parametrize(("first", "extension"), [(".mp3", ".m4a"), (".mp3", ".ogg"), (".flac", ".mp3")])
def test_an_encoding_beside_the_original_becomes_one_track_with_both_histories(
    workspace: Workspace, music: Path, record: Record, first: str, extension: str
) -> None:
    original = record(f"a{first}", 1)
    copy = encode(original, music / f"b{extension}")
    library.add(workspace, [music])
    rate(workspace, original, "semi")
    rate(workspace, copy, "liked")
    assert listen(workspace) == 1
    assert ratings(workspace) == {original.name: "liked", copy.name: "liked"}
    [track] = workspace.tracks.all()
    assert {event.track_id for event in workspace.labels.history()} == {track.id}
    assert len(workspace.labels.history()) == 2
    [act] = workspace.acts.all()
    assert act.title == "Recognised 1 copy of known recordings"
    workspace.acts.undo(act.id)
    assert ratings(workspace) == {original.name: "semi", copy.name: "liked"}


def test_real_music_keeps_its_labels(workspace: Workspace, music: Path, shared: Callable[[str], Path]) -> None:
    sources = sorted(path for path in shared("music").rglob("*") if path.suffix in {".mp3", ".ogg", ".flac", ".m4a"})
    sources = sources[:: max(1, len(sources) // 5)][:5]
    paths = [Path(shutil.copyfile(path, music / f"{n}{path.suffix}")) for n, path in enumerate(sources)]
    take_in(workspace, music)
    ids = {rate(workspace, path, "liked") for path in paths}
    assert len(ids) == len(paths)
    (music / "new").mkdir()
    paths[0].rename(music / "new" / paths[0].name)  # moved
    paths[1].rename(music / f"renamed{paths[1].suffix}")
    encode(paths[2], music / "2.m4a"), paths[2].unlink()  # replaced by an encoding
    encode(paths[3], music / "3 copy.opus")  # an encoding beside it
    take_in(workspace, music)
    assert set(ratings(workspace)) == {
        paths[0].name, f"renamed{paths[1].suffix}", "2.m4a", paths[3].name, "3 copy.opus", paths[4].name
    }  # fmt: skip
    assert workspace.tracks.ids() == ids


# -- and never go to other music ----------------------------------------------------------------------


def test_two_live_versions_of_one_name_and_length_are_two_tracks(
    workspace: Workspace, music: Path, record: Record
) -> None:
    one, two = record("Oslo.flac", 1, "Jóga (Live)"), record("Paris.flac", 2, "Jóga (Live)")
    take_in(workspace, music)
    rate(workspace, one, "liked")
    assert identity.recognise(workspace) == 0
    assert ratings(workspace) == {"Oslo.flac": "liked"}
    encoding = encode(two, music / "Paris.mp3")
    assert take_in(workspace, music) == 1
    rate(workspace, two, "disliked")
    assert ratings(workspace) == {"Oslo.flac": "liked", "Paris.flac": "disliked", encoding.name: "disliked"}
    assert workspace.tracks.count()["tracks"] == 2


def test_two_live_versions_whose_files_changed_names_keep_their_own_labels(
    workspace: Workspace, music: Path, record: Record
) -> None:
    one, two = record("Oslo.flac", 1, "Jóga (Live)"), record("Paris.flac", 2, "Jóga (Live)")
    take_in(workspace, music)
    oslo = rate(workspace, one, "liked")
    two.unlink()
    one.rename(two)
    take_in(workspace, music)
    assert ratings(workspace) == {"Paris.flac": "liked"}
    assert by_path(workspace, two) == oslo


def test_a_track_of_the_cloud_is_not_guessed_between_two_live_versions(
    workspace: Workspace, music: Path, record: Record
) -> None:
    record("Oslo.flac", 1), record("Paris.flac", 2)
    cloud = names_only(workspace)
    take_in(workspace, music)
    assert cloud in workspace.tracks.ids()
    pairs = identity.doubts(workspace)
    assert {pair.second.id for pair in pairs} == {cloud} and len(pairs) == 2
    assert {pair.reason for pair in pairs} == {"The same artist and title; one has no file here."}


@pytest.mark.parametrize(
    ("tags", "merged"),
    [
        (JOGA, True),
        (Tags("JOGA [Remastered]", "Bjork", "homogenic", duration=SECONDS + 0.9), True),
        (Tags("Jóga", "Björk", "Homogenic", duration=SECONDS + 1.5), False),
        (Tags("Jóga", "Björk", "Homogenic", track_number=5, duration=SECONDS), False),
        (Tags("Jóga", "Björk", "Greatest Hits", duration=SECONDS), False),
        (Tags("Jóga", "Björk", duration=SECONDS), False),
        (Tags("Jóga", "Björk", "Homogenic"), False),
        (Tags("Jóga (Live)", "Björk", "Homogenic", duration=SECONDS), False),
    ],
)
def test_a_name_without_a_file_is_a_file_only_when_everything_fits(
    workspace: Workspace, tags: Tags, merged: bool
) -> None:
    file = FoundFile("/music/1.mp3", 1, 1.0, Tags("Jóga", "Björk", "Homogenic", track_number=2, duration=SECONDS))
    workspace.tracks.add([file])
    names_only(workspace, tags)
    assert identity.recognise(workspace) == merged
    assert workspace.tracks.count()["tracks"] == 2 - merged


def test_another_track_number_is_a_doubt(workspace: Workspace) -> None:
    [filed] = workspace.tracks.add(
        [FoundFile("/music/1.mp3", 1, 1.0, Tags("Intro", "Björk", "Box", track_number=1, duration=60.0))]
    ).added
    row = names_only(workspace, Tags("Intro", "Björk", "Box", track_number=9, duration=60.0))
    assert identity.recognise(workspace) == 0
    workspace.tracks.mark_analysed(filed, "sound", duration=60.0, note=None)
    [pair] = identity.doubts(workspace)
    assert (pair.first.id, pair.second.id, pair.likeness) == (filed, row, None)


def test_what_is_still_to_be_listened_to_is_not_asked(workspace: Workspace) -> None:
    tags = Tags("Intro", "Björk", "Box", duration=60.0)
    one, two = workspace.tracks.add([FoundFile(f"/music/{n}.mp3", n, 1.0, tags) for n in (1, 2)]).added
    assert identity.doubts(workspace) == []
    workspace.tracks.mark_analysed(one, "one", duration=60.0, note=None)
    assert identity.doubts(workspace) == []
    workspace.tracks.mark_analysed(two, "two", duration=60.0, note=None)
    assert len(identity.doubts(workspace)) == 1


def test_two_names_without_files_never_become_one(workspace: Workspace) -> None:
    names_only(workspace), names_only(workspace)
    assert identity.recognise(workspace) == 0
    assert identity.doubts(workspace) == []
    assert workspace.tracks.count() == {"tracks": 2, "cloud-only": 2}


def test_tracks_that_do_not_say_what_they_are_are_never_matched_by_name(workspace: Workspace) -> None:
    tags = Tags("Track 01", "Unknown Artist", "Unknown Album", duration=60.0)
    workspace.tracks.add([FoundFile("/music/1.mp3", 1, 1.0, tags)])
    names_only(workspace, tags)
    assert identity.recognise(workspace) == 0 and identity.doubts(workspace) == []


def test_a_file_replaced_by_other_music_leaves_the_label_with_the_old(
    workspace: Workspace, music: Path, record: Record
) -> None:
    path = record("01.flac", 1)
    take_in(workspace, music)
    old = rate(workspace, path, "liked")
    write_audio(path, performance(2, SECONDS + 4), SR, Tags("Creep", "Radiohead"))
    os.utime(path, (1, 1))
    take_in(workspace, music)
    assert ratings(workspace) == {}
    assert by_path(workspace, path) != old
    assert workspace.labels.current("rating")[old].value == "liked"
    assert workspace.tracks.get(old).title == "Jóga"


# -- files found by name and size ---------------------------------------------------------------------


def found_at(workspace: Workspace, track_id: int, path: Path) -> None:
    """Let a library say that a track's file is at another path."""
    row = LibraryRow(JOGA, "new", str(path), path.stat().st_size, path.stat().st_mtime)
    workspace.tracks.take_library([(track_id, row)])


def test_a_file_found_by_name_that_holds_another_recording_gets_a_track_of_its_own(
    workspace: Workspace, music: Path, record: Record, tmp_path: Path
) -> None:
    path = record("song.flac", 1)
    take_in(workspace, music)
    track_id = rate(workspace, path, "liked")
    elsewhere = tmp_path / "elsewhere" / "song.flac"
    elsewhere.parent.mkdir()
    write_audio(elsewhere, performance(2), SR, Tags("Hunter", "Björk"))
    path.unlink()
    found_at(workspace, track_id, elsewhere)
    assert ratings(workspace) == {"song.flac": "liked"}
    assert identity.verify(workspace) == {"verified": 0, "parted": 1}
    assert ratings(workspace) == {}
    assert workspace.labels.current("rating").keys() == {track_id}
    assert workspace.tracks.get(by_path(workspace, elsewhere)).title == "Hunter"


def test_another_live_version_found_by_name_is_told_by_its_sound(
    workspace: Workspace, music: Path, record: Record, tmp_path: Path
) -> None:
    path = record("song.flac", 1)
    take_in(workspace, music)
    track_id = rate(workspace, path, "liked")
    other = write_audio(tmp_path / "song.flac", performance(2), SR, Tags("Jóga", "Björk", "Homogenic"))
    path.unlink()
    found_at(workspace, track_id, other)
    assert identity.verify(workspace) == {"verified": 0, "parted": 1}
    listen(workspace)
    assert ratings(workspace) == {} and workspace.tracks.count()["tracks"] == 2


def test_a_moved_file_and_an_encoding_of_it_are_as_expected(
    workspace: Workspace, music: Path, record: Record, tmp_path: Path
) -> None:
    path = record("song.flac", 1)
    take_in(workspace, music)
    track_id = rate(workspace, path, "liked")
    encoding = encode(path, tmp_path / "song.m4a")
    found_at(workspace, track_id, encoding)
    new = path.rename(tmp_path / "moved.flac")
    found_at(workspace, track_id, new)
    reports: list[dict[str, object]] = []
    assert identity.verify(workspace, reports.append) == {"verified": 2, "parted": 0}
    assert reports[-1] == {"done": 2, "total": 2, "sentence": "Checking moved files: 2 of 2"}
    assert ratings(workspace) == {"song.m4a": "liked", "moved.flac": "liked"}
    assert identity.verify(workspace) == {"verified": 0, "parted": 0}


def test_a_file_that_cannot_be_read_now_is_left_as_it_is(
    workspace: Workspace, music: Path, record: Record, tmp_path: Path
) -> None:
    path = record("song.flac", 1)
    take_in(workspace, music)
    track_id = by_path(workspace, path)
    empty = tmp_path / "song.flac"
    empty.touch()
    found_at(workspace, track_id, empty)
    assert identity.verify(workspace) == {"verified": 1, "parted": 0}
    assert by_path(workspace, empty) == track_id


# -- what a person decides ----------------------------------------------------------------------------


def test_the_same_sound_under_other_names_is_asked(workspace: Workspace, music: Path, record: Record) -> None:
    one = record("one.flac", 1)
    two = encode(record("two.flac", 1, "Joga", artist="Bjork Guðmundsdóttir"), music / "two.mp3")
    (music / "two.flac").unlink()
    assert take_in(workspace, music) == 0
    [pair] = identity.doubts(workspace)
    assert {pair.first.path, pair.second.path} == {str(one), str(two)}
    assert pair.reason == "Other names, but the same length and the same sound."
    assert pair.likeness is not None and pair.likeness > 0.97


def test_a_doubt_can_be_merged_and_taken_back(workspace: Workspace, music: Path, record: Record) -> None:
    one = record("one.flac", 1)
    two = encode(record("x.flac", 1, "Other", artist="Other"), music / "two.mp3")
    (music / "x.flac").unlink()
    take_in(workspace, music)
    first, second = rate(workspace, one, "liked"), rate(workspace, two, "disliked")
    assert identity.merge(workspace, first, second) == {"kept": first, "merged": second, "title": "Jóga"}
    assert ratings(workspace) == {"one.flac": "disliked", "two.mp3": "disliked"}
    assert identity.doubts(workspace) == []
    [act] = workspace.acts.all()
    assert act.title == "Merged Other into Jóga"
    workspace.acts.undo(act.id)
    assert ratings(workspace) == {"one.flac": "liked", "two.mp3": "disliked"}
    assert len(identity.doubts(workspace)) == 1


def test_what_is_kept_apart_is_neither_asked_again_nor_merged(
    workspace: Workspace, music: Path, record: Record
) -> None:
    one = record("one.flac", 1)
    two = encode(one, music / "two.mp3")
    library.add(workspace, [music])
    first, second = by_path(workspace, one), by_path(workspace, two)
    identity.keep_apart(workspace, second, first)
    assert listen(workspace) == 0
    assert identity.doubts(Workspace(workspace.home)) == []
    assert workspace.tracks.ids() == {first, second}


def test_what_is_kept_apart_stays_so_when_one_of_them_goes_into_a_third(workspace: Workspace) -> None:
    a, b, c = (names_only(workspace, Tags(name)) for name in "abc")
    identity.keep_apart(workspace, b, c)
    identity.merge(workspace, a, b)
    assert workspace.tracks.different_pairs() == {(a, c)}
    workspace.acts.undo(workspace.acts.all()[0].id)
    assert workspace.tracks.different_pairs() == {(b, c)}


def test_tracks_that_are_not_there_and_a_track_and_itself_are_refused(workspace: Workspace) -> None:
    track_id = names_only(workspace)
    with pytest.raises(EarmarkError, match="cannot be merged with itself"):
        identity.merge(workspace, track_id, track_id)
    for verb in (identity.merge, identity.keep_apart):
        with pytest.raises(UnknownTrackError, match="99"):
            verb(workspace, track_id, 99)
    assert workspace.tracks.different_pairs() == set() and workspace.acts.all() == []


def test_the_written_names_are_those_that_are_read(music: Path, record: Record) -> None:
    tags = read_tags(record("a.flac", 1))
    assert (tags.title, tags.artist, tags.album) == ("Jóga", "Björk", "Homogenic")
    assert tags.duration == pytest.approx(SECONDS, abs=0.01)
