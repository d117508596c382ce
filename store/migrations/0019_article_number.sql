-- The next article number. A load reserves numbers before it writes, so that loads of several sources
-- do not wait for each other.
CREATE TABLE article_number (
    next BIGINT NOT NULL
);
INSERT INTO article_number (next) SELECT COALESCE(MAX(next_number), 0) FROM revision;

-- A revision is looked for by its source.
CREATE INDEX revision_source ON revision (source, number);
