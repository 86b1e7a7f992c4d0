"""What lyrics cost and what they are worth: prints one JSON object.

    python benchmarks/lyrics.py [--songs 10000] [--jamendo FOLDER] [--home HOME]
                                [--part outcomes jamendo scale chance planted]

outcomes: LRCLIB and Genius played on this computer behave in 22 ways; for each what is kept. jamendo: how many
languages are right, what cleaning takes away, seconds. scale: seconds and MB for so many made-up songs. chance: how
often a word passes the line of chance where songs are drawn by lot, real ones of FOLDER and made-up ones whose artists
have habits; 5 of 100 are meant to. planted: a made-up library (or a copy of HOME, whose tracks get made-up words) in
which liked songs share a theme in their words; the models of ratings with and without lyrics, on artists they have not
heard, which words are told as clear, and the same with words dealt out anew.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import RATINGS, emit
from benchmarks.lyrics_servers import ARTIST, BEHAVIOURS, DURATION, WORDS, serving
from core.records import FoundFile, Label, Lyrics, Song, Tags
from core.vocabulary import TAG_NAMES
from lyrics import features
from lyrics.cleaning import clean
from lyrics.genius import Genius
from lyrics.language import detect
from lyrics.lrclib import Lrclib
from lyrics.plausible import not_lyrics
from lyrics.providers import Verdict, look, words_of
from lyrics.telling import Corpus, corpus, corpus_of, telling
from lyrics.web import Web
from services import evaluating, lyrics_words
from services.lyrics import SET, describe
from services.workspace import Workspace

LANGUAGES = {"English": "en", "German": "de", "Spanish": "es", "French": "fr"}
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
TITLE = "Harbour Lights"
THEME = ("harbour", "sail", "anchor", "tide", "sailor", "ocean", "island", "lighthouse", "captain", "rope")
COMMON = (
    "night", "morning", "light", "dream", "heart", "hand", "road", "rain", "fire", "river", "window", "letter",
    "garden", "shadow", "winter", "summer", "street", "mirror", "train", "stone", "silver", "thunder",
    "feather", "candle", "paper", "story", "promise", "secret", "kingdom", "desert", "mountain", "valley",
    "engine", "signal", "tower", "diamond",
)  # fmt: skip
FRAMES = (
    "I saw the {} and the {} again",
    "you left a {} in the {}",
    "and the {} will never be my {}",
    "there is a {} for the {}",
    "we were a {} looking for a {}",
    "don't tell the {} about the {}",
)
LABELLED, TRACKS, ARTISTS = 200, 400, 50
PARTS = ("outcomes", "jamendo", "scale", "chance", "planted")
DRAWS = 200
DEALS = 3  # times the words are dealt out anew


def main() -> None:
    """Measure the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=10_000)
    parser.add_argument("--jamendo", type=Path, help="folder with songs.csv and a .txt for each song")
    parser.add_argument("--home", type=Path, help="a home with rated tracks; it is copied, not changed")
    parser.add_argument(
        "--part", nargs="*", choices=["outcomes", "jamendo", "scale", "chance", "planted"], default=None
    )
    options = parser.parse_args()
    parts: dict[str, Callable[[], Any]] = {
        "outcomes": outcomes,
        "jamendo": lambda: None if options.jamendo is None else jamendo(options.jamendo),
        "scale": lambda: scale(options.songs),
        "chance": lambda: by_lot(options.jamendo),
        "planted": lambda: planted(options.home),
    }
    emit({name: work() for name, work in parts.items() if options.part is None or name in options.part})


# -- what is kept of every kind of answer -------------------------------------------------------------


def outcomes() -> list[dict[str, Any]]:
    """Return what comes of each behaviour of each service."""
    rows = []
    for how in BEHAVIOURS:
        for name in ("LRCLIB", "Genius"):
            with serving({TITLE: how}) as servers:
                web = Web(name, apart=0.0, timeout=0.5, deadline=1.0)
                source = (
                    Lrclib(root=servers.lrclib, web=web)
                    if name == "LRCLIB"
                    else Genius("t", root=servers.root, web=web)
                )
                began = time.monotonic()
                verdict = look(Song(TITLE, ARTIST, None, DURATION), [source])
                rows.append(_row(name, how, verdict) | {
                    "requests": len(servers.requests), "seconds": round(time.monotonic() - began, 2),
                })  # fmt: skip
    return rows


