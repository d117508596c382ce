"""Format checks and revisions of the corpus as text for the terminal."""

from collections.abc import Iterator, Mapping, Sequence

from handlers.views.message import counted
from store.loading.check import Check, Effect
from store.loading.near_duplicates import NearDuplicate, NearDuplicates
from store.types import ChannelId, Revision, TeamId

_SHOWN = 10


def listed_effects(check: Check) -> Sequence[Effect]:
    """Return the effects that get a line each; the others are only counted."""
    return check.effects[:_SHOWN]


def format_check(check: Check, channels: Mapping[tuple[TeamId, ChannelId], str]) -> Iterator[str]:
    """Yield the lines of a check.

    *channels* maps a team id and a channel id to a name; a channel without a name shows its id.
    """
    if not check.is_changed:
        yield "Nothing would change."
    else:
        counts = check.counts
        yield (
            f"Documents: {len(check.added):,} added, {len(check.edited):,} edited,"
            f" {len(check.removed):,} removed."
        )
        yield (
            f"Articles: {counts.added:,} added, {counts.edited:,} edited, {counts.moved:,} moved,"
            f" {counts.removed:,} removed."
        )
    for what, names in (
        ("Added", check.added),
        ("Edited", check.edited),
        ("Removed", check.removed),
        ("Headlines that come or change", check.headlines),
        ("Headlines that lose articles", check.gone),
    ):
        if names:
            yield f"{what}: {_some(names)}."
    if check.ignored:
        yield f"Ignored: {counted(check.ignored, 'file')}, hidden or of another kind."
    if check.others:
        yield f"Ignored, for no field of an article is in it: {_some(check.others)}."
    if check.unasked:
        yield f"Without a question: {counted(check.unasked, 'article')}, found and never asked."
    yield from _near_duplicates(check.near_duplicates)
    yield from _effects(check, channels)


def format_revision(revision: Revision) -> str:
    """Return one line on a revision: its number, its size, its changes, and who loaded it when."""
    what = f" brings back revision {revision.restores}:" if revision.restores else ":"
    where = f", in {_some(revision.paths, revision.touched)}" if revision.paths else ""
    return (
        f"Revision {revision.number}{what} {revision.documents:,} documents with"
        f" {revision.articles:,} articles; {revision.added:,} added, {revision.edited:,} edited,"
        f" {revision.moved:,} moved, {revision.removed:,} removed{where};"
        f" {revision.loaded_at:%Y-%m-%d %H:%M} UTC, by {revision.loaded_by}."
    )


def _near_duplicates(duplicates: NearDuplicates) -> Iterator[str]:
    for pair in duplicates.found[:_SHOWN]:
        yield _near_duplicate(pair)
    if duplicates.count > _SHOWN:
        yield f"… and {duplicates.count - _SHOWN:,} more that are nearly the same."
    for question, count in duplicates.repeated[:_SHOWN]:
        yield f"Asked in {count:,} of the articles that come, word for word: “{question[:100]}”"
    if len(duplicates.repeated) > _SHOWN:
        yield f"… and {counted(len(duplicates.repeated) - _SHOWN, 'more such question')}."
    if duplicates.passed_over:
        yield (
            f"Compared with others: the first {counted(duplicates.looked_at, 'article')} that come;"
            f" {duplicates.passed_over:,} more were not."
        )


def _near_duplicate(pair: NearDuplicate) -> str:
    where = " and ".join(
        f"{one.document}, story {one.position}" for one in (pair.article, pair.other)
    )
    if pair.is_question:
        return f"Nearly the same question: {where}: “{pair.article.question[:100]}”"
    return f"Nearly the same story: {where}: {pair.article.summary[:100]}"


def _effects(check: Check, channels: Mapping[tuple[TeamId, ChannelId], str]) -> Iterator[str]:
    for effect in listed_effects(check):
        name = channels.get((effect.team_id, effect.channel_id), effect.channel_id)
        vanish = "vanishes" if effect.vanishing < 2 else "vanish"
        yield (
            f"The schedule in {name} has {counted(effect.left, 'question')} left;"
            f" {effect.vanishing or 'none'} of its next {effect.upcoming} {vanish}."
        )
    rest = check.effects[_SHOWN:]
    if touched := sum(bool(effect.vanishing) for effect in rest):
        yield f"{counted(touched, 'schedule')} more: next questions vanish."
    if calm := len(rest) - touched:
        yield f"{counted(calm, 'schedule')} more: none of the next questions vanishes."
    if check.schedules > len(check.effects):
        yield f"{counted(check.schedules - len(check.effects), 'schedule')} not looked at."


def _some(names: Sequence[str], count: int | None = None) -> str:
    """Return the first of *names*, and how many more of *count* there are."""
    count = count or len(names)
    more = f" and {count - _SHOWN:,} more" if count > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
