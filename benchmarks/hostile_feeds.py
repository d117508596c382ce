"""The kinds of hostile feeds that `benchmarks.feed_server` serves.

Each feed has a host of its own, one kind of bad behaviour, and stories. Every story has a word that
is nowhere else.
"""

# ruff: noqa: ARG002 -- a kind seldom needs everything that its methods are called with

import gzip
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from hashlib import sha256
from typing import ClassVar, Literal
from xml.sax.saxutils import escape

ALLOWED, TRAPS = "127.0.0.1", ("127.0.0.2", "::1")
"""The address of the publishers, and addresses with the same port that nobody may connect to."""
FULL_EVERY = timedelta(days=7)
"""A reader may ask for a whole feed once in this time, whatever it has stored."""
_START, _WINDOW = 8, 12
"""How many stories a feed begins with, and how many of the newest it shows."""
_PUBLISHES, _EDITS = 0.3, 0.2
"""How likely a feed publishes or edits a story in a round."""
_SYLLABLES = [first + last for first in "bdfgklmnprstvz" for last in "aeiou"]


@dataclass(slots=True)
class Story:
    """A story; *word* is in no other story."""

    word: str
    text: str
    published_at: datetime
    mark: str = ""
    """The word that the last edit added."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a feed."""

    path: str
    headers: Mapping[str, str]
    """By lower-case name."""


@dataclass(slots=True)
class Answer:
    """An answer, and what a reader has to do with it."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ending: Literal["whole", "cut", "drip", "silence"] = "whole"
    stories: dict[str, str] = field(default_factory=dict)
    """The stories of a complete and readable feed, as words and the marks of their edits."""
    wait: timedelta | None = None
    """For how long the reader must not ask again."""


_chance = random.Random(0)
_COMMON = ["".join(_chance.choices(_SYLLABLES, k=3)) for _ in range(900)]
"""The words that many stories use: a language has not more of them for having more feeds."""


class Words:
    """Invents words and texts, always the same for one seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._taken: set[str] = set()

    def new(self) -> str:
        """Return a word that was never returned before."""
        word = ""
        while not word or word in self._taken:
            word = "".join(self._chance.choices(_SYLLABLES, k=5))
        self._taken.add(word)
        return word

    def text(self) -> str:
        """Return a text of common words."""
        return " ".join(self._chance.sample(_COMMON, 30)).capitalize() + "."


