"""The revisions of the corpus: who loaded what, and the old articles that an undo needs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from store.articles.by_id import COLUMNS, shuffle_position, to_article, to_columns
from store.db import Connection, Database, Row, to_instant, to_text
from store.loading.plan import LoadPlan
from store.progress import Progress
from store.types import FOLDER, POLL, QUESTION, Article, Revision

KEPT = 10
"""How many revisions of a source can be restored, not counting undos and written questions."""

_MAX_PATHS = 10
"""The maximum number of changed documents that the history names for a revision."""

_LAST = "SELECT * FROM revision ORDER BY number DESC LIMIT 1"
_LAST_OF_SOURCE = "SELECT * FROM revision WHERE source = $1 ORDER BY number DESC LIMIT 1"
_LOAD_BEFORE = f"""
SELECT * FROM revision WHERE source = $1 AND number < $2 AND loaded_by <> '{QUESTION}'
ORDER BY number DESC LIMIT 1
"""  # noqa: S608 -- our own text
_LAST_CHANGES = f"""
SELECT * FROM revision r WHERE loaded_by NOT IN ('{POLL}', '{QUESTION}') AND NOT EXISTS (
    SELECT 1 FROM revision later WHERE later.source = r.source AND later.number > r.number
        AND later.loaded_by <> '{QUESTION}'
) ORDER BY number DESC
"""  # noqa: S608 -- our own text
_ALL = f"""
SELECT * FROM revision WHERE loaded_by <> '{POLL}' ORDER BY number DESC LIMIT $1
"""  # noqa: S608 -- our own text
# A revision that wrote a question stored the story before it, and the question has the same time.
_WRITTEN = f"""
SELECT p.revision, p.headline, w.question, w.team_id, w.written_by FROM revision r
JOIN every_past_article p ON p.revision = r.number AND p.id IS NOT NULL
LEFT JOIN written_question w ON w.article_id = p.id AND w.written_at = r.loaded_at
WHERE r.loaded_by = '{QUESTION}' AND r.number >= $1
"""  # noqa: S608 -- our own text
_STANDING_QUESTIONS = f"""
SELECT r.* FROM revision r JOIN every_past_article p ON p.revision = r.number
JOIN loaded_article a ON a.id = p.id
WHERE r.loaded_by = '{QUESTION}' AND r.restores IS NULL AND NOT EXISTS (
    SELECT 1 FROM revision later
    WHERE later.loaded_by = '{QUESTION}' AND later.restores = r.number
) AND (a.question = '' OR EXISTS (
    SELECT 1 FROM written_question w WHERE w.article_id = a.id AND w.question = a.question
)) ORDER BY r.number DESC LIMIT $1
"""  # noqa: S608 -- our own text
_BEFORE_QUESTION = f"""
SELECT {COLUMNS} FROM every_past_article WHERE revision = $1 AND id IS NOT NULL
"""  # noqa: S608 -- our own names
_OF_SOURCE = "SELECT * FROM revision WHERE source = $2 ORDER BY number DESC LIMIT $1"
_ONE = "SELECT * FROM revision WHERE number = $1"
_OLDEST_KEPT = f"""
SELECT number FROM revision
WHERE source = $2 AND restores IS NULL AND loaded_by <> '{QUESTION}'
ORDER BY number DESC LIMIT 1 OFFSET $1
"""  # noqa: S608 -- our own text
_OLDEST_WITH_ALL = f"""
SELECT COALESCE(MAX(number), 1) AS number FROM (
    SELECT number, ROW_NUMBER() OVER (PARTITION BY source ORDER BY number DESC) AS place
    FROM revision WHERE restores IS NULL AND loaded_by <> '{QUESTION}'
) r WHERE place = $1
"""  # noqa: S608 -- our own text
_NEXT_NUMBER = "SELECT next FROM article_number"
_RESERVE = "UPDATE article_number SET next = next + $1 RETURNING next"
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
    added, edited, moved, removed, source
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING *
"""
_KEEP_DOCUMENT = """
INSERT INTO past_document (path, revision, digest, articles, source) VALUES ($1, $2, $3, $4, $5)
"""
_KEEP_ARTICLE = f"""
INSERT INTO past_article (number, revision, {COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""  # noqa: S608 -- our own names
# The oldest revision of each source that can be restored: what came before it is forgotten.
_OLDEST_OF_EACH = f"""
SELECT source, number FROM (
    SELECT source, number, ROW_NUMBER() OVER (PARTITION BY source ORDER BY number DESC) AS place
    FROM revision WHERE restores IS NULL AND loaded_by <> '{QUESTION}'
) r WHERE place = {KEPT + 1}
"""  # noqa: S608 -- our own text


def _forgotten(table: str) -> str:
    return f"""
    FROM {table} WHERE revision IN (
        SELECT r.number FROM revision r JOIN ({_OLDEST_OF_EACH}) oldest
        ON oldest.source = r.source AND r.number <= oldest.number
        WHERE r.number >= (SELECT COALESCE(MIN(revision), 0) FROM {table})
    ) LIMIT $1
    """  # noqa: S608 -- our own text


# The history shows the revisions of the folder for ever. A feed may have thousands in a year.
_FORGOTTEN_REVISIONS = f"""
FROM revision WHERE number IN (
    SELECT r.number FROM revision r JOIN ({_OLDEST_OF_EACH}) oldest
    ON oldest.source = r.source AND r.number < oldest.number WHERE r.source <> '{FOLDER}'
) AND NOT EXISTS (SELECT 1 FROM past_article p WHERE p.revision = revision.number) LIMIT $1
"""  # noqa: S608 -- our own text
_FORGET = tuple(
    (
        f"SELECT {key} {forgotten}",
        f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} {forgotten})",  # noqa: S608 -- our own text
    )
    for table, key, forgotten in (
        ("past_article", "number, revision", _forgotten("past_article")),
        ("past_document", "path, revision", _forgotten("past_document")),
        ("revision", "number", _FORGOTTEN_REVISIONS),
    )
)
_FORGOTTEN_AT_ONCE = 500
"""How many rows one transaction deletes."""
_PUT_DOCUMENT = """
INSERT INTO document (path, digest, articles, source) VALUES ($1, $2, $3, $4)
ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, articles = excluded.articles
"""
_DROP_DOCUMENT = "DELETE FROM document WHERE path = $1"
ADD_ARTICLE = f"""
INSERT INTO article (number, {COLUMNS}, shuffle)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""  # noqa: S608 -- our own names
_ABSENT = (None,) * (COLUMNS.count(",") + 1)
"""The COLUMNS of an article that did not exist."""
_DROP_ARTICLE = "DELETE FROM article WHERE number = $1"


