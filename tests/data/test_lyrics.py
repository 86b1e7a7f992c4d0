"""Words kept: one row a track, when to look again, and offers that wait or were refused."""

from __future__ import annotations

import pytest

from core.records import FoundFile, Lyrics, Offer, Tags
from data.lyrics import LyricsStore
from services.workspace import Workspace

PAST, FUTURE = "2020-01-01T00:00:00.000000+00:00", "2100-01-01T00:00:00.000000+00:00"


@pytest.fixture
def track(workspace: Workspace) -> int:
    """Give the number of a track."""
    return next(iter(workspace.tracks.add([FoundFile("/m/1.mp3", 1, 1.0, Tags(title="Song", artist="A"))]).added))


@pytest.fixture
def store(workspace: Workspace) -> LyricsStore:
    """Give the store of an empty home."""
    return workspace.lyrics


def test_what_is_kept_comes_back(store: LyricsStore, track: int) -> None:
    kept = Lyrics(track, "found", "Words", "[00:01]Words", "raw", "LRCLIB", 0.95, "en", "Song", "A", asked=("LRCLIB",))
    store.put(kept)
    found = store.of_track(track)
    assert found is not None and found.looked_at
    assert Lyrics(**{**vars(found), "looked_at": ""}) == kept
    assert store.many([track, 99]) == {track: found} and list(store.texts()) == [(track, "Words", "en")]


def test_a_new_row_takes_the_place_of_the_old_one(store: LyricsStore, track: int) -> None:
    store.put(Lyrics(track, "failed", reason="Down."))
    store.put(Lyrics(track, "found", "Words", source="LRCLIB"))
    assert store.counts("outcome") == {"found": 1} and store.outcomes() == {track: "found"}


@pytest.mark.parametrize(
    ("row", "due"),
    [
        (None, True),
        ({"outcome": "found", "text": "Words"}, False),
        ({"outcome": "instrumental"}, False),
        ({"outcome": "not there", "asked": ("a",), "look_again": FUTURE}, False),
        ({"outcome": "not there", "asked": ("a",), "look_again": PAST}, True),
        ({"outcome": "not there", "asked": (), "look_again": FUTURE}, True),
        ({"outcome": "failed", "asked": ("a",), "look_again": FUTURE}, False),
        ({"outcome": "failed", "asked": ("a",), "look_again": PAST}, True),
    ],
)
def test_what_is_due(row: dict | None, due: bool, store: LyricsStore, track: int) -> None:
    if row is not None:
        store.put(Lyrics(track, **row))
    assert store.due(["a"]) == ([track] if due else [])


def test_before_a_moment_everything_not_found_is_due(store: LyricsStore, track: int) -> None:
    store.put(Lyrics(track, "not there", asked=("a",), look_again=FUTURE))
    assert store.due(["a"], before=FUTURE) == [track] and store.due(["a"], before=PAST) == []


def test_a_refused_offer_waits_no_more(store: LyricsStore, track: int) -> None:
    offer = Offer("LRCLIB", "Words", title="Song", match=0.8)
    store.offer(track, [("print", offer)])
    (waiting,) = store.waiting()
    assert (waiting.track_id, waiting.offer) == (track, offer) and store.count_waiting() == 1
    store.refuse(track, "print", offer)
    store.offer(track, [("print", offer)])
    assert store.waiting() == [] and store.refused(track) == {"print"}


def test_new_offers_take_the_place_of_old_ones(store: LyricsStore, track: int) -> None:
    store.offer(track, [("one", Offer("S", "One", match=0.7))])
    store.offer(track, [("two", Offer("S", "Two", match=0.8)), ("three", Offer("S", "Three", match=0.9))])
    assert [one.offer.text for one in store.waiting(track_id=track)] == ["Three", "Two"]
    store.settle(track)
    assert store.waiting() == []


def test_the_stamp_changes_with_every_change(store: LyricsStore, track: int) -> None:
    stamps = [store.stamp()]
    store.put(Lyrics(track, "failed"))
    stamps.append(store.stamp())
    store.put(Lyrics(track, "failed"))
    stamps.append(store.stamp())
    store.remove([track])
    assert len({*stamps, store.stamp()}) == 3  # nothing again is the first again


def test_words_go_with_their_track(workspace: Workspace, store: LyricsStore, track: int) -> None:
    store.put(Lyrics(track, "found", "Words"))
    with workspace.database.write() as connection:
        connection.execute("DELETE FROM tracks WHERE id = ?", [track])
    assert store.outcomes() == {}


def test_only_what_can_be_counted_is(store: LyricsStore) -> None:
    with pytest.raises(ValueError, match="text"):
        store.counts("text")
