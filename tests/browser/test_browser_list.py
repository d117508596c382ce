"""Messages as they are drawn, and a great many of them."""

from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import MovableClock
from bot.workspace import Workspace
from tests.bot.workspace.conftest import MANIFEST
from tests.browser.conftest import MORNING, Open
from tests.conftest import StoppedClock
from tests.ids import ANA, BEN, CHLOE, GENERAL
from tests.machine import running_clock

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def workspace() -> Any:
    clock = MovableClock(source=StoppedClock(MORNING))
    async with Workspace(manifest=MANIFEST, clock=clock) as workspace:
        yield workspace


async def test_five_thousand_messages(workspace: Workspace, visit: Open) -> None:
    for number in range(5_000):
        workspace.post_as(BEN, GENERAL, f"Message number {number}.")
    ana = await visit(workspace)
    articles = ana.list.get_by_role("article")
    await expect(ana.message("number 4999.")).to_be_in_viewport()
    await expect(articles).to_have_count(100)
    await ana.list.hover()
    await ana.page.mouse.wheel(0, -100_000)
    await expect(ana.message("number 4800.")).to_be_attached()
    assert await articles.count() < 1_000
    numbers = await articles.evaluate_all(
        "all => all.map(one => Number(/number (\\d+)/.exec(one.textContent)[1]))"
    )
    assert numbers == list(range(numbers[0], 5_000))

    # One who reads old messages is not torn away; one who writes goes to the end, and stays there.
    workspace.post_as(BEN, GENERAL, "The newest.")
    await expect(ana.message("The newest.")).to_be_attached()
    await expect(ana.message("The newest.")).not_to_be_in_viewport()
    await ana.write("I was reading old messages.")
    await expect(ana.message("I was reading old messages.")).to_be_in_viewport()
    for number in range(600):
        workspace.post_as(BEN, GENERAL, f"Flood number {number}.")
    await expect(ana.message("Flood number 599.")).to_be_in_viewport()
    assert await articles.count() <= 400


async def test_a_bot_that_is_not_there(workspace: Workspace, visit: Open) -> None:
    ana = await visit(workspace)
    await expect(ana.page.get_by_role("navigation")).to_contain_text("Parley is not connected")
    await ana.write("/brief zelenski")
    await expect(ana.page.get_by_role("alert")).to_contain_text("/brief failed")
    await expect(ana.composer).to_have_value("/brief zelenski")


async def test_a_file_is_shared_with_what_was_typed(workspace: Workspace, visit: Open) -> None:
    ana = await visit(workspace)
    await ana.composer.fill("The stories of December")
    chosen = {"name": "december.txt", "mimeType": "text/plain", "buffer": b"Headline\n"}
    await ana.page.locator("input[type=file]").set_input_files(chosen)
    await expect(ana.message("december.txt")).to_contain_text("The stories of December")
    await expect(ana.composer).to_have_value("")


TOLD = [
    ("a *bold _and italic_* word", "a <strong>bold <em>and italic</em></strong> word"),
    ("2*3*4, snake_case_name, ~gone~", "2*3*4, snake_case_name, <s>gone</s>"),
    ("`*code* &lt;b&gt;`", "<code>*code* &lt;b&gt;</code>"),
    ("```\na *b*\n&amp;\n```after", "<pre>a *b*\n&amp;</pre>after"),
    ("one\ntwo", "one<br>two"),
    ("before\n&gt; quoted\n> too\nafter", "before<blockquote>quoted<br>too</blockquote>after"),
    ("a\n&gt;&gt;&gt; quoted\nto the end", "a<blockquote>quoted<br>to the end</blockquote>"),
    ("&lt;@U0BEN&gt; &amp;amp;", "&lt;@U0BEN&gt; &amp;amp;"),
    ("<@U0BEN> <@U0ANA>", '<span class="mention">@Ben Osei</span> '
     '<span class="mention me">@Ana Silva</span>'),
    ("<!here> <#C0LEADERS|leaders>", '<span class="mention me">@here</span> '
     '<span class="mention">#leaders</span>'),
    ("<https://example.org/?a=1&amp;b=2|a *link*>", '<a href="https://example.org/?a=1&amp;b=2" '
     'target="_blank" rel="noopener noreferrer">a *link*</a>'),
    ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
    ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
    (":tada: :nothing_like_it:", "🎉 :nothing_like_it:"),
    ("<!date^1795512600^{date_short_pretty} at {time}|then>", "today at 04:30"),
    ("<!date^1795599000^{date_short_pretty}, {date_long}|then>",
     "tomorrow, Wednesday, November 25th, 2026"),
    ("<!date^nonsense^{time}|then>", "then"),
]  # fmt: skip


