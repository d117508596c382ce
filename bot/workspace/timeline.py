"""The messages of one channel: what history holds, the threads, and the ephemerals."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from bot.workspace.errors import Json
from bot.workspace.files import File
from bot.workspace.people import APP_ID


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message; *only_for* is the one person who sees an ephemeral one."""

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
    replies: list["Message"] = field(default_factory=list)

    @property
    def reply_users(self) -> list[str]:
        """Give who has replied, each once, the first first."""
        return list(dict.fromkeys(reply.user for reply in self.replies))

    def as_slack(self, *, with_metadata: bool = True) -> Json:
        """Draw the message as the Web API and payloads do.

        Without *with_metadata* only the event_type of metadata is shown (conversations.history).
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
        """Draw the message for the page and the tests; *name* is its author's."""
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
    """Keeps one channel's messages in the order of their ts, which only rises."""

    def __init__(self) -> None:
        self.roots: list[Message] = []
        self._ephemerals: list[Message] = []
        self._by_ts: dict[str, Message] = {}

    def add(self, message: Message) -> None:
        """Append *message* to the channel, to its thread, or to what one person sees."""
        self._by_ts[message.ts] = message
        if message.only_for is not None:
            self._ephemerals.append(message)
        elif message.thread_ts is not None:
            self._by_ts[message.thread_ts].replies.append(message)
        else:
            self.roots.append(message)

    def remove(self, message: Message) -> None:
        """Take *message* out; the replies of a thread's first message go with it."""
        for ts in (message.ts, *(reply.ts for reply in message.replies)):
            del self._by_ts[ts]
        if message.only_for is not None:
            self._ephemerals.remove(message)
        elif message.thread_ts is not None:
            self._by_ts[message.thread_ts].replies.remove(message)
        else:
            del self.roots[bisect_left(self.roots, message.ts, key=_ts)]

    def get(self, ts: str) -> Message | None:
        """Find the message of *ts*, ephemeral or not; None when there is none."""
        return self._by_ts.get(ts)

    def root(self, ts: str) -> Message | None:
        """Find the first message of the thread that *ts* is in, or that it would open."""
        message = self._by_ts.get(ts)
        if message is None or message.only_for is not None:
            return None
        return self._by_ts.get(message.thread_ts) if message.thread_ts else message

    def between(self, oldest: str, latest: str, *, inclusive: bool) -> list[Message]:
        """Give what history holds between two ts, the oldest first."""
        left, right = (bisect_left, bisect_right) if inclusive else (bisect_right, bisect_left)
        return self.roots[left(self.roots, oldest, key=_ts) : right(self.roots, latest, key=_ts)]

    def newest_first(self, user: str) -> list[Message]:
        """Give everything that *user* sees, in threads and out of them, the newest first."""
        seen = [message for message in self._by_ts.values() if message.only_for in (None, user)]
        return sorted(seen, key=_ts, reverse=True)

    def seen_by(self, user: str | None, thread_ts: str | None) -> list[Message]:
        """Give what *user* sees in the channel, or in one thread, the oldest first.

        None for *user* leaves out every ephemeral.
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
