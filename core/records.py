"""The records that travel between the layers, all frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

TrackState = Literal["new", "analysed", "partly", "unreadable", "missing", "protected", "cloud-only"]
LabelSource = Literal["person", "csv", "itunes", "dataset"]
LyricsOutcome = Literal["found", "instrumental", "not there", "failed"]

ANALYSED_STATES: tuple[TrackState, ...] = ("analysed", "partly")


@dataclass(frozen=True)
class Tags:
    """What an audio file says of itself; None where it says nothing."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    album_artist: str | None = None
    genre: str | None = None
    year: int | None = None
    track_number: int | None = None
    duration: float | None = None  # seconds, from the container
    codec: str | None = None  # FFmpeg's name: "mp3", "aac", "alac", "flac", "vorbis", "opus", ...


@dataclass(frozen=True)
class Waveform:
    """A decoded track: mono samples and how much of the file they are."""

    y: np.ndarray  # float32, shape (samples,)
    sr: int  # Hz
    expected: float | None = None  # seconds the container promised
    complete: bool = True  # False: the end of the file could not be decoded

    @property
    def duration(self) -> float:
        """Seconds that could be heard."""
        return len(self.y) / self.sr


@dataclass(frozen=True, eq=False)
class Outline:
    """A track's course in time, for the player and for comparing its parts."""

    loudness: float | None  # LUFS, integrated over the track (ITU-R BS.1770-4); None: silence
    peak: float  # largest magnitude of a sample in any channel; full scale is 1
    telling: float  # seconds: where to listen first
    bounds: np.ndarray  # float32, shape (segments,): seconds at which each begins; the first is 0
    waveform: np.ndarray  # uint8, shape (400,): largest magnitude in equal parts of the track; 255 is the loudest
    parts: np.ndarray  # float32, shape (parts, rows): mean of each feature of `audio.descriptors` in parts of about 5 s


@dataclass(frozen=True)
class Task:
    """What is to be had from a file."""

    path: str
    sets: tuple[str, ...] = ()  # names of feature sets, "outline" among them; none named: all there are
    quick: bool = False  # a few seconds only, found by seeking


@dataclass(frozen=True, eq=False)
class Analysis:
    """What one pass over a file found, ready to be kept."""

    content_id: str | None  # None after a quick pass, which does not read the whole file
    duration: float  # seconds decoded; of a quick pass those the file promises
    complete: bool
    features: dict[str, np.ndarray]  # feature set -> float32 vector
    note: str | None = None  # for a partly readable file: what is missing
    outline: Outline | None = None
    quick: bool = False


@dataclass(frozen=True)
class Track:
    """One piece of music in the library."""

    id: int
    title: str
    artist: str | None = None
    album: str | None = None
    album_artist: str | None = None
    genre: str | None = None  # the file's own tag: evidence, not a label
    year: int | None = None
    duration: float | None = None
    play_count: int | None = None
    skip_count: int | None = None
    date_added: str | None = None
    state: TrackState = "new"
    reason: str | None = None
    content_id: str | None = None
    path: str | None = None  # its first known file
    track_number: int | None = None
    disc_number: int | None = None
    quick: bool = False  # analysed from a few seconds only; the whole is still to be heard


@dataclass(frozen=True)
class FoundFile:
    """An audio file met while importing, before it is a track."""

    path: str  # absolute
    size: int  # bytes
    mtime: float  # seconds since the epoch
    tags: Tags = field(default_factory=Tags)


@dataclass(frozen=True)
class LibraryRow:
    """A track as another program's library describes it, with or without a file here."""

    tags: Tags
    state: TrackState  # new: its file is here; missing, protected, cloud-only
    path: str | None = None  # where its file is, or should be; None for a track in a cloud
    size: int = 0  # bytes
    mtime: float = 0.0  # 0: never seen here
    disc_number: int | None = None
    play_count: int | None = None
    skip_count: int | None = None
    date_added: str | None = None  # UTC, ISO 8601


