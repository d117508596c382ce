"""Rank the articles that match a query, using only the postings of its words.

The score of an article is the share of the query's total weight that the article covers. A rare
word weighs more than a common one. The article covers a word by the similarity of its best
expansion in the article, times the weight of the place.
"""

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, combinations
from operator import itemgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from store.finding.index import Index, Numbers, Postings
from store.finding.vocabulary import Expansion, Expansions, Vocabulary
from store.language.countries import is_people
from store.language.words import acronyms, compounds, has_digit, is_unspaced, rarity, words
from store.types import Article

Scores: TypeAlias = NDArray[np.float32]

# By the place where a term stands; see index.Postings. The small differences break ties.
_PLACE_WEIGHTS = np.array([1.0, 0.99, 0.98, 0.97], dtype=np.float32)

_FUNCTION_WORD = 0.1
_PAIR = 0.4
_FIGURE = 0.7
"""The weight of a number or code, as a share of the others: a story without it is not found."""
_NAME, _SURE, _LONGEST_NAME = 4.0, 0.7, 4
_BESIDE_NAME = 0.6
"""The weight of a word that no story has, beside a name that one has, as a share: Keir Starmer."""

# Covers are packed into the low 16 bits of a sort key: this many steps from 0 to 1.
_STEPS = 0xFFFF

_FEW = 300
"""Up to so many postings, a loop is faster than numpy, and for most queries there are fewer."""
_ROUNDING = 1e-6
"""The most that a score changes when it is rounded."""


@dataclass(frozen=True)
class QueryWord:
    """One word of the query, with the articles that contain an expansion of it.

    Each article covers the word more or less, from 0 to 1.
    """

    text: str
    expansions: Expansions
    weight: float
    few: Mapping[int, float]
    """The covers by the number of the article, unless there are many."""
    many: tuple[Numbers, Scores] | None
    """The ascending numbers of the articles and their covers, if there are many."""
    is_rare: bool
    """Whether lists of its language show that the word is seldom used."""
    is_unknown: bool
    """Whether no article contains the word."""

    @property
    def count(self) -> int:
        """Return how many articles cover the word."""
        return len(self.many[0]) if self.many else len(self.few)

    @property
    def is_name(self) -> bool:
        """Return whether the word is probably a name, which articles contain."""
        return self.is_rare and not self.is_unknown and _may_be_name(self.text)

    @cached_property
    def arrays(self) -> tuple[Numbers, Scores]:
        """Return the ascending numbers of the articles and their covers."""
        if self.many:
            return self.many
        numbers = sorted(self.few)
        covers = [self.few[number] for number in numbers]
        return np.array(numbers, dtype=np.uint32), np.array(covers, dtype=np.float32)

    def cover(self, numbers: Numbers) -> Scores:
        """Return how well each article of *numbers* covers the word; 0 if it does not."""
        own, covers = self.arrays
        if not len(own):
            return np.zeros(len(numbers), dtype=np.float32)
        at = own.searchsorted(numbers)
        is_covered = own.take(at, mode="clip") == numbers
        found: Scores = covers.take(at, mode="clip") * is_covered
        return found


def rank(
    query_words: Sequence[QueryWord], *, limit: int, min_score: float, ties: int = 0
) -> list[tuple[int, float]]:
    """Return the number and the score of the best articles, best first.

    Return at most *limit* articles, and only those that score *min_score* or more. Among articles
    with the same score, the one that was loaded first comes first. Of the articles with the same
    score as the last one, at most *ties* more are returned, those that were loaded last.
    """
    weights = _weights(query_words)
    total = sum(weights)
    if not total:
        return []
    rare: list[tuple[float, Mapping[int, float]]] = []
    common: list[tuple[float, QueryWord]] = []
    count, weight_of_common = 0, 0.0
    for weight, word in zip(weights, query_words, strict=True):
        if word.many:
            common.append((weight, word))
            weight_of_common += weight
        else:
            rare.append((weight, word.few))
            count += len(word.few)
    least = (min_score - _ROUNDING) * total
    if count > _FEW or (common and weight_of_common >= least):
        weighted = [*zip(weights, query_words, strict=True)]
        numbers, scores = _candidates(weighted, total, limit=limit, min_score=min_score)
        keep = scores >= min_score
        return best(numbers[keep], scores[keep], limit, ties)
    rare.sort(key=itemgetter(0), reverse=True)
    shares = _shares(rare, common, least - weight_of_common)
    rounded = [(-round(min(share / total, 1.0), 6), number) for number, share in shares.items()]
    few = sorted([one for one in rounded if -one[0] >= min_score])
    equal = [one for one in few[limit:] if one[0] == few[limit - 1][0]]
    few = few[:limit] + equal[max(len(equal) - ties, 0) :]
    return [(number, -score) for score, number in few]