class Feed:
    """An honest feed; each kind of hostile feed is different in some way."""

    delay: ClassVar[timedelta | None] = timedelta()
    """After which time a new story can be read at the next poll; None if perhaps never."""
    zone: ClassVar[str] = "feeds.test"
    etags: ClassVar[Literal["hash", "same", "new", "none"]] = "hash"
    has_last_modified: ClassVar[bool] = True
    is_conditional: ClassVar[bool] = True
    """Whether it answers 304 if nothing is new."""
    guids: ClassVar[Literal["own", "place", "same", "new", "none"]] = "own"
    links: ClassVar[Literal["own", "same", "new"]] = "own"
    dates: ClassVar[Literal["own", "now", "future", "none"]] = "own"

    def __init__(self, number: int, port: int, seed: int, start: datetime) -> None:
        self.number, self.port = number, port
        self.variant = number // len(KINDS) % 2
        """Some kinds have two."""
        self.host = f"f{number}.{self.zone}"
        self.url = f"http://{self.host}:{port}/feed"
        self.chance = random.Random(f"{seed}:{number}")
        self.words = Words(seed * 100_000 + number)
        self.now, self.changed_at, self.round = start, start, 0
        # Feeds of one kind have different formats.
        self.format = [*_FORMATS][(number + number // len(KINDS)) % len(_FORMATS)]
        self.stories: list[Story] = []
        """Newest first."""
        self.published: dict[str, datetime] = {}
        """When each story was published, by its word."""
        for days in range(_START, 0, -1):
            self.publish(start - timedelta(days=days))

    def publish(self, date: datetime) -> None:
        """Publish a new story with this date."""
        word = self.new_word()
        self.stories.insert(0, Story(word, self.words.text(), date))
        self.published[word] = self.changed_at = self.now

    def new_word(self) -> str:
        """Return a word that is new in the run: the number of the feed is in it."""
        return self.words.new() + "".join(_SYLLABLES[int(digit)] for digit in str(self.number))

    def pass_time(self, now: datetime) -> None:
        """Go on to the time *now*; perhaps publish a story."""
        self.now, self.round = now, self.round + 1
        if self.chance.random() < _PUBLISHES:
            self.publish(now)

    def entries(self) -> Sequence[Story]:
        """Return the stories that the feed lists."""
        return self.stories[:_WINDOW]

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request."""
        whole = self.whole()
        # An ETag decides alone (RFC 9110, 13.2.2).
        names = ("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")
        sent = [
            whole.headers[name] == request.headers.get(condition.lower())
            for name, condition in names
            if name in whole.headers
        ]
        if self.is_conditional and sent[:1] == [True]:
            return Answer(status=304, headers=whole.headers)
        return whole

    def whole(self) -> Answer:
        """Return the feed as it is now."""
        entries = self.entries()
        body = self.body(entries)
        headers = {"Content-Type": f"application/{self.format}"}
        digest = {"hash": sha256(body).hexdigest()[:16], "same": "1", "new": self.noise()}
        if self.etags != "none":
            headers["ETag"] = f'"{digest[self.etags]}"'
        if self.has_last_modified:
            headers["Last-Modified"] = _http_date(self.changed_at)
        return Answer(body, headers=headers, stories={one.word: one.mark for one in entries})

    def body(self, entries: Sequence[Story]) -> bytes:
        """Return the document with these stories."""
        items = [self.item(story, place) for place, story in enumerate(entries)]
        return _FORMATS[self.format](f"Feed {self.number}", items).encode()

    def item(self, story: Story, place: int) -> Mapping[str, str]:
        """Return what the feed says about a story, which it lists at *place*."""
        page = f"https://{self.zone}/{self.number}"
        own = f"{page}/{story.word}"
        guids = {"own": f"tag:{self.host},{story.word}", "place": f"{place}", "same": "guid"}
        links = {"own": own, "same": page, "new": f"{own}?session={self.noise()}"}
        dates = {
            "own": story.published_at,
            "now": self.now,
            "future": story.published_at + timedelta(days=400),
        }
        item = {
            "title": f"{story.word.capitalize()} {story.text[:40]}",
            "text": f"{story.text} {story.word} {story.mark}".strip(),
            "link": links[self.links],
        }
        if self.guids != "none":
            item["guid"] = guids.get(self.guids, self.noise())
        if self.dates != "none":
            item["date"] = dates[self.dates].isoformat()
        return item

    def noise(self) -> str:
        """Return a text that differs in each answer."""
        return f"{self.chance.random()}"


class NoEtag(Feed):
    """Has only Last-Modified."""

    etags = "none"


class NoValidators(Feed):
    """Can never be asked conditionally."""

    etags = "none"
    has_last_modified = False


class SameEtag(Feed):
    """Lies: its ETag never changes, though its stories do, and it ignores conditions."""

    etags = "same"
    has_last_modified = is_conditional = False


class NewEtag(Feed):
    """Lies: its ETag is new in every answer."""

    etags = "new"
    has_last_modified = False


class Always304(Feed):
    """Answers every conditional request with 304, whatever is new."""

    delay = FULL_EVERY

    def answer(self, request: Request) -> Answer:
        is_asked = {"if-none-match", "if-modified-since"} & request.headers.keys()
        return Answer(status=304) if is_asked else self.whole()


class MovedDates(Feed):
    """Dates every story with the time of the request."""

    dates = "now"


class FutureDates(Feed):
    """Dates every story in the future."""

    dates = "future"


class NoDates(Feed):
    """Dates nothing."""

    dates = "none"


class PlaceAsGuid(Feed):
    """Uses the place in the feed as guid, so that every story gets the guid of another one."""

    guids = "place"


class SameGuid(Feed):
    """Has one guid for all stories."""

    guids = "same"


class NewGuids(Feed):
    """Has another guid for every story in each answer."""

    guids = "new"


class NewLinks(Feed):
    """Has no guids, and another link to every story in each answer."""

    guids = "none"
    links = "new"


class NewGuidsAndLinks(Feed):
    """Has another guid and another link for every story in each answer."""

    guids = "new"
    links = "new"


class SameLink(Feed):
    """Has no guids, and links every story to the front page."""

    guids = "none"
    links = "same"


class NothingButText(Feed):
    """Has no guids and no dates, and links that change."""

    guids = dates = "none"
    links = "new"


class Shuffled(Feed):
    """Lists its stories in random order."""

    def entries(self) -> Sequence[Story]:
        return self.chance.sample(self.stories[:_WINDOW], min(len(self.stories), _WINDOW))


class Twice(Feed):
    """Lists every story twice, with different guids."""

    guids = "place"

    def entries(self) -> Sequence[Story]:
        return [story for story in self.stories[: _WINDOW // 2] for _ in range(2)]


class Edited(Feed):
    """Edits its stories."""

    def pass_time(self, now: datetime) -> None:
        super().pass_time(now)
        if self.chance.random() < _EDITS:
            self.chance.choice(self.stories[:_WINDOW]).mark = f"edit{self.new_word()}"
            self.changed_at = now


class Gzipped(Feed):
    """Sends gzip."""

    def whole(self) -> Answer:
        whole = super().whole()
        whole.body = gzip.compress(whole.body, mtime=0)
        whole.headers["Content-Encoding"] = "gzip"
        return whole


class WrongCharset(Feed):
    """Names a charset that the text is not in."""

    def whole(self) -> Answer:
        whole = super().whole()
        charset, real = (("utf-8", "cp1252"), ("iso-8859-1", "utf-8"))[self.variant]
        whole.headers["Content-Type"] = f"application/rss+xml; charset={charset}"
        items = [self.item(story, place) for place, story in enumerate(self.entries())]
        whole.body = _rss("Café Ünsal", items).replace("utf-8", charset).encode(real)
        return whole


class Slow(Feed):
    """Answers in small pieces, but in time."""

    def whole(self) -> Answer:
        whole = super().whole()
        whole.headers["Transfer-Encoding"] = "chunked"
        return whole


class Retired(Feed):
    """Is gone for good after some rounds."""

    delay = None

    def answer(self, request: Request) -> Answer:
        if self.round < 8:
            return super().answer(request)
        return Answer(status=410, wait=timedelta(days=10_000))


class Moved(Feed):
    """Moves to another path for good."""

    def answer(self, request: Request) -> Answer:
        if request.path == "/new" or self.round < 6:
            return super().answer(request)
        location = f"http://{self.host}:{self.port}/new"
        return Answer(status=301, headers={"Location": location}, wait=timedelta(days=10_000))


class Lent(Feed):
    """Redirects to another path for now."""

    def answer(self, request: Request) -> Answer:
        if request.path == "/now":
            return super().answer(request)
        return Answer(status=302, headers={"Location": "/now"})


class Circle(Feed):
    """Redirects in a circle."""

    delay = None

    def answer(self, request: Request) -> Answer:
        location = "/circle" if request.path == "/feed" else "/feed"
        return Answer(status=301, headers={"Location": location})


class EndlessRedirects(Circle):
    """Redirects to another path each time."""

    def answer(self, request: Request) -> Answer:
        return Answer(status=302, headers={"Location": f"/{self.chance.random()}"})


class Inward(Circle):
    """Redirects into the reader's own network."""

    def answer(self, request: Request) -> Answer:
        port = self.port
        location = self.chance.choice(
            (
                f"http://{TRAPS[0]}:{port}/feed",
                f"http://[{TRAPS[1]}]:{port}/feed",
                f"http://[::ffff:{TRAPS[0]}]:{port}/feed",
                f"http://2130706434:{port}/feed",
                f"http://0x7f000002:{port}/feed",
                f"http://inward.test:{port}/feed",
                f"http://localhost:{port}/feed",
                f"http://user@{TRAPS[0]}:{port}/feed",
                f"//{TRAPS[0]}:{port}/feed",
                "http://169.254.169.254/latest/meta-data/",
                "http://10.0.0.1/feed",
                "http://[fd00:ec2::254]/latest/meta-data/",
                "http://0.0.0.0/feed",
                "file:///etc/passwd",
                "ftp://10.0.0.1/feed",
                "gopher://10.0.0.1:70/_feed",
                "http://[",
                "",
            )
        )
        return Answer(
            status=self.chance.choice((301, 302, 307, 308)), headers={"Location": location}
        )


class Rebinding(Feed):
    """Has a host whose name leads inward at every other look-up."""

    delay = None
    zone = "rebinding.test"


class TwoAddresses(Feed):
    """Has a host with two addresses, of which one leads inward."""

    zone = "twofold.test"


class GzipBomb(Circle):
    """Sends little that unpacks to much."""

    def __init__(self, number: int, port: int, seed: int, start: datetime) -> None:
        super().__init__(number, port, seed, start)
        # Now, because it takes a second, in which the server answers nobody.
        _gzip_bomb()

    def answer(self, request: Request) -> Answer:
        return Answer(_gzip_bomb(), headers={"Content-Encoding": "gzip"})


class EntityBomb(Circle):
    """Sends entities that expand to gigabytes, or elements in elements without end."""

    def answer(self, request: Request) -> Answer:
        if self.variant:
            return Answer(b"<rss><channel>" + b"<item>" * 40_000)
        steps = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
        bomb = f'<!DOCTYPE rss [<!ENTITY e0 "lol">{steps}]><rss><channel><title>&e11;</title>'
        return Answer(f"{bomb}<item><title>&e11;</title></item></channel></rss>".encode())


class Huge(Circle):
    """Sends more than anybody reads."""

    def answer(self, request: Request) -> Answer:
        return Answer(self.body(self.stories)[:-20] + b" " * (20 << 20))


class Drip(Circle):
    """Sends a byte at a time, for as long as the reader waits."""

    def answer(self, request: Request) -> Answer:
        return Answer(self.body(self.stories), ending="drip")


class Silent(Circle):
    """Never answers."""

    def answer(self, request: Request) -> Answer:
        return Answer(ending="silence")


class Misnamed(Circle):
    """A feed that declares gzip and sends plain text."""

    def answer(self, request: Request) -> Answer:
        return Answer(self.body(self.stories), headers={"Content-Encoding": "gzip"})


class Unreliable(Feed):
    """Fails now and then, in a different way each time."""

    delay = None

    def answer(self, request: Request) -> Answer:
        if self.chance.random() < 0.7:
            return super().answer(request)
        return self.chance.choice(
            (
                Answer(b"Sorry", status=500),
                Answer(self.body(self.stories), ending="cut"),
                Answer(b"<!doctype html><title>Sign in</title><p>Please sign in.", status=200),
                Answer(self.body(self.stories)[:700]),
                Answer(b"", status=200),
                Answer(bytes(range(256)) * 20, headers={"Content-Type": "text/xml"}),
            )
        )


class Emptied(Feed):
    """Has no entries now and then."""

    def entries(self) -> Sequence[Story]:
        return self.stories[: _WINDOW * (self.round % 3 != 2)]


class Busy(Feed):
    """Asks its readers to come back later, sometimes several times in a row."""

    delay = timedelta(days=5)

    def answer(self, request: Request) -> Answer:
        if self.round % 8 != 3:
            return super().answer(request)
        wait = timedelta(hours=20)
        after = str(int(wait.total_seconds()))
        if self.variant:
            after = _http_date(self.now + wait)
        headers = {"Retry-After": after}
        return Answer(status=self.chance.choice((429, 503)), headers=headers, wait=wait)


class Fresh(Feed):
    """A feed whose answers have a max-age."""

    delay = timedelta(hours=7)

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        answer.wait = timedelta(hours=5)
        answer.headers["Cache-Control"] = "public, max-age=18000"
        return answer


KINDS: tuple[type[Feed], ...] = (
    *(Feed, NoEtag, NoValidators, SameEtag, NewEtag, Always304, MovedDates, FutureDates, NoDates),
    *(PlaceAsGuid, SameGuid, NewGuids, NewLinks, NewGuidsAndLinks, SameLink, NothingButText),
    *(Shuffled, Twice, Edited, Emptied, Gzipped, WrongCharset, Slow, Retired, Moved, Lent, Circle),
    *(EndlessRedirects, Inward, Rebinding, TwoAddresses, GzipBomb, EntityBomb, Huge, Drip, Silent),
    *(Misnamed, Unreliable, Busy, Fresh),
)


@cache
def _gzip_bomb() -> bytes:
    return gzip.compress(b"<rss>" + b" " * (128 << 20), compresslevel=1, mtime=0)


def _http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _rss(title: str, items: Sequence[Mapping[str, str]]) -> str:
    names = {"title": "title", "text": "description", "link": "link", "guid": "guid"}
    entries = ""
    for item in items:
        fields = [
            f"<{tag}>{escape(item[key])}</{tag}>" for key, tag in names.items() if key in item
        ]
        if "date" in item:
            date = format_datetime(datetime.fromisoformat(item["date"]))
            fields.append(f"<pubDate>{date}</pubDate>")
        entries += f"<item>{''.join(fields)}</item>"
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>{escape(title)}</title>{entries}</channel></rss>"
    )


def _atom(title: str, items: Sequence[Mapping[str, str]]) -> str:
    entries = ""
    for item in items:
        fields = [
            f"<title>{escape(item['title'])}</title><summary>{escape(item['text'])}</summary>",
            f'<link href="{escape(item["link"])}"/>',
        ]
        if "guid" in item:
            fields.append(f"<id>{escape(item['guid'])}</id>")
        if "date" in item:
            fields.append(f"<updated>{item['date']}</updated><published>{item['date']}</published>")
        entries += f"<entry>{''.join(fields)}</entry>"
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{escape(title)}</title>{entries}</feed>"
    )


def _json(title: str, items: Sequence[Mapping[str, str]]) -> str:
    names = {
        "title": "title",
        "text": "content_text",
        "link": "url",
        "guid": "id",
        "date": "date_published",
    }
    entries = [{names[key]: text for key, text in item.items()} for item in items]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": title, "items": entries}
    return json.dumps(feed)


_FORMATS: Mapping[str, Callable[[str, Sequence[Mapping[str, str]]], str]] = {
    "rss+xml": _rss,
    "atom+xml": _atom,
    "feed+json": _json,
}
"""How a feed is written, by its content type."""
