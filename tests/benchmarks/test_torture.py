"""Odd and damaged files: none crashes or hangs, what others decode is analysed, the rest has a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from audio import analyse, musicnn
from benchmarks import torture
from benchmarks.torture import Fate, compared, is_broken


def test_every_odd_file_is_accounted_for(shared: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shared("torture")
    monkeypatch.setattr(musicnn, "available", lambda: False)  # decoding is what may go wrong; TensorFlow takes long
    monkeypatch.setattr(analyse, "start_worker", analyse.compile_librosa)
    result = torture.measure(folder, jobs=2)
    assert result["broken"] == []
    assert result["files"] == sum(result[s] for s in ("analysed", "partly", "unreadable", "protected", "ignored"))
    assert result["analysed"] + result["partly"] >= 100


@pytest.mark.parametrize(
    ("decodes", "seconds", "fate", "broken"),
    [
        ("yes", "2.0", Fate("analysed"), False),
        ("yes", "2.0", Fate("partly", "half is missing"), False),
        ("yes", "2.0", Fate("unreadable", "no audio stream in it"), True),
        ("yes", "0.1", Fate("unreadable", "it is too short"), False),
        ("no", "0.0", Fate("unreadable", None), True),
        ("no", "0.0", Fate("ignored", None), True),
        ("no", "0.0", Fate("new"), True),
    ],
)
def test_a_file_not_analysed_needs_a_reason_and_a_sound_one_has_none(
    decodes: str, seconds: str, fate: Fate, broken: bool
) -> None:
    assert is_broken(compared({"file": "a.mp3", "decodes": decodes, "seconds": seconds}, fate)) == broken
