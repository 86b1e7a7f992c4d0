"""What models look at: feature sets by name, alone or joined, what tracks lack of them, and what is made on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import EarmarkError
from core.records import ANALYSED_STATES
from core.vocabulary import MSD_TAGS
from data.features import NOT_HEARD
from services import time_inputs
from services.workspace import Workspace

DEFAULT = "musicnn"
FALLBACK = "descriptors"  # where there is no TensorFlow
INSIDE = ("signature",)  # sets that are no features of the music: they recognise a recording
SURE = 0.9999  # correlation with the tracks' numbers from which a column is one
FEWEST = 10  # tracks from which that can be told from chance
JOINS = 20  # tracks a set of its own must have to be heard by an ensemble: lyrics come in one by one

Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Inputs:
    """What some tracks look like to a model."""

    ids: np.ndarray  # (n,) int64, ascending
    X: np.ndarray  # (n, d), or (n, segments, ...); rows of NaN where a joined set lacks the track
    blocks: Mapping[str, tuple[int, int]]  # set -> first column and end
    versions: Mapping[str, int]  # of the stored sets

    def only(self, ids: np.ndarray) -> Inputs:
        """Return the rows of those tracks that are here."""
        rows = np.flatnonzero(np.isin(self.ids, ids))
        return Inputs(self.ids[rows], self.X[rows], self.blocks, self.versions)


def names(workspace: Workspace) -> dict[str, int]:
    """Return every input there is, and for how many tracks; those made on demand are counted as analysed tracks."""
    kept = {name: n for name, n in workspace.features.sets().items() if name not in INSIDE}
    analysed = max((n for name, n in kept.items() if name not in NOT_HEARD), default=0)
    return kept | dict.fromkeys(MADE, analysed) | dict.fromkeys(time_inputs.TIME_INPUTS, analysed)


def default(workspace: Workspace) -> str:
    """Return the embedding's name, or the descriptors' where no track has an embedding."""
    return DEFAULT if workspace.features.sets().get(DEFAULT) else FALLBACK


def fitting(workspace: Workspace, wanted: str, features: str | None = None) -> str:
    """Return what a family is to look at: as asked, else what it likes of what there is, else the default.

    Parameters
    ----------
    wanted : str
        The family's own inputs, "a+b".
    features : str, optional
        What was asked for.
    """
    if features:
        return features
    there = names(workspace)
    found = [name for name in split(wanted) if there.get(name)]
    return "+".join(found) if found else default(workspace)


def everything(workspace: Workspace, wanted: str) -> str:
    """Return what an ensemble hears: its usual inputs, and every other set that 20 tracks have, such as lyrics."""
    usual = split(wanted)
    own = [
        name for name, n in workspace.features.sets().items() if n >= JOINS and name not in (*usual, *INSIDE, FALLBACK)
    ]
    return fitting(workspace, "+".join([*usual, *own]))


def split(features: str) -> list[str]:
    """Return the names in "a+b".

    >>> split("musicnn + lyrics")
    ['musicnn', 'lyrics']
    """
    return list(dict.fromkeys(name.strip() for name in features.split("+") if name.strip()))


def is_made(features: str) -> bool:
    """Tell whether a track's sound must be read again for it, unless that was done before."""
    return any(name in time_inputs.TIME_INPUTS and time_inputs.TIME_INPUTS[name].kind for name in split(features))


def make(workspace: Workspace, features: str, track_ids: np.ndarray, progress: Report | None = None) -> None:
    """Listen to the tracks that lack what is made on demand; nothing is started where none does.

    Parameters
    ----------
    progress : callable, optional
        Called with {"done", "total", "sentence"} meanwhile.
    """
    for name in split(features):
        if name in time_inputs.TIME_INPUTS:
            time_inputs.listen(workspace, name, [int(i) for i in track_ids], progress)


