"""Files into documents: read a corpus folder, and name every problem with its path and line.

A document is UTF-8 text: its first line is the headline, then three lines an article (summary,
insight, question). Blank lines, CRLF, a BOM and blanks around a line do not count.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b, file_digest, sha256
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import BinaryIO

from store.types import Article, CorpusInvalidError, Document, Problem

ENDING = ".txt"
MAX_LINE = 20_000
"""Characters that a line may have; Slack shows 3,000 of them in a block, and nobody reads more."""

_PARTS = ("summary", "insight", "question")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a corpus folder holds."""

    documents: tuple[Document, ...]
    """Those that were read, without those that are as they were known."""
    digests: Mapping[str, str]
    """A hash of every document's bytes, by its path below the folder."""
    ignored: int
    """Files left out: hidden ones, and those with another ending."""

    @property
    def articles(self) -> tuple[Article, ...]:
        """Give the articles of the documents that were read, in order."""
        return tuple(article for document in self.documents for article in document.articles)

    @property
    def fingerprint(self) -> str:
        """Hash every document's path and bytes; equal fingerprints mean equal corpora."""
        whole = sha256()
        for name, digest in sorted(self.digests.items()):
            whole.update(f"{name}\0{digest}\0".encode())
        return whole.hexdigest()


def read_corpus(path: Path, known: Mapping[str, str] = MappingProxyType({})) -> Contents:
    """Read the document at *path*, or every document in the folder at *path*.

    A document with the digest that is *known* of its path is not read again. Raises
    `CorpusInvalidError` with every problem of every file.
    """
    if not path.exists():
        raise _invalid(path.name or str(path), f"there is no such folder: {path}")
    root, files, ignored = _files(path)
    if not files:
        raise _invalid(path.name, f"holds no document: a document is a text file named *{ENDING}")
    documents: list[Document] = []
    problems: list[Problem] = []
    digests: dict[str, str] = {}
    for file in files:
        name = file.relative_to(root).as_posix()
        lines = _Lines(name)
        try:
            with file.open("rb") as source:
                if name in known and file_digest(source, "sha256").hexdigest() == known[name]:
                    digests[name] = known[name]
                    continue
                source.seek(0)
                texts = list(lines.read(source))
        except OSError as error:
            problems.append(_problem(name, None, f"cannot be read: {error.strerror}"))
            continue
        problems += lines.problems or _misshapen(name, texts)
        if not problems:
            documents.append(_document(name, [text for _, text in texts]))
        digests[name] = lines.digest.hexdigest()
    if problems:
        raise CorpusInvalidError(tuple(problems))
    return Contents(documents=tuple(documents), digests=digests, ignored=ignored)


def _files(path: Path) -> tuple[Path, list[Path], int]:
    if path.is_file():
        return path.parent, [path], 0
    every = [entry for entry in sorted(path.rglob("*")) if entry.is_file()]
    files = [
        entry
        for entry in every
        if entry.suffix == ENDING
        and not any(part.startswith(".") for part in entry.relative_to(path).parts)
    ]
    return path, files, len(every) - len(files)


class _Lines:
    """Reads the lines of one file that are not blank, holding no more than one long line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.digest = sha256()
        self.problems: list[Problem] = []

    def read(self, source: BinaryIO) -> Iterator[tuple[int, str]]:
        """Yield (number, text) of each line; after a problem, nothing more."""
        number = offset = 0
        # A character takes up to four bytes; the byte more tells a long line from a full one.
        while raw := source.readline(MAX_LINE * 4 + 1):
            number += 1
            self.digest.update(raw)
            if b"\0" in raw:
                return self._stop(number, "is not text: it holds a NUL byte")
            if len(raw) > MAX_LINE * 4:
                return self._stop(number, f"is longer than {MAX_LINE:,} characters")
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError as error:
                at, bad = offset + error.start, raw[error.start]
                return self._stop(
                    number, f"is not UTF-8 text: byte {at:,} of the file is 0x{bad:02X}"
                )
            if len(text) > MAX_LINE:
                return self._stop(number, f"is longer than {MAX_LINE:,} characters")
            offset += len(raw)
            if text:
                yield number, text
        return None

    def _stop(self, number: int, message: str) -> None:
        self.problems.append(_problem(self._name, number, message))


def _misshapen(name: str, lines: list[tuple[int, str]]) -> list[Problem]:
    if not lines:
        return [_problem(name, None, "is empty: a document starts with its headline")]
    body = lines[1:]
    if not body:
        return [_problem(name, lines[0][0], "has a headline and no article below it")]
    left = len(body) % 3
    if not left:
        return []
    has = " and ".join(_PARTS[:left])
    needs = " and ".join(f"no {part}" for part in _PARTS[left:])
    message = f"the last article has a {has}, but {needs}"
    odd = next((number for number, text in body[2::3] if not text.endswith("?")), None)
    if odd:
        message += f"; the first line out of step may be line {odd}, where a question is due"
    return [_problem(name, body[-left][0], message)]


def _document(name: str, texts: list[str]) -> Document:
    headline, *body = texts
    triples = zip(body[0::3], body[1::3], body[2::3], strict=True)
    seen: Counter[tuple[str, ...]] = Counter()
    articles: list[Article] = []
    for position, triple in enumerate(triples, start=1):
        seen[triple] += 1
        articles.append(
            Article(
                id=_id(triple, seen[triple]),
                document=name,
                position=position,
                headline=headline,
                summary=triple[0],
                insight=triple[1],
                question=triple[2],
            )
        )
    return Document(path=name, headline=headline, articles=tuple(articles))


def _id(triple: tuple[str, str, str], time: int) -> str:
    """Derive an id from the text alone, so that every replica and every restart gives the same."""
    text = "\n".join(triple)
    return blake2b(f"{text}\n{time}".encode(), digest_size=8).hexdigest()


def another_id(article: Article) -> str:
    """Derive an id for an article whose own belongs to the same text in another document."""
    text = f"{article.id}\n{article.document}"
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _problem(name: str, line: int | None, message: str) -> Problem:
    return Problem(path=PurePosixPath(name), line=line, message=message)


def _invalid(name: str, message: str) -> CorpusInvalidError:
    return CorpusInvalidError((_problem(name, None, message),))
