"""Posting: what goes to a channel, and when; `delivery` then sends it.

The ticker calls `run`, a button `press`. Both go through the same record in `store.posts`.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import date, datetime

from handlers.delivery import GRACE, Delivery
from handlers.directory import NOT_READY, NotReadyError
from handlers.press import Press
from store import Store
from store.posts import LEASE
from store.types import Article, ParleyError, Post, PostKind, PostState, Schedule

log = logging.getLogger(__name__)

_IN_FLIGHT = 8


class Posting:
    """Plans every message that Parley posts to a channel, and sees it out."""

    def __init__(self, store: Store, delivery: Delivery, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._delivery = delivery
        self._clock = clock

    async def run(self) -> None:
        """Plan the turns that have come, and send every post that is open."""
        for schedule in await self._store.schedules.due(self._clock()):
            await self._plan_turns(schedule)
        await self._send_open()

    async def press(self, press: Press, kind: PostKind, article: Article) -> None:
        """Post what a person pressed for, once however often the button is pressed.

        Raises `NotReadyError` where the channel does not let Parley in, and `ParleyError` where the
        message is not in the channel for another reason, or already was.
        """
        now = self._clock()
        post = await self._store.posts.plan(
            key=press.key(kind),
            team_id=press.team_id,
            channel_id=press.channel_id,
            kind=kind,
            article_id=article.id,
            due_at=now,
            asked_by=press.user_id,
            not_before=now + LEASE,
        )
        if post is None:
            raise ParleyError("That is posted already.")
        await self._finish(post)

    async def today(self, schedule: Schedule, *, user_id: str) -> None:
        """Post the schedule's question of today now, ahead of its time.

        Raises `ParleyError` when today's is there already, or cannot be posted.
        """
        now = self._clock()
        today = schedule.timetable.local_date(now)
        post = await self._plan(schedule, due_on=today, due_at=now, asked_by=user_id)
        if post is None:
            raise ParleyError("Today's question is in this channel already.")
        await self._finish(post)

    async def _plan_turns(self, schedule: Schedule) -> None:
        now = self._clock()
        while schedule.next.due_at <= now:
            turn = schedule.next
            is_late = now - turn.due_at > GRACE
            await self._plan(schedule, due_on=turn.due_on, due_at=turn.due_at, is_missed=is_late)
            # Planned first: after a crash between the two, planning again finds the row and stops.
            schedule = await self._store.schedules.advance(schedule)

    async def _plan(
        self,
        schedule: Schedule,
        *,
        due_on: date,
        due_at: datetime,
        asked_by: str | None = None,
        is_missed: bool = False,
    ) -> Post | None:
        article = None
        if not is_missed:
            article = await self._store.choice.next(schedule.team_id, schedule.channel_id)
        if article is None:
            log.warning("missed the question of %s in %s", due_on, schedule.channel_id)
        return await self._store.posts.plan(
            key=f"{schedule.team_id}:{schedule.channel_id}:{PostKind.QUESTION}:{due_on}",
            team_id=schedule.team_id,
            channel_id=schedule.channel_id,
            kind=PostKind.QUESTION,
            article_id=article.id if article else None,
            due_on=due_on,
            due_at=due_at,
            asked_by=asked_by,
            # Whoever asked waits and sends it at once: the ticker is not to come in between.
            not_before=due_at + LEASE if asked_by else due_at,
            state=PostState.PLANNED if article else PostState.MISSED,
        )

    async def _finish(self, post: Post) -> None:
        """Send *post* and its story while its person waits."""
        await self._delivery.send(post)
        done = await self._store.posts.get(post.key)
        match done and done.state:
            case PostState.SENT:
                await self._send_open()
            case PostState.FAILED:
                error = done.error if done and done.error else "no reason given"
                if error in NOT_READY:
                    raise NotReadyError(NOT_READY[error])
                raise ParleyError(f"The post was refused: {error}.")
            case _:
                raise ParleyError(
                    "Slack has not confirmed the post. I am looking whether it arrived;"
                    " please do not post it again."
                )

    async def _send_open(self) -> None:
        limit = asyncio.Semaphore(_IN_FLIGHT)

        async def one(post: Post) -> None:
            async with limit:
                try:
                    await self._delivery.send(post)
                except Exception:
                    log.exception("post %s", post.key)

        # A question that was sent opens its story, so look again until nothing is open.
        while posts := await self._store.posts.open(self._clock()):
            await asyncio.gather(*map(one, posts))
