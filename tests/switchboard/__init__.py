"""Between the bot and a Slack-like server: every call passes through here, and is written down.

The Web API is always the server's. What a person does is in no public API, so it is done here: the
bot's Socket Mode connection ends in the switchboard, which sends the envelopes, takes the acks and
holds the response_urls. Modals are held here too, for a server opens none without a trigger of its
own. A server that has a client of its own can do all that; then that passes through here as well.
"""

from tests.switchboard.board import Switchboard
from tests.switchboard.page import Page
from tests.switchboard.person import Json

__all__ = ["Json", "Page", "Switchboard"]
