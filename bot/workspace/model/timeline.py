"""The messages of one channel: its history, threads and ephemeral messages."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from bot.workspace.errors import Json
from bot.workspace.model.directory import APP_ID
from bot.workspace.model.files import File


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message; *only_for* is the person who sees it if it is ephemeral."""

    ts: str
    team_id: str
    channel: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    bot_id: str | None = None
    thread_ts: str | None = None
    only_for: str | None = None
    edited_ts: str | None = None
    metadata: Json | None = None
    files: list[File] = field(default_factory=list)
    is_command_echo: bool = False
    is_tombstone: bool = False
    """Deleted, but still there for its thread."""
    replies: list["Message"] = field(default_factory=list)

    @property
    def reply_users(self) -> list[str]:
        """Return the ids of those who replied, each once, in order of their first reply."""
        return list(dict.fromkeys(reply.user for reply in self.replies))

    def bury(self) -> None:
        """Delete the message and keep its thread, as Slack does if there are replies."""
        self.text, self.blocks, self.metadata = "This message was deleted.", [], None
        self.is_tombstone = True

    def as_slack(self, *, with_metadata: bool = True) -> Json:
        """Render the message as in the Web API and in payloads.

        Without *with_metadata* only the event_type of metadata is included (conversations.history).
        """
        drawn: Json = {
            "type": "message",
            "user": self.user,
            "text": self.text,
            "ts": self.ts,
            "team": self.team_id,
        }
        if self.bot_id:
            drawn |= {"bot_id": self.bot_id, "app_id": APP_ID}
        if self.files:
            files = [file.as_slack() for file in self.files]
            drawn |= {"subtype": "file_share", "files": files, "upload": False}
        if self.is_tombstone:
            drawn |= {"subtype": "tombstone", "hidden": True}
        if self.blocks:
            drawn["blocks"] = self.blocks
        if self.edited_ts:
            drawn["edited"] = {"user": self.user, "ts": self.edited_ts}
        if self.thread_ts:
            drawn["thread_ts"] = self.thread_ts
        if self.replies:
            drawn |= {
                "thread_ts": self.ts,
                "reply_count": len(self.replies),
                "reply_users": self.reply_users,
                "reply_users_count": len(self.reply_users),
                "latest_reply": self.replies[-1].ts,
                "is_locked": False,
                "subscribed": False,
            }
        if self.metadata:
            shown = self.metadata if with_metadata else {"event_type": self.metadata["event_type"]}
            drawn["metadata"] = shown
        return drawn

    def as_page(self, name: str) -> Json:
        """Render the message for the page and the tests; *name* is its author's."""
        return {
            "ts": self.ts,
            "channel": self.channel,
            "user": self.user,
            "bot_id": self.bot_id,
            "name": name,
            "text": self.text,
            "blocks": self.blocks,
            "thread_ts": self.thread_ts or (self.ts if self.replies else None),
            "reply_count": len(self.replies),
            "reply_users": self.reply_users,
            "ephemeral": self.only_for is not None,
            "edited": self.edited_ts is not None,
            "is_command_echo": self.is_command_echo,
            "metadata": self.metadata,
            "files": [file.as_slack() for file in self.files],
        }


class Timeline:
    """The messages of one channel in the order of their ts, which only increases."""

    def __init__(self) -> None:
        self.roots: list[Message] = []
        self._ephemerals: list[Message] = []
        self._by_ts: dict[str, Message] = {}

    def add(self, message: Message) -> None:
        """Append *message* to the channel, to its thread, or to one person's ephemeral messages."""
        self._by_ts[message.ts] = message
        if message.only_for is not None:
            self._ephemerals.append(message)
        elif message.thread_ts is not None:
            self._by_ts[message.thread_ts].replies.append(message)
        else:
            self.roots.append(message)

    def remove(self, message: Message) -> None:
        """Delete *message*; the first message of a thread takes its replies with it."""
        for ts in (message.ts, *(reply.ts for reply in message.replies)):
            del self._by_ts[ts]
        if message.only_for is not None:
            self._ephemerals.remove(message)
        elif message.thread_ts is not None:
            self._by_ts[message.thread_ts].replies.remove(message)
        else:
            del self.roots[bisect_left(self.roots, message.ts, key=_ts)]

    def get(self, ts: str) -> Message | None:
        """Return the message with this *ts*, ephemeral or not, or None."""
        return self._by_ts.get(ts)

    def root(self, ts: str) -> Message | None:
        """Return the first message of the thread that *ts* belongs to or would start."""
        message = self._by_ts.get(ts)
        if message is None or message.only_for is not None:
            return None
        return self._by_ts.get(message.thread_ts) if message.thread_ts else message

    def between(self, oldest: str, latest: str, *, inclusive: bool) -> list[Message]:
        """Return the history between two ts, oldest first."""
        left, right = (bisect_left, bisect_right) if inclusive else (bisect_right, bisect_left)
        return self.roots[left(self.roots, oldest, key=_ts) : right(self.roots, latest, key=_ts)]

    def newest_first(self, user: str) -> list[Message]:
        """Return everything that *user* sees, thread replies included, newest first."""
        seen = [message for message in self._by_ts.values() if message.only_for in (None, user)]
        return sorted(seen, key=_ts, reverse=True)

    def seen_by(self, user: str | None, thread_ts: str | None) -> list[Message]:
        """Return what *user* sees in the channel or in one thread, oldest first.

        Without *user*, ephemeral messages are left out.
        """
        if thread_ts is None:
            messages = list(self.roots)
        else:
            root = self.root(thread_ts)
            messages = [root, *root.replies] if root else []
        messages += [
            message
            for message in self._ephemerals
            if message.only_for == user and message.thread_ts == thread_ts
        ]
        return sorted(messages, key=_ts)


def _ts(message: Message) -> str:
    return message.ts