def _row(name: str, how: str, verdict: Verdict) -> dict[str, Any]:
    """Return what is kept: words_right says whether they are to the letter those that were sung."""
    text = None if verdict.offer is None else clean(words_of(verdict.offer))
    return {
        "source": name,
        "behaves": how,
        "outcome": verdict.outcome,
        "words_right": text == WORDS if text else None,
        "match": None if verdict.offer is None else verdict.offer.match,
        "offered": [offer.match for offer in verdict.doubtful],
        "reason": verdict.reason,
    }


# -- real words ---------------------------------------------------------------------------------------


def jamendo(folder: Path) -> dict[str, Any]:
    """Return how many languages are right, and what cleaning took away."""
    with open(folder / "songs.csv", encoding="utf-8", newline="") as file:
        said = {Path(row["Filepath"]).stem: LANGUAGES[row["Language"]] for row in csv.DictReader(file)}
    texts = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.txt")) if path.stem in said}
    detect("warm up: the model is read once")
    began = time.monotonic()
    cleaned = {name: clean(text) for name, text in texts.items()}
    told = {name: detect(text) for name, text in cleaned.items()}
    vectors = [features.vector(text, language=told[name], duration=200.0) for name, text in cleaned.items()]
    seconds = time.monotonic() - began
    pieces = {
        "verses": [(said[name], detect(verse)) for name, text in cleaned.items() for verse in text.split("\n\n")],
        "lines": [(said[name], detect(line)) for name, text in cleaned.items() for line in text.split("\n") if line],
    }
    changed = {name: gone for name, text in texts.items() if (gone := _gone(text, cleaned[name]))}
    return {
        "songs": len(texts),
        "language_right": sum(told[name] == said[name] for name in texts),
        "language_wrong": {n: [said[n], told[n]] for n in texts if told[n] not in (None, said[n])},
        **{name: _told(pairs) for name, pairs in pieces.items()},
        "words_changed_by_cleaning": changed,
        "not_a_song": {name: reason for name, text in cleaned.items() if (reason := not_lyrics(text))},
        "finite": bool(np.isfinite(vectors).all()),
        "seconds": round(seconds, 2),
    }  # fmt: skip


def _told(pairs: Sequence[tuple[str, str | None]]) -> dict[str, int]:
    """Count (what it is, what was told)."""
    return {
        "right": sum(a == b for a, b in pairs),
        "none": sum(b is None for _, b in pairs),
        "wrong": sum(b not in (None, a) for a, b in pairs),
    }


def _gone(before: str, after: str) -> list[str]:
    """Return the words that cleaning took away or put in."""
    there, left = Counter(WORD.findall(before)), Counter(WORD.findall(after))
    return sorted(((there - left) + (left - there)).elements())


# -- many made-up songs -------------------------------------------------------------------------------


def scale(songs: int) -> dict[str, Any]:
    """Return what it takes to clean, tell the language of, describe and count so many songs."""
    rng = random.Random(0)
    texts = [made_up(rng, rng.sample(COMMON, 12), ()) for _ in range(songs)]
    for text in texts[:3]:
        features.vector(text, language=detect(text), duration=200.0)
    seconds: dict[str, float] = {}
    cleaned = _timed(seconds, "clean", lambda: [clean(text) for text in texts])
    languages = _timed(seconds, "language", lambda: [detect(text) for text in cleaned])
    pairs = list(zip(cleaned, languages, strict=True))
    _timed(seconds, "features", lambda: [features.vector(text, language=code, duration=200.0) for text, code in pairs])
    numbered = [(number, text, code) for number, (text, code) in enumerate(pairs)]
    counted = _timed(seconds, "count_words", lambda: corpus(numbered))
    half = range(0, songs, 2), range(1, songs, 2)
    _timed(seconds, "telling_words", lambda: telling(counted, *half))
    held = sum(array.nbytes for array in (counted.uses.data, counted.uses.indices, counted.uses.indptr)) / 1e6
    return {"songs": songs, "seconds": {name: round(s, 2) for name, s in seconds.items()}, "counts_mb": round(held, 1)}


