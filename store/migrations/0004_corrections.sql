-- Which text a message shows, under the number that its article had when it was drawn: a number is
-- one text's alone, so another number says that the story was edited since. sent_as is the one that
-- the message was sent with. place orders the stories of a digest.
CREATE TABLE shown (
    post_key   TEXT NOT NULL REFERENCES post (key),
    place      BIGINT NOT NULL,
    article_id TEXT NOT NULL,
    sent_as    BIGINT NOT NULL,
    number     BIGINT NOT NULL,
    at         TEXT NOT NULL,
    PRIMARY KEY (post_key, place)
);

CREATE INDEX shown_at ON shown (at);

-- Drawing a message anew. attempts counts the calls of the last revision that edited its story;
-- not_before is when the next may be made, corrected_at when one last succeeded.
CREATE TABLE correction (
    post_key     TEXT PRIMARY KEY REFERENCES post (key),
    revision     BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    not_before   TEXT NOT NULL,
    corrected_at TEXT,
    error        TEXT
);
