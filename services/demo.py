"""The demo library: 36 short pieces in six styles by invented artists, made on the spot and the same each time."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from audio.encode import write_audio
from core.records import Tags

SR = 32_000  # Hz
SECONDS = 20.0
FADE = 0.5  # seconds
EXTENSIONS = (".mp3", ".m4a", ".flac", ".ogg", ".opus")
COVER_SIDE = 64  # pixels
MINOR = (0, 2, 3, 5, 7, 8, 10)
MAJOR = (0, 2, 4, 5, 7, 9, 11)
PROGRESSIONS = ((0, 5, 3, 4), (0, 3, 4, 3), (0, 4, 5, 3), (0, 2, 3, 4))  # degrees of the scale, one a bar


@dataclass(frozen=True)
class Piece:
    """One piece of the demo library."""

    style: str
    artist: str
    album: str
    year: int
    title: str

    def file(self, folder: Path, extension: str) -> Path:
        """Return where it lies: Artist/Album/Title."""
        return folder / self.artist / self.album / f"{self.title}{extension}"


# Style -> (artist, album, year, titles); all invented.
ARTISTS: dict[str, tuple[tuple[str, str, int, tuple[str, str]], ...]] = {
    "Electronic": (
        ("Neon Heron", "Night Bus", 2019, ("Last Stop", "Timetable")),
        ("Volt & Vine", "Greenhouse Current", 2021, ("Photosynth", "Root Signal")),
        ("Marta Kilowatt", "Mains Hum", 2016, ("Fifty Cycles", "Earth Wire")),
    ),
    "Rock": (
        ("The Rusted Gates", "Scrapyard Sunday", 1998, ("Hinges", "Oil and Water")),
        ("Paper Wolves", "Origami Riot", 2007, ("Fold Me", "Teeth")),
        ("Stone Ferry", "Low Tide", 1993, ("Ballast", "Harbour Lights")),
    ),
    "Folk": (
        ("Ada Fenwick", "Hedgerow Songs", 2012, ("Elder and Thorn", "Milk Lane")),
        ("The Willow Clerks", "Ledger of Leaves", 2015, ("Carry the One", "Inkwell Waltz")),
        ("Tomas Berrymoor", "Peat Smoke", 2009, ("Cutting Turf", "The Long Byre")),
    ),
    "Ambient": (
        ("Glass Estuary", "Slack Water", 2018, ("Mudflat", "Wading")),
        ("Lumen Drift", "Aphelion", 2014, ("Far Side", "Slow Light")),
        ("Hanna Vesterhav", "Fog Atlas", 2020, ("Plate One", "Plate Seven")),
    ),
    "Classical": (
        ("Ilona Varga", "Small Hours for Piano", 2005, ("Prelude at Two", "Nocturne at Four")),
        ("Quartet Lindenhof", "Garden Studies", 2011, ("Study of a Wall", "Study of a Gate")),
        ("Emil Sandoz", "Twelve Letters", 2001, ("First Letter", "Ninth Letter")),
    ),
    "Jazz": (
        ("Dot Calloway Trio", "Blue Kettle", 1961, ("Steam", "Second Cup")),
        ("The Late Ushers", "Exit Music", 1974, ("Row G", "Torchlight")),
        ("Benny Marlowe", "Walking the Cat", 1966, ("Alley Time", "Nine Corners")),
    ),
}


def make_demo(folder: str | Path, *, progress: Callable[[int, int], None] | None = None) -> list[Path]:
    """Write the demo library into a folder; pieces already there are left as they are.

    Parameters
    ----------
    folder : path
        Made if needed.
    progress : callable, optional
        Called with (pieces done, all pieces) after each piece.

    Returns
    -------
    list of Path
        The 36 files, by style.
    """
    pieces, paths = list(demo_pieces()), []
    for number, piece in enumerate(pieces):
        path = piece.file(Path(folder), EXTENSIONS[number % len(EXTENSIONS)])
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            tags = Tags(
                piece.title, piece.artist, piece.album, genre=piece.style, year=piece.year, track_number=1 + number % 2
            )
            write_audio(path, play(piece), SR, tags, cover=cover(piece.album))
        paths.append(path)
        if progress:
            progress(number + 1, len(pieces))
    return paths


def demo_pieces() -> Iterator[Piece]:
    """Yield the pieces in the order they are made."""
    for style, artists in ARTISTS.items():
        for artist, album, year, titles in artists:
            for title in titles:
                yield Piece(style, artist, album, year, title)


def play(piece: Piece, seconds: float = SECONDS) -> np.ndarray:
    """Return the samples of a piece: float32, mono, at `SR`. Its names are its only seed.

    An artist keeps a key, a tempo and a sound; a title changes what is played.
    """
    artist = np.random.default_rng(zlib.crc32(piece.artist.encode()))
    score = Score(
        rng=np.random.default_rng(zlib.crc32(f"{piece.artist}/{piece.title}".encode())),
        key=36 + int(artist.integers(12)),
        pace=float(artist.uniform(0.93, 1.07)),
        brightness=float(artist.uniform(0.8, 1.25)),
        seconds=seconds,
    )
    y = STYLES[piece.style](score)[: int(seconds * SR)]
    fade = np.minimum(1, np.minimum(np.arange(len(y)), np.arange(len(y))[::-1]) / (FADE * SR))
    return (0.8 * y * fade / max(np.abs(y).max(), 1e-9)).astype(np.float32)


@dataclass(frozen=True)
class Score:
    """What a style is told to play."""

    rng: np.random.Generator
    key: int  # MIDI note of the lowest tonic
    pace: float  # times the style's own tempo
    brightness: float  # of the sound, 1 is plain
    seconds: float

    def beats(self, tempo: float) -> Iterator[tuple[int, float]]:
        """Yield (number, seconds) of each beat at a tempo in beats per minute."""
        length = 60 / (tempo * self.pace)
        for number in range(int(self.seconds / length)):
            yield number, number * length

    def silence(self) -> np.ndarray:
        """Return room for the piece, with a tail."""
        return np.zeros(int((self.seconds + 6) * SR))

    def chord(self, scale: tuple[int, ...], degree: int, size: int = 3) -> list[int]:
        """Return the MIDI notes of the chord on a degree of the scale, in thirds."""
        steps = [degree + 2 * i for i in range(size)]
        return [self.key + scale[step % 7] + 12 * (step // 7) for step in steps]


def electronic(score: Score) -> np.ndarray:
    """Play four kicks to the bar, off-beat hats, a sawtooth bass and an arpeggio."""
    y, beat = score.silence(), 60 / (126 * score.pace)
    progression = PROGRESSIONS[score.rng.integers(len(PROGRESSIONS))]
    pattern = score.rng.permutation(4)
    for number, at in score.beats(126):
        chord = score.chord(MINOR, progression[number // 4 % 4], 4)
        add(y, kick(), at, 1.0)
        add(y, hat(score.rng), at + beat / 2, 0.25)
        if number % 2:
            add(y, snare(score.rng) * 0.6, at, 0.4)
        add(y, saw(hertz(chord[0]), beat / 2, 8 * score.brightness), at + beat / 2, 0.35)
        for i, step in enumerate(pattern):
            add(y, saw(hertz(chord[step] + 24), beat / 4, 14 * score.brightness), at + i * beat / 4, 0.16)
    return y


def rock(score: Score) -> np.ndarray:
    """Play distorted power chords in eighths over a back beat."""
    y, guitar, beat = score.silence(), score.silence(), 60 / (138 * score.pace)
    progression = PROGRESSIONS[score.rng.integers(len(PROGRESSIONS))]
    accents = score.rng.uniform(0.5, 1, 8)
    for number, at in score.beats(138):
        root = score.chord(MAJOR, progression[number // 4 % 4])[0]
        for half in (0, 1):
            for note in (root, root + 7, root + 12):
                add(guitar, pluck(hertz(note), 2 * beat, 0.998), at + half * beat / 2, accents[(2 * number + half) % 8])
            add(y, hat(score.rng), at + half * beat / 2, 0.3)
        add(y, kick() if number % 2 == 0 else snare(score.rng), at, 0.9)
    return y + 0.7 * np.tanh(8 * score.brightness * guitar)


def folk(score: Score) -> np.ndarray:
    """Pick chords on plucked strings, with a tune above."""
    y, beat = score.silence(), 60 / (96 * score.pace)
    progression = PROGRESSIONS[score.rng.integers(len(PROGRESSIONS))]
    for number, at in score.beats(96):
        chord = score.chord(MAJOR, progression[number // 4 % 4])
        for i, note in enumerate((chord[0], chord[1] + 12, chord[2] + 12, chord[1] + 12)):
            add(y, pluck(hertz(note + 12), 2.0, 0.996), at + i * beat / 4, 0.5)
        if score.rng.random() < 0.7:
            tune = scale_note(score, MAJOR)
            add(y, pluck(hertz(tune + 24), 2.0, 0.994), at, 0.6 * score.brightness)
    return y


def ambient(score: Score) -> np.ndarray:
    """Let slow chords of soft tones swell under wind."""
    y = score.silence()
    for number, at in score.beats(12):
        for note in score.chord(MAJOR, int(score.rng.integers(6)), 4):
            for detune in (-0.08, 0.0, 0.07):
                add(y, swell(hertz(note + 12 + detune), 9.0, score.brightness), at - 1.5 if number else at, 0.2)
    wind = smooth(score.rng.standard_normal(len(y)), 60)
    tide = 1 + np.sin(2 * np.pi * 0.08 * np.arange(len(y)) / SR + score.rng.uniform(0, 6))
    return y + 0.35 * wind * tide


def classical(score: Score) -> np.ndarray:
    """Play a piano: broken chords in the left hand, a melody with rests in the right."""
    y, beat = score.silence(), 60 / (72 * score.pace)
    progression = PROGRESSIONS[score.rng.integers(len(PROGRESSIONS))]
    for number, at in score.beats(72):
        chord = score.chord(MINOR, progression[number // 3 % 4])
        for i, note in enumerate(chord):
            add(y, piano(hertz(note + 12), 2.5, score.brightness), at + i * beat / 3, 0.3)
        if score.rng.random() < 0.8:
            loudness = score.rng.uniform(0.4, 0.8)
            add(y, piano(hertz(scale_note(score, MINOR) + 36), 3.0, score.brightness), at, loudness)
    return y


def jazz(score: Score) -> np.ndarray:
    """Walk a bass under swung cymbals, four-note chords and a solo."""
    y, beat = score.silence(), 60 / (152 * score.pace)
    progression = ((1, 4, 0, 5), (0, 5, 1, 4))[score.rng.integers(2)]
    for number, at in score.beats(152):
        chord = score.chord(MAJOR, progression[number // 4 % 4], 4)
        add(y, pluck(hertz(chord[number % 4] % 12 + 36), 0.6, 0.99), at, 0.9)
        add(y, cymbal(score.rng), at, 0.22)
        if number % 2:
            add(y, cymbal(score.rng), at + 2 * beat / 3, 0.16)
            for note in chord:
                add(y, organ(hertz(note + 24), beat * 0.6), at + 2 * beat / 3, 0.1)
        for offset in (0, 2 * beat / 3):
            if score.rng.random() < 0.55:
                add(y, organ(hertz(scale_note(score, MAJOR) + 36), beat * 0.5), at + offset, 0.3 * score.brightness)
    return y


STYLES: dict[str, Callable[[Score], np.ndarray]] = {
    "Electronic": electronic,
    "Rock": rock,
    "Folk": folk,
    "Ambient": ambient,
    "Classical": classical,
    "Jazz": jazz,
}


def scale_note(score: Score, scale: tuple[int, ...]) -> int:
    """Return a note of the scale within an octave, at random."""
    return score.key + scale[score.rng.integers(7)]


def add(track: np.ndarray, sound: np.ndarray, at: float, gain: float) -> None:
    """Mix a sound into a track at a time in seconds; what would not fit is cut."""
    first = max(0, int(at * SR))
    room = track[first : first + len(sound)]
    room += gain * sound[: len(room)]


def hertz(note: float) -> float:
    """Return the frequency of a MIDI note (69 is A at 440 Hz)."""
    return float(440 * 2 ** ((note - 69) / 12))


def times(seconds: float) -> np.ndarray:
    """Return the time of each sample in seconds."""
    return np.arange(int(seconds * SR)) / SR


def tone(frequency: float, t: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Add up overtones of the given strengths, leaving out those too high for the sample rate."""
    strengths = strengths[: max(1, int(0.45 * SR / frequency))]
    return sum(s * np.sin(2 * np.pi * frequency * k * t) for k, s in enumerate(strengths, 1))


