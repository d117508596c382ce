-- A large load writes its new articles before it is loaded, in short transactions, so that others can
-- write meanwhile. Their numbers are those from first on and below past; no reader sees them until the
-- load ends, and sets both to 0. token names the load that stages now; another may take its place, and
-- removes what is left of it.
CREATE TABLE staging (
    token BIGINT NOT NULL,
    first BIGINT NOT NULL,
    past  BIGINT NOT NULL
);
INSERT INTO staging (token, first, past) VALUES (0, 0, 0);

-- The same without the constraints that a staged edit would break: until it is loaded, there are two
-- articles of one id and one place.
CREATE TABLE new_article (
    id       TEXT NOT NULL,
    number   BIGINT PRIMARY KEY,
    document TEXT NOT NULL,
    position BIGINT NOT NULL,
    headline TEXT NOT NULL,
    summary  TEXT NOT NULL,
    insight  TEXT NOT NULL,
    question TEXT NOT NULL,
    shuffle  BIGINT NOT NULL,
    url           TEXT,
    publisher     TEXT,
    published_at  TEXT,
    guid          TEXT,
    first_seen_at TEXT
);
INSERT INTO new_article (
    number, id, document, position, headline, summary, insight, question, shuffle,
    url, publisher, published_at, guid, first_seen_at
) SELECT
    number, id, document, position, headline, summary, insight, question, shuffle,
    url, publisher, published_at, guid, first_seen_at
FROM article;
DROP TABLE article;
ALTER TABLE new_article RENAME TO article;

CREATE INDEX article_id ON article (id);
CREATE INDEX article_document ON article (document, position);
CREATE INDEX article_shuffle ON article (shuffle, id) WHERE question <> '';
CREATE INDEX article_unasked ON article (number) WHERE question = '';
CREATE INDEX article_published ON article (published_at) WHERE published_at IS NOT NULL;
CREATE INDEX article_asked_published ON article (published_at)
    WHERE published_at IS NOT NULL AND question <> '';
CREATE INDEX article_unasked_shuffle ON article (shuffle, id) WHERE question = '';
CREATE INDEX article_number_date ON article (number, published_at) WHERE published_at IS NOT NULL;

-- What is loaded: everything that reads articles reads this view.
CREATE VIEW loaded_article AS
SELECT number, id, document, position, headline, summary, insight, question, shuffle,
    url, publisher, published_at, guid, first_seen_at
FROM article
WHERE NOT (
    number >= (SELECT first FROM staging) AND number < (SELECT past FROM staging)
);
