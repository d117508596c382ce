"""Posts to a channel: a question or a digest, and the stories in its thread."""

from collections.abc import Sequence
from datetime import datetime

from handlers.button_value import CHANNEL, Value
from handlers.ids import Action, Command
from handlers.mrkdwn import plain, truncate
from handlers.views.as_written import Part, as_written, question_of
from handlers.views.blocks import (
    Block,
    Element,
    actions,
    button,
    context,
    divider,
    header,
    overflow,
    section,
)
from handlers.views.message import Message, channel_link, message, paragraphs, when
from handlers.views.origin import local_day, origin
from handlers.views.story import card, spoken
from handlers.views.titles import Titled, split_lead, titled
from store.types import Article, Post, PostKind, UserId

JOIN = "Join and post it"
ASK_AGAIN = "Ask it again"
MENU_WHY, MENU_SKIP, MENU_PAUSE = "why", "skip", "pause"
_LINE = 200
"""Characters of a story's line in a digest; a shorter title is followed by the summary's lead."""
_THREAD = 7000
"""Characters of all stories in a thread; Slack refuses a message of about 11,000."""
_LINKS = 2000
"""Characters of all links in a message with several stories."""


def preview(
    article: Article,
    *,
    words: str,
    place: int,
    asked_at: datetime | None = None,
    where: str = CHANNEL,
    join: Value | None = None,
    why_not: str = "",
    since: Post | None = None,
) -> Message:
    """Render the preview of a question for the user who asked for it.

    *asked_at* is when the channel was last asked this question; None if it never was. *where* is
    CHANNEL or CONVERSATION: a direct message may be between people, where Parley cannot post.
    *join* is the value of a button that joins the channel first, and *why_not* the reason. *since*
    is the post that asked the question after this person was shown a preview of it.
    """
    asked_at = since.due_at if since else asked_at
    this = Value(article_id=article.id, words=words, place=place, posted_at=asked_at)
    another = Value(words=words, place=place + 1)
    if join:
        note, label, action, this = _or_join(why_not), JOIN, Action.DISCUSS_JOIN, join
    elif since:
        note, label, action = posted_since(since), ASK_AGAIN, Action.DISCUSS_POST
    elif where == CHANNEL:
        note = "The story will be posted in the thread."
        label, action = "Post it here", Action.DISCUSS_POST
    else:
        note, label = "You choose the channel next.", "Discuss in a channel"
        action = Action.DISCUSS_START
    return message(
        f"{f'{note} ' if join or since else ''}Here is a question: {plain(article.question, 2500)}",
        [
            section(note) if join or since else context(note),
            *([] if since else asked_before(asked_at)),
            question_of(article),
            actions(
                button(label, action, this, primary=True),
                button("Another one", Action.DISCUSS_ANOTHER, another),
            ),
        ],
    )


def asked_before(at: datetime | None) -> list[Block]:
    """Return the note that the channel was asked this question *at* that time; none for None."""
    if at is None:
        return []
    return [context(f"Last asked here: {local_day(at)}.")]


def posted_since(before: Post) -> str:
    """Return that *before* posted the same, after the person was shown what a button posts."""
    does = "shared" if before.kind is PostKind.SHARE else "asked"
    who = f"<@{before.asked_by}> {does} this" if before.asked_by else f"This was {does}"
    return f"{who} in {channel_link(before.channel_id)} already: {when(before.due_at)}."


def question(article: Article, *, asked_by: UserId | None, has_menu: bool = False) -> Message:
    """Render a question for the channel; *asked_by* is None if a schedule posts it.

    *has_menu* adds the menu for the owner of the schedule.
    """
    source = f"Asked by <@{asked_by}>" if asked_by else "Question of the day"
    return message(
        f"{'A question' if asked_by else 'Question of the day'}: {plain(article.question, 2500)}",
        [
            context(f"{source} · the story is in the thread"),
            as_written(Part(article.question, "bold", 2900), accessory=_menu(has_menu)),
        ],
    )


