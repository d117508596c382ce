"""The warning that Parley has only the sample stories."""

from handlers.ids import Command

SAMPLES = (
    ":warning: I only have the sample stories that come with me, and they are about a war. To ask"
    " your colleagues about your own stories, set `CORPUS_DIR` to a folder of them, restart me, and"
    f" type `{Command.CORPUS} reload`."
)
