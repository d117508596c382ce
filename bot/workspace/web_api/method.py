"""A method of the Web API: its function and who may call it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.workspace.errors import Json
from bot.workspace.model.rate_tiers import Tier
from bot.workspace.model.state import State
from bot.workspace.web_api.arguments import Args


@dataclass(frozen=True, slots=True)
class Method:
    """A method, its rate tier, its scope, and whose token it needs: the bot's, the app's, or none.

    It receives the state of the token's team, or of the app's own team if it needs no token.
    """

    run: Callable[[State, Args], Json]
    tier: Tier
    scope: str | None = None
    actor: Literal["bot", "app", "nobody"] = "bot"
