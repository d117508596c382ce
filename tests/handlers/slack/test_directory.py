"""Looking up users: a change is refused if Slack sends anything but a proper answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack.directory import (
    GUEST,
    STRANGER,
    UNKNOWN,
    Directory,
    NotReadyError,
    UnknownPersonError,
)
from handlers.slack.people import Colleague, FullMember, Person
from handlers.slack.teams import Bot, Teams
from store.types import ChannelId, ParleyError, UserId
from tests.conftest import StoppedClock
from tests.ids import C1, T1, U1, U2

TEAM, BEN, ANA = T1, U1, U2
MEMBER = {"id": BEN, "team_id": TEAM, "tz": "Europe/Lisbon"}
HTML = "<!DOCTYPE html><title>503 Service Unavailable</title>"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeSlack:
    """Answers users.info as a test sets it, and counts the calls."""

    def __init__(self) -> None:
        self.answer: Answer = user(MEMBER)
        self.asked = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        return await self.answer(request)


def body(
    text: str | bytes, status: int = 200, kind: str = "application/json", **headers: str
) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        raw = text.encode() if isinstance(text, str) else text
        headers_ = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=raw, status=status, headers={"Content-Type": kind} | headers_)

    return answer


def user(described: Any, *, status: int = 200) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True, "user": described}, status=status)

    return answer


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def cut_in_the_middle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 1000
    await response.prepare(request)
    await response.write(b'{"ok": true, "user":')
    return await cut(request)


@pytest.fixture
def fake() -> FakeSlack:
    return FakeSlack()


@pytest.fixture
async def client(fake: FakeSlack) -> AsyncIterator[AsyncWebClient]:
    app = web.Application()
    app.router.add_route("*", "/api/users.info", fake.handle)
    async with TestServer(app) as server:
        yield AsyncWebClient(base_url=str(server.make_url("/api/")), retry_handlers=[])


def directory_of(
    client: AsyncWebClient, clock: StoppedClock, *admins: str, is_shared: bool = False
) -> Directory:
    async def find(_: str) -> Bot:
        return Bot(bot_id="B1", user_id=UserId("U0"), token="xoxb-1")

    teams = Teams(find, asking=lambda _: client, posting=lambda _: client)
    return Directory(teams, admins=frozenset(admins), clock=clock, is_shared=is_shared)


@pytest.fixture
def directory(client: AsyncWebClient, clock: StoppedClock) -> Directory:
    return directory_of(client, clock)


async def refuses_changes(directory: Directory) -> None:
    """Check that changes are refused and look-ups continue."""
    for check in (
        directory.colleague,
        directory.full_member,
        directory.require_admin,
        directory.require_corpus_admin,
    ):
        with pytest.raises(UnknownPersonError, match=f"^{UNKNOWN}$"):
            await check(TEAM, BEN)
    await directory.require_reader(TEAM, BEN)
    assert not await directory.is_admin(TEAM, BEN)
    assert await directory.zone(TEAM, BEN) == "UTC"


NO_ANSWERS: dict[str, Answer] = {
    "user_not_found": body('{"ok": false, "error": "user_not_found"}'),
    "user_not_visible": body('{"ok": false, "error": "user_not_visible"}'),
    "a word of another kind": body('{"ok": false, "error": ["x"]}'),
    "no word": body('{"ok": false}'),
    "no user": body('{"ok": true}'),
    "a user of null": user(None),
    "a user that is a list": user([MEMBER]),
    "a user that is empty": user({}),
    "a user of no team": user({**MEMBER, "team_id": None}),
    "teams that are no teams": user({**MEMBER, "enterprise_user": {"teams": 7}}),
    "an organisation of the wrong type": user({**MEMBER, "enterprise_user": "E1"}),
    "an empty body": body(""),
    "an empty list": body("[]"),
    "a list": body('["ok"]'),
    "a text": body('"ok"'),
    "a number": body("7"),
    "null": body("null"),
    "half of it": body('{"ok": true, "user": {"id"'),
    "bytes": body(b"\xff\xfe\x00"),
    "an unknown charset": body("{}", kind="application/json; charset=nonsense"),
    "very deep": body("[" * 100_000),
    "a page as JSON, 503": body(HTML, 503),
    "a page as JSON, 200": body(HTML),
    "a page, 503": body(HTML, 503, "text/html"),
    "a page, 200": body(HTML, 200, "text/html"),
    "a plain text, 503": body("busy", 503, "text/plain"),
    "a plain text, 200": body("ok", 200, "text/plain"),
    "500 with a user": user(MEMBER, status=500),
    "429": body('{"ok": false, "error": "ratelimited"}', 429, Retry_After="1"),
    "429 without a time": body("", 429),
    "a redirection to nowhere": body("", 302, Location="http://127.0.0.1:1/"),
    "no byte": cut,
    "a part": cut_in_the_middle,
}


@pytest.mark.parametrize("what", NO_ANSWERS)
async def test_a_failed_look_up_of_a_user_allows_no_change(
    directory: Directory,
    fake: FakeSlack,
    what: str,
    clock: StoppedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake.answer = NO_ANSWERS[what]
    await refuses_changes(directory)
    assert "asking Slack about user U1 of T1 failed" in caplog.text
    # Only that Slack knows no such user is cached, for a minute; else the next answer counts.
    clock.forward(minutes=what == "user_not_found")
    fake.answer = user(MEMBER)
    assert await directory.colleague(TEAM, BEN)


async def test_a_closed_port_allows_no_change(clock: StoppedClock) -> None:
    client = AsyncWebClient(base_url=f"http://127.0.0.1:{unused_port()}/api/", retry_handlers=[])
    await refuses_changes(directory_of(client, clock))


@pytest.mark.parametrize("admin", [f"{TEAM}:{ANA}", ANA])
async def test_a_missing_answer_is_not_waited_for(
    client: AsyncWebClient,
    clock: StoppedClock,
    fake: FakeSlack,
    admin: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Retry-After is not waited for either; users in ADMIN_USER_IDS are not looked up."""
    monkeypatch.setattr("handlers.slack.directory.ASK_SECONDS", 0.05)
    client.retry_handlers = [AsyncRateLimitErrorRetryHandler(max_retry_count=2)]
    fake.answer = body('{"ok": false, "error": "ratelimited"}', 429, Retry_After="3600")
    directory = directory_of(client, clock, admin, is_shared=":" in admin)
    with pytest.raises(UnknownPersonError):
        await directory.colleague(TEAM, BEN)
    asked = fake.asked
    assert (await directory.full_member(TEAM, ANA)).is_admin
    await directory.require_corpus_admin(TEAM, ANA)
    assert fake.asked == asked


