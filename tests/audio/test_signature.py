"""Signatures: the same for two encodings of a recording, another for another performance of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio.decode import decode
from audio.encode import write_audio
from audio.signature import ALIKE, BANDS, SAME, SLICES, likeness, signature

SR = 22_050


def song(seed: int, seconds: float = 30.0, *, tempo: float = 1.0) -> np.ndarray:
    """Return a melody whose notes and loudness follow a seed; another tempo is another performance."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * SR)) / SR
    notes = rng.integers(0, 24, 200)
    loudness = rng.uniform(0.05, 1.0, 200)
    which = (t * 2 * tempo).astype(int)
    tone = np.sin(2 * np.pi * 110 * 2 ** (notes[which] / 12) * t)
    return (0.4 * loudness[which] * (tone + 0.1 * rng.normal(size=len(t)))).astype(np.float32)


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a.opus", "a.ogg"])
def test_another_encoding_has_the_same_signature(tmp_path: Path, name: str) -> None:
    y = song(1)
    heard = decode(write_audio(tmp_path / name, y, SR))
    assert likeness(signature(y, SR), signature(heard.y, heard.sr)) >= SAME


def test_another_performance_of_the_same_length_does_not(tmp_path: Path) -> None:
    first = signature(song(1), SR)
    assert likeness(first, signature(song(1, tempo=1.1), SR)) < ALIKE
    assert likeness(first, signature(song(2), SR)) < ALIKE


def test_loudness_alone_makes_no_difference() -> None:
    y = song(3)
    assert likeness(signature(y, SR), signature(0.1 * y, SR)) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("samples", [0, 1, 100, 3000, SR])
def test_any_length_has_a_signature(samples: int) -> None:
    result = signature(song(1)[:samples], SR)
    assert result.shape == (SLICES * BANDS,)
    assert result.dtype == np.float32
    assert np.isfinite(result).all()


def test_silence_is_like_nothing() -> None:
    silence = signature(np.zeros(SR, np.float32), SR)
    assert likeness(silence, silence) == 0.0


def test_real_clips_keep_their_signature_and_differ_from_each_other(shared) -> None:
    clips = sorted(shared("music").rglob("*.mp3"))[:12]
    found = [signature(w.y, w.sr) for w in map(decode, clips)]
    pairs = [likeness(a, b) for i, a in enumerate(found) for b in found[i + 1 :]]
    assert max(pairs) < ALIKE