def _shares(
    rare: Sequence[tuple[float, Mapping[int, float]]],
    common: Sequence[tuple[float, QueryWord]],
    least: float,
) -> Mapping[int, float]:
    """Return the weight that each article covers, if it covers *least* or more of the *rare* words.

    Each word comes with its weight, the heaviest of the *rare* words first.
    """
    shares: dict[int, float] = {}
    for number in _may_cover(rare, least):
        share = 0.0
        for weight, few in rare:
            share += few.get(number, 0.0) * weight
        if share >= least:
            shares[number] = share
    if common and shares:
        numbers = np.array([*shares], dtype=np.uint32)
        for weight, word in common:
            for number, cover in zip(shares, word.cover(numbers).tolist(), strict=True):
                shares[number] += cover * weight
    return shares


def _may_cover(rare: Sequence[tuple[float, Mapping[int, float]]], least: float) -> set[int]:
    """Return the articles that may cover a weight of *least* or more; see `_shares`."""
    numbers: set[int] = set()
    for at, (weight, few) in enumerate(rare, start=1):
        if weight >= least:
            numbers.update(few)
            continue
        # This word alone is not enough.
        for _, other in rare[at:]:
            numbers |= few.keys() & other.keys()
    return numbers


def anchored(
    query: Sequence[QueryWord],
    index: Index,
    names: Container[Expansion],
    *,
    limit: int,
    score: float,
) -> list[tuple[int, float]]:
    """Return the articles that contain the rarest name of *query*, all with the same *score*.

    A word too many must not hide a story. A name is a word of the corpus that English seldom uses.
    The articles that contain most of the other words come first.
    """
    weighted = [*zip(_weights(query), query, strict=True)]
    named = _named(query, index.vocabulary, names)
    anchors = [(weight, word) for weight, word in weighted if word.text in named and word.count]
    if not anchors:
        return []
    _, anchor = max(anchors, key=lambda pair: pair[0])
    numbers, covers = anchor.arrays
    scores = sum((word.cover(numbers) * weight for weight, word in weighted), start=covers)
    return [(number, score) for number, _ in best(numbers, scores, limit)]


def _named(
    query: Sequence[QueryWord], vocabulary: Vocabulary, names: Container[Expansion]
) -> set[str]:
    """Return the words of *query* that are names; see `anchored`."""
    found: set[str] = set()
    words = tuple(word.text for word in query)
    for word in query:
        sure = [each for each, similarity in word.expansions.items() if similarity >= _SURE]
        if any(
            each in names or all(vocabulary.commonness(one) < _NAME for one in (word.text, *each))
            for each in sure
        ):
            found.add(word.text)
    for start, end in combinations(range(len(words) + 1), 2):
        if end - start <= _LONGEST_NAME and words[start:end] in names:
            found.update(words[start:end])
    return {word for word in found if _may_be_name(word)}


def _may_be_name(word: str) -> bool:
    # "Turkish" describes something else: the lira.
    return len(word) > 1 and not (has_digit(word) or is_people((word,)) or is_unspaced(word))


def _weights(query_words: Sequence[QueryWord]) -> list[float]:
    """Return the weights that the words have beside each other."""
    weights = [word.weight for word in query_words]
    unknown = [at for at, word in enumerate(query_words) if word.is_unknown]
    if unknown and any(word.is_name for word in query_words):
        for at in unknown:
            weights[at] *= _BESIDE_NAME
    figures = [at for at, word in enumerate(query_words) if has_digit(word.text)]
    if figures:
        total = sum(weights)
        for at in figures:
            weights[at] = max(weights[at], _FIGURE * (total - weights[at]))
    return weights


