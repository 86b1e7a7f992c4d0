"""The questions that are not about learning: surprise checks, doubts, stars, repeats, what was put aside, versions."""

from __future__ import annotations

from typing import Any

import pytest

from core.records import FoundFile, Label, Question, Tags
from labeling.reasons import HIDDEN
from services import asking, checks, figures, labeling
from services.asking import LATER, Ranked, rank_now
from services.learning import FeatureCache
from services.workspace import Workspace


@pytest.fixture
def answered(workspace: Workspace, fill: Any) -> list[int]:
    """Fill a library of 60 tracks and answer every second one as asked: kind 0 is liked, the others are not."""
    ids = fill(60)
    for number in range(0, 60, 2):
        ask(workspace, ids[number], "liked" if number % 3 == 0 else "disliked")
    return ids


def ask(workspace: Workspace, track_id: int, value: str, asked: str = "cover", **more: Any) -> None:
    """Put a question and answer it."""
    workspace.questions.ask([Question(track_id, "rating", asked=asked, **more)])
    labeling.answer(workspace, track_id, "rating", value)


def ranked(workspace: Workspace, target: str = "rating") -> Ranked:
    """Rank as the learner does, doubts included."""
    analysed = FeatureCache(workspace).read()
    doubts = figures.doubts_among(workspace, target, analysed, workspace.labels.current(target))
    return rank_now(workspace, target, analysed, doubts=doubts)


def of_kind(workspace: Workspace, kind: str, *, taken: Any = ()) -> Question | None:
    """Return the question of a kind that would be put now."""
    labels = workspace.labels.current("rating")
    aside = asking.put_aside(workspace, "rating")
    now = checks.Situation(workspace, "rating", ranked(workspace), set(taken), aside, labels, figures.seed(workspace))
    return checks.CHOICES[kind](now)


# -- surprise checks --------------------------------------------------------------------------------


def test_one_question_in_ten_is_a_surprise_check(workspace: Workspace, answered: list[int]) -> None:
    now, line = ranked(workspace), []
    for _ in range(20):
        taken = {question.track_id for question in line}
        special = checks.special(workspace, "rating", now, taken, waiting=line)
        line.append(special or next(q for q in now.questions if q.track_id not in taken))
    assert sum(question.asked == "audit" for question in line) in (4, 5), "three that were owed, two of these twenty"


def test_a_surprise_check_keeps_its_guess_and_does_not_show_it(workspace: Workspace, answered: list[int]) -> None:
    question = of_kind(workspace, "audit")
    assert question is not None and question.track_id not in workspace.labels.labelled("rating")
    assert (
        question.guess_hidden
        and question.reason == HIDDEN
        and sum(question.proba.values()) == pytest.approx(1, abs=0.01)
    )


def test_no_check_is_made_without_a_guess_to_keep(workspace: Workspace, fill: Any) -> None:
    fill(12)
    assert of_kind(workspace, "audit") is None


def test_checks_are_counted_by_the_guess_kept_before_the_answer(workspace: Workspace, answered: list[int]) -> None:
    for number in range(16):
        question = of_kind(workspace, "audit")
        assert question is not None
        workspace.questions.ask([question])
        guess = max(question.proba, key=lambda name: question.proba[name])
        shown = {"liked": 1.0}  # what a browser may claim: nothing stood on the screen
        labeling.answer(workspace, question.track_id, "rating", guess if number % 4 else "semi", shown=shown)
        if number == 9:
            assert figures.audit(workspace, "rating").interval is None
    found = figures.audited(workspace, "rating")
    assert len(found) == 16 and sum(check.right for check in found) == 12
    labeling.undo(workspace)
    labeling.answer(workspace, found[-1].track, "rating", "semi")  # after the guess was seen
    assert figures.audited(workspace, "rating") == found


def test_a_track_known_from_an_import_is_not_checked(workspace: Workspace, answered: list[int]) -> None:
    question = of_kind(workspace, "audit")
    assert question is not None
    workspace.labels.add([Label("i", question.track_id, "rating", "liked", "itunes")])
    again = of_kind(workspace, "audit")
    assert again is not None and again.track_id != question.track_id


