"""What the benchmarks share: a library without sound that is analysed in seconds, percentiles, one JSON object."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.records import FoundFile, Label, Outline, Tags
from core.vocabulary import TAG_NAMES
from data.db import Database
from data.features import FeatureStore
from data.labels import LabelStore
from data.outlines import OutlineStore
from data.tracks import TrackStore
from services.workspace import Workspace

DIMENSIONS = 200  # of the embedding, as MusiCNN's
DESCRIPTORS = 300  # about as many as there are
TRACKS_PER_ARTIST = 8
GENRES = ("electronic", "folk", "jazz", "rock")
RATINGS = ("disliked", "semi", "liked")
VERSIONS = {"musicnn": 1, "tags": 1}
SECONDS = 20.0  # what the made-up tracks last


@dataclass(frozen=True)
class Library:
    """A made-up library and what its owner thinks of it."""

    ids: list[int]
    values: dict[str, list[str]]  # target -> the owner's answer about each track


class OneTransaction(Database):
    """A database whose every write joins one transaction: stores fill a library in seconds instead of minutes."""

    def __init__(self, database: Database, connection: sqlite3.Connection) -> None:
        self.path = database.path
        self._connection = connection

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield the transaction's connection."""
        yield self._connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Yield the transaction's connection; the commit comes later."""
        yield self._connection


@contextmanager
def one_transaction(workspace: Workspace) -> Iterator[Database]:
    """Yield a database to build stores on; everything is committed at the end."""
    with closing(workspace.database._connect()) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield OneTransaction(workspace.database, connection)
        connection.commit()


def fill(
    workspace: Workspace,
    n: int,
    *,
    files: Sequence[Path] = (),
    outlines: bool = False,
    descriptors: bool = False,
    seed: int = 0,
) -> Library:
    """Take in n analysed tracks with made-up embeddings and tags.

    Tracks of one artist sound alike, artists of one genre more alike than others, and what the owner likes is a
    direction in the embedding with some noise: models find something, as in a real library.

    Parameters
    ----------
    workspace : Workspace
    n : int
    files : sequence of Path, optional
        One for each track; without them the paths lead nowhere.
    outlines : bool
        Give each a made-up course in time too.
    descriptors : bool
        Give each made-up descriptors too, which say a little of what the embedding says.
    seed : int
    """
    rng = np.random.default_rng(seed)
    artists = np.arange(n) // TRACKS_PER_ARTIST
    genre_of = rng.integers(len(GENRES), size=int(artists.max()) + 1)
    centres = 0.3 * rng.normal(size=(len(GENRES), DIMENSIONS))
    own = rng.normal(size=(len(genre_of), DIMENSIONS))
    X = centres[genre_of][artists] + 0.7 * own[artists] + rng.normal(size=(n, DIMENSIONS))
    tags = rng.uniform(0.01, 0.4, size=(n, len(TAG_NAMES)))
    taste = X @ rng.normal(size=DIMENSIONS) + 8 * rng.normal(size=n)
    ratings = np.digitize(taste, np.quantile(taste, [0.4, 0.65]))
    described = rng.normal(size=(DIMENSIONS, DESCRIPTORS)) if descriptors else np.empty((DIMENSIONS, 0))
    found = [_found(i, int(artists[i]), files[i] if files else Path(f"/music/{i}.mp3")) for i in range(n)]
    with one_transaction(workspace) as database:
        tracks, features, courses = TrackStore(database), FeatureStore(database), OutlineStore(database)
        ids = list(tracks.add(found).added)
        for i, track_id in enumerate(ids):
            tracks.mark_analysed(track_id, f"made up {seed}-{i}", duration=SECONDS, note=None)
            features.put(track_id, {"musicnn": X[i], "tags": tags[i]}, VERSIONS)
            if descriptors:
                own_words = {"descriptors": X[i] @ described + 20 * rng.normal(size=DESCRIPTORS)}
                features.put(track_id, own_words, {"descriptors": 1})
            if outlines:
                courses.put(track_id, _outline(rng), 1)
    return Library(
        ids,
        {"rating": [RATINGS[r] for r in ratings], "genre": [GENRES[g] for g in genre_of[artists]]},
    )


def _outline(rng: np.random.Generator) -> Outline:
    """Return a course as a song of SECONDS might have it."""
    bounds = np.linspace(0, SECONDS, 6, endpoint=False)
    waveform = rng.integers(60, 256, 400).astype(np.uint8)
    return Outline(-12.0, 1.0, float(bounds[2]), bounds, waveform, np.zeros((1, 1), np.float32))


def answer(workspace: Workspace, library: Library, target: str, n: int, *, seed: int = 0) -> list[int]:
    """Write the owner's answers about n tracks drawn by lot, and return the rows of the others in that order."""
    order = np.random.default_rng(seed).permutation(len(library.ids)).tolist()
    labels = [Label(f"{target} {row}", library.ids[row], target, library.values[target][row]) for row in order[:n]]
    with one_transaction(workspace) as database:
        LabelStore(database).add(labels)
    return order[n:]


def percentiles(values: Sequence[float], *ranks: int) -> dict[str, float | None]:
    """Return {"p50": ...}, by default of 50, 95 and 99; None where nothing was measured.

    >>> percentiles([1.0, 2.0, 3.0], 50)
    {'p50': 2.0}
    """
    chosen = ranks or (50, 95, 99)
    return {f"p{rank}": round(float(np.percentile(values, rank)), 1) if len(values) else None for rank in chosen}


def emit(result: dict[str, Any]) -> None:
    """Print one JSON object."""
    print(json.dumps(plain(result), default=lambda value: plain(value.tolist())))


def plain(value: Any) -> Any:
    """Return a value JSON can hold: it knows no NaN and no infinity."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def _found(number: int, artist: int, path: Path) -> FoundFile:
    stat = path.stat() if path.exists() else None
    tags = Tags(
        title=f"Track {number + 1}", artist=f"Artist {artist + 1}", album=f"Album {artist + 1}", duration=SECONDS
    )
    return FoundFile(str(path), stat.st_size if stat else number, stat.st_mtime if stat else 1.0, tags)
