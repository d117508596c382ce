"""Planning an undo: from the rows that the last revisions kept back to an earlier one."""

from collections.abc import AsyncIterator, Sequence

from store.articles import reading
from store.articles.by_id import to_article
from store.articles.reading import StoredDocument
from store.db import Database, Row
from store.loading import revisions
from store.loading.plan import Change, Plan
from store.types import ParleyError

# How each document, and each article, was at revision $1: as the first change after it kept it.
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
    """Give the revision to bring back: *number*, or else the one before what is loaded.

    Raises `ParleyError` where there is none, or none any more.
    """
    now = await revisions.last(database)
    if now is None:
        raise ParleyError("Nothing is loaded yet, so there is nothing to undo.")
    wanted = number if number is not None else (now["restores"] or now["number"]) - 1
    # What is longer than a number of the database's is no revision's.
    target = await revisions.get(database, wanted) if 0 < wanted <= now["number"] else None
    if target is None:
        what = f"There is no revision {wanted}." if number is not None else "This is the first."
        raise ParleyError(f"{what} Revision {now['number']} is loaded.")
    # What was brought back then is what to bring back now: it is the same, and named by its origin.
    if target["restores"] is not None:
        return await target_of(database, target["restores"])
    if target["number"] < await revisions.oldest_kept(database):
        raise ParleyError(
            f"Revision {target['number']} cannot be brought back any more: the last"
            f" {revisions.KEPT} can."
        )
    return target


async def plan_undo(database: Database, plan: Plan, target: Row) -> None:
    """Fill in the *plan* for bringing back the revision *target*."""
    fresh: int = target["next_number"]
    held = await reading.stored_documents(database)
    for row in await database.fetch(_DOCUMENTS, target["number"]):
        path, digest = row["path"], row["digest"]
        after = StoredDocument(digest=digest, articles=row["articles"]) if digest else None
        plan.documents[path] = Change(held.get(path), after)
    edited: set[str] = set()
    async for rows in _past(database, target["number"], fresh):
        present = await reading.articles_by_number(database, [row["number"] for row in rows])
        returning = [row for row in rows if row["id"] and row["number"] not in present]
        holders = await reading.numbers_by_id(database, [row["id"] for row in returning])
        edited |= holders.keys()
        for row in rows:
            if row["id"] is None:
                continue
            number, then, now = row["number"], to_article(row), present.get(row["number"])
            if now is None:
                plan.enter(number, then, is_edited=then.id in holders)
            elif now != then:
                plan.move(number, now, then)
    async for rows in _past(database, target["number"], fresh):
        extra = [row["number"] for row in rows if row["id"] is None]
        for number, article in (await reading.articles_by_number(database, extra)).items():
            plan.leave(number, article, is_edited=article.id in edited)
    async for numbered in reading.articles_from_number(database, fresh):
        for number, article in numbered:
            plan.leave(number, article, is_edited=article.id in edited)


async def _past(database: Database, revision: int, fresh: int) -> AsyncIterator[Sequence[Row]]:
    number = -1
    while rows := await database.fetch(_ARTICLES, revision, number, fresh, reading.BATCH):
        number = rows[-1]["number"]
        yield rows
