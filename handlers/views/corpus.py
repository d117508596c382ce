"""Messages about the corpus, for admins."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.button_value import Value
from handlers.ids import Action, Command
from handlers.mrkdwn import code, plain
from handlers.parsing.date_format import format_date
from handlers.parsing.sub_commands import CorpusWord, SourcesWord
from handlers.parsing.words import nearest
from handlers.views import samples as sample_stories
from handlers.views import sources
from handlers.views.blocks import Block, actions, button, overflow, section
from handlers.views.message import Message, counted, message, paragraphs, sized, when
from handlers.views.preview import (
    SLACK,
    first_problems,
    listed,
    not_loaded,
    notes_on_stories,
    some,
    who,
)
from handlers.views.unasked import unasked, write_button
from store import samples
from store.corpus.loads import Reload
from store.loading.documents import CorpusFolder
from store.teams.search_misses import TopicRequest
from store.types import FailedLoad, FeedSource, Problem, Revision

_MISSED = 20
MENU = (
    (CorpusWord.STATUS, "Status"),
    (CorpusWord.SOURCES, "Feeds"),
    (CorpusWord.PROBLEMS, "Problems in the folder"),
    (CorpusWord.MISSED, "Topics that people asked for"),
    (CorpusWord.HISTORY, "History and undo"),
)
"""What the menu in App Home offers: (sub-command, label)."""

_EXAMPLES = (
    ("status", "what is loaded"),
    ("check", "what a reload would change, before it does"),
    ("reload", "read the corpus folder again"),
    ("undo", "bring back what was loaded before"),
    ("undo 3", "bring back revision 3 of the history"),
    ("history", "who changed how much, in which documents, and when"),
    ("problems", "what is wrong in the folder, before it is loaded"),
    ("sources", "the feeds that are polled, to add, pause and remove them"),
    ("missed", "topics that people asked for, and how many look-ups found nothing"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of the corpus in numbers that the revision does not hold."""

    questions: int
    unasked: int
    """How many stories have no question."""
    topics: int
    characters: int


def corpus_help(*, unknown: str | None = None) -> Message:
    """Explain /corpus; *unknown* is a sub-command that was not understood."""
    lead = f"I don't know “{plain(unknown, 100)}”. " if unknown else ""
    first, *rest = (unknown or "").split() or [""]
    first = first.lower()
    others = f"`{Command.CORPUS} help` lists the others."
    if (word := SourcesWord.read(first)) or first in ("feed", "feeds", "source", "rss"):
        # An order about feeds without the word "sources".
        meant = [first, *rest] if word else rest
        # Slack sends an address as <address> or <address|label>.
        words = [word.strip("<>").partition("|")[0] for word in ("sources", *meant)]
        typed = code(" ".join(words), 120)
        return paragraphs(f"{lead}Did you mean `{Command.CORPUS} {typed}`? {others}")
    if guess := nearest(first, [word for word, _ in _EXAMPLES]):
        return paragraphs(f"{lead}Did you mean `{Command.CORPUS} {guess}`? {others}")
    lines = "\n".join(f"• `{Command.CORPUS} {word}`: {what}" for word, what in _EXAMPLES)
    return paragraphs(f"{lead}For admins:\n{lines}")


def status(
    revision: Revision | None,
    size: Size | None = None,
    failed_load: FailedLoad | None = None,
    *,
    version: str = "",
    can_write: bool = False,
    feeds: Sequence[FeedSource] = (),
) -> Message:
    """Render the loaded revision, and why the watched folder last failed to load, if it did.

    *can_write* adds a button to the stories that have no question.
    """
    text = _loaded(revision)
    if size:
        text += (
            f" {counted(size.questions, 'different question')}, {counted(size.topics, 'topic')},"
            f" {counted(size.characters, 'character')}."
        )
    if feeds:
        text += f" {sources.summary(feeds)}"
    if version:
        text += f" Parley {plain(version)}."
    parts = [text]
    if samples.are_loaded(revision):
        parts.append(sample_stories.warning())
    if failed_load:
        parts.append(_refused(failed_load))
    buttons = []
    if size and size.unasked:
        parts.append(unasked(size.unasked))
        buttons = [write_button()] if can_write else []
    return paragraphs(*parts, buttons=buttons)


def panel(
    revision: Revision | None,
    failed_load: FailedLoad | None = None,
    *,
    stories_unasked: int = 0,
    feeds: Sequence[FeedSource] = (),
) -> list[Block]:
    """Return the admin section of App Home."""
    polled = f" {sources.summary(feeds)}" if feeds else ""
    blocks = [section(f"*Corpus* (for admins)\n{_loaded(revision)}{polled}")]
    if failed_load:
        blocks.append(section(_refused(failed_load)))
    if stories_unasked:
        blocks.append(section(unasked(stories_unasked), accessory=write_button()))
    check = button("Check", Action.CORPUS_CHECK, Value(), hint="Check what a reload would change")
    reload = button("Reload", Action.CORPUS_RELOAD, Value(), hint="Reload the corpus folder")
    menu = overflow(Action.CORPUS_MORE, [(label, Value(words=word)) for word, label in MENU])
    return [*blocks, actions(check, reload, menu)]


