"""The feeds: which there are, which one process polls now, and how the last polls went."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import urlsplit

from rapidfuzz import fuzz, process
from rapidfuzz.utils import default_process

from store.db import Connection, Database, Row, to_instant, to_text
from store.guards.installed import Installed
from store.posting.notices import plan_notice
from store.sources.feed_urls import derive_id, mask_credentials, normalise_url
from store.sources.opml import Outline
from store.types import About, ChannelId, FeedSource, ParleyError, PostKind, TeamId, UserId

MAX_FEEDS = 1_000
_NAMED = 5
"""How many feeds are named if a person may mean several."""
_MIN_SIMILARITY = 75
"""The percentage of letters that a misspelt name has in common with the right one."""
_NOTIFIED_AFTER = timedelta(days=3)
"""How long polls fail before a person is notified: a weekend without a server is no news."""
Owner: TypeAlias = tuple[TeamId, UserId]
LEASE = timedelta(minutes=10)
"""How long a claim lasts: much longer than a poll, which has its own deadlines."""

_ALL = "SELECT * FROM source WHERE removed_at IS NULL ORDER BY added_at, id"
_GET = "SELECT * FROM source WHERE id = $1 AND removed_at IS NULL"
_AT_URL = "SELECT * FROM source WHERE (id = $1 OR url = $2) AND removed_at IS NULL"
_ADD = """
INSERT INTO source (
    id, url, title, team_id, added_by, added_at, next_poll_at, keep_days, keep_stories,
    failures, claims
) VALUES ($1, $2, $8, $3, $4, $5, $5, $6, $7, 0, 0)
ON CONFLICT (id) DO UPDATE SET
    url = excluded.url, title = excluded.title,
    team_id = excluded.team_id, added_by = excluded.added_by,
    added_at = excluded.added_at, next_poll_at = excluded.next_poll_at,
    keep_days = excluded.keep_days, keep_stories = excluded.keep_stories,
    claims = source.claims + 1, paused_at = NULL, removed_at = NULL,
    etag = NULL, last_modified = NULL, failures = 0,
    failed_since = NULL, last_success_at = NULL, last_problem = NULL, lease_until = NULL
RETURNING *
"""
_REMOVE = """
UPDATE source SET removed_at = $2, team_id = NULL, added_by = NULL, claims = claims + 1
WHERE id = $1 AND removed_at IS NULL RETURNING id
"""
_PAUSE = """
UPDATE source SET paused_at = COALESCE(paused_at, $2), removed_at = NULL
WHERE id = $1 RETURNING *
"""
# What the last response said about its age no longer counts: the stories may have been undone.
_RESUME = """
UPDATE source SET paused_at = NULL, next_poll_at = $2, etag = NULL, last_modified = NULL
WHERE id = $1 AND removed_at IS NULL RETURNING *
"""
_REFRESH = """
UPDATE source SET next_poll_at = $2
WHERE id = $1 AND removed_at IS NULL AND paused_at IS NULL RETURNING *
"""
# The next request is unconditional, because stories that were retired may come back.
_KEEP = """
UPDATE source SET keep_days = $2, keep_stories = $3, etag = NULL, last_modified = NULL
WHERE id = $1 AND removed_at IS NULL RETURNING *
"""
# In one statement, so that no claim of another process can come between the two kinds of rows.
# Feeds that work come first: those that fail may take as long as they are allowed to.
_DUE_OR_CLAIMED = """
SELECT id, url, lease_until FROM source
WHERE lease_until > $1 OR (removed_at IS NULL AND paused_at IS NULL AND next_poll_at <= $1)
ORDER BY CASE WHEN failures = 0 THEN 0 ELSE 1 END, next_poll_at, id
"""
_CLAIM = """
UPDATE source SET claims = claims + 1, lease_until = $3, lease_owner = $4
WHERE id = $1 AND removed_at IS NULL AND paused_at IS NULL AND next_poll_at <= $2
    AND (lease_until IS NULL OR lease_until <= $2)
RETURNING *
"""
_CLAIMED = "WHERE id = $1 AND claims = $2 RETURNING id"
# $5 is the address after permanent redirects, unless another feed has it; NULL if it did not move.
_URL = """
    url = CASE WHEN EXISTS (
        SELECT 1 FROM source other WHERE other.url = $5 AND other.removed_at IS NULL
    ) THEN url ELSE COALESCE($5, url) END
