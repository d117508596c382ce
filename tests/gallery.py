"""Pictures of every message, modal and Home that the tests send: `python -m tests.gallery FOLDER`.

FOLDER/sent is the record that pytest's `--record` wrote, FOLDER/screens the pages that `--gallery`
saved. The page draws an example of each shape in every look, and index.html shows all pictures.
`make gallery` does everything.
"""

import argparse
import asyncio
import html
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright, expect

from bot.manifest import manifest
from bot.workspace import Workspace
from bot.workspace.model.state import State
from tests.browser.conftest import LOOKS, MORNING
from tests.ids import ANA
from tests.machine import running_clock
from tests.types.recording import MESSAGE, VIEW, merged

Json = dict[str, Any]

_HEIGHT = 5_000
"""Pixels: the tallest view fits."""
_WHOLE = ".modal { max-height: none; } .home { overflow: visible; flex: none; }"
_A_CHANNEL = 50
"""Messages that one channel of the gallery shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """Something that Parley shows; *kind* is message, modal or home."""

    kind: str
    content: Json
    test: str
    name: str


def exhibits(sent: list[Json]) -> Iterator[Exhibit]:
    """Return what people see of the record, in the order of the tests."""
    for number, one in enumerate(sorted(sent, key=lambda one: str(one["test"])), 1):
        payload = one["payload"]
        content = payload.get("view", payload)
        if one["kind"] == VIEW or "view" in payload:
            kind = content["type"]
        elif one["kind"] == MESSAGE or "chat.post" in one["kind"] or "chat.update" in one["kind"]:
            kind = "message"
        else:
            continue
        if kind != "message" or content.get("text") or content.get("blocks"):
            name = f"{kind}-{number:03}"
            yield Exhibit(kind=kind, content=content, test=one["test"], name=name)


async def look_at(page: Page, look: str) -> None:
    """Show *page* in this look, tall enough for everything."""
    scheme, width = LOOKS[look]
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.set_viewport_size({"width": width, "height": _HEIGHT})


async def take_messages(
    page: Page, workspace: Workspace, state: State, shown: list[Exhibit], folder: Path
) -> None:
    """Take a picture of each message, in channels made for them."""
    for start in range(0, len(shown), _A_CHANNEL):
        part = shown[start : start + _A_CHANNEL]
        members = [ANA, workspace.bot_user_id]
        channel = workspace.add_channel(f"gallery-{start}", members=members)
        for one in part:
            text, blocks = one.content.get("text") or "", one.content.get("blocks") or []
            state.post(state.bot_message(channel, text, blocks))
        await page.goto(f"{workspace.url}#{ANA}/{channel.id}")
        await page.reload()
        articles = page.get_by_role("log").get_by_role("article")
        await expect(articles).to_have_count(len(part))
        for look in LOOKS:
            await look_at(page, look)
            for place, one in enumerate(part):
                # Messages of one author follow each other; every picture has its author.
                article = articles.nth(place)
                await article.evaluate("one => one.classList.remove('follows', 'new-day')")
                await article.screenshot(path=folder / f"{one.name}-{look}.png")


async def take_views(
    page: Page, workspace: Workspace, state: State, shown: list[Exhibit], folder: Path
) -> None:
    """Take a picture of each modal and each Home."""
    await page.goto(f"{workspace.url}#{ANA}/D{ANA[1:]}/home")
    await page.reload()
    await page.add_style_tag(content=_WHOLE)
    await expect(page.locator("body[data-live]")).to_be_visible()
    for one in shown:
        if one.kind == "home":
            state.views.publish(ANA, one.content, None)
            picture = page.locator(".home")
        else:
            state.views.open(ANA, one.content)
            picture = page.get_by_role("dialog")
        await expect(picture.locator(".blocks")).to_be_visible()
        for look in LOOKS:
            await look_at(page, look)
            await picture.screenshot(path=folder / f"{one.name}-{look}.png")
        state.views.clear(ANA)


def index(shown: list[Exhibit], folder: Path) -> str:
    """Return the page that shows all pictures of *folder*."""
    titles = {one.name: f"{one.name}: {one.test}" for one in shown}
    screens = sorted((folder / "screens").glob(f"*-{next(iter(LOOKS))}.png"))
    titles |= {f"screens/{path.stem.rpartition('-')[0]}": path.stem for path in screens}
    rows = "".join(
        f"<h2>{html.escape(title)}</h2>"
        + "".join(f'<img src="{html.escape(name)}-{look}.png" alt="{look}">' for look in LOOKS)
        for name, title in titles.items()
    )
    style = "img { max-width: 32%; vertical-align: top; margin: 4px; border: 1px solid #999; }"
    return f"<!doctype html><title>Gallery</title><style>{style}</style>{rows}"


async def take(folder: Path) -> int:
    """Take all pictures; return how many things they show."""
    lines = [line for file in (folder / "sent").glob("*.jsonl") for line in file.open()]
    shown = [*exhibits(merged(lines))]
    async with (
        Workspace(manifest=manifest(), clock=running_clock(MORNING)) as workspace,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = await browser.new_page(locale="en-GB", timezone_id="UTC")
        state = workspace._state
        messages = [one for one in shown if one.kind == "message"]
        await take_messages(page, workspace, state, messages, folder)
        views = [one for one in shown if one.kind != "message"]
        await take_views(page, workspace, state, views, folder)
        await browser.close()
    (folder / "index.html").write_text(index(shown, folder))
    return len(shown)


def main() -> None:
    """Take the pictures and print where they are."""
    parser = argparse.ArgumentParser(prog="python -m tests.gallery", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the record is and the pictures go")
    folder = parser.parse_args().folder
    if shutil.which("chromium") is None:
        sys.exit("The gallery needs chromium: on Debian and Ubuntu, apt install chromium")
    count = asyncio.run(take(folder))
    sys.stdout.write(f"{folder / 'index.html'} shows {count} messages and views.\n")


if __name__ == "__main__":
    main()
