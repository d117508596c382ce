"""A real browser on the page of a real workspace: one browser for all, a window for each person."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot.app import serve
from bot.cli.demo import tour
from bot.clock import MovableClock
from bot.feeds.addresses import AllowList
from bot.manifest import manifest
from bot.settings import Settings
from bot.workspace import Workspace
from store.finding.embeddings import Embeddings
from store.samples import STARTER
from tests.browser.pictures import read_words, write_words
from tests.conftest import StoppedClock
from tests.ids import ANA, GENERAL
from tests.machine import PATIENCE, ROOT, real_environment

MORNING = datetime(2026, 11, 24, 10, 12, tzinfo=UTC)
LOOKS: dict[str, tuple[Literal["light", "dark"], int]] = {
    "light": ("light", 1280),
    "dark": ("dark", 1280),
    "narrow": ("light", 420),
}
"""The colour scheme and the width of the window, by the name of the look."""

_COUNT_PRESSES = """
    window.presses = 0;
    addEventListener("pointerdown", () => { window.presses += 1; }, true);
    addEventListener("keydown", (event) => {
        if (event.key === "Enter" && event.target.matches("input, textarea")) window.presses += 1;
    }, true);
"""
_HEIGHT = 800
TRIED = tour(["zelenski", "sanctions"])
_MOST_MS = 30_000
_EXTRA_RULES = ("label-content-name-mismatch", "p-as-heading", "target-size")
"""Rules of axe-core that are off unless they are asked for."""

expect.set_options(timeout=_MOST_MS)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", metavar="FOLDER", help="save the README's pictures here")
    parser.addoption("--gallery", metavar="FOLDER", help="save how each page looks in the end here")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("needs Debian's chromium, which is not here")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"], env={**real_environment()}
        )
        yield browser
        await browser.close()


@dataclass
class Person:
    """Somebody before the page, and shorthands for what they do and see."""

    page: Page
    complaints: list[str]
    pictures: Path | None

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("main").get_by_role("textbox", name="Message", exact=False)

    @property
    def list(self) -> Locator:
        return self.page.get_by_role("log", name="Messages in")

    @property
    def pane(self) -> Locator:
        return self.page.locator("aside")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def message(self, words: str) -> Locator:
        """The newest message in the channel that holds *words*."""
        return self.list.get_by_role("article").filter(has_text=words).last

    async def write(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    @asynccontextmanager
    async def within(self, most: int) -> AsyncIterator[None]:
        """Fail if the block takes more than *most* presses: clicks, and Enter to send a text."""
        before = await self.page.evaluate("window.presses")
        yield
        presses = await self.page.evaluate("window.presses") - before
        assert 0 < presses <= most, f"{presses} presses, at most {most} are fair"

    async def looks(self, names: Iterable[str] = LOOKS) -> AsyncIterator[str]:
        """Show the page in each look of *names*, and in the first of `LOOKS` at the end."""
        for name in names:
            await self.look(name)
            yield name
        await self.look("light")

    async def look(self, name: str) -> None:
        """Show the page in the look *name*."""
        scheme, width = LOOKS[name]
        await self.page.emulate_media(color_scheme=scheme)
        await self.page.set_viewport_size({"width": width, "height": _HEIGHT})
        # Until it is drawn, some colours are those of the look before.
        await self.page.evaluate("() => new Promise(done => requestAnimationFrame(done))")

    async def barriers(self, looks: Iterable[str] = LOOKS) -> tuple[str, ...]:
        """Return what axe-core finds on the page as it is, in each of these looks."""
        rules = {rule: {"enabled": True} for rule in _EXTRA_RULES}
        options = {"resultTypes": ["violations"], "rules": rules}
        found = set()
        async for look in self.looks(looks):
            results = await Axe().run(self.page, options=options)
            found |= {
                f"{look}: {rule['id']}: {node['html'][:200]} {node['failureSummary']}"
                for rule in results.response["violations"]
                for node in rule["nodes"]
            }
        return tuple(sorted(found))

    async def close_tour(self) -> None:
        """Close the tour, which covers a narrow page, if it is open."""
        tour = self.page.get_by_role("button", name="Close Welcome")
        if await tour.is_visible():
            await tour.click()

    async def picture(self, name: str) -> None:
        """Fail if the picture *name* in docs is stale; with --pictures, take it instead."""
        await self.close_tour()
        words = await self.page.locator("#app").inner_text()
        if self.pictures is None:
            assert read_words(ROOT / f"docs/{name}.png") == words, "stale: run `make pictures`"
            return
        path = self.pictures / f"{name}.png"
        await self.page.evaluate("document.fonts.ready")
        await self.page.screenshot(path=path, animations="disabled")
        write_words(path, words)


Open = Callable[..., Any]


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    """Return a function that opens a window; an error in the page's console fails the test."""
    complaints: list[str] = []
    people: list[Person] = []
    pictures = request.config.getoption("pictures", None)
    gallery = request.config.getoption("gallery", None)

    async with AsyncExitStack() as stack:

        async def visit(workspace: Workspace, user: str = ANA, *, at: str = GENERAL) -> Person:
            context = await browser.new_context(
                viewport={"width": 1280, "height": _HEIGHT},
                locale="en-GB",
                timezone_id="UTC",
                reduced_motion="reduce",
            )
            stack.push_async_callback(context.close)
            context.set_default_timeout(_MOST_MS)
            page = await context.new_page()
            # The page then shows the workspace's time to the second, however slow the machine is.
            await page.clock.set_fixed_time(MORNING)
            await page.add_init_script(_COUNT_PRESSES)
            page.on(
                "console",
                lambda line: complaints.append(line.text) if line.type != "log" else None,
            )
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(f"{workspace.url}#{user}/{at}")
            person = Person(page, complaints, Path(pictures) if pictures else None)
            await expect(page.locator("body[data-live]")).to_be_visible()
            people.append(person)
            return person

        yield visit
        if gallery:
            name = re.sub(r"\W+", "-", request.node.name).strip("-")
            for number, person in enumerate(people, 1):
                if person.page.is_closed():
                    continue
                if not await person.dialog.count():
                    await person.close_tour()
                async for look in person.looks():
                    await person.page.screenshot(path=f"{gallery}/{name}-{number}-{look}.png")
    assert complaints == []


