"""/brief: find the stories that a few words mean, and what can be done with them."""

from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.features.lookup import LookUp, is_help
from handlers.jobs.posting import Posting
from handlers.mrkdwn import readable
from handlers.slack.background import answer
from handlers.slack.button_press import Press
from handlers.slack.directory import Directory
from handlers.views import story as views
from handlers.views.message import message


class Brief:
    """Answers `/brief` inside its ack, and the buttons under every story."""

    def __init__(self, lookup: LookUp, posting: Posting, directory: Directory) -> None:
        self._lookup = lookup
        self._posting = posting
        self._directory = directory

    async def command(self, command: dict[str, Any], context: AsyncBoltContext) -> BoltResponse:
        """Show the best match, only to the person who asked."""
        words = readable(command.get("text") or "")
        if is_help(words):
            return BoltResponse(status=200, body={**self._lookup.help()})
        found = await self._lookup.find(words)
        context["outcome"] = type(found).__name__.lower()
        return self._lookup.ack(found, words=words, team_id=command["team_id"])

    async def show(self, press: Press, respond: AsyncRespond) -> None:
        """Show another match, or what a suggested topic finds, in the place of this answer."""
        value = press.value
        shown = await self._lookup.answer(value.words, place=value.place, where=value.where)
        await answer(respond, shown, replace=True)

    async def pick(self, press: Press, respond: AsyncRespond) -> None:
        """Show the story that was meant."""
        article = await self._lookup.article(press.value.article_id)
        shown = views.picked(article, words=press.value.words, where=press.value.where)
        await answer(respond, shown, replace=True)

    async def like(self, press: Press, respond: AsyncRespond) -> None:
        """Show what is close to the story."""
        article = await self._lookup.article(press.value.article_id)
        shown = await self._lookup.like(article, where=press.value.where)
        await answer(respond, shown, replace=True)

    async def read(self, press: Press, respond: AsyncRespond) -> None:
        """Show the next part of a long story, below the part that is there."""
        article = await self._lookup.article(press.value.article_id)
        shown = views.more(article, page=press.value.place, where=press.value.where)
        await answer(respond, shown)

    async def ask(self, press: Press, respond: AsyncRespond) -> None:
        """Store a request for the topic, which admins then see."""
        # Pressed twice at once, it is still one request.
        words = press.value.words
        by = await self._directory.colleague(press.team_id, press.user_id)
        await self._lookup.ask_for(words, by=by, once=press.key(words))
        await answer(respond, views.asked(words), replace=True)

    async def share(self, press: Press, respond: AsyncRespond) -> None:
        """Show the story to everybody where it was looked up."""
        by = await self._directory.colleague(press.team_id, press.user_id)
        article = await self._lookup.article(press.value.article_id)
        thread_ts = press.value.thread_ts
        await self._posting.share(press, article, respond, by=by)
        done = "Shared in this thread." if thread_ts else "Shared with this channel."
        await answer(respond, message(done), replace=True)
