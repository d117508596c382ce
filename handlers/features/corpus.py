"""/corpus: status, check, reload, undo and search misses, for admins."""

import asyncio
import re
from dataclasses import dataclass, replace
from typing import assert_never

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import STALE
from handlers.features.dependencies import Options, Slack
from handlers.features.sources import SourcesAdmin
from handlers.ids import Command
from handlers.mrkdwn import typed_words, unescape
from handlers.parsing.sub_commands import CorpusWord
from handlers.slack.background import answer
from handlers.slack.button_press import Press, Pressed, Request
from handlers.slack.error_replies import require_first, sentence
from handlers.slack.payloads import SlashCommand
from handlers.slack.progress import notify_progress
from handlers.views import corpus as views
from handlers.views import preview
from handlers.views.message import Message
from handlers.views.modal import window
from store import Store
from store.loading.documents import read_corpus
from store.types import CorpusInvalidError, ParleyError, TeamId, UserId
from store.version import VERSION

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class CorpusAdmin:
    """The listeners for `/corpus` and its buttons in App Home, for admins only.

    Every answer comes from `_answer`, which checks the permission. If several workspaces share the
    corpus, admins see only what belongs to their workspace; those in ADMIN_USER_IDS see
    everything.
    """

    store: Store
    slack: Slack
    options: Options
    sources: SourcesAdmin

    async def command(self, ack: AsyncAck, command: SlashCommand, respond: AsyncRespond) -> None:
        """Answer `/corpus`: the first word says what to do."""
        request = Request.of_command(command)
        respond = self.slack.responders.lasting(respond, request.team_id, request.user_id)

        async def work() -> None:
            text = command.get("text") or ""
            typed = typed_words(text)
            if typed.split()[:1] == [CorpusWord.SOURCES]:
                # Addresses and names of feeds have quotation marks of their own.
                typed = " ".join(unescape(text).split())
            await answer(respond, await self._answer(typed, request, respond))

        await ack()
        self.slack.background.start(work(), respond)

    def pressed(self, word: CorpusWord) -> Pressed:
        """Return a listener for a button in App Home that does what `/corpus` does for *word*."""

        async def listener(press: Press, respond: AsyncRespond) -> None:
            await self._press(word, press, respond)

        return listener

    async def menu(self, press: Press, respond: AsyncRespond) -> None:
        """Do what was chosen from the menu in App Home."""
        if press.value.words not in dict(views.MENU):
            raise ParleyError(STALE)
        await self._press(press.value.words, press, respond)

    async def _press(self, word: str, press: Press, respond: AsyncRespond) -> None:
        await self.slack.directory.require_admin(press.team_id, press.user_id)
        # Reading a folder can take longer than a trigger is valid, so open the modal first.
        view = window(views.waiting())
        waiting = await self.slack.responders.open(press.team_id, press.trigger_id, view)
        if waiting:
            respond = self.slack.responders.modal(press.team_id, waiting)
        try:
            await answer(respond, await self._answer(word, press, respond))
        except Exception as error:  # noqa: BLE001 -- `sentence` logs it
            await answer(respond, Message(text=sentence(error), blocks=[]))

    async def _answer(self, typed: str, request: Request, respond: AsyncRespond) -> Message:
        first, _, rest = typed.partition(" ")
        word = CorpusWord.read(first)
        if word and word.is_shared:
            await self.slack.directory.require_corpus_admin(request.team_id, request.user_id)
        else:
            await self.slack.directory.require_admin(request.team_id, request.user_id)
        if word is None or (rest and word not in (CorpusWord.SOURCES, CorpusWord.UNDO)):
            return views.corpus_help(unknown=typed)
        return await self._run(word, rest, request, respond)

    async def _run(
        self, word: CorpusWord, rest: str, request: Request, respond: AsyncRespond
    ) -> Message:
        team_id, user_id = request.team_id, request.user_id
        by = self.slack.directory.name(team_id, user_id)
        match word:
            case CorpusWord.SOURCES:
                return await self.sources.answer(rest, request)
            case CorpusWord.UNDO:
                return await self._undo(rest, request, by, respond)
            case CorpusWord.STATUS:
                return await self._status(team_id, user_id)
            case CorpusWord.CHECK:
                return await self._check(team_id, respond)
            case CorpusWord.RELOAD:
                return await self._reload(by, respond)
            case CorpusWord.HISTORY:
                return await self._history()
            case CorpusWord.PROBLEMS:
                return await self._problems()
            case CorpusWord.MISSED:
                return await self._missed(team_id)
            case CorpusWord.HELP:
                return views.corpus_help()
            case _:
                assert_never(word)

    async def _missed(self, team_id: TeamId) -> Message:
        since = self.options.clock() - self.options.keep_misses
        requests = await self.store.topic_requests.list(team_id, since=since)
        searches = await self.store.misses.number(team_id, since=since)
        return views.missed(requests, searches=searches, days=self.options.keep_misses.days)

    async def _status(self, team_id: TeamId, user_id: UserId) -> Message:
        is_corpus_admin = await self.slack.directory.is_corpus_admin(team_id, user_id)
        failed_load = await self.store.failed_loads.last() if is_corpus_admin else None
        questions, characters = await self.store.articles.measure()
        topics = len(self.store.corpus.topics)
        size = views.Size(
            questions=questions,
            unasked=await self.store.articles.count_unasked(),
            topics=topics,
            characters=characters,
        )
        return views.status(
            self.store.corpus.revision,
            size,
            failed_load,
            version=VERSION,
            can_write=is_corpus_admin,
            feeds=await self.store.sources.all() if is_corpus_admin else (),
        )

    async def _check(self, team_id: TeamId, respond: AsyncRespond) -> Message:
        try:
            async with notify_progress(respond) as progress:
                check = await self.store.loads.check(
                    self.options.corpus_path, at=self.options.clock(), progress=progress
                )
        except CorpusInvalidError as error:
            return views.invalid(error.problems)
        return preview.checked(check, team_id=team_id)

    async def _reload(self, by: str, respond: AsyncRespond) -> Message:
        try:
            async with notify_progress(respond) as progress:
                reload = await self.store.loads.reload(
                    self.options.corpus_path, by=by, at=self.options.clock(), progress=progress
                )
        except CorpusInvalidError as error:
            return views.invalid(error.problems)
        return views.reloaded(reload)

    async def _undo(self, typed: str, request: Request, by: str, respond: AsyncRespond) -> Message:
        if typed and not _NUMBER.fullmatch(typed):
            raise ParleyError(
                f"The number of a revision comes after undo: `{Command.CORPUS} undo 3`."
            )
        if isinstance(request, Press):
            newest = await self.store.loads.history(1)
            if request.value.key != preview.mark(newest):
                # The press would take back a change that its history does not show.
                return await self._history(has_changed=True)
        number = int(typed) if typed else None
        now, once = self.options.clock(), request.trigger_id
        await require_first(self.store.idempotency, request.team_id, once, now=now)
        async with notify_progress(respond) as progress:
            revision = await self.store.loads.undo(
                by=by,
                at=self.options.clock(),
                number=number,
                team_id=request.team_id,
                progress=progress,
            )
        return preview.restored(
            revision, await self.store.sources.stories(), is_watched=self.options.is_watched
        )

    async def _history(self, *, has_changed: bool = False) -> Message:
        name = self.slack.directory.name
        return preview.history(
            [
                replace(one, loaded_by=name(*one.author)) if one.author else one
                for one in await self.store.loads.history()
            ],
            has_changed=has_changed,
        )

    async def _problems(self) -> Message:
        try:
            contents = await asyncio.to_thread(read_corpus, self.options.corpus_path)
        except CorpusInvalidError as error:
            return views.invalid(error.problems)
        return views.problems(contents)
