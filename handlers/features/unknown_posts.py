"""The notice that asks whether a post with an unknown outcome is in the channel."""

from dataclasses import dataclass

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.features.dependencies import Options, Slack
from handlers.features.schedule_actions import NO_RECORD, ScheduleActions
from handlers.slack.background import answer
from handlers.slack.button_press import Press
from handlers.slack.people import Colleague
from handlers.views.message import Message, channel_link, message
from handlers.views.post import render_missed
from handlers.views.question import posted_since
from handlers.views.story import gone
from store import Store
from store.posting.posts import PostedBeforeError
from store.types import ParleyError, Post, PostState, UserId

_SETTLED = "Somebody has answered that already."


@dataclass(frozen=True, slots=True, eq=False)
class UnknownPosts:
    """The listeners for the notice's two buttons."""

    store: Store
    slack: Slack
    options: Options
    actions: ScheduleActions

    async def again(self, press: Press, respond: AsyncRespond) -> None:
        """Post again, after the person confirmed that the post is not in the channel.

        A post that somebody asked for and that came too late can be posted by all who are there.
        """
        missed = await self.store.posts.get(press.team_id, press.value.key)
        if missed and missed.state is PostState.MISSED and missed.due_on is None:
            by = await self.slack.directory.colleague(press.team_id, press.user_id)
            await self.slack.directory.require_present(
                press.team_id, press.user_id, missed.channel_id
            )
            await answer(respond, await self._missed(missed, press, by), replace=True)
            return
        unknown, now = await self._post(press), self.options.clock()
        post = await self.store.posts.not_there(press.team_id, unknown.key, now=now)
        if post is None:
            raise ParleyError(_SETTLED)
        await self.slack.posting.finish(post)
        await answer(respond, message(f"Posted in {channel_link(post.channel_id)}."), replace=True)

    async def _missed(self, post: Post, press: Press, by: Colleague) -> Message:
        """Post what missed its time, or ask first if somebody else has posted the same since."""
        try:
            await self.slack.posting.again(post, since=press.value.posted_at, by=by)
        except PostedBeforeError as error:
            article = await self.store.articles.get(post.article_id or "")
            if article is None:
                raise ParleyError(gone()) from None
            before = error.post
            return render_missed(posted_since(before), post, article, posted_at=before.due_at)
        return message(f"Posted in {channel_link(post.channel_id)}.")

    async def seen(self, press: Press, respond: AsyncRespond) -> None:
        """Record the post as sent, after the person confirmed that it is in the channel."""
        post = await self._post(press)
        if not await self.store.posts.seen(press.team_id, post.key, now=self.options.clock()):
            raise ParleyError(_SETTLED)
        shown = message(f"Thanks! I count the post in {channel_link(post.channel_id)} as sent.")
        await answer(respond, shown, replace=True)

    async def _post(self, press: Press) -> Post:
        """Return the pressed notice's post, whose outcome is unknown.

        Raises `ParleyError` if the outcome is settled or this person may not settle it.
        """
        by = await self.slack.directory.colleague(press.team_id, press.user_id)
        post = await self.store.posts.get(press.team_id, press.value.key)
        if post is None:
            raise ParleyError(NO_RECORD)
        # A settled post no longer records who may settle it, so check its state first.
        if post.state is not PostState.UNKNOWN:
            raise ParleyError(_SETTLED)
        if by.user_id != post.asked_by:
            if schedule := await self.actions.of_post(post):
                member = await self.slack.directory.full_member(post.team_id, by.user_id)
                await self.actions.rights.require(schedule, member)
            else:
                await self._require_owner(post, by.user_id)
        return post

    async def _require_owner(self, post: Post, user_id: UserId) -> None:
        """Require an owner in the channel, or an admin: one of them was asked about the post."""
        schedules = await self.store.schedules.of_channel(post.team_id, post.channel_id)
        if user_id not in (one.owner_id for one in schedules):
            await self.slack.directory.require_admin(post.team_id, user_id)
