"""Errors say what happened and keep what is needed to go on."""

from __future__ import annotations

import pickle

import pytest

from core import errors
from core.errors import DecodeError, EarmarkError


def test_every_error_of_ours_can_be_caught_as_one() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]
    assert len(kinds) > 5 and all(issubclass(kind, EarmarkError) for kind in kinds)


def test_a_file_that_cannot_be_read_is_named_with_the_reason() -> None:
    error = DecodeError("a b.mp3", "the file is empty")
    assert str(error) == "a b.mp3 cannot be read: the file is empty."
    assert (error.path, error.reason) == ("a b.mp3", "the file is empty")


@pytest.mark.parametrize("error", [DecodeError("a.mp3", "the file is empty"), EarmarkError("No.")])
def test_an_error_travels_between_processes(error: EarmarkError) -> None:
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(back) is type(error) and str(back) == str(error) and vars(back) == vars(error)
