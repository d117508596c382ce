-- The feeds that are polled, and how the last polls went. The corpus folder has no row. id is derived
-- from the first address; url is where the feed is now. claims counts the claims of polls and is their
-- fencing token; a claim lasts until lease_until. failed_since is the first of the failures in a row.
-- keep_days and keep_stories limit which stories stay; NULL for all. A removed feed keeps its row, so
-- that its removal can be undone.
CREATE TABLE source (
    id              TEXT PRIMARY KEY,
    url             TEXT NOT NULL,
    title           TEXT NOT NULL,
    team_id         TEXT,
    added_by        TEXT,
    added_at        TEXT NOT NULL,
    paused_at       TEXT,
    removed_at      TEXT,
    etag            TEXT,
    last_modified   TEXT,
    next_poll_at    TEXT NOT NULL,
    failures        BIGINT NOT NULL,
    failed_since    TEXT,
    last_success_at TEXT,
    last_problem    TEXT,
    keep_days       BIGINT,
    keep_stories    BIGINT,
    claims          BIGINT NOT NULL,
    lease_owner     TEXT,
    lease_until     TEXT
);
