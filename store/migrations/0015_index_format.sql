-- The form in which the index was last written. A start that finds an older one builds it again.
CREATE TABLE index_format (
    version BIGINT NOT NULL
);
INSERT INTO index_format (version) VALUES (1);
