-- How many replies a question or a digest has days after it was posted (1 and 7), and of how many people;
-- NULL until it is read. due_at is when it is read next, NULL once that is done or given up, and until_at
-- when it is given up. problem is why it could not be read the last time.
CREATE TABLE reply_count (
    post_key TEXT NOT NULL REFERENCES post (key),
    days     BIGINT NOT NULL,
    due_at   TEXT,
    until_at TEXT NOT NULL,
    replies  BIGINT,
    people   BIGINT,
    problem  TEXT,
    PRIMARY KEY (post_key, days)
);

CREATE INDEX reply_count_due ON reply_count (due_at) WHERE due_at IS NOT NULL;