@lru_cache(256)
def saw(frequency: float, seconds: float, overtones: float) -> np.ndarray:
    """Play a sawtooth that closes quickly, of about so many overtones."""
    t = times(seconds)
    return tone(frequency, t, 1 / np.arange(1, max(2, int(overtones)))) * np.exp(-6 * t / seconds)


@lru_cache(256)
def piano(frequency: float, seconds: float, brightness: float) -> np.ndarray:
    """Strike a string: overtones that die the sooner the higher they are."""
    t = times(seconds)
    y = np.zeros(len(t))
    for k in range(1, max(2, min(9, int(0.45 * SR / frequency)))):
        y += (
            np.exp(-(1.2 + 0.9 * k / brightness) * t)
            / k**1.3
            * np.sin(2 * np.pi * frequency * k * (1 + 0.0004 * k * k) * t)
        )
    return y * np.minimum(1, t / 0.004)


@lru_cache(256)
def organ(frequency: float, seconds: float) -> np.ndarray:
    """Play a soft reed with vibrato."""
    t = times(seconds)
    return (
        tone(frequency, t + 0.0006 * np.sin(2 * np.pi * 5.5 * t) / 5.5, np.array([1, 0.5, 0.35, 0.1]))
        * np.hanning(len(t)) ** 0.5
    )


