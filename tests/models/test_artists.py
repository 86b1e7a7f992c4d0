"""What the answers about an artist say, for the person's own library."""

from __future__ import annotations

import numpy as np

from models.artists import Encoding, encode, judge, out_of_fold_logs

CLASSES = ("liked", "disliked")


def library(n: int = 120, loyal: float = 1.0) -> tuple[list[tuple[str, str]], np.ndarray, np.ndarray]:
    """Return names, answers and artists; `loyal` is the share of answers that follow the artist."""
    rng = np.random.default_rng(0)
    artist = np.arange(n) % 20
    follows = rng.random(n) < loyal
    liked = np.where(follows, artist % 2 == 0, rng.random(n) < 0.5)
    y = np.where(liked, "liked", "disliked")
    return [(f"artist {a}", f"album {a}") for a in artist], y, np.array([f"artist {a}" for a in artist])


def test_an_artist_counts_as_far_as_there_are_answers() -> None:
    names = [("abba", "arrival"), ("abba", "voulez-vous"), ("nina", "")]
    encoding = encode(names, np.array(["liked", "liked", "disliked"]), CLASSES)
    known, album, unknown = encoding.logs([("abba", "?"), ("abba", "arrival"), ("kate", "")])
    assert known[0] > 0 > known[1]
    assert album[0] > known[0], "the album adds to the artist"
    np.testing.assert_allclose(unknown, 0.0)


def test_no_track_has_a_say_about_itself() -> None:
    names = [(f"artist {i}", "") for i in range(30)]  # each artist has one track
    y = np.array(["liked", "disliked"] * 15)
    np.testing.assert_allclose(out_of_fold_logs(names, y, CLASSES), 0.0)


def test_it_speaks_where_the_person_follows_artists() -> None:
    names, y, groups = library()
    even = np.full((len(y), 2), 0.5)
    weight, judged = judge(even, names, y, CLASSES, groups)
    assert weight > 0 and judged["with_artists"]["accuracy"] > 0.9 > judged["accuracy"]
    mixed = encode(names, y, CLASSES, weight=weight).blend(even, names)
    assert (np.array(CLASSES)[mixed.argmax(axis=1)] == y).mean() > 0.9


def test_it_is_silent_where_the_artist_means_nothing() -> None:
    names, y, groups = library(loyal=0.0)
    weight, judged = judge(np.full((len(y), 2), 0.5), names, y, CLASSES, groups)
    assert weight == 0.0 and judged["gain"] <= judged["error"]
    even = np.full((3, 2), 0.5)
    np.testing.assert_array_equal(encode(names, y, CLASSES, weight=0.0).blend(even, names[:3]), even)


def test_it_survives_being_kept() -> None:
    names, y, _ = library()
    encoding = encode(names, y, CLASSES, weight=0.5)
    again = Encoding.from_json(encoding.as_json())
    np.testing.assert_allclose(again.logs(names), encoding.logs(names))
    assert again.weight == 0.5 and again.classes == CLASSES


def test_columns_in_another_order_get_their_own_artist() -> None:
    names, y, _ = library()
    encoding = encode(names, y, CLASSES, weight=1.0)
    even = np.full((len(y), 2), 0.5)
    turned = encoding.blend(even, names, CLASSES[::-1])
    np.testing.assert_allclose(turned[:, ::-1], encoding.blend(even, names))
