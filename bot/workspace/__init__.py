"""The local workspace: a small, strict Slack on loopback, for the demo and the tests."""

from bot.workspace.courier import Delivery
from bot.workspace.faults import Fault
from bot.workspace.people import Channel, Person
from bot.workspace.server import Workspace
from bot.workspace.traffic import Call

__all__ = ["Call", "Channel", "Delivery", "Fault", "Person", "Workspace"]