def best(numbers: Numbers, scores: Scores, limit: int, ties: int = 0) -> list[tuple[int, float]]:
    """Return the numbers and scores of the best *limit* articles, and *ties* more; see `rank`."""
    if len(numbers) > 4 * limit:
        kth = np.partition(scores, -limit)[-limit]
        keep = scores >= kth
        numbers, scores = numbers[keep], scores[keep]
    order = np.lexsort((numbers, -scores))
    if ties and len(order) > limit:
        equal = int(np.count_nonzero(scores >= scores[order[limit - 1]]))
        order = np.concatenate([order[:limit], order[max(limit, equal - ties) : equal]])
    else:
        order = order[:limit]
    return [(int(numbers[at]), float(scores[at])) for at in order]


def _candidates(
    weighted: Sequence[tuple[float, QueryWord]], total: float, *, limit: int, min_score: float
) -> tuple[Numbers, Scores]:
    """Return the numbers and scores of all articles that may be among the best.

    Score the articles of the word with the largest weight first, then the remaining articles of
    the next word, and so on. Stop when the remaining words together weigh too little to lift
    another article into the best. The long postings of common words are then only searched, never
    scanned. This is the idea of MaxScore (Turtle and Flood 1995).
    """
    order = sorted(weighted, key=lambda pair: (-pair[0], pair[1].count))
    left = total
    numbers: list[Numbers] = []
    scores: list[Scores] = []
    threshold = min_score
    for place, (weight, word) in enumerate(order):
        if left < threshold * total - 1e-6:
            break
        left -= weight
        new, covers = word.arrays
        share = covers * weight
        for other_place, (other_weight, other) in enumerate(order):
            if other_place == place or not len(new):
                continue
            cover = other.cover(new)
            if other_place < place:
                is_new = cover == 0
                new, share = new[is_new], share[is_new]
            else:
                share = share + cover * other_weight
        numbers.append(new)
        scores.append(np.minimum(share / total, 1.0).round(6))
        all_scores = np.concatenate(scores)
        if len(all_scores) >= limit:
            threshold = max(min_score, float(np.partition(all_scores, -limit)[-limit]))
    return np.concatenate(numbers), np.concatenate(scores)


def match_word(word: str, expansions: Expansions, index: Index) -> QueryWord:
    """Return the articles that contain one of the *expansions* of a word of a query."""
    matched = []
    closest, count = 0.0, 0
    for expansion, similarity in expansions.items():
        found = index.postings_of(expansion[0])
        if len(expansion) > 1:
            found = _intersect(found, expansion[1:], index)
        if len(found):
            matched.append((similarity, found))
            closest = max(closest, similarity)
            count += len(found)
    few: Mapping[int, float] = {}
    many = None
    if count <= _FEW:
        few = _merge_few(matched)
    else:
        many = _merge_many(matched)
    # Rarity is measured on the best expansions only. A word that no article contains is rarest.
    frequency = count
    if len(matched) > 1:
        least = _covers_of(closest - 0.1, False)[-1]
        if many:
            frequency = int(np.count_nonzero(many[1] >= least))
        else:
            frequency = len([cover for cover in few.values() if cover >= least])
    vocabulary = index.vocabulary
    common = vocabulary.commonness(word)
    weight = math.log(1 + index.size / (frequency or 1))
    if vocabulary.is_function_word(word):
        weight *= _FUNCTION_WORD if matched else 0.0
    elif not matched and len(word) == 1:
        weight = 0.0
    elif not matched and is_unspaced(word):
        weight *= _PAIR
    else:
        weight *= rarity(common)
    return QueryWord(
        word,
        expansions,
        weight,
        few,
        many,
        is_rare=common < _NAME and vocabulary.knows_commonness(word),
        is_unknown=not matched,
    )


