"""Read the articles of a corpus folder, and report each problem with its path and line.

The folder is read twice, so that its articles need not fit into memory: first to check everything,
then to load the articles of the documents that changed.
"""

import os
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b, file_digest, sha256
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from store.loading.documents import feed, plain, records
from store.loading.documents.folder import ENDINGS, Files, ending_of, list_files
from store.loading.documents.source import MAX_TEXT, Source, Story
from store.parsing import Parser
from store.progress import Progress
from store.text import showable
from store.types import Article, CorpusInvalidError, Problem

__all__ = [
    "ENDINGS",
    "MAX_TEXT",
    "CorpusFolder",
    "Hashes",
    "derive_another_id",
    "ending_of",
    "hash_keys",
    "hash_texts",
    "read_corpus",
    "showable",
    "texts",
    "to_rows",
]

_READERS: Mapping[str, Callable[[Source], Iterator[Story]]] = {
    ".txt": plain.stories,
    ".jsonl": records.from_json_lines,
    ".ndjson": records.from_json_lines,
    ".csv": records.from_csv,
    ".tsv": records.from_tsv,
    ".json": records.from_json,
    ".xml": feed.stories,
    ".rss": feed.stories,
    ".atom": feed.stories,
    ".rdf": feed.stories,
}

_NO_STORY_NOW = "holds no story any more, and keeps those it had: delete the file to remove them"

Hashes: TypeAlias = NDArray[np.uint64]
"""Hashes of articles, 64 bits each."""
KEYS = 4
"""How many hashes `hash_keys` returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFolder:
    """The checked documents of a corpus folder; `articles` reads their articles when needed."""

    root: Path
    digests: Mapping[str, str]
    """The hash of each document's bytes, by its path below the root; that of the bytes loaded
    before for a document that has a problem now."""
    ignored: int
    """How many files were ignored: hidden, or with another ending."""
    problems: tuple[Problem, ...]
    """Why files cannot be loaded: they keep the articles they had, and new ones are left out."""
    warnings: tuple[Problem, ...]
    """Mistakes in the new and changed documents that do not keep them from being loaded, and files
    that are left out because they are no documents, or have the ending of another program."""
    changed: Mapping[str, int]
    """The new and changed documents, in order, with the number of articles in each."""
    hashes: Hashes
    """The `hash_texts` of each article of those documents, in order."""
    at: datetime | None
    """The time of the load, which is when new articles are first seen."""
    keys: Hashes
    """The `hash_keys` of each article of those documents, in order: a row for each."""
    repeated: frozenset[str]
    """The ids that several of those articles share, because their texts are equal."""

    @property
    def fingerprint(self) -> str:
        """Return a hash of all paths and bytes; equal fingerprints mean equal corpora."""
        return _fingerprint(self.digests)

    def articles(self, parser: Parser | None = None) -> Iterator[Article]:
        """Yield the articles of the documents that changed, in order.

        *parser* is used as in `read_corpus`. Raises `CorpusInvalidError` if a file has changed
        since it was checked.
        """
        with _parser(parser) as parser:
            for name in self.changed:
                source = None
                try:
                    with (self.root / name).open("rb") as file:
                        source = Source(name, file, parser, self.at)
                        yield from _articles(source)
                except OSError as error:
                    raise _invalid(name, f"cannot be read: {error.strerror}") from error
                if source.digest != self.digests[name]:
                    raise _invalid(name, "was changed while it was read: try again")
                if source.problems:
                    # The check parsed the same bytes, but a busy machine can exceed a limit now.
                    raise CorpusInvalidError(tuple(source.problems))


def _fingerprint(digests: Mapping[str, str]) -> str:
    """Return a hash of the documents' paths and digests."""
    fingerprint = sha256()
    for name, digest in sorted(digests.items()):
        fingerprint.update(f"{name}\0{digest}\0".encode())
    return fingerprint.hexdigest()


def read_corpus(
    path: Path,
    known: Mapping[str, str] = MappingProxyType({}),
    progress: Progress | None = None,
    parser: Parser | None = None,
    at: datetime | None = None,
) -> CorpusFolder:
    """Check the document at *path*, or every document in the folder at *path*.

    *known* has digests by path: a document with a known digest has not changed and is not parsed.
    Another thread may close *parser* to stop the check early; None creates a parser for this call.
    *at* is the time of the load; None accepts dates in the future and leaves `first_seen_at`
    unknown. Raises `CorpusInvalidError` with all problems if there is nothing to load.
    """
    files = _list_files(path)
    if not files.documents and not files.problems:
        raise _no_document(path, files)
    reading = _Reading(known, at)
    reading.keep(files.problems)
    with _parser(parser) as parser:
        for name in (progress or Progress()).through("Reading", files.documents):
            reading.read(name, files.root / name, parser)
    if not reading.digests:
        raise CorpusInvalidError((*reading.problems, *reading.left_out))
    return CorpusFolder(
        root=files.root,
        digests=reading.digests,
        ignored=files.ignored,
        problems=tuple(reading.problems),
        warnings=(
            *reading.warnings,
            *(
                replace(one, message=f"{one.message}; the file is left out")
                for one in reading.left_out
            ),
            *(_problem(name, message) for name, message in files.not_read),
        ),
        changed=reading.changed,
        hashes=np.array(reading.hashes, dtype=np.uint64),
        keys=to_rows(reading.keys),
        at=at,
        repeated=_repeated_ids(np.array(reading.ids, dtype=np.uint64)),
    )


