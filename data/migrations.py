"""How the database came to be, step by step; a released step is never edited."""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database, Migrations

migrations = Migrations("earmark")

TABLES = """
CREATE TABLE tracks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    artist TEXT,
    album TEXT,
    album_artist TEXT,
    genre TEXT,                 -- the file's own tag: evidence, not a label
    year INTEGER,
    track_number INTEGER,
    duration REAL,              -- seconds
    play_count INTEGER,
    skip_count INTEGER,
    date_added TEXT,
    added_at TEXT NOT NULL,     -- when Earmark first saw it
    state TEXT NOT NULL DEFAULT 'new'
        CHECK (state IN ('new', 'analysed', 'partly', 'unreadable', 'missing', 'protected', 'cloud-only')),
    reason TEXT,                -- why it is unreadable or partly readable, in plain words
    content_id TEXT UNIQUE      -- hash of the audio packets; NULL until analysed
);
CREATE INDEX tracks_state ON tracks (state);

CREATE TABLE external_ids (
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    service TEXT NOT NULL,      -- 'apple_track_id', 'apple_persistent_id', 'spotify_uri', 'isrc'
    value TEXT NOT NULL,
    PRIMARY KEY (service, value, track_id)
);
CREATE INDEX external_ids_track ON external_ids (track_id);

CREATE TABLE files (
    path TEXT PRIMARY KEY,      -- absolute
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    size INTEGER NOT NULL,      -- bytes
    mtime REAL NOT NULL,        -- seconds since the epoch
    root_id INTEGER REFERENCES roots (id) ON DELETE SET NULL,
    missing_since TEXT
);
CREATE INDEX files_track ON files (track_id);
CREATE INDEX files_size ON files (size);

CREATE TABLE roots (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    added_at TEXT NOT NULL,
    scanned_at TEXT
);

CREATE TABLE exclusions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('folder', 'genre', 'playlist', 'track')),
    value TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (kind, value)
);

CREATE TABLE labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,  -- made by the client, so that sending twice writes once
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE RESTRICT,
    target TEXT NOT NULL,       -- rating, genre, mood, or the person's own
    value TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('person', 'csv', 'itunes', 'dataset')),
    reason TEXT,                -- why it was asked
    shown TEXT,                 -- JSON: the prediction on screen before the answer
    model_run_id INTEGER REFERENCES model_runs (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    undone_at TEXT,             -- undo marks, never deletes
    undone_by TEXT UNIQUE       -- the undo's own event id, so that sending it twice undoes once
);
CREATE INDEX labels_track ON labels (track_id, target);
CREATE INDEX labels_created ON labels (created_at);
CREATE INDEX labels_undone ON labels (undone_at);

CREATE VIEW current_labels AS
SELECT id, event_id, track_id, target, value, source, reason, shown, model_run_id, created_at
FROM (
    SELECT *, ROW_NUMBER() OVER (
        PARTITION BY track_id, target
        ORDER BY CASE source WHEN 'person' THEN 0 WHEN 'csv' THEN 1 ELSE 2 END, id DESC
    ) AS place
    FROM labels WHERE undone_at IS NULL
) WHERE place = 1;

CREATE TABLE skips (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE RESTRICT,
    target TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('not now', 'don''t know', 'never')),
    created_at TEXT NOT NULL,
    undone_at TEXT,
    undone_by TEXT UNIQUE
);
CREATE INDEX skips_track ON skips (track_id, target);
CREATE INDEX skips_created ON skips (created_at);

CREATE TABLE questions (
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    target TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    proba TEXT,                 -- JSON: what the models thought when it was asked
    strategy TEXT NOT NULL DEFAULT '',
    score REAL NOT NULL DEFAULT 0,
    asked_at TEXT NOT NULL,
    place REAL NOT NULL,        -- the lowest waits longest and is shown first
    PRIMARY KEY (track_id, target)
);

CREATE TABLE features (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    feature_set TEXT NOT NULL,  -- descriptors, musicnn, tags, lyrics, streaming
    version INTEGER NOT NULL,
    vector BLOB NOT NULL,       -- float32, little endian
    UNIQUE (track_id, feature_set, version)
);
CREATE INDEX features_set ON features (feature_set, version, id);

CREATE TABLE model_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    family TEXT NOT NULL,
    features TEXT NOT NULL,
    labels INTEGER NOT NULL,
    classes TEXT NOT NULL,      -- JSON
    scores TEXT NOT NULL,       -- JSON
    path TEXT,                  -- folder below the home
    created_at TEXT NOT NULL,
    became_current INTEGER NOT NULL DEFAULT 0,
    is_current INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX model_runs_current ON model_runs (target) WHERE is_current = 1;

CREATE TABLE predictions (
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    target TEXT NOT NULL,
    model_run_id INTEGER NOT NULL REFERENCES model_runs (id) ON DELETE CASCADE,
    value TEXT NOT NULL,
    confidence REAL NOT NULL,
    proba TEXT NOT NULL,        -- JSON
    PRIMARY KEY (target, track_id)
) WITHOUT ROWID;

CREATE TABLE lyrics (
    track_id INTEGER PRIMARY KEY REFERENCES tracks (id) ON DELETE CASCADE,
    outcome TEXT NOT NULL CHECK (outcome IN ('found', 'instrumental', 'not there', 'failed')),
    text TEXT,
    source TEXT,
    match REAL,
    language TEXT,
    looked_at TEXT NOT NULL
);

CREATE TABLE playlists (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    rules TEXT,                 -- JSON
    source TEXT NOT NULL DEFAULT 'person',
    created_at TEXT NOT NULL
);
CREATE TABLE playlist_tracks (
    playlist_id INTEGER NOT NULL REFERENCES playlists (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    PRIMARY KEY (playlist_id, position)
) WITHOUT ROWID;

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL CHECK (lane IN ('import', 'analysis', 'training')),
    state TEXT NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
    wish TEXT CHECK (wish IN ('pause', 'cancel')),
    params TEXT NOT NULL,       -- JSON
    progress TEXT,              -- JSON
    result TEXT,                -- JSON
    error TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT
);
CREATE INDEX jobs_state ON jobs (state, lane);

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL         -- JSON
) WITHOUT ROWID;
"""


