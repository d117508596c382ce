-- The weeks in which a schedule posts: every so many weeks, counted from the date of its first post
-- (NULL for every week), or which of a weekday in its month (1 to 4, and -1 for the last, separated by
-- commas; empty for all). holidays is the country or region on whose public holidays it does not post.
ALTER TABLE schedule ADD COLUMN every_weeks BIGINT NOT NULL DEFAULT 1;
ALTER TABLE schedule ADD COLUMN begins_on TEXT;
ALTER TABLE schedule ADD COLUMN of_month TEXT NOT NULL DEFAULT '';
ALTER TABLE schedule ADD COLUMN holidays TEXT NOT NULL DEFAULT '';
