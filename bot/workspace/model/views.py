"""Modals and App Homes: their stacks, their hashes and the values typed into them."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bot.workspace.block_kit.elements import initial_values
from bot.workspace.errors import ApiError, Json
from bot.workspace.model.directory import APP_ID, BOT_ID
from bot.workspace.model.tickets import new_id

MAX_STACK = 3

_KEPT = (
    "blocks",
    "private_metadata",
    "callback_id",
    "title",
    "submit",
    "close",
    "clear_on_close",
    "notify_on_close",
    "external_id",
)


@dataclass(slots=True, kw_only=True, eq=False)
class View:
    """A modal or a Home as *user* sees it; *content* is the app's view."""

    id: str
    team_id: str
    user: str
    content: Json
    hash: str = ""
    previous_id: str | None = None
    root_id: str = ""
    values: Json = field(default_factory=dict)

    @property
    def blocks(self) -> list[Json]:
        """Return the view's blocks."""
        blocks: list[Json] = self.content["blocks"]
        return blocks

    def as_slack(self) -> Json:
        """Render the view as in the Web API and in payloads."""
        content = self.content
        return {
            "id": self.id,
            "team_id": self.team_id,
            "type": content["type"],
            "blocks": self.blocks,
            "private_metadata": content.get("private_metadata", ""),
            "callback_id": content.get("callback_id", ""),
            "state": {"values": self.values},
            "hash": self.hash,
            "title": content.get("title"),
            "clear_on_close": content.get("clear_on_close", False),
            "notify_on_close": content.get("notify_on_close", False),
            "close": content.get("close"),
            "submit": content.get("submit"),
            "previous_view_id": self.previous_id,
            "root_view_id": self.root_id,
            "app_id": APP_ID,
            "external_id": content.get("external_id", ""),
            "app_installed_team_id": self.team_id,
            "bot_id": BOT_ID,
        }


class Views:
    """Keeps every person's stack of modals and App Home."""

    def __init__(self, team_id: str, changed: Callable[[Json, str], None]) -> None:
        """Call *changed* with an event for the page, and its user, whenever a view changes."""
        self._team_id = team_id
        self._changed = changed
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def __getitem__(self, view_id: str) -> View:
        """Return the open view with this id; raises KeyError."""
        for view in self:
            if view.id == view_id:
                return view
        raise KeyError(view_id)

    def __iter__(self) -> Iterator[View]:
        """Iterate over every open view."""
        for stack in self._stacks.values():
            yield from stack
        yield from self._homes.values()

    def stack(self, user: str) -> list[View]:
        """Return the open modals of *user*, bottom first."""
        return self._stacks.get(user, [])

    def home(self, user: str) -> View | None:
        """Return *user*'s App Home, or None before one is published."""
        return self._homes.get(user)

    def open(self, user: str, content: Json) -> View:
        """Open a modal as the first of a new stack."""
        self.clear(user)
        return self.push(user, content)

    def push(self, user: str, content: Json) -> View:
        """Open a modal on top of *user*'s others; raises `ApiError` (push_limit_reached)."""
        stack = self._stacks.setdefault(user, [])
        if len(stack) >= MAX_STACK:
            raise ApiError("push_limit_reached")
        self._check_external_id(content)
        view = View(id=new_id("V"), team_id=self._team_id, user=user, content=content)
        view.previous_id = stack[-1].id if stack else None
        view.root_id = stack[0].id if stack else view.id
        stack.append(view)
        return self._show(view, content)

    def publish(self, user: str, content: Json, hash_: str | None) -> View:
        """Publish *user*'s App Home; raises `ApiError` (hash_conflict)."""
        view = self._homes.get(user)
        if view is None:
            view = View(id=new_id("V"), team_id=self._team_id, user=user, content=content)
            view.root_id = view.id
            self._homes[user] = view
        elif hash_ and hash_ != view.hash:
            raise ApiError("hash_conflict")
        return self._show(view, content)

    def update(self, view: View, content: Json, hash_: str | None) -> View:
        """Update *view* and keep what was typed; raises `ApiError` (hash_conflict)."""
        if hash_ and hash_ != view.hash:
            raise ApiError("hash_conflict")
        self._check_external_id(content, but=view)
        return self._show(view, content)

    def close(self, view: View) -> None:
        """Close a modal and those on top of it."""
        stack = self.stack(view.user)
        if view not in stack:
            return
        for above in reversed(stack[stack.index(view) :]):
            stack.remove(above)
            self._changed({"type": "view_closed", "view_id": above.id}, view.user)

    def clear(self, user: str) -> None:
        """Close every modal of *user*."""
        if stack := self.stack(user):
            self.close(stack[0])

    def find(self, view_id: str | None, external_id: str | None) -> View:
        """Return an open view by either id; raises `ApiError` (not_found)."""
        for view in self:
            if view_id == view.id or (
                external_id and external_id == view.content.get("external_id")
            ):
                return view
        raise ApiError("not_found")

    def _check_external_id(self, content: Json, but: View | None = None) -> None:
        external_id = content.get("external_id")
        for view in self:
            if external_id and view is not but and view.content.get("external_id") == external_id:
                raise ApiError("duplicate_external_id")

    def _show(self, view: View, content: Json) -> View:
        view.content = {"type": content["type"]} | {
            key: content[key] for key in _KEPT if key in content
        }
        # A value stays while its block_id and action_id stay (docs.slack.dev: views.update).
        typed = view.values
        view.values = initial_values(view.blocks)
        for block_id, actions in view.values.items():
            for action_id in actions:
                if (old := typed.get(block_id, {}).get(action_id)) is not None:
                    actions[action_id] = old
        view.hash = f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}"
        kind = "home" if content["type"] == "home" else "view"
        self._changed({"type": kind, "view": view.as_slack()}, view.user)
        return view
