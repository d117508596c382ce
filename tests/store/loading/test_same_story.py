"""When a changed story is the same story, and when it is another one."""
# ruff: noqa: E501 -- a line is a story

import csv
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import Store
from store.articles import reading
from store.loading.article_matching import EditMatching
from store.loading.documents import hash_texts
from store.loading.documents.provenance import Provenance
from store.loading.documents.source import Story
from store.loading.feed_matching import FeedEntry, KnownStory, hash_key, hash_link, match
from store.loading.same_story import Texts
from store.types import Article
from tests.machine import NOW

GENERIC = "Every change has winners and losers, and it is rarely clear who is who. | What would you do if this happened in the town where you live?"
# A story before and after: headline, summary, insight, question and, if it has one, guid.
SAME = {
    "rewritten under one headline": (
        "Storm nears Kent | A storm nears the coast. | Prepare now. | Who pays for the storm?",
        "Storm nears Kent | Winds of 120 km/h cut the power of 4,000 homes on Monday. | The grid was weak. | Who pays for the storm?",
    ),
    "headline and text rewritten around one question": (
        "Bakers strike | The bakers of Lyon went back to work. | Bread matters. | Should bakers be allowed to strike?",
        "Lyon has bread again | After nine days, bakers stand at their ovens. | It smells well. | Should bakers be allowed to strike?",
    ),
    "a stub grows": (
        "Mayor resigns | More on the mayor soon. | | ",
        "Mayor resigns | The mayor of Turin resigned after an inquiry into trams. | | ",
    ),
    "a count is corrected": (
        "Flood kills 12 in Valencia | The flood killed 12 people near Valencia. | Warnings came late. | Who should warn of a flood?",
        "Flood kills 15 in Valencia | The flood killed 15 people near Valencia. | Warnings came late. | Who should warn of a flood?",
    ),
    "a count is corrected, and nothing else connects the two": (
        "Avalanche buries 21 in Aosta | An avalanche buried 21 people near Aosta. | Warnings came late. | ",
        "Avalanche buries 27 in Aosta | An avalanche buried 27 people near Aosta. | Warnings came late. | ",
    ),
    "a count is corrected in the question, too": (
        "Storm leaves 40,000 in the dark | A storm cut the power of 40,000 homes in Galway. | Late. | Who pays the 40,000?",
        "Storm leaves 65,000 in the dark | A storm cut the power of 65,000 homes in Galway. | Late. | Who pays the 65,000?",
    ),
    "a count that looks like a year": (
        "Landslide buries 1950 homes | A landslide buried 1950 homes above Nice on Sunday. | | ",
        "Landslide buries 2012 homes | A landslide buried 2012 homes above Nice on Sunday. | | ",
    ),
    "the spelling of a name, under one guid": (
        "Talks with Zelensky fail | On Monday the talks with Zelensky failed in Oslo. | | | z",
        "Talks with Zelenskyy fail | On Monday the talks with Zelenskyy failed in Oslo. | | | z",
    ),
    "the spelling of a name": (
        "Mayor of Stutgart resigns | On Friday the mayor of Stutgart resigned over a station. | | Who builds it?",
        "Mayor of Stuttgart resigns | On Friday the mayor of Stuttgart resigned over a station. | | Who builds it?",
    ),
    "a place is corrected under one guid": (
        "Fire in Kent kills two | A fire in Kent killed two men on Tuesday night, police said. | | | f",
        "Fire in Essex kills two | A fire in Essex killed two men on Tuesday night, police said. | | | f",
    ),
    "a German noun is replaced under one guid and question": (
        "Streit um die Bahn | Am Dienstag begann ein Streit um die Bahn in Linz. | | Wer zahlt die Fahrt? | s",
        "Streit um die Tram | Am Dienstag begann ein Streit um die Tram in Linz. | | Wer zahlt die Fahrt? | s",
    ),
    "one guid": (
        "Robots unload ships | Robots unload ships in Hamburg. | | | a-1",
        "Half of all cranes stand still | In the port, ships wait. | | | a-1",
    ),
    "only the number of the headline is corrected": (
        "Regatta: day 1 | The fleet came home after a long day at sea. | Wind decides. | Who sails?",
        "Regatta: day 2 | The fleet came home after a very long day at sea. | Wind decides. | Who sails?",
    ),
}  # fmt: skip
ANOTHER = {
    "another daily brief, with one word in common": (
        "Daily brief | Trams return to Kent. | Noise. | Who likes trams?",
        "Daily brief | Kent elects a mayor. | Votes. | Who votes?",
    ),
    "one question for any story, and a word of it in both": (
        "Ferry sinks off Malta | The government of Malta opens an inquiry. | Sad. | What should the government do?",
        "Teachers strike in Metz | Schools close as the government cuts pay. | Loud. | What should the government do?",
    ),
    "another week": (
        "Sales of week 12 | The shop sold 340 bicycles in week 12. | | ",
        "Sales of week 13 | The shop sold 95 bicycles in week 13. | | ",
    ),
    "another quarter, with the same insight": (
        "Earnings Q1 | A profit of 3 million in quarter 1. | Margins matter more than revenue. | What should the company do in quarter 2?",
        "Earnings Q2 | A loss of 8 million in quarter 2. | Margins matter more than revenue. | What should the company do in quarter 3?",
    ),
    "another year": (
        "Budget 2026 | The council of Bern spent 340 million in 2026. | | ",
        "Budget 2027 | The council of Bern spent 355 million in 2027. | | ",
    ),
    "another day under one guid": (
        "Regatta: day 1 | The yacht Heron won the first day by 12 seconds. | | | r",
        "Regatta: day 2 | The yacht Gannet won the second day by 40 seconds. | | | r",
    ),
    "another place in the same words": (
        "Mayor of Turin resigns | On Monday the mayor of Turin resigned over trams. | Power ends. | Should mayors serve two terms?",
        "Mayor of Genoa resigns | On Monday the mayor of Genoa resigned over trams. | Power ends. | Should mayors serve two terms?",
    ),
    "only an insight and a question for everything": (
        f"Tram opens in Metz | A new tram opened in Metz. | {GENERIC}",
        f"Whales return | Whales were seen near London. | {GENERIC}",
    ),
    "nothing but a headline for every day": (
        "Letters | Readers write about trams and noise. | | ",
        "Letters | Parents complain that schools close on Fridays. | | ",
    ),
    "a guid that counts rows": (
        "Tram opens | A tram opened after years of noise. | | | 1",
        "Whales return | Some were seen below London Bridge. | | | 1",
    ),
    "a guid that counts rows, and one word in both": (
        "Trams open | Police closed streets for trams. | | | 1",
        "Whale found | Fishermen called police on Sunday. | | | 1",
    ),
}  # fmt: skip


