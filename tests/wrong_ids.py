"""Calls with swapped ids, which nothing runs: mypy has to refuse every one of them.

If mypy accepted one, its comment would be unused, and `make lint` would fail.
"""

from handlers.slack.directory import Directory
from handlers.slack.payloads import Event
from handlers.slack.people import Colleague
from handlers.slack.responders import Responders
from store import Store
from tests.ids import ANA, GENERAL, TEAM


async def swapped(store: Store, directory: Directory, responders: Responders, event: Event) -> None:
    await store.schedules.get(GENERAL, TEAM)  # type: ignore[arg-type]
    await store.personal_data.forget(ANA, TEAM)  # type: ignore[arg-type]
    await directory.colleague(ANA, TEAM)  # type: ignore[arg-type]
    await directory.require_present(TEAM, GENERAL, ANA)  # type: ignore[arg-type]
    responders.whisper(TEAM, ANA, GENERAL, None)  # type: ignore[arg-type]
    responders.whisper(TEAM, event["user"], event["channel"], None)  # type: ignore[arg-type]
    Colleague(team_id=ANA, user_id=TEAM, is_admin=False, is_guest=False)  # type: ignore[arg-type]
    await store.schedules.list("T1")  # type: ignore[arg-type]
