-- A channel has several schedules, each with a name. The key of a scheduled post is the id of its
-- schedule and the local date. What is here keeps the keys of its posts: its id is team:channel.
ALTER TABLE schedule RENAME TO schedule_of_channel;

CREATE TABLE schedule (
    id            TEXT PRIMARY KEY,
    team_id       TEXT NOT NULL,
    channel_id    TEXT NOT NULL,
    name          TEXT NOT NULL,
    kind          TEXT NOT NULL,
    organiser_id  TEXT NOT NULL,
    at            TEXT NOT NULL,
    weekdays      TEXT NOT NULL,
    zone          TEXT NOT NULL,
    stories       BIGINT NOT NULL,
    topics        TEXT NOT NULL,
    pool_revision BIGINT,
    paused_until  TEXT,
    stopped       TEXT,
    next_on       TEXT NOT NULL,
    next_at       TEXT NOT NULL,
    max_age_days  BIGINT,
    news          TEXT NOT NULL DEFAULT 'any',
    UNIQUE (team_id, channel_id, name)
);

-- The names are those that store/posting/names.py gives by default.
INSERT INTO schedule (id, team_id, channel_id, name, kind, organiser_id, at, weekdays, zone, stories,
                      topics, pool_revision, paused_until, stopped, next_on, next_at, max_age_days,
                      news)
SELECT team_id || ':' || channel_id, team_id, channel_id,
       CASE weekdays
           WHEN '0123456' THEN 'daily-' WHEN '01234' THEN 'weekday-' WHEN '56' THEN 'weekend-'
           WHEN '0' THEN 'monday-' WHEN '1' THEN 'tuesday-' WHEN '2' THEN 'wednesday-'
           WHEN '3' THEN 'thursday-' WHEN '4' THEN 'friday-' WHEN '5' THEN 'saturday-'
           WHEN '6' THEN 'sunday-' ELSE 'weekly-' END || kind,
       kind, organiser_id, at, weekdays, zone, stories, topics, pool_revision, paused_until, stopped,
       next_on, next_at, max_age_days, news
FROM schedule_of_channel;

DROP TABLE schedule_of_channel;

CREATE INDEX schedule_due ON schedule (next_at);

ALTER TABLE topic_pool RENAME TO topic_pool_of_channel;

CREATE TABLE topic_pool (
    schedule_id TEXT NOT NULL,
    team_id     TEXT NOT NULL,
    article_id  TEXT NOT NULL,
    PRIMARY KEY (schedule_id, article_id)
);

INSERT INTO topic_pool (schedule_id, team_id, article_id)
SELECT team_id || ':' || channel_id, team_id, article_id FROM topic_pool_of_channel;

DROP TABLE topic_pool_of_channel;

-- The schedule of a post; NULL for any other post.
ALTER TABLE post ADD COLUMN schedule_id TEXT;

UPDATE post SET schedule_id = team_id || ':' || channel_id
WHERE due_on IS NOT NULL OR kind = 'digest'
   OR (kind = 'question' AND key LIKE team_id || ':' || channel_id || ':now:%');
