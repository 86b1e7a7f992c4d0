"""The questions Earmark can learn to answer, and what an answer may be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import EarmarkError
from core.vocabulary import MOOD_TAGS

Kind = Literal["ordered", "nominal"]

# Below these a trained model cannot be measured, so Retrain says what is missing instead.
MIN_LABELS = 8
MIN_PER_CLASS = 2
MIN_GROUPS = 3  # artists: one to test on must leave two to learn from

MOST_CLASSES = 9  # of the person's own targets: each has a key
LONGEST = 30  # letters of a name: it must fit on a button
NAME = re.compile(r"[^\W_][\w '&/+-]*")


@dataclass(frozen=True)
class Target:
    """Something about a track that a person can answer and a model can learn."""

    name: str
    kind: Kind
    classes: tuple[str, ...] | None  # in their order; None: whatever the person writes
    question: str
    noun: str  # what one answer is called: "rating"
    own: bool = False  # made by the person


TARGETS: dict[str, Target] = {
    "rating": Target("rating", "ordered", ("disliked", "semi", "liked"), "How do you like this?", "rating"),
    "genre": Target("genre", "nominal", None, "What genre is this?", "genre label"),
    "mood": Target("mood", "nominal", tuple(MOOD_TAGS), "What mood is this?", "mood label"),
}
UNCHANGED = ("rating", "genre")  # their classes are not for the person to change

ALIASES: dict[str, str] = {
    "like": "liked",
    "love": "liked",
    "dislike": "disliked",
    "semi-liked": "semi",
    "semi liked": "semi",
    "semi_liked": "semi",
}


def get(name: str) -> Target:
    """Return the target of that name among those that ship.

    Raises
    ------
    EarmarkError
        There is none; the message names those there are.
    """
    try:
        return TARGETS[name]
    except KeyError:
        raise EarmarkError(f"There is no target {name!r}. Choose one of: {', '.join(TARGETS)}.") from None


def make(name: str, classes: Sequence[str], *, ordered: bool = False, question: str | None = None) -> Target:
    """Return a person's own target.

    Parameters
    ----------
    name : str
    classes : sequence of str
        Two to nine answers; of an ordered target the lowest first.
    ordered : bool
        True: the answers lie on one line, as ratings do.
    question : str, optional

    Raises
    ------
    EarmarkError
        The name or the answers will not do; the message says why.

    >>> make("Workout", ["no", "yes"]).question
    'Which workout is this?'
    """
    name = " ".join(name.split()).casefold()
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise EarmarkError(f"{name!r} is no name for a target. Write one of at most {LONGEST} letters, like: workout.")
    if name in UNCHANGED:
        raise EarmarkError(f"The answers of {name} cannot be changed. Choose another name.")
    answers = tuple(dict.fromkeys(" ".join(str(one).split()) for one in classes if str(one).strip()))
    if len({one.casefold() for one in answers}) != len(answers) or not 2 <= len(answers) <= MOST_CLASSES:
        raise EarmarkError(f"Give {name} 2 to {MOST_CLASSES} different answers.")
    if (long := next((one for one in answers if len(one) > LONGEST), None)) is not None:
        raise EarmarkError(f"{long!r} is too long for a button. Use at most {LONGEST} letters.")
    known = TARGETS.get(name)
    asks = question or (known.question if known else f"Which {name} is this?")
    noun = known.noun if known else f"{name} answer"
    return Target(name, "ordered" if ordered else "nominal", answers, asks, noun, own=known is None)


def check_value(target: Target | str, value: str) -> str:
    """Return an answer in the one spelling that is stored.

    >>> check_value("rating", " Like ")
    'liked'
    >>> check_value("genre", "  Trip  Hop ")
    'Trip Hop'

    Raises
    ------
    EarmarkError
        The target has no such answer; the message names the allowed ones.
    """
    target = get(target) if isinstance(target, str) else target
    text = " ".join(str(value).split())
    if target.classes is None:
        if not text:
            raise EarmarkError(f"A {target.name} cannot be empty. Write its name, for example: rock.")
        return text
    spelt = {name.casefold(): name for name in target.classes}
    wanted = ALIASES.get(text.casefold(), text.casefold()) if target.name == "rating" else text.casefold()
    if wanted not in spelt:
        raise EarmarkError(f"{value!r} is not a {target.name}. Choose one of: {', '.join(target.classes)}.")
    return spelt[wanted]


def quick_ready(values: Sequence[str]) -> bool:
    """Say whether the quick models can learn: from the first two different answers on."""
    return len(set(values)) >= 2


def missing_labels(target: Target | str, values: Sequence[str], groups: Sequence[str] | None = None) -> str | None:
    """Say what is missing before a model can be trained and measured.

    Parameters
    ----------
    target : Target or str
    values : sequence of str
        The answers so far, one per track.
    groups : sequence of str, optional
        The artist (else album, else track) of each answer, as `models.groups` names them.

    Returns
    -------
    str or None
        The end of "Still needed: ..."; None when nothing is missing.

    >>> missing_labels("rating", ["semi", "semi"])
    '6 more ratings, at least 2 liked and 2 disliked'
    """
    target = get(target) if isinstance(target, str) else target
    counts = Counter(values)
    least, condition = _missing_ends(target, counts) if target.kind == "ordered" else _missing_classes(target, counts)
    artists = max(0, MIN_GROUPS - len(set(groups))) if groups is not None else 0
    more = max(MIN_LABELS - len(values), least, artists)
    if more <= 0:
        return None
    parts = [f"{more} more {target.noun}{'s' if more > 1 else ''}"]
    if condition:
        parts.append(condition)
    if artists:
        parts.append(f"from at least {artists} more artist{'s' if artists > 1 else ''}")
    return ", ".join(parts)


def _missing_ends(target: Target, counts: Counter[str]) -> tuple[int, str]:
    """Count the answers missing at both ends of an ordered target: the middle may stay empty."""
    assert target.classes is not None
    ends = (target.classes[-1], target.classes[0])
    short = {name: MIN_PER_CLASS - counts[name] for name in ends if counts[name] < MIN_PER_CLASS}
    words = " and ".join(f"{n} {name}" for name, n in short.items())
    return sum(short.values()), f"at least {words}" if words else ""


def _missing_classes(target: Target, counts: Counter[str]) -> tuple[int, str]:
    """Count the answers missing until two classes have two each."""
    two_largest = [n for _, n in counts.most_common(2)] + [0, 0]
    short = sum(max(0, MIN_PER_CLASS - n) for n in two_largest[:2])
    kinds = "answers" if target.own else f"{target.name}s"
    return short, f"so that at least 2 {kinds} have 2 tracks each" if short else ""
