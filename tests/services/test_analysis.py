"""Listening to what waits: nothing is heard twice, nothing stops at a broken file, and labels stay with the music."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio import descriptors, musicnn
from audio.analyse import FEATURE_VERSIONS, analyse
from audio.encode import write_audio
from core.errors import DecodeError, EarmarkError
from core.records import FoundFile, Tags, Task
from services import analysis, labeling, library
from services import meter as meter_module
from services.meter import Meter
from services.pool import reason_of
from services.waiting import Waiting
from services.workspace import Workspace

SR = 32_000
KEPT = [name for name in FEATURE_VERSIONS if musicnn.available() or name == descriptors.NAME]


# -- a whole run ------------------------------------------------------------------------------------


def test_every_readable_file_is_heard_and_every_other_has_a_reason(heard: Any) -> None:
    workspace = Workspace(heard.home)
    counts = workspace.tracks.count()
    assert (counts["tracks"], counts["analysed"], counts["unreadable"]) == (13, 10, 3)
    bad = {track.path: track.reason for track in workspace.tracks.all(states=["unreadable"])}
    assert set(bad) == {*heard.broken, heard.garbled} and all(bad.values())
    assert heard.result["failed"] == [{"path": heard.garbled, "reason": bad[heard.garbled]}]


def test_each_track_heard_has_every_feature_set_its_length_and_its_sounds_name(heard: Any) -> None:
    workspace = Workspace(heard.home)
    assert workspace.features.due({name: FEATURE_VERSIONS[name] for name in KEPT}) == {}
    for track in workspace.tracks.all(states=["analysed"]):
        assert workspace.features.has(track.id, KEPT)
        assert track.duration == pytest.approx(4.0, abs=0.1) and track.content_id


def test_a_run_killed_half_way_goes_on_with_the_rest(heard: Any) -> None:
    assert heard.waited == 11
    assert 0 < heard.killed_at < 10
    assert heard.jobs_after_kill == ["running"]  # nobody was left to write that it ended
    assert Workspace(heard.home).jobs.open() == []
    assert heard.killed_at + heard.result["analyzed"] == 10


def test_what_was_heard_before_and_after_the_kill_is_what_one_pass_hears(heard: Any) -> None:
    workspace = Workspace(heard.home)
    for track in workspace.tracks.all(states=["analysed"])[::4]:
        one = analyse(track.path)
        assert one.content_id == track.content_id
        kept = workspace.features.of_track(track.id)["descriptors"]
        np.testing.assert_allclose(kept, one.features["descriptors"], rtol=1e-3, atol=1e-4)


def test_the_figures_add_up(heard: Any) -> None:
    result = heard.result
    assert set(result) == {
        "analyzed", "failed", "seconds", "audio_seconds", "realtime_factor", "in_passing", "renewed", "copies",
    }  # fmt: skip
    assert result["audio_seconds"] == pytest.approx(4.0 * result["analyzed"], abs=1)
    assert result["realtime_factor"] == pytest.approx(result["audio_seconds"] / result["seconds"], abs=0.1)
    done = [progress["done"] for progress in heard.progress]
    assert done == sorted(done) and all(progress["total"] >= progress["done"] for progress in heard.progress)


def test_a_second_run_does_nothing(heard_copy: Workspace) -> None:
    before = heard_copy.features.matrix("descriptors")[2]
    assert analysis.start(heard_copy) is None
    result = analysis.analyze(heard_copy)
    assert (result["analyzed"], result["failed"]) == (0, [])
    assert heard_copy.features.matrix("descriptors")[2] == before


def test_broken_files_wait_only_when_they_are_to_be_tried_again(heard: Any) -> None:
    workspace = Workspace(heard.home)
    assert list(Waiting.whole(workspace).tasks()) == []
    assert {task.path for task in Waiting.whole(workspace, retry=True).tasks()} == {*heard.broken, heard.garbled}


def test_what_waits_is_queued_once(workspace: Workspace, fill: Any) -> None:
    assert analysis.start(workspace) is None
    fill(2, state="new")
    job = analysis.start(workspace)
    assert job is not None and analysis.start(workspace) == job
    assert [(open_.kind, open_.lane) for open_ in workspace.jobs.open()] == [("analyze", "analysis")]


# -- labels stay with the music ---------------------------------------------------------------------


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Give a folder with one song."""
    folder = tmp_path / "music"
    folder.mkdir()
    write_song(folder / "song.flac", Tags(title="Song", artist="A"))
    return folder


