"""Settings: all problems together, no secrets in messages, and the documents that list them."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import Settings, SettingsError, misspelled, read_environment
from store.teams.token_cipher import new_key
from tests.machine import ROOT

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1-secret", "SLACK_APP_TOKEN": "xapp-1-secret"}


def test_two_tokens_are_enough() -> None:
    settings = Settings.from_env(TOKENS)
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.database_url == "sqlite:///data/parley.db"


def test_without_slack_no_token_is_needed() -> None:
    assert Settings.from_env({}, connecting=False).slack_bot_token == ""


def test_all_problems_are_reported_together() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(
            {
                "SLACK_APP_TOKEN": "xoxb-wrong-secret",
                "ADMIN_USER_IDS": "U012AB3CD, ana",
                "LOG_LEVEL": "loud",
                "SLACK_API_URL": "slack.com",
            }
        )
    named = [problem.split()[0] for problem in caught.value.problems]
    assert named == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "ADMIN_USER_IDS",
        "LOG_LEVEL",
        "SLACK_API_URL",
    ]
    assert "secret" not in str(caught.value)


BOT, APP = {"SLACK_BOT_TOKEN": "xoxb-1"}, {"SLACK_APP_TOKEN": "xapp-1"}
SECRET, PORT = {"SLACK_SIGNING_SECRET": "s"}, {"PORT": "3000"}


def expect(environ: dict[str, str], problems: list[str]) -> None:
    """Check that there are exactly these problems, by their first words."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    for found, problem in zip(caught.value.problems, problems, strict=True):
        assert found.startswith(problem)


@pytest.mark.parametrize(
    ("environ", "is_http"),
    [
        (BOT | APP, False),
        (BOT | APP | PORT, False),  # some hosts always set PORT
        (BOT | APP | SECRET, False),
        (BOT | SECRET | PORT, True),
    ],
)
def test_the_settings_choose_the_entrance(environ: dict[str, str], is_http: bool) -> None:
    assert Settings.from_env(environ).is_http is is_http


@pytest.mark.parametrize(
    ("environ", "problems"),
    [
        (BOT, ["SLACK_APP_TOKEN is missing"]),
        (BOT | PORT, ["SLACK_APP_TOKEN is missing"]),
        (BOT | SECRET, ["PORT is missing"]),
        (SECRET | PORT, ["SLACK_BOT_TOKEN is missing"]),
        (BOT | APP | SECRET | PORT, ["SLACK_APP_TOKEN is for Socket Mode, SLACK_SIGNING_SECRET"]),
        (BOT | APP | {"PORT": "http"}, ["PORT must be a whole number from 0 to 65535"]),
        (BOT | APP | {"PORT": "70000"}, ["PORT must be a whole number from 0 to 65535"]),
        (BOT | APP | {"STATUS_PORT": "x:y"}, ["STATUS_PORT must be a whole number"]),
        (BOT | APP | {"PORT": "127.0.0.1:"}, ["PORT must be a whole number from 0 to 65535"]),
        (BOT | APP | {"PORT": "[::1]"}, ["PORT must be a port such as 3000, or an address and a"]),
        (BOT | APP | {"PORT": "::1:3000"}, ["PORT must be a port such as 3000, or an address"]),
        (BOT | APP | {"PORT": "http://127.0.0.1:3000"}, ["PORT must be a port such as 3000"]),
        (APP | {"SLACK_BOT_TOKEN": "xoxp-1"}, ["SLACK_BOT_TOKEN must start with xoxb-"]),
        (APP | {"SLACK_BOT_TOKEN": "xoxb-1\nxoxb-2"}, ["SLACK_BOT_TOKEN must be one word"]),
        (BOT | {"SLACK_APP_TOKEN": "xoxb-1"}, ["SLACK_APP_TOKEN must start with xapp-"]),
        (BOT | SECRET | {"PORT": "x"}, ["PORT must be a whole number from 0 to 65535"]),
        (
            BOT | PORT | {"SLACK_SIGNING_SECRET": "a b"},
            ["SLACK_APP_TOKEN is missing", "SLACK_SIGN"],
        ),
        (BOT | APP | {"SLACK_API_URL": "http://127.0.0.1:70000/api/"}, ["SLACK_API_URL must be"]),
        (BOT | APP | {"SLACK_API_URL": "https:///api/"}, ["SLACK_API_URL must be an address"]),
        (BOT | APP | {"SLACK_API_URL": "ftp://slack.com/api/"}, ["SLACK_API_URL must be"]),
        (BOT | APP | {"FEEDS_ALLOW": "wiki.example, 0x7f.1"}, ["FEEDS_ALLOW must list hosts or"]),
        (BOT | APP | {"FEEDS_CONTACT": "bot@a.example)"}, ["FEEDS_CONTACT must be an address"]),
        (BOT | APP | {"FEEDS_CONTACT": "foo"}, ["FEEDS_CONTACT must be an address"]),
        (BOT | APP | {"FEEDS_MINUTES": "1"}, ["FEEDS_MINUTES must be a whole number from 5"]),
        (BOT | APP | {"CLOCK_URL": "127.0.0.1:8765"}, ["CLOCK_URL must be an address"]),
        (BOT | APP | {"PORT": "*:3000"}, ["PORT must be a port such as 3000, or an address"]),
    ],
)
def test_missing_settings_of_the_entrance_are_named(
    environ: dict[str, str], problems: list[str]
) -> None:
    expect(environ, problems)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9090", ("127.0.0.1", 9090)),
        ("0.0.0.0:9090", ("0.0.0.0", 9090)),
        ("[::1]:9090", ("::1", 9090)),
    ],
)
def test_the_status_pages_listen_on_loopback_by_default(
    text: str, address: tuple[str, int]
) -> None:
    assert Settings.from_env(TOKENS | {"STATUS_PORT": text}).status_port == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("5000", ("0.0.0.0", 5000)),
        ("0", ("0.0.0.0", 0)),
        (":5000", ("0.0.0.0", 5000)),
        ("127.0.0.1:3000", ("127.0.0.1", 3000)),
        ("localhost:3000", ("localhost", 3000)),
        ("[::1]:3000", ("::1", 3000)),
        ("[::]:3000", ("::", 3000)),
    ],
)
def test_the_port_listens_on_every_address_by_default(text: str, address: tuple[str, int]) -> None:
    """Hosts that run a Procfile set a bare port and send requests from another machine."""
    assert Settings.from_env(BOT | SECRET | {"PORT": text}).port == address


