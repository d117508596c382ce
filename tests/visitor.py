"""A person with a browser who installs Parley in their workspace."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from bot.entrances.install import INSTALL_PATH, REDIRECT_PATH
from bot.workspace.people.team import Team


@dataclass(kw_only=True)
class Visitor:
    """A browser that visits the pages of the Parley at *url*."""

    browser: aiohttp.ClientSession
    url: str

    async def begin(self) -> tuple[str, dict[str, str]]:
        """Open the install page; return the URL that it redirects to, and its cookie."""
        async with self.browser.get(f"{self.url}{INSTALL_PATH}", allow_redirects=False) as page:
            assert page.status == 302
            cookie = page.headers["Set-Cookie"].partition(";")[0]
            return page.headers["Location"], {"Cookie": cookie}

    async def decide(self, where: str, team: Team, decision: str = "allow") -> str:
        """Answer Slack's question, and return the path that it redirects to."""
        form = {"decision": decision, "team": team.team_id}
        async with self.browser.post(where, data=form, allow_redirects=False) as page:
            assert page.status == 302, await page.text()
            back = urlsplit(page.headers["Location"])
        assert back.path == REDIRECT_PATH
        return f"{back.path}?{back.query}"

    async def end(self, back: str, headers: dict[str, str]) -> tuple[int, str]:
        """Return from Slack; return the status and the text of the page shown then."""
        async with self.browser.get(f"{self.url}{back}", headers=headers) as page:
            return page.status, await page.text()

    async def install(self, team: Team) -> tuple[int, str]:
        """Install Parley: open the page, agree, and return from Slack."""
        where, cookie = await self.begin()
        return await self.end(await self.decide(where, team), cookie)