async def test_mrkdwn(workspace: Workspace, visit: Open) -> None:
    ana = await visit(workspace)
    drawn = await ana.page.evaluate(
        """async ([texts, now]) => {
            const { mrkdwn } = await import("/static/mrkdwn.js");
            const people = { U0ANA: "Ana Silva", U0BEN: "Ben Osei" };
            const world = {
                me: { id: "U0ANA" },
                zone: "America/New_York",
                now: () => now,
                person: (id) => ({ real_name: people[id] }),
                channel: () => undefined,
            };
            return texts.map((text) => {
                const box = document.createElement("div");
                box.append(...mrkdwn(text, world));
                for (const one of box.querySelectorAll("time")) one.replaceWith(one.textContent);
                return box.innerHTML;
            });
        }""",
        [[text for text, _ in TOLD], MORNING.timestamp() * 1000],
    )
    assert list(zip([text for text, _ in TOLD], drawn, strict=True)) == TOLD


TEXT: list[dict[str, Any]] = [
    {"type": "text", "text": "Bold", "style": {"bold": True}},
    {"type": "text", "text": " and "},
    {"type": "text", "text": "both", "style": {"bold": True, "italic": True}},
    {"type": "text", "text": ", gone", "style": {"strike": True}},
    {"type": "text", "text": "code()", "style": {"code": True}},
    {"type": "link", "url": "https://example.org", "text": "a link"},
    {"type": "date", "timestamp": 1795512600, "format": "{time}", "fallback": "then"},
    {"type": "user", "user_id": "U0BEN"},
    {"type": "emoji", "name": "tada", "unicode": "1f389"},
]


def a_list(style: str, indent: int, *texts: str, **more: Any) -> dict[str, Any]:
    items = [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
        for text in texts
    ]
    return {"type": "rich_text_list", "style": style, "indent": indent, "elements": items, **more}


RICH = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": TEXT},
        a_list("ordered", 0, "One"),
        a_list("ordered", 1, "One, first"),
        a_list("ordered", 2, "Deep"),
        a_list("ordered", 0, "Two", offset=1),
        a_list("bullet", 0, "Dot"),
        a_list("bullet", 1, "Circle"),
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "Said\nso"}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a  b\n c"}]},
    ],
}  # fmt: skip


async def post(workspace: Workspace, text: str, blocks: Any = None) -> None:
    """Post a message as the app."""
    token = workspace.bot_token
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=token, base_url=workspace.api_url, session=session)
        await client.chat_postMessage(channel=GENERAL, text=text, blocks=blocks)


async def test_rich_text_looks_as_in_slack(workspace: Workspace, visit: Open) -> None:
    await post(workspace, "Rich", [RICH])
    ana = await visit(workspace)
    message = ana.message("Bold and both").locator(".rich-text")
    await expect(message.locator("strong").first).to_have_text("Bold")
    await expect(message.locator("strong > em, em > strong")).to_have_text("both")
    await expect(message.locator("s")).to_have_text(", gone")
    await expect(message.locator("p > code")).to_have_text("code()")
    await expect(message.get_by_role("link", name="a link")).to_be_visible()
    await expect(message.locator("p > time")).to_have_text("09:30")
    await expect(message.locator(".mention")).to_have_text("@Ben Osei")
    await expect(message.locator("blockquote > br")).to_have_count(1)
    await expect(message.locator("pre")).to_have_text("a  b\n c")
    drawn = await message.locator("ol, ul").evaluate_all(
        "all => all.map(one => [getComputedStyle(one).listStyleType, one.start ?? null,"
        " parseInt(getComputedStyle(one).marginLeft)])"
    )
    assert drawn == [
        ["decimal", 1, 0],
        ["lower-alpha", 1, 26],
        ["lower-roman", 1, 52],
        ["decimal", 2, 0],
        ["disc", None, 0],
        ["circle", None, 26],
    ]


