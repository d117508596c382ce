"""Looking up, wherever it was asked for: in a channel, a thread, a direct message or a modal."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from cachetools import LRUCache
from slack_bolt import BoltResponse

from handlers.button_value import CHANNEL
from handlers.slack.people import Colleague
from handlers.views import story as views
from handlers.views.message import Message
from store import Store
from store.types import Answer, Article, Found, Nothing, ParleyError, Unsure

_KEPT = 500
"""How many answers are kept for who asks the same again."""


@dataclass
class _Drawn:
    answer: Answer
    message: Message

    @cached_property
    def body(self) -> str:
        """The message as an ack sends it: to write it as JSON takes as long as all the rest."""
        return json.dumps(self.message)


class LookUp:
    """Finds stories and draws the answer.

    What people type is stored nowhere. A look-up that found nothing may be counted, and only a
    press of *Ask for this topic* stores its words.
    """

    def __init__(
        self,
        store: Store,
        *,
        keeps_misses: bool,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._keeps_misses = keeps_misses
        self._clock = clock
        self._kept: LRUCache[tuple[str, int, str], _Drawn] = LRUCache(_KEPT)

    async def answer(
        self, words: str, *, place: int = 0, where: str = CHANNEL, count_for: str | None = None
    ) -> Message:
        """Show what *words* mean, or how to ask where there are none.

        If nothing is found, that is counted for the team *count_for*; None leaves no trace.
        """
        if is_help(words):
            return self.help()
        found = await self.find(words)
        if count_for and isinstance(found, Nothing):
            self.count_miss(count_for)
        return self._drawn(found, words=words, place=place, where=where).message

    def help(self) -> Message:
        """Explain how to look up."""
        return views.brief_help(self.examples())

    async def find(self, words: str) -> Answer:
        """Look up *words*, whatever they are."""
        return await self._store.corpus.find(words)

    def ack(self, answer: Answer, *, words: str, team_id: str) -> BoltResponse:
        """Show what was found for *words* in the ack of a command; if nothing, count that."""
        if isinstance(answer, Nothing):
            self.count_miss(team_id)
        drawn = self._drawn(answer, words=words, place=0, where=CHANNEL)
        return BoltResponse(status=200, body=drawn.body)

    def nothing(self, answer: Nothing, *, words: str) -> Message:
        """Say that no story answers, and offer to ask for one where requests are kept."""
        return views.nothing(answer, words=words, can_ask=self._keeps_misses)

    def _drawn(self, answer: Answer, *, words: str, place: int, where: str) -> "_Drawn":
        key = (words, place, where)
        kept = self._kept.get(key)
        # The finder gives the same answer to the same words until something is loaded.
        if kept is None or kept.answer is not answer:
            message = self._draw(answer, words=words, place=place, where=where)
            kept = self._kept[key] = _Drawn(answer, message)
        return kept

    async def like(self, article: Article, *, where: str) -> Message:
        """Show what is close to a story."""
        text = f"{article.headline} {article.summary}"
        matches = await self._store.corpus.like(text, exclude=article.id)
        return views.like(article, matches, where=where)

    async def related(self, text: str, *, where: str) -> Message:
        """Show what is close to a message that somebody wrote."""
        answer = await self._store.corpus.find(text)
        if isinstance(answer, Nothing):
            return views.related(await self._store.corpus.like(text), where=where)
        return views.related(answer.matches[:3], where=where)

    async def article(self, article_id: str) -> Article:
        """Give the article; raises `ParleyError` where a reload took it away."""
        article = await self._store.articles.get(article_id)
        if article is None:
            raise ParleyError(views.gone())
        return article

    def count_miss(self, team_id: str) -> None:
        """Count a look-up of the team that found nothing, without its words."""
        if self._keeps_misses:
            self._store.misses.add(team_id, at=self._clock())

    async def ask_for(self, words: str, *, by: Colleague, once: str) -> None:
        """Store that somebody asks for stories on *words*; the same *once* counts once.

        Raises `ParleyError` where requests are not kept.
        """
        if not self._keeps_misses:
            raise ParleyError("Requests for topics are not kept here: MISSES_DAYS is 0.")
        await self._store.topic_requests.add(by.team_id, words, once=once, now=self._clock())

    def examples(self, count: int = 3) -> list[str]:
        """Give words that find something in what is loaded."""
        return [topic.name for topic in self._store.corpus.topics[:count]]

    def _draw(self, answer: Answer, *, words: str, place: int, where: str) -> Message:
        can_ask = self._keeps_misses
        match answer:
            case Found() as found:
                # A reload may have left fewer matches than there were.
                place %= len(found.matches)
                return views.found(found, words=words, place=place, where=where)
            case Unsure() as unsure:
                return views.unsure(unsure, words=words, where=where, can_ask=can_ask)
            case Nothing() as nothing:
                return views.nothing(nothing, words=words, where=where, can_ask=can_ask)


def is_help(words: str) -> bool:
    """Tell whether somebody asks how to ask."""
    return words.lower() in ("", "help")
