"""Everything that speaks Slack: listeners parse, ask the store, render, and ack or respond.

`register` below is the complete list of what Parley listens to. Each feature is one file, its
command beside its buttons; `views` draws, `posting` sends, `ids` names.
"""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from slack_bolt.async_app import AsyncApp

from handlers.background import Background
from handlers.brief import Brief
from handlers.corpus import CorpusAdmin
from handlers.digest import Digest
from handlers.directory import Directory
from handlers.discuss import Discuss
from handlers.dropped import Dropped, is_dropped
from handlers.errors import on_error
from handlers.files import Files
from handlers.ids import Action, Command
from handlers.organise import Organise
from handlers.posting import Posting
from handlers.press import Pressed, on_press
from store import Store


def register(
    app: AsyncApp,
    *,
    store: Store,
    posting: Posting,
    directory: Directory,
    background: Background,
    files: Files,
    corpus_path: Path,
    clock: Callable[[], datetime],
) -> None:
    """Register every listener; the hottest first, since Bolt tries them in order."""
    brief = Brief(store, posting)
    discuss = Discuss(store, posting)
    organise = Organise(store, posting, directory, clock)
    digest = Digest(store, posting, organise, directory, background, clock)
    dropped = Dropped(store.corpus, files, directory, background, path=corpus_path, clock=clock)
    corpus = CorpusAdmin(store.corpus, directory, background, path=corpus_path, clock=clock)

    def pressed(action: str | re.Pattern[str], listener: Pressed) -> None:
        app.block_action(action)(on_press(background, listener))

    app.command(Command.BRIEF)(brief.command)
    app.command(Command.DISCUSS)(discuss.command)
    app.command(Command.DIGEST)(digest.command)
    app.command(Command.CORPUS)(corpus.command)

    pressed(Action.BRIEF_NEXT, brief.show)
    pressed(re.compile(rf"^{Action.BRIEF_TOPIC}_\d+$"), brief.show)
    pressed(Action.BRIEF_PICK, brief.pick)
    pressed(Action.BRIEF_SHARE, brief.share)
    pressed(Action.BRIEF_DISCUSS, brief.discuss)
    pressed(Action.DISCUSS_POST, discuss.post)
    pressed(Action.DISCUSS_ANOTHER, discuss.another)
    pressed(Action.POST_MORE, organise.menu)
    pressed(Action.POST_AGAIN, organise.post_again)
    pressed(Action.POST_SEEN, organise.post_seen)
    pressed(Action.DIGEST_RESUME, organise.resume_pressed)

    pressed(Action.CORPUS_ADD, dropped.add)
    app.event("message", matchers=[is_dropped])(dropped.shared)

    app.error(on_error)
