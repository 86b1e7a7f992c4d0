"""What can be asked about a track: rating, genre, mood, and whatever the person adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import EarmarkError
from core.vocabulary import MOOD_TAGS
from data.exchange.labels_csv import Definition
from data.targets import Row
from labeling.targets import TARGETS, UNCHANGED, Target, check_value, make
from services import genres
from services.workspace import Workspace

ACT = "targets"  # the kind of every act here


def every(workspace: Workspace) -> dict[str, Target]:
    """Return name -> target: those that ship first, then the person's own, oldest first."""
    own = {row["name"]: _target(row) for row in workspace.targets.all()}
    return {name: own.get(name, target) for name, target in TARGETS.items()} | own


def _target(row: Row) -> Target:
    return make(row["name"], row["classes"], ordered=row["kind"] == "ordered", question=row["question"])


def in_use(workspace: Workspace) -> dict[str, Target]:
    """Return rating, genre, and the others that have answers or are the person's own."""
    said = workspace.labels.counts()
    return {name: about for name, about in every(workspace).items() if name in UNCHANGED or about.own or name in said}


def definitions(workspace: Workspace) -> dict[str, Definition]:
    """Return for a table of labels what the targets are whose classes are not the same in every home."""
    kept = {name: about for name, about in every(workspace).items() if name not in UNCHANGED}
    return {name: Definition(about.kind, about.classes or ()) for name, about in kept.items()}


def get(workspace: Workspace, name: str) -> Target:
    """Return the target of that name.

    Raises
    ------
    EarmarkError
        There is none; the message names those there are.
    """
    if name in UNCHANGED:  # nobody changes these: no look at the database
        return TARGETS[name]
    known = every(workspace)
    found = known.get(" ".join(str(name).split()).casefold())
    if found is None:
        raise EarmarkError(f"There is no target {name!r}. Choose one of: {', '.join(known)}.")
    return found


def checked(workspace: Workspace, target: str, value: str) -> str:
    """Return an answer as it is stored.

    Raises
    ------
    EarmarkError
        The target has no such answer; the message names the allowed ones.
    """
    return check_value(get(workspace, target), value)


def add(
    workspace: Workspace, name: str, classes: Sequence[str], *, ordered: bool = False, question: str | None = None
) -> dict[str, Any]:
    """Add a target of the person's own, or give one other answers, as one act.

    Parameters
    ----------
    classes : sequence of str
        Two to nine answers; of an ordered target the lowest first.

    Returns
    -------
    dict
        name, kind, classes, question, labels (answers that stand).

    Raises
    ------
    EarmarkError
        The name or the answers will not do, or answers that stand would lose their meaning.
    """
    target = make(name, classes, ordered=ordered, question=question)
    _check_kept(workspace, target)
    known = workspace.targets.all()
    verb = "Changed the answers of" if any(row["name"] == target.name for row in known) else "Added"
    with workspace.acts.act(ACT, f"{verb} {target.name}: {', '.join(target.classes or ())}"):
        workspace.targets.put(target.name, target.kind, target.classes or (), target.question)
    return as_json(workspace, target)


def _check_kept(workspace: Workspace, target: Target) -> None:
    """Refuse classes that leave out answers that stand."""
    used = workspace.labels.counts().get(target.name, {})
    lost = [f"{value} ({n:,})" for value, n in used.items() if value not in (target.classes or ())]
    if lost:
        raise EarmarkError(f"{target.name} has answers that would be lost: {', '.join(lost)}. Keep them in the list.")


def remove(workspace: Workspace, name: str) -> dict[str, Any]:
    """Stop asking about an own target, or give one that ships its usual answers back, as one act; answers stay.

    Raises
    ------
    EarmarkError
        There is no such target, it is not the person's own, or answers that stand are none of the usual ones.
    """
    target = get(workspace, name)
    if not any(row["name"] == target.name for row in workspace.targets.all()):
        raise EarmarkError(f"{target.name} ships with Earmark and stays. Own targets are: {_own(workspace) or 'none'}.")
    if not target.own:
        _check_kept(workspace, TARGETS[target.name])
    with workspace.acts.act(ACT, f"Removed {target.name}" if target.own else f"Reset {target.name}"):
        workspace.targets.remove(target.name)
    return as_json(workspace, target)


def _own(workspace: Workspace) -> str:
    return ", ".join(row["name"] for row in workspace.targets.all())


def as_json(workspace: Workspace, target: Target) -> dict[str, Any]:
    """Return a target for the terminal and the pages."""
    return {
        "name": target.name,
        "kind": target.kind,
        "classes": None if target.classes is None else list(target.classes),
        "question": target.question,
        "noun": target.noun,
        "own": target.own,
        "labels": sum(workspace.labels.counts().get(target.name, {}).values()),
    }


def tag_table(workspace: Workspace, target: Target) -> Mapping[str, tuple[str, ...]]:
    """Return the words of MusiCNN that speak for the answers of a target; one that is itself a word needs none."""
    if target.name == "genre":
        return genres.genre_table(workspace)
    return {name: tags for name, tags in MOOD_TAGS.items() if name in (target.classes or ())}
