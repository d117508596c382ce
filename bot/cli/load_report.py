"""Format checks and revisions of the corpus as text for the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from handlers.mrkdwn import truncate
from handlers.views import preview
from handlers.views.message import sized
from handlers.views.preview import Medium
from store.corpus.loads import Reload
from store.loading.check import Check, Effect
from store.types import ChannelId, Problem, Revision, TeamId

_TERMINAL = Medium(bullet="- ", most=10, text=truncate, channel=lambda effect: effect.channel_id)


def listed_effects(check: Check) -> Sequence[Effect]:
    """Return the effects that get a line each; the others are only counted."""
    return check.effects[: preview.MAX_SCHEDULES]


def format_check(check: Check, channels: Mapping[tuple[TeamId, ChannelId], str]) -> Iterator[str]:
    """Yield the lines of a check.

    *channels* maps a team id and a channel id to a name; a channel without a name shows its id.
    """

    def channel(effect: Effect) -> str:
        return channels.get((effect.team_id, effect.channel_id), effect.channel_id)

    terminal = replace(_TERMINAL, channel=channel)
    yield preview.summary(check)
    for what, names in preview.changes(check, terminal):
        yield f"{what}: {names}."
    yield from preview.remarks(check)
    for title, lines in preview.notes_on(check, terminal):
        yield f"{title}:"
        yield from lines


def format_notes(reload: Reload) -> Iterator[str]:
    """Yield the near-duplicates of a load, and what became of written questions."""
    notes = preview.notes_on_stories(reload.near_duplicates, reload.written, _TERMINAL)
    for title, lines in notes:
        if lines:
            yield f"{title}:"
            yield from preview.listed(lines, _TERMINAL)


def format_warnings(warnings: Sequence[Problem]) -> Iterator[str]:
    """Yield a line for each of the first warnings about documents, and how many more there are."""
    yield from (f"Warning: {line}" for line in preview.first_problems(warnings, _TERMINAL))


def format_revision(revision: Revision) -> str:
    """Return one line on a revision: its number, its size, its changes, and who loaded it when."""
    does = "takes back" if revision.story else "brings back"
    what = f" {does} revision {revision.restores}:" if revision.restores else ":"
    if revision.story:
        by = ":".join(revision.author) if revision.author else revision.loaded_by
        return (
            f'Revision {revision.number}{what} question of "{truncate(revision.story, 60)}";'
            f" {revision.loaded_at:%Y-%m-%d %H:%M} UTC, by {by}."
        )
    where = ""
    if revision.paths:
        where = f", in {preview.some(revision.paths, _TERMINAL, revision.touched)}"
    return (
        f"Revision {revision.number}{what} {sized(revision.documents, revision.articles)};"
        f" {revision.added:,} added, {revision.edited:,} edited,"
        f" {revision.moved:,} moved, {revision.removed:,} removed{where};"
        f" {revision.loaded_at:%Y-%m-%d %H:%M} UTC, by {revision.loaded_by}."
    )
