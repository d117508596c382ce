"""Messages and slash commands that people type."""

import asyncio

from bot.workspace.delivery.dispatcher import ActionResult, Dispatcher
from bot.workspace.delivery.payloads import Payloads
from bot.workspace.delivery.responses import Responses
from bot.workspace.errors import ApiError, Json
from bot.workspace.model.directory import BOT_USER_ID, Channel
from bot.workspace.model.files import File
from bot.workspace.model.state import State
from bot.workspace.model.tickets import ResponseUrl, new_id
from bot.workspace.model.timeline import Message
from bot.workspace.people.markup import escape, escape_plain

NO_COMMAND = (
    '{} is not a valid command. In Slack, all messages that start with the "/" character are'
    " interpreted as commands."
)
_ARCHIVED = "You cannot send messages to a channel that is archived."


class Composer:
    """Handles what people type and sends it to the app."""

    def __init__(self, state: State, dispatcher: Dispatcher, responses: Responses) -> None:
        self._state = state
        self._dispatcher = dispatcher
        self._responses = responses
        self._payloads = Payloads(state)

    async def type(
        self, text: str, *, user: str, channel: str, thread_ts: str | None = None
    ) -> ActionResult:
        """Type *text*, a slash command or a message, and wait for the app's ack.

        What Slack would tell the person is in `error` of the result and is not raised.
        """
        if text.startswith("/"):
            return await self._command(
                text, user, self._state.visible_channel(user, channel), thread_ts
            )
        message, error = self.write(text, user=user, channel=channel, thread_ts=thread_ts)
        return ActionResult(error=error) if message is None else await self.announce(message)

    def write(
        self, text: str, *, user: str, channel: str, thread_ts: str | None = None
    ) -> tuple[Message | None, str | None]:
        """Post a person's message, or return why they cannot; send the app no event."""
        where = self._state.visible_channel(user, channel)
        if where.is_archived:
            return None, _ARCHIVED
        if user not in where.members:
            return None, f"Join #{where.name} to write there."
        return self.say(text, user=user, channel=where, thread_ts=thread_ts), None

    def say(self, text: str, *, user: str, channel: Channel, thread_ts: str | None) -> Message:
        """Post a message of *user*."""
        root = self._state.timeline(channel.id).root(thread_ts) if thread_ts else None
        if thread_ts and root is None:
            raise LookupError(f"no thread {thread_ts} in {channel.id}")
        message = Message(
            ts=self._state.next_ts(),
            team_id=self._state.team.id,
            channel=channel.id,
            user=user,
            text=self._escaped(text, user),
            thread_ts=root.ts if root else None,
        )
        return self._state.post(message)

    def share_file(
        self,
        name: str,
        content: bytes,
        *,
        user: str,
        channel: str,
        text: str = "",
    ) -> Json:
        """Share a file with a message, and return the message; the app gets its event later.

        Raises LookupError if *user* cannot write there.
        """
        message, error = self.write(text, user=user, channel=channel)
        if message is None:
            raise LookupError(error)
        file = File(
            id=new_id("F"),
            name=name,
            user=user,
            content=content,
            created=int(self._state.clock().timestamp()),
            base_url=self._state.base_url,
            channels={channel},
        )
        self._state.files[file.id] = file
        message.files.append(file)
        self._state.edited(message)
        self._dispatcher.spawn(self.announce(message))
        if BOT_USER_ID in self._state.channels[channel].members:
            shared = {"type": "file_shared", "file_id": file.id, "file": {"id": file.id}}
            shared |= {"user_id": user, "channel_id": channel}
            self._state.tell_app(shared, scope="files:read")
        return self._state.render(message)

    async def announce(self, message: Message) -> ActionResult:
        """Send the events of a person's message to which the app is subscribed."""
        channel = self._state.channels[message.channel]
        if BOT_USER_ID not in channel.members:
            return ActionResult(acked=True)
        kinds = []
        if self._state.is_subscribed(channel.message_event, channel.scope("history")):
            kinds.append("message")
        is_mention = f"<@{BOT_USER_ID}" in message.text and channel.kind != "im"
        if is_mention and self._state.is_subscribed("app_mention", "app_mentions:read"):
            kinds.append("app_mention")
        sent = [self._payloads.message_event(kind, message) for kind in kinds]
        deliveries = await asyncio.gather(*map(self._dispatcher.send_event, sent))
        return next(
            (one for one in deliveries if not one.acked),
            deliveries[-1] if deliveries else ActionResult(acked=True),
        )

    async def _command(
        self, line: str, user: str, channel: Channel, thread_ts: str | None
    ) -> ActionResult:
        if channel.is_archived:
            return ActionResult(error=_ARCHIVED)
        command, _, text = line.partition(" ")
        commands = self._state.manifest["features"].get("slash_commands", [])
        known = next((one for one in commands if one["command"] == command), None)
        if known is None or "commands" not in self._state.scopes:
            return ActionResult(error=NO_COMMAND.format(command))
        if thread_ts:
            return ActionResult(error=f"{command} is not supported in threads. Sorry!")
        text = text.strip()
        text = (
            self._escaped(text, user, with_names=True)
            if known.get("should_escape")
            else escape_plain(text)
        )
        payload = self._payloads.command(command, text, user=user, channel=channel)
        delivery = await self._dispatcher.send("slash_commands", payload)
        try:
            if delivery.error is None:
                self._answered(line, user, channel, delivery.answer)
        except ApiError as error:
            delivery.error = error.code
        if delivery.error:
            delivery.error = f'{command} failed with the error "{delivery.error}"'
        return delivery

    def _answered(self, line: str, user: str, channel: Channel, answer: Json) -> None:
        """Show the answer in the ack of a command."""
        if answer.get("response_type") == "in_channel":
            self._state.post(
                Message(
                    ts=self._state.next_ts(),
                    team_id=self._state.team.id,
                    channel=channel.id,
                    user=user,
                    text=escape_plain(line),
                    is_command_echo=True,
                )
            )
        if answer.get("text") or answer.get("blocks"):
            url = ResponseUrl(user=user, channel=channel.id, expires_at=self._state.clock())
            self._responses.answer(url, answer)

    def _escaped(self, text: str, user: str, *, with_names: bool = False) -> str:
        channels = [one for one in self._state.channels.values() if self._state.sees(user, one)]
        return escape(
            text, people=self._state.people.values(), channels=channels, with_names=with_names
        )
