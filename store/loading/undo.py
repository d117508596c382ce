"""Plan an undo: restore an earlier revision from the old versions that later ones stored."""

from collections.abc import AsyncIterator, Sequence, Set

from store.articles import reading
from store.articles.by_id import to_article
from store.articles.reading import StoredDocument
from store.db import Database, Row
from store.loading import revisions
from store.loading.documents import texts
from store.loading.plan import DocumentChange, LoadPlan
from store.types import POLL, QUESTION, ParleyError

# The documents and articles of source $2 in revision $1: the first change after it stored their old
# version.
_DOCUMENTS = """
SELECT p.path, p.digest, p.articles FROM past_document p
WHERE p.revision > $1 AND p.source = $2 AND NOT EXISTS (
    SELECT 1 FROM past_document q
    WHERE q.path = p.path AND q.revision > $1 AND q.revision < p.revision
)
"""
# An article that did not exist has no document, so the revision says whose change it was. Both
# ranges of numbers are short, because PostgreSQL has no statistics of the articles after a load.
_ARTICLES = """
SELECT p.* FROM every_past_article p
WHERE p.revision IN (SELECT number FROM revision WHERE source = $2 AND number > $1)
    AND p.number >= $3 AND p.number < $4 AND NOT EXISTS (
    SELECT 1 FROM every_past_article q
    WHERE q.number = p.number AND q.number >= $3 AND q.number < $4
        AND q.revision > $1 AND q.revision < p.revision
)
ORDER BY p.number
"""


async def target_of(database: Database, number: int | None) -> Row:
    """Return the row of revision *number*.

    None stands for the last change that no poll made and no undo took back: it returns the revision
    before it, or the revision itself if it wrote a question. Raises `ParleyError` if there is no
    such revision, or if it can no longer be restored.
    """
    loaded = await revisions.last(database)
    if loaded is None:
        raise ParleyError("Nothing is loaded yet, so there is nothing to undo.")
    if number is None:
        target = await _of_last_change(database)
        if target and target["loaded_by"] == QUESTION:
            return target
        missing = "Nothing to undo: there is no earlier load of the folder."
        if loaded["number"] > 1:
            missing += " The history lists what can be brought back by its number."
    else:
        # A number may be too large for the database, so compare it first.
        target = await revisions.get(database, number) if 0 < number <= loaded["number"] else None
        missing = f"There is no revision {number}. Revision {loaded['number']} is loaded."
    if target is None:
        raise ParleyError(missing)
    if target["loaded_by"] == QUESTION:
        raise ParleyError(
            f"Revision {target['number']} only wrote a question. Questions stay when a load is"
            " brought back: choose the number of a load."
        )
    # If that revision was itself an undo, restore the equal revision that it restored.
    if target["restores"] is not None:
        return await target_of(database, target["restores"])
    if target["number"] < await revisions.oldest_kept(database, target["source"]):
        raise ParleyError(
            f"Revision {target['number']} cannot be brought back any more: the last"
            f" {revisions.KEPT} can."
        )
    return target


async def _of_last_change(database: Database) -> Row | None:
    """Return the row of the question that was written last, or of what came before the last load.

    A source that an undo changed is as if it had been loaded last by the revision that is back.
    """
    found = {row["number"]: row for row in await revisions.standing_questions(database, 1)}
    for change in await revisions.last_changes(database):
        standing: Row | None = change
        if change["restores"] is not None:
            standing = await revisions.get(database, change["restores"])
        if standing is None or standing["loaded_by"] == POLL:
            continue
        number = standing["number"]
        if before := await revisions.load_before(database, change["source"], number):
            found[number] = before
    return found[max(found)] if found else None


async def plan_undo(database: Database, plan: LoadPlan, target: Row) -> None:
    """Fill *plan* with the changes that restore its source as it was in the row *target*."""
    first_later: int = target["next_number"]
    stored = await reading.stored_documents(database, plan.source)
    for row in await database.fetch(_DOCUMENTS, target["number"], plan.source):
        digest, before = row["digest"], stored.get(row["path"])
        after = StoredDocument(digest=digest, articles=row["articles"]) if digest else None
        if after != before:
            plan.documents[row["path"]] = DocumentChange(before, after)
    edited: set[str] = set()
    kept: set[int] = set()
    async for rows in _past(database, plan.source, target["number"], first_later):
        restored = [row for row in rows if row["id"] is not None]
        edited |= await _restore(database, plan, restored, kept)
    async for rows in _past(database, plan.source, target["number"], first_later):
        added_later = [row["number"] for row in rows if row["id"] is None]
        for number, article in (await reading.articles_by_number(database, added_later)).items():
            if number not in kept:
                plan.remove(number, article, is_edited=article.id in edited)
    async for numbered in reading.articles_from_number(database, first_later, source=plan.source):
        for number, article in numbered:
            if number not in kept:
                plan.remove(number, article, is_edited=article.id in edited)


async def _restore(
    database: Database, plan: LoadPlan, rows: Sequence[Row], kept: set[int]
) -> Set[str]:
    """Plan the changes that restore the articles of *rows*; return the ids that have other text.

    *kept* gets the numbers of loaded articles that have their old text, because an edit only laid a
    written question over it, which stays.
    """
    loaded = await reading.articles_by_number(database, [row["number"] for row in rows])
    returning = [row["id"] for row in rows if row["number"] not in loaded]
    holders = await reading.numbers_by_id(database, returning)
    same_id = await reading.articles_by_number(database, holders.values())
    for row in rows:
        number, old = row["number"], plan.written.reapply(to_article(row))
        now = loaded.get(number)
        holder = holders.get(old.id) if now is None else None
        if holder is not None and texts(same_id[holder]) == texts(old):
            number, now = holder, same_id[holder]
            kept.add(number)
        if now is None:
            plan.add(old, is_edited=holder is not None)
        elif now != old:
            plan.move(number, now, old)
    return holders.keys()


async def _past(
    database: Database, source: str, revision: int, first_later: int
) -> AsyncIterator[Sequence[Row]]:
    """Yield in batches how the articles of *source* that changed after *revision* were in it.

    *first_later* is the first article number that the revision did not have. A row without an id
    stands for an article that did not exist.
    """
    for start in range(0, first_later, reading.BATCH):
        end = min(start + reading.BATCH, first_later)
        if rows := await database.fetch(_ARTICLES, revision, source, start, end):
            yield rows
