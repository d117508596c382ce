"""Measure what each rule of the finder earns, and print the tables of docs/how-it-works.md.

    python -m benchmarks.ablations FOLDER

FOLDER has one folder for each corpus, with `stories/` (documents) and `queries.jsonl` (look-ups as
in `quality`). Each rule is switched off in turn: first those of word matching, then those of
semantic search.
"""

import argparse
import asyncio
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from store.finding import countries as same_country
from store.finding import embeddings, finder, index, minilm, ranking, similarity, vocabulary
from store.finding.similarity import SemanticSearch
from store.language import countries, languages, words
from store.loading.documents import read_corpus
from store.topics import catalogue
from store.types import Article, Found, Unsure

SHOWN = 3
_NEVER = re.compile(r"(?!)()")
_LETTERS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def _nothing(*_: object, **__: object) -> tuple[()]:
    return ()


def _is_not(*_: object) -> bool:
    return False


async def _none(*_: object) -> list[tuple[int, float]]:
    return []


def _spoken(is_common: Any, **without: Any) -> Sequence[languages.Language]:
    return [replace(language, **without) for language in _SPOKEN(is_common)]


def _only_codes(text: str) -> Iterator[str]:
    return filter(words.is_code, _COMPOUNDS(text))


_SPOKEN, _COMPOUNDS = languages.spoken, words._compounds
_NO_LIST = {"uses": {}, "rarer": np.zeros(0, dtype=np.int64)}

Patches = Sequence[tuple[object, str, object]]
RULES: Mapping[str, Patches] = {
    "a typo is corrected": [(vocabulary.Vocabulary, "_misspelled", _nothing)],
    "a word of the same family": [(vocabulary.Vocabulary, "_family", _nothing)],
    "a word still being typed": [(vocabulary.Vocabulary, "_completions", _nothing)],
    "two words or more typed as one": [(vocabulary.Vocabulary, "_pieces", _nothing)],
    "a name as other languages spell it": [(vocabulary, "romanized", str)],
    "a name in another alphabet": [(vocabulary, "in_latin", _nothing)],
    "one word typed as two": [(vocabulary.Vocabulary, "_joined", lambda *_: {})],
    "other names of a country, its capital": [(vocabulary, "relatives", _nothing)],
    "countries in other languages": [(countries, "_translations", _nothing)],
    "codes of countries": [(same_country, "_codes", dict)],
    "older spellings of cities": [(countries, "_older_spellings", lambda: defaultdict(set))],
    "St. is Saint, PM is prime minister": [(vocabulary, "_ABBREVIATIONS", {})],
    "a name whatever is typed around it": [(finder, "anchored", _nothing)],
    "an unknown word beside a name": [(ranking, "_BESIDE_NAME", 1.0)],
    "a country's adjective is no name": [(ranking, "is_people", _is_not)],
    "digits are exact": [(vocabulary, "has_digit", _is_not), (ranking, "has_digit", _is_not)],
    "a code is one word": [(words, "is_code", _is_not), (vocabulary, "is_code", _is_not)],
    "a hyphenated word in one": [(words, "_compounds", _only_codes)],
    "2.5 is one number": [(words, "_WORD", _LETTERS)],
    "initials of names": [(words, "_initials", _nothing)],
    "WHO is not who": [(words, "_CAPITALS", _NEVER)],
    "names of emoji are no words": [(words, "_EMOJI", _NEVER)],
    "pairs of letters without spaces": [(words, "_UNSPACED_LETTER", _NEVER)],
    "an unknown pair weighs less": [(ranking, "_PAIR", 1.0)],
    "l'économie is économie": [(words, "_ELISION", _NEVER)],
    "l'or is no English or": [(words, "_ELIDED", _NEVER)],
    "British and American spelling": [(words, "_BRITISH", _NEVER), (words, "_AMERICAN", {})],
    "English stems": [(vocabulary, "stem", cache(str))],
    "stems of other languages": [(vocabulary, "spoken", partial(_spoken, stem=str))],
    "everyday words of other languages": [(vocabulary, "spoken", partial(_spoken, **_NO_LIST))],
    "German compounds": [(vocabulary.Vocabulary, "_parts", _nothing)],
    "Hebrew, Arabic and Korean affixes": [(vocabulary.Vocabulary, "_with_affix", _nothing)],
    "the obvious story first": [(ranking, "_PLACE_WEIGHTS", np.ones(4, dtype=np.float32))],
}


