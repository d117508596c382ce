"""What a person does with Parley, in a browser."""

import aiohttp
import pytest
from playwright.async_api import expect

from tests.browser.conftest import House, Open
from tests.ids import ANA, BEN, CHLOE, GENERAL

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_misspelt_name_finds_a_story_that_is_shared(house: House, visit: Open) -> None:
    ana, ben = await visit(house.workspace), await visit(house.workspace, BEN)
    house.workspace.post_as(BEN, GENERAL, "Has anyone followed what came of the Oval Office row?")
    await ana.composer.press_sequentially("/bri")
    offered = ana.page.get_by_role("option", name="/brief")
    await expect(offered).to_contain_text("Find a story")
    await ana.composer.press("Enter")
    await expect(ana.composer).to_have_value("/brief ")
    await ana.composer.press_sequentially("zelenski")
    await ana.composer.press("Enter")

    answer = ana.message("Only visible to you")
    await expect(answer).to_contain_text("Zelensky")
    await ana.picture("brief")
    headline = await answer.get_by_role("heading", level=2).inner_text()
    await expect(ben.message("Oval Office row")).to_be_visible()
    await expect(ben.message("Only visible to you")).to_have_count(0)

    await answer.get_by_role("button", name="Share to channel").click()
    shared = ben.message("Shared by @Ana Silva")
    await expect(shared.get_by_role("heading", level=2)).to_have_text(headline)
    await expect(ana.message("Shared by @Ana Silva")).to_be_visible()


async def test_a_question_gets_a_channel_talking(house: House, visit: Open) -> None:
    workspace = house.workspace
    ana, ben = await visit(workspace), await visit(workspace, BEN)
    workspace.post_as(CHLOE, GENERAL, "Has anyone followed what came of the Oval Office row?")
    await ben.write("/brief oval office reaction")
    await ben.message("Only visible to you").get_by_role("button", name="Share").click()
    await expect(ben.message("Shared by @Ben Osei")).to_be_visible()
    workspace.post_as(BEN, GENERAL, "This. @ana, does @parley have a question for us?")
    await ana.write("/discuss peacekeepers")
    preview = ana.message("Only visible to you")
    await preview.get_by_role("button", name="Post it here").click()
    question = ben.message("Asked by @Ana Silva")
    await expect(question).to_contain_text("1 reply")
    asked = workspace.messages(GENERAL)[-1]["ts"]
    for who, words in (
        (CHLOE, "Only with American backing. Who else would be believed?"),
        (ANA, "A promise that waits for somebody else is no promise."),
        (CHLOE, "Then who pays for it, and for how many years?"),
    ):
        workspace.post_as(who, GENERAL, words, thread_ts=asked)
    await expect(question).to_contain_text("4 replies")
    await question.get_by_text("4 replies").click()
    await ben.pane.get_by_role("textbox", name="Reply").fill("That is the better question.")
    await ben.page.keyboard.press("Enter")
    await expect(ben.pane.get_by_text("That is the better question.")).to_be_visible()
    await expect(question).to_contain_text("5 replies")
    await ben.page.mouse.move(0, 0)
    await ben.picture("page")
    await ben.page.emulate_media(color_scheme="dark")
    await ben.picture("page-dark")


async def test_what_is_half_understood_is_asked_about(house: House, visit: Open) -> None:
    ana = await visit(house.workspace)
    await ana.write("/brief saudy arbia oil")
    asked = ana.message("Did you mean")
    await expect(asked.get_by_role("button", name="Show")).not_to_have_count(0)
    await asked.get_by_role("button", name="Show").first.click()
    await expect(ana.message("Saudi Arabia").get_by_text("Question", exact=True)).to_be_visible()
    await expect(ana.message("Did you mean")).to_have_count(0)


async def test_nothing_found_offers_topics_to_press(house: House, visit: Open) -> None:
    ana = await visit(house.workspace)
    await ana.write("/brief saudi wedding")
    await ana.message("I have no story on").get_by_role("button", name="Saudi Arabia").click()
    await expect(ana.message("for “Saudi Arabia”")).to_be_visible()


async def test_a_day_passes_and_one_question_comes(house: House, visit: Open) -> None:
    ana = await visit(house.workspace)
    await ana.write("/digest on 09:30")
    await expect(ana.message("at 09:30")).to_be_visible()
    await ana.page.get_by_title("The clock of this workspace").click()
    face = ana.pane.locator(".clock-face")
    await expect(face).to_have_text("Tue 24 Nov, 10:12")
    await ana.pane.get_by_role("button", name="+1 day").click()
    await expect(face).to_have_text("Wed 25 Nov, 10:12")
    questions = ana.list.get_by_role("article").filter(has_text="Question of the day")
    await expect(questions).to_have_count(1)
    await expect(questions).to_contain_text("1 reply")
    await ana.pane.get_by_role("button", name="+1 hour").click()
    await ana.write("/digest next")
    await expect(ana.message("set up by")).to_be_visible()
    await expect(questions).to_have_count(1)
    await ana.pane.get_by_role("button", name="Next 09:30").click()
    await expect(face).to_have_text("Thu 26 Nov, 09:30")
    await expect(questions).to_have_count(2)
    await ana.pane.get_by_role("button", name="Back to real time").click()
    await expect(face).to_have_text("Tue 24 Nov, 10:12")


