"""Look-ups without a slash command: mentions, direct messages and the message shortcut."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import CHANNEL, DIRECT, where_of
from handlers.features.dependencies import Slack
from handlers.features.lookup import LookUp, is_help
from handlers.features.schedule_list import ScheduleList
from handlers.features.spoken_orders import SpokenOrders
from handlers.ids import Command, CommandPrefix
from handlers.mrkdwn import readable
from handlers.parsing.message_text import message_text
from handlers.parsing.small_talk import SmallTalk
from handlers.parsing.timetable import has_time
from handlers.slack.background import answer
from handlers.slack.button_press import require_reader
from handlers.slack.payloads import Context, Event, Interaction
from handlers.slack.typed_text import TOO_LONG, is_too_long
from handlers.views import welcome
from store.types import Article, ChannelId, Found, ParleyError, TeamId


@dataclass(frozen=True, slots=True, eq=False)
class Mention:
    """The listeners for mentions, direct messages and the message shortcut.

    Only the person who asked sees the answer, so Parley does not interrupt a thread unless they
    share a story in it. Their words are not stored; that a look-up found nothing is counted.
    """

    slack: Slack
    lookup: LookUp
    orders: SpokenOrders
    schedules: ScheduleList

    async def mentioned(self, event: Event, context: Context) -> None:
        """Answer `@Parley words` in the channel or thread of the mention."""
        if not _is_from_person(event):
            return
        thread_ts = event.get("thread_ts")
        team_id = context["team_id"]
        respond = self.slack.responders.whisper(team_id, event["channel"], event["user"], thread_ts)
        before, _, after = (event.get("text") or "").partition(f"<@{context['bot_user_id']}")
        text = after.partition(">")[2]
        if not any(map(str.isalnum, readable(text))):
            text = before
        where = thread_ts or CHANNEL
        work = self._answer(team_id, event, text, respond, where)
        self.slack.background.start(work, respond)

    async def direct(self, event: Event, context: Context) -> None:
        """Answer a direct message."""
        if event.get("channel_type") != "im" or not _is_from_person(event):
            return
        team_id = context["team_id"]
        thread_ts = event.get("thread_ts")
        if self.lookup.options.has_agent_view:
            # The panel shows a conversation as a thread (docs.slack.dev, Developing agents).
            thread_ts = thread_ts or event["ts"]
        respond = self.slack.responders.direct(team_id, event["channel"], thread_ts)
        work = self._answer(team_id, event, event.get("text") or "", respond, DIRECT)
        self.slack.background.start(work, respond)

    async def related(
        self, ack: AsyncAck, body: Interaction, shortcut: dict[str, Any], respond: AsyncRespond
    ) -> None:
        """Show the stories that are related to a message."""

        async def work() -> None:
            team_id = await require_reader(self.slack.directory, body)
            about, channel_id = shortcut["message"], body["channel"]["id"]
            text = message_text(about)
            if not text:
                raise ParleyError("That message has no words to look for.")
            # A message that has replies is the root of its own thread, and stands in the channel.
            root_ts = about.get("thread_ts")
            thread_ts = root_ts if root_ts != about["ts"] else None
            where = thread_ts or where_of(channel_id)
            shown = await self._stories_in(team_id, channel_id, about["ts"])
            related = await self.lookup.related(text, where=where, shown=shown)
            await answer(respond, related, thread_ts=thread_ts)

        await ack()
        self.slack.background.start(work(), respond)

    async def _stories_in(
        self, team_id: TeamId, channel_id: ChannelId, ts: str
    ) -> Sequence[Article]:
        """Return the stories that a message shows; none unless it is a post of Parley."""
        store = self.lookup.store
        post = await store.posts.by_message(team_id, channel_id, ts)
        if post is None:
            return []
        ids = await store.posts.stories(team_id, post.parent_key or post.key)
        return await store.articles.get_many([*ids, post.article_id or ""])

    async def _answer(
        self, team_id: TeamId, event: Event, text: str, respond: AsyncRespond, where: str
    ) -> None:
        user_id = event["user"]
        await self.slack.directory.require_reader(team_id, user_id)
        if is_too_long(text):
            raise ParleyError(TOO_LONG)
        words = readable(text)
        # People type the command in threads, where it does not work by itself.
        first, _, rest = words.partition(" ")
        command, has_slash = _command_of(first), first.startswith("/")
        # As a command, "digest on 09:30" is for a question.
        at = rest.removeprefix("on ")
        is_typed = command and (has_slash or (at != rest and has_time(at, first=True)))
        if not is_typed and (
            shown := await self.orders.answer(team_id, user_id, event["channel"], text)
        ):
            await answer(respond, shown)
            return
        if command is Command.BRIEF:
            command, words = None, rest if has_slash else words
        elif command and not has_slash:
            # Without its slash, a command is a look-up if it finds something.
            found = await self.lookup.store.corpus.find(words)
            command = None if isinstance(found, Found) else command
        asked: SmallTalk | str = words
        if is_help(words):
            asked = SmallTalk.ABOUT
        elif not (command and is_typed):
            asked = await self.lookup.understood(words, is_message=not command)
        if isinstance(asked, SmallTalk):
            examples = self.lookup.examples()
            shown = await self.schedules.small_talk(
                asked, team_id, user_id, event["channel"], text, examples=examples, where=where
            )
        elif command:
            shown = welcome.command(command, rest)
        else:
            is_admin = await self.slack.directory.is_corpus_admin(team_id, user_id)
            shown = await self.lookup.answer(
                asked, where=where, count_for=team_id, is_admin=is_admin
            )
        await answer(respond, shown)


def _command_of(word: str) -> Command | None:
    """Return the command that *word* names, with the slash and the prefix or without."""
    bare = word.lower().removeprefix("/").removeprefix(CommandPrefix.used)
    return next((command for command in Command if command.value == f"/{bare}"), None)


def _is_from_person(event: Event) -> bool:
    is_said = event.get("subtype") in (None, "me_message", "thread_broadcast")
    return bool(event.get("user")) and is_said and not event.get("bot_id")
