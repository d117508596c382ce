"""Direct messages that notify a user about their schedule, their post or the corpus."""

from handlers.button_value import MOST_WORDS, Value
from handlers.ids import Action, Command
from handlers.mrkdwn import plain
from handlers.views.blocks import Element, button
from handlers.views.message import Message, channel_link, counted, paragraphs
from store.types import About, Post, PostKind, UserId

TAKE_BACK = "Take it back"
"""The label of the buttons that undo a change of a schedule."""
OUR_DELAYS = frozenset({"held up", "broken off", "found too late"})
"""The recorded errors of posts that Parley itself did not send in time."""
WHY_STOPPED = {
    "not_in_channel": "I am not a member of it any more. Invite me with `/invite @Parley`",
    "channel_not_found": "it was deleted, or it is private and I am not a member."
    " Invite me with `/invite @Parley`",
    "is_archived": "it is archived",
    "restricted_action": "only some people may post in it",
    "restricted_action_read_only_channel": "only some people may post in it",
    "restricted_action_thread_only_channel": "only replies in threads are allowed in it",
    "restricted_action_non_threadable_channel": "threads are not allowed in it",
}
"""Why Parley cannot post in a channel and what to do, by Slack's error code."""


NO_HISTORY = "I lack the scope `channels:history` or, for a private channel, `groups:history`"
"""Why the messages of a channel cannot be read, if an admin declined the optional scopes."""


def notice(post: Post) -> Message:
    """Render a notice according to its kind."""
    about = post.about or About(channel_id=post.channel_id)
    match post.kind:
        case PostKind.UNSURE:
            return _unsure(about)
        case PostKind.STOPPED:
            return _stopped(about)
        case PostKind.READY:
            return _ready(about)
        case PostKind.CHANGED | PostKind.ENDED | PostKind.OWNED | PostKind.RESTORED:
            return _changed(post.kind, about, by=post.asked_by)
        case PostKind.REFUSED:
            return _refused(about)
        case PostKind.FAILING:
            return _failing(about)
        case _:
            return _low(about)


def _unsure(about: About) -> Message:
    # The name of an exception means nothing to a person.
    error = "" if about.error.endswith("Error") else about.error
    why = NO_HISTORY if "missing_scope" in error else plain(error or "no answer", 200)
    text = (
        f"Slack did not confirm a post of mine in {channel_link(about.channel_id)}, and I can't see"
        f" whether it is there ({why}). Please look, so that it is not posted twice."
    )
    value = Value(key=about.post_key)
    buttons = [
        button("Post it", Action.POST_AGAIN, value, hint="Post it: it is not in the channel"),
        button("It is there", Action.POST_SEEN, value),
    ]
    return paragraphs(text, buttons=buttons)


def _stopped(about: About) -> Message:
    why = WHY_STOPPED.get(about.error, f"Slack says `{plain(about.error, 100)}`")
    text = (
        f"I can't post in <#{about.channel_id}>: {why}. Its schedule waits: once that is solved,"
        " press *Resume*."
    )
    return paragraphs(text, buttons=[_resume(about)])


def _ready(about: About) -> Message:
    text = f"I can post in <#{about.channel_id}> again. Its schedule waits until you resume it."
    return paragraphs(text, buttons=[_resume(about)])


def _changed(kind: PostKind, about: About, *, by: UserId | None) -> Message:
    """Render what somebody did with a schedule; *by* is None for Parley, or if it is erased."""
    who = f"<@{by}>" if by else "Somebody"
    name = f" `{about.name}`" if about.name else ""
    where, what = f"{name} in <#{about.channel_id}>", about.what
    if kind is PostKind.OWNED:
        why = f"{who} made you" if by else "Its owner has left, so you are"
        return paragraphs(
            f"{why} the owner of the schedule{where}: {what}. `{Command.DIGEST}` there shows it,"
            f" and `{Command.DIGEST} owner @name` hands it over."
        )
    if kind is PostKind.RESTORED:
        what = about.became or what
        return paragraphs(
            f"{who} has taken back what you changed about the schedule{where}. It is {what} again."
        )
    value = Value(
        words=about.words,
        channel_id=about.channel_id,
        schedule_id=about.schedule_id,
        user_id=by,
    )
    has_button = 0 < len(about.words) <= MOST_WORDS
    buttons = [button(TAKE_BACK, Action.DIGEST_GUESS, value)] if has_button else []
    text = f"{who} has changed your schedule{where}. It was {what}."
    if kind is PostKind.ENDED:
        text = f"{who} has ended your schedule{where}: {what}."
    elif about.became:
        text += f" It is now {about.became}."
    else:  # The id of the new owner is not stored with this notice, so that erasure reaches it.
        text = (
            f"{who} has given your schedule{where} another owner: {what}. `{Command.DIGEST} next`"
            " there shows who it is."
        )
    return paragraphs(text, buttons=buttons)


def _low(about: About) -> Message:
    left = "1 question is" if about.left == 1 else f"{about.left:,} questions are"
    return paragraphs(
        f"{left} left for <#{about.channel_id}>: {span(about.days)} of posts at this pace. After"
        f" that they come round again, unless new stories are loaded. `{Command.DIGEST} preview`"
        " there shows what is next."
    )


def _refused(about: About) -> Message:
    text = (
        "The corpus folder has changed and cannot be loaded completely. What I could not read stays"
        " as it was:"
        f"\n• {plain(about.error, 500)}\n"
    )
    if about.more:
        text += f"… and {counted(about.more, 'problem')} more: `{Command.CORPUS} problems`. "
    text += "I'll load it as soon as it is fixed."
    return paragraphs(text)


def _failing(about: About) -> Message:
    how = f"has failed for {span(about.days)}" if about.days else "is gone for good"
    text = f"A feed {how}. Its stories stay, but no new ones come:\n• {plain(about.error, 700)}\n"
    if about.days:
        text += "I keep trying, and tell you nothing more about it. "
    return paragraphs(f"{text}`{Command.CORPUS} sources` shows all feeds, to pause or remove one.")


def _resume(about: About) -> Element:
    return button("Resume", Action.DIGEST_RESUME, Value(channel_id=about.channel_id), primary=True)


def span(days: int) -> str:
    """Return a number of days in words: "a week", "two weeks", "9 days"."""
    weeks = {7: "a week", 14: "two weeks"}
    return weeks.get(days, "a day" if days == 1 else f"{days} days")
