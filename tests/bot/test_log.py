"""The log: it has ids, but no secrets and no message texts."""

import asyncio
import json
import logging
import sys

import pytest

from bot.log import JsonFormatter, TextFormatter, about, configure_logging, redact


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
        assert (
            TextFormatter()
            .format(record("hello %s", "there"))
            .endswith("bot: hello there (team=T1 user=U1)")
        )


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


def test_the_sdk_is_never_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    """At DEBUG the SDK logs message texts and secrets."""
    before = logging.root.handlers[:], logging.root.level
    try:
        configure_logging(level="debug", style="json")
        logging.getLogger("slack_sdk.web.async_client").debug("text of a message")
        logging.getLogger("slack_bolt.AsyncApp").info("whole request")
        logging.getLogger("bot").debug("ours")
    finally:
        logging.root.handlers[:], logging.root.level = before
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "ours"
