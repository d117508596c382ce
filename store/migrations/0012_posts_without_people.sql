-- A post keeps the person who asked for it only while it is open: they are asked whether it arrived
-- when nobody knows. No post keeps the words that found its story.
UPDATE post SET asked_by = NULL WHERE state NOT IN ('planned', 'sending', 'unknown');

-- owner is the process that moved a post (host:number), or `person`; it used to be the person's id.
UPDATE post SET owner = 'person' WHERE owner NOT LIKE '%:%';
UPDATE post_move SET owner = 'person' WHERE owner NOT LIKE '%:%';

-- What about keeps of anything but a notice is the thread that a story is shared in. It stands at the
-- end, and is 17 characters long.
UPDATE post SET about =
    CASE
    WHEN about LIKE '%"thread_ts": "__________.______", "more": 0}'
    THEN '{"channel_id": "' || channel_id || '", "thread_ts": "'
        || SUBSTR(about, LENGTH(about) - 29, 17) || '"}'
    WHEN about LIKE '%"thread_ts": "__________.______"}'
    THEN '{"channel_id": "' || channel_id || '", "thread_ts": "'
        || SUBSTR(about, LENGTH(about) - 18, 17) || '"}'
    END
WHERE kind IN ('question', 'digest', 'story', 'share') AND about IS NOT NULL;
