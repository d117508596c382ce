-- The teams that installed Parley by OAuth. token is ciphertext (store/vault.py); scopes are
-- separated by commas.
CREATE TABLE installation (
    team_id      TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    bot_id       TEXT NOT NULL,
    bot_user_id  TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    token        TEXT NOT NULL,
    installed_by TEXT NOT NULL,
    installed_at TEXT NOT NULL
);

-- What was given to those who began to install it, and must come back from Slack once.
CREATE TABLE install_state (
    state      TEXT PRIMARY KEY,
    expires_at TEXT NOT NULL
);

-- Misses are a team's own. So far there was one team; where nothing tells which, they are dropped.
ALTER TABLE miss RENAME TO miss_of_one;

CREATE TABLE miss (
    team_id  TEXT NOT NULL,
    key      TEXT NOT NULL,
    words    TEXT NOT NULL,
    searched BIGINT NOT NULL,
    asked    BIGINT NOT NULL,
    first_at TEXT NOT NULL,
    last_at  TEXT NOT NULL,
    PRIMARY KEY (team_id, key)
);

INSERT INTO miss (team_id, key, words, searched, asked, first_at, last_at)
SELECT team.team_id, one.key, one.words, one.searched, one.asked, one.first_at, one.last_at
FROM miss_of_one one
JOIN (SELECT MIN(team_id) AS team_id FROM (SELECT team_id FROM schedule
                                           UNION SELECT team_id FROM post) known) team
ON team.team_id IS NOT NULL;

DROP TABLE miss_of_one;

CREATE INDEX miss_last ON miss (last_at);
