"""Parley's own forms in a browser: a schedule, App Home, the steps of workflows."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import House, Open
from tests.ids import ANA, BEN, GENERAL

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_schedule_is_made_in_the_modal_with_one_wrong_field_first(
    house: House, visit: Open
) -> None:
    ana = await visit(house.workspace)
    await ana.write("/digest")
    form = ana.page.get_by_role("dialog", name="Schedule")
    await expect(form.get_by_role("combobox", name="Channel")).to_have_value("#general")
    digest = form.get_by_label("Stories in a digest", exact=True)
    await form.get_by_role("radio", name="A digest: a few").check()
    await expect(digest).to_be_visible()
    await form.get_by_role("radio", name="A question, with").check()
    await expect(digest).to_have_count(0)
    await form.get_by_label("Time", exact=True).fill("08:15")
    await form.get_by_role("checkbox", name="Sunday").uncheck()
    topics = form.get_by_role("combobox", name="Topics")
    await topics.press_sequentially("qzxv wvq")
    await ana.page.get_by_role("option", name="qzxv wvq").click()
    await ana.page.keyboard.press("Escape")
    await form.get_by_role("button", name="Save").click()

    # Parley says what is wrong beside the field, and nothing that was chosen is lost.
    wrong = form.locator("[data-block=block_topics]").get_by_role("alert")
    await expect(wrong).to_have_text("I have no story on “qzxv wvq”: please take it out.")
    await expect(form.get_by_label("Time", exact=True)).to_have_value("08:15")
    await expect(form.get_by_role("checkbox", name="Sunday")).not_to_be_checked()
    await form.get_by_role("button", name="Remove qzxv wvq").click()
    await topics.press_sequentially("sanct")
    await ana.page.get_by_role("option", name="sanctions").first.click()
    await ana.page.keyboard.press("Escape")
    await form.get_by_role("button", name="Save").click()
    await expect(ana.message("will get a question about sanctions at 08:15")).to_be_visible()
    await expect(ana.dialog).to_have_count(0)

    # A day later there is one question, and another person sees it too.
    ben = await visit(house.workspace, BEN)
    await ana.page.get_by_title("The clock of this workspace").click()
    await ana.pane.get_by_role("button", name="+1 day").click()
    for person in (ana, ben):
        questions = person.list.get_by_role("article").filter(has_text="Question of the day")
        await expect(questions).to_have_count(1)
        await expect(questions).to_contain_text("1 reply")
    await ben.write("/digest list")
    await expect(ben.message("Channels with a schedule")).to_contain_text("08:15")


async def test_app_home_searches(house: House, visit: Open) -> None:
    ana = await visit(house.workspace, at="D0ANA/home")
    await expect(ana.page.get_by_role("heading", name="Today's question")).to_be_visible()
    await ana.picture("home")
    search = ana.page.get_by_role("textbox", name="Find a story")
    await search.fill("zelenski")
    await search.press("Enter")
    await expect(ana.dialog).to_contain_text("Zelensky")
    await expect(ana.dialog.get_by_text("Question", exact=True)).to_be_visible()
    await ana.page.keyboard.press("Escape")
    await expect(ana.dialog).to_have_count(0)
    await expect(search).to_be_focused()

    await search.fill("saudy arbia oil")
    await search.press("Enter")
    await ana.dialog.get_by_role("button", name="Show").first.click()
    await expect(ana.dialog.get_by_text("Question", exact=True)).to_be_visible()
    await ana.page.keyboard.press("Escape")
    await expect(ana.dialog).to_have_count(0)
    await search.fill("kubernetes")
    await search.press("Enter")
    await expect(ana.dialog).to_contain_text("I have no story on")


async def test_a_step_of_a_workflow_is_run(house: House, visit: Open) -> None:
    ana = await visit(house.workspace)
    await ana.page.get_by_role("button", name="Behind the scenes").click()
    await ana.pane.get_by_role("tab", name="App").click()
    await expect(ana.pane).to_contain_text("by Socket Mode, and has one socket open")
    find = ana.pane.get_by_role("form", name="Find a story")
    await find.get_by_label("Words").fill("zelenski")
    await find.get_by_role("button", name="Run").click()
    await expect(find.get_by_role("status")).to_contain_text("Zelensky")
    await find.get_by_label("Words").fill("kubernetes")
    await find.get_by_label("Words").press("Enter")
    await expect(find.get_by_role("status")).to_have_text("I have no story on “kubernetes”.")

    pick = ana.pane.get_by_role("form", name="Pick a question")
    await pick.get_by_label("Channel").select_option("#general")
    picked = []
    for _ in range(2):
        async with ana.page.expect_response("**/page/step"):
            await pick.get_by_role("button", name="Run").click()
        await expect(pick.get_by_role("status")).to_contain_text("question")
        picked.append(await pick.get_by_role("status").inner_text())
    assert picked[0] != picked[1]


async def test_the_app_is_taken_out_and_let_in_again(house: House, visit: Open) -> None:
    ana = await visit(house.workspace, ANA, at=GENERAL)
    await ana.page.get_by_role("button", name="Behind the scenes").click()
    await ana.pane.get_by_role("tab", name="App").click()
    await ana.pane.get_by_role("button", name="Uninstall Parley").click()
    status = ana.page.get_by_role("navigation").get_by_role("status")
    await expect(status).to_have_text("Parley is not installed")
    await ana.write("/brief zelenski")
    await expect(ana.page.get_by_role("alert")).to_contain_text("/brief is not a valid command")
    await ana.pane.get_by_role("button", name="Install Parley").click()
    await expect(status).to_have_text("Parley is connected")
    await ana.write("/brief zelenski")
    await expect(ana.message("Only visible to you")).to_contain_text("Zelensky")
