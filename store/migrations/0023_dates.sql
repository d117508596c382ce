-- The dates of equally good stories, by number, without their texts.
CREATE INDEX article_number_date ON article (number, published_at) WHERE published_at IS NOT NULL;
