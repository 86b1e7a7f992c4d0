"""What is learned from: the answers to a target, what those tracks look like, and whether that is enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.errors import EarmarkError, NotEnoughLabelsError
from core.records import ANALYSED_STATES, Track
from labeling.targets import Target, missing_labels
from services import inputs, targets
from services.learning import group_names, guessed, learned_values
from services.versions import joined_groups
from services.workspace import Workspace

SEED = 0
NAMED = 3  # titles or classes in a sentence
LEAST_ARTISTS = 2  # of a class: one to learn from, one to test on

Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Dataset:
    """The answered tracks of a target that have a feature set."""

    about: Target
    features: str
    ids: np.ndarray  # (n,)
    X: np.ndarray  # (n, d), or (n, segments, ...)
    y: np.ndarray  # (n,) str
    groups: np.ndarray  # (n,) str
    names: tuple[tuple[str, str], ...]  # (artist, album) of each track, "" where not known
    classes: tuple[str, ...]  # those that have an answer; of an ordered target in their order
    versions: Mapping[str, int]  # of the feature sets
    blocks: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # set -> first column and end
    table: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # class -> tags that speak for it

    @property
    def target(self) -> str:
        """The target's name."""
        return self.about.name

    @property
    def ordered(self) -> bool:
        """Whether the classes have an order."""
        return self.about.kind == "ordered"

    def build(self, family: str, *, seed: int = SEED, balance: str = "none", **options: Any) -> Any:
        """Return an untrained model of a family for this target and these features.

        Parameters
        ----------
        seed : int
        balance : str
            As `models.preprocessing.BALANCES` has them; families that cannot are built as they are.
        **options
            Settings of the family; `tune=True` where it can choose its own and none are given.
        """
        from models.registry import build_for, get

        about = get(family)
        if about.balances and balance != "none":
            options["balance"] = balance
        classes = self.classes if about.needs_classes and not self.ordered and self.table else None
        model = build_for(
            family,
            self.about.kind,
            self.about.classes,
            classes=classes,
            table=self.table,
            blocks=self.blocks,
            random_state=seed,
            **options,
        )
        if self.X.ndim == 3 and not about.time:
            from models.segments import SegmentClassifier

            return SegmentClassifier(model)
        return model

    def only(self, ids: np.ndarray) -> Dataset:
        """Return the same with those tracks only."""
        rows = np.flatnonzero(np.isin(self.ids, ids))
        if len(rows) == len(self.ids):
            return self
        names = tuple(self.names[row] for row in rows)
        y = self.y[rows]
        classes = tuple(name for name in self.classes if name in set(y.tolist()))
        return replace(
            self, ids=self.ids[rows], X=self.X[rows], y=y, groups=self.groups[rows], names=names, classes=classes
        )


def dataset(
    workspace: Workspace,
    target: str,
    features: str | None = None,
    *,
    make: bool = False,
    progress: Report | None = None,
) -> Dataset:
    """Gather the answers to a target and the features of those tracks.

    Nothing of what is left out, and of genres only those that are to be trained, each in one spelling.

    Parameters
    ----------
    features : str, optional
        A feature set, or several joined by "+"; the embedding by default.
    make : bool
        Make features that must be made from the files first.
    progress : callable, optional
        Called while they are made.

    Raises
    ------
    NotEnoughLabelsError
        Too few answers to train and measure; the message counts what is missing.
    EarmarkError
        The features cannot be learned from.
    """
    about = targets.get(workspace, target)
    features = features or inputs.default(workspace)
    values = learned_values(workspace, about.name, workspace.labels.current(about.name))
    tracks = {i: t for i, t in workspace.tracks.many(values).items() if t.state in ANALYSED_STATES}
    wanted = np.array(sorted(tracks), dtype=np.int64)
    if inputs.is_made(features):  # nothing is made before it is known to be enough
        dataset(workspace, about.name)
    found = inputs.matrix(workspace, features, track_ids=wanted, make=make, progress=progress)
    y = np.array([values[int(i)] for i in found.ids], dtype=str)
    rows = [tracks[int(i)] for i in found.ids]
    groups = joined_groups(workspace, found.ids.tolist(), group_names(rows))
    _require_enough(about, y, groups, waiting=len(values) - len(found.ids))
    _require_artists(about, y, groups)
    inputs.check(found, lambda ids: _titles(tracks, ids), features)
    present = set(y.tolist())
    classes = tuple(c for c in about.classes if c in present) if about.classes else tuple(sorted(present))
    table = guessed(workspace, about, present)[1] if about.kind == "nominal" else {}
    names = tuple((group, track.album or "") for group, track in zip(groups.tolist(), rows, strict=True))
    return Dataset(about, features, found.ids, found.X, y, groups, names, classes, found.versions, found.blocks, table)


