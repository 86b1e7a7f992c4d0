"""What the tests of the services share: a home opened, and an analysed library in it without any sound."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio.encode import write_audio
from benchmarks.lyrics_servers import ARTIST, DURATION, Servers, serving
from core.records import FoundFile, Label, Lyrics, Tags
from core.vocabulary import TAG_NAMES
from data.exchange import itunes
from services import analysis, library, lyrics_sources, tokens
from services.asking import Learner
from services.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
SR = 32_000  # Hz, of generated sound
EXTENSIONS = (".mp3", ".flac", ".m4a", ".ogg", ".opus")
DIMENSIONS = 12  # of the made-up embedding
ARTISTS = 8

Fill = Callable[..., list[int]]
Rate = Callable[..., None]
Library = Callable[..., Path]
AddSongs = Callable[..., list[int]]


@pytest.fixture
def workspace(home: Path) -> Workspace:
    """Open a home of its own for a test; its number is fixed, so that what is drawn by lot is the same every time."""
    opened = Workspace(home)
    opened.settings.set("home_id", "5eed" * 8)
    return opened


@pytest.fixture
def fill(workspace: Workspace) -> Fill:
    """Give a function that takes in n analysed tracks and returns their ids.

    Tracks of one kind (0, 1 or 2, in turn) sound alike; eight artists take turns, each playing every kind.
    """

    def tracks(n: int, *, sets: tuple[str, ...] = ("musicnn", "tags"), state: str = "analysed") -> list[int]:
        start = workspace.tracks.count()["tracks"]
        rng = np.random.default_rng(start)
        files = [
            FoundFile(
                f"/music/{i}.mp3", 1000 + i, 5.0, Tags(title=f"Song {i}", artist=f"Artist {i % ARTISTS}", duration=60.0)
            )
            for i in range(start, start + n)
        ]
        ids = list(workspace.tracks.add(files).added)
        for i, track_id in zip(range(start, start + n), ids, strict=True):
            if state == "new":
                continue
            workspace.tracks.mark_analysed(track_id, f"sound {i}", duration=60.0, note=None)
            features = {
                "musicnn": 4 * (np.arange(DIMENSIONS) % 3 == i % 3) + rng.normal(size=DIMENSIONS),
                "tags": rng.uniform(0.01, 0.2, len(TAG_NAMES)),
                "descriptors": rng.normal(size=5),
            }
            chosen = {name: features[name] for name in sets}
            workspace.features.put(track_id, chosen, dict.fromkeys(chosen, 1))
        return ids

    return tracks


@pytest.fixture
def rate(workspace: Workspace) -> Rate:
    """Give a function that writes a person's answers: `rate({track: value}, "genre")`."""

    def labels(values: dict[int, str], target: str = "rating") -> None:
        start = len(workspace.labels.history())
        workspace.labels.add(
            [Label(f"{target} {start + n}", i, target, value) for n, (i, value) in enumerate(values.items())]
        )

    return labels


@pytest.fixture
def apple_library(tmp_path: Path) -> Library:
    """Give a function that writes a Library.xml: `apple_library([{"Name": ...}], {"Party": [1, 2]})`.

    Tracks are numbered from 1 and get a Persistent ID unless they bring their own. A Path as Location becomes an
    address.
    """

    def write(
        tracks: list[dict[str, Any]],
        playlists: dict[str, list[int]] | None = None,
        *,
        name: str = "Library.xml",
        **head: Any,
    ) -> Path:
        entries = {}
        for number, track in enumerate(tracks, 1):
            entry = {"Track ID": number, "Persistent ID": f"{number:016X}", "Track Type": "File", **track}
            if isinstance(entry.get("Location"), Path):
                entry["Location"] = itunes.location(str(entry["Location"]))
            entries[str(entry["Track ID"])] = {key: value for key, value in entry.items() if value is not None}
        numbers = [entry["Track ID"] for entry in entries.values()]
        lists = {"Library": numbers} | (playlists or {})
        content = {
            "Major Version": 1,
            "Application Version": "1.2.5.7",
            "Library Persistent ID": "ABCDEF0123456789",
            **head,
            "Tracks": entries,
            "Playlists": [
                {
                    "Name": title,
                    "Playlist Persistent ID": f"{place:016X}",
                    **({"Master": True} if title == "Library" else {}),
                    "Playlist Items": [{"Track ID": number} for number in items],
                }
                for place, (title, items) in enumerate(lists.items(), 1)
            ],
        }
        path = tmp_path / name
        path.write_bytes(plistlib.dumps(content))
        return path

    return write


