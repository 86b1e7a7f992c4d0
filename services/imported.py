"""What an import found and changed, in the words of the terminal's contract."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Imported:
    """The `import` object of the terminal."""

    tracks: int = 0  # every music entry met, known or new
    added: int = 0
    updated: int = 0
    moved: int = 0
    unreadable: list[dict[str, str]] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    cloud_only: int = 0
    protected: int = 0
    missing: int = 0
    podcasts: int = 0
    other: int = 0  # videos, audiobooks, streams
    playlists: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    withdrawn: int = 0  # ratings this very library gave before and no longer says, or whose line is ignored now

    def as_json(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return asdict(self)

    def add(self, more: Imported) -> None:
        """Count another import in."""
        for name in ("tracks", "added", "updated", "moved", "cloud_only", "protected", "missing", "podcasts", "other"):
            setattr(self, name, getattr(self, name) + getattr(more, name))
        self.playlists += more.playlists
        self.withdrawn += more.withdrawn
        self.unreadable += more.unreadable
        self.ignored = dict((Counter(self.ignored) + Counter(more.ignored)).most_common())
        self.labels = dict(Counter(self.labels) + Counter(more.labels))
