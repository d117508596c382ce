"""Look-ups of stories, from a channel, a thread, a direct message or a modal."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

import orjson
from slack_bolt import BoltResponse

from handlers.button_value import CHANNEL
from handlers.features.dependencies import Options
from handlers.parsing.small_talk import SmallTalk, has_word, is_certain, meant_talk, small_talk
from handlers.slack.people import Colleague
from handlers.views import story as views
from handlers.views.message import Message
from store import Store
from store.bounded import BoundedDict
from store.db import DatabaseUnavailableError
from store.types import Answer, Article, Found, Match, Nothing, ParleyError, TeamId, Unsure

_T = TypeVar("_T")

_CACHE_SIZE = 500
"""How many rendered answers to keep for repeated look-ups."""


@dataclass(frozen=True, slots=True)
class _Rendered:
    answer: Answer
    body: str
    """The message as JSON, which takes much less memory than its blocks."""


_LATEST = "latest"
"""What to look up for the newest stories."""
_ACK_SECONDS = 2.2
"""How long an answer in the ack may take: Slack gives a command three seconds."""


async def in_time_for_ack(work: Awaitable[_T]) -> _T:
    """Return the result of *work*; raise `DatabaseUnavailableError` if it takes too long."""
    try:
        async with asyncio.timeout(_ACK_SECONDS):
            return await work
    except TimeoutError as error:
        raise DatabaseUnavailableError from error


@dataclass(frozen=True, slots=True, eq=False)
class LookUp:
    """The look-up that every feature shares: finds stories and renders the answers.

    The words that people type are not stored. A search miss may be counted without its words; only
    the button *Ask for this topic* stores them.
    """

    store: Store
    options: Options
    _cache: BoundedDict[tuple[str, int, str, bool, date], _Rendered] = field(
        default_factory=lambda: BoundedDict(_CACHE_SIZE), init=False
    )

    async def answer(
        self,
        words: str,
        *,
        place: int = 0,
        where: str = CHANNEL,
        count_for: TeamId | None = None,
        is_admin: bool = False,
    ) -> Message:
        """Return the answer to *words*, or the help if there are no words.

        *place* selects one of the matches, counted from 0; *where* says where the answer is shown,
        see `Value.where`. A search miss is counted for the team *count_for*; None counts nothing.
        *is_admin* adds a button to a story whose question an admin may write.
        """
        if is_help(words):
            return self.help(where)
        found = await self.store.corpus.find(words)
        if count_for and isinstance(found, Nothing):
            self.count_miss(count_for)
        can_write = is_admin and await self.writable(found, place) is not None
        body = self._rendered(found, words=words, place=place, where=where, can_write=can_write)
        message: Message = orjson.loads(body)
        return message

    def help(self, where: str) -> Message:
        """Return the message that explains how to look up stories; *where* as in `Value.where`."""
        return views.brief_help(self.examples(), where=where)

    def ack(
        self, answer: Answer, *, words: str, where: str, team_id: TeamId, can_write: bool
    ) -> BoltResponse:
        """Return a command's ack that shows *answer*, and count a search miss."""
        if isinstance(answer, Nothing):
            self.count_miss(team_id)
        body = self._rendered(answer, words=words, place=0, where=where, can_write=can_write)
        return BoltResponse(status=200, body=body)

    def nothing(self, answer: Nothing, *, words: str, where: str) -> Message:
        """Return the message for a search miss, with a request button if requests are kept."""
        if self.store.corpus.is_empty:
            return views.nothing_loaded()
        return views.nothing(
            answer,
            words=words,
            where=where,
            can_ask=self.options.keeps_misses,
            examples=self.examples(),
        )

    def _rendered(
        self, answer: Answer, *, words: str, place: int, where: str, can_write: bool
    ) -> str:
        """Return the message that shows *answer*, as JSON."""
        # A story becomes old with time.
        today = self.today
        key = (words, place, where, can_write, today)
        rendered = self._cache.get(key)
        # The finder returns the same object for the same words until the corpus changes.
        if rendered is None or rendered.answer is not answer:
            message = self._render(
                answer, words=words, place=place, where=where, can_write=can_write, today=today
            )
            rendered = self._cache[key] = _Rendered(answer, orjson.dumps(message).decode())
        return rendered.body

    async def writable(self, answer: Answer, place: int = 0) -> Article | None:
        """Return the match at *place* if an admin may write its question; otherwise None."""
        if not isinstance(answer, Found):
            return None
        article = answer.matches[place % len(answer.matches)].article
        return article if await self.store.questions.can_write(article) else None

    async def like(self, article: Article, *, words: str, place: int, where: str) -> Message:
        """Return a message with stories similar to *article*, the match at *place* for *words*."""
        text = f"{article.headline} {article.summary}"
        matches = await self.store.corpus.like(text, exclude=[article.id])
        return views.like(article, matches, words=words, place=place, where=where, today=self.today)

    async def is_match(self, article_id: str, *, words: str, place: int) -> bool:
        """Return whether *words* find the article at *place*."""
        found = await self.store.corpus.find(words) if words else None
        if not isinstance(found, Found) or place >= len(found.matches):
            return False
        return found.matches[place].article.id == article_id

    async def related(self, text: str, *, where: str, shown: Sequence[Article] = ()) -> Message:
        """Return a message with stories related to a message.

        The message has this *text*, or is one of Parley with the stories *shown*: others are found.
        """
        matches: Sequence[Match]
        if shown:
            text = " ".join(f"{one.headline} {one.summary}" for one in shown)
            matches = await self.store.corpus.like(text, exclude=[one.id for one in shown])
        elif isinstance(answer := await self.store.corpus.find(text), Nothing):
            matches = await self.store.corpus.like(text)
        else:
            matches = answer.matches[:3]
        return views.related(matches, where=where, today=self.today, has_story=bool(shown))

    @property
    def today(self) -> date:
        """Return the date in UTC, from which the age of a story is counted."""
        return self.options.clock().date()

    async def article(self, article_id: str) -> Article:
        """Return the article; raises `ParleyError` if a reload has removed it."""
        article = await self.store.articles.get(article_id)
        if article is None:
            raise ParleyError(views.gone())
        return article

    async def understood(self, words: str, *, is_message: bool = False) -> SmallTalk | str:
        """Return the kind of small talk that *words* in a search are, or what to look up.

        Unless it is certain, small talk is a look-up if it finds a story that has one of its words.
        In a message, words that Parley does not know may be small talk if they find no story.
        """
        talk = small_talk(words) if words else None
        if not (talk and is_certain(words)):
            is_known = bool(talk)
            talk = talk or (meant_talk(words) if is_message else None)
            found = await self.store.corpus.find(words) if talk else None
            if isinstance(found, Found) and is_known:
                is_lookup = has_word(words, of=found.matches[0].why)
            else:
                is_lookup = isinstance(found, Found)
            if talk is None or is_lookup:
                return words
        return _LATEST if talk is SmallTalk.NEWEST else talk

    def count_miss(self, team_id: TeamId) -> None:
        """Count a search miss of the team, without its words, if misses are kept."""
        if self.options.keeps_misses:
            self.store.misses.add(team_id, at=self.options.clock())

    async def ask_for(self, words: str, *, by: Colleague, pseudonym: str) -> None:
        """Store a request for stories on *words*.

        The same *pseudonym* of a person counts once a day for a topic. Raises `ParleyError` if
        requests are not kept, or if that person asked for too many topics.
        """
        if not self.options.keeps_misses:
            raise ParleyError("Requests for topics are not kept here: MISSES_DAYS is 0.")
        now = self.options.clock()
        await self.store.topic_requests.add(by.team_id, words, by=pseudonym, now=now)

    def examples(self, count: int = 3) -> list[str]:
        """Return up to *count* topics that have stories in the loaded corpus."""
        return [topic.name for topic in self.store.corpus.topics[:count]]

    def _render(
        self,
        answer: Answer,
        *,
        words: str,
        place: int,
        where: str,
        can_write: bool,
        today: date,
    ) -> Message:
        can_ask = self.options.keeps_misses
        match answer:
            case Found() as found:
                # After a reload there may be fewer matches than when the button was rendered.
                place %= len(found.matches)
                return views.found(
                    found,
                    words=words,
                    place=place,
                    where=where,
                    can_write=can_write,
                    today=today,
                )
            case Unsure() as unsure:
                return views.unsure(unsure, words=words, where=where, can_ask=can_ask, today=today)
            case Nothing() as nothing:
                return self.nothing(nothing, words=words, where=where)


def is_help(words: str) -> bool:
    """Return whether *words* ask for help."""
    return words.lower() in ("", "help")
