"""views.*: what the bot opens, changes and publishes (docs.slack.dev: views.open)."""

import json

from bot.workspace.block_kit.elements import with_ids
from bot.workspace.block_kit.rules import check_view
from bot.workspace.errors import ApiError, Json, invalid
from bot.workspace.model.state import State
from bot.workspace.web_api.arguments import Args

MAX_BYTES = 250_000


def open_view(state: State, args: Args) -> Json:
    """Open a modal for the person of the trigger."""
    content = view_content(args, "modal")
    user = state.triggers.redeem(args.text("trigger_id"))
    return {"view": state.views.open(user, content).as_slack()}


def push(state: State, args: Args) -> Json:
    """Open a modal on top of another one."""
    content = view_content(args, "modal")
    user = state.triggers.redeem(args.text("trigger_id"))
    return {"view": state.views.push(user, content).as_slack()}


def update(state: State, args: Args) -> Json:
    """Update an open view."""
    content = view_content(args, "modal")
    view = state.views.find(args.maybe("view_id"), args.maybe("external_id"))
    return {"view": state.views.update(view, content, args.maybe("hash")).as_slack()}


def publish(state: State, args: Args) -> Json:
    """Publish a person's App Home."""
    home = state.manifest["features"].get("app_home", {})
    if not home.get("home_tab_enabled"):
        raise ApiError("not_enabled")
    content = view_content(args, "home")
    user = args.text("user_id")
    if user not in state.people:
        raise ApiError("user_not_found")
    return {"view": state.views.publish(user, content, args.maybe("hash")).as_slack()}


def view_content(args: Json, kind: str) -> Json:
    """Return the view of a call or an ack, with ids filled in; raises `ApiError`."""
    view = args.get("view")
    if not isinstance(view, dict):
        raise invalid("invalid_arguments", ["[ERROR] missing required field: view"])
    if len(json.dumps(view).encode()) > MAX_BYTES:
        raise ApiError("view_too_large")
    if problems := check_view(view, kind):
        raise invalid("invalid_arguments", problems)
    return {**view, "blocks": with_ids(view["blocks"])}
