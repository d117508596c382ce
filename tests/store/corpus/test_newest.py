"""Look-ups that ask for the newest stories."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from store import Store
from store.corpus.newest import asks_for_newest
from store.types import Found, Nothing
from tests.machine import NOW

DAYS = {"Ferry": 3, "Bakery": 0, "Tram": 20, "Museum": None}


def write(folder: Path, days: dict[str, int | None]) -> Path:
    """Write a story for each of *days*, published so many days ago; None has no date."""
    lines = [
        {"headline": f"{name} opens", "summary": f"The {name} is new.", "insight": "It matters."}
        | ({} if ago is None else {"published_at": (NOW - timedelta(days=ago)).isoformat()})
        for name, ago in days.items()
    ]
    (folder / "town.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder


@pytest.mark.parametrize(
    "query",
    ["latest", "Newest stories", "what's new?", "any news?", "show me the latest headlines please"],
)
async def test_the_newest_stories_come_in_the_order_of_their_dates(
    store: Store, tmp_path: Path, query: str
) -> None:
    await store.loads.reload(write(tmp_path, DAYS), by="terminal", at=NOW)
    answer = await store.corpus.find(query)
    assert isinstance(answer, Found)
    assert answer.is_by_date
    assert [one.article.headline for one in answer.matches] == [
        "Bakery opens",
        "Ferry opens",
        "Tram opens",
    ]


async def test_without_dates_it_is_a_look_up_like_others(store: Store, tmp_path: Path) -> None:
    await store.loads.reload(write(tmp_path, {"Museum": None}), by="terminal", at=NOW)
    assert isinstance(await store.corpus.find("latest headlines"), Nothing)


@pytest.mark.parametrize(
    "query",
    [
        *("", "?!", "new", "today", "stories", "show me", "new york", "new zealand", "good news"),
        *("news corp", "recent elections", "new stories about the ferry", "latest on the museum"),
        *("newest member of the club", "what is today", "the bakery news"),
    ],
)
def test_other_words_ask_for_a_subject(query: str) -> None:
    assert not asks_for_newest(query)
