"""The bot's command line with deadlines that a test can wait for: `python -m tests.impatient run`.

They are no settings, for nobody who runs Parley has to think about them.
"""

import sys
from functools import partial

import bot.app
import bot.entrances.socket_mode
import store.db.postgres
from bot.__main__ import main

SHORT = {
    # Longer than posting takes to notice that it is to stop, as the real one is.
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
        "Timeouts": partial(
            bot.entrances.socket_mode.Timeouts, connect=2, lost=1, check=0.05, tries=3
        ),
        "back_off": lambda _: 0.05,
    },
}

if __name__ == "__main__":
    for module, names in SHORT.items():
        for name, value in names.items():
            # A name that is gone is to fail here, and not to leave the long deadline in place.
            getattr(module, name)
            setattr(module, name, value)
    sys.exit(main())