async def history(database: Database, limit: int, source: str | None = None) -> Sequence[Revision]:
    """Return the last revisions, latest first, with the paths of documents that they changed.

    They are those of *source*; with None, those of all sources that no poll made.
    """
    async with database.reading() as connection:
        sql, of = (_OF_SOURCE, (source,)) if source else (_ALL, ())
        revisions = [to_revision(row) for row in await connection.fetch(sql, limit, *of)]
        oldest = revisions[-1].number if revisions else 0
        rows = await connection.fetch(_TOUCHED, oldest, _MAX_PATHS)
        written = {row["revision"]: row for row in await connection.fetch(_WRITTEN, oldest)}
    touched = {row["revision"]: row["touched"] for row in rows}
    paths: defaultdict[int, list[str]] = defaultdict(list)
    for row in rows:
        paths[row["revision"]].append(row["path"])
    return [
        replace(
            _with_question(revision, written.get(revision.number)),
            touched=touched.get(revision.number, 0),
            paths=tuple(paths[revision.number]),
        )
        for revision in revisions
    ]


def _with_question(revision: Revision, written: Row | None) -> Revision:
    if written is None:
        return revision
    return replace(
        revision,
        story=written["headline"],
        has_question=bool(written["question"]),
        author=(written["team_id"], written["written_by"]) if written["written_by"] else None,
    )


async def last(connection: Connection | Database, *, source: str | None = None) -> Row | None:
    """Return the row of the last revision, which is loaded; None before the first load.

    With *source*, return the last one of that source.
    """
    sql, of = (_LAST_OF_SOURCE, (source,)) if source else (_LAST, ())
    rows = await connection.fetch(sql, *of)
    return rows[0] if rows else None


async def load_before(database: Database, source: str, number: int) -> Row | None:
    """Return the row of the last load or undo of *source* before revision *number*."""
    rows = await database.fetch(_LOAD_BEFORE, source, number)
    return rows[0] if rows else None


async def loaded(database: Database) -> Revision:
    """Return the loaded revision; there must be one."""
    (row,) = await database.fetch(_LAST)
    return to_revision(row)


async def last_changes(database: Database) -> Sequence[Row]:
    """Return the row of each source's last load or undo, unless a poll made it, latest first."""
    return await database.fetch(_LAST_CHANGES)


async def standing_questions(database: Database, limit: int) -> Sequence[Row]:
    """Return the rows of the last revisions that wrote a question, without those taken back.

    Their stories are loaded, and have no question of their own.
    """
    return await database.fetch(_STANDING_QUESTIONS, limit)


async def before_question(database: Database, number: int) -> Article | None:
    """Return the story as it was before revision *number* wrote its question; None if forgotten."""
    rows = await database.fetch(_BEFORE_QUESTION, number)
    return to_article(rows[0]) if rows else None


async def get(database: Database, number: int) -> Row | None:
    """Return the row of revision *number*; None if it does not exist."""
    rows = await database.fetch(_ONE, number)
    return rows[0] if rows else None


async def oldest_kept(connection: Connection | Database, source: str) -> int:
    """Return the number of the oldest revision of *source* that can be restored."""
    rows = await connection.fetch(_OLDEST_KEPT, KEPT, source)
    return rows[0]["number"] if rows else 1


