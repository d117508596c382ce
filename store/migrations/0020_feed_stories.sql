-- How the stories of feeds are recognised, the retired ones too, so that old news is never new: hashes
-- of the entry's guid, its link and its text, each as the feed had it last. The dates are those of the
-- story, and retired_at is when retention took it away; NULL before. A row whose story is neither loaded
-- nor retired was undone.
CREATE TABLE feed_story (
    article_id    TEXT PRIMARY KEY,
    source        TEXT NOT NULL,
    guid          TEXT,
    link          TEXT,
    text          TEXT NOT NULL,
    headline      TEXT NOT NULL,
    published_at  TEXT,
    first_seen_at TEXT NOT NULL,
    retired_at    TEXT
);
CREATE INDEX feed_story_guid ON feed_story (source, guid);
CREATE INDEX feed_story_link ON feed_story (source, link);
CREATE INDEX feed_story_text ON feed_story (source, text);

-- The stories that retention took away, for as long as posts show them.
CREATE TABLE retired_article (
    id            TEXT PRIMARY KEY,
    document      TEXT NOT NULL,
    position      BIGINT NOT NULL,
    headline      TEXT NOT NULL,
    summary       TEXT NOT NULL,
    insight       TEXT NOT NULL,
    question      TEXT NOT NULL,
    url           TEXT,
    publisher     TEXT,
    published_at  TEXT,
    guid          TEXT,
    first_seen_at TEXT,
    retired_at    TEXT NOT NULL
);