@dataclass(slots=True)
class _Reading:
    """What is found in the files of a folder, one after the other."""

    known: Mapping[str, str]
    at: datetime | None
    digests: dict[str, str] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    hashes: "array[int]" = field(default_factory=lambda: array("Q"))
    ids: "array[int]" = field(default_factory=lambda: array("Q"))
    keys: "array[int]" = field(default_factory=lambda: array("Q"))
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)
    """Why files are no documents."""

    def keep(self, unread: Sequence[tuple[str, str]]) -> None:
        """Keep the documents in the files and folders that cannot be read, and note why."""
        self.problems += (_problem(name, message) for name, message in unread)
        names = {name for name, _ in unread}
        for name, digest in self.known.items() if names else ():
            if name in names or any(str(one) in names for one in PurePosixPath(name).parents):
                self.digests[name] = digest

    def read(self, name: str, path: Path, parser: Parser) -> None:
        """Check the file at *path*."""
        known, before = self.known.get(name), len(self.hashes)
        try:
            with path.open("rb") as file:
                if known and file_digest(file, "sha256").hexdigest() == known:
                    self.digests[name] = known
                    return
                file.seek(0)
                source = Source(name, file, parser, self.at)
                for article in _articles(source):
                    self.hashes.append(hash_texts(article))
                    self.ids.append(int(article.id, 16))
                    self.keys.extend(hash_keys(article))
        except OSError as error:
            problems = [_problem(name, f"cannot be read: {error.strerror}")]
        else:
            if source.not_a_document and not known:
                self.left_out.append(source.not_a_document)
                return
            # If it was a document, then what fetched or saved it has failed.
            problems = [source.not_a_document] if source.not_a_document else source.problems
        if known and not problems and len(self.hashes) == before:
            # The export that wrote it may have failed.
            problems = [_problem(name, _NO_STORY_NOW)]
        if not problems:
            self.changed[name] = len(self.hashes) - before
            self.digests[name] = source.digest
            self.warnings += source.warnings
            return
        del self.hashes[before:], self.ids[before:], self.keys[before * KEYS :]
        if known:
            self.digests[name] = known
        self.problems += problems


def _list_files(path: Path) -> Files:
    try:
        if not path.exists():
            raise _invalid(path.name or str(path), "there is no such file or folder")
        return list_files(path)
    except OSError as error:
        name = os.path.relpath(error.filename or path, path.resolve())
        name = path.name if name == "." or name.startswith("..") else name
        raise _invalid(name, f"cannot be read: {error.strerror}") from error


def _parser(parser: Parser | None) -> AbstractContextManager[Parser]:
    """Return *parser*, to be closed by its owner, or a new parser that is closed after use."""
    return nullcontext(parser) if parser else Parser()


def _repeated_ids(ids: Hashes) -> frozenset[str]:
    distinct, counts = np.unique(ids, return_counts=True)
    return frozenset(f"{number:016x}" for number in distinct[counts > 1].tolist())


def hash_texts(article: Article) -> int:
    """Return a hash of an article's texts, to find the article with the same texts."""
    return _hash(*texts(article))


def texts(article: Article) -> tuple[str, ...]:
    """Return an article's texts, without its id and its place."""
    return article.headline, article.summary, article.insight, article.question


def hash_keys(article: Article) -> tuple[int, int, int, int]:
    """Return hashes of what may identify an article whose text was edited; 0 for what it lacks.

    They are those of its headline, guid, link and question, and only good in this process.
    """
    headline, question = article.headline.casefold(), article.question.casefold()
    return _key(headline), _key(article.guid), _key(article.url), _key(question)


def _key(text: str | None) -> int:
    return hash(text) % 2**64 if text else 0


def to_rows(keys: "array[int]") -> Hashes:
    """Return the `hash_keys` of articles, one after the other, as rows."""
    return np.array(keys, dtype=np.uint64).reshape(-1, KEYS)


def _hash(*strings: str) -> int:
    return int.from_bytes(blake2b("\n".join(strings).encode(), digest_size=8).digest())


def _articles(source: Source) -> Iterator[Article]:
    read = _READERS.get(ending_of(source.name) or "", plain.stories)
    for position, story in enumerate(read(source), start=1):
        yield Article(
            # From the text alone, so every replica and every restart derives the same id.
            id=f"{_hash(story.summary, story.insight, story.question):016x}",
            document=source.name,
            position=position,
            headline=story.headline,
            summary=story.summary,
            insight=story.insight,
            question=story.question,
            **story.provenance._asdict(),
            first_seen_at=source.at,
        )


def derive_another_id(article: Article) -> str:
    """Return a new id for an article whose id belongs to another article."""
    return f"{_hash(article.id, article.document):016x}"


def _problem(name: str, message: str) -> Problem:
    # The name and the message may contain the name of the folder, which can be any bytes.
    return Problem(path=PurePosixPath(showable(name)), line=None, message=showable(message))


def _no_document(path: Path, files: Files) -> CorpusInvalidError:
    others = "".join(f"; {name} {message}" for name, message in files.not_read)
    return _invalid(
        path.name, f"holds no document: a document is a file named *{', *'.join(ENDINGS)}{others}"
    )


def _invalid(name: str, message: str) -> CorpusInvalidError:
    return CorpusInvalidError((_problem(name, message),))
