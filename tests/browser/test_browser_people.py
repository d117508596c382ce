"""What people of every kind see and get: members, a guest, somebody of another company."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import House, Open
from tests.ids import ANA, GENERAL

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_guest_reads_and_shares_and_changes_no_schedule(house: House, visit: Open) -> None:
    workspace = house.workspace
    guest = workspace.add_person("Dina Reyes", tz="America/Mexico_City", is_restricted=True)
    workspace.invite(GENERAL, guest.id)
    ana = await visit(workspace)
    await ana.page.get_by_role("button", name="Acting as Ana Silva").click()
    row = ana.page.get_by_role("menuitemradio", name="Dina Reyes")
    await expect(row).to_contain_text("guest")
    await row.click()
    dina = ana
    await expect(dina.page.get_by_role("button", name="Acting as Dina Reyes")).to_be_visible()
    await expect(dina.page.get_by_role("button", name="random")).to_have_count(0)
    await dina.write("/brief zelenski")
    await dina.message("Only visible").get_by_role("button", name="Share to channel").click()
    await expect(dina.message("Shared by @Dina Reyes")).to_be_visible()
    await dina.write("/digest on 09:30")
    await expect(dina.message("Guests can't change schedules")).to_be_visible()
    await dina.write("/corpus reload")
    await expect(dina.message("Only Parley admins can do that")).to_be_visible()
    assert [one["user"] for one in workspace.messages(GENERAL)] == [workspace.bot_user_id]


async def test_a_stranger_is_refused_kindly_everywhere(house: House, visit: Open) -> None:
    workspace = house.workspace
    stranger = workspace.add_person("Emre Kaya", tz="Europe/Istanbul", is_stranger=True)
    workspace.invite(GENERAL, stranger.id)
    ana, emre = await visit(workspace), await visit(workspace, stranger.id)
    await expect(emre.page.get_by_role("button", name="Parley")).to_have_count(0)
    await emre.write("/brief zelenski")
    await expect(emre.page.get_by_role("alert")).to_contain_text("/brief is not a valid command")
    await emre.write("@parley zelenski")
    refusal = emre.message("I can only help members of this workspace")
    await expect(refusal).to_contain_text("Only visible to you")
    await expect(ana.message("@Parley zelenski")).to_contain_text("EXTERNAL")
    await expect(ana.message("I can only help")).to_have_count(0)

    # The buttons of a post are there for all to press.
    await ana.write("/brief zelenski")
    await ana.message("Only visible").get_by_role("button", name="Share to channel").click()
    shared = emre.message("Shared by @Ana Silva")
    await expect(shared).to_be_visible()
    for button in await shared.get_by_role("button").all():
        await button.click()
    assert len(workspace.messages(GENERAL)) == 2


class TestAgentPanel:
    """The agent panel, which a workspace's plan may have."""

    @pytest.fixture
    def has_agent(self) -> bool:
        return True

    async def test_it_suggests_and_answers_in_the_thread(self, house: House, visit: Open) -> None:
        ana = await visit(house.workspace, ANA, at="D0ANA/messages")
        prompt = ana.page.get_by_role("button", name="Stories on").first
        topic = (await prompt.inner_text()).removeprefix("Stories on ")
        await prompt.click()
        answer = ana.pane.get_by_role("article").last
        await expect(answer).to_contain_text(topic)
        await expect(answer.get_by_text("Question", exact=True)).to_be_visible()
        await expect(ana.list.get_by_role("article")).to_have_count(1)
        await expect(ana.list.get_by_role("article")).to_contain_text("1 reply")

        # The conversation goes on in the thread.
        reply = ana.pane.get_by_role("textbox", name="Reply")
        await expect(reply).to_be_focused()
        await reply.fill("zelenski")
        await reply.press("Enter")
        await expect(ana.pane.get_by_role("article").last).to_contain_text("Zelensky")
        await expect(ana.list.get_by_role("article")).to_have_count(1)