async def test_an_answer_is_cached_for_five_minutes(
    directory: Directory, fake: FakeSlack, clock: StoppedClock
) -> None:
    await directory.full_member(TEAM, BEN)
    fake.answer = body(HTML, 503)
    clock.forward(minutes=4, seconds=59)
    await directory.full_member(TEAM, BEN)
    assert fake.asked == 1
    clock.forward(seconds=1)
    with pytest.raises(UnknownPersonError):
        await directory.full_member(TEAM, BEN)


async def test_that_slack_knows_no_such_user_is_cached_for_a_minute(
    directory: Directory, fake: FakeSlack, clock: StoppedClock
) -> None:
    fake.answer = NO_ANSWERS["user_not_found"]
    await refuses_changes(directory)
    assert fake.asked == 1
    fake.answer = user(MEMBER)
    clock.forward(minutes=1)
    assert await directory.full_member(TEAM, BEN)


@pytest.mark.parametrize(
    "described",
    [
        {"team_id": "T2"},
        {"team_id": "T2", "is_admin": True, "is_owner": True},
        {"team_id": TEAM, "is_stranger": True},
        {"team_id": TEAM, "deleted": True},
        {"team_id": TEAM, "is_bot": True, "is_admin": True},
        {"team_id": "T2", "enterprise_user": {"teams": ["T2", "T3"]}},
    ],
)
async def test_users_who_are_no_colleagues(
    directory: Directory, fake: FakeSlack, described: dict[str, Any]
) -> None:
    """Slack marks only users who share no channel with the app as strangers."""
    fake.answer = user(MEMBER | described)
    for check in (directory.colleague, directory.full_member, directory.require_reader):
        with pytest.raises(ParleyError, match=f"^{STRANGER}$"):
            await check(TEAM, BEN)
    assert not await directory.is_admin(TEAM, BEN)