def _intersect(first: Postings, others: Iterable[str], index: Index) -> Postings:
    """Return those postings of *first* whose articles contain every word of *others*.

    The place of each is the one with the smallest weight among those of the words.
    """
    for word in others:
        other = index.postings_of(word)
        numbers, of_first, of_other = np.intersect1d(
            first >> 2, other >> 2, assume_unique=True, return_indices=True
        )
        first = numbers << 2 | np.maximum(first[of_first] & 3, other[of_other] & 3)
    return first


def _merge_few(matched: Sequence[tuple[float, Postings]]) -> Mapping[int, float]:
    """Return each article once, with the best cover of any expansion."""
    best: dict[int, float] = {}
    for similarity, postings in matched:
        covers = _covers_of(similarity, len(matched) > 1)
        if not best:
            best = {posting >> 2: covers[posting & 3] for posting in postings.tolist()}
            continue
        for posting in postings.tolist():
            number, cover = posting >> 2, covers[posting & 3]
            if cover > best.get(number, 0.0):
                best[number] = cover
    return best


def _merge_many(matched: Sequence[tuple[float, Postings]]) -> tuple[Numbers, Scores]:
    """Return what `_merge_few` does, as arrays."""
    if len(matched) == 1:
        ((similarity, found),) = matched
        return found >> np.uint32(2), np.float32(similarity) * _PLACE_WEIGHTS[found & 3]
    found = np.concatenate([postings for _, postings in matched])
    similarities = np.repeat(
        np.array([similarity for similarity, _ in matched], dtype=np.float32),
        [len(postings) for _, postings in matched],
    )
    steps = (similarities * _PLACE_WEIGHTS[found & 3] * _STEPS).astype(np.uint64)
    keys = np.sort((found.astype(np.uint64) >> np.uint64(2)) << np.uint64(16) | steps)
    numbers = (keys >> np.uint64(16)).astype(np.uint32)
    last = np.append(numbers[1:] != numbers[:-1], True)
    return numbers[last], (keys[last] & np.uint64(_STEPS)).astype(np.float32) / np.float32(_STEPS)


@lru_cache(maxsize=1_000)
def _covers_of(similarity: float, is_merged: bool) -> Sequence[float]:
    """Return the cover with *similarity* for each place, as `_merge_many` computes it."""
    covers = np.float32(similarity) * _PLACE_WEIGHTS
    if is_merged:
        covers = (covers * _STEPS).astype(np.uint64).astype(np.float32) / np.float32(_STEPS)
    of_places: Sequence[float] = covers.tolist()
    return of_places


def reasons(expanded: Sequence[Expansions], article: Article) -> Sequence[str]:
    """Return the words of *article*, as spelled there, that match a word of the query."""
    spellings = _spellings(article)
    found: list[str] = []
    for expansions in expanded:
        for spelling in spellings.of_best(expansions):
            # The pairs of letters of one word in a script without spaces overlap.
            if found and found[-1][-1] == spelling[0] and is_unspaced(spelling):
                found[-1] += spelling[1:]
            else:
                found.append(spelling)
    return found


class _Spellings:
    """The words of an article, each with its first spelling there; read only as far as needed."""

    def __init__(self, article: Article) -> None:
        texts = (article.summary, article.headline, article.insight, article.question)
        self._words = chain.from_iterable((words(text), compounds(text)) for text in texts)
        self._acronyms = map(acronyms, texts)
        self._read: dict[str, str] = {}

    def of_best(self, expansions: Expansions) -> Sequence[str]:
        """Return the spellings of the most similar of *expansions* that the article contains."""
        for each in sorted(expansions, key=expansions.__getitem__, reverse=True):
            found = [*filter(None, map(self._of, each))]
            if len(found) == len(each):
                return found
        return ()

    def _of(self, wanted: str) -> str | None:
        if wanted not in self._read:
            unread = chain(self._words, self._acronyms) if wanted.isupper() else self._words
            for spelled in unread:
                # The first spelling of a word replaces those after it.
                self._read = dict(reversed([*spelled])) | self._read
                if wanted in self._read:
                    break
        return self._read.get(wanted)


_spellings = lru_cache(maxsize=500)(_Spellings)