async def test_a_broken_file_is_named_with_its_line(house: House, visit: Open) -> None:
    ana, ben = await visit(house.workspace), await visit(house.workspace, BEN)
    (house.corpus / "lima.txt").write_text("Lima\n\nA summary.\nAn insight, and no question.\n")
    await ana.write("/corpus reload")
    await expect(ana.message("Only visible to you")).to_contain_text("lima.txt:3")
    await ben.write("/corpus reload")
    await expect(ben.message("Only Parley admins")).to_be_visible()


async def test_another_person_sees_no_ephemeral_even_after_a_reload(
    house: House, visit: Open
) -> None:
    ana = await visit(house.workspace)
    await ana.write("/discuss sanctions")
    await expect(ana.message("Only visible to you")).to_be_visible()
    await ana.page.get_by_role("button", name="Acting as Ana Silva").click()
    await ana.page.get_by_role("menuitemradio", name="Ben Osei").click()
    await expect(ana.page.get_by_role("button", name="Acting as Ben Osei")).to_be_visible()
    await expect(ana.list.get_by_role("article")).to_have_count(0)
    await ana.page.reload()
    await expect(ana.page.get_by_role("button", name="Acting as Ben Osei")).to_be_visible()
    await expect(ana.list.get_by_role("article")).to_have_count(0)
    await ana.page.go_back()
    await expect(ana.message("Only visible to you")).to_be_visible()


async def test_the_keyboard_is_enough(house: House, visit: Open) -> None:
    ana = await visit(house.workspace)
    press = ana.page.keyboard.press
    focused = ana.page.locator(":focus")
    await expect(ana.composer).to_be_focused()
    await ana.page.keyboard.type("/")
    await press("ArrowDown")
    await press("ArrowUp")
    await press("Tab")
    await ana.page.keyboard.type("putin")
    await press("Enter")
    await expect(ana.message("Match 1 of")).to_be_visible()

    # From the composer back to the answer's last button, which keeps the focus.
    await press("Shift+Tab")
    await expect(focused).to_have_text("Next")
    await press("Enter")
    await expect(ana.message("Match 2 of")).to_be_visible()
    await expect(focused).to_have_text("Next")
    await press("Shift+Tab")
    await expect(focused).to_have_text("Previous")
    await press("Shift+Tab")
    await expect(focused).to_have_text("More like this")
    await press("Shift+Tab")
    await expect(focused).to_have_text("Discuss here")
    await press("Enter")
    await expect(ana.message("Asked by")).to_contain_text("1 reply")

    # Up through the messages; a reply in the thread; and back.
    await ana.list.focus()
    await press("ArrowUp")
    await press("ArrowUp")
    await press("ArrowDown")
    await expect(focused).to_contain_text("Asked by")
    await press("Tab")
    await expect(focused).to_contain_text("1 reply")
    await press("Enter")
    await expect(ana.pane.get_by_role("textbox", name="Reply")).to_be_focused()
    await ana.page.keyboard.type("I would start with who is not in the room.")
    await press("Enter")
    await expect(ana.message("Asked by")).to_contain_text("2 replies")
    await press("Escape")
    await expect(ana.pane).to_be_hidden()
    await expect(ana.composer).to_be_focused()

    # Another channel, and another person.
    await press("Alt+ArrowDown")
    await expect(ana.page.get_by_role("heading", level=1)).to_have_text("world-news")
    await ana.page.get_by_role("button", name="Acting as").focus()
    await press("Enter")
    await press("ArrowDown")
    await press("Enter")
    await expect(ana.page.get_by_role("button", name="Acting as Ben Osei")).to_be_visible()


