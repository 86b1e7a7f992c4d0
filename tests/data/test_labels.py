"""Labels and skips: append-only, undone by a mark, the person above every other source."""

from __future__ import annotations

import time

import pytest

from core.records import Label, LabelSource
from services.workspace import Workspace


def label(event_id: str, track_id: int, value: str, source: LabelSource = "person", target: str = "rating") -> Label:
    return Label(event_id, track_id, target, value, source, reason="A")


def rows(workspace: Workspace) -> int:
    with workspace.database.read() as connection:
        return int(connection.execute("SELECT COUNT(*) FROM labels").fetchone()[0])


def test_the_same_event_sent_twice_is_one_row(workspace: Workspace, add_tracks) -> None:
    [track] = add_tracks("A/one")
    assert workspace.labels.add([label("e1", track, "liked")]) == 1
    assert workspace.labels.add([label("e1", track, "disliked")]) == 0
    assert rows(workspace) == 1
    assert workspace.labels.current("rating")[track].value == "liked"


def test_the_newest_answer_of_the_person_speaks(workspace: Workspace, add_tracks) -> None:
    [track] = add_tracks("A/one")
    workspace.labels.add([label("e1", track, "liked"), label("e2", track, "semi")])
    assert workspace.labels.current("rating")[track].value == "semi"
    assert rows(workspace) == 2


@pytest.mark.parametrize(
    "order", [("person", "csv", "itunes"), ("itunes", "csv", "person"), ("csv", "person", "itunes")]
)
def test_the_person_speaks_before_a_csv_and_a_csv_before_the_rest(
    workspace: Workspace, add_tracks, order: tuple[LabelSource, ...]
) -> None:
    [track] = add_tracks("A/one")
    for source in order:
        workspace.labels.add([label(source, track, source, source)])
    assert workspace.labels.current("rating")[track].value == "person"
    workspace.labels.undo_last("u1")
    assert workspace.labels.current("rating")[track].value == "csv"


def test_of_itunes_and_dataset_the_newer_speaks(workspace: Workspace, add_tracks) -> None:
    [track] = add_tracks("A/one")
    workspace.labels.add([label("e1", track, "rock", "itunes"), label("e2", track, "jazz", "dataset")])
    assert workspace.labels.current("rating")[track].value == "jazz"