async def test_who_is_an_admin_is_known_for_five_minutes_without_asking(
    client: AsyncWebClient, fake: FakeSlack, clock: StoppedClock
) -> None:
    fake.answer = user({**MEMBER, "is_admin": True})
    directory = directory_of(client, clock, ANA)
    assert directory.known_corpus_admin(TEAM, ANA)
    assert directory.known_corpus_admin(TEAM, BEN) is None
    assert fake.asked == 0
    assert await directory.is_corpus_admin(TEAM, BEN)
    assert directory.known_corpus_admin(TEAM, BEN)
    clock.forward(minutes=5)
    assert directory.known_corpus_admin(TEAM, BEN) is None
    fake.answer = user(MEMBER)
    assert not await directory.is_corpus_admin(TEAM, BEN)
    assert directory.known_corpus_admin(TEAM, BEN) is False
    # Where workspaces share the stories, an admin of one may not change them.
    shared = directory_of(client, clock, f"{TEAM}:{ANA}", is_shared=True)
    await shared.person(TEAM, BEN)
    assert shared.known_corpus_admin(TEAM, BEN) is False
    assert shared.known_corpus_admin(TEAM, ANA)


async def test_guests_cannot_change_schedules(directory: Directory, fake: FakeSlack) -> None:
    fake.answer = user(MEMBER | {"is_ultra_restricted": True})
    colleague = await directory.colleague(TEAM, BEN)
    assert colleague.is_guest
    assert not isinstance(colleague, FullMember)
    with pytest.raises(ParleyError, match=f"^{GUEST}$"):
        await directory.full_member(TEAM, BEN)


async def test_a_user_of_several_workspaces_of_an_organization_belongs_to_each(
    directory: Directory, fake: FakeSlack
) -> None:
    fake.answer = user(MEMBER | {"team_id": "T2", "enterprise_user": {"teams": ["T2", TEAM]}})
    assert isinstance(await directory.colleague(TEAM, BEN), Colleague)


FIELDS = st.sampled_from(
    ["id", "team_id", "deleted", "is_bot", "is_admin", "is_stranger", "enterprise_user", "teams"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["T2", "T11", "t1", "", "T"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=6),
    max_leaves=12,
)


@given(st.dictionaries(FIELDS, JSON) | JSON)
def test_a_user_of_another_team_is_no_colleague(described: Any) -> None:
    try:
        person = Person.of(described, team_id=TEAM)
    except (ValueError, TypeError, AttributeError):
        return
    assert not person.is_colleague
    assert not person.is_admin


def test_nobody_is_told_to_invite_parley_to_a_direct_message() -> None:
    for reason in ("not_in_channel", "channel_not_found"):
        assert str(NotReadyError(reason, C1)).startswith(f"I'm not in <#{C1}> yet. Type `/invite")
        told = str(NotReadyError(reason, ChannelId("D0BEN")))
        assert "Please choose a channel" in told
        assert "/invite" not in told


def test_nobody_waits_for_parley_in_a_group_direct_message() -> None:
    told = str(NotReadyError("channel_not_found", C1))
    assert "In a group direct message I can't post: please choose a channel." in told
    assert "group" not in str(NotReadyError("not_in_channel", C1))
