"""/discuss: offer a question for this channel, and post it when somebody says so."""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.background import answer
from handlers.ids import Command
from handlers.mrkdwn import unescape
from handlers.posting import Posting
from handlers.press import Press
from handlers.views import question as views
from handlers.views import story
from handlers.views.message import Message, message
from store import Store
from store.types import Found, Nothing, ParleyError, PostKind, Unsure


class Discuss:
    """Answers `/discuss` inside its ack, and the buttons of the preview."""

    def __init__(self, store: Store, posting: Posting) -> None:
        self._corpus = store.corpus
        self._articles = store.articles
        self._choice = store.choice
        self._posting = posting

    async def command(self, ack: AsyncAck, command: dict[str, Any]) -> None:
        """Show the person a question for this channel."""
        words = unescape(command.get("text") or "").strip()
        if words.lower() == "help":
            await ack(**views.discuss_help())
            return
        team_id, channel_id = command["team_id"], command["channel_id"]
        await ack(**await self._preview(team_id, channel_id, words=words, place=0))

    async def another(self, press: Press, respond: AsyncRespond) -> None:
        """Show another question in the place of this one."""
        shown = await self._preview(
            press.team_id, press.channel_id, words=press.value.words, place=press.value.place
        )
        await answer(respond, shown, replace=True)

    async def post(self, press: Press, respond: AsyncRespond) -> None:
        """Put the question to the channel."""
        article = await self._articles.get(press.value.article_id)
        if article is None:
            raise ParleyError(story.gone())
        await self._posting.press(press, PostKind.QUESTION, article)
        await answer(respond, message("The question is in this channel."), replace=True)

    async def _preview(self, team_id: str, channel_id: str, *, words: str, place: int) -> Message:
        if not words:
            article = await self._choice.next(team_id, channel_id, place=place)
        else:
            match await self._corpus.find(words):
                case Found(matches=matches) | Unsure(matches=matches):
                    # What has no question is found, and never asked.
                    asked = [match.article for match in matches if match.article.question]
                    if not asked:
                        raise ParleyError(
                            f"`{Command.BRIEF}` finds stories on that, none with a question."
                        )
                    article = asked[place % len(asked)]
                case Nothing() as nothing:
                    return story.nothing(nothing, words=words)
        if article is None:
            raise ParleyError("There is no question to ask yet: the corpus is empty.")
        return views.preview(article, words=words, place=place)