def matrix(
    workspace: Workspace,
    features: str,
    versions: Mapping[str, int] | None = None,
    *,
    track_ids: np.ndarray | None = None,
    make: bool = False,
    progress: Report | None = None,
) -> Inputs:
    """Return what tracks look like by one set, or by several joined.

    The first set says which tracks; what the others lack of them is a row of NaN, which models fill in.

    Parameters
    ----------
    features : str
        "musicnn", "musicnn+lyrics", ...
    versions : mapping, optional
        Feature set -> the version wanted; where none is named, the one in use.
    track_ids : np.ndarray, optional
        Only these tracks.
    make : bool
        Make what is made on demand and is not there yet.
    progress : callable, optional
        Called with {"done", "total", "sentence"} while it is made.

    Raises
    ------
    EarmarkError
        There is no such set, or no track has it.
    """
    wanted = split(features)
    _check(workspace, wanted)
    parts = [_one(workspace, name, (versions or {}).get(name), track_ids, make, progress) for name in wanted]
    ids, X = parts[0]
    if track_ids is not None:
        keep = np.isin(ids, track_ids)
        ids, X = ids[keep], X[keep]
    order = np.argsort(ids, kind="stable")
    ids, X = ids[order], X[order]
    if len(parts) == 1:
        width = X.shape[1] if X.ndim > 1 else 0
        return Inputs(ids, X, {wanted[0]: (0, width)}, _versions(workspace, wanted, versions))
    columns = [X, *(_aligned(ids, *part) for part in parts[1:])]
    ends = np.cumsum([column.shape[1] for column in columns])
    blocks = {name: (int(end - c.shape[1]), int(end)) for name, c, end in zip(wanted, columns, ends, strict=True)}
    return Inputs(ids, np.hstack(columns), blocks, _versions(workspace, wanted, versions))


def _check(workspace: Workspace, wanted: list[str]) -> None:
    kept = names(workspace)
    if not any(n for name, n in workspace.features.sets().items() if name not in NOT_HEARD):
        raise EarmarkError("No track is analysed yet, so there is nothing to learn from.")
    for name in wanted:
        if not kept.get(name):
            raise EarmarkError(f"There are no features called {name!r}. There are: {', '.join(kept)}.")
    shaped = [name for name in wanted if name in time_inputs.TIME_INPUTS and time_inputs.TIME_INPUTS[name].segments]
    if shaped and len(wanted) > 1:
        raise EarmarkError(f"{shaped[0]} has many rows for each track, so it cannot be joined with other features.")


