-- Instants are UTC text (2026-11-24T09:00:00.000000Z), so that they sort as text; dates are ISO text.

-- restores is the revision that was brought back; NULL where a folder was read. next_number is the
-- first article number that was not used yet. added to removed count articles.
CREATE TABLE revision (
    number      BIGINT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    documents   BIGINT NOT NULL,
    articles    BIGINT NOT NULL,
    loaded_at   TEXT NOT NULL,
    loaded_by   TEXT NOT NULL,
    restores    BIGINT,
    next_number BIGINT NOT NULL,
    added       BIGINT NOT NULL,
    edited      BIGINT NOT NULL,
    moved       BIGINT NOT NULL,
    removed     BIGINT NOT NULL
);

CREATE TABLE document (
    path     TEXT PRIMARY KEY,
    digest   TEXT NOT NULL,
    articles BIGINT NOT NULL
);

-- number is the article's place in the index; an edited article gets another, and keeps its id.
-- shuffle is a hash of the id: the circle in which channels are asked (store/posting/choice.py).
-- insight and question may be empty.
CREATE TABLE article (
    id       TEXT PRIMARY KEY,
    number   BIGINT NOT NULL UNIQUE,
    document TEXT NOT NULL REFERENCES document (path),
    position BIGINT NOT NULL,
    headline TEXT NOT NULL,
    summary  TEXT NOT NULL,
    insight  TEXT NOT NULL,
    question TEXT NOT NULL,
    shuffle  BIGINT NOT NULL,
    UNIQUE (document, position)
);

CREATE INDEX article_shuffle ON article (shuffle, id) WHERE question <> '';

-- How things were before a revision, for as long as it can be undone (store/loading/undo.py): the
-- documents and articles that it changed or took away. The other columns are NULL where there was
-- none; for an article, where its number was new, there is no row at all.
CREATE TABLE past_document (
    path     TEXT NOT NULL,
    revision BIGINT NOT NULL,
    digest   TEXT,
    articles BIGINT,
    PRIMARY KEY (path, revision)
);

CREATE INDEX past_document_revision ON past_document (revision);

CREATE TABLE past_article (
    number   BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    id       TEXT,
    document TEXT,
    position BIGINT,
    headline TEXT,
    summary  TEXT,
    insight  TEXT,
    question TEXT,
    PRIMARY KEY (number, revision)
);

CREATE INDEX past_article_revision ON past_article (revision);

-- The index (store/finding/index.py), cut into chunks of 65,536 article numbers. The blobs are arrays of
-- little-endian numbers: of 32 bits in postings (article number << 2 | field), 64 in headlines,
-- where an article's place is its number within the chunk; in signs it has 32 bytes.
CREATE TABLE word (
    word     TEXT PRIMARY KEY,
    articles BIGINT NOT NULL
);

CREATE TABLE posting (
    word     TEXT NOT NULL,
    chunk    BIGINT NOT NULL,
    articles BYTEA NOT NULL,
    PRIMARY KEY (word, chunk)
);

CREATE TABLE chunk (
    chunk     BIGINT PRIMARY KEY,
    headlines BYTEA NOT NULL,
    signs     BYTEA NOT NULL
);

-- For which revision the topics, and least, were derived (store/loading/derived.py). articles is how
-- many there were when all was derived at once, touched how many have changed since. least is how
-- near in meaning a story must be before it is asked about, in millionths; NULL without a model. One
-- row, or none.
CREATE TABLE derived (
    revision    BIGINT NOT NULL,
    articles    BIGINT NOT NULL,
    next_number BIGINT NOT NULL,
    touched     BIGINT NOT NULL,
    least       BIGINT
);

-- place is the order in which topics are offered.
CREATE TABLE topic (
    name     TEXT PRIMARY KEY,
    place    BIGINT NOT NULL UNIQUE,
    articles BIGINT NOT NULL
);

CREATE TABLE topic_article (
    topic   TEXT NOT NULL REFERENCES topic (name),
    article TEXT NOT NULL,
    PRIMARY KEY (topic, article)
);

CREATE INDEX topic_article_article ON topic_article (article);


-- The articles that a schedule's topics allow; none for a schedule that takes the whole corpus.
CREATE TABLE topic_pool (
    team_id    TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    article_id TEXT NOT NULL,
    PRIMARY KEY (team_id, channel_id, article_id)
);

-- A channel has one schedule. next_on and next_at are its next turn, kept so that the ticker asks
-- one indexed question. topics is a JSON list of words. paused_until is the local date on which it
-- goes on; stopped is Slack's word for what keeps Parley out of the channel, NULL when nothing does.
-- pool_revision is the revision of which topic_pool was filled.
CREATE TABLE schedule (
    team_id       TEXT NOT NULL,
    channel_id    TEXT NOT NULL,
    kind          TEXT NOT NULL,
    organiser_id  TEXT NOT NULL,
    at            TEXT NOT NULL,
    weekdays      TEXT NOT NULL,
    zone          TEXT NOT NULL,
    stories       BIGINT NOT NULL,
    topics        TEXT NOT NULL,
    pool_revision BIGINT,
    paused_until  TEXT,
    stopped       TEXT,
    next_on       TEXT NOT NULL,
    next_at       TEXT NOT NULL,
    PRIMARY KEY (team_id, channel_id)
);

CREATE INDEX schedule_due ON schedule (next_at);

-- Dates on which no schedule posts.
CREATE TABLE holiday (
    due_on TEXT PRIMARY KEY,
    name   TEXT NOT NULL
);

-- One row for each message, written before the message leaves. The key of a schedule's turn is made
-- of its channel and its local date (due_on, NULL for any other message), so that a date has one
-- post. not_before is when the row may be claimed: its time, the end of the lease of the claim
-- before, or the time to try or to look again. called_at is when the first call may have left whose
-- outcome is open; doubts counts such calls, looks how often the last of them was looked for. about
-- is JSON: what a notice tells.
CREATE TABLE post (
    key         TEXT PRIMARY KEY,
    team_id     TEXT NOT NULL,
    channel_id  TEXT NOT NULL,
    kind        TEXT NOT NULL,
    article_id  TEXT,
    revision    BIGINT,
    why         TEXT,
    about       TEXT,
    state       TEXT NOT NULL,
    due_on      TEXT,
    due_at      TEXT NOT NULL,
    parent_key  TEXT REFERENCES post (key),
    asked_by    TEXT,
    attempts    BIGINT NOT NULL DEFAULT 0,
    doubts      BIGINT NOT NULL DEFAULT 0,
    looks       BIGINT NOT NULL DEFAULT 0,
    not_before  TEXT NOT NULL,
    called_at   TEXT,
    owner       TEXT,
    message_ts  TEXT,
    error       TEXT
);

CREATE INDEX post_open ON post (not_before) WHERE state IN ('planned', 'sending', 'unknown');
CREATE INDEX post_channel ON post (team_id, channel_id, kind);
CREATE INDEX post_message ON post (channel_id, message_ts);

-- Every move of a post, the first (its planning) included: what happened, when, and to whom.
CREATE TABLE post_move (
    post_key TEXT NOT NULL REFERENCES post (key),
    number   BIGINT NOT NULL,
    state    TEXT NOT NULL,
    at       TEXT NOT NULL,
    owner    TEXT,
    error    TEXT,
    PRIMARY KEY (post_key, number)
);

-- The stories of a digest, in their order; the first one's question is asked.
CREATE TABLE post_story (
    post_key   TEXT NOT NULL REFERENCES post (key),
    place      BIGINT NOT NULL,
    article_id TEXT NOT NULL,
    PRIMARY KEY (post_key, place)
);
