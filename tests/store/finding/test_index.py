"""The index in memory: changed in place of built again, it is the same."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from store.finding.index import Index, Segment, build, merge
from store.types import Article

WORDS = ("ferry", "harbour", "storm", "mayor", "tram")
texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
stories = st.dictionaries(st.integers(0, 40), st.tuples(texts, texts), max_size=12)


def numbered(found: dict[int, tuple[str, str]]) -> Sequence[tuple[int, Article]]:
    return [
        (
            number,
            Article(
                id=str(number),
                document="d",
                position=number,
                headline=headline,
                summary=summary,
                insight="",
                question="",
            ),
        )
        for number, (headline, summary) in sorted(found.items())
    ]


def assert_same(index: Index, expected: Index) -> None:
    assert index.numbers.tolist() == expected.numbers.tolist()
    assert [*index.vocabulary.counted] == [*expected.vocabulary.counted]
    for word in WORDS:
        (found,), (wanted,) = (one.postings([word]).values() for one in (index, expected))
        assert found.tolist() == wanted.tolist()
        for one in range(1, 3):
            headline = (word,) * one
            found, wanted = (each.with_headline(headline, 9) for each in (index, expected))
            assert sorted(found.tolist()) == sorted(wanted.tolist())


@given(stories, stories)
def test_an_updated_index_is_that_of_the_articles_now(
    before: dict[int, tuple[str, str]], after: dict[int, tuple[str, str]]
) -> None:
    # An article with other words has another number.
    after = {number: before.get(number, words) for number, words in after.items()}
    removed = {number: words for number, words in before.items() if number not in after}
    added = {number: words for number, words in after.items() if number not in before}
    index = Index(build(numbered(before)))
    updated = index.updated(removed=build(numbered(removed)), added=build(numbered(added)))
    assert_same(updated, Index(build(numbered(after))))
    # And back again; the first index has not changed.
    again = updated.updated(removed=build(numbered(added)), added=build(numbered(removed)))
    assert_same(again, index)
    assert_same(index, Index(build(numbered(before))))


@given(st.lists(st.integers(0, 2), max_size=41), stories)
def test_merged_segments_are_one(owners: list[int], found: dict[int, tuple[str, str]]) -> None:
    parts: list[dict[int, tuple[str, str]]] = [{}, {}, {}]
    for number, words in found.items():
        parts[owners[number] if number < len(owners) else 0][number] = words
    whole = build(numbered(found))
    assert_equal(merge([build(numbered(part)) for part in parts]), whole)
    removed = np.array([*parts[0]], dtype=np.uint32)
    left = build(numbered(parts[1] | parts[2]))
    assert_equal(whole.without(removed), left)


def assert_equal(segment: Segment, expected: Segment) -> None:
    assert segment.words == expected.words
    for name in ("numbers", "headlines", "counts", "postings"):
        assert getattr(segment, name).tolist() == getattr(expected, name).tolist(), name
