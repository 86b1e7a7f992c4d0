"""The rating desk: every key press is kept once, and each tab always knows what comes next."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from core.errors import UnknownTrackError
from core.records import Label, Outline, Question
from services import desk as desks
from services import labeling, tabs
from services.asking import Learner
from services.cards import MATCH, gain
from services.desk import AHEAD, Desk
from services.sound import Signer
from services.workspace import Workspace


class Tab:
    """A browser tab as the player is one: it shows the first card and keeps events until they are acknowledged."""

    def __init__(self, desk: Desk, name: str) -> None:
        self.desk = desk
        self.name = name
        self.showing: int | None = None
        self.reply: dict[str, Any] = {}
        self.sent = 0

    def sync(self, *events: dict[str, Any]) -> dict[str, Any]:
        """Send events and show what the reply says."""
        turned = any(event["type"] in tabs.TURNING for event in events)
        self.reply = self.desk.sync({"tab": self.name, "events": list(events), "showing": self.showing})
        if turned or self.showing not in self.queue:
            self.showing = next(iter(self.queue), None)
        return self.reply

    def event(self, type: str, **more: Any) -> dict[str, Any]:
        self.sent += 1
        return {"id": f"{self.name}-{self.sent}", "type": type, **more}

    def answer(self, value: str, target: str = "rating") -> dict[str, Any]:
        return self.sync(self.event("label", track=self.showing, target=target, value=value))

    @property
    def queue(self) -> list[int]:
        return [card["id"] for card in self.reply["queue"]]


@pytest.fixture
def desk(workspace: Workspace, learner: Learner) -> Desk:
    return Desk(workspace, learner)


@pytest.fixture
def tab(desk: Desk) -> Tab:
    return Tab(desk, "one")


@pytest.fixture
def restart(workspace: Workspace) -> Iterator[Callable[[], Desk]]:
    """Give a function that opens the same home as a new server would."""
    started: list[Learner] = []

    def again() -> Desk:
        opened = Workspace(workspace.home)
        started.append(Learner(opened))
        return Desk(opened, started[-1])

    yield again
    for learner in started:
        learner.close()


def rows(workspace: Workspace) -> list[tuple[int, str]]:
    """Return the answers on disk, oldest first."""
    return [(event.track_id, event.value) for event in reversed(workspace.labels.history(undone=False))]


# -- showing and answering --------------------------------------------------------------------------


def test_a_new_tab_gets_cards_of_analysed_tracks(tab: Tab, fill: Any) -> None:
    heard, waiting = fill(8), fill(3, state="new")
    reply = tab.sync()
    assert len(set(tab.queue)) == AHEAD
    assert set(tab.queue) <= set(heard) and not set(tab.queue) & set(waiting)
    card = reply["queue"][0]
    assert card["title"].startswith("Song") and card["artist"].startswith("Artist")
    assert card["start"] == pytest.approx(20.0)
    assert card["src"].startswith("/earmark/audio/") and card["mime"] == "audio/mpeg"
    assert card["reason"] and card["labels"] == {} and card["earlier"] == {}
    assert reply["target"] == "rating" and reply["notice"] is None and reply["last"] == []


def test_no_artist_plays_twice_in_a_row_where_there_is_a_choice(tab: Tab, fill: Any) -> None:
    fill(16)
    tab.sync()
    artists = [card["artist"] for card in tab.reply["queue"]]
    assert all(one != two for one, two in pairwise(artists))


def test_an_answer_is_acknowledged_when_it_is_on_disk_and_the_next_track_is_the_one_promised(
    tab: Tab, fill: Any, workspace: Workspace
) -> None:
    fill(12)
    tab.sync()
    first, promised = tab.queue[:2]
    reply = tab.answer("liked")
    assert reply["acked"] == ["one-1"] and reply["refused"] == {}
    assert rows(Workspace(workspace.home)) == [(first, "liked")]
    assert tab.showing == promised
    assert first not in tab.queue and len(tab.queue) == AHEAD
    assert reply["counts"] == {"rating": 1}
    assert [(last["track"], last["value"]) for last in reply["last"]] == [(first, "liked")]


def test_the_same_message_twice_writes_one_row(tab: Tab, fill: Any, workspace: Workspace) -> None:
    fill(12)
    tab.sync()
    event = tab.event("label", track=tab.showing, target="rating", value="liked")
    one = tab.sync(event)
    two = tab.sync(event)
    assert one["acked"] == two["acked"] == [event["id"]]
    assert len(rows(workspace)) == 1
    assert one["queue"][0]["id"] == two["queue"][0]["id"]


def test_every_answer_of_a_long_row_is_kept_in_order_with_the_track_that_was_shown(
    tab: Tab, fill: Any, workspace: Workspace
) -> None:
    fill(40)
    tab.sync()
    given = []
    for number in range(30):
        value = ("liked", "semi", "disliked")[number % 3]
        given.append((tab.showing, value))
        tab.answer(value)
    assert rows(workspace) == given
    assert len({track for track, _ in given}) == 30


def test_every_track_is_asked_once_before_the_end(tab: Tab, fill: Any, workspace: Workspace) -> None:
    ids = fill(17)
    tab.sync()
    for _ in range(17):
        tab.answer("semi")
    assert sorted(track for track, _ in rows(workspace)) == ids
    assert tab.queue == []
    assert tab.reply["notice"].startswith("You have answered everything.")


def test_the_track_on_screen_stays_while_the_ranking_changes(tab: Tab, fill: Any, learner: Learner) -> None:
    fill(30)
    tab.sync()
    shown, loaded = tab.queue[:2]
    for _ in range(3):
        wait_for_next_ranking(learner)
        tab.sync()
        assert tab.queue[:2] == [shown, loaded]


def test_a_genre_given_while_ratings_are_asked_does_not_move_on(tab: Tab, fill: Any, workspace: Workspace) -> None:
    fill(12)
    tab.sync()
    shown = tab.showing
    reply = tab.answer("jazz", "genre")
    assert reply["acked"] == ["one-1"] and tab.queue[0] == shown
    assert reply["queue"][0]["labels"] == {"genre": "jazz"}
    assert reply["genres"][0] == "jazz"
    assert workspace.labels.current("genre")[shown].value == "jazz"


def test_cards_show_what_the_quick_models_think(tab: Tab, fill: Any, rate: Any, learner: Learner) -> None:
    ids = fill(24)
    rate({ids[0]: "liked", ids[1]: "disliked", ids[3]: "liked", ids[4]: "disliked"})
    wait_for_next_ranking(learner)
    wait_for_next_ranking(learner, "genre")
    tab.sync()
    card = next(card for card in tab.reply["queue"] if not card["hidden"])
    assert card["guesses"]["rating"]["model"] == "ordered"
    assert set(card["guesses"]["rating"]["proba"]) == {"liked", "disliked"}
    assert card["guesses"]["genre"]["model"] == "prior"


def outline(loudness: float | None, peak: float = 0.9) -> Outline:
    """Return a made-up course of a track that rises from silence to its end."""
    bounds, waveform = np.array([0, 12.5, 40], np.float32), np.linspace(0, 255, 400).astype(np.uint8)
    return Outline(loudness, peak, telling=31.5, bounds=bounds, waveform=waveform, parts=np.zeros((12, 3), np.float32))


def test_a_card_begins_at_the_telling_moment_and_brings_what_is_drawn_of_the_track(
    tab: Tab, fill: Any, workspace: Workspace
) -> None:
    ids = fill(8)
    workspace.outlines.put(ids[0], outline(-18.0), 1)
    tab.sync(tab.event("play", track=ids[0]))
    with_outline, without = tab.reply["queue"][:2]
    assert with_outline["id"] == ids[0]
    assert (with_outline["start"], with_outline["segments"]) == (31.5, [0, 12.5, 40])
    points = base64.b64decode(with_outline["waveform"])
    assert len(points) == 400 and points[0] == 0 and points[-1] == 255
    assert (without["start"], without["waveform"], without["segments"]) == (20.0, None, [])


def test_loud_tracks_are_turned_down_and_one_not_measured_yet_is_taken_for_a_typical_one(
    tab: Tab, fill: Any, workspace: Workspace
) -> None:
    ids = fill(5)
    for track_id, loudness in zip(ids, (-8.0, -12.0, -30.0, None), strict=False):
        workspace.outlines.put(track_id, outline(loudness), 1)
    gains = {card["id"]: card["gain"] for card in tab.sync()["queue"]}
    assert [gains[i] for i in ids] == [0.316, 0.501, 1.0, 0.501, 0.501]
    assert tab.reply["matched"] is True
    workspace.settings.set(MATCH, False)
    assert {card["gain"] for card in tab.sync()["queue"]} == {1.0} and tab.reply["matched"] is False


def test_where_no_loudness_is_known_tracks_play_as_they_are(tab: Tab, fill: Any) -> None:
    fill(5)
    assert {card["gain"] for card in tab.sync()["queue"]} == {1.0}


@pytest.mark.parametrize("loudness", [-70.0, -23.0, -18.0, -14.0, -5.0, 0.0])
@pytest.mark.parametrize("peak", [0.0, 0.5, 1.0, 1.6])
def test_a_matched_track_is_never_louder_than_the_reference_nor_clipped(loudness: float, peak: float) -> None:
    volume = gain(loudness, peak)
    assert 0 < volume <= 1 and volume * peak <= 1.001
    assert volume == 1 or peak > 1 or loudness + 20 * np.log10(volume) == pytest.approx(-18, abs=0.05)


def wait_for_next_ranking(learner: Learner, target: str = "rating") -> None:
    """Let the learner rank once more and wait until it has."""
    before = learner.ranked(target)
    learner.wake(target)
    deadline = time.monotonic() + 30
    while learner.ranked(target) is before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert learner.ranked(target) is not before


# -- the server goes away ---------------------------------------------------------------------------


def test_a_restart_keeps_the_track_on_screen_the_unsent_answer_and_what_comes_next(
    tab: Tab, fill: Any, workspace: Workspace, restart: Callable[[], Desk]
) -> None:
    fill(20)
    tab.sync()
    shown, promised = tab.queue[:2]
    event = tab.event("label", track=shown, target="rating", value="semi")
    tab.showing = promised  # the player moved on; the server was gone
    tab.desk = restart()
    tab.sync(event)
    tab.desk = restart()
    tab.sync(event)
    assert rows(workspace) == [(shown, "semi")]
    assert tab.showing == promised and tab.queue[0] == promised


def test_closing_the_browser_loses_nothing_that_waited(tab: Tab, fill: Any, restart: Callable[[], Desk]) -> None:
    fill(20)
    tab.sync()
    other = Tab(restart(), "another day")
    other.sync()
    assert other.queue == tab.queue


# -- several tabs -----------------------------------------------------------------------------------


def test_two_tabs_never_hold_the_same_track(desk: Desk, fill: Any, workspace: Workspace) -> None:
    ids = fill(30)
    one, two = Tab(desk, "one"), Tab(desk, "two")
    for number in range(12):
        for tab in (one, two):
            tab.sync()
            assert not set(one.queue) & set(two.queue) if two.reply else True
            if number:
                tab.answer("liked")
    answered = [track for track, _ in rows(workspace)]
    assert len(answered) == len(set(answered)) == 22
    assert set(answered) <= set(ids)


def test_a_tab_that_shows_what_another_holds_gets_something_else(desk: Desk, fill: Any) -> None:
    fill(30)
    one, two = Tab(desk, "one"), Tab(desk, "two")
    one.sync()
    two.showing = one.showing  # a tab that was duplicated
    two.sync()
    assert len(two.queue) == AHEAD and not set(one.queue) & set(two.queue)


def test_the_tracks_of_a_dead_tab_are_handed_out_after_a_while(
    desk: Desk, fill: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(AHEAD)
    one, two = Tab(desk, "one"), Tab(desk, "two")
    one.sync()
    two.sync()
    assert len(one.queue) == AHEAD and two.queue == []
    monkeypatch.setattr(desks, "TAB_LIFE", 0.0)
    two.sync()
    assert sorted(two.queue) == sorted(one.queue)


def test_the_tracks_of_a_closed_tab_are_free_at_once(desk: Desk, fill: Any) -> None:
    fill(AHEAD)
    one, two = Tab(desk, "one"), Tab(desk, "two")
    one.sync()
    desk.leave("one")
    two.sync()
    assert two.queue == one.queue


# -- taking back ------------------------------------------------------------------------------------


def test_undo_brings_the_track_back_first_with_the_earlier_answer_marked(
    tab: Tab, fill: Any, workspace: Workspace
) -> None:
    fill(20)
    tab.sync()
    a = tab.showing
    tab.answer("liked")
    b = tab.showing
    tab.answer("disliked")
    c = tab.showing
    tab.sync(tab.event("undo"))
    assert tab.queue[:2] == [b, c]
    assert tab.reply["queue"][0]["earlier"] == {"rating": "disliked"}
    assert tab.reply["queue"][0]["labels"] == {}
    tab.sync(tab.event("undo"))
    assert tab.queue[:2] == [a, b]
    assert tab.reply["queue"][0]["earlier"] == {"rating": "liked"}
    assert rows(workspace) == []
    tab.answer("semi")
    assert tab.showing == b


def test_all_tracks_taken_back_return_even_when_the_ranking_changes_between(
    tab: Tab, fill: Any, learner: Learner
) -> None:
    fill(30)
    tab.sync()
    given = []
    for _ in range(4):
        given.append(tab.showing)
        tab.answer("liked")
    for _ in range(4):
        tab.sync(tab.event("undo"))
        wait_for_next_ranking(learner)
        tab.sync()
    assert tab.queue[:4] == given


def test_tracks_taken_back_wait_first_after_a_restart_too(
    tab: Tab, fill: Any, restart: Callable[[], Desk], workspace: Workspace
) -> None:
    fill(30)
    tab.sync()
    given = []
    for _ in range(4):
        given.append(tab.showing)
        tab.answer("liked")
    tab.sync(*[tab.event("undo") for _ in range(4)])
    other = Tab(restart(), "another day")
    other.sync()
    wait_for_next_ranking(other.desk._learner)
    other.sync()
    assert other.queue[:4] == given


def test_an_undo_sent_twice_takes_one_answer_back(tab: Tab, fill: Any, workspace: Workspace) -> None:
    fill(20)
    tab.sync()
    a = tab.showing
    tab.answer("liked")
    b = tab.showing
    tab.answer("semi")
    event = tab.event("undo")
    tab.sync(event)
    tab.sync(event)
    assert tab.showing == b and rows(workspace) == [(a, "liked")]


def test_an_answer_and_its_undo_sent_again_together_stay_undone(tab: Tab, fill: Any, workspace: Workspace) -> None:
    fill(20)
    tab.sync()
    shown = tab.showing
    answer, undo = tab.event("label", track=shown, target="rating", value="liked"), tab.event("undo")
    tab.sync(answer, undo)
    tab.sync(answer, undo)
    assert rows(workspace) == [] and tab.showing == shown


def test_undo_of_another_target_turns_back_to_it(tab: Tab, fill: Any) -> None:
    fill(20)
    tab.sync()
    rated = tab.showing
    tab.answer("liked")
    tab.sync(tab.event("target", value="genre"))
    tab.sync(tab.event("undo"))
    assert tab.reply["target"] == "rating" and tab.showing == rated


def test_with_nothing_to_take_back_the_track_stays(tab: Tab, fill: Any) -> None:
    fill(10)
    tab.sync()
    before = tab.queue[:2]
    reply = tab.sync(tab.event("undo"))
    assert reply["acked"] == ["one-1"] and tab.queue[:2] == before


# -- another target ---------------------------------------------------------------------------------


def test_asking_for_genres_instead_is_remembered(tab: Tab, fill: Any, restart: Callable[[], Desk]) -> None:
    fill(20)
    tab.sync()
    reply = tab.sync(tab.event("target", value="genre"))
    assert reply["target"] == "genre" and len(tab.queue) == AHEAD
    shown = tab.showing
    reply = tab.answer("folk", "genre")
    assert reply["counts"] == {"genre": 1} and tab.showing != shown
    tab.desk = restart()
    assert tab.sync()["target"] == "genre"


# -- refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({"type": "label", "track": 999, "target": "rating", "value": "liked"}, "No track has the number 999"),
        ({"type": "label", "track": 1, "target": "rating", "value": "great"}, "'great' is not a rating"),
        ({"type": "label", "track": 1, "target": "rating"}, "could not be read"),
        ({"type": "label", "track": "x", "target": "rating", "value": "liked"}, "could not be read"),
        ({"type": "label", "track": 10**30, "target": "rating", "value": "liked"}, "could not be read"),
        ({"type": "skip", "track": 1, "target": "taste"}, "no target 'taste'"),
        ({"type": "skip", "track": 1, "target": "rating", "kind": "later"}, "'later' is no way of"),
        ({"type": "target", "value": "taste"}, "no target 'taste'"),
        ({"type": "dance"}, "could not be read"),
        ({}, "could not be read"),
    ],
)
def test_an_event_that_cannot_be_kept_is_refused_with_a_sentence_and_does_not_hold_up_the_next(
    tab: Tab, fill: Any, workspace: Workspace, event: dict[str, Any], why: str
) -> None:
    fill(10)
    tab.sync()
    shown = tab.showing
    good = tab.event("label", track=shown, target="rating", value="liked")
    reply = tab.desk.sync({"tab": "one", "events": [{"id": "bad", **event}, good], "showing": shown})
    assert reply["acked"] == [good["id"]]
    assert why in reply["refused"]["bad"]
    assert rows(workspace) == [(shown, "liked")]


def test_an_empty_message_is_answered(desk: Desk, fill: Any) -> None:
    fill(3)
    assert len(desk.sync({})["queue"]) == 3


def test_a_track_on_screen_that_is_gone_is_replaced(tab: Tab, fill: Any) -> None:
    fill(10)
    tab.sync()
    reply = tab.desk.sync({"tab": "one", "events": [], "showing": 999})
    assert [card["id"] for card in reply["queue"]][:2] == tab.queue[:2]


# -- put aside --------------------------------------------------------------------------------------


def test_a_track_put_aside_comes_back_only_when_nothing_else_is_left(tab: Tab, fill: Any, workspace: Workspace) -> None:
    ids = fill(8)
    tab.sync()
    aside = tab.showing
    tab.sync(tab.event("skip", track=aside, target="rating", kind="not now"))
    for _ in range(7):
        assert tab.showing != aside
        tab.answer("liked")
    assert tab.showing == aside and tab.queue == [aside]
    tab.answer("semi")
    assert sorted(track for track, value in rows(workspace) if value != "not now") == ids
    assert tab.queue == []


def test_a_track_that_an_import_labelled_is_asked_no_more(tab: Tab, fill: Any, workspace: Workspace) -> None:
    fill(3)
    tab.sync()
    labelled = tab.showing
    workspace.labels.add([Label("from a table", labelled, "rating", "liked", source="csv")])
    tab.sync()
    assert labelled not in tab.queue and len(tab.queue) == 2


def test_a_track_never_wanted_does_not_come_back(tab: Tab, fill: Any) -> None:
    fill(3)
    tab.sync()
    never = tab.showing
    tab.sync(tab.event("skip", track=never, target="rating", kind="never"))
    tab.answer("liked")
    tab.answer("liked")
    assert tab.queue == [] and "answered everything" in tab.reply["notice"]


# -- nothing to show --------------------------------------------------------------------------------


def test_an_empty_library_says_so(tab: Tab) -> None:
    assert tab.sync()["notice"] == "There is no music here yet."


def test_while_nothing_is_analysed_the_progress_is_said(tab: Tab, fill: Any, rate: Any, workspace: Workspace) -> None:
    first, *_ = fill(3, state="new")
    workspace.jobs.add("analyze", "analysis")
    assert tab.sync()["notice"].startswith("Listening to your first tracks: 0 of 3.")
    rate({first: "liked"})  # of an imported library, say
    assert tab.sync()["notice"].startswith("Listening to your first tracks: 0 of 3.")


def test_tracks_nobody_listens_to_are_said_with_the_way_to_start(tab: Tab, fill: Any, workspace: Workspace) -> None:
    fill(2, state="new")
    assert tab.sync()["notice"] == "2 tracks wait to be listened to. Start that on the Library page."
    job = workspace.jobs.add("analyze", "analysis")
    workspace.jobs.finish(job, "paused")
    assert tab.sync()["notice"] == "2 tracks wait to be listened to. That is paused: press Go on."


def test_who_is_faster_than_the_analysis_is_told(tab: Tab, fill: Any, workspace: Workspace) -> None:
    fill(1)
    fill(2, state="new")
    workspace.jobs.add("analyze", "analysis")
    tab.sync()
    assert tab.answer("liked")["notice"].startswith("You are faster than the analysis: 1 of 3")
    fill(1)
    assert len(tab.sync()["queue"]) == 1


def test_a_library_nobody_can_read_says_where_to_look(tab: Tab, fill: Any, workspace: Workspace) -> None:
    for track_id in fill(2, state="new"):
        workspace.tracks.mark(track_id, "unreadable", "the file is empty")
    assert tab.sync()["notice"] == "None of your 2 files could be read. The Library page says why."


# -- names in addresses -----------------------------------------------------------------------------


def test_a_token_leads_back_to_its_track_and_stays_the_same_after_a_restart(workspace: Workspace) -> None:
    tokens = [Signer(workspace).token(i) for i in range(1, 200)]
    assert len(set(tokens)) == 199
    assert [Signer(Workspace(workspace.home)).track_id(token) for token in tokens] == list(range(1, 200))


def test_a_token_of_another_home_or_a_forged_one_is_refused(workspace: Workspace, tmp_path: Any) -> None:
    signer = Signer(workspace)
    raw = bytearray(base64.urlsafe_b64decode(signer.token(1) + "=="))
    raw[5] = 2  # the next track, with the first one's signature
    forged = base64.urlsafe_b64encode(raw).decode()
    for token in (forged, Signer(Workspace(tmp_path / "other")).token(1), "", "1", "ä", signer.token(1)[:-2], "A" * 24):
        with pytest.raises(UnknownTrackError, match="belongs to no track"):
            signer.track_id(token)


def test_answers_are_tied_to_the_question(tab: Tab, fill: Any, workspace: Workspace) -> None:
    fill(10)
    tab.sync()
    shown, question = tab.showing, workspace.questions.get(tab.showing or 0, "rating")
    assert isinstance(question, Question)
    tab.answer("liked")
    assert workspace.labels.current("rating")[shown or 0].reason == question.reason
    assert labeling.history(workspace)[0]["track"] == shown


# -- more than one target, chosen tracks, hidden guesses ----------------------------------------------


def test_several_targets_in_one_go_keep_the_track_until_each_has_an_answer(
    tab: Tab, fill: Any, workspace: Workspace
) -> None:
    fill(12)
    tab.sync(tab.event("asks", value=["rating", "genre"]))
    assert tab.reply["asks"] == ["rating", "genre"] and tab.reply["target"] == "rating"
    first, second = tab.queue[:2]
    tab.answer("liked")
    assert tab.showing == first and tab.reply["queue"][0]["labels"] == {"rating": "liked"}
    tab.answer("semi")
    assert tab.showing == first, "an answer may be changed before the track goes"
    tab.answer("jazz", "genre")
    assert tab.showing == second and first not in tab.queue
    assert {name: label.value for name, label in workspace.labels.of_track(first).items()} == {
        "rating": "semi",
        "genre": "jazz",
    }


def test_what_is_still_open_of_a_track_can_be_left(tab: Tab, fill: Any, workspace: Workspace) -> None:
    fill(12)
    tab.sync(tab.event("asks", value=["rating", "genre"]))
    first = tab.showing
    tab.answer("liked")
    tab.sync(tab.event("leave", track=first))
    assert tab.showing != first and "genre" not in workspace.labels.of_track(first)


def test_a_chosen_track_comes_at_once_and_the_line_waits_behind_it(tab: Tab, fill: Any, workspace: Workspace) -> None:
    ids = fill(30)
    tab.sync()
    line = tab.queue
    chosen = next(i for i in ids if i not in line)
    labeling.answer(workspace, chosen, "rating", "semi")
    tab.showing = None
    reply = tab.sync(tab.event("play", track=chosen))
    assert tab.queue[:3] == [chosen, *line[:2]]
    card = reply["queue"][0]
    assert card["chosen"] and card["labels"] == {"rating": "semi"} and card["reason"] == "You chose this one."
    tab.showing = chosen
    tab.answer("liked")
    assert tab.queue[:2] == line[:2] and workspace.labels.current("rating")[chosen].value == "liked"
    tab.sync(tab.event("play", track=chosen))
    tab.sync(tab.event("leave", track=chosen))
    assert tab.queue[0] == line[0]


def test_a_track_without_a_file_cannot_be_put_on_the_screen(tab: Tab, fill: Any, workspace: Workspace) -> None:
    from core.records import LibraryRow, Tags

    fill(6)
    [cloud], _ = workspace.tracks.take_library([(None, LibraryRow(Tags(title="Away"), "cloud-only"))])
    reply = tab.sync(tab.event("play", track=cloud))
    assert list(reply["refused"].values()) == ["Away has no file here that can be played."]


def test_a_hidden_guess_is_nowhere_on_the_card_and_the_outcome_comes_after_the_answer(
    tab: Tab, fill: Any, rate: Any, workspace: Workspace, learner: Learner
) -> None:
    ids = fill(30)
    rate({ids[i]: "liked" if i % 3 == 0 else "disliked" for i in range(12)})
    learner.wake()
    wait_for_next_ranking(learner)
    guess = {"liked": 0.9, "disliked": 0.1}
    workspace.questions.ask([Question(ids[20], "rating", "Listen.", guess, asked="audit", guess_hidden=True)])
    tab.sync()
    card = tab.reply["queue"][0]
    assert card["id"] == ids[20] and card["hidden"] and "rating" not in card["guesses"] and card["asked"] == "listen"
    tab.answer("disliked")
    [last, *_] = tab.reply["last"]
    assert last["check"] == {
        "guessed": "liked",
        "right": False,
        "sentence": "I had guessed liked. Wrong this time.",
    }
    assert workspace.labels.current("rating")[ids[20]].guess_hidden


def test_a_track_asked_again_blindly_does_not_show_the_answer_it_has(
    tab: Tab, fill: Any, rate: Any, workspace: Workspace
) -> None:
    ids = fill(12)
    rate({ids[3]: "liked"})
    workspace.questions.ask([Question(ids[3], "rating", "Listen.", asked="repeat", guess_hidden=True)])
    tab.sync()
    card = tab.reply["queue"][0]
    assert card["id"] == ids[3] and card["labels"] == {} and card["asked"] == "listen"
    tab.answer("semi")
    assert workspace.labels.repeats("rating") == [("liked", "semi")] and ids[3] not in tab.queue


def test_the_blind_desk_hands_out_no_guesses(tab: Tab, fill: Any, rate: Any, learner: Learner) -> None:
    ids = fill(30)
    rate({ids[i]: "liked" if i % 3 == 0 else "disliked" for i in range(12)})
    learner.wake()
    wait_for_next_ranking(learner)
    tab.sync()
    shown = [card for card in tab.reply["queue"] if not card["hidden"]]
    assert shown and all("rating" in card["guesses"] for card in shown)
    tab.sync(tab.event("mode", blind=True))
    assert tab.reply["mode"] == {"blind": True, "only": False}
    assert all(card["guesses"] == {} for card in tab.reply["queue"])


def test_the_desk_names_every_target_with_its_answers(tab: Tab, fill: Any, workspace: Workspace) -> None:
    from services import targets

    fill(6)
    targets.add(workspace, "workout", ["no", "yes"])
    tab.sync(tab.event("asks", value=["workout"]))
    named = {target["name"]: target for target in tab.reply["targets"]}
    assert list(named) == ["rating", "genre", "mood", "workout"]
    assert named["rating"]["classes"] == ["disliked", "semi", "liked"] and named["genre"]["classes"] is None
    tab.answer("yes", "workout")
    assert tab.reply["counts"] == {"workout": 1} and workspace.labels.counts() == {"workout": {"yes": 1}}


def test_a_check_that_is_put_on_the_screen_by_hand_is_no_check_any_more(
    tab: Tab, fill: Any, workspace: Workspace
) -> None:
    ids = fill(12)
    guess = {"liked": 0.9, "disliked": 0.1}
    workspace.questions.ask([Question(ids[5], "rating", "Listen.", guess, asked="audit", guess_hidden=True)])
    tab.sync()
    tab.sync(tab.event("play", track=ids[5]))
    tab.showing = ids[5]
    tab.answer("liked")
    label = workspace.labels.current("rating")[ids[5]]
    assert label.asked is None and workspace.questions.get(ids[5], "rating") is None


def test_an_answer_asked_again_is_open_until_it_is_given_and_what_was_said_stands_beside(
    tab: Tab, fill: Any, rate: Any, workspace: Workspace
) -> None:
    ids = fill(12)
    rate({ids[3]: "liked"})
    workspace.questions.ask([Question(ids[3], "rating", "Still true?", {"semi": 1.0}, asked="doubt")])
    tab.sync(tab.event("asks", value=["rating", "genre"]))
    card = tab.reply["queue"][0]
    assert card["id"] == ids[3] and card["labels"] == {} and card["earlier"] == {"rating": "liked"}
    assert "rating" not in card["guesses"], "the sentence says it"
    tab.answer("jazz", "genre")
    assert tab.showing == ids[3], "the rating is still asked"
    tab.answer("semi")
    assert tab.showing != ids[3]


def test_a_question_that_an_import_answered_is_closed(tab: Tab, fill: Any, workspace: Workspace) -> None:
    fill(12)
    tab.sync()
    gone = tab.queue[-1]
    workspace.labels.add([Label("c", gone, "rating", "liked", "csv")])
    tab.sync()
    assert gone not in tab.queue and workspace.questions.get(gone, "rating") is None


def test_special_questions_take_no_more_of_the_line_than_they_should(
    tab: Tab, fill: Any, workspace: Workspace, learner: Learner
) -> None:
    ids = fill(240)
    workspace.labels.add([Label(f"s{i}", i, "rating", "liked", "itunes") for i in ids[200:]])
    kind = {track_id: number % 3 for number, track_id in enumerate(ids)}
    tab.sync()
    for number in range(120):
        if number % 6 == 5:
            wait_for_next_ranking(learner)
        assert tab.showing is not None
        tab.answer("liked" if kind[tab.showing] == 0 else "disliked")
    asked = workspace.labels.count_asked("rating")
    assert 9 <= asked["audit"] <= 13 and asked.get("stars", 0) <= 8 and asked.get("repeat", 0) <= 4


def test_in_one_go_a_check_is_one_for_every_target(tab: Tab, fill: Any, workspace: Workspace, learner: Learner) -> None:
    ids = fill(60)
    kind = {track_id: number % 3 for number, track_id in enumerate(ids)}
    tab.sync(tab.event("asks", value=["rating", "genre"]))
    for number in range(34):
        if number % 5 == 4:
            wait_for_next_ranking(learner)
            wait_for_next_ranking(learner, "genre")
            learner.wake("rating")
        showing = tab.showing
        tab.answer(("jazz", "rock", "pop")[kind[showing]], "genre")
        tab.answer(("liked", "semi", "disliked")[kind[showing]])
        assert tab.showing != showing
    assert workspace.labels.count_asked("genre").get("audit", 0) >= 2
