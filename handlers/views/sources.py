"""Messages about the sources of stories: the folder and the feeds; for admins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from handlers.button_value import Value
from handlers.ids import Action, Command
from handlers.mrkdwn import plain
from handlers.parsing.sub_commands import SourcesWord
from handlers.views.blocks import Block, Element, button, overflow, section
from handlers.views.message import Message, counted, message, paragraphs, when
from handlers.views.preview import who
from store.sources.opml import write_opml
from store.sources.sources import ListImport
from store.types import FOLDER, FeedChange, FeedSource, Health, Revision

LIST = "list"
"""The value of a button that only lists the feeds again."""
SHOWN = 8
"""How many feeds one message shows; Slack limits the size of all blocks together."""
_MOST_OPML = 2_800
"""Characters of a list that a message shows; a section holds 3,000."""

_EXAMPLES = (
    ("sources", "the feeds, and how their polls go"),
    ("sources example.com", "the feeds with that in their name or address"),
    ("sources add https://example.com/feed", "poll a feed, or the feed of a web page"),
    ("sources remove example.com", "stop polling a feed, and take its stories away"),
    ("sources pause example.com", "stop polling a feed; its stories stay"),
    ("sources resume example.com", "poll a feed again"),
    ("sources refresh example.com", "poll a feed now"),
    ("sources keep example.com 30 days", "which stay; or `2 weeks`, `100 stories` or `all`"),
    ("sources history example.com", "what its last polls changed, with numbers for an undo"),
    ("sources export", "the feeds as OPML, for another feed reader"),
)  # fmt: skip
_NAMED = 5
"""How many feeds are named if a person may mean any."""


def _how() -> str:
    return (
        f"`{Command.CORPUS} sources add ADDRESS` adds a feed or the feed of a web page; `remove`,"
        " `pause`, `resume`, `refresh` and `keep` take an address or a part of a name. Drop an OPML"
        " file into my direct messages to add many."
    )


def sources_help(*, unknown: str = "", meant: str = "") -> Message:
    """Explain `/corpus sources`; *unknown* was not understood, and *meant* is a guess."""
    lead = f"I don't know “{plain(unknown, 100)}”. " if unknown else ""
    if meant:
        return paragraphs(
            f"{lead}Did you mean {_command(meant)}? {_command('help')} lists the others."
        )
    lines = "\n".join(f"• `{Command.CORPUS} {word}`: {what}" for word, what in _EXAMPLES)
    return paragraphs(f"{lead}For admins:\n{lines}")


def ask_which(word: SourcesWord, feeds: Sequence[FeedSource]) -> Message:
    """Ask which of *feeds* to remove, pause, and so on, if *word* was typed without a name."""
    if word is SourcesWord.ADD:
        return paragraphs(f"Which feed? {_command('add https://example.com/feed')}, for example.")
    if not feeds:
        return paragraphs(f"There are no feeds yet. {_command('add ADDRESS')} adds one.")
    tail = " 30 days" if word is SourcesWord.KEEP else ""
    if len(feeds) == 1:
        return paragraphs(f"Which feed? There is one: {_command(f'{word} {feeds[0].name}{tail}')}")
    names = [name(feed) for feed in feeds[:_NAMED]]
    names += [f"{len(feeds) - _NAMED:,} more"] if len(feeds) > _NAMED else []
    return paragraphs(
        f"Which feed? {_command(f'{word} NAME{tail}')}, with a part of its name or address:"
        f" {', '.join(names)}."
    )


def _command(words: str) -> str:
    return f"`{Command.CORPUS} sources {plain(words.replace('`', ''), 120)}`"


def added(name: str, stories: int) -> str:
    """Return that the feed called *name* was added, and how many *stories* it has now."""
    if not stories:
        return f"{name} is added. It has no stories yet."
    return f"{name} is added. Its {counted(stories, 'story')} can be found in a moment."


def sources(
    feeds: Sequence[FeedSource], stories: Mapping[str, int], *, note: str = "", part: str = ""
) -> Message:
    """Render the sources, after a *note* on what was done; *part* is what *feeds* have in common.

    Feeds that fail come first.
    """
    loaded = sum(stories.get(feed.id, 0) for feed in feeds)
    polled = f"{_stories(loaded)} from {counted(len(feeds), 'feed')}" if feeds else "no feeds yet"
    lead = f"*Sources*: {_stories(stories.get(FOLDER, 0))} from the folder, {polled}."
    if part:
        lead = f"*Sources* with “{plain(part, 100)}”: {counted(len(feeds), 'feed')}."
    blocks = [section(note)] if note else []
    blocks.append(section(lead if note else f"{lead}\n{_how()}"))
    shown = sorted(feeds, key=_worst_first)[:SHOWN]
    blocks += [_feed(feed, stories.get(feed.id, 0)) for feed in shown]
    if len(feeds) > SHOWN:
        rest = f"… and {counted(len(feeds) - SHOWN, 'more feed')}."
        finds = f"`{Command.CORPUS} sources NAME` shows those with NAME in their name or address."
        blocks.append(section(f"{rest} {finds}"))
    return message(note or lead, blocks)


def confirm_removal(feed: FeedSource, stories: int) -> Message:
    """Ask whether to remove *feed* with its *stories*."""
    text = f"Remove {name(feed)}? It has no stories."
    if stories:
        counts = counted(stories, "story")
        undo = f"`{Command.CORPUS} undo` can bring the stories back."
        text = f"Remove {name(feed)}, with {counts}? {undo}"
    remove = button("Remove", Action.SOURCE_REMOVE, Value(key=feed.id))
    keep = button("Keep it", Action.SOURCE_MORE, Value(key=feed.id, words=LIST))
    return paragraphs(text, buttons=[remove, keep])


def _stories(count: int) -> str:
    return counted(count, "story") if count else "no stories"


def loads(feed: FeedSource, revisions: Sequence[Revision]) -> Message:
    """Render what the last loads of *feed* changed, the latest first."""
    if not revisions:
        return paragraphs(f"No poll of {name(feed)} has changed a story yet.")
    lead = (
        f"The last changes of {name(feed)}. `{Command.CORPUS} undo` with a number brings back its"
        " stories as they were then, and pauses it."
    )
    lines = [
        f"• *{one.number}*{f' (revision {one.restores} again)' if one.restores else ''}:"
        f" {one.changes}; {when(one.loaded_at)}, {who(one)}"
        for one in revisions
    ]
    return paragraphs(lead, "\n".join(lines))


def exported(feeds: Sequence[FeedSource]) -> Message:
    """Render the feeds as OPML, if they fit into a message."""
    text = write_opml(feeds)
    if len(text) > _MOST_OPML:
        return paragraphs(
            f"{counted(len(feeds), 'feed')} are too many for a message:"
            " `python -m bot sources export` prints them at the terminal."
        )
    return paragraphs(f"Save this as `feeds.opml`:\n```{plain(text)}```")


def summary(feeds: Sequence[FeedSource]) -> str:
    """Return the number of feeds, and how many of them fail, for App Home and the status."""
    failing = sum(feed.health is Health.FAILING for feed in feeds)
    trouble = f", :warning: {failing:,} failing" if failing else ""
    return f"{counted(len(feeds), 'feed')}{trouble}."


def state(
    feed: FeedSource, stories: int, at: Callable[[datetime], str], *, soon: str = "in a moment"
) -> str:
    """Return how many *stories* of *feed* are loaded, which it keeps, and how its polls go.

    *at* writes an instant, and *soon* says when a feed that is due is polled.
    """
    is_new = feed.health is Health.WAITING and not stories
    count = "" if is_new else _stories(stories)
    return "; ".join(filter(None, (count, kept(feed), _polls(feed, at, soon))))


def _polls(feed: FeedSource, at: Callable[[datetime], str], soon: str) -> str:
    match feed.health:
        case Health.WAITING:
            return f"first poll {soon}"
        case Health.PAUSED:
            since = f"paused since {at(feed.paused_at)}" if feed.paused_at else "paused"
            return f"{since} ({feed.last_problem})" if feed.last_problem else since
        case Health.FAILING:
            since = at(feed.failed_since or feed.next_poll_at)
            return (
                f"failing since {since}. {feed.last_problem} Next attempt {at(feed.next_poll_at)}"
            )
        case Health.WELL:
            polled = at(feed.last_success_at) if feed.last_success_at else "never"
            return f"polled {polled}, next {at(feed.next_poll_at)}"


def changed(
    name: str,
    change: FeedChange,
    removed: int,
    *,
    soon: str = "in a moment",
    undo: str = f"{Command.CORPUS} undo",
) -> str:
    """Return what was done to the feed called *name*, with which *removed* stories went.

    *soon* says when a feed that is due is polled, and *undo* is the command that brings back what
    is removed.
    """
    match change:
        case FeedChange.PAUSE:
            return f"{name} is paused: its stories stay, and no new ones come."
        case FeedChange.RESUME:
            return f"{name} is polled again, {soon}."
        case FeedChange.REFRESH:
            return f"{name} is polled {soon}."
        case FeedChange.REMOVE if removed:
            return (
                f"{name} is removed, with {counted(removed, 'story')}. `{undo}` brings them back."
            )
        case FeedChange.REMOVE:
            return f"{name} is removed. It had no stories."


def imported(outcome: ListImport, address: Callable[[str], str], *, most: int = 10) -> str:
    """Return what became of the feeds of a list; *most* limits how many refused ones are named.

    *address* formats text from the list.
    """
    parts = []
    if outcome.added:
        added = counted(outcome.added, "feed")
        parts.append(f"{added} added; the first stories come within minutes.")
    if outcome.known:
        parts.append(f"Already there: {counted(outcome.known, 'feed')} of the list.")
    note = " ".join(parts)
    refused = [f"• {address(url)}: {address(problem)}" for url, problem in outcome.refused]
    if refused:
        more = f"\n… and {len(refused) - most:,} more" if len(refused) > most else ""
        note = "\n".join(filter(None, [note, "Not added:", *refused[:most]])) + more
    return note or "The list has no feeds."


def name(feed: FeedSource) -> str:
    """Return the name of *feed* in bold."""
    return f"*{plain(feed.name.replace('*', ''), 60)}*"


def kept(feed: FeedSource) -> str:
    """Return which stories *feed* keeps: "keeps …", or empty text for all."""
    if feed.keep_stories is not None:
        which = f"its newest {_many(feed.keep_stories, 'story')}"
    elif feed.keep_days is not None:
        which = "the stories"
    else:
        return ""
    return f"keeps {which}" + (
        f" of the last {_many(feed.keep_days, 'day')}" if feed.keep_days is not None else ""
    )


def _many(count: int, noun: str) -> str:
    return counted(count, noun).removeprefix("1 ")


def _worst_first(feed: FeedSource) -> tuple[int, str]:
    order = [Health.FAILING, Health.PAUSED, Health.WAITING, Health.WELL]
    return order.index(feed.health), feed.name.casefold()


def _feed(feed: FeedSource, stories: int) -> Block:
    sign = ":warning: " if feed.health is Health.FAILING else ""
    problem = feed.last_problem and plain(feed.last_problem, 150)
    facts = state(replace(feed, last_problem=problem), stories, when)
    text = f"{sign}{name(feed)} {plain(feed.url, 120)}\n{facts}"
    return section(text, accessory=_menu(feed))


def _menu(feed: FeedSource) -> Element:
    polling = [("Refresh now", FeedChange.REFRESH), ("Pause", FeedChange.PAUSE)]
    if feed.health is Health.PAUSED:
        polling = [("Resume", FeedChange.RESUME)]
    choices = [*polling, ("Remove", FeedChange.REMOVE)]
    return overflow(
        Action.SOURCE_MORE, [(label, Value(key=feed.id, words=change)) for label, change in choices]
    )
