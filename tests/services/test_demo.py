"""The demo library is made quickly, always the same, and sounds like six styles."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from audio.decode import decode
from audio.metadata import read_cover, read_tags
from services.demo import SR, STYLES, demo_pieces, make_demo, play


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The whole demo library, made once."""
    return make_demo(tmp_path_factory.mktemp("demo"))


def test_there_are_two_pieces_of_three_artists_in_each_style(demo: list[Path]) -> None:
    tags = [read_tags(path) for path in demo]
    assert len(demo) == len({tag.title for tag in tags}) == 36
    assert Counter(tag.genre for tag in tags) == dict.fromkeys(STYLES, 6)
    assert set(Counter(tag.artist for tag in tags).values()) == {2}
    assert all(tag.album and tag.year and tag.track_number in (1, 2) for tag in tags)


def test_files_lie_by_artist_and_album_in_five_formats(demo: list[Path]) -> None:
    for path in demo:
        tags = read_tags(path)
        assert (path.parent.parent.name, path.parent.name, path.stem) == (tags.artist, tags.album, tags.title)
    assert len({path.suffix for path in demo}) == 5


def test_every_piece_can_be_heard_and_has_a_cover(demo: list[Path]) -> None:
    for path in demo:
        waveform = decode(path)
        assert waveform.complete and waveform.duration == pytest.approx(20, abs=0.1)
        assert 0.02 < waveform.y.std() < 0.5
        assert read_cover(path) is not None


def test_a_piece_is_the_same_each_time_and_like_no_other() -> None:
    pieces = [play(piece, 2.0) for piece in demo_pieces()]
    again = [play(piece, 2.0) for piece in demo_pieces()]
    assert all(np.array_equal(a, b) for a, b in zip(pieces, again, strict=True))
    assert len({piece.tobytes() for piece in pieces}) == 36
    assert all(len(piece) == 2 * SR and np.abs(piece).max() <= 1 for piece in pieces)


def test_what_is_there_already_is_left_alone(tmp_path: Path, demo: list[Path]) -> None:
    root = demo[0].parents[2]
    before = {path: path.stat().st_mtime_ns for path in demo}
    done: list[tuple[int, int]] = []
    assert make_demo(root, progress=lambda n, of: done.append((n, of))) == demo
    assert {path: path.stat().st_mtime_ns for path in demo} == before
    assert done[-1] == (36, 36) and len(done) == 36
