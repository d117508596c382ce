"""Which of a channel's schedules a `/digest` command is about, and the question if that is open."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from handlers.features.schedule_actions import ENDED, ScheduleActions
from handlers.mrkdwn import plain
from handlers.parsing.dates import parse_posts, parse_until
from handlers.parsing.readings import UnclearError, UnknownWordError
from handlers.parsing.schedule_names import could_be_name, take_name, unknown_name
from handlers.parsing.schedule_order import parse_order_at
from handlers.parsing.sub_commands import Change, DigestWord
from handlers.slack.button_press import Request
from handlers.slack.people import FullMember
from handlers.views.message import Message
from handlers.views.schedule_questions import which
from store.types import ParleyError, PostKind, Schedule

ENDLESS = frozenset(
    {"", "forever", "for ever", "indefinitely", "until resume", "until further notice"}
)
"""What stands after `pause` if the pause has no end."""
MENTION = re.compile(r"(?:to )?<@(?P<user>[A-Z0-9]+)(?:\|[^>]*)?>", re.I)


@dataclass(frozen=True, slots=True, eq=False)
class WhichSchedule:
    """Finds the schedules that a command is about."""

    actions: ScheduleActions

    async def named(
        self, request: Request, rest: str, schedule_id: str
    ) -> tuple[Sequence[Schedule], str]:
        """Return the schedules that a command can be about, and its words without their names."""
        schedules = await self.actions.of_channel(request.team_id, request.channel_id)
        if schedule_id:
            # The id comes from the client, so it may be of a schedule in another channel.
            schedules = [one for one in schedules if one.id == schedule_id]
            if not schedules:
                raise ParleyError(ENDED)
            return schedules, rest
        named, rest = take_name(rest, schedules)
        return named or schedules, rest

    async def likely(
        self, schedules: Sequence[Schedule], word: Change, rest: str, by: FullMember
    ) -> Sequence[Schedule]:
        """Return those of several schedules that a command without a name can be about.

        What is not paused cannot be resumed, only one may have a post on a date, and only some may
        be for this person to change. If none can be meant, raises the `ParleyError` that says why.
        """
        is_endless = word is DigestWord.PAUSE and rest.lower() in ENDLESS
        if word is DigestWord.RESUME:
            return await self._resumable(schedules)
        if word is DigestWord.UNSKIP and not rest:
            return await self._with_skipped(schedules) or schedules
        if word in (DigestWord.OFF, DigestWord.OWNER) or is_endless:
            return await self.actions.rights.require_any(schedules, by)
        if word in (DigestWord.SKIP, DigestWord.UNSKIP, DigestWord.PAUSE) and rest:
            self._require_dates(schedules, word, rest)
            if word is not DigestWord.PAUSE:
                return await self._with_post(schedules, rest) or schedules
        return schedules

    async def _resumable(self, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
        halted = [one for one in schedules if one.paused_until or one.stopped]
        halted = halted or await self._with_skipped(schedules)
        if not halted:
            raise ParleyError("No schedule here is paused or stopped.")
        return halted

    async def _with_skipped(self, schedules: Sequence[Schedule]) -> list[Schedule]:
        return [one for one in schedules if await self.actions.skipped(one)]

    def _require_dates(self, schedules: Sequence[Schedule], word: Change, rest: str) -> None:
        """Raise `ParleyError` unless *rest* names dates: else a choice makes no sense."""
        read = parse_until if word is DigestWord.PAUSE else parse_posts
        try:
            read(rest, today=self.actions.today(schedules[0]))
        except UnclearError:
            return
        except UnknownWordError as error:
            if not could_be_name(error.word):
                raise
            names = ", ".join(f"`{one.name}`" for one in schedules)
            raise ParleyError(
                f"I don't understand “{plain(error.word, 60)}”. Name a date, as in 24 Dec, or a"
                f" schedule of this channel: {names}."
            ) from None

    async def _with_post(self, schedules: Sequence[Schedule], rest: str) -> list[Schedule]:
        """Return the schedules that have a post on one of the dates in *rest*."""
        able = []
        for schedule in schedules:
            with suppress(ParleyError):
                posts = parse_posts(rest, today=self.actions.today(schedule))
                if isinstance(posts, int) or any(
                    [await self.actions.is_due(schedule, on) for on in posts]
                ):
                    able.append(schedule)
        return able


def ask_for_unknown(schedules: Sequence[Schedule], word: DigestWord, rest: str) -> Message | None:
    """Ask which schedule is meant if *rest* has a name that none has; None if it has no such name.

    A word that a sub-command has no use for is taken for a name.
    """
    found = unknown_name(rest, [one.name for one in schedules])
    has_no_words = word in (DigestWord.NEXT, DigestWord.PREVIEW, DigestWord.NOW) or (
        word in (DigestWord.OFF, DigestWord.RESUME) and len(schedules) > 1
    )
    if not found and has_no_words and could_be_name(rest):
        found = rest, ""
    if not found or (word is DigestWord.OWNER and not MENTION.search(found[1])):
        return None
    return which(schedules, word, found[1], unknown=found[0])


def ask_for_unnamed(
    error: ParleyError, words: str, schedules: Sequence[Schedule], *, zone: str, now: datetime
) -> Message | None:
    """Ask which schedule is meant if the order in *words* begins with a name that none has.

    None if the *error* of its parser is about something else.
    """
    before, about, topics = words.partition(" about ")
    found = unknown_name(before, [one.name for one in schedules])
    if not found:
        return None
    name, rest = found
    is_sure = name.endswith(tuple(f"-{kind}" for kind in (PostKind.QUESTION, PostKind.DIGEST)))
    has_readings = isinstance(error, UnclearError) and error.readings
    if not is_sure and (has_readings or not before.lower().startswith(name)):
        return None
    is_new, rest = False, f"{rest}{about}{topics}"
    with suppress(ParleyError):
        is_new = bool(parse_order_at(f"{rest} named {name}", zone=zone, now=now))
    return which(schedules, "on", rest, unknown=name, is_new=is_new)