"""
_SUCCESS = f"""
UPDATE source SET failures = 0, failed_since = NULL, last_problem = NULL, lease_until = NULL,
    last_success_at = $3, next_poll_at = $4, {_URL}, etag = $6, last_modified = $7,
    title = CASE WHEN $8 = '' THEN title ELSE $8 END {_CLAIMED}
"""  # noqa: S608 -- our own text
_UNCHANGED = f"""
UPDATE source SET failures = 0, failed_since = NULL, last_problem = NULL, lease_until = NULL,
    last_success_at = $3, next_poll_at = $4, {_URL} {_CLAIMED}
"""  # noqa: S608
_FAILURE = f"""
UPDATE source SET failures = failures + 1, failed_since = COALESCE(failed_since, $3),
    last_problem = $5, next_poll_at = $4, lease_until = NULL {_CLAIMED}
"""  # noqa: S608
_GONE = f"""
UPDATE source SET failures = failures + 1, failed_since = COALESCE(failed_since, $3),
    last_problem = $4, paused_at = $3, lease_until = NULL {_CLAIMED}
"""  # noqa: S608
_STORIES = "SELECT source, SUM(articles) AS articles FROM document GROUP BY source"


class KnownFeedError(ParleyError):
    """Raised when a feed that is to be added is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListImport:
    """What became of the feeds of a list."""

    added: int
    known: int
    """How many were there already."""
    refused: Sequence[tuple[str, str]]
    """The address, without credentials, and the problem of each of the others."""


