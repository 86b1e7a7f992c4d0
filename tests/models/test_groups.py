"""Which tracks stay together when a model is measured."""

from __future__ import annotations

import pytest

from models.groups import groups


def one(artist: str | None, album_artist: str | None = None, folder: str | None = None, track: int = 7) -> str:
    return str(groups([artist], [album_artist], [folder], [track])[0])


def test_spellings_of_an_artist_are_one_group() -> None:
    assert len(set(groups(["ABBA", " abba ", "Abba"], [None] * 3, [None] * 3, [1, 2, 3]))) == 1


@pytest.mark.parametrize("nobody", ["", "  ", None, "Various Artists", "UNKNOWN", float("nan")])
def test_without_an_artist_the_next_best_name_is_taken(nobody: str | None) -> None:
    assert one(nobody, "Nina Simone", "/m/x") == "nina simone"
    assert one(nobody, nobody, "/m/x") == "folder:/m/x"
    assert one(nobody, nobody, None) == "track:7"


def test_tracks_without_anything_are_alone() -> None:
    assert len(set(groups([None] * 3, [None] * 3, [None] * 3, [1, 2, 3]))) == 3


def test_no_tracks_no_groups() -> None:
    assert len(groups([], [], [], [])) == 0
