"""The questions that admins write for stories that have none of their own."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from store.articles import reading, written_questions
from store.articles.written_questions import WrittenQuestion
from store.corpus.corpus import Corpus
from store.corpus.revisions import Revisions
from store.db import Connection, Database
from store.loading import revisions
from store.loading.plan import LoadPlan
from store.types import (
    FOLDER,
    QUESTION,
    Article,
    ConcurrentLoadError,
    ParleyError,
    Revision,
    TeamId,
    UserId,
)

_TRIES = 3
"""How often a question is written if other loads come first."""


class Questions:
    """Writes questions over stories, and takes them back."""

    def __init__(self, database: Database, corpus: Corpus, revisions: Revisions) -> None:
        self._database = database
        self._corpus = corpus
        self._revisions = revisions
        self._written: tuple[Revision | None, frozenset[str]] | None = None
        """The articles with a written question, as of a revision; None if not read yet."""

    async def write(
        self,
        article_id: str,
        written: WrittenQuestion,
        *,
        team_id: TeamId,
        by: UserId,
        at: datetime,
    ) -> Article:
        """Lay *written* over a story that has no question of its own; return the story.

        An empty question takes back what was written. Raises `ParleyError` if the story is gone or
        has a question of its own.
        """
        for _ in range(_TRIES - 1):
            with suppress(ConcurrentLoadError):
                return await self._write(article_id, written, team_id, by, at)
        return await self._write(article_id, written, team_id, by, at)

    async def take_back(
        self, number: int, team_id: TeamId | None, by: UserId | None, at: datetime
    ) -> Revision:
        """Lay over a story the question that it had before revision *number*, possibly none."""
        before = await revisions.before_question(self._database, number)
        if before is None:
            raise ParleyError(f"Revision {number} cannot be taken back any more.")
        versions = await written_questions.read(self._database, before.id)
        written = versions.version_in(before)
        await self._write(before.id, written, team_id, by, at, restores=number)
        return replace(await revisions.loaded(self._database), story=before.headline)

    async def _write(
        self,
        article_id: str,
        written: WrittenQuestion,
        team_id: TeamId | None,
        by: UserId | None,
        at: datetime,
        restores: int | None = None,
    ) -> Article:
        source = await reading.source_of(self._database, article_id)
        async with self._revisions.planning(source or FOLDER) as plan:
            numbers = await reading.numbers_by_id(self._database, [article_id])
            articles = await reading.articles_by_number(self._database, numbers.values())
            if not articles:
                raise ParleyError("That story is no longer in the corpus, so nothing was saved.")
            ((number, before),) = articles.items()
            own = plan.written.remove(before)
            if own.question:
                raise ParleyError("That story has a question from its own source, which stays.")
            plan.written = plan.written.with_version(article_id, written)
            after = plan.written.apply(own)
            if after == before:
                return before
            plan.remove(number, before, is_edited=True)
            plan.add(after, is_edited=True)

            async def write(connection: Connection) -> None:
                await written_questions.add(
                    connection, article_id, written, team_id=team_id, by=by, at=at
                )

            await self._revisions.apply(plan, by=QUESTION, at=at, also=write, restores=restores)
            return after

    async def as_in_source(self, article: Article) -> Article:
        """Return *article* without what an admin wrote, as its file or feed has it."""
        return (await written_questions.read(self._database, article.id)).remove(article)

    async def can_write(self, article: Article) -> bool:
        """Return whether an admin may write the question of *article*, or has written it."""
        if not article.question:
            return True
        revision = self._corpus.revision
        # Every question that is written is a new revision.
        if self._written is None or self._written[0] != revision:
            self._written = revision, await written_questions.article_ids(self._database)
        if article.id not in self._written[1]:
            return False
        return not (await self.as_in_source(article)).question

    async def like(self, article: Article, question: str) -> Article | None:
        """Return another story whose question is nearly *question*, or None."""
        with LoadPlan(base=0) as plan:
            plan.add(replace(article, question=question))
            numbers = await reading.numbers_by_id(self._database, [article.id])
            for number in numbers.values():
                plan.remove(number, article, is_edited=True)
            found = await self._corpus.near_duplicates(plan)
        return next((pair.other for pair in found.found if pair.is_question), None)
