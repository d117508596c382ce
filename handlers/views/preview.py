"""Messages about reloads: preview, progress, undo and history."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from handlers.button_value import Value
from handlers.ids import Action, Command
from handlers.mrkdwn import plain
from handlers.views.blocks import actions, button, section
from handlers.views.message import Message, counted, message, paragraphs, when
from store.loading.check import Check, Effect
from store.loading.near_duplicates import NearDuplicates
from store.loading.plan import WrittenChanges
from store.progress import Progress
from store.types import FOLDER, POLL, QUESTION, SOMEBODY, Problem, Revision, TeamId, tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """How a check is shown: how much of it, and how it writes text and the name of a channel."""

    most: int
    """How many names and near-duplicates are listed; the rest is counted."""
    text: Callable[[str, int], str]
    """Cuts a text to a number of characters, and escapes it if needed."""
    channel: Callable[[Effect], str]
    bullet: str


SLACK = Medium(bullet="• ", most=5, text=plain, channel=lambda effect: f"<#{effect.channel_id}>")
MAX_PROBLEMS = 10
MAX_SCHEDULES = 10
"""How many schedules are listed; the rest is counted."""


def summary(check: Check, what: str = "A reload") -> str:
    """Return how much *what* would change."""
    if check.problems and not check.is_changed:
        return "Nothing would change: every file that can be read is loaded as it is."
    if not check.is_changed:
        return "Nothing would change: the folder is what is loaded."
    documents = tally(added=len(check.added), edited=len(check.edited), removed=len(check.removed))
    counts = check.counts
    stories = tally(
        added=counts.added, edited=counts.edited, moved=counts.moved, removed=counts.removed
    )
    return f"{what} would change documents ({documents}) and stories ({stories})."


def changes(check: Check, medium: Medium) -> Iterator[tuple[str, str]]:
    """Yield the changes of each kind: (kind, names)."""
    for what, names in (
        ("Added", check.added),
        ("Edited", check.edited),
        ("Removed", check.removed),
        ("Stories that come or change", check.headlines),
        ("Stories that would be removed", check.gone),
    ):
        if names:
            yield what, some(names, medium)


def _effects(check: Check, medium: Medium, team_id: TeamId | None) -> Iterator[str]:
    own = [effect for effect in check.effects if team_id in (None, effect.team_id)]
    counts = Counter((effect.team_id, effect.channel_id) for effect in own)
    for effect in own[:MAX_SCHEDULES]:
        is_one = counts[effect.team_id, effect.channel_id] == 1
        name = "" if is_one else f", {medium.text(effect.name, 60)}"
        verb = "was" if effect.left == 1 else "were"
        yield (
            f"{medium.channel(effect)}{name}: of its next"
            f" {counted(effect.upcoming, 'post')}, {effect.vanishing or 'none'} would be lost."
            f" {counted(effect.left, 'story')} {verb} never posted there"
        )
    others = [effect for effect in check.effects if team_id not in (None, effect.team_id)]
    for whose, rest in (("more", own[MAX_SCHEDULES:]), ("of other workspaces", others)):
        if touched := sum(bool(effect.vanishing) for effect in rest):
            yield f"{counted(touched, 'schedule')} {whose} would lose some of their next posts"
        if calm := len(rest) - touched:
            yield f"{counted(calm, 'schedule')} {whose} would lose none of their next posts"
    if check.schedules > len(check.effects):
        yield f"… and {check.schedules - len(check.effects):,} that were not looked at"


def _near_duplicates(duplicates: NearDuplicates, medium: Medium) -> Iterator[str]:
    for pair in duplicates.found[: medium.most]:
        one, other = (
            f"{medium.text(article.document, 60)}, story {article.position}"
            for article in (pair.article, pair.other)
        )
        what = "question" if pair.is_question else "story"
        text = pair.article.question if pair.is_question else pair.article.summary
        yield f"the {what} of {one}, and {other}: “{medium.text(text, 80)}”"
    if duplicates.count > medium.most:
        yield f"… and {duplicates.count - medium.most:,} more"
    for question, count in duplicates.repeated[: medium.most]:
        yield f"asked by {count:,} of the stories that come: “{medium.text(question, 100)}”"
    if len(duplicates.repeated) > medium.most:
        yield f"… and {counted(len(duplicates.repeated) - medium.most, 'more such question')}"
    if duplicates.passed_over:
        yield (
            f"the first {counted(duplicates.looked_at, 'story')} that come were compared;"
            f" {duplicates.passed_over:,} more were not"
        )


def first_problems(problems: Sequence[Problem], medium: Medium) -> Iterator[str]:
    """Yield the first problems, or warnings, of documents, and how many more there are."""
    for problem in problems[:MAX_PROBLEMS]:
        yield medium.text(str(problem), 250)
    if len(problems) > MAX_PROBLEMS:
        yield f"… and {len(problems) - MAX_PROBLEMS:,} more"


def _written(changes: WrittenChanges, medium: Medium) -> Iterator[str]:
    for what, headlines in (
        ("kept by stories that are edited", changes.kept),
        ("lost, because the story goes or has a question of its own now", changes.lost),
    ):
        if headlines:
            yield f"{what}: {some(headlines, medium)}"


def notes_on_stories(
    near_duplicates: NearDuplicates, written: WrittenChanges, medium: Medium
) -> Sequence[tuple[str, Sequence[str]]]:
    """Return the near-duplicates and what becomes of written questions: (title, lines)."""
    return (
        ("Nearly the same", [*_near_duplicates(near_duplicates, medium)]),
        ("Questions that admins wrote", [*_written(written, medium)]),
    )


def notes_on(
    check: Check, medium: Medium, *, team_id: TeamId | None = None
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the warnings, the effects on schedules, and the near-duplicates: (title, lines).

    With *team_id*, other teams' schedules are only counted.
    """
    for title, lines in (
        ("Warnings", [*first_problems(check.warnings, medium)]),
        ("Schedules", [*_effects(check, medium, team_id)]),
        *notes_on_stories(check.near_duplicates, check.written, medium),
    ):
        if lines:
            yield title, listed(lines, medium)