@dataclass(frozen=True)
class Label:
    """One answer; nothing about it ever changes but undone_at."""

    event_id: str
    track_id: int
    target: str
    value: str
    source: LabelSource = "person"
    created_at: str = ""  # UTC, ISO 8601
    undone_at: str | None = None
    reason: str | None = None  # why it was asked
    shown: dict[str, float] | None = None  # the prediction kept before the answer, on the screen or not
    model_run: int | None = None
    asked: str | None = None  # why it was asked, as a code of `labeling.reasons`; None: nobody asked
    guess_hidden: bool = False  # no guess stood on the screen
    said: str | None = None  # what the source said in its own words: "5 stars"


@dataclass(frozen=True)
class Question:
    """A track put before the person, with the reason and the guess of that moment."""

    track_id: int
    target: str
    reason: str = ""
    proba: dict[str, float] = field(default_factory=dict)
    strategy: str = ""
    score: float = 0.0
    asked: str = ""  # why, as a code of `labeling.reasons`
    guess_hidden: bool = False


@dataclass(frozen=True)
class Prediction:
    """What a model run thinks of one track for one target."""

    track_id: int
    target: str
    value: str
    proba: dict[str, float]
    model_run: int | None = None
    novelty: float | None = None  # distance to the nearest answered tracks; above 1: unlike anything answered


@dataclass(frozen=True)
class ModelRun:
    """One training of one family, with what it was measured to be worth."""

    id: int
    target: str
    family: str
    features: str
    labels: int
    classes: tuple[str, ...]
    scores: dict[str, Any]
    path: str | None
    created_at: str
    became_current: bool = False
    versions: dict[str, int] = field(default_factory=dict)  # of the feature sets; none known: those in use
    settings: dict[str, Any] = field(default_factory=dict)  # family -> {"settings", "labels"} chosen by validation
    seed: int = 0
    seconds: float | None = None
    why: str | None = None  # why it became current, or did not
    deleted_at: str | None = None


@dataclass(frozen=True)
class Job:
    """A long piece of work and how far it has come."""

    id: int
    kind: str
    lane: str
    state: str  # queued, running, paused, done, failed, cancelled
    params: dict[str, Any] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] | None = None
    error: str | None = None


@dataclass(frozen=True)
class Song:
    """A piece whose words are looked for, as its track names it."""

    title: str
    artist: str | None = None
    album: str | None = None
    duration: float | None = None  # seconds
    paths: tuple[str, ...] = ()  # its files that are there now


@dataclass(frozen=True)
class Offer:
    """What a source of lyrics has for a song, as the source wrote it."""

    source: str
    text: str | None = None  # None where there is only an LRC text, or nothing is sung
    synced: str | None = None  # the words with the times they are sung at, as LRC
    instrumental: bool = False
    title: str | None = None  # what the source calls it; None: it does not say
    artist: str | None = None
    album: str | None = None
    duration: float | None = None  # seconds
    url: str | None = None  # where it can be looked at
    match: float | None = None  # how well it fits the song, from 0 to 1; None: it came with the person's own file


@dataclass(frozen=True)
class Lyrics:
    """What is known of a track's words. That they are not there is as much a fact as that they are."""

    track_id: int
    outcome: LyricsOutcome
    text: str | None = None  # cleaned, one line of the song a line
    synced: str | None = None  # LRC
    raw: str | None = None  # as the source wrote it, where cleaning changed something
    source: str | None = None  # a provider's name, or "you"
    match: float | None = None  # as in `Offer`
    language: str | None = None  # ISO 639-1; None: too short or unsure
    title: str | None = None  # what the source calls the song
    artist: str | None = None
    url: str | None = None
    reason: str | None = None  # why it failed
    asked: tuple[str, ...] = ()  # the sources that were asked, whatever they answered
    look_again: str | None = None  # UTC, ISO 8601; None: not by itself
    looked_at: str = ""  # UTC, ISO 8601


@dataclass(frozen=True)
class Doubtful:
    """An offer that waits for the person's decision."""

    id: int
    track_id: int
    offer: Offer
    found_at: str
