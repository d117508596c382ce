"""The interactive elements of blocks, and their initial values."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from bot.workspace.errors import Json

_INITIAL = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "checkboxes": ("selected_options", "initial_options"),
    "radio_buttons": ("selected_option", "initial_option"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
"""For every element that has a value: the field of the value, and of the initial value."""

_LISTS = frozenset(kind for kind, (name, _) in _INITIAL.items() if name.endswith("s"))


@dataclass(frozen=True, slots=True)
class Element:
    """An interactive element and its block."""

    block: Json
    element: Json

    @property
    def block_id(self) -> str:
        """Return the id of its block."""
        return str(self.block["block_id"])

    @property
    def action_id(self) -> str:
        """Return its action_id."""
        return str(self.element["action_id"])

    @property
    def value_name(self) -> str | None:
        """Return the field of its value in `state.values`; None for a button or an overflow."""
        names = _INITIAL.get(self.element["type"])
        return names[0] if names else None


def elements(blocks: list[Json]) -> Iterator[Element]:
    """Iterate over the interactive elements of *blocks*."""
    for block in blocks:
        inside = [*block.get("elements", []), block.get("accessory"), block.get("element")]
        for element in inside:
            if isinstance(element, dict) and "action_id" in element:
                yield Element(block, element)


def initial_values(blocks: list[Json]) -> Json:
    """Return `state.values` before anybody types: {block_id: {action_id: value}}."""
    values: Json = {}
    for found in elements(blocks):
        kind = found.element["type"]
        if kind in _INITIAL:
            name, initial = _INITIAL[kind]
            empty: list[Json] | None = [] if kind in _LISTS else None
            value = {"type": kind, name: found.element.get(initial, empty)}
            values.setdefault(found.block_id, {})[found.action_id] = value
    return values


def with_ids(blocks: list[Json]) -> list[Json]:
    """Return *blocks*, generating missing block_ids and action_ids as Slack does."""
    return [_with_id(block) for block in blocks]


def _with_id(block: Json) -> Json:
    block = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)}
    if block["type"] == "actions":
        block["elements"] = [_with_action_id(element) for element in block["elements"]]
    for place in ("accessory", "element"):
        if place in block:
            block[place] = _with_action_id(block[place])
    return block


def _with_action_id(element: Json) -> Json:
    if element["type"] == "image":
        return element
    return {**element, "action_id": element.get("action_id") or secrets.token_urlsafe(4)}