@migrations()
def m001_first_tables(db: Database) -> None:
    """Make every table of version 1."""
    for statement in split_statements(TABLES):
        db.execute(statement)


LIBRARIES = """
ALTER TABLE tracks ADD COLUMN disc_number INTEGER;

ALTER TABLE files ADD COLUMN content_id TEXT;  -- of what was heard in this very file; NULL: not heard yet
UPDATE files SET content_id = (
    SELECT content_id FROM tracks WHERE tracks.id = files.track_id AND tracks.state IN ('analysed', 'partly'));

ALTER TABLE roots ADD COLUMN kind TEXT NOT NULL DEFAULT 'folder';  -- 'folder', or 'library' for a Library.xml
ALTER TABLE roots ADD COLUMN away_since TEXT;  -- its drive is not connected: its files wait, they are not missing
ALTER TABLE roots ADD COLUMN problem TEXT;     -- why it could not be looked through last time, in plain words
ALTER TABLE roots ADD COLUMN stamp TEXT;       -- size and time of a Library.xml when it was imported

ALTER TABLE playlists ADD COLUMN parent_id INTEGER REFERENCES playlists (id) ON DELETE SET NULL;
ALTER TABLE playlists ADD COLUMN kind TEXT NOT NULL DEFAULT 'list';  -- 'list', 'smart' or 'folder'
ALTER TABLE playlists ADD COLUMN external_id TEXT;  -- Apple's Playlist Persistent ID
CREATE UNIQUE INDEX playlists_external ON playlists (source, external_id);
CREATE INDEX playlist_tracks_track ON playlist_tracks (track_id);

CREATE TABLE acts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,         -- 'import', 'labels', 'genres', 'merge', 'leave out', ...
    title TEXT NOT NULL,        -- what was done, in words
    about TEXT,                 -- the library or file it took in: of these the newest import is taken back first
    created_at TEXT NOT NULL,
    undone_at TEXT
);
CREATE TABLE act_changes (
    act_id INTEGER NOT NULL REFERENCES acts (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,     -- in the order they happened
    table_name TEXT NOT NULL,
    before TEXT,                -- JSON: the row as it was; NULL: it was not there
    after TEXT,                 -- JSON: the row as the act left it; NULL: it was deleted
    PRIMARY KEY (act_id, place)
) WITHOUT ROWID;

CREATE TABLE not_twins (        -- pairs a person said are two recordings
    first INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    second INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    PRIMARY KEY (first, second)
) WITHOUT ROWID;
"""


