"""What /corpus answers."""

from collections.abc import Sequence

from handlers.ids import Command
from handlers.mrkdwn import plain
from handlers.views.message import Message, message, section
from handlers.views.preview import when, who
from store.corpus import Reload
from store.types import Problem, Revision

_SHOWN = 10


def corpus_help(*, unknown: str | None = None) -> Message:
    """Explain /corpus; *unknown* is what was typed and not understood."""
    lead = f"I do not know “{plain(unknown, 100)}”. " if unknown else ""
    text = (
        f"{lead}For admins:\n• `{Command.CORPUS} status`: what is loaded"
        f"\n• `{Command.CORPUS} check`: what a reload would change, before it does"
        f"\n• `{Command.CORPUS} reload`: read the corpus folder again"
        f"\n• `{Command.CORPUS} undo`: bring back what was loaded before"
        f"\n• `{Command.CORPUS} history`: who changed how much, and when"
    )
    return message(text, [section(text)])


def status(revision: Revision | None) -> Message:
    """Say what is loaded."""
    if revision is None:
        return message(f"Nothing is loaded yet: `{Command.CORPUS} reload` reads the corpus folder.")
    text = (
        f"{_size(revision)} are loaded: revision {revision.number}, {when(revision)},"
        f" {who(revision)}."
    )
    return message(text, [section(text)])


def reloaded(reload: Reload) -> Message:
    """Say what a reload changed."""
    revision = reload.revision
    if reload.is_changed:
        change = f"{reload.added} added, {reload.edited} edited, {reload.removed} removed"
        text = f"Reloaded: {_size(revision)}, {change}. This is revision {revision.number}."
    else:
        text = f"Nothing has changed: still revision {revision.number}, {_size(revision)}."
    if reload.ignored:
        text += f" {_count(reload.ignored, 'file')} of another kind ignored."
    return message(text, [section(text)])


def invalid(problems: Sequence[Problem]) -> Message:
    """Name what kept a corpus from being loaded."""
    text = f"The corpus stays as it was: {_count(len(problems), 'problem')} in the folder."
    lines = [f"• {plain(str(problem), 250)}" for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"… and {len(problems) - _SHOWN} more")
    return message(f"{text}\n" + "\n".join(lines), [section(text), section("\n".join(lines))])


def _size(revision: Revision) -> str:
    return f"{_count(revision.documents, 'document')} with {_count(revision.articles, 'story')}"


def _count(number: int, noun: str) -> str:
    plural = {"story": "stories"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"
