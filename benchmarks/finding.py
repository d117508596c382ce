"""Compare Parley with other ways to find an article by a few words: quality and latency.

    python -m benchmarks.finding --size 1000000

Each method gets the same articles and the same look-ups (see `corpora`), and returns at most five
articles. Slow methods get fewer look-ups; the table shows how many.
"""

import argparse
import asyncio
import gc
import re
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rapidfuzz import fuzz, process, utils

from benchmarks.corpora import ARTICLES_IN_A_DOCUMENT, Lookup, News
from store import Store, open_store
from store.finding.finder import UNSURE
from store.types import Nothing

SHOWN = 5
_WARM_UP = 50
"""Look-ups before those that are measured."""
Find = Callable[[str], Awaitable[Sequence[int]]]


def rapidfuzz(texts: Sequence[str], scorer: Callable[..., float]) -> Find:
    """Compare the query with every text, the simplest method."""
    prepared = [utils.default_process(text) for text in texts]

    async def find(query: str) -> Sequence[int]:
        best = process.extract(
            utils.default_process(query), prepared, scorer=scorer, processor=None, limit=SHOWN
        )
        return [at for _, _, at in best]

    return find


def fts5(texts: Sequence[str], tokenizer: str) -> Find:
    """Search for any of the words with SQLite's full-text search, ranked by bm25."""
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE VIRTUAL TABLE story USING fts5(text, tokenize = '{tokenizer}')")
    database.executemany("INSERT INTO story (rowid, text) VALUES (?, ?)", enumerate(texts))

    def parts(word: str) -> Sequence[str]:
        if tokenizer != "trigram":
            return [word]
        return [word[at : at + 3] for at in range(len(word) - 2)]

    async def find(query: str) -> Sequence[int]:
        words = [part for word in re.findall(r"\w+", query.lower()) for part in parts(word)]
        match = " OR ".join(f'"{word}"' for word in words)
        rows = database.execute(
            "SELECT rowid FROM story WHERE story MATCH ? ORDER BY rank LIMIT ?", (match, SHOWN)
        )
        return [row[0] for row in rows]

    return find


def tantivy(texts: Sequence[str]) -> Find:
    """Search for any of the words with tantivy, with at most one typo in each."""
    import tantivy as library

    builder = library.SchemaBuilder()
    builder.add_integer_field("number", stored=True)
    builder.add_text_field("text")
    schema = builder.build()
    index = library.Index(schema)
    writer = index.writer(heap_size=200_000_000, num_threads=1)
    for number, text in enumerate(texts):
        writer.add_document(library.Document(number=number, text=text))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    async def find(query: str) -> Sequence[int]:
        terms = [
            (
                library.Occur.Should,
                library.Query.fuzzy_term_query(schema, "text", word, distance=1, prefix=False),
            )
            for word in re.findall(r"\w+", query.lower())
        ]
        hits = searcher.search(library.Query.boolean_query(terms), SHOWN).hits
        return [searcher.doc(address)["number"][0] for _, address in hits]

    return find


def parley(store: Store) -> Find:
    """Search with Parley, including the reads from the database."""

    async def find(query: str) -> Sequence[int]:
        answer = await store.corpus.find(query)
        matches = () if isinstance(answer, Nothing) else answer.matches
        return [
            int(Path(match.article.document).stem) * ARTICLES_IN_A_DOCUMENT
            + match.article.position
            - 1
            for match in matches[:SHOWN]
        ]

    return find