def test_undo_marks_and_never_deletes(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/one", "B/two")
    workspace.labels.add([label("e1", one, "liked")])
    workspace.labels.add([label("e2", two, "disliked")])
    undone = workspace.labels.undo_last("u1")
    assert undone is not None
    assert (undone.event_id, undone.track_id, undone.value) == ("e2", two, "disliked")
    assert set(workspace.labels.current("rating")) == {one}
    assert rows(workspace) == 2
    assert [event.undone_at is None for event in workspace.labels.history()] == [False, True]


def test_undo_brings_the_earlier_answer_back(workspace: Workspace, add_tracks) -> None:
    [track] = add_tracks("A/one")
    workspace.labels.add([label("e1", track, "liked")])
    workspace.labels.add([label("e2", track, "disliked")])
    workspace.labels.undo_last("u1")
    assert workspace.labels.current("rating")[track].value == "liked"


def test_the_same_undo_sent_twice_takes_back_one_answer(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/one", "B/two")
    workspace.labels.add([label("e1", one, "liked")])
    workspace.labels.add([label("e2", two, "liked")])
    first, again = workspace.labels.undo_last("u1"), workspace.labels.undo_last("u1")
    assert first == again
    assert set(workspace.labels.current("rating")) == {one}


def test_undo_takes_back_skips_too_and_nothing_of_a_csv(workspace: Workspace, add_tracks) -> None:
    [track] = add_tracks("A/one")
    workspace.labels.add([label("c1", track, "liked", "csv")])
    workspace.labels.skip("s1", track, "rating")
    undone = workspace.labels.undo_last("u1")
    assert undone is not None
    assert undone.kind == "skip"
    assert workspace.labels.skipped("rating") == {}
    assert workspace.labels.undo_last("u2") is None
    assert workspace.labels.current("rating")[track].value == "liked"


def test_a_skip_sent_twice_is_one_skip(workspace: Workspace, add_tracks) -> None:
    [track] = add_tracks("A/one")
    assert workspace.labels.skip("s1", track, "rating")
    assert not workspace.labels.skip("s1", track, "rating")
    assert list(workspace.labels.skipped("rating")) == [track]


def test_reading_a_source_again_repeats_nothing(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/one", "B/two")
    assert (
        workspace.labels.replace_source("csv", [label("a", one, "liked", "csv"), label("b", two, "semi", "csv")]) == 2
    )
    assert (
        workspace.labels.replace_source("csv", [label("c", one, "liked", "csv"), label("d", two, "liked", "csv")]) == 1
    )
    assert {t: said.value for t, said in workspace.labels.current("rating").items()} == {one: "liked", two: "liked"}


def test_counts_follow_the_labels_that_speak(workspace: Workspace, add_tracks) -> None:
    one, two = add_tracks("A/one", "B/two")
    workspace.labels.add([label("a", one, "liked"), label("b", one, "semi"), label("c", two, "semi", "csv")])
    workspace.labels.add([label("d", two, "rock", target="genre")])
    assert workspace.labels.counts() == {"rating": {"semi": 2}, "genre": {"rock": 1}}


def test_what_was_shown_before_the_answer_is_kept(workspace: Workspace, add_tracks) -> None:
    [track] = add_tracks("A/one")
    workspace.labels.add([Label("e1", track, "rating", "liked", reason="Could go either way", shown={"liked": 0.6})])
    kept = workspace.labels.of_track(track)["rating"]
    assert (kept.reason, kept.shown) == ("Could go either way", {"liked": 0.6})


def test_the_mark_for_caches_changes_with_answers_and_with_undo(workspace: Workspace, add_tracks) -> None:
    [track] = add_tracks("A/one")
    marks = [workspace.labels.newest_id()]
    workspace.labels.add([label("e1", track, "liked")])
    marks.append(workspace.labels.newest_id())
    time.sleep(0.001)
    workspace.labels.undo_last("u1")
    marks.append(workspace.labels.newest_id())
    assert len(set(marks)) == 3


def test_what_a_source_no_longer_says_is_withdrawn_and_nothing_else(workspace: Workspace, add_tracks) -> None:
    one, two, three = add_tracks("A/one", "B/two", "C/three")
    workspace.labels.add([label(f"i{t}", t, "liked", "itunes") for t in (one, two, three)])
    workspace.labels.add([label("p", one, "semi"), label("g", one, "rock", "itunes", "genre")])
    assert workspace.labels.withdraw("itunes", "rating", [one, two, 99], reason="A") == 2
    assert {t: (said.value, said.source) for t, said in workspace.labels.current("rating").items()} == {
        one: ("semi", "person"),
        three: ("liked", "itunes"),
    }
    assert workspace.labels.current("genre")[one].value == "rock"
    assert rows(workspace) == 5
    assert workspace.labels.withdraw("itunes", "rating", [one, two], reason="A") == 0


def test_a_source_that_says_again_what_it_withdrew_is_heard(workspace: Workspace, add_tracks) -> None:
    [track] = add_tracks("A/one")
    for _ in range(2):
        assert workspace.labels.replace_source("itunes", [label(f"e{rows(workspace)}", track, "liked", "itunes")]) == 1
        assert workspace.labels.withdraw("itunes", "rating", [track], reason="A") == 1
    assert rows(workspace) == 2 and workspace.labels.current("rating") == {}


def test_more_than_fit_one_statement_are_withdrawn_at_once(workspace: Workspace, add_tracks) -> None:
    ids = add_tracks(*[f"A/{n}" for n in range(1_200)])
    workspace.labels.add([label(f"e{t}", t, "liked", "itunes") for t in ids])
    assert workspace.labels.withdraw("itunes", "rating", ids, reason="A") == 1_200
