"""/digest: schedule a channel's daily question or digest, and see or change what comes next."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from rapidfuzz import fuzz, process
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import MOST_WORDS, Value, is_direct
from handlers.features.dependencies import Options, Slack
from handlers.features.schedule_actions import ONLY_CHANNELS, ScheduleActions
from handlers.features.schedule_form import ScheduleForm
from handlers.features.talk import Talk
from handlers.ids import Action, Command
from handlers.mrkdwn import plain, readable, unescape
from handlers.parsing.calendar_dates import Dates
from handlers.parsing.date_format import format_date, format_dates, write_dates
from handlers.parsing.dates import is_until, parse_posts, parse_until
from handlers.parsing.readings import UnclearError
from handlers.parsing.schedule_order import parse_order, write_order
from handlers.parsing.timetable import describe, describe_days
from handlers.parsing.words import as_typed
from handlers.parsing.zones import zone_label
from handlers.slack.api_errors import FAILURES
from handlers.slack.background import answer
from handlers.slack.button_press import Press, Request
from handlers.slack.directory import NotReadyError
from handlers.slack.error_replies import require_first
from handlers.slack.payloads import SlashCommand
from handlers.slack.people import FullMember
from handlers.views import digest as views
from handlers.views import question
from handlers.views.message import Message
from store import Store
from store.posting.planning import no_story
from store.types import FOREVER, ChannelId, Order, ParleyError, Schedule, TeamId, UserId

_UPCOMING = 5
"""How many upcoming posts `/digest next` shows."""
_CHANGING = frozenset({"on", "now", "skip", "unskip", "pause", "resume", "off"})
_WORDS = _CHANGING | {"next", "preview", "talk", "list", "help"}
_ENDLESS = frozenset(
    {"", "forever", "for ever", "indefinitely", "until resume", "until further notice"}
)
_TODAYS = re.compile(r"(?:(?:as|for) )?today(?:'?s)?(?: (?:post|one))?", re.I)
_MIN_SIMILARITY = 65
"""How similar, of 100, a mistyped word must be to a known word for “did you mean”."""


@dataclass(frozen=True, slots=True, eq=False)
class Digest:
    """The listeners for `/digest` and its buttons.

    Every sub-command may have to ask Slack first, so the answers use the response_url.
    """

    store: Store
    slack: Slack
    options: Options
    actions: ScheduleActions
    form: ScheduleForm
    talk: Talk

    async def command(self, ack: AsyncAck, command: SlashCommand, respond: AsyncRespond) -> None:
        """Answer `/digest`: open the form, or do what the first word says."""
        await ack()
        self.slack.background.start(self._run(command, respond), respond)

    async def _run(self, command: SlashCommand, respond: AsyncRespond) -> None:
        request = Request.of_command(command)
        word, _, rest = unescape(command.get("text") or "").strip().partition(" ")
        if word := word.rstrip(".,;:!"):
            await answer(respond, await self._answer(request, word, rest.strip()))
        else:
            await self.form.open(request, request.channel_id)

    async def guessed(self, press: Press, respond: AsyncRespond) -> None:
        """Run the commands of a button, one a line: corrected, chosen, or to take one back."""
        lines = [line.partition(" ") for line in press.value.words.splitlines()]
        if not lines or any(word not in _WORDS for word, _, _ in lines):
            raise ParleyError("I don't know that word any more.")
        request = press
        if press.value.channel_id not in ("", press.channel_id):
            # The value comes from the client, so the person may not be in that channel.
            channel_id = press.value.channel_id
            await self.slack.directory.require_present(press.team_id, press.user_id, channel_id)
            request = replace(request, channel_id=channel_id)
        answers = [await self._answer(request, word, rest) for word, _, rest in lines]
        await answer(respond, answers[-1], replace=True)

    async def joined(self, press: Press, respond: AsyncRespond) -> None:
        """Join the channel and set up the schedule that was asked for."""
        by = await self.slack.directory.full_member(press.team_id, press.user_id)
        await self.slack.directory.join(press.channel_id, by=by)
        shown = await self._answer(press, "on", press.value.words)
        await answer(respond, shown, replace=True)

    async def page(self, press: Press, respond: AsyncRespond) -> None:
        """Show another page of the list."""
        shown = await self._list(press.team_id, press.user_id, page=press.value.place)
        await answer(respond, shown, replace=True)

    async def change(self, press: Press, respond: AsyncRespond) -> None:
        """Edit or end a schedule from the list."""
        schedule = await self.store.schedules.get(press.team_id, press.value.channel_id)
        if schedule is None:
            raise ParleyError("Somebody has ended that schedule.")
        by = await self.actions.owner_or_admin(schedule, press.user_id)
        match press.value.words:
            case views.EDIT:
                await self.form.open(press, schedule.channel_id, is_known=True)
            case views.END:
                await answer(respond, await self.actions.off(schedule, by=by))
                shown = await self._list(press.team_id, press.user_id)
                await answer(respond, shown, replace=True)
            case _:
                raise ParleyError("That is not in my menu any more.")

    async def _list(self, team_id: TeamId, user_id: UserId, *, page: int = 0) -> Message:
        schedules = await self.store.schedules.list(team_id)
        is_admin = await self.slack.directory.is_admin(team_id, user_id)
        if not is_admin:
            known = await self._known_to(team_id, user_id)
            schedules = [
                schedule
                for schedule in schedules
                if schedule.owner_id == user_id or schedule.channel_id in known
            ]
        shown, page, pages = views.paged(schedules, page)
        coming = await self.store.planning.coming(shown)
        return views.schedules(
            shown, coming, user_id=user_id, is_admin=is_admin, page=page, pages=pages
        )

    async def _known_to(self, team_id: TeamId, user_id: UserId) -> frozenset[ChannelId]:
        """Return the channels that this person may know of; none if Slack cannot say."""
        try:
            return await self.slack.directory.known_to(team_id, user_id)
        except FAILURES:
            return frozenset()

    async def _answer(self, request: Request, word: str, rest: str) -> Message:
        if word.lower() in _CHANGING:
            by = await self.slack.directory.full_member(request.team_id, request.user_id)
            return await self._change(request, word.lower(), rest, by)
        await self.slack.directory.require_reader(request.team_id, request.user_id)
        match word.lower():
            case "talk" | "list" if more := as_typed(readable(rest)).strip():
                return views.no_more_words(word.lower(), more)
            case "list":
                return await self._list(request.team_id, request.user_id)
            case "help":
                return views.digest_help(self._topics())
            case "talk":
                return await self.talk.of_channel(request)
            case "next":
                schedule = await self.actions.schedule(request.team_id, request.channel_id)
                return await self._next(schedule, request.user_id)
            case "preview":
                schedule = await self.actions.schedule(request.team_id, request.channel_id)
                return await self._preview(schedule)
            case _:
                guess = _guess(word)
                corrected = " ".join(f"{guess} {rest}".split()) if guess else ""
                # A button would cut off longer words.
                is_whole = len(corrected) <= MOST_WORDS
                return views.digest_help(
                    self._topics(), unknown=word, correction=corrected if is_whole else None
                )

    def _topics(self) -> list[str]:
        return [topic.name for topic in self.store.corpus.topics[:2]]

    async def _change(self, request: Request, word: str, rest: str, by: FullMember) -> Message:
        """Run the sub-command *word*, one of `_CHANGING`, with its arguments *rest*."""
        if word == "on":
            return await self._on(request, rest, by)
        rest = as_typed(rest).strip()
        schedule = await self.actions.schedule(request.team_id, request.channel_id)
        match word:
            case "now":
                return await self._now(schedule, request, rest, by)
            case "skip" | "unskip":
                return await self._skip(schedule, request, word, rest, by)
            case "pause":
                return await self._pause(schedule, rest, by)
            case "off" | "resume" if rest:
                return _ask_about(word, rest, self._today(schedule))
            case "resume":
                return await self.actions.resume(schedule, by=by)
            case _:
                return await self.actions.off(schedule, by=by)

    def _today(self, schedule: Schedule) -> date:
        return schedule.timetable.local_date(self.options.clock())

    async def _skip(
        self, schedule: Schedule, request: Request, word: str, rest: str, by: FullMember
    ) -> Message:
        """Skip the posts that *rest* names, or the next one; or undo that if *word* is `unskip`."""
        try:
            posts = parse_posts(rest, today=self._today(schedule))
        except UnclearError as error:
            return views.ask(str(error), _choices(error.readings, word))
        number, dates = (posts, ()) if isinstance(posts, int) else (1, posts)
        if not dates:
            # Without a date, a repeated request would skip one more post.
            key = f"{request.channel_id}:{word}:{request.once}"
            await require_first(
                self.store.idempotency, request.team_id, key, now=self.options.clock()
            )
        if word == "unskip":
            return await self.actions.unskip(schedule, dates, number=number, by=by)
        dates = dates or await self.actions.next_dates(schedule, number)
        return await self.actions.skip(schedule, dates, by=by)

    async def _pause(self, schedule: Schedule, rest: str, by: FullMember) -> Message:
        until = FOREVER
        try:
            if rest.lower() not in _ENDLESS:
                until = parse_until(rest, today=self._today(schedule))
        except UnclearError as error:
            words = ("pause",) if is_until(rest) else ("skip", "pause")
            return views.ask(str(error), _choices(error.readings, *words))
        return await self.actions.pause(schedule, until, by=by)

    async def _on(self, request: Request, words: str, by: FullMember) -> Message:
        zone = await self.slack.directory.zone(request.team_id, request.user_id)
        try:
            order = parse_order(words, zone=zone)
        except UnclearError as error:
            return _ask_for_order(error, now=self.options.clock())
        if is_direct(request.channel_id):
            raise ParleyError(ONLY_CHANNELS)
        try:
            await self.slack.directory.require_parley_in(request.team_id, request.channel_id)
        except NotReadyError as error:
            can_join = await self.slack.directory.can_join(request.team_id, request.channel_id)
            if not can_join or len(words) > MOST_WORDS:
                raise
            return question.offer_to_join(
                str(error), "Join and start it", Action.DIGEST_JOIN, Value(words=words)
            )
        return await self.actions.set_up(request.channel_id, order=order, by=by)

    async def _next(self, schedule: Schedule, user_id: UserId) -> Message:
        upcoming = await self.store.planning.upcoming(schedule, _UPCOMING)
        last = await self.store.posts.last_scheduled(
            schedule.team_id, schedule.channel_id, now=self.options.clock()
        )
        chosen = await self.store.planning.preview(schedule, now=self.options.clock())
        zone = await self.slack.directory.zone(schedule.team_id, user_id)
        return views.coming(schedule, upcoming, zone=zone, last=last, chosen=chosen)

    async def _preview(self, schedule: Schedule) -> Message:
        chosen = await self.store.planning.preview(schedule, now=self.options.clock())
        if chosen is None:
            raise ParleyError(f"There is {no_story(schedule)}.")
        articles = await self.store.articles.get_many(chosen.article_ids)
        upcoming = await self.store.planning.upcoming(schedule, 1)
        return views.preview(schedule, upcoming, articles, why=chosen.why)

    async def _now(
        self, schedule: Schedule, request: Request, rest: str, by: FullMember
    ) -> Message:
        is_todays = _TODAYS.fullmatch(rest) is not None
        if rest and not is_todays:
            raise ParleyError(
                f"It is `{Command.DIGEST} now` for one more, or `{Command.DIGEST} now today` as"
                " today's."
            )
        if is_todays:
            await self.actions.require_todays(schedule)
        key = f"{schedule.team_id}:{schedule.channel_id}:now:{request.once}"
        await self.slack.posting.now(schedule, by=by, key=None if is_todays else key)
        upcoming = await self.store.planning.upcoming(schedule, 1)
        return views.posted_now(upcoming, is_todays=is_todays)


def _choices(readings: Sequence[int | Dates], *words: str) -> list[tuple[str, str]]:
    """Return a label and a command for each of *words* with each reading."""
    choices = []
    for word in words:
        for dates in readings:
            if isinstance(dates, int):
                label = f"{word.capitalize()} the next {dates} posts"
                choices.append((label, f"{word} next {dates}"))
            elif word == "pause":
                until = dates[0]
                choices.append((f"Pause until {format_date(until)}", f"pause until {until}"))
            else:
                label = f"{word.capitalize()} {format_dates(dates)}"
                choices.append((label, f"{word} {write_dates(dates)}"))
    return choices


def _ask_about(word: str, rest: str, today: date) -> Message:
    """Ask what words after `off` or `resume` mean, both of which are for now and for all days."""
    readings: Sequence[Dates] = ()
    try:
        readings = [(parse_until(rest, today=today),)]
    except UnclearError as error:
        readings = error.readings
    except ParleyError:
        pass
    other, label, does = "pause", "Resume now", "resumes the posts now"
    if word == "off":
        other = "pause" if is_until(rest) else "skip"
        label, does = "End the schedule", "ends the schedule"
    question = f"`{Command.DIGEST} {word}` {does}. What do you mean by “{plain(rest, 60)}”?"
    return views.ask(question, [*_choices(readings, other), (label, word)])


def _ask_for_order(error: UnclearError[Order], *, now: datetime) -> Message:
    """Ask which schedule is meant, with a button for each reading that starts it."""
    timetables = [order.timetable for order in error.readings]
    has_zones = len({timetable.zone for timetable in timetables}) > 1
    has_times = len({timetable.at for timetable in timetables}) > 1
    has_days = len({timetable.weekdays for timetable in timetables}) > 1
    choices = []
    for order in error.readings:
        label = describe(order.timetable)
        if has_zones:
            at = f"{order.timetable.at:%H:%M} " if has_times else ""
            days = f"{describe_days(order.timetable.weekdays)}, " if has_days else ""
            label = f"{at}{days}{zone_label(order.timetable.zone, now=now)}"
        choices.append((label, f"on {write_order(order) or ''}"))
    return views.ask(str(error), choices)


def _guess(word: str) -> str | None:
    """Return the known word that is most similar to *word*; None if none is similar enough."""
    nearest = process.extractOne(
        word.lower(), sorted(_WORDS), scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY
    )
    return nearest[0] if nearest else None
