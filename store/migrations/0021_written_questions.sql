-- What admins write for stories whose file or feed has no question. It is laid over the story whenever
-- that is written. Older versions are kept to be recognised in the old texts of stories, which an undo
-- reads; the newest one counts, and an empty question takes back the one before.
CREATE TABLE written_question (
    article_id TEXT NOT NULL,
    version    BIGINT NOT NULL,
    insight    TEXT NOT NULL,
    question   TEXT NOT NULL,
    team_id    TEXT,
    written_by TEXT,
    written_at TEXT NOT NULL,
    PRIMARY KEY (article_id, version)
);

-- The stories that have no question.
CREATE INDEX article_unasked ON article (number) WHERE question = '';
