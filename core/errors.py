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


class SourceFailedError(EarmarkError):
    """A source of lyrics gave no answer that can be believed: refused, too slow, broken. Not an absence of lyrics.

    Parameters
    ----------
    source : str
    reason : str
        What happened, without the source: "answered 403 (refused)".
    retry_after : float, optional
        Seconds after which the source said one may ask again.
    down : bool
        True: it would be the same for every song, so there is no use in asking for the next one now.
    """

    def __init__(self, source: str, reason: str, *, retry_after: float | None = None, down: bool = False) -> None:
        super().__init__(f"{source} {reason}.")
        self.source = source
        self.reason = reason
        self.retry_after = retry_after
        self.down = down
