"""An idempotency key can be claimed once, over all processes."""

import asyncio
from datetime import timedelta

from store import Store, open_store
from tests.ids import T1, T2
from tests.machine import NOW


async def test_only_one_of_several_processes_claims_a_key(database_url: str) -> None:
    async with open_store(database_url) as one, open_store(database_url) as other:
        claims = [each.idempotency.claim(T1, "a", now=NOW) for each in (one, other, one, other)]
        assert sorted(await asyncio.gather(*claims)) == [False, False, False, True]


async def test_other_keys_and_other_teams_are_independent(store: Store) -> None:
    for team_id, key in ((T1, "a"), (T1, "b"), (T2, "a")):
        assert await store.idempotency.claim(team_id, key, now=NOW)


async def test_a_key_is_deleted_after_a_day(store: Store) -> None:
    assert await store.idempotency.claim(T1, "a", now=NOW)
    assert not await store.idempotency.claim(T1, "a", now=NOW + timedelta(hours=23))
    assert await store.idempotency.claim(T1, "a", now=NOW + timedelta(hours=25))
