"""Files into articles: read a corpus folder, and name every problem with its path and line.

A corpus is read twice and never held: once to check it as a whole, and once more, article by
article, to load what changed.
"""

import os
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from hashlib import blake2b, file_digest, sha256
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from store.loading.documents import feed, plain, records
from store.loading.documents.folder import ENDINGS, files_of
from store.loading.documents.source import MAX_TEXT, Source, Story
from store.parsing import Parser
from store.progress import Progress
from store.text import showable
from store.types import Article, CorpusInvalidError, Problem

__all__ = [
    "ENDINGS",
    "MAX_TEXT",
    "CorpusFolder",
    "Keys",
    "another_id",
    "key",
    "read_corpus",
    "showable",
    "text",
]

_READERS: Mapping[str, Callable[[Source], Iterator[Story]]] = {
    ".txt": plain.stories,
    ".jsonl": records.from_json_lines,
    ".ndjson": records.from_json_lines,
    ".csv": records.from_csv,
    ".xml": feed.stories,
    ".rss": feed.stories,
    ".atom": feed.stories,
}

_OTHER = f"names none of the fields {', '.join(records.FIELDS)}"

Keys: TypeAlias = NDArray[np.uint64]
"""Hashes of articles, of 64 bits each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFolder:
    """What a corpus folder holds, checked as a whole; its articles are read when they are asked."""

    root: Path
    extra: Path | None
    """A document beside those below the root, in the place of one of the same name there."""
    digests: Mapping[str, str]
    """A hash of every document's bytes, by its path below the root."""
    ignored: int
    """Files left out: hidden ones, those with another ending, and tables of something else."""
    others: tuple[str, ...]
    """The tables of something else, in order: none of their fields is one of an article."""
    changed: Mapping[str, int]
    """The documents whose digest was not known, in order, with how many articles each has."""
    keys: Keys
    """The `key` of every article of those, in their order."""
    repeated: frozenset[str]
    """The ids that more than one of those articles derives from its text."""

    @property
    def fingerprint(self) -> str:
        """Hash every document's path and bytes; equal fingerprints mean equal corpora."""
        return _fingerprint(self.digests)

    def articles(self, parser: Parser | None = None) -> Iterator[Article]:
        """Read the articles of the documents that changed, in order.

        *parser* is that of `read_corpus`. Raises `CorpusInvalidError` where a file is no longer
        what was checked.
        """
        with _parser(parser) as parser:
            for name in self.changed:
                source = None
                try:
                    with _place(self.root, self.extra, name).open("rb") as file:
                        source = Source(name, file, parser)
                        yield from _articles(source)
                except OSError as error:
                    raise _invalid(name, f"cannot be read: {error.strerror}") from error
                if source.digest != self.digests[name]:
                    raise _invalid(name, "was changed while it was read: try again")
                if source.problems:
                    # Parsing it again took longer, on a machine that is busy with something else.
                    raise CorpusInvalidError(tuple(source.problems))


def _fingerprint(digests: Mapping[str, str]) -> str:
    """Hash documents' paths and digests."""
    whole = sha256()
    for name, digest in sorted(digests.items()):
        whole.update(f"{name}\0{digest}\0".encode())
    return whole.hexdigest()