def digest(
    articles: Sequence[Article], *, asked_by: UserId | None, has_menu: bool = False
) -> Message:
    """Render a digest: a numbered line for each story, and the first question there is."""
    source = f"Posted by <@{asked_by}>" if asked_by else "Today's stories"
    asked = next((article.question for article in articles if article.question), "")
    lead, menu = f"{source} · more of each is in the thread", _menu(has_menu)
    blocks: list[Block] = [section(lead, accessory=menu) if menu and not asked else context(lead)]
    lines = []
    for story, small in _numbered(articles):
        line, more = story.title, split_lead(story.rest)[0]
        # Many feeds repeat the title as the text.
        headline = story.article.headline.casefold().rstrip(".")
        is_more = more and not more.casefold().startswith(headline)
        if is_more and not story.headline:
            stop = "." if story.rest.lstrip().startswith(f"{more}.") else ""
            line = truncate(f"{line}: {more}{stop}", _LINE)
        lines.append(line)
        blocks += [divider(), as_written(Part(line, "bold", _LINE))]
        blocks += [context(*small)] if small else []
    if asked:
        call = "What do you think? Answer in the thread:"
        blocks += [divider(), context(call), as_written(Part(asked, "bold", 1500), accessory=menu)]
    listed = "; ".join(plain(line, _LINE) for line in lines)
    return message(f"{source}: {listed} {plain(asked, 1500)}".rstrip(), blocks)


def _numbered(articles: Sequence[Article]) -> list[tuple[Titled, list[str]]]:
    """Return the stories with numbered titles, each with its small print.

    The small print is the headline, unless that is the title, and the origin.
    """
    shown = []
    for number, story in enumerate(titled(articles), start=1):
        small = [plain(story.headline, 150)] if story.headline else []
        small += origin(story.article, most_link=_LINKS // len(articles))
        if len(articles) > 1:
            story = story._replace(title=truncate(f"{number}. {story.title}", 150))
        shown.append((story, small))
    return shown


def nothing_new(why: str) -> Message:
    """Render a digest without stories; *why* says since when there is nothing new."""
    return paragraphs(plain(why))


def thread(articles: Sequence[Article]) -> Message:
    """Render the stories for the thread of their question or digest."""
    if len(articles) == 1:
        return message(spoken(articles[0]), card(articles[0], question=False))
    shown = _numbered(articles)
    used = sum(len(text) for story, small in shown for text in [story.title, *small])
    room = (_THREAD - used) // len(articles)
    blocks: list[Block] = []
    for story, small in shown:
        blocks.append(header(story.title))
        if story.rest:
            blocks.append(as_written(Part(story.rest, most=room * 2 // 3)))
        if story.article.insight:
            insight = Part(story.article.insight, most=room // 3)
            blocks.append(as_written(Part("Insight", "bold"), insight))
        blocks += [context(*small)] if small else []
    return message(f"More on: {'; '.join(plain(story.title, 160) for story, _ in shown)}", blocks)


def _menu(has_menu: bool) -> Element | None:
    if not has_menu:
        return None
    options = [
        ("Why this one?", Value(words=MENU_WHY)),
        ("Skip the next one", Value(words=MENU_SKIP)),
        ("Pause", Value(words=MENU_PAUSE)),
    ]
    return overflow(Action.POST_MORE, options)


def offer_to_join(why: str, label: str, action: Action, value: Value) -> Message:
    """Render *why* Parley cannot post here, with a button that joins the channel and posts."""
    return paragraphs(_or_join(why), buttons=[button(label, action, value, primary=True)])


def offer_to_share(why: str, article: Article, where: str) -> Message:
    """Render *why* the question cannot be posted, with a button that shares its story instead.

    A share reaches a channel that Parley is not in, but has no thread. *where* is as in `Value`.
    """
    value = Value(article_id=article.id, where=where)
    label = "Share in thread" if value.thread_ts else "Share to channel"
    share = button(label, Action.BRIEF_SHARE, value)
    text = f"{why} Or share the story with its question now, without a thread of its own:"
    return paragraphs(text, buttons=[share])


def _or_join(why: str) -> str:
    return f"{why} Or I can join this public channel now:"


def discuss_help(examples: Sequence[str]) -> Message:
    """Explain /discuss, with *examples* of topics that have questions."""
    text = f"Type `{Command.DISCUSS}` for the next question this channel has not had"
    if examples:
        text += f", or `{Command.DISCUSS} {plain(examples[0], 75)}` for one on a topic"
    text += ". Only you see it until you post it."
    return paragraphs(text)
