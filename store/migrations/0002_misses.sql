-- Look-ups that found nothing, without who made them. key is the words folded and sorted, so that
-- case and order make no difference; words are as they were first typed. asked counts how often
-- somebody pressed a button to ask for the topic.
CREATE TABLE miss (
    key      TEXT PRIMARY KEY,
    words    TEXT NOT NULL,
    searched BIGINT NOT NULL,
    asked    BIGINT NOT NULL,
    first_at TEXT NOT NULL,
    last_at  TEXT NOT NULL
);

CREATE INDEX miss_last ON miss (last_at);
