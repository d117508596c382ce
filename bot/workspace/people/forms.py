"""Find elements, choose options, fill in forms and list missing inputs."""

from typing import Any

from bot.workspace.block_kit.elements import Element, elements
from bot.workspace.errors import Json
from bot.workspace.model.views import View

_REQUIRED = "Please complete this required field."


def find(blocks: list[Json], action_id: str, block_id: str | None, nth: int) -> Element | None:
    """Return the *nth* element with this action_id, counted from 0, or None."""
    found = [
        one
        for one in elements(blocks)
        if one.action_id == action_id and block_id in (None, one.block_id)
    ]
    return found[nth] if nth < len(found) else None


def choose(pressed: Element, chosen: Json) -> Json:
    """Return the state after the choice; options may be named by their value.

    Raises LookupError if there is no such option.
    """
    if pressed.element["type"] == "button":
        # A button's value is set by the app: a person cannot change it.
        return {}
    options = {option["value"]: option for option in _options(pressed.element)}

    def option(given: Any) -> Any:
        value = given["value"] if isinstance(given, dict) else given
        if options and value not in options:
            raise LookupError(f"{pressed.action_id} has no option {value!r}")
        return options.get(value, given)

    chosen = dict(chosen)
    if chosen.get("selected_option") is not None:
        chosen["selected_option"] = option(chosen["selected_option"])
    if chosen.get("selected_options") is not None:
        chosen["selected_options"] = [option(one) for one in chosen["selected_options"]]
    return chosen


def _options(element: Json) -> list[Json]:
    groups = element.get("option_groups", [])
    return [*element.get("options", []), *(o for group in groups for o in group["options"])]


def fill(view: View, values: Json) -> None:
    """Set the *values* ({block_id: {action_id: state}}) of a view; raises LookupError."""
    fields = {(one.block_id, one.action_id): one for one in elements(view.blocks)}
    for block_id, actions in values.items():
        for action_id, state in actions.items():
            if (block_id, action_id) not in fields:
                raise LookupError(f"no input {block_id}/{action_id} in view {view.id}")
            pressed = fields[block_id, action_id]
            value = {"type": pressed.element["type"], **choose(pressed, state)}
            view.values.setdefault(block_id, {})[action_id] = value


def missing(view: View) -> dict[str, str]:
    """Return Slack's messages for empty required inputs: {block_id: sentence}."""
    errors = {}
    for one in elements(view.blocks):
        if one.block["type"] == "input" and not one.block.get("optional"):
            state = view.values.get(one.block_id, {}).get(one.action_id, {})
            if one.value_name and not state.get(one.value_name):
                errors[one.block_id] = _REQUIRED
    return errors
