-- What keeps a watched folder from being loaded, for as long as it does: one row for each folder,
-- by its address (file:///…), so that the loading of another folder leaves it. at is since when;
-- line is NULL where the whole file, or the folder, is meant; more counts the problems beside this
-- one. What there was before is noted again when the folder is next looked at.
DROP TABLE refusal;
CREATE TABLE refusal (
    folder  TEXT NOT NULL PRIMARY KEY,
    at      TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    BIGINT,
    message TEXT NOT NULL,
    more    BIGINT NOT NULL
);
