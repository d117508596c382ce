-- What keeps the watched folder from being loaded, for as long as it does: one row, or none. line is
-- NULL where the whole file, or the folder, is meant; more counts the problems beside this one.
CREATE TABLE refusal (
    at      TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    BIGINT,
    message TEXT NOT NULL,
    more    BIGINT NOT NULL
);