@pytest.fixture
def servers(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Give LRCLIB and Genius on this computer; LRCLIB is turned on."""
    monkeypatch.delenv(tokens.GENIUS, raising=False)
    with serving() as running:
        monkeypatch.setenv("EARMARK_LRCLIB", running.lrclib)
        monkeypatch.setenv("EARMARK_GENIUS", running.genius)
        monkeypatch.setattr("lyrics.web.APART", 0.0)
        lyrics_sources.allow(workspace, "LRCLIB", True)
        yield running


@pytest.fixture
def add_songs(workspace: Workspace) -> AddSongs:
    """Give a function that takes in tracks of the artist the servers know, by title."""

    def tracks(*titles: str, folder: str = "/music") -> list[int]:
        files = [
            FoundFile(f"{folder}/{t}.mp3", n, 1.0, Tags(title=t, artist=ARTIST, duration=DURATION))
            for n, t in enumerate(titles, 1)
        ]
        return list(workspace.tracks.add(files).added)

    return tracks


def words_known(workspace: Workspace, track_id: int) -> Lyrics:
    """Return what is kept of a track's words; something must be."""
    found = workspace.lyrics.of_track(track_id)
    assert found is not None
    return found


@pytest.fixture
def learner(workspace: Workspace) -> Iterator[Learner]:
    """Give a learner whose thread ends with the test."""
    running = Learner(workspace)
    yield running
    running.close()


# -- a library really listened to: made once, since TensorFlow takes long to start ---------------------


@dataclass(frozen=True)
class Heard:
    """A home whose analysis was killed half-way and then finished, and what was seen meanwhile."""

    home: Path
    music: Path
    broken: set[str]  # paths that hold no sound, which the import sees
    garbled: str  # the path of a file whose tags are sound and whose sound is not
    waited: int  # files at the start
    killed_at: int  # analysed when the first coordinator was killed
    jobs_after_kill: list[str]  # states
    result: dict[str, Any]  # of the second run
    progress: list[dict[str, Any]]


@pytest.fixture(scope="session")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """Listen to ten short files beside three broken ones: kill -9 after the first, then finish. Copy, do not change."""
    folder = tmp_path_factory.mktemp("heard")
    music, home = folder / "music", folder / "home"
    music.mkdir()
    for number in range(10):
        artist = "ABCDE"[number % 5]
        write_audio(
            music / f"{number}{EXTENSIONS[number % 5]}", piece(number), SR, Tags(title=f"{number}", artist=artist)
        )
    broken = {music / "empty.mp3": b"", music / "words.mp3": b"These are words and no music. " * 200}
    for path, content in broken.items():
        path.write_bytes(content)
    garbled = garble(write_audio(music / "garbled.flac", piece(0), SR, Tags(title="garbled", artist="E")))
    workspace = Workspace(home)
    library.add(workspace, [music])
    waited = len(workspace.tracks.to_analyse())
    _start_and_kill(workspace)
    killed_at = workspace.tracks.count()["analysed"]
    states = [job.state for job in workspace.jobs.open()]
    progress: list[dict[str, Any]] = []
    result = analysis.analyze(workspace, cores=1, progress=progress.append)
    return Heard(home, music, {str(path) for path in broken}, str(garbled), waited, killed_at, states, result, progress)


@pytest.fixture
def heard_copy(heard: Heard, tmp_path: Path) -> Workspace:
    """Open a copy of the analysed home that a test may change; the music is shared."""
    shutil.copytree(heard.home, tmp_path / "heard home")
    return Workspace(tmp_path / "heard home")


def piece(number: int, seconds: float = 4.0) -> np.ndarray:
    """Return a few seconds unlike those of any other number."""
    t = np.arange(int(seconds * SR)) / SR
    chord = sum(np.sin(2 * np.pi * 110 * (1 + number / 7) * k * t) / k for k in (1, 2, 3))
    noise = np.random.default_rng(number).normal(size=len(t)) * 0.01 * number
    return (0.2 * chord * (1 + np.sin(2 * np.pi * (1 + number) * t)) / 2 + noise).astype(np.float32)


def garble(path: Path) -> Path:
    """Overwrite a FLAC file's sound with zeros; its tags stay."""
    content = path.read_bytes()
    head = content.index(b"\xff\xf8")  # the first frame
    path.write_bytes(content[:head] + bytes(len(content) - head))
    return path


def _start_and_kill(workspace: Workspace) -> None:
    """Analyse in another process and kill it as soon as one track is kept."""
    command = [sys.executable, "cli.py", "--home", str(workspace.home), "analyze", "--jobs", "1", "--json"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 200
        while not workspace.tracks.count().get("analysed") and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait()