def missing(workspace: Workspace, target: str) -> str | None:
    """Say what is missing before a target can be trained, None when nothing is."""
    try:
        dataset(workspace, target)
    except EarmarkError as error:
        return str(error)
    return None


def together(datasets: Sequence[Dataset]) -> list[Dataset]:
    """Return the datasets with the tracks that all of them have, so that models on them can be compared."""
    common = datasets[0].ids
    for data in datasets[1:]:
        common = np.intersect1d(common, data.ids)
    return [data.only(common) for data in datasets]


def _require_enough(target: Target, y: np.ndarray, groups: np.ndarray, *, waiting: int) -> None:
    lack = missing_labels(target, y.tolist(), groups.tolist())
    if lack is None:
        return
    unheard = f" {waiting:,} labelled tracks are not analysed yet." if waiting else ""
    raise NotEnoughLabelsError(f"Still needed to train on {target.name}: {lack}.{unheard}")


def lonely(y: np.ndarray, groups: np.ndarray) -> dict[str, str]:
    """Return the classes with one artist only, and who that is: on others nothing can be measured of them.

    >>> lonely(np.array(["jazz", "jazz", "pop", "pop"]), np.array(["nina", "nina", "abba", "kate"]))
    {'jazz': 'nina'}
    """
    artists: dict[str, set[str]] = defaultdict(set)
    for name, group in zip(y.tolist(), groups.tolist(), strict=True):
        artists[name].add(group)
    return {name: next(iter(those)) for name, those in artists.items() if len(those) < LEAST_ARTISTS}


def _require_artists(target: Target, y: np.ndarray, groups: np.ndarray) -> None:
    """Refuse answers of which fewer than two classes, or one end of an order, can be measured on other artists."""
    alone = lonely(y, groups)
    measurable = set(y.tolist()) - set(alone)
    ends = {target.classes[0], target.classes[-1]} if target.kind == "ordered" and target.classes else set()
    if len(measurable) >= 2 and not ends & set(alone):
        return
    name = next(iter(sorted(set(alone) & ends or alone)))
    raise NotEnoughLabelsError(
        f"Every track answered {name} is by one artist ({alone[name]}), so nothing can be measured on another."
        f" Answer {name} about a second artist."
    )


def aside(target: Target, y: np.ndarray, groups: np.ndarray) -> str | None:
    """Say which classes are learned from but cannot be measured, because one artist has them all."""
    alone = sorted(lonely(y, groups))
    if not alone:
        return None
    some = ", ".join(alone[:NAMED]) + (f" and {len(alone) - NAMED} more" if len(alone) > NAMED else "")
    have, they = ("has", "it is") if len(alone) == 1 else ("have", "they are")
    return (
        f"{some} {have} answers about one artist only: {they} learned from, but no track of another artist can show"
        f" how well. Answer about a second artist to measure {'it' if len(alone) == 1 else 'them'}."
    )


def _titles(tracks: Mapping[int, Track], ids: np.ndarray) -> str:
    titles = [tracks[int(i)].title for i in ids[:NAMED]]
    return ", ".join(titles) + (f" and {len(ids) - NAMED:,} more" if len(ids) > NAMED else "")
