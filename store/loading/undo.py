"""Plan an undo: restore an earlier revision from the old versions that later ones stored."""

from collections.abc import AsyncIterator, Sequence, Set

from store.articles import reading
from store.articles.by_id import to_article
from store.articles.reading import StoredDocument
from store.db import Database, Row
from store.loading import revisions
from store.loading.plan import DocumentChange, LoadPlan
from store.types import ParleyError

# The documents and articles of revision $1: the first change after it stored their old version.
_DOCUMENTS = """
SELECT p.path, p.digest, p.articles FROM past_document p
WHERE p.revision > $1 AND NOT EXISTS (
    SELECT 1 FROM past_document q
    WHERE q.path = p.path AND q.revision > $1 AND q.revision < p.revision
)
"""
_ARTICLES = """
SELECT p.* FROM past_article p
WHERE p.revision > $1 AND p.number > $2 AND p.number < $3 AND NOT EXISTS (
    SELECT 1 FROM past_article q
    WHERE q.number = p.number AND q.revision > $1 AND q.revision < p.revision
)
ORDER BY p.number LIMIT $4
"""


async def target_of(database: Database, number: int | None) -> Row:
    """Return the row of revision *number*; None stands for the one before the loaded revision.

    Raises `ParleyError` if there is no such revision, or if it can no longer be restored.
    """
    loaded = await revisions.last(database)
    if loaded is None:
        raise ParleyError("Nothing is loaded yet, so there is nothing to undo.")
    wanted = number if number is not None else (loaded["restores"] or loaded["number"]) - 1
    # A number may be too large for the database, so compare it first.
    target = await revisions.get(database, wanted) if 0 < wanted <= loaded["number"] else None
    if target is None:
        what = f"There is no revision {wanted}." if number is not None else "This is the first."
        raise ParleyError(f"{what} Revision {loaded['number']} is loaded.")
    # If that revision was itself an undo, restore the equal revision that it restored.
    if target["restores"] is not None:
        return await target_of(database, target["restores"])
    if target["number"] < await revisions.oldest_kept(database):
        raise ParleyError(
            f"Revision {target['number']} cannot be brought back any more: the last"
            f" {revisions.KEPT} can."
        )
    return target


async def plan_undo(database: Database, plan: LoadPlan, target: Row) -> None:
    """Fill *plan* with the changes that restore the revision of the row *target*."""
    first_later: int = target["next_number"]
    stored = await reading.stored_documents(database)
    for row in await database.fetch(_DOCUMENTS, target["number"]):
        path, digest = row["path"], row["digest"]
        after = StoredDocument(digest=digest, articles=row["articles"]) if digest else None
        plan.documents[path] = DocumentChange(stored.get(path), after)
    edited: set[str] = set()
    async for rows in _past(database, target["number"], first_later):
        edited |= await _restore(database, plan, [row for row in rows if row["id"] is not None])
    async for rows in _past(database, target["number"], first_later):
        added_later = [row["number"] for row in rows if row["id"] is None]
        for number, article in (await reading.articles_by_number(database, added_later)).items():
            plan.remove(number, article, is_edited=article.id in edited)
    async for numbered in reading.articles_from_number(database, first_later):
        for number, article in numbered:
            plan.remove(number, article, is_edited=article.id in edited)


async def _restore(database: Database, plan: LoadPlan, rows: Sequence[Row]) -> Set[str]:
    """Plan the changes that restore the articles of *rows*; return the ids that have other text."""
    loaded = await reading.articles_by_number(database, [row["number"] for row in rows])
    returning = [row["id"] for row in rows if row["number"] not in loaded]
    holders = await reading.numbers_by_id(database, returning)
    for row in rows:
        number, old, now = row["number"], to_article(row), loaded.get(row["number"])
        if now is None:
            plan.add(number, old, is_edited=old.id in holders)
        elif now != old:
            plan.move(number, now, old)
    return holders.keys()


async def _past(
    database: Database, revision: int, first_later: int
) -> AsyncIterator[Sequence[Row]]:
    """Yield in batches how the articles that changed after *revision* were in it.

    *first_later* is the first article number that the revision did not have. A row without an id
    stands for an article that did not exist.
    """
    number = -1
    while rows := await database.fetch(_ARTICLES, revision, number, first_later, reading.BATCH):
        number = rows[-1]["number"]
        yield rows
