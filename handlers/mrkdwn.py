"""Text into mrkdwn that says only what it says: escaped, bounded, never a mention."""

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_CHARACTERS = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def escape(text: str) -> str:
    """Escape the three characters that mrkdwn reads (docs.slack.dev, formatting message text)."""
    return text.translate(_ENTITIES)


def unescape(text: str) -> str:
    """Read the entities that Slack puts into what people type; & comes last, for it is in each."""
    for entity, character in _CHARACTERS:
        text = text.replace(entity, character)
    return text


def truncate(text: str, limit: int) -> str:
    """Cut *text* to at most *limit* characters, at a word where one is near, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    word_end = cut.rfind(" ")
    return (cut[:word_end] if word_end > limit * 0.8 else cut).rstrip() + "…"


def plain(text: str, limit: int = 3000) -> str:
    """Give *text* ready for a mrkdwn object of at most *limit* characters.

    It is cut before it is escaped, so that no entity is cut through; escaping can make it longer
    again, so it is cut more where that passes the limit.
    """
    room = limit
    while len(result := escape(truncate(text, room))) > limit:
        room -= max(1, (len(result) - limit) // 4)
    return result


def quote(text: str, limit: int = 3000) -> str:
    """Give *text* as a block quote of one line, at most *limit* characters."""
    return f"> {plain(' '.join(text.split()), limit - 2)}"


def date(epoch: int, fallback: str, style: str = "{date_short_pretty} at {time}") -> str:
    """Give an instant that Slack shows in each reader's own zone (docs.slack.dev, date formatting).

    *fallback* is what clients show that cannot; it must hold none of the three characters.
    """
    return f"<!date^{epoch}^{style}|{escape(fallback)}>"