def test_user_ids_are_separated_by_commas_or_spaces() -> None:
    settings = Settings.from_env(TOKENS | {"ADMIN_USER_IDS": "U012AB3CD, W0X\nU2"})
    assert settings.admin_user_ids == {"U012AB3CD", "W0X", "U2"}


def test_no_secret_in_repr() -> None:
    url = "postgresql://parley:secret@db/parley"
    more = {"DATABASE_URL": url, "SLACK_SIGNING_SECRET": "secret"}
    assert "secret" not in repr(Settings.from_env(TOKENS | more))


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=debug\nSLACK_BOT_TOKEN=xoxb-file\n")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-real")
    environ = read_environment(tmp_path / ".env")
    assert (environ["LOG_LEVEL"], environ["SLACK_BOT_TOKEN"]) == ("debug", "xoxb-real")


SHARED = {
    "SLACK_SIGNING_SECRET": "s",
    "PORT": "3000",
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "c",
    "ENCRYPTION_KEY": f"{new_key()},{new_key()}",
}


def test_many_workspaces_need_no_bot_token() -> None:
    settings = Settings.from_env(SHARED | {"ADMIN_USER_IDS": "T1:U1 T2:U1"})
    assert settings.is_shared
    assert settings.is_http
    assert len(settings.encryption_key) == 2
    assert SHARED["ENCRYPTION_KEY"][:43] not in repr(settings)
    assert not Settings.from_env(BOT | APP).is_shared


@pytest.mark.parametrize(
    ("environ", "problems"),
    [
        (SHARED | BOT, ["SLACK_BOT_TOKEN is for one workspace"]),
        (SHARED | APP, ["SLACK_APP_TOKEN is for Socket Mode, and many workspaces need HTTP"]),
        (SHARED | {"PORT": ""}, ["PORT is missing"]),
        (SHARED | {"SLACK_CLIENT_SECRET": ""}, ["SLACK_CLIENT_SECRET is missing"]),
        (SHARED | {"ENCRYPTION_KEY": ""}, ["ENCRYPTION_KEY is missing"]),
        (
            SHARED | {"ENCRYPTION_KEY": "secret"},
            ["ENCRYPTION_KEY must be a key from `python -m bot key`"],
        ),
        (
            SHARED | {"ADMIN_USER_IDS": "T1:U1,U2"},
            ["ADMIN_USER_IDS must list ids such as T012AB3CD:"],
        ),
        (
            BOT | APP | {"ADMIN_USER_IDS": "T1:U1"},
            ["ADMIN_USER_IDS must list ids such as U012AB3CD,"],
        ),
    ],
)
def test_settings_that_contradict_many_workspaces_are_named(
    environ: dict[str, str], problems: list[str]
) -> None:
    expect(environ, problems)


