"""Articles by id."""

from pathlib import Path

from bot.settings import STARTER
from store import Store
from store.loading.documents import read_corpus
from tests.conftest import NOW


async def test_an_article_comes_back_as_it_was_read(store: Store) -> None:
    await store.corpus.reload(STARTER, by="U1", at=NOW)
    for article in read_corpus(STARTER).articles():
        assert await store.articles.get(article.id) == article


async def test_many_come_in_the_order_asked_for_without_those_that_are_gone(
    store: Store, tmp_path: Path
) -> None:
    await store.corpus.reload(STARTER, by="U1", at=NOW)
    first, second, *_ = read_corpus(STARTER).articles()
    assert await store.articles.get("gone") is None
    assert await store.articles.get_many([second.id, "gone", first.id]) == [second, first]
