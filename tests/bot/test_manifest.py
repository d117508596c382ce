"""The manifest keeps Slack's limits and equals `manifest.json`."""

import json

import pytest

from bot.__main__ import main
from bot.manifest import OPTIONAL, SCOPES, manifest, render
from handlers.ids import Command, Shortcut, Step
from tests.machine import ROOT

SLACK_S_OWN = {"/topic", "/search", "/status", "/feed", "/invite", "/remind", "/who", "/me"}


def test_the_file_is_the_command_s_output() -> None:
    assert (ROOT / "manifest.json").read_text() == render()


def test_every_command_is_in_it() -> None:
    commands = [entry["command"] for entry in manifest()["features"]["slash_commands"]]
    assert commands == [str(command) for command in Command]
    assert not SLACK_S_OWN & set(commands)


def test_a_prefix_is_part_of_every_command() -> None:
    commands = manifest(command_prefix="team-")["features"]["slash_commands"]
    assert [one["command"] for one in commands] == [
        "/team-brief",
        "/team-discuss",
        "/team-digest",
        "/team-corpus",
    ]


def test_optional_scopes_are_scopes_and_are_explained() -> None:
    scopes = manifest()["oauth_config"]["scopes"]
    assert set(scopes["bot_optional"]) < set(scopes["bot"])
    text = (ROOT / "docs" / "operations.md").read_text()
    for scope, lost in OPTIONAL.items():
        assert f"| `{scope}` | {lost} |" in text


def test_slack_s_length_limits_are_kept() -> None:
    """The limits of the manifest schema, version 2."""
    shown = manifest()
    assert len(shown["display_information"]["name"]) <= 35
    assert len(shown["display_information"]["description"]) <= 140
    for entry in shown["features"]["slash_commands"]:
        assert 2 <= len(entry["command"]) <= 32
        assert 1 <= len(entry["description"]) <= 2000
        assert 1 <= len(entry["usage_hint"]) <= 1000


def test_features_of_some_plans_are_off_by_default() -> None:
    plain = manifest()
    assert "functions" not in plain
    assert "agent_view" not in plain["features"]
    assert plain["settings"]["org_deploy_enabled"] is False
    whole = manifest(agent_view=True, workflow_steps=True)
    assert set(whole["functions"]) == {str(step) for step in Step}
    assert whole["settings"]["function_runtime"] == "remote"
    assert "assistant:write" in whole["oauth_config"]["scopes"]["bot"]
    assert manifest() == plain


def test_many_workspaces_have_a_redirect_url_and_uninstall_events() -> None:
    shared = manifest("https://parley.example/", is_shared=True)
    back = "https://parley.example/slack/oauth_redirect"
    assert shared["oauth_config"].pop("redirect_urls") == [back]
    events = shared["settings"]["event_subscriptions"]["bot_events"]
    assert {events.pop(), events.pop()} == {"app_uninstalled", "tokens_revoked"}
    assert shared == manifest("https://parley.example")


def test_many_workspaces_need_a_url(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest", "--shared"]) == 2
    assert "--url" in capsys.readouterr().err


def test_the_command_follows_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKFLOW_STEPS", "1")
        assert main(["manifest"]) == 0
    assert json.loads(capsys.readouterr().out) == manifest(workflow_steps=True)


def test_shortcuts_and_functions_keep_the_limits() -> None:
    shown = manifest(agent_view=True, workflow_steps=True)
    for shortcut in shown["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
    assert {one["callback_id"] for one in shown["features"]["shortcuts"]} == set(Shortcut)
    assert len(shown["features"]["agent_view"]["agent_description"]) <= 300
    for function in shown["functions"].values():
        for part in ("input_parameters", "output_parameters"):
            assert set(function[part]["required"]) <= set(function[part]["properties"])


def test_the_docs_give_a_reason_for_every_scope() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    for scope, reason in SCOPES.items():
        assert f"| `{scope}` | {reason} |" in text


def test_the_docs_explain_every_command() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    for command in Command:
        assert f"`{command}" in text