def _timed(seconds: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    began = time.monotonic()
    result = work()
    seconds[name] = seconds.get(name, 0.0) + time.monotonic() - began
    return result


def made_up(rng: random.Random, habits: Sequence[str], theme: Sequence[str]) -> str:
    """Return four verses and a chorus from an artist's habitual words, a theme's among them."""

    def line() -> str:
        return rng.choice(FRAMES).format(*rng.sample(list(habits), 2))

    chorus = [line(), line()]
    verses = [[*(line() for _ in range(4)), *chorus] for _ in range(4)]
    for word in theme:  # each comes once or twice, anywhere
        for _ in range(rng.choice((1, 2))):
            verses[rng.randrange(4)][rng.randrange(4)] = rng.choice(FRAMES).format(word, rng.choice(list(habits)))
    return "\n\n".join("\n".join(verse) for verse in verses)


# -- words that mean nothing --------------------------------------------------------------------------


def by_lot(folder: Path | None) -> dict[str, Any]:
    """Return in how many draws a word passed the line of chance, and what that line was on average."""
    found = {f"habits, {name}": _passed(draws(), 4) for name, draws in (("songs", _songs), ("artists", _artists))}
    if folder is not None:
        texts = [path.read_text("utf-8") for path in sorted(folder.glob("*.txt"))]
        known = corpus([(number, text, detect(text)) for number, text in enumerate(texts)])
        halves = (np.random.default_rng(seed).permutation(len(texts)) for seed in range(DRAWS))
        found["real songs"] = _passed(((known, half[: len(texts) // 2], half[len(texts) // 2 :]) for half in halves), 1)
    return found


def _passed(draws: Iterable[tuple[Corpus, np.ndarray, np.ndarray]], songs_per_artist: int) -> dict[str, Any]:
    lines, passed = [], 0
    for seed, (known, first, second) in enumerate(draws):
        artists = {int(song): int(song) // songs_per_artist for song in (*first, *second)}
        told, _ = telling(known, first, second, together=artists, seed=seed)
        lines.append(told.chance)
        passed += told.terms[0].z > told.chance
    return {"draws": len(lines), "passed": passed, "chance": round(float(np.mean(lines)), 2)}


def _songs() -> Iterator[tuple[Corpus, np.ndarray, np.ndarray]]:
    """Yield made-up songs of 20 artists with habits, of which half are drawn song by song."""
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        order = rng.permutation(80)
        yield _habitual(rng), order[:40], order[40:]


def _artists() -> Iterator[tuple[Corpus, np.ndarray, np.ndarray]]:
    """Yield the same with half the artists drawn."""
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        order = (4 * rng.permutation(20)[:, None] + np.arange(4)).ravel()
        yield _habitual(rng), order[:40], order[40:]


def _habitual(rng: np.random.Generator) -> Corpus:
    """Return 80 songs, four of each artist: common and rare words, a refrain, and words of the artist alone."""
    songs = {}
    for song in range(80):
        words = Counter(f"w{w}" for w in rng.zipf(1.3, 80) if w < 5_000)
        words.update([f"w{rng.integers(1, 40)}"] * 20)
        words.update(f"habit{song // 4}-{k}" for k in range(8))
        songs[song] = words
    return corpus_of(songs)


# -- a theme in the words -----------------------------------------------------------------------------


def planted(home: Path | None) -> dict[str, Any]:
    """Return what lyrics add where liked songs share a theme, and where the words are dealt out anew."""
    with _library(home) as workspace:
        answers = {i: label.value for i, label in workspace.labels.current("rating").items()}
        found: dict[str, Any] = {"tracks": workspace.tracks.count()["tracks"], "labelled": len(answers)}
        _give_words(workspace, answers, seed=0)
        found["planted"] = _measured(workspace)
        found["dealt_out_anew"] = [_dealt(workspace, answers, seed) for seed in range(1, DEALS + 1)]
    return found


@contextmanager
def _library(home: Path | None) -> Iterator[Workspace]:
    with tempfile.TemporaryDirectory() as folder:
        if home is not None:
            shutil.copytree(home, Path(folder) / "home", ignore=shutil.ignore_patterns("arrays", "backups", "models"))
            yield Workspace(Path(folder) / "home")
            return
        workspace = Workspace(Path(folder) / "home")
        rng = np.random.default_rng(0)
        files = [
            FoundFile(f"/m/{n}.mp3", n + 1, 1.0, Tags(title=f"S {n}", artist=f"A {n % ARTISTS}", duration=200.0))
            for n in range(TRACKS)
        ]
        ids = list(workspace.tracks.add(files).added)
        values = rng.choice(RATINGS, size=TRACKS)
        for number, (track, value) in enumerate(zip(ids, values, strict=True)):
            workspace.tracks.mark_analysed(track, f"sound {number}", duration=200.0, note=None)
            sound = rng.normal(size=40) + 0.25 * RATINGS.index(value) * (np.arange(40) < 8)  # says a little
            tags = rng.uniform(0.01, 0.2, len(TAG_NAMES))
            workspace.features.put(track, {"musicnn": sound, "tags": tags}, {"musicnn": 1, "tags": 1})
        labelled = zip(ids[:LABELLED], values, strict=False)
        workspace.labels.add([Label(f"l{track}", track, "rating", str(value)) for track, value in labelled])
        yield workspace


def _give_words(workspace: Workspace, answers: dict[int, str], seed: int) -> None:
    """Give each track words of its artist's habits; four of five liked songs speak of the theme, one of ten others."""
    rng = random.Random(seed)
    habits: dict[str | None, list[str]] = {}
    for track in workspace.tracks.all():
        own = habits.setdefault(track.artist, rng.sample(COMMON, 12))
        speaks = rng.random() < (0.8 if answers.get(track.id) == "liked" else 0.1)
        text = clean(made_up(rng, own, rng.sample(THEME, rng.randint(2, 5)) if speaks else ()))
        lyrics = Lyrics(track.id, "found", text=text, source="made up", language="en")
        workspace.lyrics.put(lyrics)
        describe(workspace, track, lyrics)


def _dealt(workspace: Workspace, answers: dict[int, str], seed: int) -> dict[str, Any]:
    values = list(answers.values())
    random.Random(seed).shuffle(values)
    _give_words(workspace, dict(zip(answers, values, strict=True)), seed)
    return _measured(workspace)


def _measured(workspace: Workspace) -> dict[str, Any]:
    """Return the leaderboard of ratings with and without lyrics, and what they add to the sound."""
    wanted = ["musicnn", f"musicnn+{SET}", SET]
    found = evaluating.evaluate(workspace, "rating", ["ensemble"], wanted)
    names = ("accuracy", "accuracy_interval", "auc_liked", "log_loss")
    board = {row["features"]: {name: row.get(name) for name in names} for row in found["models"]}
    gains = {row["features"]: row for row in evaluating.added(workspace, "rating")}
    gain = {name: gains[SET][name] for name in ("gain", "error", "clear")}
    return {"leaderboard": board, "gain": gain, "clear_words": _clear_words(workspace)}


def _clear_words(workspace: Workspace) -> dict[str, int]:
    """Return how many words tell liked songs from disliked ones beyond chance: of the theme, and others."""
    liked, _ = lyrics_words.compare(workspace, "rating", "liked", "disliked", limit=len(COMMON) + len(THEME))
    clear = {term["word"] for term in liked["terms"] if term["clear"]}
    return {"of_the_theme": len(clear & set(THEME)), "others": len(clear - set(THEME))}


if __name__ == "__main__":
    main()
