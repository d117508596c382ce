"""assistant.threads.*: what the app shows in its messages tab (docs.slack.dev: agents)."""

from bot.workspace.errors import ApiError, Json, invalid
from bot.workspace.model.directory import Channel
from bot.workspace.model.state import State
from bot.workspace.web_api.arguments import Args

MAX_PROMPTS = 4


def set_suggested_prompts(state: State, args: Args) -> Json:
    """Offer a person up to four things to ask."""
    channel = _direct(state, args)
    prompts = args.get("prompts")
    if not isinstance(prompts, list) or not all(map(_is_prompt, prompts)):
        raise invalid("invalid_arguments", ["[ERROR] must be prompts [json-pointer:/prompts]"])
    if not 1 <= len(prompts) <= MAX_PROMPTS:
        problem = f"[ERROR] from 1 to {MAX_PROMPTS} items allowed [json-pointer:/prompts]"
        raise invalid("invalid_arguments", [problem])
    state.prompts[channel.id] = {"title": args.maybe("title"), "prompts": prompts}
    event = {"type": "prompts", "channel": channel.id, **state.prompts[channel.id]}
    state.changed(event, channel.members)
    return {}


def set_status(state: State, args: Args) -> Json:
    """Show what the app is doing; "" and the app's next message remove it."""
    channel = _direct(state, args)
    event = {"type": "status", "channel": channel.id, "status": str(args.get("status") or "")}
    state.changed(event, channel.members)
    return {}


def _direct(state: State, args: Args) -> Channel:
    channel = state.find_channel(args.text("channel_id"))
    if channel.kind != "im":
        raise ApiError("channel_not_found")
    thread_ts = args.maybe("thread_ts")
    if thread_ts and state.timeline(channel.id).root(thread_ts) is None:
        raise ApiError("thread_not_found")
    return channel


def _is_prompt(prompt: object) -> bool:
    return isinstance(prompt, dict) and all(
        isinstance(prompt.get(name), str) and prompt[name] for name in ("title", "message")
    )
