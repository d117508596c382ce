"""The bot's command line with deadlines that a test can wait for: `python -m tests.impatient run`.

They are not settings, because nobody who runs Parley needs to change them.
"""

import sys
from functools import partial
from types import ModuleType

from tenacity import wait_fixed

import bot.app
import bot.entrances.socket_mode
import bot.retry
import store.db.postgres
from bot.__main__ import main

SHORT: dict[ModuleType, dict[str, object]] = {
    # Like the real deadline, longer than posting needs to notice that it should stop.
    bot.app: {"_DRAIN_SECONDS": 1.5, "_DATABASE_SECONDS": 0.2},
    store.db.postgres: {
        "_CONNECT_SECONDS": 2,
        "_CHECKOUT_SECONDS": 2,
        "_LOCK_SECONDS": 1,
        "_STATEMENT_SECONDS": 1,
        "_IDLE_SECONDS": 3,
        "_SPARE_SECONDS": 0.5,
    },
    bot.entrances.socket_mode: {
        "Timeouts": partial(bot.entrances.socket_mode.Timeouts, connect=2, ping=0.5, tries=3),
    },
    bot.retry: {"BACK_OFF": wait_fixed(0.05), "_IN_USE_SECONDS": 1},
}

if __name__ == "__main__":
    for module, names in SHORT.items():
        for name, value in names.items():
            # Fail if a name does not exist any more, instead of keeping the long deadline.
            getattr(module, name)
            setattr(module, name, value)
    sys.exit(main())
