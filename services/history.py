"""Every answer and skip looked through, and many of them changed, taken back or asked again as one act."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from core.errors import EarmarkError
from core.records import ANALYSED_STATES, Label, Question
from data.labels import Line, Wanted
from labeling.reasons import Facts, day, why
from services import targets
from services.workspace import Workspace

PAGE = 100  # lines read at a time
ACT = "answers"  # the kind of every act here


def page(
    workspace: Workspace,
    *,
    target: str | None = None,
    value: str | None = None,
    kind: str | None = None,
    source: str | None = None,
    asked: str | None = None,
    state: str | None = None,
    text: str = "",
    offset: int = 0,
    limit: int | None = PAGE,
) -> dict[str, Any]:
    """Return a part of the history that fits, newest first.

    Parameters
    ----------
    target : str, optional
    value : str, optional
        An answer; of a skip "not now", "don't know" or "never".
    kind : str, optional
        label or skip.
    source : str, optional
        person, csv, itunes or dataset.
    asked : str, optional
        Why it was asked, as a code of `labeling.reasons`; "nobody" for what is no answer to a question.
    state : str, optional
        stands, replaced (by a later answer or a stronger source) or taken back.
    text : str
        Words that all are in title or artist.
    offset : int
        Lines left out before the first.
    limit : int, optional
        Lines at most; None for all.

    Returns
    -------
    dict
        rows: {event_id, kind, track_id, target, value, source, created_at, undone_at, title, artist, asked, reason,
        said, state}; total: how many fit.
    """
    about = None if target is None else targets.get(workspace, target).name
    wanted = Wanted(about, value, kind, source, asked, state, text)
    lines, total = workspace.labels.page(wanted, offset=offset, limit=limit)
    return {"rows": [asdict(line) for line in lines], "total": total}


def change(workspace: Workspace, event_ids: Iterable[str], value: str) -> dict[str, Any]:
    """Give the tracks of some answers to one target another answer, as one act; the answers there were stay.

    Returns
    -------
    dict
        {"act", "title", "tracks"}: the act's number and words, and how many tracks have another answer now.

    Raises
    ------
    EarmarkError
        They are not answers to one target, the target has no such answer, or all are answered so already.
    """
    lines = _lines(workspace, event_ids)
    asked = {line.target for line in lines}
    if len(asked) != 1 or any(line.kind == "skip" for line in lines):
        raise EarmarkError("Choose answers of one kind to change them together, for example only ratings.")
    target = asked.pop()
    value = targets.checked(workspace, target, value)
    now = workspace.labels.current(target)
    titles = {line.track_id: line.title for line in lines}
    others = [track_id for track_id in titles if track_id not in now or now[track_id].value != value]
    if not others:
        raise EarmarkError(
            f"Nothing to change: {'this is' if len(titles) == 1 else 'all of these are'} {value} already."
        )
    title = f"Changed the {target} of {_these([titles[i] for i in others], 'tracks')} to {value}"
    with workspace.acts.act(ACT, title) as act:
        workspace.labels.add(Label(str(uuid.uuid4()), track_id, target, value) for track_id in reversed(others))
    workspace.questions.close(others, target)
    return {"act": act, "title": title, "tracks": len(others)}


def take_back(workspace: Workspace, event_ids: Iterable[str]) -> dict[str, Any]:
    """Take back answers, whoever gave them, as one act; what was said before speaks again.

    Returns
    -------
    dict
        As `change`.

    Raises
    ------
    EarmarkError
        All of them were taken back before.
    """
    lines = [line for line in _lines(workspace, event_ids) if line.undone_at is None]
    if not lines:
        raise EarmarkError("Nothing to take back: that was done before.")
    title = f"Took back {_these([line.title for line in lines], 'answers', 'the answer for ')}"
    with workspace.acts.act(ACT, title) as act:
        workspace.labels.take_back(line.event_id for line in lines)
    return {"act": act, "title": title, "tracks": len({line.track_id for line in lines})}


def ask_again(workspace: Workspace, event_ids: Iterable[str]) -> dict[str, Any]:
    """Ask tracks that were put aside again, first in line, as one act; the one put aside first comes first.

    Returns
    -------
    dict
        As `change`.

    Raises
    ------
    EarmarkError
        None of them is put aside.
    """
    lines = [line for line in _lines(workspace, event_ids) if line.kind == "skip" and line.undone_at is None]
    if not lines:
        raise EarmarkError("Nothing to ask again: none of these is put aside.")
    title = f"Asked again: {_these(list({line.track_id: line.title for line in lines}.values()), 'tracks')}"
    with workspace.acts.act(ACT, title) as act:
        workspace.labels.take_back(line.event_id for line in lines)
    tracks = workspace.tracks.many({line.track_id for line in lines})
    ready = [i for i, track in tracks.items() if track.state in ANALYSED_STATES and track.path is not None]
    workspace.questions.ask([_question(line) for line in lines if line.track_id in ready], first=True)
    return {"act": act, "title": title, "tracks": len(tracks)}


def _question(line: Line) -> Question:
    when = day(datetime.fromisoformat(line.created_at).astimezone(), datetime.now().astimezone())
    sentence = why("aside", Facts(line.target, day=when))
    return Question(line.track_id, line.target, sentence, strategy="by hand", asked="aside")


def _lines(workspace: Workspace, event_ids: Iterable[str]) -> list[Line]:
    ids = list(event_ids)
    lines = workspace.labels.lines(ids)
    if len(lines) != len(set(ids)):
        raise EarmarkError("One of these is not in the history. Look at it again and choose anew.")
    return lines


def _these(titles: Sequence[str], many: str, one: str = "") -> str:
    return f"{one}{titles[0]}" if len(titles) == 1 else f"{len(titles):,} {many}"
