"""The benchmark of the finder's rules can switch each of them off."""

import json
from pathlib import Path

import pytest

from benchmarks.ablations import RULES, SEMANTIC_RULES, judge, read, row, without
from store.finding.embeddings import Embeddings

STORY = {
    "headline": "Harbour",
    "summary": "A play-off holds at St. Helena, see PAY-1234.",
    "insight": "The WHO says nothing.",
    "question": "Will it last?",
}
LOOKUPS = [
    {"query": "playoff", "class": "spelling", "kind": "hyphen_closed", "relevant": [1]},
    {"query": "saint helena", "class": "name", "relevant": [1]},
    {"query": "pizza", "class": "everyday", "relevant": []},
    {"query": "PAY-1235", "class": "noanswer", "relevant": []},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stories = tmp_path / "made" / "stories"
    stories.mkdir(parents=True)
    (stories / "stories.jsonl").write_text(json.dumps(STORY))
    lookups = "".join(json.dumps(lookup) + "\n" for lookup in LOOKUPS)
    (tmp_path / "made" / "queries.jsonl").write_text(lookups)
    return tmp_path


@pytest.mark.parametrize("rule", RULES)
async def test_a_rule_can_be_switched_off(folder: Path, rule: str) -> None:
    with without(RULES[rule]):
        await judge(*read(folder), None)


@pytest.mark.parametrize("rule", SEMANTIC_RULES)
async def test_a_rule_of_semantic_search_can_be_switched_off(folder: Path, rule: str) -> None:
    with without(SEMANTIC_RULES[rule]):
        await judge(*read(folder), Embeddings.load())


async def test_a_row_counts_what_is_lost_without_the_rule(folder: Path) -> None:
    corpora, lookups = read(folder)
    on = await judge(corpora, lookups, None)
    assert (len(on.shown), len(on.first), len(on.found)) == (2, 2, 0)
    with without(RULES["a hyphenated word in one"]):
        off = await judge(corpora, lookups, None)
    assert row("hyphens", on, off) == "| hyphens | 1 | 1 | 0 | 0 | hyphen closed 1 |"
    again = await judge(corpora, lookups, None)
    assert again == on
