"""The words of the person's songs: kept, made something models can hear, and what the person says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.errors import EarmarkError
from core.records import Lyrics, Offer, Track
from data.lyrics import BY_HAND
from services.workspace import Workspace

SET = "lyrics"  # the feature set
ACT = "lyrics"
IN_TIME = 3.0  # seconds a recording may be longer or shorter than the one the time stamps were made for


# -- what is kept -------------------------------------------------------------------------------------


def is_known(lyrics: Lyrics | None) -> bool:
    """Tell whether a track's words are there, or that it has none."""
    return lyrics is not None and lyrics.outcome in ("found", "instrumental")


def of_offer(track: Track, offer: Offer, asked: tuple[str, ...]) -> Lyrics:
    """Return the row of words found; time stamps made for a longer or shorter recording are left out."""
    from lyrics.cleaning import clean
    from lyrics.language import detect
    from lyrics.providers import words_of

    raw = words_of(offer)
    text = clean(raw)
    gap = abs(offer.duration - track.duration) if offer.duration and track.duration else 0.0
    return Lyrics(
        track.id,
        "found",
        text=text,
        synced=offer.synced if gap <= IN_TIME else None,
        raw=None if raw == text else raw,
        source=offer.source,
        match=None if offer.match is None else round(offer.match, 3),
        language=detect(text),
        title=offer.title,
        artist=offer.artist,
        url=offer.url,
        asked=asked,
    )


def describe(workspace: Workspace, track: Track, lyrics: Lyrics) -> None:
    """Make of a track's words what models hear; where there are none any more, nothing is left of it."""
    workspace.features.remove(SET, [track.id])  # first, so that an act notes what was there
    if lyrics.outcome != "found" or not lyrics.text:
        return
    from lyrics import features

    vector = features.vector(lyrics.text, language=lyrics.language, duration=track.duration)
    workspace.features.put(track.id, {SET: vector}, {SET: features.VERSION})


# -- by hand ------------------------------------------------------------------------------------------


def write(workspace: Workspace, track_id: int, text: str) -> Lyrics:
    """Keep words the person wrote or pasted; no search replaces them. It can be taken back as an act.

    Raises
    ------
    EarmarkError
        There is nothing in it, or no such track.
    """
    from lyrics.synced import is_synced, plain

    track = workspace.tracks.get(track_id)
    synced = text if is_synced(text) else None
    offer = Offer(BY_HAND, plain(text) if synced else text, synced)
    lyrics = of_offer(track, offer, ())
    if not lyrics.text:
        raise EarmarkError(f"There are no words in this for {track.title}; nothing was changed.")
    return _decided(workspace, track, lyrics, f"Wrote the words of {track.title}")


def _decided(workspace: Workspace, track: Track, lyrics: Lyrics, title: str) -> Lyrics:
    """Keep what the person decided about a track's words, as one act under a title; nothing waits for it any more."""
    with workspace.acts.act(ACT, title):
        workspace.lyrics.put(lyrics)
        workspace.lyrics.settle(track.id)
        describe(workspace, track, lyrics)
    return lyrics


def say_instrumental(workspace: Workspace, track_id: int) -> Lyrics:
    """Keep that nothing is sung in a track, because the person said so; an act."""
    track = workspace.tracks.get(track_id)
    lyrics = Lyrics(track_id, "instrumental", source=BY_HAND)
    return _decided(workspace, track, lyrics, f"Said that nothing is sung in {track.title}")


def wrong(workspace: Workspace, track_id: int) -> Track:
    """Take away words that belong to another song, and never take these for this track again; an act.

    Raises
    ------
    EarmarkError
        There are no words that could be wrong.
    """
    track, lyrics = workspace.tracks.get(track_id), workspace.lyrics.of_track(track_id)
    if lyrics is None or not is_known(lyrics):
        raise EarmarkError(f"There are no lyrics of {track.title} that could be wrong.")
    with workspace.acts.act(ACT, f"Said that the words of {track.title} are wrong"):
        _refuse(workspace, track_id, _offer_of(lyrics))
        workspace.lyrics.remove([track_id])
        workspace.features.remove(SET, [track_id])
    return track


def _refuse(workspace: Workspace, track_id: int, offer: Offer) -> None:
    from lyrics.providers import fingerprint

    if offer.source != BY_HAND:
        workspace.lyrics.refuse(track_id, fingerprint(offer), offer)


def _offer_of(lyrics: Lyrics) -> Offer:
    return Offer(
        lyrics.source or BY_HAND,
        lyrics.raw or lyrics.text,
        lyrics.synced,
        instrumental=lyrics.outcome == "instrumental",
        title=lyrics.title,
        artist=lyrics.artist,
        url=lyrics.url,
        match=lyrics.match,
    )


def take(workspace: Workspace, offer_id: int) -> Lyrics:
    """Take an offer that waited: the person says it is this song. An act."""
    doubtful = _waiting(workspace, offer_id)
    track = workspace.tracks.get(doubtful.track_id)
    if doubtful.offer.instrumental:
        lyrics = Lyrics(track.id, "instrumental", source=doubtful.offer.source, match=doubtful.offer.match)
    else:
        lyrics = of_offer(track, doubtful.offer, (doubtful.offer.source,))
    return _decided(workspace, track, lyrics, f"Took the words offered for {track.title}")


def refuse(workspace: Workspace, offer_id: int) -> Track:
    """Say that an offer that waited is another song. An act."""
    doubtful = _waiting(workspace, offer_id)
    track = workspace.tracks.get(doubtful.track_id)
    with workspace.acts.act(ACT, f"Said that words offered for {track.title} are another song"):
        _refuse(workspace, track.id, doubtful.offer)
    return track


def _waiting(workspace: Workspace, offer_id: int) -> Any:
    found = next((one for one in workspace.lyrics.waiting() if one.id == offer_id), None)
    if found is None:
        raise EarmarkError(f"No lyrics with the number {offer_id} wait for a decision any more.")
    return found


def clear(workspace: Workspace, track_ids: Sequence[int] | None = None, *, by_hand: bool = False) -> dict[str, int]:
    """Forget words that were found, and what is known of their absence; an act.

    Parameters
    ----------
    track_ids : sequence of int, optional
        Only of these tracks; else of all.
    by_hand : bool
        Also words the person wrote, which cannot be found again.

    Returns
    -------
    dict
        {"cleared", "kept"}: tracks whose words went, and tracks whose words are the person's own and stayed.
    """
    known = workspace.lyrics.many(workspace.lyrics.outcomes() if track_ids is None else track_ids)
    own = {i for i, lyrics in known.items() if lyrics.source == BY_HAND and not by_hand}
    gone = [i for i in known if i not in own]
    with workspace.acts.act(ACT, f"Cleared the lyrics of {len(gone):,} track{'' if len(gone) == 1 else 's'}"):
        workspace.lyrics.remove(gone)
        workspace.features.remove(SET, gone)
        for track_id in gone:
            workspace.lyrics.settle(track_id)
    return {"cleared": len(gone), "kept": len(own)}