NAMES = [one.name.upper() for one in fields(Settings)]


def test_the_example_file_lists_every_setting_with_its_default() -> None:
    text = (ROOT / ".env.example").read_text()
    assert re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE) == NAMES
    shown = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    shown = {name: value for name, value in shown.items() if value}
    for one in fields(Settings):
        if value := shown.get(one.name.upper()):
            assert one.metadata["read"](value) == one.default


def test_the_docs_list_every_setting() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    assert re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE) == NAMES


@pytest.mark.parametrize("quote", ['"', "'"])
def test_quotes_that_docker_keeps_are_taken_off(quote: str) -> None:
    quoted = {name: f"{quote}{text}{quote}" for name, text in TOKENS.items()}
    assert Settings.from_env(quoted) == Settings.from_env(TOKENS)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CORPUS_DIRR", "CORPUS_DIR"),
        ("CORPUSDIR", "CORPUS_DIR"),
        ("SLACK_BOT_TOCKEN", "SLACK_BOT_TOKEN"),
        ("SLACK_SINGING_SECRET", "SLACK_SIGNING_SECRET"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("ADMIN_USERS_ID", "ADMIN_USER_IDS"),
        ("log_level", "LOG_LEVEL"),
        ("ENCRYPTON_KEY", "ENCRYPTION_KEY"),
    ],
)
def test_a_misspelled_name_is_noticed(name: str, meant: str) -> None:
    (sentence,) = misspelled(TOKENS_WITHOUT.get(meant, TOKENS) | {name: "x", "HOME": "/root"})
    assert sentence == f"{name} is not a setting of Parley: is it meant to be {meant}?"


TOKENS_WITHOUT = {
    "SLACK_BOT_TOKEN": {"SLACK_APP_TOKEN": "xapp-1"},
    "SLACK_SIGNING_SECRET": TOKENS,
}


@pytest.mark.parametrize(
    "name",
    ["PATH", "HOST", "SPORT", "PORTS", "HOME", "http_proxy", "no_proxy", "PGPORT", "LOGNAME",
     "SLACK_WEBHOOK_URL", "REPORT", "DATABASE", "LOG_FILE", "POSTGRES_PASSWORD", "all_proxy"],
)  # fmt: skip
def test_names_of_other_programs_are_left_alone(name: str) -> None:
    assert not misspelled({name: "x"})


def test_the_right_name_beside_a_similar_one_is_left_alone() -> None:
    assert not misspelled({"CORPUS_DIR": "a", "CORPUS_DIR2": "b"})


@given(st.dictionaries(st.text(), st.text()), st.text(), st.sampled_from(NAMES))
def test_any_text_is_a_setting_or_a_problem(environ: dict[str, str], text: str, name: str) -> None:
    """No text of a setting raises anything else, and what is wrong is named once."""
    misspelled(environ)
    settings, invalid = Settings.read(environ | {name: text})
    problems = [*settings.missing(invalid), *invalid.values()]
    assert sum(problem.startswith(f"{name} ") for problem in problems) <= 1


def written(path: Path, data: bytes) -> dict[str, str]:
    path.write_bytes(data)
    return read_environment(path)


@pytest.mark.parametrize(
    "data", ["A=1\n".encode("utf-16"), "# café\nA=1\n".encode("cp1252"), b"A=\xff\n"]
)
def test_a_file_that_is_not_utf8_is_named(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SettingsError, match=r"\.env is not in UTF-8: save it again as UTF-8"):
        written(tmp_path / ".env", data)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match=r"\.env cannot be read: Is a directory"):
        read_environment(tmp_path / ".env")


def test_a_line_that_is_no_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.env:2 is not a line such as NAME=value"):
        written(tmp_path / ".env", b"A=1\nB='not closed\nC=2\n")


def test_a_value_is_what_is_written(tmp_path: Path) -> None:
    """Also with a byte order mark, and `$` in a password is nothing special."""
    data = "\ufeffA=${HOME}x$y\nexport B='1 # 2'\nC\nD=\n".encode()
    environ = written(tmp_path / ".env", data)
    assert (environ["A"], environ["B"], environ["D"]) == ("${HOME}x$y", "1 # 2", "")


def test_a_database_s_password_that_is_not_encoded_is_refused_and_not_shown() -> None:
    with pytest.raises(
        SettingsError, match=r"DATABASE_URL must be like .* percent-encoded"
    ) as found:
        Settings.from_env(TOKENS | {"DATABASE_URL": "postgresql://parley:hu/sh@db/parley"})
    assert "hu/sh" not in str(found.value)
