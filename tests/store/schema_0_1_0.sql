-- A database as Parley 0.1.0 left it, all its tables with rows: `tests/store/db/test_db.py` opens it.
-- It is what people have, so it does not change; its blobs are SQLite's X'…'.

CREATE TABLE schema_migration (
    version    BIGINT PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE revision (
    number      BIGINT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    documents   BIGINT NOT NULL,
    articles    BIGINT NOT NULL,
    loaded_at   TEXT NOT NULL,
    loaded_by   TEXT NOT NULL,
    restores    BIGINT,
    next_number BIGINT NOT NULL,
    added       BIGINT NOT NULL,
    edited      BIGINT NOT NULL,
    moved       BIGINT NOT NULL,
    removed     BIGINT NOT NULL
);

CREATE TABLE document (
    path     TEXT PRIMARY KEY,
    digest   TEXT NOT NULL,
    articles BIGINT NOT NULL
);

CREATE TABLE article (
    id       TEXT PRIMARY KEY,
    number   BIGINT NOT NULL UNIQUE,
    document TEXT NOT NULL REFERENCES document (path),
    position BIGINT NOT NULL,
    headline TEXT NOT NULL,
    summary  TEXT NOT NULL,
    insight  TEXT NOT NULL,
    question TEXT NOT NULL,
    shuffle  BIGINT NOT NULL,
    UNIQUE (document, position)
);

CREATE INDEX article_shuffle ON article (shuffle, id) WHERE question <> '';

CREATE TABLE past_document (
    path     TEXT NOT NULL,
    revision BIGINT NOT NULL,
    digest   TEXT,
    articles BIGINT,
    PRIMARY KEY (path, revision)
);

CREATE INDEX past_document_revision ON past_document (revision);

CREATE TABLE past_article (
    number   BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    id       TEXT,
    document TEXT,
    position BIGINT,
    headline TEXT,
    summary  TEXT,
    insight  TEXT,
    question TEXT,
    PRIMARY KEY (number, revision)
);

CREATE INDEX past_article_revision ON past_article (revision);

CREATE TABLE word (
    word     TEXT PRIMARY KEY,
    articles BIGINT NOT NULL
);

CREATE TABLE posting (
    word     TEXT NOT NULL,
    chunk    BIGINT NOT NULL,
    articles BYTEA NOT NULL,
    PRIMARY KEY (word, chunk)
);

CREATE TABLE chunk (
    chunk     BIGINT PRIMARY KEY,
    headlines BYTEA NOT NULL,
    signs     BYTEA NOT NULL
, places BYTEA);

CREATE TABLE derived (
    revision    BIGINT NOT NULL,
    articles    BIGINT NOT NULL,
    next_number BIGINT NOT NULL,
    touched     BIGINT NOT NULL,
    least       BIGINT
);

CREATE TABLE topic (
    name     TEXT PRIMARY KEY,
    place    BIGINT NOT NULL UNIQUE,
    articles BIGINT NOT NULL
);

CREATE TABLE topic_article (
    topic   TEXT NOT NULL REFERENCES topic (name),
    article TEXT NOT NULL,
    PRIMARY KEY (topic, article)
);

CREATE INDEX topic_article_article ON topic_article (article);

CREATE TABLE topic_pool (
    team_id    TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    article_id TEXT NOT NULL,
    PRIMARY KEY (team_id, channel_id, article_id)
);

CREATE TABLE schedule (
    team_id       TEXT NOT NULL,
    channel_id    TEXT NOT NULL,
    kind          TEXT NOT NULL,
    organiser_id  TEXT NOT NULL,
    at            TEXT NOT NULL,
    weekdays      TEXT NOT NULL,
    zone          TEXT NOT NULL,
    stories       BIGINT NOT NULL,
    topics        TEXT NOT NULL,
    pool_revision BIGINT,
    paused_until  TEXT,
    stopped       TEXT,
    next_on       TEXT NOT NULL,
    next_at       TEXT NOT NULL,
    PRIMARY KEY (team_id, channel_id)
);

CREATE INDEX schedule_due ON schedule (next_at);

CREATE TABLE holiday (
    due_on TEXT PRIMARY KEY,
    name   TEXT NOT NULL
);

CREATE TABLE post (
    key         TEXT PRIMARY KEY,
    team_id     TEXT NOT NULL,
    channel_id  TEXT NOT NULL,
    kind        TEXT NOT NULL,
    article_id  TEXT,
    revision    BIGINT,
    why         TEXT,
    about       TEXT,
    state       TEXT NOT NULL,
    due_on      TEXT,
    due_at      TEXT NOT NULL,
    parent_key  TEXT REFERENCES post (key),
    asked_by    TEXT,
    attempts    BIGINT NOT NULL DEFAULT 0,
    doubts      BIGINT NOT NULL DEFAULT 0,
    looks       BIGINT NOT NULL DEFAULT 0,
    not_before  TEXT NOT NULL,
    called_at   TEXT,
    owner       TEXT,
    message_ts  TEXT,
    error       TEXT
);

CREATE INDEX post_open ON post (not_before) WHERE state IN ('planned', 'sending', 'unknown');

CREATE INDEX post_channel ON post (team_id, channel_id, kind);

CREATE INDEX post_message ON post (channel_id, message_ts);

CREATE TABLE post_move (
    post_key TEXT NOT NULL REFERENCES post (key),
    number   BIGINT NOT NULL,
    state    TEXT NOT NULL,
    at       TEXT NOT NULL,
    owner    TEXT,
    error    TEXT,
    PRIMARY KEY (post_key, number)
);

CREATE TABLE post_story (
    post_key   TEXT NOT NULL REFERENCES post (key),
    place      BIGINT NOT NULL,
    article_id TEXT NOT NULL,
    PRIMARY KEY (post_key, place)
);

CREATE TABLE installation (
    team_id      TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    bot_id       TEXT NOT NULL,
    bot_user_id  TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    token        TEXT NOT NULL,
    installed_at TEXT NOT NULL
);

CREATE TABLE install_state (
    state      TEXT PRIMARY KEY,
    expires_at TEXT NOT NULL
);

CREATE TABLE once (
    team_id TEXT NOT NULL,
    key     TEXT NOT NULL,
    at      TEXT NOT NULL,
    PRIMARY KEY (team_id, key)
);

CREATE INDEX once_at ON once (at);

CREATE TABLE refusal (
    folder  TEXT NOT NULL PRIMARY KEY,
    at      TEXT NOT NULL,
    path    TEXT NOT NULL,
    line    BIGINT,
    message TEXT NOT NULL,
    more    BIGINT NOT NULL
);

CREATE TABLE topic_request (
    team_id  TEXT NOT NULL,
    key      TEXT NOT NULL,
    words    TEXT NOT NULL,
    requests BIGINT NOT NULL,
    last_on  TEXT NOT NULL,
    PRIMARY KEY (team_id, key)
);

CREATE INDEX topic_request_last ON topic_request (last_on);

CREATE TABLE search_miss (
    team_id  TEXT NOT NULL,
    day      TEXT NOT NULL,
    searches BIGINT NOT NULL,
    PRIMARY KEY (team_id, day)
);

CREATE INDEX search_miss_day ON search_miss (day);

CREATE TABLE posted_article (
    team_id    TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    article_id TEXT NOT NULL,
    asked      BIGINT NOT NULL,
    shown      BIGINT NOT NULL,
    asked_on   TEXT,
    PRIMARY KEY (team_id, channel_id, article_id)
);

CREATE INDEX post_closed ON post (due_at) WHERE state IN ('sent', 'failed', 'missed', 'skipped');

CREATE INDEX post_parent ON post (parent_key);

CREATE TABLE readiness (
    id      BIGINT PRIMARY KEY,
    ballast BYTEA NOT NULL
);

INSERT INTO schema_migration VALUES (1, '0001_initial.sql', '2026-11-24 08:00:00');
INSERT INTO schema_migration VALUES (2, '0002_misses.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (3, '0003_teams.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (4, '0004_corrections.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (5, '0005_refusal.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (6, '0006_packed_chunks.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (7, '0007_once.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (8, '0008_refused_folder.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (9, '0009_without_corrected_at.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (10, '0010_without_corrections.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (11, '0011_topic_requests.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (12, '0012_posts_without_people.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (13, '0013_retention.sql', '2026-11-28 08:30:31');
INSERT INTO schema_migration VALUES (14, '0014_readiness.sql', '2026-11-28 08:30:31');
INSERT INTO revision VALUES (1, '4255761b7383c7b2794860784284af9b0f5946e5060613eff1d0a483ec263285', 3, 4, '2026-11-24T08:00:00.000000Z', 'U1', NULL, 4, 4, 0, 0, 0);
INSERT INTO revision VALUES (2, '1883aa343933a5c52f5e3b9519a5fee051786cfd477167ba60c33d7ee0d3980a', 2, 3, '2026-11-24T09:00:00.000000Z', 'U1', NULL, 5, 0, 1, 0, 1);
INSERT INTO document VALUES ('harbour.txt', 'ba5b71b9096f14919f05986e5edd817d2038e5b14d5579442630ca5376951df5', 2);
INSERT INTO document VALUES ('snow.txt', '4eee51ede6e2a90c480aba8f6e14e8075dadbeec7b4dde28f5c08f9551aa7891', 1);
INSERT INTO article VALUES ('7e6d3515224c30cc', 1, 'harbour.txt', 2, 'Harbour tunnel opens', 'Fishermen in Lisbon got a quay of their own, a mile from the old one.', 'They were asked before, which is rarer than the quay.', 'What was the last thing that you were asked about in time?', 1172839931686057761);
INSERT INTO article VALUES ('cca6978b8608391b', 3, 'snow.txt', 1, 'Snow on the pass', 'The pass above Lisbon was closed for the first time in nine years, and ''the gate'' was locked.', 'Nobody could say where the key was.', 'What do you have that works only while nobody needs it?', 9192139625708343027);
INSERT INTO article VALUES ('a3eeb6ec6a18592a', 4, 'harbour.txt', 1, 'Harbour tunnel opens', 'The tunnel under the harbour of Lisbon opened to trams; 5,000 people rode on the first day.', 'A bridge would have stopped the ships.', 'Who should pay for the last tram of the night?', 3407138919059598904);
INSERT INTO past_document VALUES ('old.txt', 2, '690a4143bd32c0c15925195c1459dc127fc69223516129fc8d56402eb1714f55', 1);
INSERT INTO past_document VALUES ('harbour.txt', 2, 'bddd9b9b7a398ee70542d331550e6becb068e3219f199a1b62afd947e35cf040', 2);
INSERT INTO past_article VALUES (0, 2, 'a3eeb6ec6a18592a', 'harbour.txt', 1, 'Harbour tunnel opens', 'The tunnel under the harbour of Lisbon opened to trams; 4,000 people rode on the first day.', 'A bridge would have stopped the ships.', 'Who should pay for the last tram of the night?');
INSERT INTO past_article VALUES (2, 2, 'eb3c8e61ff52fb5d', 'old.txt', 1, 'Paper ferries', 'The last ferry ran on paper tickets.', 'It was never late.', 'What did you like about paper?');
INSERT INTO word VALUES ('tunnel', 2);
INSERT INTO word VALUES ('harbour', 2);
INSERT INTO word VALUES ('lisbon', 3);
INSERT INTO word VALUES ('opened', 1);
INSERT INTO word VALUES ('trams', 1);
INSERT INTO word VALUES ('000', 1);
INSERT INTO word VALUES ('people', 1);
INSERT INTO word VALUES ('rode', 1);
INSERT INTO word VALUES ('first', 2);
INSERT INTO word VALUES ('day', 1);
INSERT INTO word VALUES ('opens', 2);
INSERT INTO word VALUES ('bridge', 1);
INSERT INTO word VALUES ('stopped', 1);
INSERT INTO word VALUES ('ships', 1);
INSERT INTO word VALUES ('pay', 1);
INSERT INTO word VALUES ('last', 2);
INSERT INTO word VALUES ('tram', 1);
INSERT INTO word VALUES ('night', 1);
INSERT INTO word VALUES ('fishermen', 1);
INSERT INTO word VALUES ('quay', 1);
INSERT INTO word VALUES ('mile', 1);
INSERT INTO word VALUES ('old', 1);
INSERT INTO word VALUES ('asked', 1);
INSERT INTO word VALUES ('rarer', 1);
INSERT INTO word VALUES ('time', 2);
INSERT INTO word VALUES ('pass', 1);
INSERT INTO word VALUES ('above', 1);
INSERT INTO word VALUES ('closed', 1);
INSERT INTO word VALUES ('nine', 1);
INSERT INTO word VALUES ('years', 1);
INSERT INTO word VALUES ('gate', 1);
INSERT INTO word VALUES ('locked', 1);
INSERT INTO word VALUES ('snow', 1);
INSERT INTO word VALUES ('nobody', 1);
INSERT INTO word VALUES ('key', 1);
INSERT INTO word VALUES ('works', 1);
INSERT INTO word VALUES ('needs', 1);
INSERT INTO word VALUES ('5', 1);
INSERT INTO posting VALUES ('above', 0, X'0c000000');
INSERT INTO posting VALUES ('asked', 0, X'06000000');
INSERT INTO posting VALUES ('closed', 0, X'0c000000');
INSERT INTO posting VALUES ('first', 0, X'0c00000010000000');
INSERT INTO posting VALUES ('fishermen', 0, X'04000000');
INSERT INTO posting VALUES ('gate', 0, X'0c000000');
INSERT INTO posting VALUES ('harbour', 0, X'0500000010000000');
INSERT INTO posting VALUES ('key', 0, X'0e000000');
INSERT INTO posting VALUES ('last', 0, X'0700000013000000');
INSERT INTO posting VALUES ('lisbon', 0, X'040000000c00000010000000');
INSERT INTO posting VALUES ('locked', 0, X'0c000000');
INSERT INTO posting VALUES ('mile', 0, X'04000000');
INSERT INTO posting VALUES ('needs', 0, X'0f000000');
INSERT INTO posting VALUES ('nine', 0, X'0c000000');
INSERT INTO posting VALUES ('nobody', 0, X'0e000000');
INSERT INTO posting VALUES ('old', 0, X'04000000');
INSERT INTO posting VALUES ('opens', 0, X'0500000011000000');
INSERT INTO posting VALUES ('pass', 0, X'0c000000');
INSERT INTO posting VALUES ('quay', 0, X'04000000');
INSERT INTO posting VALUES ('rarer', 0, X'06000000');
INSERT INTO posting VALUES ('snow', 0, X'0d000000');
INSERT INTO posting VALUES ('time', 0, X'070000000c000000');
INSERT INTO posting VALUES ('tunnel', 0, X'0500000010000000');
INSERT INTO posting VALUES ('works', 0, X'0f000000');
INSERT INTO posting VALUES ('years', 0, X'0c000000');
INSERT INTO posting VALUES ('000', 0, X'10000000');
INSERT INTO posting VALUES ('5', 0, X'10000000');
INSERT INTO posting VALUES ('bridge', 0, X'12000000');
INSERT INTO posting VALUES ('day', 0, X'10000000');
INSERT INTO posting VALUES ('night', 0, X'13000000');
INSERT INTO posting VALUES ('opened', 0, X'10000000');
INSERT INTO posting VALUES ('pay', 0, X'13000000');
INSERT INTO posting VALUES ('people', 0, X'10000000');
INSERT INTO posting VALUES ('rode', 0, X'10000000');
INSERT INTO posting VALUES ('ships', 0, X'12000000');
INSERT INTO posting VALUES ('stopped', 0, X'12000000');
INSERT INTO posting VALUES ('tram', 0, X'13000000');
INSERT INTO posting VALUES ('trams', 0, X'10000000');
INSERT INTO chunk VALUES (0, X'00000000000000004540eb0c776414c30000000000000000ffe3215f8f2eff964540eb0c776414c3', X'b2d0bcf35b61196a0dd9cfd375be086dce00222b9a298a3a2caadda89e13d8ca577828904c79425fd21a7e621be8a0cb3b44470e1e292032fc020928fbd061e8697a34f2e99d305dd94e50ca79de52316d0de66936bce339dfe4466daa5a3dddad42d44413916be559c0de5767db33100e29015c0620c9bb26a770d8b6007ebbb2d0bcf3db61196a0df9cfd375be086dce00222b922d8d3a2caadda89e13d8ca', NULL);
INSERT INTO derived VALUES (2, 3, 5, 0, 405268);
INSERT INTO topic VALUES ('Lisbon', 0, 3);
INSERT INTO topic_article VALUES ('Lisbon', '7e6d3515224c30cc');
INSERT INTO topic_article VALUES ('Lisbon', 'cca6978b8608391b');
INSERT INTO topic_article VALUES ('Lisbon', 'a3eeb6ec6a18592a');
INSERT INTO topic_pool VALUES ('T1', 'C1', '7e6d3515224c30cc');
INSERT INTO topic_pool VALUES ('T1', 'C1', 'cca6978b8608391b');
INSERT INTO topic_pool VALUES ('T1', 'C1', 'a3eeb6ec6a18592a');
INSERT INTO schedule VALUES ('T1', 'C1', 'question', 'U1', '09:30', '01234', 'Europe/Lisbon', 1, '["lisbon"]', 2, NULL, 'is_archived', '2026-11-30', '2026-11-30T09:30:00.000000Z');
INSERT INTO schedule VALUES ('T1', 'C2', 'digest', 'U2', '09:40', '0123456', 'UTC', 2, '[]', NULL, '2026-12-01', NULL, '2026-11-29', '2026-11-29T09:40:00.000000Z');
INSERT INTO holiday VALUES ('2026-12-25', 'Christmas Day');
INSERT INTO post VALUES ('T1:C1:2026-11-24', 'T1', 'C1', 'question', NULL, NULL, NULL, NULL, 'missed', '2026-11-24', '2026-11-24T09:30:00.000000Z', NULL, NULL, 0, 0, 0, '2026-11-24T09:30:00.000000Z', NULL, NULL, NULL, 'found too late');
INSERT INTO post VALUES ('T1:C1:2026-11-25', 'T1', 'C1', 'question', '7e6d3515224c30cc', 2, 'This channel has had 0 of 3 questions, and not this one. Among those it is the next in the channel''s own order.', NULL, 'sent', '2026-11-25', '2026-11-25T09:30:00.000000Z', NULL, NULL, 1, 0, 0, '2026-11-25T09:30:00.000000Z', '2026-11-25T10:00:00.000000Z', 'host:1', '1764064800.000100', NULL);
INSERT INTO post VALUES ('T1:C2:2026-11-24', 'T1', 'C2', 'digest', NULL, NULL, NULL, NULL, 'missed', '2026-11-24', '2026-11-24T09:40:00.000000Z', NULL, NULL, 0, 0, 0, '2026-11-24T09:40:00.000000Z', NULL, NULL, NULL, 'found too late');
INSERT INTO post VALUES ('T1:C2:2026-11-25', 'T1', 'C2', 'digest', 'a3eeb6ec6a18592a', 2, 'This channel has had 0 of 3 questions, and not this one. Among those it is the next in the channel''s own order.', NULL, 'sent', '2026-11-25', '2026-11-25T09:40:00.000000Z', NULL, NULL, 1, 0, 0, '2026-11-25T09:40:00.000000Z', '2026-11-25T10:00:00.000000Z', 'host:1', '1764064800.000101', NULL);
INSERT INTO post VALUES ('T1:C2:low:2:0', 'T1', 'U2', 'low', NULL, NULL, NULL, '{"channel_id": "C2", "post_key": "", "error": "", "left": 1, "days": 1, "words": "", "thread_ts": ""}', 'sending', NULL, '2026-11-25T10:00:00.000000Z', NULL, NULL, 1, 0, 0, '2026-11-25T10:01:00.000000Z', '2026-11-25T10:00:00.000000Z', 'host:1', NULL, NULL);
INSERT INTO post VALUES ('T1:C1:2026-11-25:story', 'T1', 'C1', 'story', '7e6d3515224c30cc', 2, NULL, NULL, 'unknown', NULL, '2026-11-25T10:00:00.000000Z', 'T1:C1:2026-11-25', NULL, 1, 1, 0, '2026-11-25T10:00:10.000000Z', '2026-11-25T10:00:05.000000Z', 'host:1', NULL, 'TimeoutError');
INSERT INTO post VALUES ('T1:C2:2026-11-25:story', 'T1', 'C2', 'story', 'a3eeb6ec6a18592a', 2, NULL, NULL, 'planned', NULL, '2026-11-25T10:00:00.000000Z', 'T1:C2:2026-11-25', NULL, 0, 0, 0, '2026-11-25T10:00:00.000000Z', NULL, NULL, NULL, NULL);
INSERT INTO post VALUES ('T1:C1:stopped:2026-11-25T10:00:00.000000Z', 'T1', 'U1', 'stopped', NULL, NULL, NULL, '{"channel_id": "C1", "post_key": "", "error": "is_archived", "left": 0, "days": 0, "words": "", "thread_ts": ""}', 'planned', NULL, '2026-11-25T10:00:00.000000Z', NULL, NULL, 0, 0, 0, '2026-11-25T10:00:00.000000Z', NULL, NULL, NULL, NULL);
INSERT INTO post VALUES ('T1:C1:2026-11-26', 'T1', 'C1', 'question', NULL, NULL, NULL, NULL, 'missed', '2026-11-26', '2026-11-26T09:30:00.000000Z', NULL, NULL, 0, 0, 0, '2026-11-26T09:30:00.000000Z', NULL, NULL, NULL, 'found too late');
INSERT INTO post VALUES ('T1:C1:2026-11-27', 'T1', 'C1', 'question', NULL, NULL, NULL, NULL, 'missed', '2026-11-27', '2026-11-27T09:30:00.000000Z', NULL, NULL, 0, 0, 0, '2026-11-27T09:30:00.000000Z', NULL, NULL, NULL, 'found too late');
INSERT INTO post VALUES ('T1:C2:2026-11-26', 'T1', 'C2', 'digest', NULL, NULL, NULL, NULL, 'skipped', '2026-11-26', '2026-11-26T09:40:00.000000Z', NULL, NULL, 0, 0, 0, '2026-11-26T09:40:00.000000Z', NULL, NULL, NULL, 'paused');
INSERT INTO post VALUES ('T1:C2:2026-11-27', 'T1', 'C2', 'digest', NULL, NULL, NULL, NULL, 'skipped', '2026-11-27', '2026-11-27T09:40:00.000000Z', NULL, NULL, 0, 0, 0, '2026-11-27T09:40:00.000000Z', NULL, NULL, NULL, 'paused');
INSERT INTO post VALUES ('T1:C2:2026-11-28', 'T1', 'C2', 'digest', NULL, NULL, NULL, NULL, 'skipped', '2026-11-28', '2026-11-28T09:40:00.000000Z', NULL, NULL, 0, 0, 0, '2026-11-28T09:40:00.000000Z', NULL, NULL, NULL, 'paused');
INSERT INTO post_move VALUES ('T1:C1:2026-11-24', 1, 'missed', '2026-11-25T10:00:00.000000Z', NULL, 'found too late');
INSERT INTO post_move VALUES ('T1:C1:2026-11-25', 1, 'planned', '2026-11-25T10:00:00.000000Z', NULL, NULL);
INSERT INTO post_move VALUES ('T1:C2:2026-11-24', 1, 'missed', '2026-11-25T10:00:00.000000Z', NULL, 'found too late');
INSERT INTO post_move VALUES ('T1:C2:2026-11-25', 1, 'planned', '2026-11-25T10:00:00.000000Z', NULL, NULL);
INSERT INTO post_move VALUES ('T1:C2:low:2:0', 1, 'planned', '2026-11-25T10:00:00.000000Z', NULL, NULL);
INSERT INTO post_move VALUES ('T1:C1:2026-11-25', 2, 'sending', '2026-11-25T10:00:00.000000Z', 'host:1', NULL);
INSERT INTO post_move VALUES ('T1:C1:2026-11-25', 3, 'sent', '2026-11-25T10:00:00.000000Z', 'host:1', NULL);
INSERT INTO post_move VALUES ('T1:C1:2026-11-25:story', 1, 'planned', '2026-11-25T10:00:00.000000Z', NULL, NULL);
INSERT INTO post_move VALUES ('T1:C2:2026-11-25', 2, 'sending', '2026-11-25T10:00:00.000000Z', 'host:1', NULL);
INSERT INTO post_move VALUES ('T1:C2:2026-11-25', 3, 'sent', '2026-11-25T10:00:00.000000Z', 'host:1', NULL);
INSERT INTO post_move VALUES ('T1:C2:2026-11-25:story', 1, 'planned', '2026-11-25T10:00:00.000000Z', NULL, NULL);
INSERT INTO post_move VALUES ('T1:C2:low:2:0', 2, 'sending', '2026-11-25T10:00:00.000000Z', 'host:1', NULL);
INSERT INTO post_move VALUES ('T1:C1:2026-11-25:story', 2, 'sending', '2026-11-25T10:00:05.000000Z', 'host:1', NULL);
INSERT INTO post_move VALUES ('T1:C1:2026-11-25:story', 3, 'unknown', '2026-11-25T10:00:09.000000Z', 'host:1', 'TimeoutError');
INSERT INTO post_move VALUES ('T1:C1:stopped:2026-11-25T10:00:00.000000Z', 1, 'planned', '2026-11-25T10:00:00.000000Z', NULL, NULL);
INSERT INTO post_move VALUES ('T1:C1:2026-11-26', 1, 'missed', '2026-11-28T10:00:00.000000Z', NULL, 'found too late');
INSERT INTO post_move VALUES ('T1:C1:2026-11-27', 1, 'missed', '2026-11-28T10:00:00.000000Z', NULL, 'found too late');
INSERT INTO post_move VALUES ('T1:C2:2026-11-26', 1, 'skipped', '2026-11-28T10:00:00.000000Z', NULL, 'paused');
INSERT INTO post_move VALUES ('T1:C2:2026-11-27', 1, 'skipped', '2026-11-28T10:00:00.000000Z', NULL, 'paused');
INSERT INTO post_move VALUES ('T1:C2:2026-11-28', 1, 'skipped', '2026-11-28T10:00:00.000000Z', NULL, 'paused');
INSERT INTO post_story VALUES ('T1:C2:2026-11-25', 0, 'a3eeb6ec6a18592a');
INSERT INTO post_story VALUES ('T1:C2:2026-11-25', 1, 'cca6978b8608391b');
INSERT INTO installation VALUES ('T1', 'Acme', 'B1', 'U0PARLEY', 'chat:write,commands', 'gAAAAA-ciphertext', '2026-11-24T08:00:00.000000Z');
INSERT INTO install_state VALUES ('state', '2026-11-24T08:10:00.000000Z');
INSERT INTO once VALUES ('T1', '6b1d', '2026-11-24T08:00:00.000000Z');
INSERT INTO refusal VALUES ('file:///srv/corpus', '2026-11-24T08:00:00.000000Z', 'talks.txt', 3, 'a summary is missing', 2);
INSERT INTO topic_request VALUES ('T1', 'pizza', 'Pizza?', 2, '2026-11-25');
INSERT INTO search_miss VALUES ('T1', '2026-11-25', 3);
INSERT INTO posted_article VALUES ('T1', 'C1', '7e6d3515224c30cc', 1, 1, '2026-11-25');
INSERT INTO readiness VALUES (1, X'');
