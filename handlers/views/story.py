"""A story as a card, and the three outcomes of a look-up."""

from slack_sdk.models.blocks import Block, ButtonElement

from handlers.ids import Action, Command
from handlers.mrkdwn import plain, quote, truncate
from handlers.values import Value
from handlers.views.message import Message, actions, button, context, header, message, section
from store.types import Article, Found, Match, Nothing, Unsure


def card(article: Article, *, question: bool = True) -> list[Block]:
    """Draw a story: its headline, summary, insight and question, and where it comes from."""
    blocks: list[Block] = [
        header(article.headline),
        section(plain(article.summary)),
    ]
    # What came by a feed has neither.
    if article.insight:
        blocks.append(section(f"*Insight*\n{plain(article.insight, 1500)}"))
    if question and article.question:
        blocks.append(section(f"*Question*\n{quote(article.question, 1500)}"))
    blocks.append(context(f"Story {article.position} of {plain(article.document, 200)}"))
    return blocks


def spoken(article: Article) -> str:
    """Say a story in a few sentences, for notifications and screen readers."""
    headline, summary = plain(article.headline, 300), plain(article.summary, 2000)
    return f"{headline}. {summary} {plain(article.question, 1500)}".rstrip()


def found(answer: Found, *, words: str, place: int) -> Message:
    """Show one of the matches, and what can be done with it."""
    match, count = answer.matches[place], len(answer.matches)
    value = Value(article_id=match.article.id, words=words, place=place)
    buttons = _buttons(match.article, value)
    if count > 1:
        following = Value(words=words, place=(place + 1) % count)
        buttons.append(button("Next match", Action.BRIEF_NEXT, following))
    return message(
        spoken(match.article),
        [
            context(_why(match, words=words, place=place, count=count)),
            *card(match.article),
            actions(buttons),
        ],
    )


def _why(match: Match, *, words: str, place: int, count: int) -> str:
    which = "The only match" if count == 1 else f"Match {place + 1} of {count}"
    why = ", ".join(f"*{plain(word, 40)}*" for word in match.why[:6])
    return f"{which} for “{plain(words, 200)}”" + (f" · found by {why}" if why else "")


def unsure(answer: Unsure, *, words: str) -> Message:
    """Ask which story is meant."""
    shown = plain(words, 200)
    blocks: list[Block] = [section(f"I am not sure what you mean by “{shown}”. Did you mean:")]
    for match in answer.matches:
        article = match.article
        show = button(
            "Show",
            Action.BRIEF_PICK,
            Value(article_id=article.id, words=words),
            hint=f"Show: {truncate(article.summary, 60)}",
        )
        summary = plain(truncate(article.summary, 220))
        blocks.append(section(f"*{plain(article.headline, 150)}*\n{summary}", accessory=show))
    stories = "; ".join(plain(truncate(match.article.summary, 120)) for match in answer.matches)
    return message(f"I am not sure what you mean by “{shown}”. Did you mean: {stories}", blocks)


def picked(article: Article, *, words: str) -> Message:
    """Show the story that somebody picked."""
    value = Value(article_id=article.id, words=words)
    return message(spoken(article), [*card(article), actions(_buttons(article, value))])


def _buttons(article: Article, value: Value) -> list[ButtonElement]:
    buttons = [button("Share to channel", Action.BRIEF_SHARE, value, primary=True)]
    if article.question:
        buttons.append(button("Discuss here", Action.BRIEF_DISCUSS, value))
    return buttons


def nothing(answer: Nothing, *, words: str) -> Message:
    """Say that no story answers, and name the topics nearest to the words."""
    text = f"I have no story on “{plain(words, 200)}”."
    blocks: list[Block] = [section(text)]
    if answer.topics:
        blocks.append(section("The nearest topics I know:"))
        blocks.append(
            actions(
                [
                    # An action_id is unique in its block, so the place goes with it.
                    button(topic, f"{Action.BRIEF_TOPIC}_{place}", Value(words=topic))
                    for place, topic in enumerate(answer.topics)
                ]
            )
        )
        text += (
            " The nearest topics: " + ", ".join(plain(topic, 75) for topic in answer.topics) + "."
        )
    return message(text, blocks)


def brief_help() -> Message:
    """Explain /brief."""
    text = (
        f"Type `{Command.BRIEF}` and a few words, misspelt or not, and I show you the stories that"
        f" match; only you see them. For example: `{Command.BRIEF} embassy talks`."
    )
    return message(text, [section(text)])


def shared(article: Article, *, by: str) -> Message:
    """Show a story to the channel, and who shared it."""
    return message(spoken(article), [context(f"Shared by <@{by}>"), *card(article)])


def gone() -> str:
    """Say that a story is no longer there."""
    return "That story is no longer in the corpus: please look it up anew."