async def measure(name: str, find: Find, lookups: Sequence[Lookup]) -> str:
    """Measure a method; return its row of the table."""
    first, recall, took = 0, 0.0, []
    for lookup in lookups:
        started = time.perf_counter()
        shown = await find(lookup.query)
        took.append((time.perf_counter() - started) * 1000)
        first += bool(shown) and shown[0] in lookup.relevant
        recall += len(lookup.relevant.intersection(shown)) / min(SHOWN, len(lookup.relevant))
    took.sort()
    median, late = took[len(took) // 2], took[int(len(took) * 0.99)]
    count = len(lookups)
    return (
        f"| {name} | {first / count:.3f} | {recall / count:.3f} | {median:,.2f} | {late:,.2f} |"
        f" {count} |"
    )


async def lag(find: Find, lookups: Sequence[Lookup]) -> tuple[float, float]:
    """Look up without a pause and measure how late the event loop runs another task.

    Return the 99th percentile and the maximum in ms.
    """
    late: list[float] = []
    is_done = False

    async def sleeper() -> None:
        while not is_done:
            started = time.perf_counter()
            await asyncio.sleep(0)
            late.append((time.perf_counter() - started) * 1000)

    task = asyncio.create_task(sleeper())
    for lookup in lookups:
        await asyncio.sleep(0)
        await find(lookup.query)
    is_done = True
    await task
    late.sort()
    return late[int(len(late) * 0.99)], late[-1]


def agreement(store: Store, lookups: Sequence[Lookup]) -> float:
    """Return how often the best article of an exhaustive search is among the first five."""
    finder = store.corpus.finder
    agreed = 0
    for lookup in lookups:
        expanded = finder.expand(lookup.query)
        every = finder.scores(expanded, limit=sys.maxsize, min_score=0)
        shown = finder.scores(expanded, limit=SHOWN, min_score=UNSURE)
        # Not the scores, which the two ways of adding them round differently.
        agreed += not every or every[0][1] < UNSURE or every[0][0] in dict(shown)
    return agreed / len(lookups)


def resident() -> float:
    """Return the resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


async def run(size: int, count: int, *, others: bool, kept: Path | None) -> None:
    """Print the table and the figures below it.

    The articles and their database are in the folder *kept*, if given, where a later run finds
    them loaded: a million takes a quarter of an hour and more.
    """
    write = sys.stdout.write
    news = News(size)
    lookups = news.lookups(count + _WARM_UP)
    lookups, warm = lookups[:count], lookups[count:]
    with TemporaryDirectory(prefix="parley-bench-") as temporary:
        place = kept or Path(temporary)
        folder = place / f"stories-{size}"
        if not folder.exists():
            folder.mkdir(parents=True)
            news.write(folder)
        url = f"sqlite:///{place.resolve()}/parley-{size}.db"
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(open_store(url))
            started = time.perf_counter()
            await store.loads.reload(folder, by="bench", at=datetime.now(UTC))
            loaded = time.perf_counter() - started
        del store
        gc.collect()
        before, started = resident(), time.perf_counter()
        async with open_store(url) as store:
            opened = time.perf_counter() - started
            write(f"{size:,} articles, loaded in {loaded:,.1f} s, opened in {opened:.2f} s\n\n")
            write("| method | success@1 | recall@5 | median ms | 99 % ms | look-ups |\n")
            write("| --- | --- | --- | --- | --- | --- |\n")
            ours = parley(store)
            for lookup in warm:
                await ours(lookup.query)
            write(await measure("Parley", ours, lookups) + "\n")
            memory = resident() - before
            late, latest = await lag(ours, lookups)
            same = agreement(store, lookups[: 100 if size > 100_000 else None])
            if others:
                await compare(summaries(folder), lookups)
        write(
            f"\nParley: {memory:.0f} MB for the index and its cache; the event loop is late by"
            f" {late:.2f} ms at the 99th percentile, {latest:.2f} ms at worst; the best article of"
            f" an exhaustive search is in the first five for {same:.3f}.\n"
        )


def summaries(folder: Path) -> Sequence[str]:
    """Return the summaries of all articles, in the order of their numbers."""
    return [
        summary
        for path in sorted(folder.glob("*.txt"))
        for summary in path.read_text().splitlines()[1::3]
    ]


async def compare(texts: Sequence[str], lookups: Sequence[Lookup]) -> None:
    """Print the rows of the other methods."""
    few = lookups[: max(20, 2_000_000 // len(texts))]
    methods: Sequence[tuple[str, Callable[[], Find], Sequence[Lookup]]] = (
        ("tantivy, fuzzy", lambda: tantivy(texts), lookups),
        ("FTS5, bm25", lambda: fts5(texts, "porter unicode61"), lookups),
        ("FTS5, trigram", lambda: fts5(texts, "trigram"), few),
        ("RapidFuzz, token_set_ratio", lambda: rapidfuzz(texts, fuzz.token_set_ratio), few),
        ("RapidFuzz, WRatio", lambda: rapidfuzz(texts, fuzz.WRatio), few),
    )
    for name, build, queries in methods:
        find = build()
        sys.stdout.write(await measure(name, find, queries) + "\n")
        sys.stdout.flush()
        del find
        gc.collect()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--lookups", type=int, default=700)
    parser.add_argument("--alone", action="store_true", help="measure only Parley")
    parser.add_argument("--folder", type=Path, help="keep the articles and their database here")
    asked = parser.parse_args()
    asyncio.run(run(asked.size, asked.lookups, others=not asked.alone, kept=asked.folder))
