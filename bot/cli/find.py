"""`python -m bot find`: look up stories from the terminal, as text or as JSON lines."""

import argparse
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from bot.cli.context import command_settings
from bot.cli.terminal import complain, say, say_json
from store import open_store
from store.finding.embeddings import Embeddings
from store.finding.finder import Finder
from store.loading.documents import read_corpus
from store.topics import Typeahead, catalogue
from store.types import Answer, Article, Found, Match, Nothing, Unsure


class Finds(Protocol):
    """The interface of a finder: the database's corpus, or an index over a folder."""

    async def find(self, query: str) -> Answer:
        """Return the answer to *query*."""
        ...


_LOAD = (
    "Load some: `python -m bot load FOLDER`, or add a feed: `python -m bot sources add ADDRESS`."
)
_OUTCOMES = {Found: "found", Unsure: "unsure", Nothing: "none"}


async def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the stories that the words find, or without words those of each line of input."""
    words = " ".join(arguments.words).strip()
    if not words and (arguments.words or not arguments.jsonl):
        complain("Type what to search for: python -m bot find embassy talks")
        return 2
    async with _finder(arguments.corpus, environ) as finder:
        if arguments.jsonl:
            async for found in find_each(finder, [words] if words else sys.stdin or ()):
                say_json(found)
        else:
            say(format_answer(words, await finder.find(words)))
    return 0


class _FolderFinder:
    """A finder over stories that are in no database."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._topics = Typeahead(catalogue(articles))
        self._finder = Finder.of(articles, Embeddings.load()).with_names(self._topics.names)

    async def find(self, query: str) -> Answer:
        return self._topics.suggest(query, await self._finder.find(query))


@asynccontextmanager
async def _finder(corpus: Path | None, environ: Mapping[str, str]) -> AsyncIterator[Finds]:
    """Yield a finder over the folder *corpus*, or else over the database's corpus.

    While the database is empty, the corpus folder of the settings is searched.
    """
    if not corpus:
        settings = command_settings(environ)
        corpus = settings.corpus_dir
        async with open_store(settings.database_url, is_looking=True) as store:
            if store.corpus.revision:
                if store.corpus.is_empty:
                    complain(f"No stories are loaded. {_LOAD}")
                await store.embedder.read()
                yield store.corpus
                return
        complain(f"No stories are loaded, so those of {corpus} are searched. {_LOAD}")
    yield _FolderFinder([*read_corpus(corpus).articles()])


async def find_each(find: Finds, queries: Iterable[str]) -> AsyncIterator[Mapping[str, object]]:
    """Yield the outcome of each query, and the matches that would be shown, as values for JSON."""
    for line in queries:
        query = line.rstrip("\r\n")
        yield _fields(query, await find.find(query))


def format_answer(query: str, answer: Answer) -> str:
    """Return an answer as text."""
    match answer:
        case Found(matches=matches):
            return "\n\n".join(map(_story, matches))
        case Unsure(matches=matches):
            stories = "\n\n".join(map(_story, matches))
            return f"Not sure what “{query}” means. Did you mean:\n\n{stories}"
        case Nothing(topics=topics):
            near = f" The nearest topics: {', '.join(topics)}." if topics else ""
            return f"No story on “{query}”.{near}"


def _story(match: Match) -> str:
    article = match.article
    return (
        f"{article.headline}  ({article.document}, story {article.position};"
        f" score {match.score:.2f})"
        f"\n{article.summary}\nInsight: {article.insight}\nQuestion: {article.question}"
    )


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _fields(query: str, answer: Answer) -> dict[str, Any]:
    matches = [] if isinstance(answer, Nothing) else answer.matches
    return {
        "query": query,
        "outcome": _OUTCOMES[type(answer)],
        "matches": [
            {
                "article": match.article.id,
                "document": match.article.document,
                "position": match.article.position,
                "score": round(match.score, 4),
                "url": match.article.url,
                "publisher": match.article.publisher,
                "published_at": _text(match.article.published_at),
                "guid": match.article.guid,
                "first_seen_at": _text(match.article.first_seen_at),
            }
            for match in matches
        ],
        "suggestions": list(answer.topics) if isinstance(answer, Nothing) else [],
    }