def not_loaded(problems: Sequence[Problem]) -> str:
    """Return the first of the *problems* because of which files are not loaded."""
    lines = listed(first_problems(problems, SLACK), SLACK)
    return "\n".join(("*Not loaded* (such a file keeps the stories that it had)", *lines))


def listed(lines: Iterable[str], medium: Medium) -> list[str]:
    """Return *lines* with bullets, except for the one that counts the rest."""
    return [line if line.startswith("… and") else medium.bullet + line for line in lines]


def remarks(check: Check) -> Iterator[str]:
    """Yield what the folder holds besides stories with a question."""
    if check.unasked:
        yield f"{counted(check.unasked, 'story')} without a question: only for searches."
    if check.ignored:
        yield f"{counted(check.ignored, 'file')} hidden or of another kind ignored."


def checked(check: Check, *, team_id: TeamId) -> Message:
    """Render what a reload would change, and its effects on the schedules."""
    text = summary(check)
    if not check.is_changed:
        return message(text, [section(text), *map(section, _notes(check, team_id))])
    last = f"Nothing is changed yet: `{Command.CORPUS} reload` does it."
    return message(f"{text} {last}", [*map(section, (text, *_details(check, team_id), last))])


def _details(check: Check, team_id: TeamId) -> Iterator[str]:
    """Yield what would change, by name, and the notes on it."""
    yield "\n".join(f"• *{what}*: {names}" for what, names in changes(check, SLACK))
    yield from _notes(check, team_id)


def _notes(check: Check, team_id: TeamId) -> Iterator[str]:
    if check.problems:
        yield not_loaded(check.problems)
    for title, lines in notes_on(check, SLACK, team_id=team_id):
        yield "\n".join((f"*{title}*", *lines))
    if small := " ".join(remarks(check)):
        yield small


def fingerprint(check: Check, in_folder: str | None) -> str:
    """Return a hash of what the button of an uploaded document would do.

    *in_folder* is the hash of the file that it would replace in the folder.
    """
    does = sorted(check.documents.items()), check.counts, check.gone, in_folder
    return blake2b(repr(does).encode(), digest_size=12).hexdigest()


def uploaded(
    check: Check,
    name: str,
    file_id: str,
    *,
    team_id: TeamId,
    in_folder: str | None,
    why_not: str = "",
    is_watched: bool = False,
    has_changed: bool = False,
) -> Message:
    """Render what an uploaded document would change, and a button that adds it or *why_not*.

    *in_folder* is that of `fingerprint`. *has_changed* means that the button of an earlier message
    was pressed, and that it would no longer do what the message said.
    """
    shown = f"*{plain(name, 150)}*"
    if not check.is_changed:
        return paragraphs(f"{shown} is loaded already, just as it is here.")
    if why_not:
        new = counted(check.counts.added, "story")
        return paragraphs(f"{shown} has no mistakes: {new} would be new. {why_not}")
    lead = f"{shown} has no mistakes."
    if has_changed:
        lead = f"Nothing was added, because adding {shown} would do something else by now."
    text = f"{lead} {summary(check, 'It')} Nothing is changed yet."
    details = [*_details(check, team_id)]
    change = check.documents[name]
    if in_folder not in (None, *(one.digest for one in change if one)):
        details.append(
            f"The folder has another *{plain(name, 150)}*, which is not loaded. It would be"
            " overwritten."
        )
    if is_watched:
        details.append("The folder is watched, so whatever else has changed in it is loaded too.")
    value = Value(words=file_id, key=fingerprint(check, in_folder))
    add = button("Add it to the corpus", Action.CORPUS_ADD, value, primary=True)
    return message(text, [*map(section, (text, *details)), actions(add)])


