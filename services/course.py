"""A track's course in time, as page and terminal show it: level, brightness, segments, where to listen first."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.records import Outline, Track
from services.workspace import Workspace

SILENT_DB = -80.0
SHOWN = {"level": "dB", "brightness": "Hz", "attacks": "dB"}  # of a part, and the unit of each


def course(workspace: Workspace, track_id: int) -> dict[str, Any] | None:
    """Return how a track goes, None where it was not heard whole yet.

    Returns
    -------
    dict
        track (id), title, loudness (LUFS, integrated; None for silence), peak (dB of full scale), telling (seconds:
        where to listen first), segments [{start, end}] and parts [{start, end, level, brightness, attacks}]: of every
        5 s or so the level in dB of full scale, the mean spectral centroid in Hz and how much louder its bands become
        per frame, in dB.
    """
    outline = workspace.outlines.get(track_id)
    if outline is None:
        return None
    track = workspace.tracks.get(track_id)
    duration = track.duration or 0.0
    return {
        "track": track_id,
        "title": track.title,
        "loudness": None if outline.loudness is None else round(outline.loudness, 1),
        "peak": round(_decibels(outline.peak), 1),
        "telling": round(outline.telling, 1),
        "segments": _spans(outline.bounds, duration),
        "parts": _parts(outline, duration),
    }


def why_no_course(workspace: Workspace, track: Track) -> str:
    """Say why nothing is known of how a track goes, and what to do."""
    if track.state == "unreadable":
        return f"it cannot be heard: {track.reason}."
    if track.id not in workspace.tracks.with_files():
        return "its file is not there."
    return "it was not heard whole yet: run `cli.py analyze`."


def _spans(starts: np.ndarray, duration: float) -> list[dict[str, float]]:
    ends = [*starts[1:], max(duration, float(starts[-1]))]
    return [{"start": round(float(a), 1), "end": round(float(b), 1)} for a, b in zip(starts, ends, strict=True)]


def _parts(outline: Outline, duration: float) -> list[dict[str, float]]:
    from audio.descriptors import ROW_NAMES

    level, brightness, attacks = (
        outline.parts[:, ROW_NAMES.index(name)] for name in ("rms", "spectral_centroid", "onset_strength")
    )
    spans = _spans(np.linspace(0, duration, len(outline.parts), endpoint=False), duration)
    return [
        {**span, "level": round(_decibels(level[i]), 1), "brightness": round(float(brightness[i])),
         "attacks": round(float(attacks[i]), 2)}
        for i, span in enumerate(spans)
    ]  # fmt: skip


def _decibels(amplitude: float) -> float:
    return max(SILENT_DB, 20 * float(np.log10(max(float(amplitude), 1e-9))))
