"""Calls with one wrong id, which nothing runs: mypy has to refuse every one of them.

If mypy accepted one, its comment would be unused, and `make lint` would fail.
"""

from handlers.slack.directory import Directory
from handlers.slack.payloads import Event, SlashCommand
from tests.ids import ANA, GENERAL, TEAM


async def wrong(directory: Directory, event: Event, command: SlashCommand) -> None:
    await directory.channels(ANA)  # type: ignore[arg-type]
    await directory.channels(GENERAL)  # type: ignore[arg-type]
    await directory.channels("T1")  # type: ignore[arg-type]
    await directory.person(TEAM, TEAM)  # type: ignore[arg-type]
    await directory.person(TEAM, GENERAL)  # type: ignore[arg-type]
    await directory.reason(TEAM, TEAM)  # type: ignore[arg-type]
    await directory.reason(TEAM, ANA)  # type: ignore[arg-type]
    await directory.person(TEAM, event["channel"])  # type: ignore[arg-type]
    await directory.reason(TEAM, command["user_id"])  # type: ignore[arg-type]
