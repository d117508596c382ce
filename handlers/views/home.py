"""App Home: what Parley is, today's question, search, topics, channels, and admins' corpus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers import ids
from handlers.button_value import MODAL, Value
from handlers.ids import Action, Command
from handlers.mrkdwn import plain
from handlers.views import corpus, schedule_list, talk
from handlers.views.as_written import Part, as_written
from handlers.views.blocks import (
    Block,
    actions,
    button,
    context,
    divider,
    header,
    input_block,
    pager,
    section,
    text_input,
)
from handlers.views.modal import MAX_WORDS, View
from handlers.views.story import topics as topic_row
from handlers.views.welcome import ABOUT, schedule_button
from store.posting.planning import UpcomingPost
from store.types import Article, ChannelId, FailedLoad, FeedSource, Revision, Schedule, Topic

TOPICS = 8
"""Topics per page."""
_ROW = 4
CHANNELS = 20
"""The most schedules of the user's channels that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The question in App Home, and the channel that got it today (None if no channel did)."""

    article: Article
    channel_id: ChannelId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The content of one user's App Home."""

    today: Today | None
    topics: Sequence[Topic]
    page: int
    schedules: Sequence[Schedule]
    """The schedules of the channels that the user is in."""
    coming: Mapping[str, UpcomingPost]
    """The next occurrence of the first `CHANNELS` schedules, by schedule id."""
    talk: talk.Contents
    """What got people talking in these channels."""
    revision: Revision | None
    is_corpus_admin: bool
    is_unsure: bool = False
    """Whether Slack did not say which channels the user is in."""
    is_guest: bool = False
    failed_load: FailedLoad | None = None
    """Why the watched folder last failed to load; set only for users who may change the corpus."""
    unasked: int = 0
    """How many stories have no question; set only for users who may change the corpus."""
    feeds: Sequence[FeedSource] = ()
    """The feeds; set only for users who may change the corpus."""


def home(contents: Contents) -> View:
    """Render a user's App Home."""
    parts = [
        [section(f"*Hello, I'm Parley.* {ABOUT}"), *_lead(contents)],
        [_search()] if contents.revision else [],
        _topics(contents.topics, contents.page),
        _channels(contents),
        talk.home_section(contents.talk),
        _admin(contents) if contents.is_corpus_admin else [],
    ]
    blocks: list[Block] = []
    for part in filter(None, parts):
        blocks += [divider(), *part] if blocks else part
    return {"type": "home", "blocks": blocks}


def _admin(contents: Contents) -> list[Block]:
    return corpus.panel(
        contents.revision,
        contents.failed_load,
        stories_unasked=contents.unasked,
        feeds=contents.feeds,
    )


def closed(why: str) -> View:
    """Render the App Home of a user who may not use Parley."""
    return {"type": "home", "blocks": [section(why)]}


def _lead(contents: Contents) -> list[Block]:
    """Return today's question with the primary button of App Home, or what to do without one."""
    if contents.today:
        return _today(contents.today)
    if contents.revision and contents.revision.articles:
        return [section("I have no question for today: no story has one yet.")]
    if not contents.is_corpus_admin:
        return [section("There are no stories yet: an admin of Parley loads them.")]
    load = button("Load the stories", Action.CORPUS_RELOAD, Value(), primary=True)
    text = "There are no stories yet. Put some into the corpus folder, or add a feed; then:"
    return [section(text), actions(load)]


def _today(today: Today) -> list[Block]:
    article = today.article
    value = Value(article_id=article.id, where=MODAL)
    asked = f"Asked in <#{today.channel_id}> today" if today.channel_id else "Today's pick"
    return [
        header("Today's question"),
        as_written(Part(article.question, "quote", 2900)),
        context(f"{asked} · {plain(article.headline, 300)}"),
        actions(
            button("Discuss in a channel", Action.DISCUSS_START, value, primary=True),
            button("Read the story", Action.BRIEF_PICK, value),
        ),
    ]


def _search() -> Block:
    words = text_input(
        Action.HOME_SEARCH,
        "Type a few words and press Enter",
        most=MAX_WORDS,
        dispatch_action_config={"trigger_actions_on": ["on_enter_pressed"]},
    )
    return input_block(ids.Block.SEARCH, "Find a story", words) | {"dispatch_action": True}


def _topics(topics: Sequence[Topic], page: int) -> list[Block]:
    if not topics:
        return []
    pages = -(-len(topics) // TOPICS)
    page %= pages
    shown = topics[page * TOPICS : (page + 1) * TOPICS]
    blocks: list[Block] = [section("*Browse by topic*")]
    for start in range(0, len(shown), _ROW):
        row = [topic.name for topic in shown[start : start + _ROW]]
        blocks.append(topic_row(row, where=MODAL))
    return blocks + pager(Action.HOME_PAGE, page, pages, following="More topics")


def _channels(contents: Contents) -> list[Block]:
    schedules, coming = contents.schedules, contents.coming
    lead = "*In your channels*"
    if contents.is_unsure:
        unsure = "Slack didn't say which channels you are in, so I can't show their schedules."
        return [section(f"{lead}\n{unsure} Please open this page again in a minute.")]
    if not schedules:
        # Guests cannot change schedules, and without stories a schedule posts nothing.
        if contents.is_guest or not contents.revision:
            return []
        hint = "None of them gets a question every day yet."
        return [section(f"{lead}\n{hint}", accessory=schedule_button())]
    lines = schedule_list.schedule_lines(schedules, coming)[:CHANNELS]
    if len(schedules) > len(lines):
        lines.append(f"… and {len(schedules) - len(lines)} more: `{Command.DIGEST} list`")
    another = None if contents.is_guest else schedule_button("Add another")
    return [section(lead, accessory=another), *schedule_list.line_sections(lines)]