@lru_cache(256)
def swell(frequency: float, seconds: float, brightness: float) -> np.ndarray:
    """Play a soft tone that comes and goes."""
    t = times(seconds)
    return tone(frequency, t, np.array([1, 0.3, 0.1]) * brightness ** np.arange(3)) * np.hanning(len(t)) ** 2


@lru_cache(256)
def pluck(frequency: float, seconds: float, keep: float) -> np.ndarray:
    """Pluck a string (Karplus & Strong 1983), a period at a time so that numpy does the loop within it."""
    period = max(2, round(SR / frequency))
    string = smooth(np.random.default_rng(period).uniform(-1, 1, period), 3)
    periods = []
    for _ in range(max(1, int(seconds * SR / period))):
        periods.append(string)
        string = keep * 0.5 * (string + np.roll(string, 1))
    return np.concatenate(periods)


@lru_cache(256)
def kick() -> np.ndarray:
    """Strike a bass drum: a tone that falls from 160 to 50 Hz."""
    t = times(0.3)
    return np.sin(2 * np.pi * (50 * t + 110 / 30 * (1 - np.exp(-30 * t)))) * np.exp(-9 * t)


def snare(rng: np.random.Generator) -> np.ndarray:
    """Strike a snare drum: a tone and its rattle."""
    t = times(0.2)
    return (0.5 * np.sin(2 * np.pi * 190 * t) + 0.7 * rng.standard_normal(len(t))) * np.exp(-20 * t)