def write_song(path: Path, tags: Tags) -> Path:
    t = np.arange(SR) / SR
    return write_audio(path, (0.3 * np.sin(2 * np.pi * 330 * t * (1 + t))).astype(np.float32), SR, tags)


def listen(workspace: Workspace) -> None:
    """Hear what waits, here, without the embedding."""
    for pending in workspace.tracks.to_analyse():
        analysis.keep(workspace, pending, analyse(pending.path))


def labels(workspace: Workspace) -> dict[str | None, str]:
    """Return path -> rating."""
    current = workspace.labels.current("rating")
    return {workspace.tracks.get(track_id).path: label.value for track_id, label in current.items()}


@pytest.fixture
def rated(workspace: Workspace, music: Path) -> int:
    """Give the song, heard and liked."""
    library.add(workspace, [music])
    listen(workspace)
    [track] = workspace.tracks.all()
    labeling.answer(workspace, track.id, "rating", "liked")
    return track.id


def test_a_moved_file_keeps_its_label_and_is_not_heard_again(workspace: Workspace, music: Path, rated: int) -> None:
    (music / "new").mkdir()
    moved = (music / "song.flac").rename(music / "new" / "song.flac")
    assert library.add(workspace, [music]).moved == 1
    assert workspace.tracks.to_analyse() == []
    assert labels(workspace) == {str(moved): "liked"}


def test_a_retagged_file_keeps_its_label(workspace: Workspace, music: Path, rated: int) -> None:
    write_song(music / "song.flac", Tags(title="A Better Title", artist="A"))
    os.utime(music / "song.flac", (1, 1))
    assert library.add(workspace, [music]).updated == 1
    listen(workspace)
    [track] = workspace.tracks.all()
    assert (track.id, track.title, track.state) == (rated, "A Better Title", "analysed")
    assert labels(workspace) == {str(music / "song.flac"): "liked"}


def test_a_file_moved_and_retagged_at_once_is_known_by_its_sound(workspace: Workspace, music: Path, rated: int) -> None:
    (music / "song.flac").unlink()
    write_song(music / "another name.flac", Tags(title="A Much, Much Better Title", artist="A"))
    library.add(workspace, [music])
    assert len(workspace.tracks.all()) == 2
    listen(workspace)
    [track] = workspace.tracks.all()
    assert track.id == rated and track.path == str(music / "another name.flac")
    assert labels(workspace) == {str(music / "another name.flac"): "liked"}


def test_copies_of_a_recording_become_one_track_with_both_histories(
    workspace: Workspace, music: Path, rated: int
) -> None:
    shutil.copy(music / "song.flac", music / "copy.flac")
    library.add(workspace, [music])
    [copy] = [track for track in workspace.tracks.all() if track.id != rated]
    labeling.answer(workspace, copy.id, "rating", "disliked")
    labeling.answer(workspace, copy.id, "genre", "jazz")
    listen(workspace)
    [track] = workspace.tracks.all()
    assert track.id == rated and len(workspace.tracks.paths_of(rated)) == 2
    assert [(event["value"], event["track"]) for event in labeling.history(workspace)] == [
        ("jazz", rated), ("disliked", rated), ("liked", rated),
    ]  # fmt: skip
    assert workspace.labels.current("rating")[rated].value == "disliked"  # the newest
    assert len(workspace.features.matrix("descriptors")[0]) == 1


