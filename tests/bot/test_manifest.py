"""The manifest: what Slack would refuse, and the file that must be its equal."""

from pathlib import Path

from bot.manifest import SCOPES, manifest, render
from handlers.ids import Command

ROOT = Path(__file__).parents[2]
SLACK_S_OWN = {"/topic", "/search", "/status", "/feed", "/invite", "/remind", "/who", "/me"}


def test_the_file_is_the_command_s_output() -> None:
    assert (ROOT / "manifest.json").read_text() == render()


def test_every_command_is_in_it() -> None:
    commands = [entry["command"] for entry in manifest()["features"]["slash_commands"]]
    assert commands == [str(command) for command in Command]
    assert not SLACK_S_OWN & set(commands)


def test_lengths_that_slack_demands() -> None:
    """The limits of the manifest schema, version 2."""
    shown = manifest()
    assert len(shown["display_information"]["name"]) <= 35
    assert len(shown["display_information"]["description"]) <= 140
    for entry in shown["features"]["slash_commands"]:
        assert 2 <= len(entry["command"]) <= 32
        assert 1 <= len(entry["description"]) <= 2000
        assert 1 <= len(entry["usage_hint"]) <= 1000


def test_the_readme_gives_a_reason_for_every_scope() -> None:
    text = (ROOT / "README.md").read_text()
    for scope, reason in SCOPES.items():
        assert f"| `{scope}` | {reason} |" in text


def test_the_readme_explains_every_command() -> None:
    text = (ROOT / "README.md").read_text()
    for command in Command:
        assert f"`{command}" in text
