"""Why a track is asked about, in one sentence made of the real reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

CLOSE = 0.2  # two probabilities nearer than this are "either way"
HIDDEN = "Listen first: I keep my guess to myself this time."
FIRST = "A first sample of your library."
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Facts:
    """What a sentence may be made of; what is not known is left out of it."""

    target: str = "rating"
    proba: Mapping[str, float] = field(default_factory=dict)
    neighbours: Mapping[str, float] = field(default_factory=dict)  # the other model's
    like: int | None = None  # tracks this one speaks for
    part: str | None = None  # what its part of the library sounds like: "ambient"
    said: str | None = None  # what a library said of it: "5 stars", "Loved or favourite"
    value: str | None = None  # the answer that stands, of this track or of its twin
    guess: str | None = None
    source: str = "person"  # who gave the answer that stands
    twin: str | None = None  # what its twin is: "live version"
    day: str | None = None


def why(code: str, facts: Facts | None = None, **more: Any) -> str:
    """Say in one sentence why a track is asked about.

    Parameters
    ----------
    code : str
        A key of SENTENCES; of any other the sentence is a plain one.
    facts : Facts, optional
        Or its fields as keywords.

    >>> why("torn", proba={"disliked": 0.41, "semi": 0.11, "liked": 0.48})
    'Could go either way: liked 48 %, disliked 41 %.'
    >>> why("cover", part="ambient", like=410)
    "A first sample of a part of your library I don't know: ambient, 410 tracks."
    """
    write = SENTENCES.get(code)
    return "The next one in line." if write is None else write(facts or Facts(**more))


def _cover(facts: Facts) -> str:
    start = "A first sample of a part of your library I don't know"
    about = [facts.part] if facts.part else []
    about += [f"{counted(facts.like)}{'' if facts.part else ' like this'}"] if facts.like else []
    return f"{start}: {', '.join(about)}." if about else f"{start}."


def _torn(facts: Facts) -> str:
    """Name the two likeliest classes, and say "either way" only when they are close."""
    if len(facts.proba) < 2:
        return _far(facts)
    (one, p), (two, q) = sorted(facts.proba.items(), key=lambda pair: -pair[1])[:2]
    start = "Could go either way" if p - q <= CLOSE else "Among the guesses I am least sure of"
    return f"{start}: {one} {100 * p:.0f} %, {two} {100 * q:.0f} %."


def _disagree(facts: Facts) -> str:
    if not facts.proba or not facts.neighbours:
        return _torn(facts)
    one, two = (max(proba, key=lambda name: proba[name]) for proba in (facts.proba, facts.neighbours))
    sounds = "" if facts.target == "rating" else "sounds like "
    return _torn(facts) if one == two else f"Two of my models disagree: {sounds}{one} / {sounds}{two}."


def _settles(facts: Facts) -> str:
    if not facts.like or facts.like < 2:
        return _far(facts)
    return f"Your answer settles about {rounded(facts.like):,} similar tracks."


def _far(facts: Facts) -> str:
    return f"Far from anything {'you rated' if facts.target == 'rating' else f'whose {facts.target} you gave'} so far."


def _stars(facts: Facts) -> str:
    said = facts.said or ""
    if said.endswith(("star", "stars")):
        return f"You gave it {said} in Apple Music. Still true?"
    if said:
        words = {"Loved or favourite": "a favourite", "Disliked": "disliked"}.get(said, said)
        return f"You marked it as {words} in Apple Music. Still true?"
    return f"Your Apple library says {facts.value}. Still true?"


def _doubt(facts: Facts) -> str:
    if facts.source != "person":  # from tags, folders or a table
        return f"It is labelled {facts.value}; from your other answers I would have guessed {facts.guess}. Still true?"
    if facts.target == "rating":
        return f"You said {facts.value}; from your other answers I would have guessed {facts.guess}. Still true?"
    return f"You called it {facts.value}; it sounds like {facts.guess} to me. Still true?"


def _version(facts: Facts) -> str:
    twin = f" ({facts.twin})" if facts.twin else ""
    if facts.target == "rating" and facts.value in ("liked", "disliked"):
        return f"You {facts.value} a twin of this one{twin}."
    return f"You answered {facts.value} for a twin of this one{twin}." if facts.value else "A twin of one you answered."


def _aside(facts: Facts) -> str:
    return f"You put this aside {facts.day}." if facts.day else "You put this aside before."


SENTENCES: dict[str, Callable[[Facts], str]] = {
    "cover": _cover,
    "torn": _torn,
    "disagree": _disagree,
    "settles": _settles,
    "far": _far,
    "open": lambda _: "Of what is left, this one says most about the rest.",
    "lot": lambda _: "Drawn by lot.",
    "line": lambda _: FIRST,
    "stars": _stars,
    "doubt": _doubt,
    "version": _version,
    "aside": _aside,
    "chosen": lambda _: "You chose this one.",
    "taken back": lambda _: "You took your answer back.",
    # The line before these two is that of a card whose guess is hidden for no reason: nothing tells them apart.
    "audit": lambda _: HIDDEN,
    "repeat": lambda _: HIDDEN,
}


def rounded(number: int) -> int:
    """Return a number with two digits that mean something: it is an estimate.

    >>> rounded(7), rounded(64), rounded(679)
    (7, 64, 680)
    """
    return int(float(f"{number:.2g}"))


def counted(tracks: int) -> str:
    """Return a number of tracks in words."""
    return f"{tracks:,} track{'' if tracks == 1 else 's'}"


def day(moment: datetime, now: datetime) -> str:
    """Say on which day something was, as one would say it now.

    >>> day(datetime(2026, 11, 17), datetime(2026, 11, 20)), day(datetime(2026, 11, 20), datetime(2026, 11, 20))
    ('on Tuesday', 'today')
    """
    days = (now.date() - moment.date()).days
    if days < 2:
        return ("today", "yesterday")[max(0, days)]
    return f"on {DAYS[moment.weekday()]}" if days < 7 else f"on {moment.day} {moment:%B}"


def outcome(guess: str, right: bool) -> str:
    """Say after a surprise check how the guess fared.

    >>> outcome("liked", True), outcome("liked", False)
    ('I had guessed liked. Right.', 'I had guessed liked. Wrong this time.')
    """
    return f"I had guessed {guess}. {'Right.' if right else 'Wrong this time.'}"
