"""Which questions are not ordinary ones: checks, repeats, doubts, stars, what was put aside; whose guess is hidden.

All of it follows from the answers so far and the questions that wait: nothing else is kept, a restart changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labeling.audit import EVERY, keys

# Kind of question -> it is one of so many, as long as there is something of its kind to ask.
SCHEDULE: Mapping[str, int] = {"audit": EVERY, "repeat": 40, "doubt": 20, "stars": 20, "aside": 20, "version": 40}
AGAIN = ("doubt", "repeat", "stars")  # about tracks that have an answer
HIDDEN = ("audit", "repeat")  # a guess on the screen would lead the answer
REPEAT_AFTER = 30  # answers: an earlier one is still remembered, and remembering is not judging
LOOK_BACK = max(SCHEDULE.values()) * 3 // 2  # answers that say when a kind was asked last
CLOSEST = 3  # questions from one check to the next at least, also when some are owed
# Of the ordinary cards: as many then hide the guess as there are checks and repeats, so a hidden guess tells nothing.
DECOYS = sum(1 / SCHEDULE[kind] for kind in HIDDEN) / (1 - sum(1 / every for every in SCHEDULE.values()))


def due(
    answered: int, recent: Sequence[str], waiting: Sequence[str], checks: int, *, target: str, seed: int
) -> list[str]:
    """Return the kinds of special question whose turn it is, the most important first; empty for an ordinary one.

    Checks keep count: each ten holds one, at a place drawn by lot, and a missed one is made up for. The others come so
    many questions after the last of their kind, a quarter sooner or later by lot; where there is nothing of the kind to
    ask they wait, and owe nothing.

    Parameters
    ----------
    answered : int
        Questions answered so far, special ones among them; not what was imported or corrected unasked.
    recent : sequence of str
        Why the newest of them were asked, the newest first; LOOK_BACK are enough.
    waiting : sequence of str
        Why those that wait were asked.
    checks : int
        Checks answered or waiting.
    target : str
    seed : int
        Of this library.

    Returns
    -------
    list of str
        Keys of SCHEDULE: the code that is stored as why the track was asked.
    """
    number = answered + len(waiting)
    kinds = []
    if number >= _place(checks, target, seed) and _ago("audit", recent, waiting, number) >= CLOSEST:
        kinds.append("audit")
    for kind, every in SCHEDULE.items():
        if kind == "audit" or kind in waiting:
            continue
        ago = _ago(kind, recent, waiting, number)
        if ago >= every + _sooner_or_later(every, kind, number - ago, target, seed):
            kinds.append(kind)
    return kinds


def _ago(kind: str, recent: Sequence[str], waiting: Sequence[str], number: int) -> int:
    """Return how many questions came since the last one of a kind; all of them where there was none."""
    line = [*reversed(waiting), *recent]
    return line.index(kind) if kind in line else number


def _place(checks: int, target: str, seed: int) -> int:
    """Return the number of the question that is to be the next check."""
    every = SCHEDULE["audit"]
    return every * checks + int(every * _lot("place", checks, target, seed))


def _sooner_or_later(every: int, kind: str, last: int, target: str, seed: int) -> int:
    return round(every * (_lot(kind, last, target, seed) - 0.5) / 2)


def _lot(word: str, number: int, target: str, seed: int) -> float:
    return float(keys([number], target=f"{word} {target}", seed=seed)[0])


def decoy(track_id: int, *, target: str, seed: int) -> bool:
    """Say whether an ordinary card hides its guess, so that a hidden guess does not mean a check."""
    return bool(keys([track_id], target=f"decoy {target}", seed=seed)[0] < DECOYS)


def may_repeat(answers_since: int) -> bool:
    """Say whether an answer is old enough to be asked again blindly.

    Parameters
    ----------
    answers_since : int
        Answers given after it.
    """
    return answers_since >= REPEAT_AFTER
