-- What people type stays theirs: only the button *Ask for this topic* stores words. So far every
-- look-up that found nothing stored them. Those that nobody asked for by the button lose their words
-- here, and only their number stays.

-- What people asked for by the button, without who asked and at what time of the day. key is the
-- words folded and sorted, so that case and order make no difference; words are as first typed.
CREATE TABLE topic_request (
    team_id  TEXT NOT NULL,
    key      TEXT NOT NULL,
    words    TEXT NOT NULL,
    requests BIGINT NOT NULL,
    last_on  TEXT NOT NULL,
    PRIMARY KEY (team_id, key)
);

CREATE INDEX topic_request_last ON topic_request (last_on);

-- How many look-ups of a team found nothing on a day (UTC).
CREATE TABLE search_miss (
    team_id  TEXT NOT NULL,
    day      TEXT NOT NULL,
    searches BIGINT NOT NULL,
    PRIMARY KEY (team_id, day)
);

CREATE INDEX search_miss_day ON search_miss (day);

INSERT INTO topic_request (team_id, key, words, requests, last_on)
SELECT team_id, key, words, asked, SUBSTR(last_at, 1, 10) FROM miss WHERE asked > 0;

INSERT INTO search_miss (team_id, day, searches)
SELECT team_id, SUBSTR(last_at, 1, 10), SUM(searched) FROM miss WHERE searched > 0
GROUP BY team_id, SUBSTR(last_at, 1, 10);

DROP TABLE miss;
