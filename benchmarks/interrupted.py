"""Whether an analysis that is killed again and again ends as an undisturbed one does: prints one JSON object.

    python benchmarks/interrupted.py [--files 40] [--moments 10] [--scheduler]

A made-up library with some answers is analysed once undisturbed. A copy of it is analysed with `kill -9` at random
moments, of a child that listens or of the coordinator, which is started again each time. Then both homes are compared:
`same` says whether tracks, files, answers and outlines are equal and features within 1e-4; `differs` names what is not.
With --scheduler a dask cluster on this computer listens, and what is killed are its workers and the coordinator. With
--copies some recordings are there twice; which of the two rows lives on is decided by which was heard first, so that
even two undisturbed runs may differ in it.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import psutil

from audio.encode import write_audio
from benchmarks.common import emit
from core.records import Label, Tags
from services import library
from services.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
SR = 32_000  # Hz
ENDINGS = (".flac", ".mp3", ".m4a", ".ogg", ".opus")
TOLERANCE = 1e-4  # of features, absolute and relative
LONGEST_DELAY = 0.4  # seconds between a track being kept and the blow
DAMAGED = 3  # one without sound behind its tags, two that end early
PATIENCE = 300.0  # seconds after which it hangs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each file")
    parser.add_argument("--moments", type=int, default=10, help="how many kills")
    parser.add_argument("--copies", type=int, default=0, help="files that hold the recording of another")
    parser.add_argument("--jobs", type=int, default=2, help="children, or workers of the cluster")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scheduler", action="store_true", help="let a dask cluster on this computer listen")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        how = ["--jobs", str(options.jobs)]
        if options.scheduler:
            how = ["--scheduler", stack.enter_context(cluster(options.jobs))]
        emit(measure(options, how))


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Yield the address of a scheduler with so many workers, each a process, that ends with the block."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as running:
        yield running.scheduler_address


def measure(options: argparse.Namespace, how: list[str]) -> dict[str, Any]:
    """Analyse a library undisturbed and disturbed, and compare."""
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        calm, stormy = Path(folder) / "calm", Path(folder) / "stormy"
        make(Path(folder) / "music", options.files, options.seconds, options.copies)
        take_in(Workspace(calm), Path(folder) / "music")
        shutil.copytree(calm, stormy)
        began = time.perf_counter()
        if start(calm, how).wait() != 0:
            raise SystemExit("The undisturbed analysis failed.")
        undisturbed = time.perf_counter() - began
        began = time.perf_counter()
        killed = disturb(
            stormy, how, sorted(rng.sample(range(options.files - options.copies - 1), options.moments)), rng
        )
        disturbed = time.perf_counter() - began
        differs, largest = compare(Workspace(calm), Workspace(stormy))
        states = dict(Workspace(stormy).tracks.count())
    return {
        "files": options.files,
        "states": states,
        "undisturbed_seconds": round(undisturbed, 1),
        "disturbed_seconds": round(disturbed, 1),
        "kills": dict(Counter(kind for kind, _ in killed)),
        "tracks_at_kill": [tracks for _, tracks in killed],
        "largest_difference": largest,
        "same": not differs and len(killed) == options.moments,
        "differs": differs,
    }


def make(folder: Path, files: int, seconds: float, copies: int) -> None:
    """Write pieces unlike each other, some copies of a recording and some damaged files."""
    folder.mkdir()
    t = np.arange(int(seconds * SR)) / SR
    paths = []
    for number in range(files - copies):
        rng = np.random.default_rng(number)
        chord = sum(np.sin(2 * np.pi * 110 * (1 + number / 7) * k * t) / k for k in (1, 2, 3))
        y = 0.2 * chord * (1 + np.sin(2 * np.pi * (1 + number % 5) * t)) / 2 + rng.normal(size=len(t)) * 0.002 * number
        tags = Tags(title=f"Piece {number}", artist=f"Artist {number % 7}")
        name = f"{number:03d}{ENDINGS[number % len(ENDINGS)]}"
        paths.append(write_audio(folder / name, y.clip(-1, 1).astype(np.float32), SR, tags))
    for path in paths[:copies]:
        shutil.copyfile(path, path.with_stem(f"copy of {path.stem}"))
    for place, path in enumerate(paths[-DAMAGED:]):
        content = path.read_bytes()
        half = len(content) // 2
        path.write_bytes(content[:1000] + bytes(len(content) - 1000) if place == 0 else content[:half])


def take_in(workspace: Workspace, music: Path) -> None:
    """Import the music and answer about some of it, as a person would while it is being analysed."""
    library.add(workspace, [music])
    ids = sorted(track.id for track in workspace.tracks.all())
    workspace.labels.add(
        [
            Label(f"answer {n}", track_id, "rating", ("liked", "semi", "disliked")[n % 3])
            for n, track_id in enumerate(ids[::3])
        ]
    )


def start(home: Path, how: list[str]) -> subprocess.Popen[bytes]:
    """Start an analysis in a process of its own."""
    command = [sys.executable, "cli.py", "--home", str(home), "analyze", *how, "--json"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def disturb(home: Path, how: list[str], moments: list[int], rng: random.Random) -> list[tuple[str, int]]:
    """Analyse with a kill soon after so many tracks are done, each time; return what was killed, and when."""
    workspace, killed = Workspace(home), []
    kinds = rng.sample(["child", "coordinator"] * len(moments), len(moments))
    process = start(home, how)
    try:
        for moment, kind in zip(moments, kinds, strict=True):
            wait_for(lambda moment=moment: heard(workspace) >= moment, process)  # type: ignore[misc]
            if kind == "child":
                wait_for(lambda: bool(listening()), process)
            time.sleep(rng.uniform(0, LONGEST_DELAY))
            if process.poll() is not None:
                break
            killed.append((kind, heard(workspace)))
            if kind == "child":
                with contextlib.suppress(psutil.NoSuchProcess, IndexError):
                    rng.choice(listening()).kill()
            else:
                process.kill()
                process.wait()
                process = start(home, how)
        if process.wait(timeout=PATIENCE) != 0:
            raise SystemExit("The disturbed analysis failed.")
    finally:
        process.kill()
        process.wait()
    return killed


def wait_for(true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until something is true or the analysis has ended."""
    deadline = time.monotonic() + PATIENCE
    while not true() and process.poll() is None:
        if time.monotonic() > deadline:
            raise SystemExit("The analysis hangs.")
        time.sleep(0.005)


