"""Messages about reloads: preview, progress, undo and history."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from handlers.button_value import Value
from handlers.ids import Action, Command
from handlers.mrkdwn import date, plain
from handlers.views.blocks import actions, button, section
from handlers.views.message import Message, counted, message
from store.loading.check import Check, Effect
from store.loading.near_duplicates import NearDuplicate, NearDuplicates
from store.progress import Progress
from store.types import SOMEBODY, Revision, TeamId

_SHOWN = 5
_SCHEDULES = 10


def checked(check: Check, *, team_id: TeamId) -> Message:
    """Render what a reload would change, and its effects on the schedules."""
    if not check.is_changed:
        text = "Nothing would change: the folder is what is loaded."
        return message(text, [section(text), *map(section, _notes(check, team_id))])
    counts = check.counts
    text = (
        f"A reload would change this: documents: {len(check.added):,} added,"
        f" {len(check.edited):,} edited, {len(check.removed):,} removed; stories:"
        f" {counts.added:,} added, {counts.edited:,} edited, {counts.moved:,} moved,"
        f" {counts.removed:,} removed."
    )
    lines = [
        f"• *{what}*: {_some(names)}"
        for what, names in (
            ("Added", check.added),
            ("Edited", check.edited),
            ("Removed", check.removed),
            ("Headlines that come or change", check.headlines),
            ("Headlines that lose stories", check.gone),
        )
        if names
    ]
    last = f"Nothing is changed yet: `{Command.CORPUS} reload` does it."
    parts = ["\n".join(lines), *_notes(check, team_id), last]
    return message(f"{text} {last}", [section(text), *map(section, parts)])


def dropped(check: Check, name: str, file_id: str, *, team_id: TeamId) -> Message:
    """Render what an uploaded document would change, with a button that adds it."""
    shown = checked(check, team_id=team_id)
    if not check.is_changed:
        return shown
    add = button("Add it to the corpus", Action.CORPUS_ADD, Value(words=file_id), primary=True)
    text = f"*{plain(name, 150)}* has no mistakes. {shown['text']}"
    # Replace the last block, which explains `/corpus reload`, with the button.
    blocks = [*shown["blocks"][:-1], actions([add])]
    return Message(text=text, blocks=blocks)


def _notes(check: Check, team_id: TeamId) -> Iterator[str]:
    """Yield paragraphs of warnings before a reload; other teams' channels are only counted."""
    effects = list(_effects(check, team_id))
    if effects:
        yield "\n".join(("*Schedules*", *effects))
    duplicates = list(_near_duplicates(check.near_duplicates))
    if duplicates:
        yield "\n".join(("*Nearly the same*", *duplicates))
    small = []
    if check.unasked:
        small.append(f"{counted(check.unasked, 'story')} without a question: found, never asked.")
    if check.ignored:
        small.append(f"{counted(check.ignored, 'file')} hidden or of another kind ignored.")
    if check.others:
        small.append(f"No field of a story is in {_some(check.others)}.")
    if small:
        yield " ".join(small)


def _effects(check: Check, team_id: TeamId) -> Iterator[str]:
    own = [effect for effect in check.effects if effect.team_id == team_id]
    yield from map(_effect, own[:_SCHEDULES])
    others = [effect for effect in check.effects if effect.team_id != team_id]
    for whose, some in (("more", own[_SCHEDULES:]), ("of other workspaces", others)):
        if touched := sum(bool(effect.vanishing) for effect in some):
            yield f"• {counted(touched, 'schedule')} {whose}: next questions vanish"
        if calm := len(some) - touched:
            yield f"• {counted(calm, 'schedule')} {whose}: none of the next questions vanishes"
    if check.schedules > len(check.effects):
        yield f"… and {check.schedules - len(check.effects):,} that were not looked at"


