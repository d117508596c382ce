"""/discuss: suggest a question for this channel, and post it when a button is pressed."""

from dataclasses import dataclass, replace
from datetime import datetime

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import where_of
from handlers.features.dependencies import Slack
from handlers.features.lookup import LookUp, in_time_for_ack
from handlers.ids import Action, Command
from handlers.mrkdwn import code, readable
from handlers.slack.background import answer, dismiss
from handlers.slack.button_press import Press
from handlers.slack.directory import NotReadyError
from handlers.slack.payloads import SlashCommand
from handlers.views import modal, story
from handlers.views import question as views
from handlers.views.message import Message, message
from store import Store
from store.posting.posts import PostedBeforeError
from store.types import (
    Article,
    ChannelId,
    Found,
    Nothing,
    ParleyError,
    Post,
    PostKind,
    TeamId,
    Unsure,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A story whose question is suggested for a channel."""

    article: Article
    asked_at: datetime | None
    """When the channel was last asked this question; None if it never was."""


@dataclass(frozen=True, slots=True, eq=False)
class Discuss:
    """The listeners for `/discuss`, answered inside its ack, and for buttons to post questions."""

    store: Store
    slack: Slack
    lookup: LookUp

    async def command(self, ack: AsyncAck, command: SlashCommand) -> None:
        """Show a question for this channel, only to the person who asked."""
        words = readable(command.get("text") or "")
        if words.lower() == "help":
            await ack(**views.discuss_help(self.lookup.examples()))
            return
        team_id, channel_id = command["team_id"], command["channel_id"]
        shown = await in_time_for_ack(self._preview(team_id, channel_id, words=words, place=0))
        await ack(**shown)

    async def another(self, press: Press, respond: AsyncRespond) -> None:
        """Replace the suggested question with another one."""
        value = press.value
        if not press.view_id:
            shown = await self._preview(
                press.team_id, press.channel_id, words=value.words, place=value.place
            )
            await answer(respond, shown, replace=True)
            return
        found = await self.question(
            press.team_id, value.channel_id, words=value.words, place=value.place
        )
        if isinstance(found, Nothing):
            raise ParleyError(story.gone())
        value = replace(value, article_id=found.article.id)
        view = modal.discussion_preview(found.article, value=value, asked_at=found.asked_at)
        await self.slack.responders.update(press.team_id, press.view_id, view)

    async def here(self, press: Press, respond: AsyncRespond) -> None:
        """Post the question of a story that was looked up, or first show when it was asked here."""
        article = await self.lookup.article(press.value.article_id)
        asked_at = await self.asked_at(press.team_id, press.channel_id, article)
        pressed = await self.store.posts.get(press.team_id, press.key(PostKind.QUESTION))
        if asked_at is None or pressed:
            await self.post(press, respond)
            return
        value = press.value
        shown = views.preview(article, words=value.words, place=value.place, asked_at=asked_at)
        await answer(respond, shown, replace=True)

    async def post(self, press: Press, respond: AsyncRespond) -> None:
        """Post the question to the channel and remove its preview, or offer to join first.

        If somebody has asked it there since the preview was shown, say so and post nothing.
        """
        by = await self.slack.directory.colleague(press.team_id, press.user_id)
        article = await self.lookup.article(press.value.article_id)
        if not article.question:
            raise ParleyError(story.unasked())
        try:
            await self.slack.posting.press(press, PostKind.QUESTION, article, by=by)
        except PostedBeforeError as error:
            await self._ask_again(press, article, error.post, respond)
            return
        except NotReadyError as error:
            if not await self.slack.directory.can_join(press.team_id, press.channel_id):
                if press.view_id or not error.is_outside:
                    raise
                await answer(respond, views.offer_to_share(str(error), article, press.value.where))
                return
            await answer(respond, self._offer_to_join(press, article, str(error)), replace=True)
            return
        if press.view_id:
            await answer(respond, message(f"Posted in <#{press.channel_id}>."))
        else:
            await dismiss(respond)

    async def _ask_again(
        self, press: Press, article: Article, before: Post, respond: AsyncRespond
    ) -> None:
        """Show that *before* has asked the question, with a button that asks it again."""
        value = press.value
        if not press.view_id:
            shown = views.preview(article, words=value.words, place=value.place, since=before)
            await answer(respond, shown, replace=True)
            return
        view = modal.discussion_preview(
            article,
            value=replace(value, channel_id=press.channel_id),
            asked_at=before.due_at,
            note=views.posted_since(before),
            submit=views.ASK_AGAIN,
        )
        await self.slack.responders.update(press.team_id, press.view_id, view)

    def _offer_to_join(self, press: Press, article: Article, why: str) -> Message:
        # The key makes both buttons one delivery, so that pressing either again posts nothing.
        value = replace(press.value, channel_id=press.channel_id, key=press.once)
        if press.view_id:
            return views.offer_to_join(why, views.JOIN, Action.DISCUSS_JOIN, value)
        return views.preview(article, words=value.words, place=value.place, why_not=why, join=value)

    async def join(self, press: Press, respond: AsyncRespond) -> None:
        """Join the channel and post the question, in the delivery that was first tried."""
        by = await self.slack.directory.colleague(press.team_id, press.user_id)
        press = replace(
            press,
            channel_id=press.place,
            message_ts=press.value.key or press.message_ts,
        )
        await self.slack.directory.join(press.channel_id, by=by)
        await self.post(press, respond)

    async def question(
        self, team_id: TeamId, channel_id: ChannelId, *, words: str, place: int
    ) -> Suggestion | Nothing:
        """Return a question for the channel: one that *words* find, or else its next one.

        *place* selects one of the search results, or of the channel's questions in their order,
        counted from 0. Questions that the channel was asked come last, the latest of them at the
        end. If the search finds nothing at place 0, a search miss is counted without
        the words. Raises `ParleyError` if there is no question.
        """
        if words:
            match await self.store.corpus.find(words):
                case Found(matches=matches) | Unsure(matches=matches):
                    # Stories need not have a question.
                    articles = [match.article for match in matches if match.article.question]
                    if not articles:
                        shown = code(words, 100)
                        raise ParleyError(
                            "The stories on that have no question yet. To read them, type"
                            f" `{Command.BRIEF} {shown}`."
                        )
                    ids = [article.id for article in articles]
                    asked = await self.store.choice.last_asked(team_id, channel_id, ids)
                    articles.sort(key=lambda one: (one.id in asked, asked.get(one.id)))
                    article = articles[place % len(articles)]
                    return Suggestion(article=article, asked_at=asked.get(article.id))
                case Nothing() as nothing:
                    if place == 0:
                        self.lookup.count_miss(team_id)
                    return nothing
        following = await self.store.choice.next(team_id, channel_id, place=place)
        if following is None:
            raise ParleyError("There is no question to ask yet: the corpus is empty.")
        asked_at = await self.asked_at(team_id, channel_id, following)
        return Suggestion(article=following, asked_at=asked_at)

    async def asked_at(
        self, team_id: TeamId, channel_id: ChannelId, article: Article
    ) -> datetime | None:
        """Return when the channel was last asked the article's question; None if it never was."""
        asked = await self.store.choice.last_asked(team_id, channel_id, [article.id])
        return asked.get(article.id)

    async def _preview(
        self, team_id: TeamId, channel_id: ChannelId, *, words: str, place: int
    ) -> Message:
        found = await self.question(team_id, channel_id, words=words, place=place)
        if isinstance(found, Nothing):
            return self.lookup.nothing(found, words=words, where=where_of(channel_id))
        return views.preview(
            found.article,
            words=words,
            place=place,
            asked_at=found.asked_at,
            where=where_of(channel_id),
        )
