"""*Delete this post*, in the menu of a message: take back a post that was a mistake."""

import hmac
import re
from dataclasses import dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError

from handlers.button_value import Value
from handlers.features.dependencies import Slack
from handlers.features.schedule_actions import NO_RECORD, ScheduleActions
from handlers.slack.api_errors import classify
from handlers.slack.button_press import home_of
from handlers.slack.directory import UnknownPersonError, UnknownPresenceError
from handlers.slack.error_replies import sentence
from handlers.slack.payloads import Interaction
from handlers.slack.people import Colleague
from handlers.slack.teams import Team
from handlers.views import delete_post as views
from handlers.views.message import message
from handlers.views.modal import updated, window
from store import Store
from store.types import ParleyError, Post, PostKind, UserId

_BY = re.compile(r"(?:Asked|Posted|Shared) by <@(?P<user>\w+)>")
_KINDS = frozenset({PostKind.QUESTION, PostKind.DIGEST, PostKind.SHARE})
_GONE = frozenset({"message_not_found", "thread_not_found"})


@dataclass(frozen=True, slots=True, eq=False)
class DeletePost:
    """The listeners for the shortcut and for the modal that asks whether to delete.

    Who asked for a post may delete it, and so may admins and, for a scheduled post, who may change
    its schedule. The record of a sent post names nobody: its first line in the channel does.
    """

    store: Store
    slack: Slack
    actions: ScheduleActions

    async def shortcut(
        self, ack: AsyncAck, body: Interaction, shortcut: dict[str, Any], respond: AsyncRespond
    ) -> None:
        """Ask whether to delete the post in whose menu this was chosen."""
        said = shortcut["message"]

        async def work() -> None:
            team_id, channel_id = home_of(body), body["channel"]["id"]
            by = await self.slack.directory.colleague(team_id, body["user"]["id"])
            post = await self.store.posts.by_message(team_id, channel_id, said["ts"])
            if post is None or post.kind not in _KINDS:
                raise ParleyError(views.NOT_A_POST)
            if post.error:
                raise ParleyError(views.GONE)
            is_maker = _maker(said) == by.user_id
            await self._require_allowed(post, by, is_maker=is_maker)
            team = await self.slack.teams.of(team_id)
            value = Value(key=post.key, seal=_seal(team, post, by) if is_maker else "")
            view = views.ask(post, value)
            await self.slack.responders.require_open(team_id, body["trigger_id"], view)

        await ack()
        # The first message of a thread is in the channel.
        thread_ts = said.get("thread_ts")
        thread_ts = thread_ts if thread_ts != said["ts"] else None
        self.slack.background.start(work(), respond, thread_ts=thread_ts)

    async def confirmed(self, ack: AsyncAck, body: Interaction, view: dict[str, Any]) -> None:
        """Delete the post, with its story in the thread, and show the result in the modal."""
        team_id = home_of(body)
        respond = self.slack.responders.modal(team_id, view["id"])

        async def work() -> None:
            by = await self.slack.directory.colleague(team_id, body["user"]["id"])
            value = Value.decode(view["private_metadata"])
            post = await self.store.posts.get(team_id, value.key)
            if post is None or post.message_ts is None or post.kind not in _KINDS:
                raise ParleyError(NO_RECORD)
            team = await self.slack.teams.of(team_id)
            # The value comes from the client: only the seal says that it is the maker's.
            is_maker = hmac.compare_digest(value.seal.encode(), _seal(team, post, by).encode())
            await self._require_allowed(post, by, is_maker=is_maker)
            try:
                await self._delete(team, post)
            except Exception as error:  # noqa: BLE001 -- `sentence` logs it
                # A deleted message has no menu, so the form is the only way to try again.
                again = views.ask(post, value, problem=sentence(error))
                await self.slack.responders.update(team_id, view["id"], again)
            else:
                await respond(**message(views.DELETED))

        await ack(**updated(window(message("Deleting the post …"))))
        self.slack.background.start(work(), respond)

    async def _delete(self, team: Team, post: Post) -> None:
        """Delete the messages of *post* and of its thread, and record that; may be repeated."""
        now = self.actions.options.clock()
        # First the story: Slack keeps a trace of a deleted message that has replies.
        posts = [*await self.store.posts.close_thread(post, now=now), post]
        for one in posts:
            await _delete(team, one)
        await self.store.posts.take_back(posts, now=now)

    async def _require_allowed(self, post: Post, by: Colleague, *, is_maker: bool) -> None:
        if is_maker or by.is_admin:
            return
        schedule = await self.actions.of_post(post) if post.schedule_id else None
        if schedule is None or by.is_guest:
            raise ParleyError(views.NOT_THEIRS)
        member = await self.slack.directory.full_member(by.team_id, by.user_id)
        try:
            await self.actions.rights.require(schedule, member)
        except (UnknownPersonError, UnknownPresenceError):
            raise
        except ParleyError:
            raise ParleyError(views.NOT_THEIRS) from None


def _maker(said: dict[str, Any]) -> UserId | None:
    """Return who asked for a post, as its first line says; None for a schedule's."""
    for block in said.get("blocks") or ():
        texts = [one.get("text") for one in block.get("elements") or ()] or [
            (block.get("text") or {}).get("text")
        ]
        found = _BY.match(texts[0]) if isinstance(texts[0], str) else None
        return UserId(found["user"]) if found else None
    return None


def _seal(team: Team, post: Post, by: Colleague) -> str:
    """Return the proof that Parley has seen that *by* asked for the post."""
    return team.sign(f"delete {by.user_id} {post.key}")


async def _delete(team: Team, post: Post) -> None:
    if post.message_ts is None:
        return
    try:
        await team.asking.chat_delete(channel=post.channel_id, ts=post.message_ts)
    except SlackApiError as error:
        code = classify(error).code
        if code not in _GONE:
            raise ParleyError(views.not_deleted(code)) from error
