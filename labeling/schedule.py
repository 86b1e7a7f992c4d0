"""Which questions are not ordinary ones: checks, repeats, doubts, stars, what was put aside; whose guess is hidden.

All of it follows from the number of the question and the track: nothing has to be kept, a restart changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from labeling.audit import due, keys

# Kind of question -> it is one of so many. In each ten there is one check, and few others beside it; most of the time
# there is nothing of their kind to ask.
SCHEDULE: Mapping[str, int] = {"audit": 10, "repeat": 40, "doubt": 20, "stars": 20, "aside": 20, "version": 40}
HIDDEN = ("audit", "repeat")  # a guess on the screen would lead the answer
REPEAT_AFTER = 30  # answers: an earlier one is still remembered, and remembering is not judging
# Of the ordinary cards: as many then hide the guess as there are checks and repeats, so a hidden guess tells nothing.
DECOYS = sum(1 / SCHEDULE[kind] for kind in HIDDEN) / (1 - sum(1 / every for every in SCHEDULE.values()))

_TEN = 10


def next_kind(answered: int, waiting: int, checks: int, *, target: str, seed: int) -> str | None:
    """Return the kind of the next question to choose: `special` by its number, with missed checks made up for.

    Parameters
    ----------
    answered, waiting, checks : int
        As for `labeling.audit.due`.
    target : str
    seed : int

    >>> next_kind(9, 0, 0, target="rating", seed=0)
    'audit'
    """
    number = answered + waiting
    if due(answered, waiting, checks):
        return "audit"
    kind = special(number, target=target, seed=seed)
    ahead = checks > number // SCHEDULE["audit"]
    return None if kind == "audit" and ahead else kind


def special(number: int, *, target: str, seed: int) -> str | None:
    """Return the kind of special question that a place in the line is meant for; None for an ordinary one.

    The place within each ten is drawn by lot, so that counting does not help. Where there is nothing of the kind to ask
    (no answer old enough, no doubt, no stars left), ask an ordinary question and owe nothing; checks alone are made up
    for, by `labeling.audit.due`.

    Parameters
    ----------
    number : int
        Questions answered or waiting before this one, 0 for the first.
    target : str
    seed : int
        Of this library.

    Returns
    -------
    str or None
        A key of SCHEDULE: the code that is stored as why the track was asked.
    """
    ten, place = divmod(number, _TEN)
    return dict(zip(_lot(_TEN, "place", ten, target, seed), _kinds(ten, target, seed), strict=False)).get(place)


def _kinds(ten: int, target: str, seed: int) -> list[str]:
    """Return the special questions of one ten: each kind falls into one of the tens it is spread over."""
    return [
        kind
        for kind, every in SCHEDULE.items()
        if _lot(every // _TEN, kind, ten * _TEN // every, target, seed)[0] == ten % (every // _TEN)
    ]


def _lot(n: int, *what: object) -> list[int]:
    """Return 0 ... n-1 in an order drawn by lot, the same one for the same words."""
    *words, seed = what
    return keys(range(n), target=" ".join(map(str, words)), seed=int(str(seed))).argsort().tolist()


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