def waiting() -> Message:
    """Render the answer that is shown until the real one is ready."""
    return message("One moment …")


def reloaded(reload: Reload, *, document: str = "") -> Message:
    """Render the result of a reload, or of the load of one uploaded *document*."""
    revision = reload.revision
    size = sized(reload.documents, reload.articles)
    if reload.is_changed:
        lead = f"Added *{plain(document, 150)}*" if document else "Reloaded"
        text = f"{lead}: {size}, {revision.changes}."
        if reload.left:
            verb = "is" if len(reload.left) == 1 else "are"
            text += f" {some(reload.left, SLACK)} {verb} no longer in the folder."
        text += f" This is revision {revision.number}."
        if revision.removed:
            text += f" `{Command.CORPUS} undo` brings back what was there before."
    else:
        text = f"Nothing has changed: still revision {revision.number}, {size}."
    if reload.ignored:
        text += f" {counted(reload.ignored, 'file')} of another kind ignored."
    if reload.warnings:
        warnings = counted(len(reload.warnings), "warning")
        text += f" {warnings} about the documents: `{Command.CORPUS} problems` lists them."
    parts = [text, sample_stories.warning()] if samples.are_loaded(revision) else [text]
    if reload.problems:
        parts.append(not_loaded(reload.problems))
    for title, lines in notes_on_stories(reload.near_duplicates, reload.written, SLACK):
        if lines:
            parts.append("\n".join((f"*{title}*", *listed(lines, SLACK))))
    return paragraphs(*parts)


def invalid(problems: Sequence[Problem], *, of: str = "the folder") -> Message:
    """Render the problems *of* the folder or a document because of which nothing was loaded."""
    text = f"{counted(len(problems), 'problem')} in {of}; nothing was changed."
    return paragraphs(text, _lines(problems))


def problems(folder: CorpusFolder) -> Message:
    """Render what is wrong in a folder of which at least one document can be loaded."""
    found = {"problem": len(folder.problems), "warning": len(folder.warnings)}
    lead = " and ".join(counted(number, what) for what, number in found.items() if number)
    text = f"{lead or 'No problems'}. {counted(len(folder.digests), 'document')} can be loaded."
    if folder.ignored:
        text += f" {counted(folder.ignored, 'file')} of another kind would be ignored."
    parts = [_lines(folder.warnings)] if folder.warnings else []
    if folder.problems:
        parts.insert(0, not_loaded(folder.problems))
    return paragraphs(text, *parts)


def _lines(problems: Sequence[Problem]) -> str:
    return "\n".join(listed(first_problems(problems, SLACK), SLACK))


def missed(requests: Sequence[TopicRequest], *, searches: int, days: int) -> Message:
    """Render the topics that people asked for, and the number of *searches* without a match."""
    if not days:
        return message("Neither requests nor search misses are kept: MISSES_DAYS is 0.")
    number = counted(searches, "look-up") if searches else "no look-up"
    lead = (
        f"In the last {counted(days, 'day')}, {number} came back empty."
        " What people looked for is not stored unless they ask for it."
    )
    if not requests:
        return paragraphs(f"{lead} Nobody has asked for a topic.")
    lead += "\nTopics that people asked for, the latest first:"
    lines = [_request(request) for request in requests[:_MISSED]]
    if len(requests) > _MISSED:
        lines.append(f"… and {len(requests) - _MISSED} more")
    parts = ["\n".join(lines[at : at + 10]) for at in range(0, len(lines), 10)]
    return message(f"{lead}\n{parts[0]}", [section(lead), *map(section, parts)])


def _request(request: TopicRequest) -> str:
    asked = f"asked for {_times(request.requests)}, last on {format_date(request.last_on)}"
    return f"• “{plain(request.words, 120)}”: {asked}"


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number:,} times")


def _loaded(revision: Revision | None) -> str:
    if revision is None:
        return f"No stories are loaded yet: `{Command.CORPUS} reload` loads the corpus folder."
    verb = "is" if revision.documents == 1 else "are"
    return (
        f"{sized(revision.documents, revision.articles)} {verb} loaded: revision {revision.number},"
        f" {when(revision.loaded_at)}, {who(revision)}."
    )


def _refused(load: FailedLoad) -> str:
    more = f"\n… and {counted(load.more, 'problem')} more" if load.more else ""
    return (
        f":warning: Since {when(load.at)} the folder cannot be loaded completely. What could not be"
        f" read stays as it was until it is fixed:\n• {plain(str(load.problem), 500)}{more}"
        f"\n`{Command.CORPUS} problems` lists what to fix."
    )
