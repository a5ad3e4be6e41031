CREATE TABLE mention (
    key TEXT PRIMARY KEY,          -- the id of its first version: what makes two polls' mentions one
    id TEXT NOT NULL,              -- the newest version, which a reply goes to
    author TEXT NOT NULL,
    handle TEXT NOT NULL,
    thread TEXT NOT NULL,
    created INTEGER NOT NULL,
    state TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'reply',
    mention TEXT,                  -- all of it, as JSON, until it is forgotten
    prompt TEXT,
    reply TEXT,                    -- frozen when it is approved: a retry says the same words
    reason TEXT,
    seed INTEGER,
    model TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    misses INTEGER NOT NULL DEFAULT 0,
    checked INTEGER,
    posted INTEGER,                -- when a reply was begun: caps count it
    reply_id TEXT,
    changed INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX open_mention ON mention (state, created)
    WHERE state IN ('seen', 'queued', 'waiting', 'approved', 'posting', 'uncertain');
CREATE INDEX by_author ON mention (author, changed);
CREATE INDEX by_thread ON mention (thread);
CREATE INDEX by_posting ON mention (posted) WHERE posted IS NOT NULL;
CREATE INDEX with_text ON mention (changed) WHERE mention IS NOT NULL;

CREATE TABLE attempt (
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    begun INTEGER NOT NULL,        -- on disk before the first byte leaves
    fingerprint TEXT NOT NULL,     -- of the text, which may be forgotten
    ended INTEGER,
    outcome TEXT,                  -- null: nobody knows
    PRIMARY KEY (key, number)
) WITHOUT ROWID;

CREATE TABLE author (
    id TEXT PRIMARY KEY,
    opted_out INTEGER,
    helped INTEGER
) WITHOUT ROWID;

CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE attestation (operator TEXT NOT NULL, statement TEXT NOT NULL, at INTEGER NOT NULL);
