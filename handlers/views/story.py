"""A story as a card, and the answers to a look-up."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from itertools import product

from handlers.button_value import CHANNEL, CONVERSATION, DIRECT, MODAL, Value
from handlers.ids import Action, Command
from handlers.mrkdwn import escape, pieces, plain, truncate
from handlers.views.as_written import Part, as_written
from handlers.views.blocks import Block, Element, actions, button, context, header, section
from handlers.views.message import Message, message, paragraphs, when
from handlers.views.origin import open_button, origin
from handlers.views.titles import repeats_headline, titled
from store.finding.finder import MOST_MATCHES
from store.types import Article, Found, Match, Nothing, Unsure, UserId

_COLLAPSED = 160
"""Characters of a summary in a list."""
_PIECE = 2800
_ROOM = 7000
"""Characters of a card's texts. With everything else, a message stays below 9,000 characters;
Slack refuses a message of about 11,000."""


def card(
    article: Article,
    *,
    question: bool = True,
    why: Sequence[str] = (),
    page: int = 0,
    where: str = CHANNEL,
    buttons: Sequence[Element] = (),
    today: date | None = None,
) -> list[Block]:
    """Render a story: its headline, origin, summary, insight and question, and *buttons* below.

    A story that is old *today* is marked; None marks none.

    The words in *why* are bold. A story too long for one message has pages and a button to the
    next page; a modal shows the whole story.
    """
    pages = _pages(article, question=question, is_whole=where == MODAL)
    page = min(page, len(pages) - 1)
    small = origin(article, today=today)
    if len(pages) > 1:
        small.append(f"Part {page + 1} of {len(pages)}")
    row = [*buttons]
    if page + 1 < len(pages):
        following = Value(article_id=article.id, place=page + 1, where=where)
        row.insert(0, button("Read on", Action.STORY_READ, following))
    if link := open_button(article):
        row.append(link)
    texts = [
        _text(parts, tuple(word for word in why if word in parts[-1].text)) for parts in pages[page]
    ]
    blocks = [header(article.headline), *([context(*small)] if small else []), *texts]
    return [*blocks, actions(*row)] if row else blocks


# People look up the same stories with different words, which few parts of a story have.
@lru_cache(maxsize=500)
def _text(parts: tuple[Part, ...], words: tuple[str, ...]) -> Block:
    return as_written(*parts, words=words)


@lru_cache(maxsize=200)
def _pages(
    article: Article, *, question: bool, is_whole: bool
) -> Sequence[Sequence[tuple[Part, ...]]]:
    pages: list[list[tuple[Part, ...]]] = [[]]
    size = 0
    room = _ROOM - len(article.url or "")
    for parts in _sections(article, question=question):
        length = sum(len(escape(part.text)) for part in parts)
        if not is_whole and size and size + length > room:
            pages.append([])
            size = 0
        size += length
        pages[-1].append(parts)
    return pages


def _sections(article: Article, *, question: bool) -> Iterator[tuple[Part, ...]]:
    """Yield the parts of each text of a story; the last part is the text itself."""
    for piece in () if repeats_headline(article) else pieces(article.summary, _PIECE):
        yield (Part(piece),)
    lead = [Part("Insight", "bold")]
    for piece in pieces(article.insight, _PIECE):
        yield (*lead, Part(piece, most=2900))
        lead = []
    lead = [Part("Question", "bold")]
    for piece in pieces(article.question, _PIECE) if question else ():
        yield (*lead, Part(piece, "quote", 2900))
        lead = []


@lru_cache(maxsize=200)
def spoken(article: Article) -> str:
    """Return a story as plain text, for notifications and screen readers."""
    summary = "" if repeats_headline(article) else f"{plain(article.summary, 2000)} "
    headline = plain(article.headline, 300)
    return f"{headline}. {summary}{plain(article.question, 1500)}".rstrip()


def found(
    answer: Found,
    *,
    words: str,
    place: int,
    where: str = CHANNEL,
    can_write: bool = False,
    today: date | None = None,
) -> Message:
    """Render one of the matches, with buttons; *can_write* adds one for its question."""
    match, count = answer.matches[place], len(answer.matches)
    buttons = _buttons(match.article, words=words, place=place, where=where, can_write=can_write)
    if count > 1:
        for label, action, to in (
            ("Previous", Action.BRIEF_PREVIOUS, place - 1),
            ("Next", Action.BRIEF_NEXT, place + 1),
        ):
            value = Value(words=words, place=to % count, where=where)
            buttons.append(button(label, action, value, hint=f"{label} match"))
    return message(
        spoken(match.article),
        [
            context(_why(answer, words=words, place=place)),
            *card(match.article, why=match.why, where=where, buttons=buttons, today=today),
        ],
    )


def _why(answer: Found, *, words: str, place: int) -> str:
    count = len(answer.matches)
    if answer.is_by_date:
        return "The newest story" if place == 0 else f"Story {place + 1} of the {count} newest"
    best = "the best " if count == MOST_MATCHES else ""
    which = "The only match" if count == 1 else f"Match {place + 1} of {best}{count}"
    return f"{which} for “{plain(words, 200)}”"


def _buttons(
    article: Article,
    *,
    words: str,
    place: int = 0,
    where: str,
    can_write: bool = False,
) -> list[Element]:
    value = Value(article_id=article.id, words=words, place=place, where=where).encode()

    def about(label: str, action: Action, *, primary: bool = False) -> Element:
        return button(label, action, value, primary=primary, hint=f"{label}: {article.headline}")

    buttons = []
    if where not in (DIRECT, MODAL):
        share = {CHANNEL: "Share to channel", CONVERSATION: "Share here"}
        label = share.get(where, "Share in thread")
        buttons.append(about(label, Action.BRIEF_SHARE, primary=True))
    if article.question and where == CHANNEL:
        buttons.append(about("Discuss here", Action.BRIEF_DISCUSS))
    elif article.question and where in (DIRECT, MODAL, CONVERSATION):
        # Parley cannot be added to a direct message between people.
        is_first = not buttons
        buttons.append(about("Discuss in a channel", Action.DISCUSS_START, primary=is_first))
    buttons.append(about("More like this", Action.BRIEF_LIKE))
    if can_write:
        buttons.append(_write_button(article, value))
    return buttons


def question_offer(article: Article, *, where: str) -> Message:
    """Render the button to the form for the question of a story that was shown before."""
    lead = "You can change the question of" if article.question else "You can write a question for"
    text = f"{lead} “{plain(truncate(article.headline, 100))}”."
    value = Value(article_id=article.id, where=where)
    return message(text, [section(text), actions(_write_button(article, value))])


def _write_button(article: Article, value: Value | str) -> Element:
    label = "Change its question" if article.question else "Write its question"
    return button(label, Action.QUESTION_WRITE, value, hint=f"{label}: {article.headline}")


def unsure(
    answer: Unsure,
    *,
    words: str,
    where: str = CHANNEL,
    can_ask: bool = True,
    today: date | None = None,
) -> Message:
    """Ask which story is meant; *can_ask* adds a button that requests the topic."""
    lead = f"I'm not sure what you mean by “{plain(words, 200)}”. Did you mean:"
    label = "None of these: ask for this topic"
    ask = _ask(label, words=words, where=where) if can_ask else []
    return _choices(
        lead, answer.matches, words=words, where=where, below=ask, today=today, with_word=True
    )


def _passage(match: Match, title: str, rest: str) -> str:
    """Return a text of the story from a word of the look-up on, if *title* and *rest* have none."""
    found = [re.compile(rf"\b{re.escape(word)}\b") for word in match.why]
    article = match.article
    if not any(word.search(f"{title} {truncate(rest, _COLLAPSED)}") for word in found):
        for text, word in product((article.summary, article.insight, article.question), found):
            if at := word.search(text):
                near = at.start() - _COLLAPSED // 2
                near = text.find(" ", near) + 1 if near > 0 else 0
                start = max(text.rfind(". ", 0, at.start()) + 2, near)
                return f"… {text[start:]}" if start > 1 else text
    return rest


def _ask(label: str, *, words: str, where: str) -> list[Block]:
    """Return a button that requests a topic, below a note on what pressing it stores."""
    note = f"If you ask for it, admins will see “{plain(words, 200)}”, but not your name."
    return [
        context(note),
        actions(button(label, Action.BRIEF_ASK, Value(words=words, where=where))),
    ]


def like(
    article: Article,
    matches: Sequence[Match],
    *,
    words: str,
    place: int = 0,
    where: str,
    today: date | None = None,
) -> Message:
    """Render the stories that are similar to *article*, and a button back to it.

    The article is the match at *place* for *words*, if they found it.
    """
    story = Value(article_id=article.id, words=words, place=place, where=where)
    below = [actions(button("Back", Action.BRIEF_BACK, story, hint="Back to the story"))]
    if not matches:
        text = f"I have nothing else like “{plain(article.headline, 300)}”."
        return message(text, [section(text), *below])
    title = titled([article, *(match.article for match in matches)])[0].title
    lead = f"More like “{plain(title, 300)}”:"
    return _choices(lead, matches, words="", where=where, below=below, today=today)


def related(
    matches: Sequence[Match], *, where: str, today: date | None = None, has_story: bool = False
) -> Message:
    """Render the stories that are similar to a message; *has_story* if it shows a story itself."""
    if not matches and has_story:
        return message("I have no other story that is close to that one.")
    if not matches:
        return message(
            "I have no story that is close to that message. A few words of your own may find one:"
            f" type `{Command.BRIEF}` and the words."
        )
    lead = "Stories close to that message:"
    return _choices(lead, matches, words="", where=where, today=today)


def _choices(
    lead: str,
    matches: Sequence[Match],
    *,
    words: str,
    where: str,
    below: Sequence[Block] = (),
    today: date | None,
    with_word: bool = False,
) -> Message:
    """Render stories to choose from; *with_word* shows each where it has a word of the look-up."""
    blocks: list[Block] = [section(lead)]
    shown = titled([match.article for match in matches])
    for match, (article, title, rest, headline) in zip(matches, shown, strict=True):
        if with_word:
            rest = _passage(match, title, rest)
        show = button(
            "Show",
            Action.BRIEF_PICK,
            Value(article_id=article.id, words=words, where=where),
            hint=f"Show: {truncate(title, 60)}",
        )
        parts = [Part(title, "bold", 150)]
        if rest:
            parts.append(Part(truncate(rest, _COLLAPSED), most=2800))
        blocks.append(as_written(*parts, accessory=show))
        small = [plain(headline, 150)] if headline else []
        small += origin(article, today=today)
        blocks += [context(*small)] if small else []
    blocks += below
    return message(f"{lead} {'; '.join(plain(story.title, 150) for story in shown)}", blocks)


def picked(
    article: Article,
    *,
    words: str,
    where: str = CHANNEL,
    can_write: bool = False,
    today: date | None = None,
) -> Message:
    """Render the story that the user picked, with a button back to the stories for *words*.

    *can_write* adds a button for its question.
    """
    buttons = _buttons(article, words=words, where=where, can_write=can_write)
    if words:
        back = Value(words=words, where=where)
        buttons.append(button("Back", Action.BRIEF_BACK, back, hint="Back to the stories"))
    return message(spoken(article), card(article, where=where, buttons=buttons, today=today))


def more(article: Article, *, page: int, where: str) -> Message:
    """Render *page* of a story that is too long for one message."""
    return message(spoken(article), card(article, page=page, where=where))


def nothing(
    answer: Nothing,
    *,
    words: str,
    where: str = CHANNEL,
    can_ask: bool = True,
    examples: Sequence[str] = (),
) -> Message:
    """Render that no story matches, the nearest topics, and a button that requests the topic.

    If no topic is near, *examples* are shown: topics that have stories.
    """
    text = f"I have no story on “{plain(words, 200)}”."
    if answer.is_undated:
        text = "None of my stories has a date, so I can't tell which are the newest."
        can_ask = False
    blocks: list[Block] = [section(text)]
    if names := answer.topics or examples:
        lead = "The nearest topics I know:" if answer.topics else "I do have stories on:"
        blocks += [section(lead), topics(names, where=where)]
        text += f" {lead} {', '.join(plain(name, 75) for name in names)}."
    if can_ask:
        blocks += _ask("Ask for this topic", words=words, where=where)
    return message(text, blocks)


def nothing_loaded() -> Message:
    """Render the answer when no stories are loaded, with how admins add some."""
    return paragraphs(
        "No stories are loaded yet. An admin can add a feed of them with"
        f" `{Command.CORPUS} sources add ADDRESS`, or drop a file of stories into my direct"
        " messages."
    )


def topics(names: Sequence[str], *, where: str = CHANNEL) -> Block:
    """Return a row of buttons, one for each topic."""
    buttons = []
    for place, name in enumerate(names):
        # An action_id must be unique in its block, so the index is part of it.
        action, value = f"{Action.BRIEF_TOPIC}_{place}", Value(words=name, where=where)
        buttons.append(button(name, action, value, hint=f"Stories on {name}"))
    return actions(*buttons)


def asked(words: str) -> Message:
    """Confirm that a topic was requested."""
    return paragraphs(
        f"Thanks! Admins can see that someone wants stories on “{plain(words, 200)}”."
    )


def brief_help(examples: Sequence[str], *, where: str = CHANNEL) -> Message:
    """Explain /brief, with *examples* of topics that have stories."""
    tried = [f"`{Command.BRIEF} {plain(words, 75)}`" for words in examples]
    text = (
        f"Type `{Command.BRIEF}` and a few words, misspelt or not, and I show you the stories that"
        " match; only you see them, until you share one."
    )
    if not tried:
        text += " There are no stories yet."
        return paragraphs(text)
    text += f" For example: {', '.join(tried)}."
    return message(text, [section(text), topics(examples, where=where)])


def shared(article: Article, *, by: UserId | None) -> Message:
    """Render a shared story for the channel; *by* is None if the user's data was erased."""
    who = f"Shared by <@{by}>" if by else "Shared"
    return message(spoken(article), [context(who), *card(article)])


def shared_before(article: Article, *, value: Value, at: datetime) -> Message:
    """Render a story that was shared *at* that time where it is to be shared again."""
    buttons = [
        button("Share again", Action.BRIEF_SHARE, replace(value, posted_at=at), primary=True),
        button("Back", Action.BRIEF_BACK, value, hint="Back to the story"),
    ]
    lead = f"This story was shared here {when(at)}."
    blocks = [context(lead), *card(article, where=value.where, buttons=buttons)]
    return message(f"{lead} {spoken(article)}", blocks)


def gone() -> str:
    """Return the sentence for a story that is no longer in the corpus."""
    return "That story is no longer in the corpus: please look it up again."


def unasked() -> str:
    """Return the sentence for a story without a question."""
    return f"That story has no question yet. `{Command.DISCUSS}` shows one of another story."