@migrations()
def m002_libraries(db: Database) -> None:
    """Keep Apple's playlists, what whole acts changed, whose drive is away, and what each file holds."""
    for statement in split_statements(LIBRARIES):
        db.execute(statement)


ASKING = """
ALTER TABLE labels ADD COLUMN asked TEXT;         -- why it was asked, as a code: cover, audit, ...; NULL: nobody asked
ALTER TABLE labels ADD COLUMN guess_hidden INTEGER NOT NULL DEFAULT 0;  -- 1: no guess stood on the screen
ALTER TABLE labels ADD COLUMN said TEXT;          -- what the source said in its own words: "5 stars"
ALTER TABLE questions ADD COLUMN asked TEXT NOT NULL DEFAULT '';  -- as labels.asked
ALTER TABLE questions ADD COLUMN guess_hidden INTEGER NOT NULL DEFAULT 0;
CREATE INDEX labels_asked ON labels (target, asked);

DROP VIEW current_labels;
CREATE VIEW current_labels AS
SELECT id, event_id, track_id, target, value, source, reason, shown, model_run_id, created_at, asked, guess_hidden, said
FROM (
    SELECT *, ROW_NUMBER() OVER (
        PARTITION BY track_id, target
        ORDER BY CASE source WHEN 'person' THEN 0 WHEN 'csv' THEN 1 ELSE 2 END, id DESC
    ) AS place
    FROM labels WHERE undone_at IS NULL
) WHERE place = 1;

CREATE TABLE targets (      -- the person's own, and those that ship with other classes than usual
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('ordered', 'nominal')),
    classes TEXT NOT NULL,      -- JSON, in their order
    question TEXT NOT NULL,
    created_at TEXT NOT NULL
) WITHOUT ROWID;
"""


@migrations()
def m003_asking(db: Database) -> None:
    """Keep why each answer was asked for, what a library said in its own words, and the person's own targets."""
    for statement in split_statements(ASKING):
        db.execute(statement)


LISTENING = """
ALTER TABLE tracks ADD COLUMN quick INTEGER NOT NULL DEFAULT 0;  -- 1: only a few seconds were heard so far
ALTER TABLE model_runs ADD COLUMN versions TEXT;  -- JSON: feature set -> version it was trained on
UPDATE model_runs SET versions = '{"descriptors": 1, "musicnn": 1, "tags": 1}';  -- there were no others

CREATE TABLE outlines (         -- a track's course in time
    track_id INTEGER PRIMARY KEY REFERENCES tracks (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    loudness REAL,              -- LUFS, integrated; NULL: silence
    peak REAL NOT NULL,         -- largest magnitude of a sample; full scale is 1
    telling REAL NOT NULL,      -- seconds: where to listen first
    bounds BLOB NOT NULL,       -- float32, little endian: seconds at which the segments begin
    waveform BLOB NOT NULL,     -- uint8: largest magnitude in equal parts
    parts BLOB NOT NULL         -- float16, little endian: (parts of about 5 s, descriptors per frame), their means
);
CREATE INDEX outlines_loudness ON outlines (loudness);
"""


@migrations()
def m004_listening(db: Database) -> None:
    """Keep each track's course in time, who was heard in passing only, and what a model was trained on."""
    for statement in split_statements(LISTENING):
        db.execute(statement)


