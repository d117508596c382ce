"""Write the question of a story that has none, for admins."""

import re
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from handlers.button_value import Value
from handlers.features.dependencies import Options, Slack
from handlers.features.lookup import LookUp
from handlers.ids import Block
from handlers.slack.background import answer
from handlers.slack.button_press import Press, require_reader
from handlers.slack.payloads import Interaction
from handlers.views import unasked as views
from handlers.views.message import message
from handlers.views.modal import View, field_errors, updated, window
from store import Store
from store.articles.written_questions import WrittenQuestion
from store.types import Article, ParleyError, TeamId, UserId

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""A letter of Thai, Lao, Burmese, Khmer, Japanese or Chinese."""


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """The listeners for the form that takes a story's insight and question: admins only."""

    store: Store
    slack: Slack
    options: Options
    lookup: LookUp

    async def write(self, press: Press, _: AsyncRespond) -> None:
        """Open the form for a story, or for the next one without a question."""
        await self.slack.directory.require_corpus_admin(press.team_id, press.user_id)
        article: Article | None
        if press.value.article_id:
            article = await self.lookup.article(press.value.article_id)
            if not await self.store.questions.can_write(article):
                raise ParleyError("That story has a question from its own source, which stays.")
        elif press.has_text and not press.value.place:
            article = await self.lookup.article(press.value.key)
        else:
            article = await self.store.articles.next_unasked(press.value.key)
        if article:
            view = await self._form(article, is_typed=article.id == press.value.key)
        else:
            view = window(views.no_more(left=await self.store.articles.count_unasked()))
        if press.view_id:
            await self.slack.responders.update(press.team_id, press.view_id, view)
        else:
            await self.slack.responders.require_open(press.team_id, press.trigger_id, view)

    async def submitted(self, ack: AsyncAck, body: Interaction, view: dict[str, Any]) -> None:
        """Save the question, or show the form again with what is to be looked at first."""
        article, typed = None, _typed(view)
        try:
            team_id = await require_reader(self.slack.directory, body)
            user_id = body["user"]["id"]
            value = Value.decode(view["private_metadata"])
            article = await self.lookup.article(value.article_id)
            await self.slack.directory.require_corpus_admin(team_id, user_id)
            # Empty text takes a question back.
            if not _is_sentence(typed.question) and (typed.question or not article.question):
                problem = "Please write a question of at least two words."
                await ack(**field_errors({Block.QUESTION: problem}))
                return
            if note := await self._warning(article, typed, value):
                await ack(**updated(await self._form(article, typed, note)))
                return
        except ParleyError as refused:
            shown = window(message(str(refused)))
            if article:
                # What was typed is not lost.
                shown = await self._form(article, typed, str(refused))
            await ack(**updated(shown))
            return
        work = self._save(article, typed, team_id, user_id, view["id"])
        respond = self.slack.responders.modal(team_id, view["id"])
        await ack(**updated(window(message("Saving …"))))
        self.slack.background.start(work, respond)

    async def _save(
        self,
        article: Article,
        typed: WrittenQuestion,
        team_id: TeamId,
        user_id: UserId,
        view_id: str,
    ) -> None:
        respond = self.slack.responders.modal(team_id, view_id)
        now = self.options.clock()
        try:
            saved = await self.store.questions.write(
                article.id, typed, team_id=team_id, by=user_id, at=now
            )
        except ParleyError as error:
            form = await self._form(article, typed, str(error))
            await self.slack.responders.update(team_id, view_id, form)
            return
        left = await self.store.articles.count_unasked()
        # After the oldest one, those that were skipped come.
        is_last = await self.store.articles.next_unasked(saved.id) is None
        await answer(respond, views.saved(saved, left=left, after="" if is_last else saved.id))

    async def _warning(self, article: Article, typed: WrittenQuestion, value: Value) -> str | None:
        """Return what the admin should see before the question is saved; None if there is nothing.

        *value* says which question the form was opened with, and which warning was shown already.
        """
        if value.place != _hash(article.question):
            return views.changed_meanwhile(article)
        if not typed.question or value.key == str(_hash(typed.question)):
            return None
        other = await self.store.questions.like(article, typed.question)
        return views.nearly_identical(other) if other else None

    async def _form(
        self,
        article: Article,
        typed: WrittenQuestion | None = None,
        note: str | None = None,
        *,
        is_typed: bool = False,
    ) -> View:
        own = await self.store.questions.as_in_source(article)
        value = Value(article_id=article.id, place=_hash(article.question))
        if typed:
            # Pressing Save again confirms it.
            value = replace(value, key=str(_hash(typed.question)))
        return views.question_form(
            own,
            typed or WrittenQuestion(insight=article.insight, question=article.question),
            value=value,
            is_change=bool(article.question),
            left=await self.store.articles.count_unasked(),
            note=note,
            is_typed=is_typed,
        )


def _typed(view: dict[str, Any]) -> WrittenQuestion:
    values = view["state"]["values"]

    def text(block: Block) -> str:
        (field,) = values.get(block, {}).values() or [{}]
        return " ".join((field.get("value") or "").split())

    return WrittenQuestion(insight=text(Block.INSIGHT), question=text(Block.QUESTION))


def _is_sentence(text: str) -> bool:
    """Return whether *text* has at least two words."""
    words = _WORD.findall(text)
    # Some scripts, such as those of Chinese and Thai, put no spaces between words.
    return len(words) > 1 or any(len(word) > 1 and _UNSPACED.search(word) for word in words)


def _hash(question: str) -> int:
    """Return a small number that differs for another question."""
    return crc32(question.encode()) >> 1
