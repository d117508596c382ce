"""Uploads: documents that admins send in a direct message, to check and add to the corpus."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
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
from store.loading.check import Check
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
        """Load the document and write it to the corpus folder, if that does what was shown.

        Otherwise show what it would do now, with a new button.
        """
        team_id, file_id = press.team_id, press.value.words
        await self.slack.directory.require_corpus_admin(team_id, press.user_id)
        name, data = await self._file(team_id, file_id)
        folder = self.options.corpus_path
        if why_not := await asyncio.to_thread(why_unwritable, folder):
            raise ParleyError(why_not)
        path = folder / name
        before: bytes | None = None
        is_written = False

        async def write(check: Check) -> None:
            nonlocal before, is_written
            in_folder = await asyncio.to_thread(_digest, path)
            if preview.fingerprint(check, in_folder) != press.value.key:
                raise _ChangedError(
                    preview.uploaded(
                        check,
                        name,
                        file_id,
                        team_id=team_id,
                        in_folder=in_folder,
                        is_watched=self.options.is_watched,
                        has_changed=True,
                    )
                )
            before = await asyncio.to_thread(_swap, path, data)
            is_written = True

        try:
            async with _file_of(name, data) as document:
                by = self.slack.directory.name(team_id, press.user_id)
                reload = await self.store.loads.reload(
                    document, by=by, at=self.options.clock(), announce=write, is_upload=True
                )
        except BaseException as error:
            if is_written:
                await asyncio.to_thread(_swap, path, before)
            match error:
                case CorpusInvalidError():
                    shown = views.invalid(error.problems, of="this document")
                case _ChangedError():
                    shown = error.preview
                case _:
                    raise
        else:
            shown = views.reloaded(reload, document=name)
        await answer(respond, shown, replace=True)

    async def _check(
        self, file_id: str, team_id: TeamId, user_id: UserId, respond: AsyncRespond
    ) -> None:
        await self.slack.directory.require_corpus_admin(team_id, user_id)
        if await self._is_list(team_id, file_id):
            await answer(respond, await self._add_list(file_id, team_id, user_id), replace=True)
            return
        name, data = await self._file(team_id, file_id)
        folder = self.options.corpus_path
        try:
            async with _file_of(name, data) as document, notify_progress(respond) as progress:
                check = await self.store.loads.check(
                    document, at=self.options.clock(), progress=progress, is_upload=True
                )
        except CorpusInvalidError as error:
            shown = views.invalid(error.problems, of="this document")
        else:
            shown = preview.uploaded(
                check,
                name,
                file_id,
                team_id=team_id,
                in_folder=await asyncio.to_thread(_digest, folder / name),
                why_not=await asyncio.to_thread(why_unwritable, folder),
                is_watched=self.options.is_watched,
            )
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


class _ChangedError(ParleyError):
    """Raised if the button of an upload would no longer do what its message shows."""

    def __init__(self, shown: Message) -> None:
        super().__init__(shown["text"])
        self.preview = shown
        """What it would do now."""


@asynccontextmanager
async def _file_of(name: str, data: bytes) -> AsyncIterator[Path]:
    """Write *data* to a temporary file called *name*."""
    with TemporaryDirectory(prefix="parley-") as folder:
        path = Path(folder) / name
        await asyncio.to_thread(path.write_bytes, data)
        yield path


def _digest(path: Path) -> str | None:
    """Return the hash of a file's bytes, as the corpus stores it; None if there is no file."""
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


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