def heard(workspace: Workspace) -> int:
    """Return how many tracks are done with."""
    return sum(n for state, n in workspace.tracks.count().items() if state in ("analysed", "partly", "unreadable"))


def listening() -> list[psutil.Process]:
    """Return the processes that listen: the coordinator's children, or the workers of a cluster of this process."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
    return found


# -- comparing two homes ------------------------------------------------------------------------------------


def compare(one: Workspace, other: Workspace) -> tuple[list[str], float]:
    """Return what differs between two homes, and the largest difference between features, relative to their size."""
    facts, others = facts_of(one), facts_of(other)
    differs = [
        f"{key}: {facts.get(key)!r} and {others.get(key)!r}"
        for key in sorted({*facts, *others})
        if facts.get(key) != others.get(key)
    ]
    vectors, other_vectors = vectors_of(one), vectors_of(other)
    differs += [f"{key} is only in one of them" for key in sorted({*vectors} ^ {*other_vectors})]
    largest = 0.0
    for key in sorted({*vectors} & {*other_vectors}):
        x, y = vectors[key], other_vectors[key]
        if x.shape != y.shape or not np.allclose(x, y, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
            differs.append(f"{key} differs")
        else:
            largest = max(largest, float(np.max(np.abs(x - y) / (1 + np.abs(x)), initial=0.0)))
    return differs, largest


def facts_of(workspace: Workspace) -> dict[str, Any]:
    """Return what must be equal, by name: tracks with their ids and states, their files, all answers."""
    facts: dict[str, Any] = {}
    for track in workspace.tracks.all():
        facts[f"track {track.id}"] = asdict(track)
        facts[f"files of track {track.id}"] = sorted(file.path for file in workspace.tracks.files_of(track.id))
    for label in workspace.labels.history():
        facts[f"answer {label.event_id}"] = asdict(label)
    facts["feature versions"] = workspace.features.versions()
    return facts


def vectors_of(workspace: Workspace) -> dict[str, np.ndarray]:
    """Return what must be nearly equal, by name: features and outlines."""
    vectors: dict[str, np.ndarray] = {}
    for track_id in sorted(workspace.tracks.ids()):
        for name, vector in workspace.features.of_track(track_id).items():
            vectors[f"{name} of track {track_id}"] = vector
        outline = workspace.outlines.get(track_id)
        for name, value in ({} if outline is None else vars(outline)).items():
            vectors[f"outline of track {track_id}, {name}"] = np.atleast_1d(np.asarray(value, np.float64))
    return vectors


if __name__ == "__main__":
    main()