def write(folder: Path, **documents: list[str]) -> Path:
    """Write a folder with only these tables; a line is a story."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, stories in documents.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["headline", "summary", "insight", "question", "guid"])
            for story in stories:
                fields = [field.strip() for field in story.split("|")]
                table.writerow([*fields, ""][:5])
    return folder


async def load(store: Store, folder: Path, **documents: list[str]) -> dict[str, str]:
    """Load these tables, and return the ids by summary."""
    await store.loads.reload(write(folder, **documents), by="U1", at=NOW)
    return await ids(store)


async def ids(store: Store) -> dict[str, str]:
    return {one.summary: one.id async for batch in store.corpus.stories() for one in batch}


@pytest.mark.parametrize("name", SAME)
async def test_a_changed_story_is_the_same_story(store: Store, tmp_path: Path, name: str) -> None:
    before, after = SAME[name]
    old = await load(store, tmp_path / "corpus", news=[before])
    new = await load(store, tmp_path / "corpus", news=[after])
    assert [*new.values()] == [*old.values()]
    await store.loads.undo(by="U1", at=NOW)
    assert await ids(store) == old


@pytest.mark.parametrize("name", ANOTHER)
@pytest.mark.parametrize("document", ["news", "more"])
async def test_a_story_of_its_own_has_its_own_id(
    store: Store, tmp_path: Path, name: str, document: str
) -> None:
    before, after = ANOTHER[name]
    old = await load(store, tmp_path / "corpus", news=[before])
    new = await load(store, tmp_path / "corpus", **{document: [after]})
    assert not {*new.values()} & {*old.values()}
    await store.loads.undo(by="U1", at=NOW)
    assert await ids(store) == old


async def test_a_row_above_moves_no_id_when_guids_count_rows(store: Store, tmp_path: Path) -> None:
    """Each story is edited and has the guid that its neighbour had; they share words."""
    texts = {
        "Trams return": "Trams came back to Kent after nine years of works on Monday.",
        "Whale found": "A dead whale lay on a beach of Kent, fishermen say, for two days.",
        "Bakers strike": "Bakers of Kent stopped work over pay and long nights.",
        "Mayor resigns": "The mayor of Kent resigned after an inquiry about lamps.",
    }
    before = [f"{one} | {texts[one]} | | | {row}" for row, one in enumerate(texts)]
    old = await load(store, tmp_path / "corpus", news=before)
    rows = {"Storm nears": "A storm nears Kent, and boats stay in port.", **texts}
    after = [
        f"{one} – Kent News | {rows[one]} Read on. | | | {row}" for row, one in enumerate(rows)
    ]
    new = await load(store, tmp_path / "corpus", news=after)
    kept = {summary: one for summary, one in new.items() if one in old.values()}
    assert kept == {f"{summary} Read on.": one for summary, one in old.items()}


async def test_what_several_stories_share_identifies_none(store: Store, tmp_path: Path) -> None:
    """Stories of one headline, one question and one guid are told apart by their texts."""
    same = "News | {} | Insight. | What now? | g"
    texts = ["Dockers in Antwerp walked out.", "The glacier melted.", "A lamp burns in Graz."]
    before = [same.format(text) for text in texts]
    old = await load(store, tmp_path / "corpus", news=before)
    edited = [same.format(text.replace(".", " today.")) for text in reversed(texts)]
    new = await load(store, tmp_path / "corpus", news=edited)
    assert new == {text.replace(".", " today."): old[text] for text in texts}


@pytest.mark.parametrize("seed", range(3))
async def test_the_order_of_a_file_changes_no_id(store: Store, tmp_path: Path, seed: int) -> None:
    """All stories are edited, and the rows are shuffled; an undo returns all ids."""
    pairs = [*SAME.values()]
    shuffled = random.Random(seed).sample(pairs, len(pairs))
    old = await load(store, tmp_path / "corpus", news=[before for before, _ in pairs])
    new = await load(store, tmp_path / "corpus", news=[after for _, after in shuffled])
    summaries = [[story.split("|")[1].strip() for story in pair] for pair in pairs]
    assert new == {after: old[before] for before, after in summaries}
    await store.loads.undo(by="U1", at=NOW)
    assert await ids(store) == old


@pytest.mark.parametrize("size", [2, 7, 2_000])
async def test_the_size_of_a_batch_decides_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """New stories that resemble an old one come first; its edit comes last, by question or text."""
    monkeypatch.setattr(reading, "BATCH", size)
    storm = "A storm nears the coast of Kent with winds of great force and rain"
    tram = "The council of Metz votes on a new tram line past the old harbour"
    others = [f"Lamp {lamp} | Lamp {lamp} burns in a street of Graz. | | " for lamp in "abcdef"]
    old = await load(
        store,
        tmp_path / "corpus",
        news=[
            f"Storm | {storm}. | Prepare. | Who pays for it?",
            f"Tram | {tram}. | | ",
            *others,
        ],
    )
    new = await load(
        store,
        tmp_path / "corpus",
        news=[
            f"Gale | {storm} today. | Prepare now. | Who pays for all of it?",
            f"Trams | {tram} or two. | | ",
            *others,
            "Storm hits Kent | After the storm, Kent has no power. | | Who pays for it?",
            f"Tram lines | {tram} now. | | ",
        ],
    )
    kept = {summary: one for summary, one in new.items() if one in old.values()}
    assert kept == {
        **{summary: old[summary] for summary in (other.split(" | ")[1] for other in others)},
        "After the storm, Kent has no power.": old[f"{storm}."],
        f"{tram} now.": old[f"{tram}."],
    }


WORDS = ("tram", "whale", "12", "13", "Metz", "Kent", "week", "opens")
text = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
stories = st.lists(st.tuples(text, text, text), min_size=1, max_size=5, unique=True)


def article(number: int, headline: str, summary: str, question: str) -> Article:
    return Article(
        id=f"{headline}/{summary}/{question}",
        document="a.csv",
        position=number,
        headline=headline,
        summary=summary,
        insight="",
        question=question,
    )


@given(before=stories, after=stories, seed=st.integers())
def test_a_match_depends_on_the_texts_alone(
    before: list[tuple[str, str, str]], after: list[tuple[str, str, str]], seed: int
) -> None:
    def pairs(
        old: list[tuple[str, str, str]], new: list[tuple[str, str, str]]
    ) -> set[tuple[str, str]]:
        olds = {number: article(number, *one) for number, one in enumerate(old)}
        news = {number: article(number, *one) for number, one in enumerate(new)}
        hashes, others = (
            np.array([*map(hash_texts, of.values())], np.uint64) for of in (olds, news)
        )
        matching = EditMatching(hashes, others, np.full(len(news), -1))
        for index in news:
            matching.compare_linked(news, olds, [(index, before) for before in olds])
        matching.match_linked()
        for index in news:
            if matching.matches[index] < 0:
                free = np.flatnonzero(matching.is_free).tolist()
                matching.compare_near(news, olds, {index: free})
        matching.match_similar()
        found = {index: before for index, before in enumerate(matching.matches) if before >= 0}
        assert len({*found.values()}) == len(found)
        return {(news[index].id, olds[before].id) for index, before in found.items()}

    shuffle = random.Random(seed)
    other = pairs(shuffle.sample(before, len(before)), shuffle.sample(after, len(after)))
    assert pairs(before, after) == other


def test_a_long_word_is_read_once() -> None:
    """Time grows with the length of a text: with its square, this would take an hour."""
    texts = Texts(headline="week 7", summary=f"{'a' * 1_000_000} 4,000 {'b' * 1_000_000} b2b 1.5")
    assert texts.numbers == {"4,000", "b2b", "1.5"}
    assert texts.headline_numbers == {"7"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Submarine search: day 3", "Submarine search: day 4"),
        ("Ferry strike, week 2", "Ferry strike, week 3"),
    ],
)
def test_a_running_headline_of_a_feed_is_one_story(before: str, after: str) -> None:
    """One guid and one link: only a quite other text is another story."""

    def matched(headline: str, summary: str) -> bool:
        provenance = Provenance(guid="g", url="https://example.org/1")
        entry = FeedEntry.of(Story(headline, summary, "", "", provenance), 0)
        return bool(match([entry], [known])[0])

    text = "Crews have been at sea for {} days, and talks go on."
    known = KnownStory(
        id="a",
        guid=hash_key("g"),
        link=hash_link("https://example.org/1"),
        text="",
        headline=before,
        published_at=None,
        first_seen_at=NOW,
        retired_at=None,
        number=1,
        article=article(1, before, text.format(3), ""),
    )
    assert matched(after, text.format(4))
    assert not matched("Whales return", "Some were seen below London Bridge.")