async def oldest_with_all_changes(connection: Connection | Database) -> int:
    """Return the oldest revision since which the changes of all sources are stored."""
    (row,) = await connection.fetch(_OLDEST_WITH_ALL, KEPT + 1)
    return int(row["number"])


async def next_number(database: Database) -> int:
    """Return the first article number that no load has reserved."""
    (row,) = await database.fetch(_NEXT_NUMBER)
    return int(row["next"])


async def reserve_numbers(database: Database, plan: LoadPlan) -> None:
    """Reserve the numbers of the new articles of *plan*; no number is ever used twice."""
    if plan.new:
        async with database.transaction() as connection:
            (row,) = await connection.fetch(_RESERVE, plan.new)
        plan.reserved = int(row["next"]) - plan.new


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
        source=row["source"],
        added=row["added"],
        edited=row["edited"],
        moved=row["moved"],
        removed=row["removed"],
    )


async def write(
    connection: Connection,
    plan: LoadPlan,
    *,
    fingerprint: str | None,
    by: str,
    at: datetime,
    restores: int | None,
    progress: Progress,
    is_staged: bool,
) -> Revision:
    """Write the changes of *plan* in the caller's transaction, and keep the old versions.

    *fingerprint* is None if the folder stays as it is. *is_staged* means that the new articles are
    written already, and that the removed ones are kept and deleted later.
    """
    before = await last(connection)
    number = before["number"] + 1 if before else 1
    first_new = before["next_number"] if before else 0
    if fingerprint is None:
        fingerprint = before["fingerprint"] if before else ""
    steps = 2 * len(plan.moves)
    steps += 0 if is_staged else len(plan.additions) + len(plan.removals)
    progress.start("Writing", steps)
    if before:
        await connection.executemany(_KEEP_DOCUMENT, _past_documents(plan, number))
        past = _past_articles(plan, number, first_new, is_staged=is_staged)
        await connection.executemany(_KEEP_ARTICLE, past)
    await _write_articles(connection, plan, progress, is_staged=is_staged)
    sizes = (await connection.fetch(_SIZES))[0]
    (row,) = await connection.fetch(
        _ADD,
        number,
        fingerprint,
        sizes["documents"],
        int(sizes["articles"] or 0),
        to_text(at),
        by,
        restores,
        max(first_new, (plan.reserved or 0) + plan.new),
        plan.counts.added,
        plan.counts.edited,
        plan.counts.moved,
        plan.counts.removed,
        plan.source,
    )
    return to_revision(row)


async def forget(database: Database) -> None:
    """Delete the old articles and documents that no undo needs, and the old revisions of feeds."""
    for select, delete in _FORGET:
        # A read waits for nobody, and there is seldom anything to do.
        while await database.fetch(select, 1):
            async with database.transaction() as connection:
                await connection.execute(delete, _FORGOTTEN_AT_ONCE)


async def write_quietly(connection: Connection, plan: LoadPlan) -> None:
    """Write the documents and the moves of *plan* without a new revision; it has nothing else."""
    await _write_articles(connection, plan, Progress(), is_staged=False)


def new_article(number: int, article: Article) -> Sequence[object]:
    """Return the row of a new article, for `ADD_ARTICLE`."""
    return number, *to_columns(article), shuffle_position(article.id)


async def _write_articles(
    connection: Connection, plan: LoadPlan, progress: Progress, *, is_staged: bool
) -> None:
    if not is_staged:
        await connection.executemany(_DROP_ARTICLE, ((one.number,) for one in plan.removals))
    await connection.executemany(_DROP_ARTICLE, ((move.number,) for move in plan.moves))
    after = {path: change.after for path, change in plan.documents.items()}
    await connection.executemany(
        _DROP_DOCUMENT, ((path,) for path, document in after.items() if not document)
    )
    await connection.executemany(
        _PUT_DOCUMENT,
        (
            (path, document.digest, document.articles, plan.source)
            for path, document in after.items()
            if document
        ),
    )
    moved = (new_article(move.number, move.after) for move in progress.counting(plan.moves))
    await connection.executemany(ADD_ARTICLE, moved)
    if not is_staged:
        added = (new_article(*one) for one in progress.counting(plan.added()))
        await connection.executemany(ADD_ARTICLE, added)


def _past_documents(plan: LoadPlan, revision: int) -> Iterator[Sequence[object]]:
    for path, change in plan.documents.items():
        before = change.before
        digest, articles = (before.digest, before.articles) if before else (None, None)
        yield path, revision, digest, articles, plan.source


def _past_articles(
    plan: LoadPlan, revision: int, first_new: int, *, is_staged: bool
) -> Iterator[Sequence[object]]:
    for number, article in () if is_staged else plan.removed():
        yield number, revision, *to_columns(article)
    for move in plan.moves:
        yield move.number, revision, *to_columns(move.before)
    # Numbers from *first_new* on are new. If another source was loaded since a smaller number was
    # reserved, store that the article did not exist before.
    first = plan.first_number if plan.reserved is None else plan.reserved
    for number in range(first, min(first + plan.new, first_new)):
        yield number, revision, *_ABSENT
