"""Interactions of people with what they see: press, choose, fill in, submit, open."""

from collections.abc import Iterable
from typing import Any, Literal

from bot.workspace.delivery.dispatcher import ActionResult, Dispatcher
from bot.workspace.delivery.payloads import Payloads
from bot.workspace.errors import ApiError, Json
from bot.workspace.model.state import State
from bot.workspace.model.timeline import Message
from bot.workspace.model.views import View
from bot.workspace.people import forms
from bot.workspace.web_api.views import view_content

_TROUBLE = "We had some trouble connecting. Try again?"
_ERRORS = {
    "operation_timeout": "Operation timed out. Apps need to respond within 3 seconds.",
    "dispatch_failed": "This app is not connected.",
}


class Interactions:
    """Presses, fills in and opens what people see, and sends the app the payloads."""

    def __init__(self, state: State, dispatcher: Dispatcher) -> None:
        self._state = state
        self._dispatcher = dispatcher
        self._payloads = Payloads(state)

    async def press(
        self,
        user: str,
        action_id: str,
        *,
        channel: str | None = None,
        ts: str | None = None,
        view_id: str | None = None,
        block_id: str | None = None,
        nth: int = 0,
        **chosen: Any,
    ) -> ActionResult:
        """Press or choose an element that *user* sees, and wait for the app's ack.

        Without *ts* it is the newest message in *channel* with the element, replies included;
        *nth* selects one of several in a message. *chosen* is the state to set, such as
        `selected_option` (the option, or its value). Raises LookupError if *user* sees no such
        element.
        """
        if view_id is not None:
            view = self._view(user, view_id)
            pressed = forms.find(view.blocks, action_id, block_id, nth)
            if pressed is None:
                raise LookupError(f"no {action_id} in view {view_id}")
            payload = self._payloads.view_action(view, pressed, forms.choose(pressed, chosen))
        else:
            for message in self._messages(user, channel, ts):
                if pressed := forms.find(message.blocks, action_id, block_id, nth):
                    break
            else:
                raise LookupError(f"{user} sees no {action_id} in {channel}")
            payload = self._payloads.message_action(
                user, message, pressed, forms.choose(pressed, chosen)
            )
        return await self._interact(payload)

    def fill(self, user: str, view_id: str, values: Json) -> None:
        """Type *values* ({block_id: {action_id: state}}) into a view, and send nothing yet."""
        forms.fill(self._view(user, view_id), values)

    async def _interact(self, payload: Json) -> ActionResult:
        if self._state.bot_token is None:
            return ActionResult(error=_ERRORS["dispatch_failed"])
        delivery = await self._dispatcher.send("interactive", payload)
        if delivery.error is not None:
            delivery.error = _ERRORS[delivery.error]
        return delivery

    def _messages(self, user: str, channel: str | None, ts: str | None) -> Iterable[Message]:
        if channel is None:
            raise LookupError("name a channel or a view")
        where = self._state.visible_channel(user, channel)
        for message in self._state.timeline(where.id).newest_first(user):
            if ts is None or message.ts == ts:
                yield message

    async def submit(self, user: str, view_id: str, values: Json | None = None) -> ActionResult:
        """Fill a modal with *values* ({block_id: {action_id: state}}) and press its submit button.

        An empty required input is reported in `errors` and nothing is sent to the app, as in Slack.
        """
        view = self._view(user, view_id)
        forms.fill(view, values or {})
        if errors := forms.missing(view):
            return ActionResult(errors=errors)
        delivery = await self._dispatcher.send("interactive", self._payloads.view_submission(view))
        if not delivery.acked:
            delivery.error = _TROUBLE
            return delivery
        try:
            delivery.errors = self._submitted(view, delivery.answer)
        except ApiError as error:
            delivery.error = f"{_TROUBLE} ({error.code})"
        return delivery

    async def close_view(self, user: str, view_id: str) -> ActionResult:
        """Close a modal, and send view_closed if the app asked for it."""
        view = self._view(user, view_id)
        self._state.views.close(view)
        if not view.content.get("notify_on_close"):
            return ActionResult(acked=True)
        return await self._interact(self._payloads.view_closed(view))

    async def options(
        self,
        user: str,
        action_id: str,
        value: str,
        *,
        channel: str | None = None,
        ts: str | None = None,
        view_id: str | None = None,
        block_id: str | None = None,
    ) -> ActionResult:
        """Type *value* into an external select; `answer` has its options or option_groups."""
        if view_id is not None:
            view = self._view(user, view_id)
            blocks, where = view.blocks, {"view": view.as_slack()}
            where["container"] = {"type": "view", "view_id": view.id}
        else:
            message = self._message(user, channel, ts)
            blocks = message.blocks
            where = {
                "container": {
                    "type": "message",
                    "message_ts": message.ts,
                    "channel_id": message.channel,
                    "is_ephemeral": message.only_for is not None,
                },
                "channel": {"id": message.channel},
            }
        pressed = forms.find(blocks, action_id, block_id, 0)
        if pressed is None:
            raise LookupError(f"no {action_id} to choose from")
        payload = self._payloads.suggestion(user, pressed, value, where)
        return await self._interact(payload)

    async def open_home(self, user: str) -> ActionResult:
        """Open the app's Home tab."""
        return await self._open_app(user, "home")

    async def open_messages(self, user: str) -> ActionResult:
        """Open the app's Messages tab, its direct message."""
        return await self._open_app(user, "messages")

    async def _open_app(self, user: str, tab: Literal["home", "messages"]) -> ActionResult:
        if not self._state.is_subscribed("app_home_opened"):
            return ActionResult(acked=True)
        return await self._dispatcher.send_event(self._payloads.home_opened(user, tab))

    async def use_shortcut(self, user: str, callback_id: str) -> ActionResult:
        """Use a global shortcut."""
        return await self._interact(self._payloads.shortcut(user, callback_id))

    async def use_message_shortcut(
        self, user: str, callback_id: str, channel: str, ts: str
    ) -> ActionResult:
        """Use a shortcut on a message; raises LookupError if *user* does not see the message."""
        message = self._message(user, channel, ts)
        return await self._interact(self._payloads.shortcut(user, callback_id, message))

    def _submitted(self, view: View, answer: Json) -> dict[str, str]:
        """Apply the ack of a view_submission; return the errors under its fields."""
        views = self._state.views
        match answer.get("response_action"):
            case None:
                views.close(view)
            case "clear":
                views.clear(view.user)
            case "update":
                views.update(view, view_content(answer, "modal"), None)
            case "push":
                views.push(view.user, view_content(answer, "modal"))
            case "errors":
                errors: dict[str, str] = answer.get("errors") or {}
                inputs = {b["block_id"] for b in view.blocks if b["type"] == "input"}
                if not errors or not inputs.issuperset(errors):
                    raise ApiError("invalid_arguments")
                return errors
            case _:
                raise ApiError("invalid_arguments")
        return {}

    def _message(self, user: str, channel: str | None, ts: str | None) -> Message:
        for message in self._messages(user, channel, ts):
            return message
        raise LookupError(f"{user} sees no message {ts} in {channel}")

    def _view(self, user: str, view_id: str) -> View:
        view = self._state.views[view_id]
        if view.user != user:
            raise LookupError(f"{user} does not see view {view_id}")
        return view
