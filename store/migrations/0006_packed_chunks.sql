-- A chunk's columns hold a row for each article that is there, and none for those that are gone:
-- numbers are not used again, so that the columns grew with every edit. places are the numbers within
-- the chunk, of 16 bits, rising; NULL where the row was written before, with a place for every number.
-- Such a row is packed when it is next written; one that is left without articles is taken away.
ALTER TABLE chunk ADD COLUMN places BYTEA;
