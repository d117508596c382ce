"""The revisions of the corpus: who loaded what, and the old articles that an undo needs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from store.articles.by_id import COLUMNS, shuffle_position, to_columns
from store.db import Connection, Database, Row, to_instant, to_text
from store.loading.plan import LoadPlan
from store.progress import Progress
from store.types import Revision

KEPT = 10
"""How many revisions can be restored, not counting those that are themselves an undo."""

_MAX_PATHS = 10
"""The maximum number of changed documents that the history names for a revision."""

_LAST = "SELECT * FROM revision ORDER BY number DESC LIMIT $1"
_ONE = "SELECT * FROM revision WHERE number = $1"
_OLDEST_KEPT = """
SELECT number FROM revision WHERE restores IS NULL ORDER BY number DESC LIMIT 1 OFFSET $1
"""
# Each revision stored the old versions of the documents that it changed.
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
_KEEP_ARTICLE = f"""
INSERT INTO past_article (number, revision, {COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""  # noqa: S608 -- our own names
_FORGET = (
    "DELETE FROM past_document WHERE revision <= $1",
    "DELETE FROM past_article WHERE revision <= $1",
)
_PUT_DOCUMENT = """
INSERT INTO document (path, digest, articles) VALUES ($1, $2, $3)
ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, articles = excluded.articles
"""
_DROP_DOCUMENT = "DELETE FROM document WHERE path = $1"
_ADD_ARTICLE = f"""
INSERT INTO article (number, {COLUMNS}, shuffle)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""  # noqa: S608 -- our own names
_ABSENT = (None,) * (COLUMNS.count(",") + 1)
"""The COLUMNS of an article that did not exist."""
_DROP_ARTICLE = "DELETE FROM article WHERE number = $1"


async def history(database: Database, limit: int) -> Sequence[Revision]:
    """Return the last revisions, latest first, with the paths of documents that they changed."""
    async with database.reading() as connection:
        revisions = [to_revision(row) for row in await connection.fetch(_LAST, limit)]
        oldest = revisions[-1].number if revisions else 0
        rows = await connection.fetch(_TOUCHED, oldest, _MAX_PATHS)
    touched = {row["revision"]: row["touched"] for row in rows}
    paths: defaultdict[int, list[str]] = defaultdict(list)
    for row in rows:
        paths[row["revision"]].append(row["path"])
    return [
        replace(
            revision,
            touched=touched.get(revision.number, 0),
            paths=tuple(paths[revision.number]),
        )
        for revision in revisions
    ]


async def last(connection: Connection | Database) -> Row | None:
    """Return the row of the loaded revision; None before the first load."""
    rows = await connection.fetch(_LAST, 1)
    return rows[0] if rows else None


async def get(database: Database, number: int) -> Row | None:
    """Return the row of revision *number*; None if it does not exist."""
    rows = await database.fetch(_ONE, number)
    return rows[0] if rows else None


async def oldest_kept(connection: Connection | Database) -> int:
    """Return the number of the oldest revision that can be restored."""
    rows = await connection.fetch(_OLDEST_KEPT, KEPT)
    return rows[0]["number"] if rows else 1


def to_revision(row: Row) -> Revision:
    """Convert a row to a revision."""
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
    plan: LoadPlan,
    *,
    fingerprint: str,
    by: str,
    at: datetime,
    restores: int | None,
    progress: Progress,
) -> Revision:
    """Write the changes of *plan* in the caller's transaction, and keep the old versions."""
    number = plan.base + 1
    before = await last(connection)
    first_new = before["next_number"] if before else 0
    steps = len(plan.removals) + 2 * len(plan.moves) + len(plan.additions)
    progress.start("Writing", steps)
    if plan.base:
        await connection.executemany(_KEEP_DOCUMENT, _past_documents(plan, number))
        await connection.executemany(_KEEP_ARTICLE, _past_articles(plan, number, first_new))
    # A moved article is deleted and inserted: two articles may swap places, which are unique.
    await connection.executemany(_DROP_ARTICLE, ((change.number,) for change in plan.removals))
    await connection.executemany(_DROP_ARTICLE, ((move.number,) for move in plan.moves))
    after = {path: change.after for path, change in plan.documents.items()}
    await connection.executemany(
        _DROP_DOCUMENT, ((path,) for path, document in after.items() if not document)
    )
    await connection.executemany(
        _PUT_DOCUMENT,
        (
            (path, document.digest, document.articles)
            for path, document in after.items()
            if document
        ),
    )
    await connection.executemany(_ADD_ARTICLE, _new_articles(plan, progress))
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
        max(plan.next_number, first_new),
        plan.counts.added,
        plan.counts.edited,
        plan.counts.moved,
        plan.counts.removed,
    )
    oldest = await oldest_kept(connection)
    for statement in _FORGET:
        await connection.execute(statement, oldest)
    (row,) = await connection.fetch(_LAST, 1)
    return to_revision(row)


def _past_documents(plan: LoadPlan, revision: int) -> Iterator[Sequence[object]]:
    for path, change in plan.documents.items():
        before = change.before
        yield path, revision, before and before.digest, before and before.articles


def _past_articles(plan: LoadPlan, revision: int, first_new: int) -> Iterator[Sequence[object]]:
    for change in plan.removals:
        yield change.number, revision, *to_columns(change.article)
    for move in plan.moves:
        yield move.number, revision, *to_columns(move.before)
    # Numbers from *first_new* on are new. A smaller number returns with an undo, so store that the
    # article did not exist before.
    for change in plan.additions:
        if change.number < first_new:
            yield change.number, revision, *_ABSENT


def _new_articles(plan: LoadPlan, progress: Progress) -> Iterator[Sequence[object]]:
    for move in progress.counting(plan.moves):
        yield move.number, *to_columns(move.after), shuffle_position(move.after.id)
    for change in progress.counting(plan.additions):
        yield change.number, *to_columns(change.article), shuffle_position(change.article.id)
