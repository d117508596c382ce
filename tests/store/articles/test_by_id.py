"""`Articles` returns loaded articles by id."""

from store import Store
from store.loading.documents import read_corpus
from store.samples import STARTER
from tests.machine import NOW


async def test_a_stored_article_equals_the_loaded_one(store: Store) -> None:
    await store.loads.reload(STARTER, by="U1", at=NOW)
    for article in read_corpus(STARTER, at=NOW).articles():
        assert await store.articles.get(article.id) == article


async def test_articles_come_in_the_order_of_the_ids_and_missing_ones_are_left_out(
    store: Store,
) -> None:
    await store.loads.reload(STARTER, by="U1", at=NOW)
    first, second, *_ = read_corpus(STARTER, at=NOW).articles()
    assert await store.articles.get("gone") is None
    assert await store.articles.get_many([second.id, "gone", first.id]) == [second, first]
