"""Errors a person can act on: each message says what happened and what to do."""

from __future__ import annotations


class EarmarkError(Exception):
    """Anything that went wrong in a way a person can understand and put right."""


class DecodeError(EarmarkError):
    """An audio file that cannot be read, with the reason in plain words.

    Parameters
    ----------
    path : str
        The file as the person knows it.
    reason : str
        Why, without the path: "the file is empty", "no audio stream in it".
    """

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}.")
        self.path = str(path)
        self.reason = reason

    def __reduce__(self) -> tuple[type[DecodeError], tuple[str, str]]:
        """Travel between processes with both arguments: a message alone could not be made an error again."""
        return type(self), (self.path, self.reason)


class DatabaseTooNewError(EarmarkError):
    """The home was written by a newer version of Earmark."""


class StorageError(EarmarkError):
    """The database cannot be read or written now: damaged, locked or the disk is full. Trying again may help."""


class NotEnoughLabelsError(EarmarkError):
    """A model cannot be trained yet; the message counts what is missing."""


class UnknownTrackError(EarmarkError):
    """A track id or path that the library does not hold."""


class HomeBusyError(EarmarkError):
    """Another process is the coordinator of this home."""


class Cancelled(EarmarkError):
    """The person stopped a job; everything done so far is kept."""
