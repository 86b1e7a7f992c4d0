"""Audio the tests make themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio.encode import write_audio
from core.records import Tags

SR = 44_100


@pytest.fixture(scope="session")
def music() -> np.ndarray:
    """Four seconds of stereo at 44.1 kHz: two changing tones, clicks and some noise, (2, samples) float32."""
    rng = np.random.default_rng(1)
    t = np.arange(4 * SR) / SR
    left = 0.3 * np.sin(2 * np.pi * 220 * t * (1 + 0.01 * t)) + 0.02 * rng.standard_normal(len(t))
    right = 0.2 * np.sin(2 * np.pi * 554 * t) * np.exp(-t) + 0.02 * rng.standard_normal(len(t))
    clicks = 0.5 * (np.arange(len(t)) % (SR // 2) < 60)
    return np.stack([left + clicks, right + clicks]).astype(np.float32)


@pytest.fixture
def song(tmp_path: Path, music: np.ndarray) -> Callable[..., Path]:
    """Return a function that writes the music as a file: `song(".mp3", title="Tide")`."""

    def write(extension: str, *, cover: bytes | None = None, y: np.ndarray | None = None, **tags: object) -> Path:
        name = f"{len(list(tmp_path.iterdir()))}{extension}"
        return write_audio(tmp_path / name, music if y is None else y, SR, Tags(**tags), cover=cover)

    return write