def restored(
    revision: Revision, stories: Mapping[str, int], *, is_watched: bool = False
) -> Message:
    """Render the revision that an undo restored; each source has so many *stories* now."""
    if revision.story:
        return message(
            f"The question of “{plain(revision.story, 150)}” is as it was before revision"
            f" {revision.restores}. This is revision {revision.number}."
        )
    text = (
        f"Revision {revision.restores} is back, as revision {revision.number}:"
        f" {counted(stories.get(revision.source, 0), 'story')}; {revision.changes}. "
    )
    if others := untouched(revision, stories):
        text += f"{others} "
    if revision.source == FOLDER:
        again = f"`{Command.CORPUS} reload`{', or the next change in it,' if is_watched else ''}"
        return paragraphs(
            f"{text}The files in the folder stay as they are: {again} reads it again."
        )
    return paragraphs(
        f"{text}Its feed is paused, because the next poll would bring the same again:"
        f" `{Command.CORPUS} sources resume {revision.source}` polls it again."
    )


def untouched(revision: Revision, stories: Mapping[str, int]) -> str:
    """Return a sentence on the *stories* of the sources that an undo left alone; may be empty."""
    others = sum(stories.values()) - stories.get(revision.source, 0)
    if not others:
        return ""
    where = "feeds" if revision.source == FOLDER else "other sources"
    return f"{counted(others, 'story')} of {where} {'stays' if others == 1 else 'stay'} as before."


def mark(revisions: Sequence[Revision]) -> str:
    """Return the key of the button below the history of *revisions*; only the latest matters."""
    return str(revisions[0].number) if revisions else ""


def history(revisions: Sequence[Revision], *, has_changed: bool = False) -> Message:
    """Render the history of revisions, latest first: who changed how much, where and when.

    *has_changed* means that the button of an earlier history was pressed, which lacks the latest.
    """
    if not revisions:
        return message(
            f"No stories are loaded yet: `{Command.CORPUS} reload` loads the corpus folder."
        )
    text = "The last changes, the latest first, without polls of feeds."
    if has_changed:
        text = f"Nothing was taken back, because there was another change since then. {text}"
    loads = [one for one in revisions if not one.story]
    taken_back = {one.restores for one in revisions if one.story}
    can_undo = any(
        one.story and not one.restores for one in revisions if one.number not in taken_back
    )
    first = 0
    if loads and (loads[0].restores or loads[0].number) > loads[-1].number:
        can_undo, first = True, loads[-1].number
    if can_undo:
        text += f" `{Command.CORPUS} undo` takes back the latest that is not taken back yet."
    if first:
        text += f" `{Command.CORPUS} undo {first}` brings back the stories of revision {first}."
    lines = [*map(_revision, revisions)]
    blocks = [section(text), *map(section, lines)]
    if can_undo:
        sure = "Take back the latest change that is not taken back yet?"
        value = Value(key=mark(revisions))
        blocks.append(actions(button("Undo", Action.CORPUS_UNDO, value, confirm=sure)))
    return message("\n".join((text, *lines)), blocks)


def _revision(revision: Revision) -> str:
    if revision.story:
        what = "written" if revision.has_question else "taken back"
        if revision.restores:
            what = f"as before revision {revision.restores}"
        return (
            f"• *{revision.number}*: question of “{plain(revision.story, 60)}” {what};"
            f" {when(revision.loaded_at)}, {who(revision)}"
        )
    what = f" (revision {revision.restores} again)" if revision.restores else ""
    # The name of a feed comes from outside, and must not format the rest.
    paths = [path.replace("*", "") for path in revision.paths]
    where = f", in {some(paths, SLACK, revision.touched)}" if paths else ""
    return (
        f"• *{revision.number}*{what}: {counted(revision.articles, 'story')};"
        f" {revision.changes}{where}; {when(revision.loaded_at)}, {who(revision)}"
    )


_NOT_PEOPLE = {
    "terminal": "at the terminal",
    "folder": "when the folder changed",
    POLL: "when a feed brought news",
    QUESTION: "when a question was written",
    SOMEBODY: "by somebody",
}
"""What loaded a revision, by its `loaded_by`, if that is no id."""


def who(revision: Revision) -> str:
    """Return who loaded a revision, as the end of a sentence."""
    by = revision.loaded_by
    if ":" in by:
        # A mention would show the wrong user or none if the user is in another workspace.
        return f"by {plain(by, 60)}"
    return _NOT_PEOPLE.get(by, f"by <@{by}>")


def under_way(progress: Progress) -> Message:
    """Render the progress of a reload."""
    how_far = f", {progress.done * 100 // progress.total} %" if progress.total else ""
    return message(f"{progress.stage or 'Starting'}{how_far} …")


def some(names: Sequence[str], medium: Medium, count: int | None = None) -> str:
    """Return the first of *names*, and how many more of *count* there are."""
    count = count or len(names)
    more = f" and {count - medium.most:,} more" if count > medium.most else ""
    return ", ".join(medium.text(name, 60) for name in names[: medium.most]) + more
