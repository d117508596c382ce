"""Stories without a question, and the form that takes one."""

from handlers import ids
from handlers.button_value import MODAL, Value
from handlers.ids import Action
from handlers.mrkdwn import plain, truncate
from handlers.views.as_written import Part, as_written
from handlers.views.blocks import (
    Block,
    Element,
    actions,
    button,
    context,
    input_block,
    section,
    text_input,
)
from handlers.views.message import Message, counted, message, paragraphs
from handlers.views.modal import View, form
from handlers.views.story import card
from store.articles.written_questions import WrittenQuestion
from store.types import Article

MAX_QUESTION = 1_000
MAX_INSIGHT = 2_000
NONE_LEFT = "Every story has a question now."
_TYPED = "You have typed something here. *Save* keeps it; skipping this story loses it."


def unasked(stories: int) -> str:
    """Return how many *stories* have no question, as a sentence."""
    return f"{counted(stories, 'story')} {'has' if stories == 1 else 'have'} no question."


def write_button(
    label: str = "Write questions", *, after: str = "", is_sure: bool = False
) -> Element:
    """Return a button to the next story without a question, after the story with id *after*.

    Unless *is_sure*, text that it would lose stays.
    """
    hint = "Write the question of a story that has none"
    return button(label, Action.QUESTION_NEXT, Value(key=after, place=int(is_sure)), hint=hint)


def no_more(*, left: int) -> Message:
    """Render that the last story without a question was shown; *left* were skipped."""
    if not left:
        return message(NONE_LEFT)
    text = f"That was the last one. {unasked(left)}"
    return paragraphs(text, buttons=[write_button("Begin again")])


def question_form(
    article: Article,
    typed: WrittenQuestion,
    *,
    value: Value,
    is_change: bool,
    left: int,
    note: str | None = None,
    is_typed: bool = False,
) -> View:
    """Build the form for the question of *article*, which is as its source has it.

    *typed* fills in the fields. *left* is the number of stories without a question. *note* is shown
    above the fields. *is_typed* means that *Skip this story* was pressed, and would lose text.

    The fields' action_ids end with the story's id: when a view is updated, Slack keeps what was
    typed into a field of the same ids (docs.slack.dev: views.update), so a question would move to
    the next story.
    """
    blocks: list[Block] = [] if is_change else [context(unasked(left))]
    blocks += card(article, question=False, where=MODAL)
    if not is_change and left > 1:
        label = "Skip it anyway" if is_typed else "Skip this story"
        blocks.append(actions(write_button(label, after=article.id, is_sure=is_typed)))
    if is_typed:
        note = _TYPED
    if note:
        blocks.append(section(f":warning: {note}"))
    if not article.insight:
        insight = text_input(
            f"{ids.Field.INSIGHT}:{article.id}",
            "Why it matters",
            most=MAX_INSIGHT,
            multiline=True,
            initial_value=typed.insight[:MAX_INSIGHT] or None,
        )
        blocks.append(input_block(ids.Block.INSIGHT, "Insight", insight, optional=True))
    question = text_input(
        f"{ids.Field.QUESTION}:{article.id}",
        "An open question that gets people talking",
        most=MAX_QUESTION,
        multiline=True,
        initial_value=typed.question[:MAX_QUESTION] or None,
        focus_on_load=True,
    )
    hint = "Leave it empty to take the question back." if is_change else None
    blocks.append(
        input_block(ids.Block.QUESTION, "Question", question, hint=hint, optional=is_change)
    )
    title = "Change the question" if is_change else "Write a question"
    return form(ids.Modal.QUESTION, title, blocks, submit="Save", value=value)


def nearly_identical(other: Article) -> str:
    """Return a note on another story with nearly the same question."""
    return (
        f"The story “{plain(truncate(other.headline, 100))}” asks nearly the same:"
        f" “{plain(truncate(other.question, 300))}” Press *Save* again to keep yours."
    )


def changed_meanwhile(article: Article) -> str:
    """Return a note on what somebody else has saved since the form was opened."""
    if not article.question:
        return (
            "Somebody took the question back since you opened this. Press *Save* again to keep it."
        )
    question = plain(truncate(article.question, 300))
    return (
        f"Somebody saved another question since you opened this: “{question}” Press *Save* again to"
        " replace it."
    )


def saved(article: Article, *, left: int, after: str) -> Message:
    """Render the result of saving, with a button to the next story as in `write_button`."""
    change = button(
        "Change it" if article.question else "Write another",
        Action.QUESTION_WRITE,
        Value(article_id=article.id),
    )
    buttons = [change]
    if left and (article.question or left > 1):
        buttons.insert(0, write_button("Next story", after=after))
    if article.question:
        text = "Saved. I can now ask this question:"
    else:
        text = (
            "The question is taken back. People still find this story, but I ask nothing about it:"
        )
    blocks: list[Block] = [section(text), as_written(Part(article.headline, "bold", 300))]
    if article.question:
        blocks.append(as_written(Part(article.question, "quote", 2900)))
    blocks += [context(unasked(left) if left else NONE_LEFT), actions(*buttons)]
    return message(f"{text} {plain(article.headline, 300)}", blocks)
