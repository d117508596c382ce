"""The log: it has ids, but no secrets and no message texts."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from bot.log import (
    JsonFormatter,
    RepeatLimit,
    TextFormatter,
    about,
    configure_logging,
    redact,
)
from store.db import DatabaseError
from store.types import ParleyError


@pytest.fixture
def _root_logger() -> Iterator[None]:
    """Restore what `configure_logging` changes."""
    before = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = before


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("bot", logging.INFO, "f", 1, message, arguments, None)


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-1-2-abc",
        "xoxp-1-2-abc.d",
        "xapp-1-A0-9-abc",
        "xoxe.xoxp-1-Mi0y",
        "xwfp-abc",
        "wss://wss-primary.slack.com/link/?ticket=1-2&app_id=3",
    ],
)
def test_secrets_are_redacted(secret: str) -> None:
    assert redact(f"before {secret} after") == "before [secret] after"


def test_a_url_keeps_its_other_parts() -> None:
    url = "postgresql://parley:hu:sh@db.example/parley"
    assert redact(f"cannot reach {url}.") == "cannot reach postgresql://[secret]@db.example/parley."
    refused = "407, message='Proxy Authentication Required', url='http://token@10.0.0.7:3128'"
    assert "token" not in redact(refused)
    assert "10.0.0.7:3128" in redact(refused)
    hook = "https://hooks.slack.com/commands/T1/2/abc"
    assert redact(f"POST {hook}") == "POST https://hooks.slack.com/[secret]"
    assert (
        redact("https://slack.com/api/chat.postMessage") == "https://slack.com/api/chat.postMessage"
    )


async def test_a_line_has_its_ids_in_tasks_too() -> None:
    formatter = JsonFormatter()

    async def later() -> dict[str, str]:
        await asyncio.sleep(0)
        line: dict[str, str] = json.loads(formatter.format(record("done")))
        return line

    with about(team="T1", user="U1", channel=None):
        task = asyncio.create_task(later())
    line = await task
    assert (line["team"], line["user"], line["message"]) == ("T1", "U1", "done")
    assert "channel" not in line
    assert "team" not in json.loads(formatter.format(record("outside")))


def test_a_text_line_ends_with_its_ids() -> None:
    with about(team="T1", user="U1"):
        line = TextFormatter().format(record("hello %s", "there"))
    assert line.endswith("bot: hello there (team=T1 user=U1)")


def test_a_traceback_is_logged_without_secrets() -> None:
    try:
        raise ValueError("token xoxb-1-2-abc is bad")
    except ValueError:
        one = logging.LogRecord("bot", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    for formatter in (JsonFormatter(), TextFormatter()):
        text = formatter.format(one)
        assert "Traceback" in text
        assert "[secret]" in text
        assert "xoxb" not in text


@pytest.mark.usefixtures("_root_logger")
def test_the_sdk_is_never_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    """At DEBUG the SDK logs message texts and secrets."""
    configure_logging(level="debug", style="json")
    logging.getLogger("slack_sdk.web.async_client").debug("text of a message")
    logging.getLogger("slack_bolt.AsyncApp").info("whole request")
    logging.getLogger("bot").debug("ours")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "ours"


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_a_traceback_holds_no_sentence_that_quotes_a_user(formatter: logging.Formatter) -> None:
    """Also if it is only the cause, or the context, of the error that is logged."""
    sentence = "I don't understand “my secret plan” as a date."
    try:
        try:
            raise ParleyError(sentence)
        except ParleyError as error:
            try:
                raise ValueError("Slack answers 503") from error
            except ValueError:
                raise RuntimeError("the user could not be notified")  # noqa: B904
    except RuntimeError:
        line = record("failed")
        line.exc_info = sys.exc_info()
        text = formatter.format(line)
    assert "my secret plan" not in text
    assert "[sentence for the user]" in text
    assert "Slack answers 503" in text


def test_a_traceback_says_what_is_wrong_with_the_database() -> None:
    try:
        raise DatabaseError("The disk is full: nothing was changed.")
    except DatabaseError:
        line = record("failed")
        line.exc_info = sys.exc_info()
    assert "The disk is full" in JsonFormatter().format(line)


def test_the_error_of_a_workflow_step_is_redacted() -> None:
    url = "https://slack.com/api/functions.completeError?id=Fx1&error=I+have+no+story+on+x&a=b"
    assert redact(url) == "https://slack.com/api/functions.completeError?id=Fx1&error=[secret]&a=b"


def failure(message: str, *arguments: object, error: Exception | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("bot", logging.ERROR, "f", 1, message, arguments, info)


def raised(kind: type[Exception] = OSError) -> Exception:
    try:
        raise kind("too many open files")
    except kind as error:
        return error


def test_a_burst_of_failures_is_logged_once_and_then_counted() -> None:
    now = 0.0
    repeats = RepeatLimit(lambda: now)
    logged = [repeats.limit(failure("call %s failed", n, error=raised())) for n in range(5000)]
    kept = [one for one in logged if one]
    assert len(kept) == 20
    assert [bool(one.exc_info) for one in kept] == [True] + [False] * 19
    assert kept[1].getMessage() == "call 1 failed (OSError, as above)"
    assert not list(repeats.counts())
    now = 61
    (count,) = repeats.counts()
    assert count.getMessage() == "4980 more like this: call 4999 failed"
    assert not count.exc_info
    again = repeats.limit(failure("call %s failed", 7, error=raised()))
    assert again
    assert again.exc_info, "the next minute has a traceback again"


def test_different_failures_and_other_records_are_all_logged() -> None:
    repeats = RepeatLimit(lambda: 0.0)
    for number in range(100):
        assert repeats.limit(record("connected %s", number))
    for text in ("one", "two", "three"):
        one = repeats.limit(failure(text, error=raised()))
        assert one
        assert one.exc_info
    other = repeats.limit(failure("one", error=raised(ValueError)))
    assert other
    assert other.exc_info


def test_text_with_numbers_of_its_own_is_of_one_kind() -> None:
    """Libraries put ids into their text instead of passing them as arguments."""
    repeats = RepeatLimit(lambda: 0.0)
    texts = (f"Failed to send (session id: s_{n:x}3f, <socket fd={n}>)" for n in range(1000))
    assert sum(bool(repeats.limit(failure(text))) for text in texts) == 20


@pytest.mark.usefixtures("_root_logger")
def test_a_process_in_trouble_writes_little(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="info", style="text")
    for number in range(2000):
        logging.getLogger("bot").error("job %d failed", number, exc_info=raised())
    err = capsys.readouterr().err
    assert err.count("Traceback") == 1
    assert len(err.splitlines()) < 40


FORGED = "x\n12:00:00 ERROR bot: FAKE\r\x1b[2K\u202egnp.exe\u2028\x9b1A"


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_no_text_forges_a_line_or_controls_the_terminal(formatter: logging.Formatter) -> None:
    for one in (record("failed: %s", FORGED), failure("failed", error=ValueError(FORGED))):
        text = formatter.format(one)
        first, *rest = text.split("\n")
        assert "failed" in first
        assert all(line.startswith("  ") for line in rest)
        assert not [char for char in "\r\x1b\u202e\u2028\x9b" if char in text]