def read_corpus(
    path: Path,
    known: Mapping[str, str] = MappingProxyType({}),
    progress: Progress | None = None,
    extra: Path | None = None,
    parser: Parser | None = None,
) -> CorpusFolder:
    """Check the document at *path*, or every document in the folder at *path*.

    *extra* is read as if it were in the folder too. A document with the digest that is *known* of
    its path is not looked into. Another thread may close the *parser* to stop the check early; None
    is one for this call. Raises `CorpusInvalidError` with every problem of every file.
    """
    try:
        if not path.exists():
            raise _invalid(path.name or str(path), f"there is no such folder: {path}")
        files = files_of(path)
    except OSError as error:
        name = os.path.relpath(error.filename or path, path.resolve())
        name = path.name if name == "." or name.startswith("..") else name
        raise _invalid(name, f"cannot be read: {error.strerror}") from error
    problems = [
        _problem(name, "is a link out of the folder: put the file itself there")
        for name in files.outside
    ]
    problems += (
        _problem(name, "has a name that cannot be shown: it has other characters where ? stands")
        for name in files.misnamed
    )
    if not files.documents and not problems and not extra:
        raise _no_document(path)
    digests: dict[str, str] = {}
    changed: dict[str, int] = {}
    keys, ids = array("Q"), array("Q")
    others: list[str] = []
    names = sorted({*files.documents, extra.name}) if extra else files.documents
    with _parser(parser) as parser:
        for name in (progress or Progress()).through("Reading", names):
            try:
                with _place(files.root, extra, name).open("rb") as file:
                    if name in known and file_digest(file, "sha256").hexdigest() == known[name]:
                        digests[name] = known[name]
                        continue
                    file.seek(0)
                    source, before = Source(name, file, parser), len(keys)
                    for article in _articles(source):
                        keys.append(key(article))
                        ids.append(int(article.id, 16))
            except OSError as error:
                problems.append(_problem(name, f"cannot be read: {error.strerror}"))
                continue
            if source.is_other:
                others.append(name)
                continue
            problems += source.problems
            changed[name] = len(keys) - before
            digests[name] = source.digest
    if not digests and not problems:
        problems += (Problem(path=PurePosixPath(name), line=1, message=_OTHER) for name in others)
    if problems:
        raise CorpusInvalidError(tuple(problems))
    return CorpusFolder(
        root=files.root,
        extra=extra,
        digests=digests,
        ignored=files.ignored + len(others),
        others=tuple(others),
        changed=changed,
        keys=np.array(keys, dtype=np.uint64),
        repeated=_repeated(np.array(ids, dtype=np.uint64)),
    )


def _parser(parser: Parser | None) -> AbstractContextManager[Parser]:
    """Return *parser*, which its owner closes, or a new one that is closed after use."""
    return nullcontext(parser) if parser else Parser()


def _place(root: Path, extra: Path | None, name: str) -> Path:
    return extra if extra and extra.name == name else root / name


def _repeated(ids: Keys) -> frozenset[str]:
    distinct, counts = np.unique(ids, return_counts=True)
    return frozenset(f"{one:016x}" for one in distinct[counts > 1].tolist())


def key(article: Article) -> int:
    """Hash an article's whole text, to meet the same one elsewhere."""
    return _hash(*text(article))


def text(article: Article) -> tuple[str, ...]:
    """Give an article's texts, without its id and its place."""
    return article.headline, article.summary, article.insight, article.question


def _hash(*texts: str) -> int:
    return int.from_bytes(blake2b("\n".join(texts).encode(), digest_size=8).digest())


def _articles(source: Source) -> Iterator[Article]:
    read = _READERS.get(PurePosixPath(source.name).suffix.lower(), plain.stories)
    for position, story in enumerate(read(source), start=1):
        yield Article(
            # From the text alone, so that every replica and every restart gives the same.
            id=f"{_hash(story.summary, story.insight, story.question):016x}",
            document=source.name,
            position=position,
            headline=story.headline,
            summary=story.summary,
            insight=story.insight,
            question=story.question,
        )


def another_id(article: Article) -> str:
    """Derive an id for an article whose own belongs to another."""
    return f"{_hash(article.id, article.document):016x}"


def _problem(name: str, message: str) -> Problem:
    # Either may hold the folder's own name.
    return Problem(path=PurePosixPath(showable(name)), line=None, message=showable(message))


def _no_document(path: Path) -> CorpusInvalidError:
    return _invalid(
        path.name, f"holds no document: a document is a file named *{', *'.join(ENDINGS)}"
    )


def _invalid(name: str, message: str) -> CorpusInvalidError:
    return CorpusInvalidError((_problem(name, message),))