def test_as_many_ordinary_cards_hide_their_guess_as_there_are_checks(workspace: Workspace, fill: Any) -> None:
    ids = fill(400)
    cards = [checks.ordinary(Question(i, "rating", "why", {"liked": 1.0}), seed=5) for i in ids]
    hidden = [card for card in cards if card.guess_hidden]
    assert 0.08 < len(hidden) / 400 < 0.26 and {card.reason for card in hidden} == {HIDDEN}
    assert checks.ordinary(Question(hidden[0].track_id, "rating", "why"), seed=5).reason == "why", "nothing to hide"


# -- what was answered, asked again -----------------------------------------------------------------


def test_an_answer_all_the_others_contradict_is_offered_again_once(workspace: Workspace, fill: Any) -> None:
    ids = fill(60)
    for number, track_id in enumerate(ids[:48]):
        ask(workspace, track_id, "liked" if number % 3 == 0 else "disliked")
    ask(workspace, ids[48], "disliked")  # of the kind that is liked
    question = of_kind(workspace, "doubt")
    assert question is not None and question.track_id == ids[48]
    assert question.reason == "You said disliked; from your other answers I would have guessed liked. Still true?"
    workspace.questions.ask([question])
    labeling.answer(workspace, ids[48], "rating", "disliked")
    assert ids[48] not in {doubt["id"] for doubt in figures.doubts(workspace, "rating")}
    assert (again := of_kind(workspace, "doubt")) is None or again.track_id != ids[48]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("5 stars", "You gave it 5 stars in Apple Music. Still true?"),
        ("1 star", "You gave it 1 star in Apple Music. Still true?"),
        ("Loved or favourite", "You marked it as a favourite in Apple Music. Still true?"),
        (None, "Your Apple library says liked. Still true?"),
    ],
)
def test_stars_are_asked_about_as_long_as_there_are_any(
    workspace: Workspace, fill: Any, said: str | None, sentence: str
) -> None:
    ids = fill(6)
    workspace.labels.add([Label("s", ids[2], "rating", "liked", "itunes", said=said)])
    question = of_kind(workspace, "stars")
    assert question is not None and (question.track_id, question.reason) == (ids[2], sentence)
    workspace.questions.ask([question])
    labeling.answer(workspace, ids[2], "rating", "semi")
    assert of_kind(workspace, "stars") is None


def test_an_old_answer_comes_again_blindly_and_once(workspace: Workspace, fill: Any) -> None:
    ids = fill(60)
    for track_id in ids[:31]:
        ask(workspace, track_id, "liked")
    question = of_kind(workspace, "repeat")
    assert question is not None and question.track_id == ids[0] and question.guess_hidden and question.reason == HIDDEN
    workspace.questions.ask([question])
    labeling.answer(workspace, ids[0], "rating", "semi")
    assert workspace.labels.repeats("rating") == [("liked", "semi")]
    assert figures.consistency(workspace, "rating").same == 0
    for track_id in ids[31:40]:
        ask(workspace, track_id, "liked")
    assert (again := of_kind(workspace, "repeat")) is not None and again.track_id != ids[0]


# -- put aside, and other versions ------------------------------------------------------------------


def test_what_was_put_aside_comes_back_after_some_answers(workspace: Workspace, fill: Any) -> None:
    ids = fill(40)
    labeling.skip(workspace, ids[0])
    assert of_kind(workspace, "aside") is None
    for track_id in ids[1 : LATER["not now"] + 2]:
        ask(workspace, track_id, "liked")
    question = of_kind(workspace, "aside")
    assert question is not None and (question.track_id, question.reason) == (ids[0], "You put this aside today.")


def test_a_track_that_is_no_music_is_never_asked_about_again(workspace: Workspace, fill: Any) -> None:
    ids = fill(20)
    labeling.skip(workspace, ids[3], kind="never")
    for target in ("rating", "genre", "mood"):
        assert ids[3] not in {q.track_id for q in rank_now(workspace, target, FeatureCache(workspace).read()).questions}
        assert ids[3] in asking.put_aside(workspace, target, recent=False)
    labeling.undo(workspace)
    assert asking.put_aside(workspace, "rating") == set()


