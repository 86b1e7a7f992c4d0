"""A home opened: its database, its stores and its folders."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock

from core.errors import EarmarkError
from core.settings import home_path
from data import db
from data.acts import ActStore
from data.exclusions import ExclusionStore
from data.external_ids import ExternalIdStore
from data.features import FeatureStore
from data.jobs import JobStore
from data.labels import LabelStore
from data.lyrics import LyricsStore
from data.model_runs import ModelRunStore
from data.outlines import OutlineStore
from data.playlists import PlaylistStore
from data.predictions import PredictionStore
from data.questions import QuestionStore
from data.settings import RootStore, SettingsStore
from data.targets import TargetStore
from data.tracks import TrackStore


class Workspace:
    """Everything kept in one home, ready for the services.

    Parameters
    ----------
    home : path-like, optional
        The folder; else EARMARK_HOME, else the platform's user data folder. Made when it is not there.

    Raises
    ------
    EarmarkError
        The folder cannot be written to, or its database is damaged or from a newer version.
    """

    def __init__(self, home: str | os.PathLike[str] | None = None) -> None:
        self.home: Path = home_path(home)
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            with FileLock(self.home / "migrate.lock"):  # two processes starting at once migrate once
                self.database = db.Database(self.home / db.FILE_NAME)
        except OSError as error:
            raise EarmarkError(
                f"{self.home} cannot be used as Earmark's home ({error.strerror or error})."
                " Choose another with --home or EARMARK_HOME."
            ) from error

    @cached_property
    def tracks(self) -> TrackStore:
        """Tracks and files."""
        return TrackStore(self.database)

    @cached_property
    def labels(self) -> LabelStore:
        """Answers."""
        return LabelStore(self.database)

    @cached_property
    def features(self) -> FeatureStore:
        """Feature vectors."""
        return FeatureStore(self.database)

    @cached_property
    def outlines(self) -> OutlineStore:
        """Each track's course in time."""
        return OutlineStore(self.database)

    @cached_property
    def predictions(self) -> PredictionStore:
        """What the current models think."""
        return PredictionStore(self.database)

    @cached_property
    def model_runs(self) -> ModelRunStore:
        """Trainings."""
        return ModelRunStore(self.database)

    @cached_property
    def questions(self) -> QuestionStore:
        """Tracks that wait for an answer."""
        return QuestionStore(self.database)

    @cached_property
    def targets(self) -> TargetStore:
        """What the person asks beside rating and genre."""
        return TargetStore(self.database)

    @cached_property
    def lyrics(self) -> LyricsStore:
        """Words of songs."""
        return LyricsStore(self.database)

    @cached_property
    def external_ids(self) -> ExternalIdStore:
        """What other services call the tracks."""
        return ExternalIdStore(self.database)

    @cached_property
    def playlists(self) -> PlaylistStore:
        """Playlists that came with a library."""
        return PlaylistStore(self.database)

    @cached_property
    def exclusions(self) -> ExclusionStore:
        """What is left out."""
        return ExclusionStore(self.database)

    @cached_property
    def acts(self) -> ActStore:
        """Whole acts, to be taken back as one."""
        return ActStore(self.database)

    @cached_property
    def jobs(self) -> JobStore:
        """Long work."""
        return JobStore(self.database)

    @cached_property
    def settings(self) -> SettingsStore:
        """Choices."""
        return SettingsStore(self.database)

    @cached_property
    def roots(self) -> RootStore:
        """Folders music came from."""
        return RootStore(self.database)

    @cached_property
    def home_id(self) -> str:
        """A name for this home that stays when the folder moves."""
        kept = self.settings.get("home_id")
        if kept is None:
            kept = uuid.uuid4().hex
            self.settings.set("home_id", kept)
        return str(kept)

    @cached_property
    def memo(self) -> Memo:
        """What was worked out from the stores and still holds."""
        return Memo()

    @property
    def models_folder(self) -> Path:
        """Where model files lie, one folder per run."""
        return self.home / "models"

    @property
    def cache_folder(self) -> Path:
        """What can be made again: covers, transcoded sound."""
        return self.home / "cache"

    @property
    def exports_folder(self) -> Path:
        """Where playlists go unless the person says otherwise."""
        return self.home / "exports"


@dataclass(frozen=True)
class Held:
    """A value worked out, of what, when, and how long that took."""

    value: Any
    choices: Hashable
    library: Hashable
    at: float  # seconds, as time.monotonic counts
    cost: float  # seconds


class Memo:
    """Values that are worked out once and kept until what they were made of changes; any thread may ask.

    Not to be asked inside an act: what it read there may never have happened.
    """

    CHEAP = 0.05  # seconds: what takes less is worked out anew at every change
    REST = 20  # times its cost: for so long a dear value may lag behind a library that changes every second

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._held: dict[str, Held] = {}

    def get(
        self, name: str, work: Callable[[], Any], *, choices: Hashable, library: Hashable = None, patient: bool = False
    ) -> Any:
        """Return a value, worked out again when its stamps are others.

        Parameters
        ----------
        choices : hashable
            Stamp of what the person chose: a change counts at once.
        library : hashable
            Stamp of what changes by itself.
        patient : bool
            True: a value that took long may be older than the library, by 20 times what it took.
        """
        with self._lock:
            held = self._held.get(name)
            if held is None or held.choices != choices or (held.library != library and not (patient and _rests(held))):
                began = time.monotonic()
                value = work()
                held = Held(value, choices, library, time.monotonic(), time.monotonic() - began)
                self._held[name] = held
            return held.value

    def forget(self) -> None:
        """Drop everything: the database is another one now."""
        with self._lock:
            self._held.clear()


def _rests(held: Held) -> bool:
    return held.cost > Memo.CHEAP and time.monotonic() - held.at < Memo.REST * held.cost
