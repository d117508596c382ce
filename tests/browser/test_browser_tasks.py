"""Twenty tasks of a newcomer, each within as many presses as are fair.

A press is a click, or Enter to send what was typed.
"""

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.browser.conftest import House, Open, Person
from tests.ids import ANA, BEN, CHLOE, GENERAL

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def press(where: Locator, button: str) -> None:
    await where.get_by_role("button", name=button).first.click()


def private(person: Person) -> Locator:
    """Return the newest answer that only this person sees."""
    return person.message("Only visible to you")


@pytest_asyncio.fixture(loop_scope="session")
async def ana(house: House, visit: Open) -> Person:
    person: Person = await visit(house.workspace)
    return person


@pytest_asyncio.fixture(loop_scope="session")
async def ben(house: House, visit: Open) -> Person:
    person: Person = await visit(house.workspace, BEN)
    return person


async def test_1_find_the_story_on_the_air_links(ana: Person) -> None:
    async with ana.within(1):
        await ana.write("/brief air links")
    await expect(private(ana).get_by_role("heading")).to_have_text(
        "Embassies, air links and a new envoy for Moscow and Washington"
    )


async def test_2_spell_it_wrong_and_see_the_next_one(ana: Person) -> None:
    async with ana.within(2):
        await ana.write("/brief zelenski")
        await press(private(ana), "Next")
    await expect(private(ana)).to_contain_text("Match 2 of")


async def test_3_share_a_story(ana: Person, ben: Person) -> None:
    async with ana.within(2):
        await ana.write("/brief air links")
        await press(private(ana), "Share to channel")
    await expect(ben.message("Shared by @Ana Silva")).to_contain_text("air links")


async def test_4_share_a_story_to_another_channel(ana: Person, house: House) -> None:
    async with ana.within(3):
        await press(ana.page.get_by_role("navigation"), "world-news")
        await ana.write("/brief air links")
        await press(private(ana), "Share to channel")
    await expect(ana.message("Shared by @Ana Silva")).to_be_visible()
    assert not house.workspace.messages(GENERAL)


async def test_5_bring_a_story_into_a_thread(ana: Person, house: House) -> None:
    asked = house.workspace.post_as(BEN, GENERAL, "Do they fly again?")
    house.workspace.post_as(CHLOE, GENERAL, "Who?", thread_ts=asked["ts"])
    async with ana.within(3):
        await ana.message("Do they fly again?").get_by_text("1 reply").click()
        await ana.pane.get_by_role("textbox", name="Reply").fill("@parley air links")
        await ana.page.keyboard.press("Enter")
        await press(ana.pane.get_by_role("article").last, "Share in thread")
    await expect(ana.message("Do they fly again?")).to_contain_text("3 replies")


async def test_6_find_what_a_colleague_is_talking_about(ana: Person, house: House) -> None:
    house.workspace.post_as(BEN, GENERAL, "I read that Saudi Arabia hosts the talks again.")
    message = ana.message("Saudi Arabia hosts")
    async with ana.within(2):
        await message.hover()
        await press(message, "More actions")
        await ana.page.get_by_role("menuitem", name="Find related stories").click()
    await expect(private(ana)).to_contain_text("Saudi Arabia")


async def test_7_ask_the_channel_something_about_turkey(ana: Person, ben: Person) -> None:
    async with ana.within(2):
        await ana.write("/discuss turkey")
        await press(private(ana), "Post it here")
    await expect(ben.message("Asked by @Ana Silva")).to_contain_text("1 reply")


async def test_8_choose_another_question_first(ana: Person) -> None:
    async with ana.within(3):
        await ana.write("/discuss")
        first = await private(ana).inner_text()
        await press(private(ana), "Another one")
        await expect(private(ana)).not_to_have_text(first, use_inner_text=True)
        await press(private(ana), "Post it here")
    await expect(ana.message("Asked by @Ana Silva")).to_be_visible()


async def test_9_answer_a_question(ana: Person, ben: Person) -> None:
    await ana.write("/discuss turkey")
    await press(private(ana), "Post it here")
    async with ben.within(2):
        await ben.message("Asked by @Ana Silva").get_by_text("1 reply").click()
        await ben.pane.get_by_role("textbox", name="Reply").fill("Who pays for it?")
        await ben.page.keyboard.press("Enter")
    await expect(ana.message("Asked by @Ana Silva")).to_contain_text("2 replies")


async def test_10_a_question_on_every_working_day(ana: Person) -> None:
    async with ana.within(1):
        await ana.write("/digest on 09:30")
    await expect(private(ana)).to_contain_text("09:30, Monday to Friday")


async def test_11_another_time_for_it(ana: Person) -> None:
    await ana.write("/digest on 09:30")
    await expect(private(ana)).to_be_visible()
    async with ana.within(4):
        await ana.write("/digest")
        await press(private(ana), "Edit")
        await ana.dialog.get_by_label("Time", exact=True).click()
        await ana.dialog.get_by_label("Time", exact=True).fill("08:15")
        await press(ana.dialog, "Save")
    await expect(private(ana)).to_contain_text("08:15")


async def test_12_make_fridays_digest_skip_christmas(ana: Person) -> None:
    async with ana.within(2):
        await ana.write("/digest on 16:00 friday digest 3")
        await expect(private(ana)).to_contain_text("a digest of 3 stories at 16:00 on Friday")
        await ana.write("/digest skip christmas")
    await expect(private(ana)).to_contain_text("No post on Fri 25 Dec 2026")