@dataclass
class House:
    """A workspace with Parley in it, joined by Socket Mode."""

    workspace: Workspace
    clock: StoppedClock
    corpus: Path


@pytest.fixture
def has_agent() -> bool:
    """Return whether the app has the agent panel; a test overrides it."""
    return False


@pytest_asyncio.fixture(loop_scope="session")
async def house(
    patient: None, tmp_path: Path, has_agent: bool, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    # Every bot would embed the starter corpus, which takes longer than most tests.
    monkeypatch.setattr(Embeddings, "load", lambda: None)
    clock = StoppedClock(MORNING)
    corpus = tmp_path / "corpus"
    shutil.copytree(STARTER, corpus)
    moved = MovableClock(source=clock)
    whole = manifest(agent_view=has_agent, workflow_steps=True)
    async with Workspace(
        manifest=whole, clock=moved, tour=TRIED, ack_seconds=PATIENCE
    ) as workspace:
        workspace.pace = False
        settings = Settings(
            slack_bot_token=workspace.bot_token,
            slack_app_token=workspace.app_token,
            slack_api_url=workspace.api_url,
            database_url=f"sqlite:///{shutil.copy(migrated, tmp_path)}",
            corpus_dir=corpus,
            feeds_allow=AllowList.parse(urlsplit(workspace.url).netloc),
            agent_view=has_agent,
            workflow_steps=True,
        )
        async with running(settings, moved):
            yield House(workspace, clock, corpus)


@asynccontextmanager
async def running(settings: Settings, clock: MovableClock) -> AsyncIterator[None]:
    """Run the bot until the block is left."""
    stop, ready = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(settings, clock=clock, stop=stop, ready=ready.set))
        await ready.wait()
        try:
            yield
        finally:
            stop.set()
