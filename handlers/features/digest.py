"""/digest: schedule a channel's daily question or digest, and see or change what comes next."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import assert_never

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import MOST_WORDS, NO_CHANNEL, STALE, Value, is_direct, where_of
from handlers.features.dependencies import Options, Slack
from handlers.features.schedule_actions import ONLY_CHANNELS, ChangedError, ScheduleActions
from handlers.features.schedule_form import ScheduleForm
from handlers.features.schedule_list import ScheduleList
from handlers.features.spoken_orders import SpokenOrders
from handlers.features.talk import Talk
from handlers.features.which_schedule import (
    ENDLESS,
    MENTION,
    WhichSchedule,
    ask_for_unknown,
    ask_for_unnamed,
)
from handlers.ids import Action, Command
from handlers.mrkdwn import readable, typed_words
from handlers.parsing.date_format import format_dates
from handlers.parsing.dates import is_until, parse_posts, parse_until
from handlers.parsing.meant_command import guess_command, is_edit, is_new, is_understood
from handlers.parsing.readings import UnclearError
from handlers.parsing.schedule_names import take_name, take_whole_name
from handlers.parsing.schedule_order import order_of, parse_order_at, write_order
from handlers.parsing.small_talk import SmallTalk, small_talk
from handlers.parsing.sub_commands import MOVE, Change, DigestWord, MenuWord
from handlers.parsing.timetable import one_time_each
from handlers.parsing.words import as_typed
from handlers.slack.background import answer
from handlers.slack.button_press import Press, Request
from handlers.slack.directory import NotReadyError
from handlers.slack.error_replies import require_first
from handlers.slack.payloads import SlashCommand
from handlers.slack.people import FullMember
from handlers.views import digest as views
from handlers.views import question, readings, schedule_questions
from handlers.views.command_buttons import LIST, RESTORE, ask, fingerprint, is_same, short_hash
from handlers.views.message import Message, message
from store import Store
from store.posting.names import without_default_name
from store.posting.planning import UpcomingPost, no_story
from store.types import (
    FOREVER,
    Order,
    ParleyError,
    Schedule,
    UserId,
)

_UPCOMING = 5
"""How many upcoming posts `/digest next` shows."""
_MOST_SKIPPED = 3
"""How many skipped posts of each schedule it shows besides, if there are several schedules."""
_ALL = re.compile(r"\b(?:all|both|everything)\b", re.IGNORECASE)
AGAIN = "again"
"""After `now`: one more, though there was one just now."""
_MOMENT = timedelta(minutes=1)
_TODAYS = re.compile(r"(?:(?:as|for) )?today(?:'?s)?(?: (?:post|one))?", re.I)


@dataclass(frozen=True, slots=True, eq=False)
class Digest:
    """The listeners for `/digest` and its buttons.

    Every sub-command may have to ask Slack first, so the answers use the response_url.
    """

    store: Store
    slack: Slack
    options: Options
    actions: ScheduleActions
    which: WhichSchedule
    form: ScheduleForm
    talk: Talk
    orders: SpokenOrders
    schedules: ScheduleList

    async def command(self, ack: AsyncAck, command: SlashCommand, respond: AsyncRespond) -> None:
        """Answer `/digest`: open the form, or do what the first word says."""
        await ack()
        self.slack.background.start(self._run(command, respond), respond)

    async def _run(self, command: SlashCommand, respond: AsyncRespond) -> None:
        request = Request.of_command(command)
        typed = typed_words(command.get("text") or "")
        word, _, rest = typed.rstrip("?!. ").partition(" ")
        word, rest = word.rstrip(".,;:!?"), rest.strip()
        if is_edit(word, rest):
            await self._edit(request, rest, respond)
        elif typed.lower() == "owner?":
            await answer(respond, await self._answer(request, "whose", "schedule is this"))
        elif is_new(word, rest):
            await self.form.open(request, request.channel_id)
        elif word:
            await answer(respond, await self._answer(request, word, rest))
        elif shown := await self.schedules.of_channel(
            request.team_id, request.user_id, request.channel_id
        ):
            await answer(respond, shown)
        else:
            await self.form.open(request, request.channel_id)

    async def _edit(self, request: Request, rest: str, respond: AsyncRespond) -> None:
        """Open the form of the schedule that *rest* names, or list those to choose from."""
        team_id, channel_id = request.team_id, request.channel_id
        schedules = await self.store.schedules.of_channel(team_id, channel_id)
        named, _ = take_name(rest, schedules)
        schedules = named or schedules
        if schedules:
            by = await self.slack.directory.full_member(team_id, request.user_id)
            schedules = await self.actions.rights.require_any(schedules, by)
        if len(schedules) > 1:
            await answer(respond, await self.schedules.overview(schedules, request.user_id))
        else:
            await self.form.open(request, channel_id, *schedules)

    async def confirmed(self, press: Press, respond: AsyncRespond) -> None:
        """Run the commands of a button that confirms a change of somebody else's schedule."""
        await self.guessed(replace(press, is_confirmed=True), respond)

    async def guessed(self, press: Press, respond: AsyncRespond) -> None:
        """Run the commands of a button, one a line: corrected, chosen, or to take one back."""
        lines = [line.partition(" ") for line in (press.value.words or " ").splitlines()]
        verb, _, became = lines[0][0].partition(":")
        is_back = verb == RESTORE
        if is_back:
            lines[0] = "on", "", lines[0][2]
        words = [DigestWord.read(word) for word, _, _ in lines]
        if None in words:
            raise ParleyError(STALE)
        is_look_up = any(word and word.is_look_up for word in words)
        await self._require_present(press, may_own=not is_look_up)
        request = replace(press, undoes=press.value.user_id, channel_id=press.place)
        about = press.value.schedule_id
        if became:
            await self._require_unchanged(request, about, became, lines[0][2])
        elif press.value.key:
            await self._require_shown(request, press.value, lines[0][2])
        answers = [await self._answer(request, word, rest, about) for word, _, rest in lines]
        are_new = all(word == "on" for word, _, _ in lines)
        if is_back and (shown := await self._back(request, about, lines[0][2])):
            answers = [shown]
        await answer(respond, views.joined(answers) if are_new else answers[-1], replace=True)

    async def _require_present(self, press: Press, *, may_own: bool) -> None:
        """Raise `ParleyError` unless the person is in the channel that the button names.

        With *may_own*, who owns the schedule or has just ended it and admins may be outside.
        """
        value = press.value
        if value.channel_id in (NO_CHANNEL, press.channel_id):
            return
        if may_own and value.schedule_id:
            by = await self.slack.directory.full_member(press.team_id, press.user_id)
            schedule = await self.store.schedules.get(press.team_id, value.schedule_id)
            if schedule is None:
                seal = await self.actions.seal(value.schedule_id, value.channel_id, by)
                if hmac.compare_digest(value.seal.encode(), seal.encode()):
                    return
            elif schedule.channel_id == value.channel_id and self.actions.rights.own(
                [schedule], by
            ):
                return
        await self.slack.directory.require_present(press.team_id, press.user_id, press.place)

    async def _require_unchanged(
        self, request: Request, schedule_id: str, became: str, words: str
    ) -> None:
        """Raise `ParleyError` if the schedule is neither what it *became* nor what *words* order.

        What somebody has changed since must not be lost without a word.
        """
        schedule = await self.store.schedules.get(request.team_id, schedule_id)
        order = order_of(schedule) if schedule else None
        if order and short_hash(order) != became and write_order(order) != words:
            raise ParleyError(
                f"It has been changed again since, so I have not taken that change back."
                f" `{Command.DIGEST}` shows what it is now."
            )

    async def _require_shown(self, request: Request, value: Value, rest: str) -> None:
        """Raise `ParleyError` if the schedules of a button are not as its message shows them.

        The button is about the schedule of its id, else about those that *rest* names.
        """
        if value.schedule_id:
            await self.actions.schedule(request.team_id, value)
        elif fingerprint(await self._meant(request, rest)) != value.key:
            raise ChangedError

    async def _meant(self, request: Request, rest: str) -> Sequence[Schedule]:
        """Return the schedules of the channel that *rest* names, else all of them."""
        schedules = await self.store.schedules.of_channel(request.team_id, request.channel_id)
        return take_name(rest, schedules)[0] or schedules

    async def _back(self, request: Request, schedule_id: str, words: str) -> Message | None:
        """Return that the schedule is again what *words* order; None if it is not."""
        schedule = await self.store.schedules.get(request.team_id, schedule_id)
        if schedule is None or write_order(order_of(schedule)) != words:
            return None
        return views.is_back(schedule, (await self.schedules.coming([schedule])).get(schedule.id))

    async def joined(self, press: Press, respond: AsyncRespond) -> None:
        """Join the channel and set up the schedule that was asked for."""
        by = await self.slack.directory.full_member(press.team_id, press.user_id)
        request = replace(press, channel_id=press.place)
        await self.slack.directory.join(request.channel_id, by=by)
        shown = await self._answer(request, "on", press.value.words)
        await answer(respond, shown, replace=True)

    async def page(self, press: Press, respond: AsyncRespond) -> None:
        """Show another page of the list."""
        shown = await self.schedules.of_team(press.team_id, press.user_id, page=press.value.place)
        await answer(respond, shown, replace=True)

    async def change(self, press: Press, respond: AsyncRespond) -> None:
        """Do what was chosen from the menu of a schedule in a list."""
        by = await self.slack.directory.full_member(press.team_id, press.user_id)
        schedule = await self.actions.schedule(press.team_id, press.value)
        word, _, mark = press.value.words.removeprefix(LIST).partition(":")
        chosen = MenuWord.read(word)
        # The form shows what the schedule is now.
        if chosen is not MenuWord.EDIT and not fingerprint([schedule]).startswith(mark):
            raise ChangedError
        match chosen:
            case MenuWord.EDIT:
                await self.actions.rights.require(schedule, by)
                await self.form.open(press, schedule.channel_id, schedule)
                return
            case MenuWord.END:
                shown = await self.actions.off(schedule, by=by)
            case MenuWord.SKIP:
                shown = await self.actions.skip_next(schedule, by=by)
            case MenuWord.PAUSE:
                shown = await self.actions.pause(schedule, FOREVER, by=by)
            case MenuWord.RESUME:
                shown = await self.actions.resume(schedule, by=by)
            case None:
                raise ParleyError(STALE)
            case _:
                assert_never(chosen)
        await answer(respond, await self._named(schedule, shown))
        team_id, user_id, channel_id = press.team_id, press.user_id, schedule.channel_id
        if press.value.words.startswith(LIST):
            listed = await self.schedules.of_team(team_id, user_id)
        else:
            listed = await self.schedules.of_channel(team_id, user_id, channel_id) or message(
                f"<#{channel_id}> has no schedule any more."
            )
        await answer(respond, listed, replace=True)

    async def _named(self, schedule: Schedule, shown: Message) -> Message:
        """Return the answer, with the schedule's name if it is one of several in its channel."""
        schedules = await self.store.schedules.of_channel(schedule.team_id, schedule.channel_id)
        is_one_of_several = len(schedules) > 1 and schedule.id in {one.id for one in schedules}
        return views.about(schedule, shown) if is_one_of_several else shown

    async def _answer(
        self, request: Request, typed: str, rest: str, schedule_id: str = ""
    ) -> Message:
        """Run a command, about the schedule with *schedule_id* or about the one that it names."""
        word = DigestWord.read(typed)
        if word is None or word.is_look_up:
            await self.slack.directory.require_reader(request.team_id, request.user_id)
        match word:
            case None:
                return await self._guess(request, typed, rest)
            case DigestWord.ON:
                return await self._on(request, rest, schedule_id)
            case DigestWord.TALK | DigestWord.LIST if more := as_typed(readable(rest)).strip():
                return schedule_questions.no_more_words(word, more)
            case DigestWord.LIST:
                return await self.schedules.of_team(request.team_id, request.user_id)
            case DigestWord.HELP:
                return schedule_questions.digest_help(self._topics())
            case DigestWord.TALK:
                return await self.talk.of_channel(request)
            case DigestWord.NEXT | DigestWord.PREVIEW:
                return await self._look(request, word, as_typed(rest).strip(), schedule_id)
            case _:
                return await self._for_each(request, word, as_typed(rest).strip(), schedule_id)

    async def _guess(self, request: Request, word: str, rest: str) -> Message:
        """Answer words that begin with no sub-command: an order, small talk, or a mistyped word."""
        said = f"{word} {rest}".strip()
        of = request.team_id, request.user_id, request.channel_id
        # After the command, "move to Friday" needs no "it".
        for order in (said, f"{word} it {rest}") if word.lower() in MOVE else (said,):
            if shown := await self.orders.answer(*of, order):
                return shown
        today = self.options.clock().date()
        corrected, talk = guess_command(word, rest, today=today), small_talk(said)
        if talk is SmallTalk.NEXT:
            return await self._look(request, DigestWord.NEXT, "", "")
        schedules = await self.store.schedules.of_channel(request.team_id, request.channel_id)
        guess, _, words = corrected.partition(" ")
        named, words = take_name(words, schedules)
        if talk and not is_understood(f"{guess} {words}".strip(), today=today):
            where = where_of(request.channel_id)
            return await self.schedules.small_talk(
                talk, *of, said, examples=self._topics(), where=where
            )
        # A button would cut off longer words.
        is_whole = len(corrected) <= MOST_WORDS
        return schedule_questions.digest_help(
            self._topics(),
            unknown=word,
            correction=corrected if is_whole else None,
            meant=named or schedules,
        )

    async def _look(
        self, request: Request, word: DigestWord, rest: str, schedule_id: str
    ) -> Message:
        """Run `next` or `preview`."""
        schedules, words = await self.which.named(request, rest, schedule_id)
        if asked := ask_for_unknown(schedules, word, words):
            return asked
        if len(schedules) > 1 and word is DigestWord.NEXT:
            return await self._next_of_all(schedules, request.user_id)
        if len(schedules) > 1:
            return schedule_questions.which(schedules, word, "")
        (schedule,) = schedules
        if word is DigestWord.NEXT:
            return await self._named(schedule, await self._next(schedule, request.user_id))
        return await self._named(schedule, await self._preview(schedule))

    def _topics(self) -> list[str]:
        return [topic.name for topic in self.store.corpus.topics[:2]]

    async def _for_each(
        self, request: Request, word: Change, rest: str, schedule_id: str
    ) -> Message:
        """Run the sub-command *word* for the schedule that it is about, or ask which that is."""
        by = await self.slack.directory.full_member(request.team_id, request.user_id)
        schedules, words = await self.which.named(request, rest, schedule_id)
        if asked := ask_for_unknown(schedules, word, words):
            return asked
        is_named = words != rest
        if len(schedules) > 1 and (not is_named or word in (DigestWord.RESUME, DigestWord.UNSKIP)):
            schedules = await self.which.likely(schedules, word, words, by)
        if len(schedules) > 1 and not (is_named and word.is_for_all):
            return schedule_questions.which(schedules, word, words, takes_all=word.is_for_all)
        if word is DigestWord.UNSKIP and not words and _ALL.search(rest):
            words = "all"
        answers = []
        for schedule in schedules:
            try:
                shown = await self._change(schedule, request, word, words, by)
            except ParleyError as error:
                if len(schedules) == 1:
                    raise
                shown = message(str(error))
            answers.append(shown)
        if len(answers) == 1:
            return await self._named(schedules[0], answers[0])
        every = await self.store.schedules.of_channel(request.team_id, request.channel_id)
        others = [one for one in every if one.id not in {named.id for named in schedules}]
        each = map(views.one_of_several, schedules, answers)
        return views.joined([*each, *schedule_questions.untouched(others)])

    async def _change(
        self, schedule: Schedule, request: Request, word: Change, rest: str, by: FullMember
    ) -> Message:
        """Run the sub-command *word* with its arguments *rest*."""
        match word:
            case DigestWord.NOW:
                return await self._now(schedule, request, rest, by)
            case DigestWord.SKIP | DigestWord.UNSKIP:
                return await self._skip(schedule, request, word, rest, by)
            case DigestWord.PAUSE:
                return await self._pause(schedule, rest, by)
            case DigestWord.OFF | DigestWord.RESUME if rest:
                return readings.ask_what_for(word, rest, schedule, self.actions.today(schedule))
            case DigestWord.RESUME:
                return await self.actions.resume(schedule, by=by)
            case DigestWord.OWNER:
                to, sure = _person(rest, by), request.is_confirmed
                return await self.actions.hand_over(schedule, to, by=by, is_confirmed=sure)
            case DigestWord.OFF:
                return await self.actions.off(schedule, by=by, is_confirmed=request.is_confirmed)
            case _:
                assert_never(word)

    async def _skip(
        self, schedule: Schedule, request: Request, word: Change, rest: str, by: FullMember
    ) -> Message:
        """Skip the posts that *rest* names, or the next one; or undo that if *word* is `unskip`."""
        try:
            posts = parse_posts(rest, today=self.actions.today(schedule))
        except UnclearError as error:
            allowed = await self.actions.allowed(schedule, error.readings, by=by)
            return ask(str(error), readings.choices(allowed, word), schedule)
        except ParleyError:
            if word is DigestWord.SKIP or not _ALL.fullmatch(rest):
                raise
            posts = await self.actions.skipped(schedule)
        number, dates = (posts, ()) if isinstance(posts, int) else (1, posts)
        if not dates:
            # Without a date, a repeated request would skip one more post.
            key = f"{schedule.id}:{word}:{request.once}"
            await require_first(
                self.store.idempotency, request.team_id, key, now=self.options.clock()
            )
        if word is DigestWord.UNSKIP:
            if not rest and len(skipped := await self.actions.skipped(schedule)) > 1:
                return readings.ask_which_to_unskip(skipped, schedule)
            return await self.actions.unskip(schedule, dates, number=number, by=by)
        dates = dates or await self.actions.next_dates(schedule, number)
        return await self.actions.skip(schedule, dates, by=by)

    async def _pause(self, schedule: Schedule, rest: str, by: FullMember) -> Message:
        until = FOREVER
        try:
            if rest.lower() not in ENDLESS:
                until = parse_until(rest, today=self.actions.today(schedule))
        except UnclearError as error:
            if not error.readings:
                raise
            question = str(error)
            due: list[tuple[date, ...]] = []
            ends = [dates[0] for dates in error.readings]
            if not is_until(rest):
                due = [
                    dates
                    for dates in error.readings
                    if any([await self.actions.is_due(schedule, on) for on in dates])
                ]
                ends = [on for on in ends if on > schedule.next.due_on]
                if not (due or ends):
                    raise ParleyError(self.actions.no_post(schedule, error.readings[0])) from None
            skipped = {*await self.actions.skipped(schedule)}
            done = [dates for dates in due if skipped.issuperset(dates)]
            due = [dates for dates in due if dates not in done]
            offered: list[tuple[date, ...] | date] = [*due, *ends]
            allowed = await self.actions.allowed(schedule, offered, by=by)
            choices = [
                *readings.choices([dates for dates in due if dates in allowed], "skip"),
                *readings.choices([(on,) for on in ends if on in allowed], "pause"),
            ]
            if not ends and await self.actions.rights.may_change(schedule, by):
                # No post comes before that day, so a pause from then on can begin now.
                choices.append(("Pause from then on", "pause"))
                question = "Do you mean to leave that out, or to pause from then on?"
            if done:
                if not due:
                    question = "Do you mean a pause?" if choices else ""
                days = " and ".join(map(format_dates, done))
                question = f"The post of {days} is skipped already. {question}".rstrip()
            return ask(question, choices, schedule)
        return await self.actions.pause(schedule, until, by=by)

    async def _on(self, request: Request, words: str, schedule_id: str) -> Message:
        """Set up a schedule: a new one, or with *schedule_id* that one.

        Words that name a schedule of the channel change only what they say. Without a name, the
        only schedule is replaced by one of the same kind; else a person decides.
        """
        by = await self.slack.directory.full_member(request.team_id, request.user_id)
        zone = await self.slack.directory.zone(request.team_id, request.user_id)
        now = self.options.clock()
        schedules = await self.store.schedules.of_channel(request.team_id, request.channel_id)
        named, rest = (None, words) if schedule_id else take_whole_name(words, schedules)
        times = [rest] if named or schedule_id else one_time_each(rest)
        try:
            base = without_default_name(order_of(named)) if named else None
            orders = [parse_order_at(each, zone=zone, now=now, base=base) for each in times]
        except ParleyError as error:
            if asked := ask_for_unnamed(error, rest, schedules, zone=zone, now=now):
                return asked
            if not isinstance(error, UnclearError):
                raise
            if len(times) > 1:
                raise ParleyError(f"{error} Type all the times again, with that.") from None
            by_id = (one for one in schedules if one.id == schedule_id)
            return readings.ask_which_order(error, named or next(by_id, None), now=now)
        if is_direct(request.channel_id):
            raise ParleyError(ONLY_CHANNELS)
        if offer := await self._offer_to_join(request, words):
            return offer
        return await self._start(request, orders, by, schedules, named, schedule_id)

    async def _offer_to_join(self, request: Request, words: str) -> Message | None:
        """Return an offer to join the channel and start there; None if Parley can post there."""
        try:
            await self.slack.directory.require_parley_in(request.team_id, request.channel_id)
        except NotReadyError as error:
            can_join = await self.slack.directory.can_join(request.team_id, request.channel_id)
            if not can_join or len(words) > MOST_WORDS:
                raise
            return question.offer_to_join(
                str(error),
                "Join and start it",
                Action.DIGEST_JOIN,
                Value(words=words, channel_id=request.channel_id),
            )
        return None

    async def _start(
        self,
        request: Request,
        orders: Sequence[Order],
        by: FullMember,
        schedules: Sequence[Schedule],
        named: Schedule | None,
        schedule_id: str,
    ) -> Message:
        """Start *orders*, which change the schedule *named* or with *schedule_id*, or ask first."""
        if not (named or schedule_id):
            same = [one for one in schedules if any(is_same(each, one) for each in orders)]
            orders = [each for each in orders if not any(is_same(each, one) for one in same)]
            if not orders:
                raise ParleyError(schedule_questions.is_there(same[0]))
        if len(orders) > 1:
            return readings.offer_several(orders, schedules)
        (order,) = orders
        if not (named or order.name or schedule_id):
            theirs = [one for one in schedules if await self.actions.rights.may_change(one, by)]
            is_other = any(one.kind is not order.kind for one in schedules)
            if schedules and (len(schedules) > 1 or is_other or not theirs):
                return schedule_questions.add_or_replace(order, schedules, theirs)
            named = schedules[0] if schedules else None
        return await self.actions.set_up(
            request.channel_id,
            order=order,
            by=by,
            schedule_id=schedule_id or (named.id if named else ""),
            is_confirmed=request.is_confirmed,
            changed_by=request.undoes,
            mark=request.once,
        )

    async def _next(self, schedule: Schedule, user_id: UserId) -> Message:
        upcoming = await self.store.planning.upcoming(schedule, _UPCOMING)
        last = await self.store.posts.last_scheduled(schedule, now=self.options.clock())
        chosen = await self.store.planning.preview(schedule, now=self.options.clock())
        zone = await self.slack.directory.zone(schedule.team_id, user_id)
        return views.coming(schedule, upcoming, zone=zone, last=last, chosen=chosen)

    async def _next_of_all(self, schedules: Sequence[Schedule], user_id: UserId) -> Message:
        zone = await self.slack.directory.zone(schedules[0].team_id, user_id)
        every: list[tuple[Schedule, UpcomingPost]] = []
        needed = []
        for schedule in schedules:
            upcoming = await self.store.planning.upcoming(schedule, _UPCOMING)
            every += [(schedule, post) for post in upcoming]
            # What is skipped is shown, and the next post of each, however late it comes.
            skipped = [*takewhile(lambda post: post.skip_reason, upcoming)]
            next_post = upcoming[len(skipped) : len(skipped) + 1]
            needed += [(schedule, post) for post in (*skipped[:_MOST_SKIPPED], *next_post)]
        every.sort(key=_due_at)
        others = [pair for pair in needed if pair not in every[:_UPCOMING]]
        coming = sorted(every[:_UPCOMING] + others, key=_due_at)
        return views.coming_of_all(coming, schedules, zone=zone)

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
        if rest and not is_todays and rest.lower() != AGAIN:
            raise ParleyError(
                f"It is `{Command.DIGEST} now` for one more, or `{Command.DIGEST} now today` as"
                " today's."
            )
        if is_todays:
            await self.actions.require_todays(schedule)
        key = f"{schedule.id}:now:{request.once}"
        if not rest and await self.store.posts.is_extra_since(
            schedule, self.options.clock() - _MOMENT, but=key
        ):
            return ask(
                "I posted an extra one less than a minute ago. Do you want another one?",
                [("Post another one", f"now {AGAIN}")],
                schedule,
            )
        await self.slack.posting.now(schedule, by=by, key=None if is_todays else key)
        upcoming = await self.store.planning.upcoming(schedule, 1)
        return views.posted_now(schedule, upcoming, is_todays=is_todays)


def _due_at(coming: tuple[Schedule, UpcomingPost]) -> datetime:
    return coming[1].occurrence.due_at


def _person(words: str, by: FullMember) -> UserId:
    """Return the person whom *words* mention; `me` is *by*."""
    if words.lower() == "me":
        return by.user_id
    if not (found := MENTION.fullmatch(words)):
        raise ParleyError(
            f"Who? As in `{Command.DIGEST} owner @name`: type @, choose a person, then send it."
        )
    return UserId(found["user"])
