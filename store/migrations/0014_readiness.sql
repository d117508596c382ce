-- One row, written again and again by the check whether anything can be written. The ballast, which
-- comes and goes within a transaction, shows a file that has no room to grow.
CREATE TABLE readiness (
    id      BIGINT PRIMARY KEY,
    ballast BYTEA NOT NULL
);