class Sources:
    """The feeds of this database, shared by all its processes."""

    def __init__(self, database: Database, installed: Installed | None = None) -> None:
        """*installed* is needed if many workspaces install Parley."""
        self._database = database
        self._installed = installed or Installed(database)

    async def add(
        self,
        url: str,
        *,
        now: datetime,
        team_id: TeamId | None = None,
        added_by: UserId | None = None,
        title: str = "",
        keep_days: int | None = None,
        keep_stories: int | None = None,
    ) -> FeedSource:
        """Add the feed at *url*, as a person writes it, to be polled at once.

        *title* is its name until it is polled.
        Raises `ParleyError` if *url* cannot be polled, if the feed is there already, or if there
        are too many.
        """
        url = normalise_url(url)
        async with self._database.transaction() as connection:
            await _require_new(connection, url)
            (row,) = await connection.fetch(
                _ADD,
                derive_id(url),
                url,
                team_id,
                added_by,
                to_text(now),
                keep_days,
                keep_stories,
                title,
            )
        return _feed(row)

    async def require_new(self, written: str) -> None:
        """Raise `ParleyError` as `add` does, before anything is requested."""
        await _require_new(self._database, normalise_url(written))

    async def add_list(
        self,
        outlines: Iterable[Outline],
        *,
        check: Callable[[str], None],
        now: datetime,
        team_id: TeamId | None = None,
        added_by: UserId | None = None,
    ) -> ListImport:
        """Add the feeds of a list; *check* raises `ParleyError` for an address not to be polled."""
        added, known = 0, 0
        refused = []
        for url, title in outlines:
            try:
                check(url)
                await self.add(url, title=title, now=now, team_id=team_id, added_by=added_by)
                added += 1
            except KnownFeedError:
                known += 1
            except ParleyError as error:
                refused.append((mask_credentials(url), str(error)))
        return ListImport(added=added, known=known, refused=refused)

    async def all(self) -> Sequence[FeedSource]:
        """Return the feeds, in the order in which they were added."""
        return [_feed(row) for row in await self._database.fetch(_ALL)]

    async def names(self) -> Mapping[str, str]:
        """Return the name of each feed by the path of its document, also of removed feeds."""
        feeds = map(_feed, await self._database.fetch("SELECT * FROM source"))
        return {feed.document: feed.name for feed in feeds}

    async def get(self, source_id: str) -> FeedSource | None:
        """Return the feed; None if it does not exist."""
        rows = await self._database.fetch(_GET, source_id)
        return _feed(rows[0]) if rows else None

    async def find(self, written: str) -> FeedSource:
        """Return the feed that a person means by its id, its address, or a part of its name.

        Raises `ParleyError` if there is none, or if there are several.
        """
        feeds, folded = await self.all(), written.strip().casefold()
        try:
            url = normalise_url(written)
        except ParleyError:
            url = ""
        exact = [
            feed for feed in feeds if folded in (feed.id, feed.name.casefold()) or feed.url == url
        ]
        found = exact or [
            feed for feed in feeds if folded and folded in f"{feed.name} {feed.url}".casefold()
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise ParleyError(
                f"That could be several feeds. Write the address of one: {_listed(found)}"
            )
        none = f"No feed has “{written.strip()}” in its name or its address."
        if near := nearest(feeds, written):
            raise ParleyError(f"{none} Did you mean {near.name}?")
        raise ParleyError(f"{none} The feeds: {_listed(feeds)}" if feeds else none)

    async def stories(self) -> Mapping[str, int]:
        """Return how many stories each source has, by its id; also those of the folder."""
        rows = await self._database.fetch(_STORIES)
        return {row["source"]: int(row["articles"]) for row in rows}

    async def remove(self, source_id: str, *, now: datetime) -> bool:
        """Remove the feed, and forget who added it; its stories are not touched.

        Return False if it does not exist.
        """
        return bool(await self._write(_REMOVE, source_id, to_text(now)))

    async def pause(self, source_id: str, *, now: datetime) -> FeedSource | None:
        """Pause the polls of the feed, also of a removed one; None if there never was one."""
        return _first(await self._write(_PAUSE, source_id, to_text(now)))

    async def resume(self, source_id: str, *, now: datetime) -> FeedSource | None:
        """Poll the feed again, at once and unconditionally; None if it does not exist."""
        return _first(await self._write(_RESUME, source_id, to_text(now)))

    async def refresh_now(self, source_id: str, *, now: datetime) -> FeedSource | None:
        """Make the feed due now; None if it does not exist or is paused."""
        return _first(await self._write(_REFRESH, source_id, to_text(now)))

    async def keep(
        self, source_id: str, *, days: int | None, stories: int | None
    ) -> FeedSource | None:
        """Set how long and how many stories of the feed stay; None if it does not exist."""
        return _first(await self._write(_KEEP, source_id, days, stories))

    async def claim_due(self, now: datetime, *, limit: int, owner: str) -> Sequence[FeedSource]:
        """Claim up to *limit* feeds that are due for *owner*, a process, and return them.

        No other process gets them until their polls are noted or the claims expire. Of the feeds of
        one host, one is claimed at a time: a slow server gets one request and holds up no other.
        """
        at, until = to_text(now), to_text(now + LEASE)
        if not (due := _one_of_each_host(await self._database.fetch(_DUE_OR_CLAIMED, at), at)):
            return ()
        async with self._database.transaction() as connection:
            claims = [await connection.fetch(_CLAIM, one, at, until, owner) for one in due[:limit]]
        return [_feed(row) for rows in claims for row in rows]

    async def note_success(
        self,
        feed: FeedSource,
        *,
        now: datetime,
        next_poll_at: datetime,
        title: str = "",
        etag: str | None = None,
        last_modified: str | None = None,
        moved_to: str | None = None,
    ) -> bool:
        """Record that a claimed *feed* was fetched and loaded; return False for a stale claim.

        *moved_to* is its address after permanent redirects, unless another feed has it.
        """
        return await self._note(
            feed,
            _SUCCESS,
            to_text(now),
            to_text(next_poll_at),
            moved_to,
            etag,
            last_modified,
            title,
        )

    async def note_unchanged(
        self,
        feed: FeedSource,
        *,
        now: datetime,
        next_poll_at: datetime,
        moved_to: str | None = None,
    ) -> bool:
        """Record that the server of a claimed *feed* had nothing new; False for a stale claim.

        For *moved_to*, see `note_success`.
        """
        return await self._note(feed, _UNCHANGED, to_text(now), to_text(next_poll_at), moved_to)

    async def note_failure(
        self,
        feed: FeedSource,
        problem: str,
        *,
        now: datetime,
        next_poll_at: datetime,
        admins: Sequence[Owner] = (),
    ) -> bool:
        """Record that a poll of a claimed *feed* failed; return False for a stale claim.

        After three days, notify once who added it; *admins* if nobody did in Slack.
        """
        return await self._note_problem(
            feed, admins, now, _FAILURE, to_text(now), to_text(next_poll_at), problem
        )

    async def note_gone(
        self, feed: FeedSource, problem: str, *, now: datetime, admins: Sequence[Owner] = ()
    ) -> bool:
        """Record that a claimed *feed* is gone for good, and pause it; False for a stale claim.

        Notify as `note_failure` does, but at once.
        """
        return await self._note_problem(feed, admins, now, _GONE, to_text(now), problem)

    async def _note_problem(
        self, feed: FeedSource, admins: Sequence[Owner], now: datetime, sql: str, *args: object
    ) -> bool:
        async with self._database.transaction() as connection:
            if not await connection.fetch(sql, feed.id, feed.claims, *args):
                return False
            (row,) = await connection.fetch(_GET, feed.id)
            noted = _feed(row)
            since = noted.failed_since or now
            if not (noted.paused_at or now - since >= _NOTIFIED_AFTER):
                return True
            owners = admins
            if noted.team_id and noted.added_by:
                owners = [(noted.team_id, noted.added_by)]
            here = await self._installed.among(connection, {team_id for team_id, _ in owners})
            for team_id, user_id in owners:
                about = About(
                    channel_id=ChannelId(user_id),
                    error=f"{noted.name} ({noted.url}): {noted.last_problem}",
                    days=0 if noted.paused_at else (now - since).days,
                )
                mark = f"{noted.id}:{to_text(since)}:{'gone' if noted.paused_at else ''}"
                if team_id in here:
                    kind = PostKind.FAILING
                    await plan_notice(connection, team_id, kind, user_id, about, now=now, mark=mark)
        return True

    async def _note(self, feed: FeedSource, sql: str, *args: object) -> bool:
        return bool(await self._write(sql, feed.id, feed.claims, *args))

    async def _write(self, sql: str, *args: object) -> Sequence[Row]:
        async with self._database.transaction() as connection:
            return await connection.fetch(sql, *args)


def nearest(feeds: Sequence[FeedSource], written: str) -> FeedSource | None:
    """Return the feed whose name, or a part of it, *written* misspells; None for any other text."""
    names = {feed.id: feed.name for feed in feeds}
    found = process.extractOne(
        written,
        names,
        scorer=fuzz.partial_ratio,
        processor=default_process,
        score_cutoff=_MIN_SIMILARITY,
    )
    return next((feed for feed in feeds if found and feed.id == found[2]), None)


def _listed(feeds: Sequence[FeedSource]) -> str:
    some = "; ".join(f"{feed.name} ({feed.url})" for feed in feeds[:_NAMED])
    return some + (f"; and {len(feeds) - _NAMED:,} more" if len(feeds) > _NAMED else "")


async def _require_new(connection: Connection | Database, url: str) -> None:
    for row in await connection.fetch(_AT_URL, derive_id(url), url):
        raise KnownFeedError(f"{_feed(row).name} ({row['url']}) is there already.")
    if len(await connection.fetch(_ALL)) >= MAX_FEEDS:
        raise ParleyError(f"There are {MAX_FEEDS:,} feeds, and that is as many as I poll.")


async def is_polled(connection: Connection, source_id: str) -> bool:
    """Return whether the feed exists and is not paused."""
    rows = await connection.fetch(_GET, source_id)
    return bool(rows) and rows[0]["paused_at"] is None


def _one_of_each_host(rows: Iterable[Row], at: str) -> Sequence[str]:
    """Return the ids of feeds that are due: the first of each host of which none is claimed."""
    due: dict[str | None, str] = {}
    claimed = set()
    for row in rows:
        host = urlsplit(row["url"]).hostname
        if row["lease_until"] and row["lease_until"] > at:
            claimed.add(host)
        else:
            due.setdefault(host, row["id"])
    return [source_id for host, source_id in due.items() if host not in claimed]


def _first(rows: Sequence[Row]) -> FeedSource | None:
    return _feed(rows[0]) if rows else None


def _feed(row: Row) -> FeedSource:
    def instant(column: str) -> datetime | None:
        return to_instant(row[column]) if row[column] else None

    return FeedSource(
        id=row["id"],
        url=row["url"],
        title=row["title"],
        team_id=row["team_id"],
        added_by=row["added_by"],
        added_at=to_instant(row["added_at"]),
        paused_at=instant("paused_at"),
        etag=row["etag"],
        last_modified=row["last_modified"],
        next_poll_at=to_instant(row["next_poll_at"]),
        failures=row["failures"],
        failed_since=instant("failed_since"),
        last_success_at=instant("last_success_at"),
        last_problem=row["last_problem"],
        keep_days=row["keep_days"],
        keep_stories=row["keep_stories"],
        claims=row["claims"],
    )
