"""/brief: find the stories that a few words mean, and what can be done with them."""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.background import answer, answer_channel
from handlers.directory import NotReadyError
from handlers.mrkdwn import unescape
from handlers.posting import Posting
from handlers.press import Press
from handlers.views import story as views
from handlers.views.message import Message, message
from store import Store
from store.types import Answer, Article, Found, Nothing, ParleyError, PostKind, Unsure


class Brief:
    """Answers `/brief` inside its ack, and the buttons under the answers."""

    def __init__(self, store: Store, posting: Posting) -> None:
        self._corpus = store.corpus
        self._articles = store.articles
        self._posting = posting

    async def command(
        self, ack: AsyncAck, command: dict[str, Any], context: AsyncBoltContext
    ) -> None:
        """Show the best match, only to the person who asked."""
        words = unescape(command.get("text") or "").strip()
        if words.lower() in ("", "help"):
            await ack(**views.brief_help())
        else:
            found = await self._corpus.find(words)
            context["outcome"] = type(found).__name__.lower()
            await ack(**_drawn(found, words=words, place=0))

    async def show(self, press: Press, respond: AsyncRespond) -> None:
        """Show another match, or what a suggested topic finds, in the place of this answer."""
        shown = await self._look_up(press.value.words, place=press.value.place)
        await answer(respond, shown, replace=True)

    async def pick(self, press: Press, respond: AsyncRespond) -> None:
        """Show the story that was meant."""
        shown = views.picked(await self._article(press), words=press.value.words)
        await answer(respond, shown, replace=True)

    async def share(self, press: Press, respond: AsyncRespond) -> None:
        """Show the story to the whole channel."""
        article = await self._article(press)
        try:
            await self._posting.press(press, PostKind.SHARE, article)
        except NotReadyError:
            # Where Parley is no member, the person's own response_url still reaches the channel.
            await answer_channel(respond, views.shared(article, by=press.user_id))
        await answer(respond, message("Shared with this channel."), replace=True)

    async def discuss(self, press: Press, respond: AsyncRespond) -> None:
        """Put the story's question to the channel."""
        await self._posting.press(press, PostKind.QUESTION, await self._article(press))
        await answer(respond, message("The question is in this channel."), replace=True)

    async def _look_up(self, words: str, *, place: int) -> Message:
        return _drawn(await self._corpus.find(words), words=words, place=place)

    async def _article(self, press: Press) -> Article:
        article = await self._articles.get(press.value.article_id)
        if article is None:
            raise ParleyError(views.gone())
        return article


def _drawn(answer: Answer, *, words: str, place: int) -> Message:
    match answer:
        case Found() as found:
            # A reload may have left fewer matches than there were.
            return views.found(found, words=words, place=place % len(found.matches))
        case Unsure() as unsure:
            return views.unsure(unsure, words=words)
        case Nothing() as nothing:
            return views.nothing(nothing, words=words)
