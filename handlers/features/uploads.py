"""Uploads: documents that admins send in a direct message, to check and add to the corpus."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.features.dependencies import Options, Slack
from handlers.features.sources import SourcesAdmin
from handlers.mrkdwn import plain
from handlers.slack.background import answer
from handlers.slack.button_press import Press
from handlers.slack.payloads import Context, Event
from handlers.slack.progress import notify_progress
from handlers.views import corpus as views
from handlers.views import preview
from handlers.views.message import Message
from store import Store, samples
from store.loading.documents import ENDINGS, ending_of
from store.text import legible, well_formed
from store.types import CorpusInvalidError, ParleyError, TeamId, UserId

_NAME = re.compile(r"[\w()+,-][\w .()+,-]{0,99}")
_LISTED = ", ".join(ending for ending in ENDINGS if not ending.endswith(".gz"))


async def is_upload(event: Event) -> bool:
    """Return whether a message event is a file shared in a direct message with Parley."""
    return event.get("channel_type") == "im" and event.get("subtype") == "file_share"


@dataclass(frozen=True, slots=True, eq=False)
class Uploads:
    """The listeners for documents in direct messages, for admins only."""

    store: Store
    slack: Slack
    options: Options
    sources: SourcesAdmin

    async def shared(self, event: Event, context: Context) -> None:
        """Check each shared file, and offer to add it."""
        team_id = context["team_id"]
        respond = self.slack.responders.direct(team_id, event["channel"], event.get("thread_ts"))
        for file in event.get("files", []):
            work = self._check(file["id"], team_id, event["user"], respond)
            self.slack.background.start(work, respond)

    async def add(self, press: Press, respond: AsyncRespond) -> None:
        """Write the document to the corpus folder and load it; undo the write if nothing loads."""
        await self.slack.directory.require_corpus_admin(press.team_id, press.user_id)
        name, data = await self._file(press.team_id, press.value.words)
        folder, now = self.options.corpus_path, self.options.clock()
        if why_not := await asyncio.to_thread(why_unwritable, folder):
            raise ParleyError(why_not)
        path = folder / name
        before = await asyncio.to_thread(_swap, path, data)
        try:
            by = self.slack.directory.name(press.team_id, press.user_id)
            reload = await self.store.corpus.reload(folder, by=by, at=now)
        except BaseException as error:
            await asyncio.to_thread(_swap, path, before)
            if not isinstance(error, CorpusInvalidError):
                raise
            shown = views.invalid(error.problems)
        else:
            if reload.problems and not reload.is_changed:
                # The document cannot be loaded where it is, and it could when it was offered.
                await asyncio.to_thread(_swap, path, before)
                shown = views.invalid(reload.problems)
            else:
                shown = views.reloaded(reload)
        await answer(respond, shown, replace=True)

    async def _check(
        self, file_id: str, team_id: TeamId, user_id: UserId, respond: AsyncRespond
    ) -> None:
        await self.slack.directory.require_corpus_admin(team_id, user_id)
        if await self._is_list(team_id, file_id):
            await answer(respond, await self._add_list(file_id, team_id, user_id), replace=True)
            return
        name, data = await self._file(team_id, file_id)
        with TemporaryDirectory(prefix="parley-") as temporary:
            extra = Path(temporary) / name
            await asyncio.to_thread(extra.write_bytes, data)
            try:
                async with notify_progress(respond) as progress:
                    check = await self.store.corpus.check(
                        self.options.corpus_path,
                        at=self.options.clock(),
                        extra=extra,
                        progress=progress,
                    )
            except CorpusInvalidError as error:
                shown = views.invalid(error.problems, of="this document")
            else:
                why_not = await asyncio.to_thread(why_unwritable, self.options.corpus_path)
                shown = preview.dropped(check, name, file_id, team_id=team_id, why_not=why_not)
        await answer(respond, shown, replace=True)

    async def _is_list(self, team_id: TeamId, file_id: str) -> bool:
        """Return whether the file is a list of feeds, by its name."""
        file = await self.slack.files.describe(team_id, file_id)
        return str(file["name"]).lower().endswith(".opml")

    async def _add_list(self, file_id: str, team_id: TeamId, user_id: UserId) -> Message:
        file = await self.slack.files.describe(team_id, file_id)
        data = await self.slack.files.read(team_id, file)
        return await self.sources.add_list(data, team_id, user_id)

    async def _file(self, team_id: TeamId, file_id: str) -> tuple[str, bytes]:
        """Return the file's name and content; raises `ParleyError` for an unsuitable name."""
        file = await self.slack.files.describe(team_id, file_id)
        name = well_formed(file["name"])
        if not ending_of(name) or not _NAME.fullmatch(name):
            raise ParleyError(
                f"I can't take “{plain(legible(name), 100)}”. I take documents with a plain name"
                f" that ends in {_LISTED}, and lists of feeds in .opml."
            )
        return name, await self.slack.files.read(team_id, file)


def why_unwritable(folder: Path) -> str:
    """Return why no document can be added to *folder*; empty if one can.

    It must exist, and not be the folder of the sample stories.
    """
    if folder.is_dir() and folder.resolve() != samples.STARTER.resolve():
        return ""
    return "There is no folder of yours to add it to: set `CORPUS_DIR` to one, and start me again."


def _swap(path: Path, data: bytes | None) -> bytes | None:
    """Write *data* to the file, or delete it if None; return the previous content or None."""
    try:
        before = path.read_bytes() if path.is_file() else None
        if data is None:
            path.unlink(missing_ok=True)
        else:
            # Write to a hidden file first, so that nobody reads half a document.
            part = path.with_name(f".{path.name}.part")
            part.write_bytes(data)
            part.replace(path)
    except OSError as error:
        raise ParleyError(
            f"I can't write in the corpus folder: {(error.strerror or '').lower()}."
        ) from error
    return before
