"""The passes over a library: a few seconds of all of it, then every track whole, then what a newer version measures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio import outline
from audio.analyse import FEATURE_VERSIONS, analyse
from audio.encode import write_audio
from core.errors import EarmarkError
from core.records import Analysis, Tags, Task
from services import analysis, datasets, inputs, labeling, library, predicting
from services.jobs import Cancelled
from services.workspace import Workspace

SR = 22_050
SONGS = 6


@pytest.fixture
def hearing(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Hear in this process and without the networks, which saves starting children; give what was asked for."""
    asked: list[Task] = []

    def here(
        function: Callable[[Task], Analysis], tasks: Iterable[Task], *, tick: Callable[[], None], **_: Any
    ) -> Iterator[tuple[Task, Analysis | BaseException]]:
        for task in tasks:
            asked.append(task)
            tick()
            try:
                yield task, analyse(task)
            except Exception as error:
                yield task, error

    monkeypatch.setattr(analysis, "map_unordered", here)
    monkeypatch.setattr(analysis, "has_embedding", lambda: False)
    monkeypatch.setattr(analysis, "QUICK_FROM", SONGS)
    monkeypatch.setattr(analysis, "LOOK_EVERY", 1)
    return asked


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Give a folder of short songs, no two alike."""
    return songs(tmp_path / "music", SONGS)


def songs(folder: Path, n: int, first: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    t = np.arange(SR) / SR
    for i in range(first, first + n):
        y = (0.3 * np.sin(2 * np.pi * (220 + 40 * i) * t * (1 + t))).astype(np.float32)
        write_audio(folder / f"{i}.flac", y, SR, Tags(title=f"Song {i}", artist=f"Artist {i}"))
    return folder


def run(workspace: Workspace, report: Callable[[dict[str, Any]], None] = lambda _: None, **params: Any) -> Any:
    return analysis.run(workspace, params, report)


def make_old(workspace: Workspace, feature_set: str = "descriptors") -> None:
    """Turn the vectors of a set into those of an older version."""
    with workspace.database.write() as connection:
        connection.execute("UPDATE features SET version = 0 WHERE feature_set = ?", [feature_set])


# -- in passing -------------------------------------------------------------------------------------


def test_a_large_new_library_is_heard_in_passing_before_any_of_it_is_heard_whole(
    workspace: Workspace, music: Path, hearing: list[Task]
) -> None:
    library.add(workspace, [music])
    result = run(workspace)
    assert [task.quick for task in hearing] == [True] * SONGS + [False] * SONGS
    assert (result["in_passing"], result["analyzed"], result["renewed"]) == (SONGS, SONGS, 0)
    assert workspace.tracks.count() == {"tracks": SONGS, "analysed": SONGS}


@pytest.fixture
def heard_in_passing(workspace: Workspace, music: Path, hearing: list[Task]) -> Workspace:
    """Give a home whose songs were all heard in passing, and none whole."""
    library.add(workspace, [music])

    def stop_at_the_whole(_: dict[str, Any]) -> None:
        if hearing and not hearing[-1].quick:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run(workspace, stop_at_the_whole)
    return workspace


def test_after_the_first_pass_every_track_can_be_asked_about_and_still_waits(
    heard_in_passing: Workspace, hearing: list[Task]
) -> None:
    workspace = heard_in_passing
    tracks = workspace.tracks.all()
    assert all(track.state == "analysed" and track.quick and track.content_id is None for track in tracks)
    assert workspace.features.version("descriptors") == -FEATURE_VERSIONS["descriptors"]
    assert len(inputs.matrix(workspace, "descriptors").ids) == SONGS
    assert library.status(workspace)["in_passing"] == SONGS and library.status(workspace)["analyzed"] == 0
    labeling.answer(workspace, tracks[0].id, "rating", "liked")
    del hearing[:]
    run(workspace)
    assert [task.quick for task in hearing] == [False] * SONGS, "what was heard in passing is not heard so again"
    assert workspace.labels.current("rating")[tracks[0].id].value == "liked"


def test_when_all_was_heard_whole_nothing_is_left_of_the_first_pass(
    workspace: Workspace, music: Path, hearing: list[Task]
) -> None:
    library.add(workspace, [music])
    run(workspace)
    assert {version for counts in workspace.features.versions().values() for version in counts} == {
        version for name, version in FEATURE_VERSIONS.items() if name in workspace.features.versions()
    }
    assert all(workspace.outlines.get(track.id) is not None for track in workspace.tracks.all())


def test_one_model_never_learns_from_both(workspace: Workspace, music: Path, hearing: list[Task]) -> None:
    """While the whole hearing goes on, the matrix is that of the first pass until as many are heard whole."""
    library.add(workspace, [music])
    seen: list[tuple[int, int]] = []

    def look(_: dict[str, Any]) -> None:
        version = workspace.features.version("descriptors")
        if version is not None:
            seen.append((version, len(workspace.features.matrix("descriptors")[0])))

    run(workspace, look)
    whole = [n for version, n in seen if version > 0]
    assert {n for version, n in seen[SONGS:] if version < 0} == {SONGS}
    assert set(whole) == {SONGS}


def test_a_small_addition_is_heard_whole_at_once(workspace: Workspace, music: Path, hearing: list[Task]) -> None:
    library.add(workspace, [music])
    run(workspace)
    del hearing[:]
    library.add(workspace, [songs(music, 2, first=50)])
    run(workspace)
    assert [task.quick for task in hearing] == [False, False]


def test_a_large_addition_has_what_was_there_heard_in_passing_too(
    workspace: Workspace, music: Path, hearing: list[Task]
) -> None:
    """A model of the first pass must hold the tracks that have the answers."""
    library.add(workspace, [music])
    run(workspace)
    old = {track.path for track in workspace.tracks.all()}
    del hearing[:]
    library.add(workspace, [songs(music, 2 * SONGS, first=50)])
    run(workspace)
    quick = [task.path for task in hearing if task.quick]
    assert set(quick[:SONGS]) == old and len(quick) == 3 * SONGS
    assert not old & {task.path for task in hearing if not task.quick}


def test_a_broken_off_first_pass_goes_on_however_little_is_left(
    workspace: Workspace, music: Path, hearing: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(workspace, [music])

    def stop_after_four(_: dict[str, Any]) -> None:
        if len(hearing) == 5:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run(workspace, stop_after_four)
    del hearing[:]
    run(workspace)
    assert [task.quick for task in hearing] == [True] * (SONGS - 4) + [False] * SONGS


def test_a_changed_file_is_no_longer_one_heard_in_passing(heard_in_passing: Workspace, music: Path) -> None:
    workspace = heard_in_passing
    os.utime(songs(music, 1) / "0.flac", (1, 1))
    library.add(workspace, [music])
    assert workspace.tracks.count() == {"tracks": SONGS, "analysed": SONGS - 1, "new": 1, "quick": SONGS - 1}
    assert library.status(workspace)["analyzed"] == 0


def test_a_limit_asks_for_whole_tracks_only(workspace: Workspace, music: Path, hearing: list[Task]) -> None:
    library.add(workspace, [music])
    run(workspace, limit=2)
    assert [task.quick for task in hearing] == [False, False]


def test_what_fails_in_passing_is_judged_by_the_whole_hearing(
    workspace: Workspace, music: Path, hearing: list[Task]
) -> None:
    library.add(workspace, [music])
    (music / "0.flac").write_bytes((music / "0.flac").read_bytes()[:2000])
    result = run(workspace)
    assert result["in_passing"] == SONGS - 1 and len(result["failed"]) == 1
    [track] = workspace.tracks.all(states=["unreadable"])
    assert track.reason == result["failed"][0]["reason"]


# -- a newer version --------------------------------------------------------------------------------


@pytest.fixture
def heard_all(workspace: Workspace, music: Path, hearing: list[Task]) -> Workspace:
    """Give a home whose songs are all heard, one of them liked."""
    library.add(workspace, [music])
    run(workspace)
    labeling.answer(workspace, workspace.tracks.all()[0].id, "rating", "liked")
    del hearing[:]
    return workspace


def test_a_newer_version_measures_that_set_alone_and_leaves_the_answers(
    heard_all: Workspace, hearing: list[Task]
) -> None:
    before = {name: heard_all.features.matrix(name) for name in ("descriptors", "signature")}
    labels = heard_all.labels.current("rating")
    make_old(heard_all)
    assert analysis.start(heard_all) is not None
    result = run(heard_all)
    assert {task.sets for task in hearing} == {("descriptors",)}
    assert (result["analyzed"], result["renewed"]) == (0, SONGS)
    ids, X, _ = heard_all.features.matrix("descriptors")
    assert ids.tolist() == before["descriptors"][0].tolist()
    np.testing.assert_allclose(X, before["descriptors"][1], rtol=1e-4, atol=1e-4)
    assert heard_all.features.matrix("signature")[2] == before["signature"][2], "not written again"
    assert heard_all.labels.current("rating") == labels
    assert heard_all.features.versions()["descriptors"] == {FEATURE_VERSIONS["descriptors"]: SONGS}


def test_the_older_version_serves_until_the_newer_is_there_for_all(heard_all: Workspace, hearing: list[Task]) -> None:
    make_old(heard_all)

    def stop_after_three(_: dict[str, Any]) -> None:
        if len(hearing) == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run(heard_all, stop_after_three)
    assert heard_all.features.version("descriptors") == 0
    assert len(heard_all.features.matrix("descriptors")[0]) == SONGS
    del hearing[:]
    run(heard_all)
    assert len(hearing) == SONGS - 2, "two were kept before the stop"
    assert heard_all.features.version("descriptors") == FEATURE_VERSIONS["descriptors"]


def test_what_comes_in_while_older_figures_are_measured_anew_is_heard_before_the_rest_of_them(
    heard_all: Workspace, music: Path, hearing: list[Task]
) -> None:
    make_old(heard_all)

    def bring_more(_: dict[str, Any]) -> None:
        if len(hearing) == 2 and not (music / "50.flac").exists():
            library.add(heard_all, [songs(music, 1, first=50)])

    result = run(heard_all, bring_more)
    place = [Path(task.path).stem for task in hearing].index("50")
    assert place < SONGS and (result["analyzed"], result["renewed"]) == (1, SONGS)
    assert heard_all.tracks.count() == {"tracks": SONGS + 1, "analysed": SONGS + 1}


def test_a_track_merged_away_meanwhile_costs_nothing(heard_all: Workspace, hearing: list[Task]) -> None:
    make_old(heard_all)
    first, second, *_ = sorted(track.id for track in heard_all.tracks.all())

    def merge(_: dict[str, Any]) -> None:
        if len(hearing) == 1 and len(heard_all.tracks.all()) == SONGS:
            heard_all.tracks.merge(keep=first, gone=second)

    assert run(heard_all, merge)["failed"] == []
    assert heard_all.features.version("descriptors") == FEATURE_VERSIONS["descriptors"]


def test_a_file_that_holds_another_sound_than_it_did_becomes_a_track_of_its_own(
    heard_all: Workspace, music: Path, hearing: list[Task]
) -> None:
    """Its size and time are what they were, so nobody saw it change."""
    file = music / "0.flac"
    before = file.stat()
    file.write_bytes((songs(music / "other", 1, first=80) / "80.flac").read_bytes())
    with heard_all.database.write() as connection:
        connection.execute("UPDATE files SET size = ? WHERE path = ?", [file.stat().st_size, str(file)])
    os.utime(file, (before.st_atime, before.st_mtime))
    make_old(heard_all)
    run(heard_all)
    run(heard_all)
    assert len(heard_all.tracks.all()) == SONGS + 1
    assert analysis.start(heard_all) is None


def test_an_outline_that_is_missing_is_drawn(heard_all: Workspace, hearing: list[Task]) -> None:
    [track, *_] = heard_all.tracks.all()
    heard_all.outlines.put(track.id, heard_all.outlines.get(track.id), outline.VERSION - 1)  # type: ignore[arg-type]
    run(heard_all)
    assert [task.sets for task in hearing] == [("outline",)]


def test_what_cannot_be_measured_anew_stays_as_it_was(heard_all: Workspace, music: Path, hearing: list[Task]) -> None:
    make_old(heard_all)
    (music / "0.flac").write_bytes(b"no music any more" * 100)
    result = run(heard_all)
    assert [failure["path"] for failure in result["failed"]] == [str(music / "0.flac")]
    assert heard_all.tracks.count() == {"tracks": SONGS, "analysed": SONGS}
    assert heard_all.features.versions()["descriptors"] == {0: SONGS, FEATURE_VERSIONS["descriptors"]: SONGS - 1}
    assert heard_all.features.version("descriptors") == 0
    assert analysis.start(heard_all) is None, "it is not tried again at every start"
    assert [pending.path for pending in analysis.outdated(heard_all, retry=True)] == [str(music / "0.flac")]
    (music / "0.flac").write_bytes(b"no music any more" * 101)
    assert [pending.path for pending in analysis.outdated(heard_all)] == [str(music / "0.flac")], "it changed"


def test_a_file_that_is_not_there_waits_in_silence(heard_all: Workspace, music: Path, hearing: list[Task]) -> None:
    make_old(heard_all)
    (music / "0.flac").unlink()
    assert run(heard_all)["failed"] == []
    assert analysis.start(heard_all) is None


def test_a_model_of_an_older_version_is_trained_again(heard_all: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = heard_all.model_runs
    number = runs.add(
        target="rating", family="ordered", features="descriptors", labels=1, classes=["liked"], scores={},
        versions={"descriptors": 0},
    )  # fmt: skip
    runs.make_current(number)
    assert predicting.outdated(heard_all) == ["rating"]
    run(heard_all)
    assert heard_all.jobs.open(kind="retrain") == [], "there are too few answers for it"
    monkeypatch.setattr(datasets, "missing", lambda *_: None)
    run(heard_all)
    run(heard_all)
    [job] = heard_all.jobs.open(kind="retrain")
    assert job.params == {"target": "rating"}


def test_versions_a_current_model_knows_stay(heard_all: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "predict_new", lambda _: None)  # the run below has no model file
    runs = heard_all.model_runs
    number = runs.add(
        target="rating", family="ordered", features="descriptors", labels=1, classes=["liked"], scores={},
        versions={"descriptors": 0},
    )  # fmt: skip
    runs.make_current(number)
    make_old(heard_all)
    run(heard_all)
    assert set(heard_all.features.versions()["descriptors"]) == {0, FEATURE_VERSIONS["descriptors"]}


@pytest.mark.parametrize("address", ["nonsense", "tcp://host", "host:8786", ""])
def test_an_address_that_is_none_is_refused(workspace: Workspace, address: str) -> None:
    with pytest.raises(EarmarkError, match="no address of a scheduler"):
        analysis.analyze(workspace, scheduler=address)


def test_a_cluster_is_not_silently_ignored_while_this_computer_listens(workspace: Workspace) -> None:
    workspace.jobs.add("analyze", "analysis")
    with pytest.raises(EarmarkError, match="under way on this computer"):
        analysis.analyze(workspace, scheduler="tcp://127.0.0.1:9")


def test_a_track_with_a_second_encoding_is_measured_anew_from_either_file(
    heard_all: Workspace, music: Path, hearing: list[Task]
) -> None:
    """The other file's sound has an id of its own, and its name comes first."""
    track = heard_all.tracks.by_path(music / "0.flac")
    assert track is not None
    with heard_all.database.write() as connection:
        connection.execute(
            "UPDATE files SET path = ?, content_id = 'another encoding' WHERE path = ?",
            [str(songs(music / "again", 1, first=70) / "70.flac"), str(music / "0.flac")],
        )
    library.add(heard_all, [music])
    heard = analyse(Task(str(music / "again" / "70.flac")))
    with heard_all.database.write() as connection:
        connection.execute("UPDATE files SET content_id = ? WHERE content_id = 'another encoding'", [heard.content_id])
    make_old(heard_all)
    run(heard_all)
    assert track.id in heard_all.features.matrix("descriptors", version=FEATURE_VERSIONS["descriptors"])[0]
    assert analysis.start(heard_all) is None, "nothing is left to do"
