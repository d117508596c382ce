-- Where a story comes from and when it was published; NULL where that is unknown. published_at and
-- first_seen_at are instants.
ALTER TABLE article ADD COLUMN url TEXT;
ALTER TABLE article ADD COLUMN publisher TEXT;
ALTER TABLE article ADD COLUMN published_at TEXT;
ALTER TABLE article ADD COLUMN guid TEXT;
ALTER TABLE article ADD COLUMN first_seen_at TEXT;

ALTER TABLE past_article ADD COLUMN url TEXT;
ALTER TABLE past_article ADD COLUMN publisher TEXT;
ALTER TABLE past_article ADD COLUMN published_at TEXT;
ALTER TABLE past_article ADD COLUMN guid TEXT;
ALTER TABLE past_article ADD COLUMN first_seen_at TEXT;

-- The source that a document belongs to, and the source that a revision loaded: so far the folder.
ALTER TABLE document ADD COLUMN source TEXT NOT NULL DEFAULT 'folder';
ALTER TABLE past_document ADD COLUMN source TEXT NOT NULL DEFAULT 'folder';
ALTER TABLE revision ADD COLUMN source TEXT NOT NULL DEFAULT 'folder';
