-- The index (store/finding/segments.py) in one table, read into memory as a whole. A row indexes the
-- articles whose number divided by 2,048 is segment. The blobs are arrays of little-endian numbers: of
-- 32 bits in numbers, in counts (the articles that contain each word) and in postings (article number
-- << 2 | place), of 64 in headlines. words are separated by line feeds. The next start fills the table.
CREATE TABLE segment (
    segment   BIGINT PRIMARY KEY,
    numbers   BYTEA NOT NULL,
    headlines BYTEA NOT NULL,
    words     TEXT NOT NULL,
    counts    BYTEA NOT NULL,
    postings  BYTEA NOT NULL
);
DROP TABLE posting;
DROP TABLE chunk;
DROP TABLE word;
UPDATE index_format SET version = 0;
