"""How often a method may be called, and what it says of it when that is too often."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from bot.workspace.errors import ApiError
from bot.workspace.model.rate_tiers import MethodRates, Tier
from tests.ids import GENERAL


async def test_a_method_is_refused_after_its_calls_of_a_minute_and_no_other_is(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    for _ in range(Tier.THREE):
        await client.conversations_history(channel=GENERAL, limit=1)
    with pytest.raises(SlackApiError) as caught:
        await client.conversations_history(channel=GENERAL, limit=1)
    response = caught.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert (await client.conversations_info(channel=GENERAL))["ok"]
    workspace.pace = False
    assert (await client.conversations_history(channel=GENERAL, limit=1))["ok"]


def test_after_the_wait_that_was_asked_for_it_is_answered_again() -> None:
    now = [1000.0]
    tiers = MethodRates(lambda: now[0])
    for _ in range(Tier.TWO):
        tiers.take("users.list", Tier.TWO)
        now[0] += 0.5
    waits = []
    for _ in range(2):  # What is refused does not lengthen the wait.
        with pytest.raises(ApiError) as caught:
            tiers.take("users.list", Tier.TWO)
        waits.append(caught.value.retry_after)
    assert waits == [50, 50]
    tiers.take("users.info", Tier.FOUR)
    now[0] += 50
    tiers.take("users.list", Tier.TWO)
    with pytest.raises(ApiError):
        tiers.take("users.list", Tier.TWO)
