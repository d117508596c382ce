-- What a channel has had in posts that are deleted by now, so that nothing is repeated: how often an
-- article was asked and how often it was shown, its asking included, and when it was last asked (NULL
-- if never). One row for each article and channel, and nothing of a person.
CREATE TABLE posted_article (
    team_id    TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    article_id TEXT NOT NULL,
    asked      BIGINT NOT NULL,
    shown      BIGINT NOT NULL,
    asked_on   TEXT,
    PRIMARY KEY (team_id, channel_id, article_id)
);

-- Posts are deleted by age, each after the story in its thread.
CREATE INDEX post_closed ON post (due_at) WHERE state IN ('sent', 'failed', 'missed', 'skipped');
CREATE INDEX post_parent ON post (parent_key);

-- A message to one person whose outcome nobody knows was open for ever, since nobody is asked about it.
UPDATE post SET state = 'failed', asked_by = NULL
WHERE state = 'unknown' AND not_before LIKE '9999-%'
  AND kind IN ('unsure', 'stopped', 'ready', 'low', 'refused');

-- Who installed Parley was stored, and never used.
ALTER TABLE installation DROP COLUMN installed_by;
