-- A large load removes its old articles after it is loaded, in short transactions. Until they are gone,
-- removal lists their numbers, and staging.removed_by is the revision that removed them: no reader sees
-- them, and what they were before it is read from their rows. 0 as long as the load itself is staged.
CREATE TABLE removal (
    number BIGINT PRIMARY KEY
);

ALTER TABLE staging ADD COLUMN removed_by BIGINT NOT NULL DEFAULT 0;

DROP VIEW loaded_article;
CREATE VIEW loaded_article AS
SELECT number, id, document, position, headline, summary, insight, question, shuffle,
    url, publisher, published_at, guid, first_seen_at
FROM article
WHERE NOT (
    number >= (SELECT first FROM staging) AND number < (SELECT past FROM staging)
) AND NOT (
    (SELECT removed_by FROM staging) > 0
    AND EXISTS (SELECT 1 FROM removal r WHERE r.number = article.number)
);

-- Everything that reads old versions of articles reads this view.
CREATE VIEW every_past_article AS
SELECT number, revision, id, document, position, headline, summary, insight, question,
    url, publisher, published_at, guid, first_seen_at
FROM past_article
UNION ALL
SELECT a.number, s.removed_by, a.id, a.document, a.position, a.headline, a.summary, a.insight,
    a.question, a.url, a.publisher, a.published_at, a.guid, a.first_seen_at
FROM staging s CROSS JOIN removal r CROSS JOIN article a
WHERE s.removed_by > 0 AND a.number = r.number;
