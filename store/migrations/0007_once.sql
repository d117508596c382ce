-- What is being done for a person, by what asks for it: it may come again, to another process. key is
-- a hash, for it may be made of words.
CREATE TABLE once (
    team_id TEXT NOT NULL,
    key     TEXT NOT NULL,
    at      TEXT NOT NULL,
    PRIMARY KEY (team_id, key)
);

CREATE INDEX once_at ON once (at);
