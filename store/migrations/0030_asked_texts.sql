-- The headline and the question of a post that asks one, as they were when it was sent: what a channel
-- was asked stays known when its story is edited or leaves the corpus. NULL for other posts.
ALTER TABLE post ADD COLUMN headline TEXT;
ALTER TABLE post ADD COLUMN question TEXT;
ALTER TABLE posted_article ADD COLUMN headline TEXT;
ALTER TABLE posted_article ADD COLUMN question TEXT;

UPDATE post SET
    headline = COALESCE(
        (SELECT a.headline FROM loaded_article a WHERE a.id = post.article_id),
        (SELECT r.headline FROM retired_article r WHERE r.id = post.article_id)
    ),
    question = COALESCE(
        (SELECT a.question FROM loaded_article a WHERE a.id = post.article_id),
        (SELECT r.question FROM retired_article r WHERE r.id = post.article_id)
    )
WHERE kind IN ('question', 'digest') AND article_id IS NOT NULL;

UPDATE posted_article SET
    headline = COALESCE(
        (SELECT a.headline FROM loaded_article a WHERE a.id = posted_article.article_id),
        (SELECT r.headline FROM retired_article r WHERE r.id = posted_article.article_id)
    ),
    question = COALESCE(
        (SELECT a.question FROM loaded_article a WHERE a.id = posted_article.article_id),
        (SELECT r.question FROM retired_article r WHERE r.id = posted_article.article_id)
    )
WHERE asked > 0;
