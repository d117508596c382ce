"""Channels that are renamed, archived and closed; people who come, change and go."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from tests.bot.workspace.conftest import Listener, error, extended
from tests.ids import ANA, BEN, GENERAL, LEADERS, RANDOM
from tests.machine import running_clock

EVENTS = [
    "channel_archive",
    "channel_deleted",
    "channel_rename",
    "channel_unarchive",
    "group_rename",
    "member_joined_channel",
    "member_left_channel",
    "user_change",
]


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    scopes = ["channels:join", "groups:read", "im:write"]
    manifest = extended(scopes=scopes, events=EVENTS)
    async with Workspace(manifest=manifest, clock=running_clock()) as workspace:
        yield workspace


@pytest.fixture
def listener(workspace: Workspace) -> Listener:
    return Listener(workspace)


async def test_a_channel_is_archived_and_opened_again(
    workspace: Workspace, client: AsyncWebClient, listener: Listener
) -> None:
    workspace.archive(GENERAL, by=ANA)
    assert await error(client.chat_postMessage(channel=GENERAL, text="Hi")) == "is_archived"
    assert (await client.conversations_info(channel=GENERAL))["channel"]["is_archived"]
    assert (await client.conversations_history(channel=GENERAL))["messages"] == []
    workspace.unarchive(GENERAL, by=ANA)
    assert (await client.chat_postMessage(channel=GENERAL, text="Hi"))["ok"]
    told = [(one["type"], one["channel"], one["user"]) for one in await listener.events()]
    assert told == [("channel_archive", GENERAL, ANA), ("channel_unarchive", GENERAL, ANA)]


async def test_a_channel_keeps_its_id_under_another_name(
    workspace: Workspace, client: AsyncWebClient, listener: Listener
) -> None:
    workspace.rename(GENERAL, "everybody")
    assert (await client.conversations_info(channel=GENERAL))["channel"]["name"] == "everybody"
    # The bot is not in there, so it hears nothing.
    workspace.rename(LEADERS, "the-few")
    (event,) = await listener.events()
    assert (event["type"], event["channel"]["name"]) == ("channel_rename", "everybody")


async def test_a_channel_can_be_closed_to_the_bot(
    workspace: Workspace, client: AsyncWebClient, listener: Listener
) -> None:
    workspace.restrict(GENERAL)
    post = client.chat_postMessage(channel=GENERAL, text="Hi")
    assert await error(post) == "restricted_action_read_only_channel"
    workspace.restrict(GENERAL, is_read_only=False)
    assert (await client.chat_postMessage(channel=GENERAL, text="Hi"))["ok"]
    workspace.delete(GENERAL)
    post = client.chat_postMessage(channel=GENERAL, text="Hi")
    assert await error(post) == "channel_not_found"
    assert [one["type"] for one in await listener.events()] == ["channel_deleted"]


async def test_the_bot_hears_who_comes_and_goes_where_it_is(
    workspace: Workspace, client: AsyncWebClient, listener: Listener
) -> None:
    workspace.remove(GENERAL, BEN)
    workspace.remove(GENERAL, BEN)
    workspace.remove(RANDOM, BEN)
    await client.conversations_join(channel=RANDOM)
    workspace.remove(RANDOM, workspace.bot_user_id)
    told = [(one["type"], one["channel"], one["user"]) for one in await listener.events()]
    assert told == [
        ("member_left_channel", GENERAL, BEN),
        ("member_joined_channel", RANDOM, workspace.bot_user_id),
        ("member_left_channel", RANDOM, workspace.bot_user_id),
    ]
    assert await error(client.conversations_join(channel="C0ARCHIVE")) == "is_archived"
    assert await error(client.conversations_join(channel=LEADERS)) == "channel_not_found"


async def test_what_people_are_is_told_by_users_info(
    workspace: Workspace, client: AsyncWebClient, listener: Listener
) -> None:
    guest = workspace.add_person("Gil", is_restricted=True, is_ultra_restricted=True)
    stranger = workspace.add_person("Sol", is_stranger=True)
    guest_drawn = (await client.users_info(user=guest.id))["user"]
    assert guest_drawn["is_restricted"]
    assert guest_drawn["is_ultra_restricted"]
    drawn = (await client.users_info(user=stranger.id))["user"]
    assert drawn["is_stranger"]
    assert drawn["team_id"] != workspace.team_id
    workspace.invite(GENERAL, stranger.id)
    await workspace.type("/brief x", user=stranger.id, channel=GENERAL)
    workspace.change_person(BEN, is_owner=True, tz="Asia/Tokyo")
    ben = (await client.users_info(user=BEN))["user"]
    assert (ben["is_admin"], ben["is_owner"], ben["tz_offset"]) == (True, True, 9 * 3600)
    changed = [one["user"]["id"] for one in await listener.events() if one["type"] == "user_change"]
    assert changed == [BEN]
    with pytest.raises(ValueError, match="id"):
        workspace.change_person(BEN, id="U0OTHER")


async def test_who_is_deactivated_is_gone_from_every_channel(
    workspace: Workspace, client: AsyncWebClient, listener: Listener
) -> None:
    workspace.change_person(BEN, is_deleted=True)
    ben = (await client.users_info(user=BEN))["user"]
    assert ben["deleted"] is True
    assert "tz" not in ben
    assert "is_admin" not in ben
    ephemeral = client.chat_postEphemeral(channel=GENERAL, user=BEN, text="Psst")
    assert await error(ephemeral) == "user_not_in_channel"
    assert await error(client.conversations_open(users=[BEN])) == "user_disabled"
    assert "user_change" in [one["type"] for one in await listener.events()]


async def test_the_channels_of_a_person_are_listed(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    theirs = await client.users_conversations(user=BEN, types="public_channel,private_channel")
    # The private one is not the bot's to know of.
    names = [one["name"] for one in theirs["channels"]]
    assert names == ["general", "world-news", "random", "archive-2024"]
    own = await client.users_conversations(exclude_archived=True)
    assert [one["name"] for one in own["channels"]] == ["general", "world-news"]
    assert await error(client.users_conversations(types="rooms")) == "invalid_types"
    assert await error(client.users_conversations(types="im")) == "missing_scope"
    assert (await client.bots_info(bot=workspace.bot_id))["bot"]["user_id"] == "U0PARLEY"
    assert await error(client.bots_info(bot="B0OTHER")) == "bot_not_found"
