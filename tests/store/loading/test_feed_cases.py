"""Entries as real feeds have them: which are a story that is known, and which are new."""
# ruff: noqa: E501 -- a line is an entry

from datetime import timedelta

import pytest

from store import Store
from store.loading.documents.provenance import Provenance
from store.loading.documents.source import Story
from tests.machine import NOW

# A line is an entry: its guid, its link, its headline and its text; the polls are apart.
CASES = {
    "the site moves to https": (
        """
        http://x/1 | http://x.example/1 | Ferry is back | The ferry to Texel sails again.

        https://x/1 | https://x.example/1 | Ferry is back | The ferry to Texel sails again.
        """,
        (0, 0),
    ),
    "a new system changes all ids and some signs": (
        """
        o-1 | o.example/1 | The river plan | Many met in a hall and spoke about the river plan for next winter in the lower valley and its three villages.
        o-2 | o.example/2 | The school plan | Few came to the theatre when the school plan was read aloud on Monday by its author, a retired cook from Bergen.

        n-1 | n.example/a | The river plan | Many met in a hall, and spoke about the river plan for next winter in the lower valley and its three villages
        n-2 | n.example/b | The school plan | Few came to the theatre, when the school plan was read aloud on Monday by its author, a retired cook from Bergen!
        """,
        (0, 2),
    ),
    "a stub grows": (
        """
        m | x.example/m | Mayor resigns | More soon.

        m | x.example/m | Mayor resigns | The mayor of Turin has resigned after an inquiry into trams.
        """,
        (0, 1),
    ),
    "headline and text are rewritten": (
        """
        f | x.example/f | Fire at warehouse | A fire broke out in a warehouse in Leeds; two people were hurt, roads are shut.

        f | x.example/f | Two hurt in blaze | A fire broke out in a warehouse in Leeds; two people were hurt. Roads are open.
        """,
        (0, 1),
    ),
    "a number is corrected": (
        """
        v | x.example/v | Flood kills 12 in Valencia | Twelve people died when a river burst its banks near Valencia.

        v | x.example/v | Flood kills 15 in Valencia | Fifteen people died when a river burst its banks near Valencia.
        """,
        (0, 1),
    ),
    "quakes in a window of one": (
        """
        q1 | x.example/1 | M 4.5 - 10 km N of Arica | Depth 20 km

        q2 | x.example/2 | M 4.5 - 12 km N of Arica | Depth 22 km
        """,
        (1, 0),
    ),
    "a series with one text": (
        """
        p1 | x.example/1 | With Carla the baker | Every week Ana and Ben talk about politics, food and what went wrong.

        p2 | x.example/2 | With Dov the sailor | Every week Ana and Ben talk about politics, food and what went wrong.
        """,
        (1, 0),
    ),
    "links that count readers": (
        """
        - | x.example/s?utm_source=rss&utm_id=1 | Snow in Quito | Snow fell in Quito for the first time in a century.

        - | x.example/s?utm_source=rss&utm_id=2 | Snow in Quito | Snow fell in Quito for the first time. Schools stay shut.
        """,
        (0, 1),
    ),
    "another story under an old guid, in a script without spaces": (
        """
        j | x.example/1 | 東京で桜が開花 | 東京で桜が平年より五日早く開花したと気象庁が発表した。

        j | x.example/1 | 新幹線が運転を再開 | 大雪で止まっていた北陸新幹線が運転を再開し、乗客が駅に戻った。
        """,
        (1, 0),
    ),
    "one guid for all entries": (
        """
        g | - | Cat show opens | Four hundred cats in Basel.
        g | - | Dog show closes | Rain ends the dog show in Bern.

        g | - | Dog show closes | Rain ends the dog show in Bern.
        g | - | Cat show opens | Four hundred cats in Basel, and more.
        """,
        (0, 1),
    ),
    "one title for different stories": (
        """
        l1 | x.example/1 | Letters | Readers write about trams, about noise and about the old market hall.

        l2 | x.example/2 | Letters | Readers write about schools, about a dog and about football on Sundays.
        l1 | x.example/1 | Letters | Readers write about trams, about noise and about the old market hall.
        """,
        (1, 0),
    ),
    "one entry whose ids change while a typo is mended": (
        """
        x1 | x.example/?1 | Bridge is repaired | Masons from six countries have repaired the old brigde at Mostar for good, and swimmers jump on Sunday.

        x2 | x.example/?2 | Bridge is repaired | Masons from six countries have repaired the old bridge at Mostar for good, and swimmers jump on Sunday.
        """,
        (0, 1),
    ),
}  # fmt: skip


def entries(lines: str) -> list[Story]:
    """Return the entries of *lines*, one for each."""
    fields = [
        [each.strip() for each in line.split(" | ")] for line in lines.split("\n") if line.strip()
    ]
    return [
        Story(headline, summary, "", "", Provenance(
            url=None if link == "-" else f"https://{link.partition('//')[2] or link}",
            guid=None if guid == "-" else guid,
        ))
        for guid, link, headline, summary in fields
    ]  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_a_story_is_recognised(store: Store, name: str) -> None:
    polls, changes = CASES[name]
    before, after = (entries(poll) for poll in polls.split("\n\n"))
    feed = await store.sources.add("news.example", now=NOW)
    first = await store.feed_loads.load(feed, before, at=NOW)
    assert first.counts.added == len(before)
    then = await store.feed_loads.load(feed, after, at=NOW + timedelta(hours=1))
    assert (then.counts.added, then.counts.edited) == changes
