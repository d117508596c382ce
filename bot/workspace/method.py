"""A method of the Web API: what runs, and who may call it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.workspace.arguments import Args
from bot.workspace.errors import Json
from bot.workspace.state import State
from bot.workspace.tiers import Tier


@dataclass(frozen=True, slots=True)
class Method:
    """A method, its tier, the scope it needs, and whose token: the bot's, the app's, or nobody's.

    It gets the state of the token's team; the app's own where nobody's token is asked for.
    """

    run: Callable[[State, Args], Json]
    tier: Tier
    scope: str | None = None
    actor: Literal["bot", "app", "nobody"] = "bot"
