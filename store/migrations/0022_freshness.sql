-- The most days since a story was published, or NULL for any age; and whether a digest takes any story
-- (any) or only new ones (new, new or nothing).
ALTER TABLE schedule ADD COLUMN max_age_days BIGINT;
ALTER TABLE schedule ADD COLUMN news TEXT NOT NULL DEFAULT 'any';

-- The newest stories come first, and after them those without a date in the order of the shuffle. A
-- digest takes stories without a question, too.
CREATE INDEX article_published ON article (published_at) WHERE published_at IS NOT NULL;
CREATE INDEX article_asked_published ON article (published_at)
    WHERE published_at IS NOT NULL AND question <> '';
CREATE INDEX article_unasked_shuffle ON article (shuffle, id) WHERE question = '';
