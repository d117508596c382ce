"""Pictures of every message, modal and Home that the tests send: `python -m tests.gallery FOLDER`.

FOLDER/sent is the record that pytest's `--record` wrote, FOLDER/screens the pages that `--gallery`
saved. The page draws everything in each look: modals and Homes one by one, messages in a few long
pictures. index.html shows all pictures. `make gallery` does everything.
"""

import argparse
import asyncio
import html
import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
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
from tests.types.recording import MESSAGE, VIEW, shape
from tests.types.sentences import sentences

Json = dict[str, Any]
Picture = tuple[str, list[str]]
"""The name of a picture, and the tests that sent what it shows."""

_HEIGHT = 5_000
"""Pixels: the tallest view fits."""
_WHOLE = """
.modal { max-height: none; }
.home { overflow: visible; flex: none; }
.messages { overflow: visible; flex: none; max-width: 760px; }
.beginning { display: none; }
"""
_A_CHANNEL = 50
"""Messages that one channel of the gallery shows."""
_A_PICTURE = 1_400
"""Pixels: how tall a picture of several messages may be in the first look."""
_SHOW = """(articles, shown) => articles.forEach((article, place) => {
    // Messages of one author follow each other; here every message has its author.
    article.classList.remove("follows", "new-day");
    article.hidden = !shown.includes(place);
})"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """Something that Parley shows; *kind* is message, modal or home."""

    kind: str
    content: Json
    test: str


def exhibits(sent: Iterable[Json]) -> Iterator[Exhibit]:
    """Return what people see of the record, each once, in the order of the tests."""
    known = set()
    for one in sorted(sent, key=lambda one: str(one["test"])):
        payload = one["payload"]
        content = payload.get("view", payload)
        if one["kind"] == VIEW or "view" in payload:
            kind = content["type"]
        elif one["kind"] == MESSAGE or "chat.post" in one["kind"] or "chat.update" in one["kind"]:
            kind = "message"
            content = {"text": content.get("text") or "", "blocks": content.get("blocks") or []}
        else:
            continue
        like = (kind, json.dumps(shape(content)), *sentences(content))
        if like not in known and (kind != "message" or any(content.values())):
            known.add(like)
            yield Exhibit(kind=kind, content=content, test=one["test"])


def groups(heights: Sequence[int]) -> Iterator[list[int]]:
    """Return the places of the messages of each picture."""
    group: list[int] = []
    for place, height in enumerate(heights):
        if group and sum(heights[one] for one in group) + height > _A_PICTURE:
            yield group
            group = []
        group.append(place)
    if group:
        yield group


async def look_at(page: Page, look: str) -> None:
    """Show *page* in this look, tall enough for everything."""
    scheme, width = LOOKS[look]
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.set_viewport_size({"width": width, "height": _HEIGHT})


async def take_messages(
    page: Page, workspace: Workspace, state: State, shown: list[Exhibit], folder: Path
) -> list[Picture]:
    """Save pictures of all messages, several in each, in channels made for them."""
    taken: list[Picture] = []
    for start in range(0, len(shown), _A_CHANNEL):
        part = shown[start : start + _A_CHANNEL]
        members = [ANA, workspace.bot_user_id]
        channel = workspace.add_channel(f"gallery-{start}", members=members)
        for one in part:
            state.post(state.bot_message(channel, one.content["text"], one.content["blocks"]))
        await page.goto(f"{workspace.url}#{ANA}/{channel.id}")
        await page.reload()
        await page.add_style_tag(content=_WHOLE)
        log = page.get_by_role("log")
        articles = log.locator(".message")
        await expect(articles).to_have_count(len(part))
        await look_at(page, next(iter(LOOKS)))
        await articles.evaluate_all(_SHOW, [*range(len(part))])
        heights = await articles.evaluate_all("articles => articles.map(one => one.offsetHeight)")
        pictures = [
            (f"messages-{number:03}", group)
            for number, group in enumerate(groups(heights), len(taken) + 1)
        ]
        for look in LOOKS:
            await look_at(page, look)
            for name, group in pictures:
                await articles.evaluate_all(_SHOW, group)
                await log.screenshot(path=folder / f"{name}-{look}.png")
        taken += [(name, [part[place].test for place in group]) for name, group in pictures]
    return taken


async def take_views(
    page: Page, workspace: Workspace, state: State, shown: list[Exhibit], folder: Path
) -> list[Picture]:
    """Save a picture of each modal and each Home."""
    taken: list[Picture] = []
    await page.goto(f"{workspace.url}#{ANA}/D{ANA[1:]}/home")
    await page.reload()
    await page.add_style_tag(content=_WHOLE)
    await expect(page.locator("body[data-live]")).to_be_visible()
    for number, one in enumerate(shown, 1):
        name = f"{one.kind}-{number:03}"
        if one.kind == "home":
            state.views.publish(ANA, one.content, None)
            picture = page.locator(".home")
        else:
            state.views.open(ANA, one.content)
            picture = page.get_by_role("dialog")
        await expect(picture.locator(".blocks")).to_be_visible()
        for look in LOOKS:
            await look_at(page, look)
            await picture.screenshot(path=folder / f"{name}-{look}.png")
        state.views.clear(ANA)
        taken.append((name, [one.test]))
    return taken


def index(taken: Sequence[Picture], folder: Path) -> str:
    """Return the page that shows the pictures of *folder*."""
    screens = sorted((folder / "screens").glob(f"*-{next(iter(LOOKS))}.png"))
    names = [path.stem.rpartition("-")[0] for path in screens]
    rows = "".join(
        f"<h2>{html.escape(name)}</h2><p>{'<br>'.join(map(html.escape, tests))}</p>"
        + "".join(f'<img src="{html.escape(name)}-{look}.png" alt="{look}">' for look in LOOKS)
        for name, tests in [*taken, *((f"screens/{name}", []) for name in names)]
    )
    style = "img { max-width: 32%; vertical-align: top; margin: 4px; border: 1px solid #999; }"
    return f"<!doctype html><title>Gallery</title><style>{style}</style>{rows}"


async def take(folder: Path) -> int:
    """Save all pictures; return how many things they show."""
    lines = (line for file in sorted((folder / "sent").glob("*.jsonl")) for line in file.open())
    shown = [*exhibits(map(json.loads, lines))]
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
        taken = await take_messages(page, workspace, state, messages, folder)
        views = [one for one in shown if one.kind != "message"]
        taken += await take_views(page, workspace, state, views, folder)
        await browser.close()
    (folder / "index.html").write_text(index(taken, folder))
    return len(shown)


def main() -> None:
    """Save the pictures and print where they are."""
    parser = argparse.ArgumentParser(prog="python -m tests.gallery", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the record is and the pictures go")
    folder = parser.parse_args().folder
    if shutil.which("chromium") is None:
        sys.exit("The gallery needs chromium: on Debian and Ubuntu, apt install chromium")
    count = asyncio.run(take(folder))
    sys.stdout.write(f"{folder / 'index.html'} shows {count} messages and views.\n")


if __name__ == "__main__":
    main()