def _one(
    workspace: Workspace,
    name: str,
    version: int | None,
    track_ids: np.ndarray | None,
    make: bool,
    progress: Report | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return ids and rows of one input."""
    if name in time_inputs.TIME_INPUTS:
        if track_ids is None:
            track_ids = workspace.features.matrix(default(workspace))[0]
        return time_inputs.matrix(workspace, name, [int(i) for i in track_ids], make=make, progress=progress)
    if name in MADE:
        return MADE[name](workspace)
    ids, X = workspace.features.matrix(name, version=version)[:2]
    return ids, X[:, : len(MSD_TAGS)] if name == "tags" else X


def of_file(features: str, heard: Mapping[str, np.ndarray], path: str, made: Callable[[], np.ndarray]) -> Any:
    """Return one row for a file that need not be in the library, None where something for it cannot be had.

    Parameters
    ----------
    features : str
        As for `matrix`.
    heard : mapping of set to np.ndarray
        What an analysis found.
    path : str
    made : callable () -> np.ndarray
        The facts about the file as `metadata` has them.
    """
    columns = []
    for name in split(features):
        if name in time_inputs.TIME_INPUTS:
            row = time_inputs.of_file(name, path)
        elif name in MADE:
            row = made()
        else:
            row = heard.get(name)
            row = row[: len(MSD_TAGS)] if row is not None and name == "tags" else row
        if row is None:
            return None
        columns.append(row)
    return columns[0][None] if len(columns) == 1 else np.hstack(columns)[None, :]


def _aligned(onto: np.ndarray, ids: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return the rows of some tracks, NaN where there is none."""
    aligned = np.full((len(onto), X.shape[1]), np.nan, dtype=np.float32)
    order = np.argsort(ids, kind="stable")
    place = np.searchsorted(ids[order], onto)
    there = (
        (place < len(ids)) & (ids[order][np.minimum(place, len(ids) - 1)] == onto) if len(ids) else np.zeros(0, bool)
    )
    if len(ids):
        aligned[there] = X[order[place[there]]]
    return aligned


def versions_in_use(workspace: Workspace, features: str) -> dict[str, int]:
    """Return the version in use of each stored set of "a+b"."""
    found = {name: workspace.features.version(name) for name in split(features)}
    return {name: version for name, version in found.items() if version is not None}


def _versions(workspace: Workspace, wanted: list[str], given: Mapping[str, int] | None) -> dict[str, int]:
    in_use = versions_in_use(workspace, "+".join(wanted))
    return {name: (given or {}).get(name, version) for name, version in in_use.items()}


# -- what must not be learned from --------------------------------------------------------------------


def check(inputs: Inputs, titles: Callable[[np.ndarray], str], features: str) -> None:
    """Refuse numbers that are none, and a column that only counts the tracks.

    A set from elsewhere may hold the number of its row; files that lie in the order of their genres then look as if
    they were understood.

    Parameters
    ----------
    titles : callable (ids) -> str
        Names some tracks for the sentence.

    Raises
    ------
    EarmarkError
    """
    if inputs.X.ndim != 2 or not len(inputs.ids):
        return
    first = next(iter(inputs.blocks.values()))
    own = inputs.X[:, slice(*first)]
    broken = np.isinf(inputs.X).any(axis=1) | np.isnan(own).any(axis=1)
    if split(features)[0] in MADE:  # what is not known of a track is a gap, not a fault
        broken = np.isinf(inputs.X).any(axis=1)
    if broken.any():
        raise EarmarkError(
            f"The features {features} of {int(broken.sum()):,} answered track{'s' if broken.sum() > 1 else ''} hold"
            f" numbers that are not finite: {titles(inputs.ids[broken])}. Analyse again with `analyze --retry`,"
            " or leave them out."
        )
    for name, (begin, end) in inputs.blocks.items():
        counting = _counting(inputs.X[:, begin:end], inputs.ids)
        if len(counting):
            raise EarmarkError(
                f"Column {int(counting[0]) + 1} of {name} counts the tracks instead of describing them, so it would"
                " only seem to help. Remove it from the set."
            )


def _counting(X: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the columns that are the tracks' numbers, or their order, on another scale."""
    known = np.flatnonzero(~np.isnan(X).all(axis=0))
    if len(ids) < FEWEST or not len(known):
        return np.empty(0, int)
    mean, spread = np.nanmean(X[:, known], axis=0), np.nanstd(X[:, known], axis=0)
    z = (X[:, known] - mean) / np.where(spread > 0, spread, np.inf)
    found = []
    for against in (ids.astype(float), np.arange(len(ids), dtype=float)):
        number = (against - against.mean()) / against.std()
        found.append(known[np.abs(np.nanmean(z * number[:, None], axis=0)) > SURE])
    return np.unique(np.concatenate(found))


# -- what is known without listening --------------------------------------------------------------------


def _metadata(workspace: Workspace) -> tuple[np.ndarray, np.ndarray]:
    """Return year, length, plays and skips of every analysed track; NaN where they are not known."""
    tracks = sorted(workspace.tracks.all(states=ANALYSED_STATES), key=lambda track: track.id)
    rows = [facts(track.year, track.duration, track.play_count, track.skip_count) for track in tracks]
    X = np.array(rows, dtype=np.float32).reshape(len(rows), len(facts(None, None, None, None)))
    return np.array([track.id for track in tracks], dtype=np.int64), X


def facts(year: int | None, duration: float | None, plays: int | None, skips: int | None) -> np.ndarray:
    """Return a row of "metadata": year, and the logarithms of seconds, plays and skips, counted from 1.

    >>> facts(1999, 0.0, None, 0).tolist()
    [1999.0, 0.0, nan, 0.0]
    """
    counts = [np.nan if value is None else np.log1p(max(0.0, value)) for value in (duration, plays, skips)]
    return np.array([np.nan if year is None else year, *counts], dtype=np.float32)


MADE: dict[str, Callable[[Workspace], tuple[np.ndarray, np.ndarray]]] = {"metadata": _metadata}
