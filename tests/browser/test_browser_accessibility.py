"""axe-core finds nothing to complain of, in any state of the page and in every look."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import House, Open
from tests.ids import ANA, BEN, CHLOE, GENERAL

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_barrier_is_found(house: House, visit: Open) -> None:
    """Otherwise all other tests here would mean nothing."""
    ana = await visit(house.workspace)
    await ana.page.evaluate(
        "document.querySelector('main').append(document.createElement('button'))"
    )
    found = await ana.barriers()
    assert [one.split(": ")[1] for one in found] == ["button-name"] * 3


async def test_channels_threads_and_menus(house: House, visit: Open) -> None:
    workspace = house.workspace
    workspace.change_person(CHLOE, is_stranger=True)
    workspace.post_as(BEN, GENERAL, "A *bold* word, `code`, a <https://example.org|link>, @ana.")
    workspace.post_as(CHLOE, GENERAL, "&gt; quoted\n```\nmany lines of code\n```")
    ana = await visit(workspace)
    await ana.write("/brief zelenski")
    await expect(ana.message("Only visible")).to_be_visible()
    await ana.write("/discuss peacekeepers")
    await ana.message("Only visible").get_by_role("button", name="Post it here").click()
    question = ana.message("Asked by @Ana Silva")
    await expect(question).to_contain_text("1 reply")
    assert not await ana.barriers()

    await ana.composer.press_sequentially("/")
    await expect(ana.page.get_by_role("option").first).to_be_visible()
    assert not await ana.barriers()
    await ana.composer.fill("/digest ")
    assert not await ana.barriers()
    await ana.write("/nope")
    await expect(ana.page.get_by_role("alert")).to_contain_text("not a valid command")
    assert not await ana.barriers()
    await ana.composer.fill("")

    for button in ("Commands and shortcuts", "Acting as Ana Silva"):
        await ana.page.get_by_role("button", name=button).click()
        await expect(ana.page.get_by_role("menu")).to_be_visible()
        assert not await ana.barriers()
        await ana.page.keyboard.press("Escape")
    await question.hover()
    await question.get_by_role("button", name="More actions").click()
    await expect(ana.page.get_by_role("menu")).to_be_visible()
    assert not await ana.barriers()
    await ana.page.keyboard.press("Escape")

    await question.get_by_text("1 reply").click()
    await expect(ana.pane.get_by_role("textbox", name="Reply")).to_be_focused()
    assert not await ana.barriers()


@pytest.mark.parametrize("at", ["C0ARCHIVE", "C0LEADERS", "D0ANA/messages", "D0ANA/home"])
async def test_other_channels_and_home(house: House, visit: Open, at: str) -> None:
    ana = await visit(house.workspace, ANA, at=at)
    if at.endswith("home"):
        await expect(ana.page.get_by_role("textbox", name="Find a story")).to_be_visible()
    assert not await ana.barriers()
    chloe = await visit(house.workspace, CHLOE, at="C0RANDOM")
    house.workspace.remove("C0RANDOM", CHLOE)
    await expect(chloe.page.get_by_role("button", name="Join channel")).to_be_visible()
    assert not await chloe.barriers()


async def test_what_opens_from_home(house: House, visit: Open) -> None:
    ana = await visit(house.workspace, ANA, at="D0ANA/home")
    search = ana.page.get_by_role("textbox", name="Find a story")
    await search.fill("zelenski")
    await search.press("Enter")
    await expect(ana.dialog).to_contain_text("Zelensky")
    assert not await ana.barriers()


async def test_the_form_of_a_schedule(house: House, visit: Open) -> None:
    ana = await visit(house.workspace)
    await ana.write("/digest")
    topics = ana.dialog.get_by_role("combobox", name="Topics")
    await topics.press_sequentially("qzxv wvq")
    await ana.page.get_by_role("option", name="qzxv wvq").click()
    assert not await ana.barriers()
    await ana.page.keyboard.press("Escape")
    await ana.dialog.get_by_role("button", name="Save").click()
    await expect(ana.dialog.get_by_role("alert").filter(has_text="qzxv")).to_be_visible()
    assert not await ana.barriers()


@pytest.mark.parametrize("tab", ["Calls", "Clock", "Faults", "Feed", "Place", "App"])
async def test_behind_the_scenes(house: House, visit: Open, tab: str) -> None:
    house.workspace.feed.publish("Divers raise a bell", "It sank in 1871.")
    ana = await visit(house.workspace)
    await ana.write("/brief zelenski")
    await expect(ana.message("Only visible")).to_be_visible()
    await ana.page.get_by_role("button", name="Behind the scenes").click()
    await ana.pane.get_by_role("tab", name=tab).click()
    if tab == "Calls":
        await ana.pane.locator("summary").first.click()
    elif tab == "Clock":
        await ana.pane.get_by_role("button", name="+1 day").click()
        await expect(ana.pane).to_contain_text("ahead of real time")
    elif tab == "Faults":
        await ana.pane.get_by_role("button", name="Refuse the next post").click()
        await expect(ana.pane).to_contain_text("refuse chat.postMessage")
    assert not await ana.barriers()


async def test_the_tour_and_the_drawer(house: House, visit: Open) -> None:
    ana = await visit(house.workspace)
    await ana.page.get_by_role("button", name="Close Welcome").click()
    await ana.look("narrow")
    await ana.page.get_by_role("button", name="Channels and people").click()
    await expect(ana.page.get_by_role("navigation")).to_be_visible()
    assert not await ana.barriers(["narrow"])
    await ana.page.get_by_role("button", name="Things to try").click()
    assert not await ana.barriers()
    await ana.page.locator(".offline").evaluate("banner => { banner.hidden = false; }")
    assert not await ana.barriers()
