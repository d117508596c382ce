"""The questions that admins write for stories that have none."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store import Store, open_store
from store.articles.written_questions import WrittenQuestion
from store.loading.documents import texts
from store.loading.documents.provenance import Provenance
from store.loading.documents.source import Story
from store.types import Article, Found, ParleyError
from tests.ids import C1, T1, U1
from tests.machine import NOW

WRITTEN = WrittenQuestion(insight="Fog costs money.", question="Who pays for the fog?")


def stories(folder: Path, *changes: dict[str, str]) -> Path:
    """Write two stories without a question, changed by *changes*, to a folder."""
    records = [
        {"headline": "Fog", "summary": "Ferries wait in the fog for hours."},
        {"headline": "Sun", "summary": "Swimmers fill the beaches of the island."},
    ]
    for record, change in zip(records, changes, strict=False):
        record.update(change)
    folder.mkdir(exist_ok=True)
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, records)))
    return folder


async def load(store: Store, path: Path) -> tuple[int, int, int]:
    revision = (await store.loads.reload(path, by=U1, at=NOW)).revision
    return revision.added, revision.edited, revision.removed


async def story(store: Store, words: str) -> Article:
    found = await store.corpus.find(words)
    assert isinstance(found, Found)
    return found.matches[0].article


async def write(store: Store, words: str, written: WrittenQuestion = WRITTEN) -> Article:
    article = await story(store, words)
    return await store.questions.write(article.id, written, team_id=T1, by=U1, at=NOW)


async def test_a_story_with_a_written_question_is_asked_and_found_by_it(
    store: Store, tmp_path: Path
) -> None:
    await load(store, stories(tmp_path))
    assert await store.choice.next(T1, C1) is None
    assert await store.articles.count_unasked() == 2
    before = await story(store, "ferries")
    after = await write(store, "ferries")
    assert (after.id, after.question) == (before.id, WRITTEN.question)
    assert await store.choice.next(T1, C1) == after
    assert await store.articles.count_unasked() == 1
    assert await story(store, "who pays") == after
    assert await store.articles.get(after.id) == after


async def test_it_survives_reload_edit_and_restart(database_url: str, tmp_path: Path) -> None:
    async with open_store(database_url) as store:
        await load(store, stories(tmp_path))
        written = await write(store, "ferries")
        # The document changes, but not this story.
        assert await load(store, stories(tmp_path, {}, {"headline": "More sun"})) == (0, 1, 0)
        assert (await story(store, "ferries")).question == WRITTEN.question
        edited = {"summary": "Ferries wait in the fog for many hours."}
        assert await load(store, stories(tmp_path, edited)) == (0, 2, 0)
    async with open_store(database_url) as store:
        article = await story(store, "ferries")
        assert (article.id, article.summary) == (written.id, edited["summary"])
        assert (article.insight, article.question) == (WRITTEN.insight, WRITTEN.question)


async def test_it_survives_that_its_story_is_away_for_a_while(store: Store, tmp_path: Path) -> None:
    await load(store, stories(tmp_path))
    await write(store, "ferries")
    (tmp_path / "a.jsonl").rename(tmp_path / "a.hidden")
    (tmp_path / "b.txt").write_text("Rain\nIt rains.\nWet.\nWho minds?\n")
    assert await load(store, tmp_path) == (1, 0, 2)
    (tmp_path / "a.hidden").rename(tmp_path / "a.jsonl")
    assert await load(store, tmp_path) == (2, 0, 0)
    assert (await story(store, "ferries")).question == WRITTEN.question


async def test_the_question_of_the_file_wins(store: Store, tmp_path: Path) -> None:
    await load(store, stories(tmp_path))
    await write(store, "ferries")
    await load(store, stories(tmp_path, {"question": "Who owns the ferries?"}))
    article = await story(store, "ferries")
    assert (article.insight, article.question) == ("", "Who owns the ferries?")
    with pytest.raises(ParleyError, match="has a question from its own source"):
        await write(store, "ferries")
    # Without it, the written one counts again.
    await load(store, stories(tmp_path))
    assert (await story(store, "ferries")).question == WRITTEN.question


async def test_a_load_reports_what_becomes_of_written_questions(
    store: Store, tmp_path: Path
) -> None:
    async def reload(*changes: dict[str, str]) -> tuple[list[str], list[str]]:
        path = stories(tmp_path, *changes)
        checked = await store.loads.check(path, at=NOW)
        kept, lost = (await store.loads.reload(path, by=U1, at=NOW)).written
        assert checked.written == (kept, lost)
        return [*kept], [*lost]

    sun = {"summary": "Swimmers fill all beaches of the island."}
    assert await reload() == ([], [])
    await write(store, "ferries")
    assert await reload({}, sun) == ([], [])
    assert await reload({"headline": "Thick fog"}, sun) == (["Thick fog"], [])
    own = {"headline": "Thick fog", "question": "Who owns the ferries?"}
    assert await reload(own, sun) == ([], ["Thick fog"])
    assert await reload({}, sun) == ([], [])
    other = {"headline": "Eel", "summary": "An eel was caught off Malta."}
    assert await reload(other, sun) == ([], ["Fog"])


async def test_the_insight_of_the_file_stays(store: Store, tmp_path: Path) -> None:
    await load(store, stories(tmp_path, {"insight": "The pier is old."}))
    after = await write(store, "ferries")
    assert (after.insight, after.question) == ("The pier is old.", WRITTEN.question)
    assert await load(store, stories(tmp_path, {"insight": "The pier is new."})) == (0, 1, 0)
    assert (await story(store, "ferries")).insight == "The pier is new."


async def test_undo_takes_back_only_the_load(store: Store, tmp_path: Path) -> None:
    await load(store, stories(tmp_path))
    await load(store, stories(tmp_path, {}, {"summary": "Rain empties the beaches of the island."}))
    await write(store, "ferries")
    revision = await store.loads.undo(by=U1, at=NOW, number=1)
    assert (revision.added, revision.edited, revision.removed) == (0, 1, 0)
    assert "Swimmers" in (await story(store, "beaches")).summary
    assert (await story(store, "ferries")).question == WRITTEN.question


async def test_undo_of_what_came_before_and_after_several_versions(
    store: Store, tmp_path: Path
) -> None:
    """The old texts hold an older version of the question."""
    await load(store, stories(tmp_path))
    await write(store, "ferries", WrittenQuestion(insight="Old.", question="An old question?"))
    await load(store, stories(tmp_path, {"summary": "Ferries wait in the fog for many hours."}))
    await write(store, "ferries")
    await store.loads.undo(by=U1, at=NOW, number=1)
    article = await story(store, "ferries")
    assert article.summary == "Ferries wait in the fog for hours."
    assert (article.insight, article.question) == (WRITTEN.insight, WRITTEN.question)
    assert not (await store.loads.reload(stories(tmp_path), by=U1, at=NOW)).is_changed


async def test_undo_takes_the_latest_back_be_it_a_question_or_a_load(
    store: Store, tmp_path: Path
) -> None:
    await load(store, stories(tmp_path))
    await write(store, "ferries", WrittenQuestion(insight="Old.", question="An old question?"))
    await load(store, stories(tmp_path, {"summary": "Ferries wait in the fog for many hours."}))
    await write(store, "ferries")
    with pytest.raises(ParleyError, match="Revision 4 only wrote a question"):
        await store.loads.undo(by=U1, at=NOW, number=4)
    seen = []
    for _ in range(3):
        revision = await store.loads.undo(by=U1, at=NOW, team_id=T1)
        article = await story(store, "ferries")
        seen.append((revision.restores, "many" in article.summary, article.question))
    assert seen == [(4, True, "An old question?"), (1, False, "An old question?"), (2, False, "")]
    with pytest.raises(ParleyError, match="Nothing to undo"):
        await store.loads.undo(by=U1, at=NOW)
    shown = [(one.number, one.story) for one in await store.loads.history() if one.story]
    assert shown == [(number, "Fog") for number in (7, 5, 4, 2)]
    assert {one.author for one in await store.loads.history() if one.story} == {(T1, U1)}


async def test_undo_leaves_a_question_alone_whose_story_is_gone_or_has_its_own(
    store: Store, tmp_path: Path
) -> None:
    await load(store, stories(tmp_path))
    await write(store, "ferries")
    await load(store, stories(tmp_path, {"question": "Who owns it?"}))
    await store.loads.undo(by=U1, at=NOW, number=1)
    await load(store, stories(tmp_path, {"question": "Who owns it?"}))
    assert (await store.loads.undo(by=U1, at=NOW)).restores == 1
    assert (await store.loads.undo(by=U1, at=NOW)).restores == 2
    assert not (await story(store, "ferries")).question


async def test_undo_knows_versions_that_were_replaced_often(store: Store, tmp_path: Path) -> None:
    await load(store, stories(tmp_path))
    await write(store, "ferries", WrittenQuestion(insight="", question="The first?"))
    await load(store, stories(tmp_path, {}, {"headline": "More sun"}))
    wanted = store.corpus.revision
    assert wanted
    for number in range(12):
        await write(store, "ferries", WrittenQuestion(insight="", question=f"Number {number}?"))
    await load(store, stories(tmp_path, {"headline": "More fog"}))
    await store.loads.undo(by=U1, at=NOW, number=wanted.number)
    article = await story(store, "ferries")
    assert (article.headline, article.question) == ("Fog", "Number 11?")


async def test_questions_push_no_load_out_of_the_history(store: Store, tmp_path: Path) -> None:
    await load(store, stories(tmp_path))
    await load(store, stories(tmp_path, {}, {"headline": "More sun"}))
    for number in range(15):
        await write(store, "ferries", WrittenQuestion(insight="", question=f"Number {number}?"))
    loads = [one.loaded_by for one in await store.loads.history(20) if not one.story]
    assert loads == [U1, U1]
    await store.loads.undo(by=U1, at=NOW, number=1)
    assert (await story(store, "beaches")).headline == "Sun"
    assert (await story(store, "ferries")).question == "Number 14?"


async def test_a_question_can_be_changed_and_taken_back(store: Store, tmp_path: Path) -> None:
    await load(store, stories(tmp_path))
    before = await story(store, "ferries")
    assert await store.questions.as_in_source(await write(store, "ferries")) == before
    changed = WrittenQuestion(insight="", question="Who else pays?")
    article = await write(store, "ferries", changed)
    assert (article.insight, article.question) == ("", "Who else pays?")
    article = await write(store, "ferries", WrittenQuestion(insight="", question=""))
    assert (article.insight, article.question) == ("", "")
    assert article == before
    assert await store.articles.count_unasked() == 2


async def test_the_same_question_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    await load(store, stories(tmp_path))
    await write(store, "ferries")
    before = store.corpus.revision
    await write(store, "ferries")
    assert store.corpus.revision == before


async def test_another_process_sees_the_question(database_url: str, tmp_path: Path) -> None:
    async with open_store(database_url) as store, open_store(database_url) as other:
        await load(store, stories(tmp_path))
        await other.revisions.follow()
        await write(store, "ferries")
        await other.revisions.follow()
        assert (await story(other, "who pays")).question == WRITTEN.question


async def test_a_feed_keeps_the_question_of_an_edited_story(store: Store, tmp_path: Path) -> None:
    await load(store, stories(tmp_path))
    feed = await store.sources.add("https://example.org/feed", now=NOW)
    entry = Story("Ports", "Dockers are back.", "", "", Provenance(guid="1"))
    await store.feed_loads.load(feed, [entry], at=NOW)
    await write(store, "dockers")
    edited = entry._replace(summary="Dockers are back at last.")
    await store.feed_loads.load(feed, [edited], at=NOW)
    article = await story(store, "dockers")
    assert (article.summary, article.question) == ("Dockers are back at last.", WRITTEN.question)
    # Undo of the feed, and the end of its stories and their return, change nothing about it.
    first = (await store.loads.history(source=feed.id))[-1]
    await store.loads.undo(by=U1, at=NOW, number=first.number)
    article = await story(store, "dockers")
    assert (article.summary, article.question) == ("Dockers are back.", WRITTEN.question)
    await store.feed_loads.remove(feed, by=U1, at=NOW)
    feed = await store.sources.add("https://example.org/feed", now=NOW)
    await store.feed_loads.load(feed, [edited], at=NOW)
    article = await story(store, "dockers")
    assert (article.summary, article.question) == ("Dockers are back at last.", WRITTEN.question)


async def test_stories_without_a_question_are_listed_the_newest_first(
    store: Store, tmp_path: Path
) -> None:
    assert await store.articles.next_unasked() is None
    await load(store, stories(tmp_path))
    newest = await store.articles.next_unasked()
    assert newest
    older = await store.articles.next_unasked(newest.id)
    assert older
    assert {newest.headline, older.headline} == {"Fog", "Sun"}
    assert await store.articles.next_unasked(older.id) is None
    await write(store, "ferries")
    await write(store, "beaches", WrittenQuestion(insight="", question="Who swims?"))
    assert await store.articles.next_unasked() is None


async def test_a_nearly_identical_question_is_found(store: Store, tmp_path: Path) -> None:
    await load(store, stories(tmp_path))
    ferries = await write(store, "ferries")
    beaches = await story(store, "beaches")
    assert await store.questions.like(beaches, "Who pays for this fog?") == ferries
    assert await store.questions.like(beaches, "Who swims at night?") is None
    assert await store.questions.like(ferries, WRITTEN.question) is None


async def test_a_story_that_is_gone_gets_no_question(store: Store, tmp_path: Path) -> None:
    await load(store, stories(tmp_path))
    with pytest.raises(ParleyError, match="no longer in the corpus, so nothing was saved"):
        await store.questions.write("0" * 16, WRITTEN, team_id=T1, by=U1, at=NOW)


STORIES = ("Ferries wait in the fog for hours", "Swimmers fill the beaches of the island")
STEP = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from([0, 1]), st.sampled_from(["", " again", " today"])),
    st.tuples(st.just("own"), st.sampled_from([0, 1]), st.sampled_from(["", "Who owns it?"])),
    st.tuples(st.just("insight"), st.sampled_from([0, 1]), st.sampled_from(["", "The pier."])),
    st.tuples(
        st.just("write"),
        st.sampled_from([0, 1]),
        st.sampled_from(["", "Whence comes quartz?", "Whither goes zinc?"]),
    ),
    st.tuples(st.just("undo"), st.just(0), st.just("")),
)
FileStory = tuple[str, str, str]
"""The end of the summary, the insight and the question that a file has."""


class Model:
    """What the corpus should hold after any steps."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.loads: list[list[FileStory]] = []
        """What each load that can be undone has loaded, the one that is loaded now last."""
        self.written = ["", ""]
        self.undoable: list[tuple[int, str] | None] = []
        """The changes that an undo takes back: (place, question before) for a question."""

    async def load(self, stories: list[FileStory]) -> None:
        records = [
            {"headline": text, "summary": text + end, "insight": insight, "question": question}
            for text, (end, insight, question) in zip(STORIES, stories, strict=True)
        ]
        (self.folder / "a.jsonl").write_text("\n".join(map(json.dumps, records)))
        await self.store.loads.reload(self.folder, by=U1, at=NOW)
        if not self.loads or stories != self.loads[-1]:
            if self.loads:
                self.undoable.append(None)
            self.loads.append(stories)

    async def do(self, step: str, place: int, text: str) -> None:
        stories = [*self.loads[-1]]
        end, insight, question = stories[place]
        if step == "undo":
            if self.undoable:
                await self.store.loads.undo(by=U1, at=NOW)
                if question_before := self.undoable.pop():
                    self.written[question_before[0]] = question_before[1]
                else:
                    self.loads.pop()
        elif step == "write":
            (article,) = [one for one in await self.articles() if one.headline == STORIES[place]]
            written = WrittenQuestion(insight="It matters." if text else "", question=text)
            if question:
                with pytest.raises(ParleyError, match="from its own source"):
                    await self.write(article, written)
            else:
                await self.write(article, written)
                if text != self.written[place]:
                    self.undoable.append((place, self.written[place]))
                self.written[place] = text
        else:
            changed = {"edit": end, "insight": insight, "own": question} | {step: text}
            stories[place] = changed["edit"], changed["insight"], changed["own"]
            await self.load(stories)

    async def write(self, article: Article, written: WrittenQuestion) -> None:
        await self.store.questions.write(article.id, written, team_id=T1, by=U1, at=NOW)

    async def articles(self) -> list[Article]:
        return [one async for batch in self.store.corpus.stories() for one in batch]

    async def check(self) -> None:
        expected = []
        for text, (end, insight, question), written in zip(
            STORIES, self.loads[-1], self.written, strict=True
        ):
            is_written = bool(written) and not question
            insight = insight or ("It matters." if is_written else "")
            expected.append((text, text + end, insight, written if is_written else question))
        articles = await self.articles()
        assert sorted(map(texts, articles)) == sorted(expected)
        for article in articles:
            # The index has the same texts.
            for word in ("quartz", "zinc"):
                answer = await self.store.corpus.find(word)
                matches = answer.matches if isinstance(answer, Found) else ()
                is_found = article.id in [match.article.id for match in matches]
                assert is_found == (word in article.question)


@settings(max_examples=12, deadline=None)
@given(steps=st.lists(STEP, max_size=9))
@example(
    steps=[
        ("edit", 0, " again"),
        ("edit", 0, ""),
        ("write", 0, "Whence comes quartz?"),
        ("edit", 0, " again"),
        # The second goes back beyond the load that the question was written after.
        ("undo", 0, ""),
        ("undo", 0, ""),
    ]
)
async def test_any_order_of_edits_questions_reloads_and_undos(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path, steps: list[tuple[str, int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("corpus")
    database = shutil.copy(migrated, tmp_path_factory.mktemp("db"))
    async with open_store(f"sqlite:///{database}") as store:
        model = Model(store, folder)
        await model.load([("", "", ""), ("", "", "")])
        for step in steps:
            await model.do(*step)
            await model.check()