def _without_headline(article: Article) -> Sequence[str]:
    return _TEXTS(replace(article, headline=""))


def _in_one(article: Article) -> Sequence[str]:
    return [". ".join(_TEXTS(article))]


class _Memory(embeddings.Embeddings):
    """Embeds each text once, however often it is embedded."""

    def __init__(self, encoder: Any, english: minilm.MiniLM | None) -> None:
        super().__init__(encoder, english)
        self._known: dict[str, embeddings.Vectors] = {}

    def embed(self, texts: Sequence[str]) -> embeddings.Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, super().embed(new), strict=True))
        return np.array([self._known[text] for text in texts]).reshape(len(texts), -1)


def _without_english(self: _Memory, texts: Sequence[str]) -> embeddings.Vectors:
    vectors = _EMBED(self, texts)
    embeddings.parts(vectors)[1][:] = minilm.DIMENSIONS**-0.5
    return vectors


def _without_encoder(self: _Memory, texts: Sequence[str]) -> embeddings.Vectors:
    vectors = _EMBED(self, texts)
    embeddings.parts(vectors)[0][:] = embeddings.PARTS[0] ** -0.5
    return vectors


async def _each_passes(self: SemanticSearch, query: str) -> list[tuple[int, float]]:
    found = await _FIND(self, query)
    return found[: 1 if found else 0]


def _signs(vectors: embeddings.Vectors) -> embeddings.PackedVectors:
    return _PACK(np.sign(vectors))


_FIND, _PACK, _TEXTS = SemanticSearch.find, embeddings.pack, embeddings.embedded_texts
_EMBED = _Memory.embed
SEMANTIC_RULES: Mapping[str, Patches] = {
    "semantic search": [(SemanticSearch, "find", _none)],
    "MiniLM for English": [(_Memory, "embed", _without_english)],
    "the Universal Sentence Encoder": [(_Memory, "embed", _without_encoder)],
    "each text of a story by itself": [(embeddings, "embedded_texts", _in_one)],
    "the headline is a part of the story": [(embeddings, "embedded_texts", _without_headline)],
    "three are shown once one is near": [(SemanticSearch, "find", _each_passes)],
    "a sentence needs less similarity": [(similarity, "LONG_QUERY_FACTOR", 1.0)],
    "the minimum is measured": [(similarity, "PROBE_RATE", 1.0)],
    "languages that the model does not know": [(similarity, "MAX_MEAN_SIMILARITY", 1.0)],
    "a country that no story names": [(vocabulary.Vocabulary, "lacks_country", _is_not)],
    "codes have no meaning": [(finder, "has_digit", _is_not)],
    "half a byte instead of a bit": [(embeddings, "pack", _signs)],
}


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """A labelled look-up in one corpus."""

    corpus: str
    query: str
    kind: str
    expected: Mapping[str, Any]

    @property
    def has_answer(self) -> bool:
        return bool(self.expected.get("has") or self.expected.get("relevant"))

    def is_right(self, article: Article) -> bool:
        """Return whether *article* is a right answer."""
        if "has" in self.expected:
            text = "\n".join((article.headline, article.summary, article.insight, article.question))
            return all(re.search(each, text, re.IGNORECASE) for each in self.expected["has"])
        return article.position in self.expected["relevant"]


@dataclass(slots=True)
class Judged:
    """The look-ups whose right story is shown or first.

    *found* and *asked* are those without an answer that find stories or ask about some.
    """

    shown: set[Lookup]
    first: set[Lookup]
    found: set[Lookup]
    asked: set[Lookup]