def _effect(effect: Effect) -> str:
    vanish = "vanishes" if effect.vanishing < 2 else "vanish"
    return (
        f"• <#{effect.channel_id}>: {effect.vanishing or 'none'} of the next"
        f" {counted(effect.upcoming, 'question')} {vanish}; {effect.left:,} left"
    )


def _near_duplicates(duplicates: NearDuplicates) -> Iterator[str]:
    for pair in duplicates.found[:_SHOWN]:
        yield _near_duplicate(pair)
    if duplicates.count > _SHOWN:
        yield f"… and {duplicates.count - _SHOWN:,} more"
    for question, count in duplicates.repeated[:_SHOWN]:
        yield f"• asked by {count:,} of the stories that come: “{plain(question, 100)}”"
    if len(duplicates.repeated) > _SHOWN:
        yield f"… and {counted(len(duplicates.repeated) - _SHOWN, 'more such question')}"
    if duplicates.passed_over:
        yield (
            f"• the first {counted(duplicates.looked_at, 'story')} that come were compared;"
            f" {duplicates.passed_over:,} more were not"
        )


def _near_duplicate(pair: NearDuplicate) -> str:
    one, other = (
        f"{plain(article.document, 60)}, story {article.position}"
        for article in (pair.article, pair.other)
    )
    what = "question" if pair.is_question else "story"
    text = pair.article.question if pair.is_question else pair.article.summary
    return f"• the {what} of {one}, and {other}: “{plain(text, 80)}”"


def restored(revision: Revision) -> Message:
    """Render the revision that an undo restored."""
    text = (
        f"Revision {revision.restores} is back, as revision {revision.number}:"
        f" {counted(revision.articles, 'story')}; {revision.added:,} added, {revision.edited:,}"
        f" edited, {revision.removed:,} removed. `{Command.CORPUS} reload` reads the folder again."
    )
    return message(text, [section(text)])


def history(revisions: Sequence[Revision]) -> Message:
    """Render the history of revisions, latest first: who changed how much, where and when."""
    if not revisions:
        return message(f"Nothing is loaded yet: `{Command.CORPUS} reload` reads the corpus folder.")
    text = (
        f"The last changes; `{Command.CORPUS} undo` brings back the one before, and with a number"
        " the revision of that number."
    )
    lines = [*map(_revision, revisions)]
    return message("\n".join((text, *lines)), [section(text), *map(section, lines)])


def _revision(revision: Revision) -> str:
    what = f" (revision {revision.restores} again)" if revision.restores else ""
    where = f", in {_some(revision.paths, revision.touched)}" if revision.paths else ""
    return (
        f"• *{revision.number}*{what}: {counted(revision.articles, 'story')};"
        f" {revision.added:,} added, {revision.edited:,} edited,"
        f" {revision.removed:,} removed{where}; {when(revision.loaded_at)}, {who(revision)}"
    )


def who(revision: Revision) -> str:
    """Return who loaded a revision, as the end of a sentence."""
    by = revision.loaded_by
    if by == "terminal":
        return "at the terminal"
    if ":" in by:
        # A mention would show the wrong user or none if the user is in another workspace.
        return f"by {plain(by, 60)}"
    if by == SOMEBODY:
        return "by somebody"
    return "as the folder changed" if by == "folder" else f"by <@{by}>"


def when(at: datetime) -> str:
    """Return an instant that Slack shows in each reader's time zone."""
    return date(int(at.timestamp()), f"{at:%d %b %Y, %H:%M} UTC")


def under_way(progress: Progress) -> Message:
    """Render the progress of a reload."""
    how_far = f", {progress.done * 100 // progress.total} %" if progress.total else ""
    return message(f"{progress.stage or 'Starting'}{how_far} …")


def _some(names: Sequence[str], count: int | None = None) -> str:
    """Return the first of *names*, and how many more of *count* there are."""
    count = count or len(names)
    more = f" and {count - _SHOWN:,} more" if count > _SHOWN else ""
    return ", ".join(plain(name, 60) for name in names[:_SHOWN]) + more
