-- The embeddings of stories, for semantic search (store/corpus/embedder.py): an integer of 8 bits for
-- each dimension. A number always belongs to one text. model identifies the weights; vectors of another
-- model are computed again. The bit vectors of the model before, and the minimum measured for them, go.
CREATE TABLE embedding (
    number BIGINT PRIMARY KEY,
    model  BIGINT NOT NULL,
    vector BYTEA NOT NULL
);
ALTER TABLE chunk DROP COLUMN signs;
ALTER TABLE derived DROP COLUMN least;
