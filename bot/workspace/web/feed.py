"""A feed of news that people publish, edit and break on the page."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from xml.etree import ElementTree

from aiohttp import web

from bot.workspace.errors import Json
from bot.workspace.model.state import State
from bot.workspace.origin_check import posted

PATH = "/feed.xml"
TITLE = "The Harbour Gazette"
_MAX_ENTRIES = 20
_MAX_TEXT = 2_000


@dataclass(slots=True)
class Entry:
    """A story in the feed."""

    number: int
    title: str
    text: str
    published_at: datetime


class Feed:
    """Serves the feed, its stories and its controls."""

    def __init__(self, state: State) -> None:
        self.drafts: list[tuple[str, str]] = []
        """Titles and texts that the page suggests for the next stories."""
        self._state = state
        self._entries: list[Entry] = []
        self._count = 0
        self._is_broken = False
        self._last_request: Json | None = None

    @property
    def url(self) -> str:
        """Return the address of the feed."""
        return f"{self._state.base_url}{PATH}"

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(PATH, self._serve),
            web.get("/stories/{number}", self._story),
            web.get("/page/feed", self._describe),
            web.post("/page/feed", posted(self._act)),
        ]

    def publish(self, title: str, text: str) -> None:
        """Publish a story; raises ValueError if it has no title."""
        title, text = _clean(title), _clean(text)
        self._count += 1
        entry = Entry(self._count, title, text, self._state.clock())
        self._entries = [entry, *self._entries][:_MAX_ENTRIES]

    def edit(self, number: int, title: str, text: str) -> None:
        """Change a story; raises LookupError if the feed does not list it."""
        entry = self._entry(number)
        entry.title, entry.text = _clean(title), _clean(text)

    def set_broken(self, *, is_broken: bool) -> None:
        """Fail every request for the feed from now on, or no longer."""
        self._is_broken = is_broken

    def _entry(self, number: int) -> Entry:
        found = next((entry for entry in self._entries if entry.number == number), None)
        if found is None:
            raise LookupError(f"story {number}")
        return found

    async def _act(self, body: Json) -> Json:
        """Do what *act* says: publish, edit, break or repair."""
        match body["act"]:
            case "publish":
                self.publish(body["title"], body["text"])
                self.drafts = self.drafts[1:]
            case "edit":
                self.edit(body["number"], body["title"], body["text"])
            case "break" | "repair" as act:
                self.set_broken(is_broken=act == "break")
            case act:
                raise ValueError(f"no act is called {act}")
        self._state.changed({"type": "feed"})
        return {"ok": True}

    async def _describe(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "title": TITLE,
                "url": self.url,
                "is_broken": self._is_broken,
                "last_request": self._last_request,
                "draft": self.drafts[0] if self.drafts else ("", ""),
                "entries": [
                    {"number": entry.number, "title": entry.title, "text": entry.text}
                    for entry in self._entries
                ],
            }
        )

    async def _serve(self, request: web.Request) -> web.Response:
        body = self._render()
        etag = sha256(body).hexdigest()[:16]
        if self._is_broken:
            response = web.Response(status=500, text="the feed is broken")
        elif any(one.value == etag for one in request.if_none_match or ()):
            response = web.Response(status=304)
        else:
            response = web.Response(body=body, content_type="application/rss+xml")
        if not self._is_broken:
            response.etag = etag
        self._last_request = {"at": self._state.clock().isoformat(), "status": response.status}
        self._state.changed({"type": "feed"})
        return response

    async def _story(self, request: web.Request) -> web.Response:
        try:
            entry = self._entry(int(request.match_info["number"]))
        except (LookupError, ValueError):
            raise web.HTTPNotFound(text="no such story") from None
        return web.Response(text=f"{entry.title}\n\n{entry.text}\n")

    def _render(self) -> bytes:
        rss = ElementTree.Element("rss", version="2.0")
        channel = ElementTree.SubElement(rss, "channel")
        _add(channel, title=TITLE, link=f"{self._state.base_url}/")
        for entry in self._entries:
            link = f"{self._state.base_url}/stories/{entry.number}"
            _add(
                ElementTree.SubElement(channel, "item"),
                title=entry.title,
                description=entry.text,
                link=link,
                guid=link,
                pubDate=format_datetime(entry.published_at),
            )
        body: bytes = ElementTree.tostring(rss, encoding="utf-8", xml_declaration=True)
        return body


def _add(parent: ElementTree.Element, **texts: str) -> None:
    for tag, text in texts.items():
        ElementTree.SubElement(parent, tag).text = text


def _clean(text: str) -> str:
    """Return *text* on one line, without what XML cannot hold; raises ValueError if empty."""
    cleaned = "".join(char for char in " ".join(text.split()) if char.isprintable())[:_MAX_TEXT]
    if not cleaned:
        raise ValueError("a story has a title and a text")
    return cleaned