MODELS = """
ALTER TABLE model_runs ADD COLUMN settings TEXT;    -- JSON: family -> {settings, labels} chosen by validation
ALTER TABLE model_runs ADD COLUMN seed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE model_runs ADD COLUMN seconds REAL;     -- what the training took
ALTER TABLE model_runs ADD COLUMN why TEXT;         -- why it became current, or did not
ALTER TABLE model_runs ADD COLUMN deleted_at TEXT;  -- its files are gone; the row stays, for the labels that name it
ALTER TABLE predictions ADD COLUMN novelty REAL;    -- distance to what was answered; above 1: unlike anything
"""


@migrations()
def m005_models(db: Database) -> None:
    """Keep how each model was trained and chosen, and how far each track lies from what was answered."""
    for statement in split_statements(MODELS):
        db.execute(statement)


LYRICS = """
ALTER TABLE lyrics ADD COLUMN synced TEXT;      -- LRC: the words with the times they are sung at
ALTER TABLE lyrics ADD COLUMN raw TEXT;         -- as the source wrote them, where cleaning changed something
ALTER TABLE lyrics ADD COLUMN title TEXT;       -- what the source calls the song
ALTER TABLE lyrics ADD COLUMN artist TEXT;
ALTER TABLE lyrics ADD COLUMN url TEXT;
ALTER TABLE lyrics ADD COLUMN reason TEXT;      -- why it failed, in plain words
ALTER TABLE lyrics ADD COLUMN asked TEXT NOT NULL DEFAULT '[]';  -- JSON: the sources that were asked
ALTER TABLE lyrics ADD COLUMN look_again TEXT;  -- from when on it is looked for again; NULL: not by itself
CREATE INDEX lyrics_looked_at ON lyrics (looked_at);

CREATE TABLE lyrics_offers (    -- what may be the words of a track, or was said not to be
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    fingerprint TEXT NOT NULL,  -- of source and words, so that what was refused is known again
    state TEXT NOT NULL CHECK (state IN ('waiting', 'refused')),
    source TEXT NOT NULL,
    text TEXT,
    synced TEXT,
    instrumental INTEGER NOT NULL DEFAULT 0,
    title TEXT,
    artist TEXT,
    album TEXT,
    duration REAL,
    url TEXT,
    match REAL,
    found_at TEXT NOT NULL,
    UNIQUE (track_id, fingerprint)
);

CREATE TABLE new_jobs (         -- as before, with one lane more: a search waits for the internet most of the time
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL CHECK (lane IN ('import', 'analysis', 'training', 'lyrics')),
    state TEXT NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
    wish TEXT CHECK (wish IN ('pause', 'cancel')),
    params TEXT NOT NULL,       -- JSON
    progress TEXT,              -- JSON
    result TEXT,                -- JSON
    error TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT
);
INSERT INTO new_jobs SELECT * FROM jobs;
DROP TABLE jobs;
ALTER TABLE new_jobs RENAME TO jobs;
CREATE INDEX jobs_state ON jobs (state, lane);
"""


@migrations()
def m006_lyrics(db: Database) -> None:
    """Keep where words come from, when to look again, and what waits for the person's decision."""
    for statement in split_statements(LYRICS):
        db.execute(statement)


def split_statements(script: str) -> list[str]:
    """Return the statements of a script one by one, so that they can share one transaction.

    Python's executescript would commit half-way.
    """
    import sqlite3

    statements, current = [], ""
    for line in script.splitlines():
        current += line + "\n"
        if sqlite3.complete_statement(current):
            statements.append(current.strip())
            current = ""
    return [s for s in statements if s]


def apply_migrations(path: Path, version: int) -> None:
    """Bring the database at `path` to `version`; each step is one transaction."""
    import sqlite3

    connection = sqlite3.connect(path, timeout=15, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")  # readers never wait for the coordinator
        database = Database(connection)
        migrations.apply(database)
        connection.execute(f"PRAGMA user_version = {int(version)}")
    finally:
        connection.close()