def test_a_track_is_analysed_only_when_its_vectors_are_on_disk(
    workspace: Workspace, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(workspace, [music])
    [pending] = workspace.tracks.to_analyse()
    heard = analyse(pending.path)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for store, verb in ((workspace.features, "put"), (workspace.tracks, "mark_analysed")):
        with monkeypatch.context() as patch:
            patch.setattr(store, verb, die)
            with pytest.raises(KeyboardInterrupt):
                analysis.keep(workspace, pending, heard)
        assert workspace.tracks.to_analyse() == [pending]
    listen(workspace)
    assert workspace.tracks.to_analyse() == [] and len(workspace.features.matrix("descriptors")[0]) == 1


def test_a_file_cut_short_is_used_as_far_as_it_goes(workspace: Workspace, music: Path) -> None:
    path = music / "song.flac"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    library.add(workspace, [music])
    listen(workspace)
    [track] = workspace.tracks.all()
    assert track.state == "partly" and "ends after" in (track.reason or "")


# -- what waits, how fast it goes, why it failed ----------------------------------------------------


def test_artists_take_turns(workspace: Workspace) -> None:
    names = [("A", 1), ("A", 2), ("A", 3), ("B", 1), ("C", 1), ("C", 2)]
    workspace.tracks.add([FoundFile(f"/{a}{n}.mp3", 1, 1.0, Tags(title=f"{n}", artist=a)) for a, n in names])
    order = [Path(task.path).stem for task in Waiting.whole(workspace).tasks()]
    assert order == ["A1", "B1", "C1", "A2", "C2", "A3"]


def test_each_file_is_handed_out_once_and_those_added_meanwhile_too(workspace: Workspace, fill: Any) -> None:
    fill(3, state="new")
    waiting = Waiting.whole(workspace)
    assert waiting.count() == 3
    tasks = waiting.tasks()
    first = next(tasks)
    fill(2, state="new")
    rest = list(tasks)
    assert len({first, *rest}) == len([first, *rest]) == waiting.seen == 5
    assert waiting.taken(first.path).path == first.path
    assert waiting.count() == 0
    late = fill(1, state="new")
    assert waiting.count() == 1 and list(waiting.tasks()) == [Task(workspace.tracks.get(late[0]).path)]


def test_a_limit_is_kept(workspace: Workspace, fill: Any) -> None:
    fill(5, state="new")
    waiting = Waiting.whole(workspace, limit=2)
    assert waiting.count() == 2 and len(list(waiting.tasks())) == 2
    assert waiting.count() == 0


def test_time_left_is_said_only_when_it_means_something(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(meter_module.time, "monotonic", lambda: clock[0])
    meter = Meter(total=10, started=100.0)
    for _ in range(2):
        clock[0] += 2
        meter.heard(200.0)
    assert meter.progress() == {"done": 2, "total": 10, "failed": 0}
    for _ in range(2):
        clock[0] += 2
        meter.heard(200.0)
    meter.failed.append({"path": "x", "reason": "y"})
    assert meter.progress() == {
        "done": 5, "total": 10, "failed": 1, "tracks_per_second": 0.5, "realtime_factor": 100.0, "seconds_left": 10.0,
    }  # fmt: skip
    assert meter.result()["realtime_factor"] == 100.0 and meter.result()["analyzed"] == 4


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DecodeError("a.mp3", "the file is empty"), "the file is empty"),
        (MemoryError(), "it needs more memory than there is"),
        (EarmarkError("reading it makes the decoder crash"), "reading it makes the decoder crash"),
        (KeyError("x"), "something unexpected went wrong (KeyError: 'x')"),
    ],
)
def test_a_failure_has_a_reason_a_person_understands(error: BaseException, reason: str) -> None:
    assert reason_of(error) == reason


def test_a_file_whose_sound_is_the_same_is_not_decoded_again(
    heard_copy: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {track.id for track in heard_copy.tracks.all(states=["analysed"])}
    files = [file for i in ids for file in heard_copy.tracks.files_of(i)]
    heard_copy.tracks.add([replace(file, mtime=file.mtime + 1, tags=Tags(title="T", artist="A")) for file in files])
    assert len(heard_copy.tracks.to_analyse()) == len(files)

    def decode(*_: object, **__: object) -> None:
        raise AssertionError("a file was decoded")

    monkeypatch.setattr("services.analysis.map_unordered", decode)
    result = analysis.run(heard_copy, {}, lambda _: None)
    assert (result["analyzed"], result["audio_seconds"]) == (len(files), 0)
    assert {track.id for track in heard_copy.tracks.all(states=["analysed"])} == ids
