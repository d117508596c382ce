"""*Start a discussion*: a form that asks for a channel, shows a question and posts it."""

from dataclasses import dataclass, replace
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import MODAL, Value
from handlers.features.dependencies import Slack
from handlers.features.discuss import Discuss
from handlers.features.lookup import LookUp
from handlers.ids import Block, Field
from handlers.slack.button_press import Press, home_of, require_reader
from handlers.slack.error_replies import sentence
from handlers.slack.payloads import Interaction
from handlers.views import modal as views
from handlers.views.message import message
from store.types import ChannelId, Nothing, ParleyError, TeamId


@dataclass(frozen=True, slots=True, eq=False)
class DiscussionForm:
    """The listeners for the form: opening it by a shortcut or a button, and its submissions."""

    slack: Slack
    lookup: LookUp
    discuss: Discuss

    async def shortcut(self, ack: AsyncAck, body: Interaction) -> None:
        """Open the form."""

        async def work() -> None:
            team_id = await require_reader(self.slack.directory, body)
            view = views.discussion(None, example=self._example)
            await self.slack.responders.require_open(team_id, body["trigger_id"], view)

        await ack()
        respond = self.slack.responders.window(
            home_of(body), body["trigger_id"], body["user"]["id"]
        )
        self.slack.background.start(work(), respond)

    async def start(self, press: Press, _: AsyncRespond) -> None:
        """Open the form, for a story if the button belongs to one."""
        article = None
        if press.value.article_id:
            article = await self.lookup.article(press.value.article_id)
        on_top = bool(press.view_id)
        view = views.discussion(article, example=self._example)
        await self.slack.responders.require_open(
            press.team_id, press.trigger_id, view, on_top=on_top
        )

    @property
    def _example(self) -> str:
        return next(iter(self.lookup.examples(1)), "")

    async def submitted(self, ack: AsyncAck, body: Interaction, view: dict[str, Any]) -> None:
        """Post the question of the form's story; show a preview if it was found or asked before."""
        try:
            team_id = await require_reader(self.slack.directory, body)
            value = Value.decode(view["private_metadata"])
            values = view["state"]["values"]
            channel_id = values[Block.CHANNEL][Field.CHANNEL]["selected_conversation"]
            value = replace(value, channel_id=channel_id, where=MODAL)
            # First, because the preview shows when the channel was asked.
            if problem := await self._channel_problem(body, team_id, channel_id):
                await ack(**views.field_errors({Block.CHANNEL: problem}))
                return
            if value.article_id:
                article = await self.lookup.article(value.article_id)
                asked_at = await self.discuss.asked_at(team_id, channel_id, article)
                if asked_at is None:
                    await self._post(ack, body, team_id, value)
                    return
            else:
                typed = values[Block.WORDS][Field.WORDS].get("value") or ""
                words = " ".join(typed.split())
                found = await self.discuss.question(team_id, channel_id, words=words, place=0)
                if isinstance(found, Nothing):
                    nearest = ", ".join(found.topics)
                    hint = f" Near to it: {nearest}." if nearest else ""
                    error = f"I have no story on “{words}”.{hint}"
                    await ack(**views.field_errors({Block.WORDS: error}))
                    return
                article, asked_at = found.article, found.asked_at
                value = replace(value, article_id=article.id, words=words)
            shown = views.discussion_preview(article, value=value, asked_at=asked_at)
        except ParleyError as refused:
            shown = views.window(message(sentence(refused)))
        await ack(**views.updated(shown))

    async def confirmed(self, ack: AsyncAck, body: Interaction, view: dict[str, Any]) -> None:
        """Post the question in the preview, or show the preview again with the problem."""
        try:
            team_id = await require_reader(self.slack.directory, body)
            value = Value.decode(view["private_metadata"])
            problem = await self._channel_problem(body, team_id, value.channel_id)
            if problem is None:
                await self._post(ack, body, team_id, value)
                return
            article = await self.lookup.article(value.article_id)
            shown = views.discussion_preview(article, value=value, asked_at=None, note=problem)
        except ParleyError as refused:
            shown = views.window(message(sentence(refused)))
        await ack(**views.updated(shown))

    async def _channel_problem(
        self, body: Interaction, team_id: TeamId, channel_id: ChannelId
    ) -> str | None:
        """Return why that person may not post in the channel; None if they may.

        A client could put any channel into the form, so the person must be a member of it.
        """
        user_id = body["user"]["id"]
        try:
            await self.slack.directory.colleague(team_id, user_id)
            await self.slack.directory.require_present(team_id, user_id, channel_id)
        except ParleyError as error:
            return str(error)
        return None

    async def _post(self, ack: AsyncAck, body: Interaction, team_id: TeamId, value: Value) -> None:
        """Ack with a waiting modal, then post and show the result in that modal."""
        view = body["view"]
        respond = self.slack.responders.modal(team_id, view["id"])
        press = Press(
            team_id=team_id,
            channel_id=value.channel_id,
            user_id=body["user"]["id"],
            message_ts=view["root_view_id"],
            value=value,
            view_id=view["id"],
        )

        async def work() -> None:
            await self.discuss.post(press, respond)

        await ack(**views.updated(views.window(message("Posting the question …"))))
        self.slack.background.start(work(), respond)