async def test_what_cannot_be_is_said(house: House, visit: Open) -> None:
    ana = await visit(house.workspace)
    await ana.write("/nope")
    await expect(ana.page.get_by_role("alert")).to_contain_text("/nope is not a valid command")
    await expect(ana.composer).to_have_value("/nope")
    await ana.write("/invite @nobody")
    await expect(ana.page.get_by_role("alert")).to_contain_text("Nobody here is called @nobody")

    await ana.page.get_by_role("button", name="random").click()
    await ana.write("/digest on 09:30")
    await expect(ana.message("/invite @Parley")).to_be_visible()
    await ana.write("/invite @Parley")
    await ana.page.get_by_role("button", name="Behind the scenes").click()
    await ana.pane.get_by_role("tab", name="Place").click()
    await expect(ana.pane).to_contain_text("Parley is in #random")
    await ana.write("/digest on 09:30")
    await expect(ana.message("at 09:30")).to_be_visible()
    await ana.pane.get_by_role("button", name="Remove Parley").click()
    await expect(ana.pane).to_contain_text("Parley is not in #random")
    await ana.pane.get_by_role("button", name="Archive", exact=True).click()
    await expect(ana.page.get_by_role("main")).to_contain_text("#random is archived")
    await ana.pane.get_by_role("button", name="Unarchive").click()
    await expect(ana.composer).to_be_visible()
    await ana.pane.get_by_role("button", name="Remove admin").click()
    await expect(ana.pane.get_by_role("button", name="Make an admin")).to_be_visible()
    await ana.page.get_by_role("button", name="archive-2024").click()
    await expect(ana.page.get_by_role("main")).to_contain_text("archived")


async def test_the_inspector_and_the_faults(house: House, visit: Open) -> None:
    ana = await visit(house.workspace)
    await ana.page.get_by_role("button", name="Behind the scenes").click()
    await ana.pane.get_by_role("tab", name="Faults").click()
    await ana.pane.get_by_role("button", name="Refuse the next post").click()
    await expect(ana.pane).to_contain_text("refuse chat.postMessage × 1")
    await ana.pane.get_by_label("what happens").select_option("drop_before")
    await ana.pane.get_by_label("to the method").fill("views.*")
    await ana.pane.get_by_role("button", name="Add").click()
    await expect(ana.pane).to_contain_text("drop_before views.* × 1")
    await ana.pane.get_by_role("tab", name="Calls").click()
    await ana.write("/discuss")
    await expect(ana.pane.get_by_text("/discuss", exact=True)).to_be_visible()
    await ana.message("Only visible").get_by_role("button", name="Post it here").click()
    failed = ana.pane.locator("details").filter(has_text="internal_error").first
    await expect(failed).to_contain_text("chat.postMessage")
    await failed.locator("summary").click()
    await expect(failed.locator("pre").last).to_contain_text('"error": "internal_error"')
    await ana.pane.get_by_role("searchbox").fill("block_actions")
    await expect(ana.pane.locator("details")).to_have_count(1)
    assert house.workspace.bot_token not in await ana.pane.inner_text()


async def test_the_feed_is_published_edited_and_broken(house: House, visit: Open) -> None:
    house.workspace.feed.drafts = [("Divers raise a bell", "It sank in 1871."), ("Next", "Later.")]
    ana = await visit(house.workspace)
    await ana.page.get_by_role("button", name="Behind the scenes").click()
    await ana.pane.get_by_role("tab", name="Feed").click()
    await expect(ana.pane).to_contain_text("Parley has not asked for it yet")
    await ana.pane.get_by_role("button", name="Publish").dblclick()
    await expect(ana.pane).to_contain_text("Published: Divers raise a bell. Parley reads it when")
    await expect(ana.pane.get_by_role("listitem")).to_have_count(1)
    await ana.pane.get_by_role("button", name="Edit Divers raise a bell").click()
    await expect(ana.pane.get_by_label("Text")).to_have_value("It sank in 1871.")
    await ana.pane.get_by_label("Title").fill("Divers raise an anchor")
    await ana.pane.get_by_role("button", name="Save").click()
    await expect(ana.pane.get_by_role("listitem")).to_have_text("Divers raise an anchorEdit")
    await expect(ana.pane.get_by_label("Title")).to_have_value("Next")
    await ana.pane.get_by_label("Text").fill("  ")
    await ana.pane.get_by_role("button", name="Publish").click()
    await expect(ana.pane).to_contain_text("A story needs a title and a text.")
    await expect(ana.pane.get_by_role("listitem")).to_have_count(1)
    await expect(ana.pane).to_contain_text("Break makes every request fail")
    await ana.pane.get_by_role("button", name="Break").click()
    await expect(ana.pane).to_contain_text("Repair ends that.")
    async with aiohttp.ClientSession() as session:
        await session.get(house.workspace.feed.url)
    await expect(ana.pane).to_contain_text("and it was broken")
    await ana.pane.get_by_role("button", name="Repair").click()
    await expect(ana.pane.get_by_role("button", name="Break")).to_be_visible()


async def test_the_tour_puts_what_to_try_into_the_composer(house: House, visit: Open) -> None:
    ana = await visit(house.workspace, ANA, at="C0ARCHIVE")
    assert house.workspace.tour
    for step in house.workspace.tour["steps"]:
        await ana.pane.get_by_role("button", name=step["try"]).click()
        await expect(ana.composer).to_have_value(step["try"])
        await expect(ana.composer).to_be_focused()
    await expect(ana.pane).to_contain_text("make demo CORPUS=")