async def test_13_take_that_back(ana: Person) -> None:
    await ana.write("/digest on 16:00 friday digest 3")
    await expect(private(ana)).to_contain_text("digest of 3 stories")
    await ana.write("/digest skip christmas")
    answer = private(ana)
    async with ana.within(1):
        await press(answer, "Take it back")
    await ana.write("/digest next")
    await expect(private(ana)).to_contain_text("Fri 25 Dec 2026 at 16:00")


async def test_14_learn_who_set_it_up_and_what_comes(ana: Person, ben: Person) -> None:
    await ana.write("/digest on 09:30")
    await expect(private(ana)).to_be_visible()
    async with ben.within(1):
        await ben.write("/digest next")
    await expect(private(ben)).to_contain_text("set up by @Ana Silva")
    await expect(private(ben)).to_contain_text("Thu 26 Nov 2026 at 09:30")


async def test_15_pause_over_the_holidays_and_go_on(ana: Person) -> None:
    await ana.write("/digest on 09:30")
    await expect(private(ana)).to_be_visible()
    async with ana.within(2):
        await ana.write("/digest pause until 4 jan")
        await expect(private(ana)).to_contain_text("4 Jan")
        await ana.write("/digest resume")
    await expect(private(ana)).not_to_contain_text("4 Jan")


async def test_16_end_it_and_find_that_this_was_wrong(ana: Person) -> None:
    await ana.write("/digest on 09:30")
    await expect(private(ana)).to_be_visible()
    async with ana.within(2):
        await ana.write("/digest off")
        await press(ana.message("gets no more posts"), "Take it back")
    await ana.write("/digest next")
    await expect(private(ana)).to_contain_text("at 09:30, Monday to Friday")


async def test_17_subscribe_a_feed_and_write_its_question(ana: Person, house: House) -> None:
    feed = house.workspace.feed
    feed.publish("The ferry runs on batteries", "It has sailed on batteries since November.")
    async with ana.within(1):
        await ana.write(f"/corpus sources add {feed.url}")
    await expect(private(ana)).to_contain_text("The Harbour Gazette is added")
    answers, asked = ana.list.get_by_role("article").filter(has_text="are loaded"), 0
    # Its first poll comes within seconds.
    while await ana.message("1 story has no question").count() == 0:
        await ana.write("/corpus status")
        asked += 1
        await expect(answers).to_have_count(asked)
    async with ana.within(4):
        await ana.write("/corpus status")
        # An answer that comes while the button is pressed moves it.
        await expect(answers).to_have_count(asked + 1)
        await press(ana.message("1 story has no question"), "Write questions")
        question = ana.dialog.get_by_role("textbox", name="Question")
        await question.click()
        await question.fill("What should we switch to batteries next?")
        await press(ana.dialog, "Save")
    await expect(ana.dialog).to_contain_text("Every story has a question")
    await press(ana.dialog, "Close")
    await ana.write("/discuss ferry")
    await expect(private(ana)).to_contain_text("What should we switch to batteries next?")


async def test_18_take_back_a_load(ana: Person, house: House) -> None:
    story = "Lima\n\nA harbour in the fog.\nFog hides debts.\nWho owes whom?\n"
    (house.corpus / "lima.txt").write_text(story)
    async with ana.within(2):
        await ana.write("/corpus reload")
        await expect(private(ana)).to_contain_text("27 stories")
        await ana.write("/corpus undo")
    await expect(private(ana)).to_contain_text("26 stories")
    await ana.write("/brief harbour in the fog")
    await expect(private(ana)).not_to_contain_text("Lima")


async def test_19_ask_for_a_topic_and_hear_of_it(ana: Person, ben: Person) -> None:
    async with ben.within(2):
        await ben.write("/brief kubernetes")
        await press(private(ben), "Ask for this topic")
    await expect(private(ben)).to_contain_text("Thanks!")
    async with ana.within(1):
        await ana.write("/corpus missed")
    await expect(private(ana)).to_contain_text("kubernetes")
    await expect(private(ana)).not_to_contain_text("Ben")


async def test_20_read_todays_story_without_a_command(ana: Person) -> None:
    async with ana.within(2):
        await press(ana.page.get_by_role("navigation"), "Parley")
        await press(ana.page.get_by_role("main"), "Read the story")
    await expect(ana.dialog.get_by_text("Insight", exact=True)).to_be_visible()


async def test_21_start_a_discussion_from_anywhere(house: House, visit: Open) -> None:
    ana = await visit(house.workspace, ANA, at="D0ANA/messages")
    async with ana.within(6):
        await press(ana.page.get_by_role("main"), "Commands and shortcuts")
        await ana.page.get_by_role("menuitem", name="Start a discussion").click()
        channel = ana.dialog.get_by_role("combobox", name="Channel")
        await expect(channel).to_have_value("")
        await channel.click()
        await ana.page.get_by_role("option", name="#general").click()
        await press(ana.dialog, "See the question")
        await press(ana.dialog, "Post it")
    await expect(ana.dialog).to_contain_text("Posted in")
    await house.workspace.seen(GENERAL, lambda one: one["reply_count"] == 1)


async def test_22_ask_what_parley_can_do(house: House, visit: Open) -> None:
    ana = await visit(house.workspace, ANA, at="D0ANA/messages")
    async with ana.within(1):
        await ana.write("what can you do?")
    answer = ana.list.get_by_role("article").last
    await expect(answer.get_by_role("button")).not_to_have_count(0)
    await expect(answer).not_to_contain_text("I have no story")
