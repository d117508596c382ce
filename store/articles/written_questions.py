"""The questions that admins write for stories whose file or feed has none.

The texts of stories hold them, so that stories are found, chosen and posted as if their source had
a question. Whatever writes stories applies them, and whatever compares stories with their source
removes them first.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from store.db import Connection, Database, to_text
from store.types import Article, TeamId, UserId

_KEPT = 100
"""How many versions of a question are kept; an undo may find any of them in the text of a story."""

_ALL = "SELECT article_id, insight, question FROM written_question {} ORDER BY version"
_IDS = "SELECT DISTINCT article_id FROM written_question"
_LAST = """
SELECT COALESCE(MAX(version), 0) AS version FROM written_question WHERE article_id = $1
"""
_ADD = """
INSERT INTO written_question (
    article_id, version, insight, question, team_id, written_by, written_at
) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_DROP_OLD = "DELETE FROM written_question WHERE article_id = $1 AND version <= $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenQuestion:
    """An insight and a question for a story; an empty question takes back the one before."""

    insight: str
    question: str


@dataclass(frozen=True, slots=True)
class WrittenQuestions:
    """The versions of all written questions by the id of their article, the newest last."""

    _versions: Mapping[str, Sequence[WrittenQuestion]] = field(default_factory=dict)

    def apply(self, article: Article) -> Article:
        """Return *article* with its written question, unless it has a question of its own."""
        written = self._versions.get(article.id, ())[-1:]
        if article.question or not written or not written[0].question:
            return article
        (newest,) = written
        return replace(article, insight=article.insight or newest.insight, question=newest.question)

    def remove(self, article: Article) -> Article:
        """Return *article* as its file or feed has it, without any version of its question."""
        for written in self._versions.get(article.id, ()):
            if written.question and written.question == article.question:
                insight = "" if article.insight == written.insight else article.insight
                return replace(article, insight=insight, question="")
        return article

    def __bool__(self) -> bool:
        return bool(self._versions)

    def is_in(self, article: Article) -> bool:
        """Return whether the question of *article* is one that was written for it."""
        return bool(self.version_in(article).question)

    def version_in(self, article: Article) -> WrittenQuestion:
        """Return the version that the text of *article* holds; an empty one if it holds none."""
        for written in reversed(self._versions.get(article.id, ())):
            if written.question == article.question:
                return written
        return WrittenQuestion(insight="", question="")

    def reapply(self, article: Article) -> Article:
        """Return *article*, which may have an older version of its question, with the newest."""
        return self.apply(self.remove(article))

    def with_version(self, article_id: str, written: WrittenQuestion) -> Self:
        """Return the same questions, and *written* as the newest of the article."""
        versions = (*self._versions.get(article_id, ()), written)
        return replace(self, _versions={**self._versions, article_id: versions})


async def add(
    connection: Connection,
    article_id: str,
    written: WrittenQuestion,
    *,
    team_id: TeamId | None,
    by: UserId | None,
    at: datetime,
) -> None:
    """Store *written* as the newest version of the article's question.

    *by* is None if it was taken back at the terminal.
    """
    (last,) = await connection.fetch(_LAST, article_id)
    version = last["version"] + 1
    await connection.execute(
        _ADD, article_id, version, written.insight, written.question, team_id, by, to_text(at)
    )
    await connection.execute(_DROP_OLD, article_id, version - _KEPT)


async def article_ids(database: Database) -> frozenset[str]:
    """Return the ids of the articles for which an admin has ever written a question."""
    return frozenset(row["article_id"] for row in await database.fetch(_IDS))


async def read(database: Database, article_id: str | None = None) -> WrittenQuestions:
    """Return all written questions, or those of one article."""
    versions: defaultdict[str, list[WrittenQuestion]] = defaultdict(list)
    condition, of = ("WHERE article_id = $1", (article_id,)) if article_id else ("", ())
    for row in await database.fetch(_ALL.format(condition), *of):
        written = WrittenQuestion(insight=row["insight"], question=row["question"])
        versions[row["article_id"]].append(written)
    return WrittenQuestions(versions)
