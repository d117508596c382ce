"""The local workspace: a small, strict Slack on loopback, for the demo and the tests."""

from bot.workspace.delivery.dispatcher import ActionResult
from bot.workspace.model.directory import Channel, Person
from bot.workspace.model.traffic import Call
from bot.workspace.server import Workspace
from bot.workspace.web_api.faults import Fault

__all__ = ["ActionResult", "Call", "Channel", "Fault", "Person", "Workspace"]