@contextmanager
def without(patches: Patches) -> Iterator[None]:
    """Switch a rule off."""
    modules = (words, countries, same_country, index, ranking)
    caches = [
        each for module in modules for each in vars(module).values() if hasattr(each, "cache_clear")
    ]
    with ExitStack() as stack:
        for owner, name, value in patches:
            stack.enter_context(patch.object(owner, name, value))
        for cached in caches:
            stack.callback(cached.cache_clear)
            cached.cache_clear()
        yield


async def judge(
    corpora: Mapping[str, Sequence[Article]],
    lookups: Sequence[Lookup],
    model: embeddings.Embeddings | None,
) -> Judged:
    """Run *lookups* with the rules that are switched on."""
    judged = Judged(set(), set(), set(), set())
    finders = {
        name: finder.Finder.of(articles, model).with_names(catalogue(articles))
        for name, articles in corpora.items()
    }
    for lookup in lookups:
        answer = await finders[lookup.corpus].find(lookup.query)
        shown = answer.matches[:SHOWN] if isinstance(answer, Found | Unsure) else ()
        right = [lookup.is_right(match.article) for match in shown]
        if not lookup.has_answer:
            judged.found.update([lookup] if isinstance(answer, Found) else ())
            judged.asked.update([lookup] if isinstance(answer, Unsure) else ())
            continue
        judged.shown.update([lookup] if any(right) else ())
        judged.first.update([lookup] if isinstance(answer, Found) and right[0] else ())
    return judged


def row(rule: str, on: Judged, off: Judged) -> str:
    """Format a row of the table: what is lost without *rule*, and for which look-ups."""
    kinds = Counter(
        lookup.kind
        for lookup in (on.shown - off.shown) | (on.first - off.first) | (off.found - on.found)
    )
    cells = (
        len(on.shown) - len(off.shown),
        len(on.first) - len(off.first),
        len(off.found) - len(on.found),
        len(off.asked) - len(on.asked),
        ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in kinds.most_common(2)),
    )
    return f"| {rule} | {' | '.join(map(str, cells))} |"


def read(folder: Path) -> tuple[Mapping[str, Sequence[Article]], Sequence[Lookup]]:
    """Read the stories and the look-ups of all corpora."""
    corpora: dict[str, Sequence[Article]] = {}
    lookups: list[Lookup] = []
    for queries in sorted(folder.glob("*/queries.jsonl")):
        corpora[queries.parent.name] = [*read_corpus(queries.parent / "stories").articles()]
        for line in queries.read_text("utf-8").splitlines():
            asked = json.loads(line)
            kind = asked.get("kind", asked["class"])
            lookups.append(Lookup(queries.parent.name, asked["query"], kind, asked))
    return corpora, lookups


async def run(folder: Path) -> None:
    """Print both tables."""
    corpora, lookups = await asyncio.to_thread(read, folder)
    answered = sum(lookup.has_answer for lookup in lookups)
    loaded = embeddings.Embeddings.load()
    memory = _Memory(loaded._encoder, loaded._english) if loaded else None
    for rules, model in ((RULES, None), (SEMANTIC_RULES, memory)):
        on = await judge(corpora, lookups, model)
        sys.stdout.write(
            f"{len(corpora)} corpora; of {answered} look-ups with an answer {len(on.shown)} show it"
            f" and {len(on.first)} find it first; of {len(lookups) - answered} without one"
            f" {len(on.found)} find a story and {len(on.asked)} ask about one.\n\n"
            "| without the rule | fewer show it | fewer find it first | more found wrongly"
            " | more asked wrongly | most of them |\n| --- | --- | --- | --- | --- | --- |\n"
        )
        for rule, patches in rules.items():
            with without(patches):
                off = await judge(corpora, lookups, model)
            sys.stdout.write(row(rule, on, off) + "\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder with one folder for each corpus")
    asyncio.run(run(parser.parse_args().folder))
