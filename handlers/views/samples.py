"""The warning that Parley has only the sample stories."""

from handlers.ids import Command


def warning() -> str:
    """Return the warning, with what to do."""
    return (
        ":warning: I only have the sample stories that come with me, and they are about a war. To"
        " ask your colleagues about your own stories, set `CORPUS_DIR` to a folder of them, restart"
        f" me, and type `{Command.CORPUS} reload`."
    )
