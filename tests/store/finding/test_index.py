"""The index in memory."""

import asyncio
import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from store.finding.index import Index, Postings
from store.types import Article


@contextmanager
def threads_that_take_turns() -> Iterator[None]:
    """Have another thread run at each allocation or so, as a long pause would."""

    def yield_to_others(*_: Any) -> None:
        time.sleep(0.0001)

    threshold = gc.get_threshold()
    gc.callbacks.append(yield_to_others)
    gc.set_threshold(50)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(yield_to_others)


async def test_look_ups_go_on_while_the_index_is_updated() -> None:
    words = [f"w{number}" for number in range(4_000)]
    story = Article(
        id="1",
        document="d",
        position=1,
        headline="",
        summary=" ".join(words),
        insight="",
        question="",
    )
    index = Index.of([story])
    await index.postings(words)

    async def fetch(_: Sequence[str]) -> Mapping[str, Postings]:
        raise AssertionError("what was cached is cached no longer")

    with threads_that_take_turns():
        updating = asyncio.create_task(
            index.updated(removed=np.zeros(0, np.uint32), added={}, counts={}, fetch=fetch)
        )
        while not updating.done():
            await index.postings(words[:5])
            await asyncio.sleep(0)
    updated = await updating
    assert (await updated.postings(words)).keys() == {*words}