async def test_dates_are_in_the_readers_zone(workspace: Workspace, visit: Open) -> None:
    await post(workspace, "At <!date^1795512600^{time}|then>.")
    ana, chloe = await visit(workspace), await visit(workspace, CHLOE)
    await expect(ana.message("At")).to_contain_text("At 09:30.")
    await expect(chloe.message("At")).to_contain_text("At 04:30.")
    await expect(chloe.message("At").locator("time").last).to_have_attribute(
        "title", "Tuesday 24 November 2026, 04:30:00 (America/New_York)"
    )
    await ana.page.get_by_role("button", name="Behind the scenes").click()
    await ana.pane.get_by_role("tab", name="Place").click()
    await ana.pane.get_by_label("Time zone").select_option("Asia/Tokyo")
    await expect(ana.message("At")).to_contain_text("At 18:30.")
    await expect(chloe.message("At")).to_contain_text("At 04:30.")
    assert workspace.people[ANA].tz == "Asia/Tokyo"


async def test_a_narrow_window_has_a_drawer_with_names(workspace: Workspace, visit: Open) -> None:
    ana = await visit(workspace)
    await ana.page.set_viewport_size({"width": 420, "height": 800})
    names = ana.page.get_by_role("navigation").get_by_role("button")
    await expect(names.first).to_be_hidden()
    workspace.post_as(BEN, "C0WORLD", "Have you seen it?")
    drawer = ana.page.get_by_role("button", name="Channels and people")
    await expect(drawer).to_contain_class("unread")
    await drawer.click()
    await expect(names.filter(has_text="general")).to_be_visible()
    await names.filter(has_text="world-news").click()
    await expect(ana.page.get_by_role("heading", level=1)).to_have_text("world-news")
    await expect(names.first).to_be_hidden()
    await expect(drawer).not_to_contain_class("unread")

    # Another person, and out without a choice.
    await drawer.click()
    await ana.page.get_by_role("button", name="Acting as Ana Silva").click()
    await ana.page.get_by_role("menuitemradio", name="Ben Osei").click()
    await expect(ana.message("Have you seen it?")).to_be_visible()
    await expect(names.first).to_be_hidden()
    await drawer.click()
    await ana.page.keyboard.press("Escape")
    await expect(names.first).to_be_hidden()
    await ana.page.set_viewport_size({"width": 1280, "height": 800})
    await expect(names.first).to_be_visible()


async def test_the_page_finds_back_to_a_workspace_that_was_away(visit: Open) -> None:
    clock = running_clock(MORNING)
    async with Workspace(manifest=MANIFEST, clock=clock) as workspace:
        ana = await visit(workspace)
        workspace.post_as(BEN, GENERAL, "Before")
        await expect(ana.message("Before")).to_be_visible()
        await ana.composer.fill("Half a thought")
        port = int(workspace.url.rstrip("/").rpartition(":")[2])
    await expect(ana.page.get_by_role("alert")).to_contain_text("does not answer")
    await ana.composer.press("Enter")
    await expect(ana.page.locator(".composer-error")).to_contain_text("start it again")
    async with Workspace(manifest=MANIFEST, clock=clock, port=port) as workspace:
        workspace.post_as(BEN, GENERAL, "After")
        await expect(ana.message("After")).to_be_visible()
        await expect(ana.message("Before")).to_have_count(0)
        await expect(ana.page.get_by_role("alert")).to_have_count(0)
        await expect(ana.composer).to_have_value("Half a thought")
    await ana.page.close()
    ana.complaints.clear()  # Chromium's own, about the connections that were refused.
