"""Names fixed outside Earmark: MusiCNN's tags, and what a genre is usually tagged with."""

from __future__ import annotations

# Order of the output units of the two published checkpoints (Pons & Serra 2019).
MSD_TAGS: tuple[str, ...] = (
    "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s",
    "alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists", "classic rock",
    "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s", "chill", "instrumental",
    "punk", "oldies", "blues", "hard rock", "ambient", "acoustic", "experimental",
    "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country", "easy listening", "sexy",
    "catchy", "funk", "electro", "heavy metal", "Progressive rock", "60s", "rnb", "indie pop",
    "sad", "House", "happy",
)  # fmt: skip
MTT_TAGS: tuple[str, ...] = (
    "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast",
    "piano", "ambient", "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male",
    "singing", "vocals", "no vocals", "harpsichord", "loud", "quiet", "flute", "woman",
    "male vocal", "no vocal", "pop", "soft", "sitar", "solo", "man", "classic", "choir", "voice",
    "new age", "dance", "male voice", "female vocal", "beats", "harp", "cello", "no voice",
    "weird", "country", "metal", "female voice", "choral",
)  # fmt: skip

# The feature set "tags" is the 50 MSD probabilities followed by the 50 MTT ones.
TAG_NAMES: tuple[str, ...] = tuple(f"msd:{t}" for t in MSD_TAGS) + tuple(f"mtt:{t}" for t in MTT_TAGS)

# The first guess of a genre from MSD tags; the person can edit a copy of this table in Settings.
GENRE_TAGS: dict[str, tuple[str, ...]] = {
    "rock": ("rock", "alternative rock", "classic rock", "hard rock", "indie rock", "Progressive rock", "punk"),
    "pop": ("pop", "indie pop", "catchy", "female vocalists", "easy listening"),
    "electronic": ("electronic", "electronica", "dance", "electro", "House"),
    "classical": ("instrumental", "beautiful"),
    "hip-hop": ("Hip-Hop", "party"),
    "jazz": ("jazz",),
    "metal": ("metal", "heavy metal"),
    "folk": ("folk", "acoustic"),
    "ambient": ("ambient", "chillout", "chill"),
    "soul": ("soul", "rnb", "funk"),
    "blues": ("blues",),
    "country": ("country",),
}

# The same for the moods that ship: after Russell's circumplex of affect (1980), as far as the tags reach.
MOOD_TAGS: dict[str, tuple[str, ...]] = {
    "energetic": ("dance", "party", "House", "metal", "hard rock", "punk"),
    "happy": ("happy", "catchy"),
    "calm": ("Mellow", "chillout", "chill", "easy listening", "ambient", "acoustic"),
    "sad": ("sad", "beautiful"),
}

# Ways of writing "we do not know the artist", lower case.
NO_ARTIST: frozenset[str] = frozenset(
    {"", "various", "various artists", "va", "unknown", "unknown artist", "<unknown>", "[unknown]", "compilations"}
)
