"""The revisions of the corpus: who loaded what, and how things were before the last ones."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from store.articles.by_id import shuffle_position
from store.db import Connection, Database, Row, to_instant, to_text
from store.loading.plan import Plan
from store.progress import Progress
from store.types import Article, Revision

KEPT = 10
"""How many revisions can be brought back, not counting those that brought one back."""

_PATHS = 10
"""Documents of a revision that are named."""

_LAST = "SELECT * FROM revision ORDER BY number DESC LIMIT $1"
_ONE = "SELECT * FROM revision WHERE number = $1"
_OLDEST_KEPT = """
SELECT number FROM revision WHERE restores IS NULL ORDER BY number DESC LIMIT 1 OFFSET $1
"""
# Each kept how the documents were that it changed.
_TOUCHED = """
SELECT revision, path, touched FROM (
    SELECT revision, path,
        COUNT(*) OVER (PARTITION BY revision) AS touched,
        ROW_NUMBER() OVER (PARTITION BY revision ORDER BY path) AS place
    FROM past_document WHERE revision >= $1
) p WHERE place <= $2 ORDER BY revision, place
"""
_SIZES = "SELECT COUNT(*) AS documents, SUM(articles) AS articles FROM document"
_ADD = """
INSERT INTO revision (
    number, fingerprint, documents, articles, loaded_at, loaded_by, restores, next_number,
    added, edited, moved, removed
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_KEEP_DOCUMENT = """
INSERT INTO past_document (path, revision, digest, articles) VALUES ($1, $2, $3, $4)
"""
_KEEP_ARTICLE = """
INSERT INTO past_article (
    number, revision, id, document, position, headline, summary, insight, question
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_FORGET = (
    "DELETE FROM past_document WHERE revision <= $1",
    "DELETE FROM past_article WHERE revision <= $1",
)
_PUT_DOCUMENT = """
INSERT INTO document (path, digest, articles) VALUES ($1, $2, $3)
ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, articles = excluded.articles
"""
_DROP_DOCUMENT = "DELETE FROM document WHERE path = $1"
_ADD_ARTICLE = """
INSERT INTO article (
    number, id, document, position, headline, summary, insight, question, shuffle
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_DROP_ARTICLE = "DELETE FROM article WHERE number = $1"


async def history(database: Database, limit: int) -> Sequence[Revision]:
    """Give the last revisions, the latest first, with documents that they changed."""
    async with database.reading() as connection:
        last = [to_revision(row) for row in await connection.fetch(_LAST, limit)]
        oldest = last[-1].number if last else 0
        rows = await connection.fetch(_TOUCHED, oldest, _PATHS)
    touched = {row["revision"]: row["touched"] for row in rows}
    paths: defaultdict[int, list[str]] = defaultdict(list)
    for row in rows:
        paths[row["revision"]].append(row["path"])
    return [
        replace(one, touched=touched.get(one.number, 0), paths=tuple(paths[one.number]))
        for one in last
    ]


async def last(connection: Connection | Database) -> Row | None:
    """Give the row of the revision that is loaded; None before the first."""
    rows = await connection.fetch(_LAST, 1)
    return rows[0] if rows else None


async def get(database: Database, number: int) -> Row | None:
    """Give the row of one revision; None where there is none of that number."""
    rows = await database.fetch(_ONE, number)
    return rows[0] if rows else None


async def oldest_kept(connection: Connection | Database) -> int:
    """Give the number of the oldest revision that can be brought back."""
    rows = await connection.fetch(_OLDEST_KEPT, KEPT)
    return rows[0]["number"] if rows else 1


def to_revision(row: Row) -> Revision:
    """Read a revision from its row."""
    return Revision(
        number=row["number"],
        fingerprint=row["fingerprint"],
        documents=row["documents"],
        articles=row["articles"],
        loaded_at=to_instant(row["loaded_at"]),
        loaded_by=row["loaded_by"],
        restores=row["restores"],
        added=row["added"],
        edited=row["edited"],
        moved=row["moved"],
        removed=row["removed"],
    )


async def write(
    connection: Connection,
    plan: Plan,
    *,
    fingerprint: str,
    by: str,
    at: datetime,
    restores: int | None,
    progress: Progress,
) -> Revision:
    """Do what the *plan* says, in the caller's transaction, and keep how it was before."""
    number = plan.after + 1
    before = await last(connection)
    fresh = before["next_number"] if before else 0
    steps = len(plan.gone) + 2 * len(plan.moved) + len(plan.come)
    progress.start("Writing", steps)
    if plan.after:
        await connection.executemany(_KEEP_DOCUMENT, _past_documents(plan, number))
        await connection.executemany(_KEEP_ARTICLE, _past_articles(plan, number, fresh))
    # What moves is taken out too, or two articles could pass through one place.
    await connection.executemany(_DROP_ARTICLE, ((step.number,) for step in plan.gone))
    await connection.executemany(_DROP_ARTICLE, ((move.number,) for move in plan.moved))
    after = {path: change.after for path, change in plan.documents.items()}
    await connection.executemany(
        _DROP_DOCUMENT, ((path,) for path, held in after.items() if not held)
    )
    await connection.executemany(
        _PUT_DOCUMENT,
        ((path, held.digest, held.articles) for path, held in after.items() if held),
    )
    await connection.executemany(_ADD_ARTICLE, _present(plan, progress))
    sizes = (await connection.fetch(_SIZES))[0]
    await connection.execute(
        _ADD,
        number,
        fingerprint,
        sizes["documents"],
        int(sizes["articles"] or 0),
        to_text(at),
        by,
        restores,
        max(plan.next_number, fresh),
        plan.counts.added,
        plan.counts.edited,
        plan.counts.moved,
        plan.counts.removed,
    )
    oldest = await oldest_kept(connection)
    for forget in _FORGET:
        await connection.execute(forget, oldest)
    (row,) = await connection.fetch(_LAST, 1)
    return to_revision(row)


def _past_documents(plan: Plan, revision: int) -> Iterator[Sequence[object]]:
    for path, change in plan.documents.items():
        held = change.before
        yield path, revision, held and held.digest, held and held.articles


def _past_articles(plan: Plan, revision: int, fresh: int) -> Iterator[Sequence[object]]:
    for step in plan.gone:
        yield step.number, revision, *_columns(step.article)
    for move in plan.moved:
        yield move.number, revision, *_columns(move.before)
    # Numbers from *fresh* on were no article's before; one that returns has to be told apart.
    for step in plan.come:
        if step.number < fresh:
            yield step.number, revision, None, None, None, None, None, None, None


def _present(plan: Plan, progress: Progress) -> Iterator[Sequence[object]]:
    for move in progress.counting(plan.moved):
        yield move.number, *_columns(move.after), shuffle_position(move.after.id)
    for step in progress.counting(plan.come):
        yield step.number, *_columns(step.article), shuffle_position(step.article.id)


def _columns(article: Article) -> tuple[object, ...]:
    return (
        article.id,
        article.document,
        article.position,
        article.headline,
        article.summary,
        article.insight,
        article.question,
    )