def test_another_version_of_an_answered_track_is_asked_only_as_a_check(workspace: Workspace, fill: Any) -> None:
    ids = fill(12)
    files = [
        FoundFile(f"/music/v{n}.mp3", n, 1.0, Tags(title=title, artist="Nina", duration=60.0))
        for n, title in enumerate(("Stars", "Stars (Live at Montreux)"))
    ]
    studio, live = workspace.tracks.add(files).added
    vectors = workspace.features.vectors("musicnn", ids[:2])
    for number, track_id in enumerate((studio, live)):
        workspace.tracks.mark_analysed(track_id, f"version {number}", duration=60.0, note=None)
        workspace.features.put(track_id, {"musicnn": vectors[ids[number]]}, {"musicnn": 1})
    assert {studio, live} <= {q.track_id for q in ranked(workspace).questions}
    ask(workspace, studio, "liked")
    assert live not in {q.track_id for q in ranked(workspace).questions}
    question = of_kind(workspace, "version")
    assert question is not None and question.track_id == live
    assert question.reason == "You liked a twin of this one (live version)."


def test_two_recordings_of_one_sound_are_versions_whatever_they_are_called(workspace: Workspace, fill: Any) -> None:
    import numpy as np

    from services.versions import twins

    ids = fill(9)
    sound = np.random.default_rng(0).normal(size=384)
    for track_id in (ids[0], ids[1]):
        workspace.features.put(track_id, {"signature": sound}, {"signature": 1})
    assert {i: twin.track_id for i, twin in twins(workspace, ids[1:], ids[:1]).items()} == {ids[1]: ids[0]}


def test_what_is_asked_again_and_put_aside_does_not_come_at_once(workspace: Workspace, fill: Any) -> None:
    ids = fill(6)
    workspace.labels.add([Label("s", ids[2], "rating", "liked", "itunes", said="5 stars")])
    assert of_kind(workspace, "stars") is not None
    labeling.skip(workspace, ids[2], kind="don't know")
    assert of_kind(workspace, "stars") is None


def test_taking_back_the_answer_to_a_doubt_asks_it_again(workspace: Workspace, fill: Any) -> None:
    ids = fill(6)
    labeling.answer(workspace, ids[0], "rating", "disliked")
    ask(workspace, ids[0], "liked", "stars")
    labeling.undo(workspace)
    [question] = workspace.questions.waiting("rating")
    assert (question.track_id, question.asked) == (ids[0], "stars")
    assert workspace.labels.current("rating")[ids[0]].value == "disliked"


def test_thousands_of_stars_without_a_file_hold_nothing_up(workspace: Workspace, fill: Any) -> None:
    import time

    fill(12)
    waiting = fill(3_000, state="new")
    workspace.labels.add([Label(f"s{i}", i, "rating", "liked", "itunes") for i in waiting])
    now = ranked(workspace)
    began = time.perf_counter()
    checks.special(workspace, "rating", now, set(), waiting=[Question(1, "rating", asked="cover")] * 25)
    assert of_kind(workspace, "stars") is None
    assert time.perf_counter() - began < 5, "it was 43 s with 20,000"


def test_genres_that_differ_in_spelling_are_one_answer(workspace: Workspace, fill: Any) -> None:
    ids = fill(4)
    workspace.questions.ask([Question(ids[0], "genre", proba={"hip-hop": 1.0}, asked="audit", guess_hidden=True)])
    labeling.answer(workspace, ids[0], "genre", "Hip Hop")
    labeling.answer(workspace, ids[1], "genre", "hip-hop")
    workspace.questions.ask([Question(ids[1], "genre", asked="repeat", guess_hidden=True)])
    labeling.answer(workspace, ids[1], "genre", "Hip Hop")
    assert figures.audit(workspace, "genre").right == 1 and figures.consistency(workspace, "genre").same == 1
