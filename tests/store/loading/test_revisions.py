"""Ids that survive edits, undo, and the history of who changed what."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import Store, open_store
from store.types import Article, Found, ParleyError
from tests.machine import NOW

STORIES = [
    f"{what} {where}.\n{why}\n{question}\n"
    for what, where, why, question in (
        ("Envoys met behind closed doors", "in Geneva", "Talks are back.", "Who gains from them?"),
        ("The last ferry sank on a calm night", "off Lagos", "Nobody looked.", "Who must answer?"),
        ("Snow shut every mountain road", "above Quito", "It never snows.", "Is this the future?"),
        ("A strike stopped half of all trains", "to Lima", "Pay is low.", "Would you join them?"),
    )
]


def write(tmp_path: Path, **documents: str | list[str]) -> Path:
    """Write a corpus folder with only these documents, and return its path."""
    path = tmp_path / "corpus"
    path.mkdir(exist_ok=True)
    for file in path.iterdir():
        file.unlink()
    for name, stories in documents.items():
        text = stories if isinstance(stories, str) else f"Head {name}\n{''.join(stories)}"
        (path / f"{name}.txt").write_text(text)
    return path


async def load(store: Store, path: Path, by: str = "U1") -> None:
    await store.loads.reload(path, by=by, at=NOW)


async def loaded_articles(store: Store) -> dict[str, Article]:
    """Return all loaded articles by id."""
    articles: dict[str, Article] = {}
    for word in ("geneva", "lagos", "quito", "lima", "kyiv", "head"):
        answer = await store.corpus.find(word, limit=1000)
        if isinstance(answer, Found):
            articles |= {match.article.id: match.article for match in answer.matches}
    assert store.corpus.revision
    assert len(articles) == store.corpus.revision.articles
    return articles


def columns(store: Store) -> dict[str, object]:
    """Return what the index of the loaded revision holds: its articles, words and postings."""
    index = store.corpus.finder.index
    words = dict(index.vocabulary.counted)
    postings = {word: found.tolist() for word, found in index.postings(words).items()}
    return {"numbers": index.numbers.tolist(), "words": words, "postings": postings}


def by_place(articles: dict[str, Article]) -> dict[tuple[str, int], str]:
    return {(one.document, one.position): one.id for one in articles.values()}


# --- ids ------------------------------------------------------------------------------------------


async def ids_after(
    store: Store, tmp_path: Path, before: dict[str, list[str]], after: dict[str, list[str]]
) -> tuple[dict[tuple[str, int], str], dict[tuple[str, int], str]]:
    await load(store, write(tmp_path, **before))
    old = by_place(await loaded_articles(store))
    await load(store, write(tmp_path, **after))
    return old, by_place(await loaded_articles(store))


async def test_an_edited_article_keeps_its_id(store: Store, tmp_path: Path) -> None:
    edited = STORIES[1].replace("calm", "stormy").replace("Who must answer?", "Who must pay?")
    old, new = await ids_after(
        store, tmp_path, {"news": STORIES}, {"news": [STORIES[0], edited, *STORIES[2:]]}
    )
    assert new == old
    assert isinstance(await store.corpus.find("stormy night"), Found)
    assert store.corpus.revision
    assert (store.corpus.revision.edited, store.corpus.revision.added) == (1, 0)


async def test_ids_follow_articles_that_are_edited_and_moved(store: Store, tmp_path: Path) -> None:
    """One story is added, one removed and two edited, and all change their places."""
    a, b, c, d = STORIES
    new_story = "Kyiv opens its museums again.\nArt is back.\nWhat would you see first?\n"
    edited = [one.replace(".\n", " again.\n", 1) for one in (b, d)]
    old, new = await ids_after(
        store, tmp_path, {"news": [a, b, c, d]}, {"news": [new_story, edited[1], a, edited[0]]}
    )
    assert new["news.txt", 2] == old["news.txt", 4]
    assert new["news.txt", 3] == old["news.txt", 1]
    assert new["news.txt", 4] == old["news.txt", 2]
    assert new["news.txt", 1] not in old.values()


async def test_edits_moves_and_undo_keep_when_an_article_was_first_seen(
    store: Store, tmp_path: Path
) -> None:
    async def first_seen() -> dict[str, datetime | None]:
        articles = (await loaded_articles(store)).values()
        return {article.summary.split()[-1]: article.first_seen_at for article in articles}

    geneva, lagos, quito, _ = STORIES
    later = NOW + timedelta(hours=1)
    await load(store, write(tmp_path, news=[geneva, lagos]))
    before = await first_seen()
    edited = geneva.replace("Talks are back", "Talks are over")
    after = write(tmp_path, news=[lagos, quito, edited])
    await store.loads.reload(after, by="U1", at=later)
    assert await first_seen() == before | {"Quito.": later}
    await store.loads.undo(by="U1", at=later + timedelta(hours=1))
    assert await first_seen() == before == {"Geneva.": NOW, "Lagos.": NOW}


async def test_a_new_headline_changes_no_ids(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, news=STORIES)
    await load(store, path)
    old = by_place(await loaded_articles(store))
    text = (path / "news.txt").read_text()
    (path / "news.txt").write_text(text.replace("Head news", "Another head"))
    await load(store, path)
    assert by_place(await loaded_articles(store)) == old
    assert isinstance(await store.corpus.find("another head"), Found)


async def test_a_renamed_document_may_be_edited_too(store: Store, tmp_path: Path) -> None:
    edited = STORIES[1].replace("calm", "stormy")
    old, new = await ids_after(store, tmp_path, {"old": [STORIES[1]]}, {"new": [edited]})
    assert new["new.txt", 1] == old["old.txt", 1]


async def test_a_different_story_in_the_same_place_has_a_new_id(
    store: Store, tmp_path: Path
) -> None:
    old, new = await ids_after(store, tmp_path, {"news": STORIES[:1]}, {"news": STORIES[1:2]})
    assert new["news.txt", 1] != old["news.txt", 1]


async def test_the_old_text_of_an_edited_article_is_a_new_article(
    store: Store, tmp_path: Path
) -> None:
    """The id that its text derives belongs to the edited article."""
    edited = STORIES[1].replace("calm", "stormy")
    await load(store, write(tmp_path, news=[STORIES[1]]))
    await load(store, write(tmp_path, news=[edited]))
    old = by_place(await loaded_articles(store))
    await load(store, write(tmp_path, news=[edited], more=[STORIES[1], STORIES[1]]))
    new = by_place(await loaded_articles(store))
    assert new["news.txt", 1] == old["news.txt", 1]
    assert len(set(new.values())) == 3


async def test_ids_survive_edits_everywhere_in_a_long_document(
    store: Store, tmp_path: Path
) -> None:
    """An article is compared only with the articles around its old place."""
    many = [
        f"Geneva {n}: {' '.join(f'{word}{n * 7 % 1000}' for word in 'abcdefghij')}.\nI.\nWhy {n}?\n"
        for n in range(1000)
    ]
    shifted = [STORIES[2]] * 3 + [one.replace(".\n", " again.\n", 1) for one in many]
    old, new = await ids_after(store, tmp_path, {"news": many}, {"news": shifted})
    assert all(new["news.txt", at + 3] == old["news.txt", at] for at in range(1, 1001))


# --- undo -----------------------------------------------------------------------------------------


async def test_undo_restores_the_previous_revision(store: Store, tmp_path: Path) -> None:
    await load(store, write(tmp_path, a=STORIES[:2], b=STORIES[2:3]))
    first = await loaded_articles(store)
    await load(store, write(tmp_path, a=STORIES[:1], c=STORIES[3:]))
    second = await loaded_articles(store)
    revision = await store.loads.undo(by="U2", at=NOW)
    assert await loaded_articles(store) == first
    assert (revision.number, revision.restores, revision.loaded_by) == (3, 1, "U2")
    assert (revision.added, revision.removed) == (2, 1)
    revision = await store.loads.undo(by="U2", at=NOW, number=2)
    assert await loaded_articles(store) == second
    assert (revision.number, revision.restores) == (4, 2)


async def test_repeated_undo_goes_further_back(store: Store, tmp_path: Path) -> None:
    states = []
    for count in range(1, 5):
        await load(store, write(tmp_path, a=STORIES[:count]))
        states.append(await loaded_articles(store))
    for state in reversed(states[:-1]):
        await store.loads.undo(by="U1", at=NOW)
        assert await loaded_articles(store) == state
    with pytest.raises(ParleyError, match="Nothing to undo: there is no earlier load"):
        await store.loads.undo(by="U1", at=NOW)


async def test_a_reload_after_an_undo_reads_the_folder_again(store: Store, tmp_path: Path) -> None:
    await load(store, write(tmp_path, a=STORIES[:1]))
    await load(store, path := write(tmp_path, a=STORIES[:2]))
    newest = await loaded_articles(store)
    await store.loads.undo(by="U1", at=NOW)
    await load(store, path)
    assert await loaded_articles(store) == newest
    await store.loads.undo(by="U1", at=NOW)
    assert len(await loaded_articles(store)) == 1


async def test_the_last_ten_revisions_can_be_restored(store: Store, tmp_path: Path) -> None:
    states = []
    for number in range(12):
        stories = [one.replace(".", f" {number}.", 1) for one in STORIES]
        await load(store, write(tmp_path, a=stories[: 1 + number % 4]))
        states.append(await loaded_articles(store))
    for number in range(11, 1, -1):
        await store.loads.undo(by="U1", at=NOW)
        assert await loaded_articles(store) == states[number - 1]
    with pytest.raises(ParleyError, match="Revision 1 cannot be brought back any more"):
        await store.loads.undo(by="U1", at=NOW)


async def test_nothing_to_undo(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ParleyError, match="Nothing is loaded yet"):
        await store.loads.undo(by="U1", at=NOW)
    await load(store, write(tmp_path, a=STORIES[:1]))
    for number in (-1, 0, 7, 10**30):
        with pytest.raises(ParleyError, match=rf"There is no revision {number}\. Revision 1 is"):
            await store.loads.undo(by="U1", at=NOW, number=number)


async def test_the_history_shows_who_changed_what(store: Store, tmp_path: Path) -> None:
    await load(store, write(tmp_path, a=STORIES[:3]), by="U1")
    edited = STORIES[0].replace("closed", "open")
    await load(store, write(tmp_path, a=[STORIES[1], edited, STORIES[3]]), by="U2")
    await store.loads.undo(by="U3", at=NOW)
    shown: list[tuple[Any, ...]] = [
        (one.number, one.loaded_by, one.restores, one.added, one.edited, one.moved, one.removed)
        for one in await store.loads.history()
    ]
    assert shown == [
        (3, "U3", 1, 1, 1, 1, 1),
        (2, "U2", None, 1, 1, 1, 1),
        (1, "U1", None, 3, 0, 0, 0),
    ]


async def test_the_history_shows_when(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, a=STORIES)
    await store.loads.reload(path, by="U1", at=NOW)
    later = NOW + timedelta(days=1, minutes=5)
    await store.loads.reload(write(tmp_path, a=STORIES[1:]), by="U1", at=later)
    await store.loads.undo(by="U1", at=later + timedelta(hours=1))
    assert [one.loaded_at for one in await store.loads.history()] == [
        later + timedelta(hours=1),
        later,
        NOW,
    ]


async def test_the_history_names_documents_that_changed(store: Store, tmp_path: Path) -> None:
    """The first revision names none, because it added all of them."""
    many = {f"n{number:02}": STORIES[3:] for number in range(12)}
    await load(store, write(tmp_path, a=STORIES[:1], b=STORIES[1:2], c=STORIES[2:3]))
    await load(store, write(tmp_path, a=STORIES[:1], c=STORIES[1:2], d=STORIES[2:3]))
    await load(store, write(tmp_path, a=STORIES[:1], c=STORIES[1:2], d=STORIES[2:3], **many))
    await store.loads.undo(by="U3", at=NOW)
    names = tuple(f"n{number:02}.txt" for number in range(10))
    assert [(one.touched, one.paths) for one in await store.loads.history()] == [
        (12, names),
        (12, names),
        (3, ("b.txt", "c.txt", "d.txt")),
        (0, ()),
    ]
    (last,) = await store.loads.history(1)
    assert last.touched == 12


VARIANTS = [
    *STORIES,
    *(story.replace(".\n", " again.\n", 1) for story in STORIES),
    *(story.replace("?", " now?") for story in STORIES[:2]),
]
FOLDERS = st.dictionaries(
    st.sampled_from("abcd"), st.lists(st.sampled_from(VARIANTS), min_size=1, max_size=5), min_size=1
)


@settings(max_examples=20)  # each loads up to eight corpora
@given(st.lists(FOLDERS | st.integers(1, 6) | st.none(), min_size=2, max_size=8))
async def test_every_undo_is_exact(
    tmp_path_factory: pytest.TempPathFactory,
    migrated: Path,
    steps: list[dict[str, list[str]] | int | None],
) -> None:
    """After any loads and undos, a restored revision has its old ids and its old index."""
    tmp = tmp_path_factory.mktemp("undo")
    url = f"sqlite:///{shutil.copy(migrated, tmp)}"
    states: list[dict[str, Article]] = []
    async with open_store(url) as store:
        for step in steps:
            number = len(states) + 1
            if isinstance(step, dict):
                await load(store, write(tmp, **step))
            else:
                try:
                    revision = await store.loads.undo(by="U1", at=NOW, number=step)
                except ParleyError:
                    continue
                assert revision.restores
                assert await loaded_articles(store) == states[revision.restores - 1]
                assert revision.fingerprint
            if store.corpus.revision and store.corpus.revision.number == number:
                states.append(await loaded_articles(store))
        updated = columns(store)
    async with open_store(url) as store:
        # What a load changes in memory is what the next start reads.
        assert columns(store) == updated
        if states:
            assert await loaded_articles(store) == states[-1]