def hat(rng: np.random.Generator) -> np.ndarray:
    """Strike a closed hi-hat: a moment of high noise."""
    t = times(0.06)
    return np.diff(rng.standard_normal(len(t) + 1)) * np.exp(-70 * t)


def cymbal(rng: np.random.Generator) -> np.ndarray:
    """Strike a ride cymbal: high noise that rings a little."""
    t = times(0.25)
    return np.diff(rng.standard_normal(len(t) + 1)) * np.exp(-14 * t)


def smooth(y: np.ndarray, width: int) -> np.ndarray:
    """Return the running mean over so many samples, made as loud as before."""
    total = np.cumsum(np.concatenate([y, y[: width - 1]]))
    mean = np.concatenate([total[width - 1 : width], total[width:] - total[:-width]]) / width
    return mean * np.sqrt(width)


def cover(album: str) -> bytes:
    """Return a small PNG picture in two colours that the album's name chooses."""
    rng = np.random.default_rng(zlib.crc32(album.encode()))
    low, high = rng.integers(30, 235, (2, 3))
    across = np.linspace(0, 1, COVER_SIDE)
    mix = (across[:, None] + across[None, :] > rng.uniform(0.6, 1.4)).astype(float)[..., None]
    pixels = (low + (high - low) * mix).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", COVER_SIDE, COVER_SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
