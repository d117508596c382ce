"""/corpus: what is loaded, and loading it anew; for admins."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.background import Background, answer
from handlers.directory import Directory
from handlers.progress import told
from handlers.views import corpus as views
from handlers.views import preview
from handlers.views.message import Message
from store.corpus import Corpus
from store.types import CorpusInvalidError


class CorpusAdmin:
    """Answers `/corpus`, to admins only."""

    def __init__(
        self,
        corpus: Corpus,
        directory: Directory,
        background: Background,
        *,
        path: Path,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the *path* of the folder that a reload reads."""
        self._corpus = corpus
        self._directory = directory
        self._background = background
        self._path = path
        self._clock = clock

    async def command(self, ack: AsyncAck, command: dict[str, Any], respond: AsyncRespond) -> None:
        """Do what the first word says."""
        await ack()
        self._background.start(self._run(command, respond), respond)

    async def _run(self, command: dict[str, Any], respond: AsyncRespond) -> None:
        await self._directory.require_admin(command["user_id"])
        words = (command.get("text") or "").lower().split()
        match words:
            case ["status"]:
                shown = views.status(self._corpus.revision)
            case ["check"]:
                shown = await self._check(respond)
            case ["reload"]:
                shown = await self._reload(command["user_id"], respond)
            case ["undo"]:
                shown = await self._undo(command["user_id"], respond)
            case ["history"]:
                shown = preview.history(await self._corpus.history())
            case [] | ["help"]:
                shown = views.corpus_help()
            case _:
                shown = views.corpus_help(unknown=" ".join(words))
        await answer(respond, shown)

    async def _check(self, respond: AsyncRespond) -> Message:
        try:
            async with told(respond) as progress:
                check = await self._corpus.check(self._path, progress=progress)
        except CorpusInvalidError as error:
            return views.invalid(error.problems)
        return preview.checked(check)

    async def _reload(self, user_id: str, respond: AsyncRespond) -> Message:
        try:
            async with told(respond) as progress:
                reload = await self._corpus.reload(
                    self._path, by=user_id, at=self._clock(), progress=progress
                )
        except CorpusInvalidError as error:
            return views.invalid(error.problems)
        return views.reloaded(reload)

    async def _undo(self, user_id: str, respond: AsyncRespond) -> Message:
        async with told(respond) as progress:
            revision = await self._corpus.undo(by=user_id, at=self._clock(), progress=progress)
        return preview.restored(revision)
