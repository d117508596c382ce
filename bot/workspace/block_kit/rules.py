"""Block Kit's rules, and Slack's words for breaking them (docs.slack.dev: Block Kit).

A problem reads `[ERROR] what is wrong [json-pointer:/where]`, as in `response_metadata.messages`.
Blocks that the page cannot render are refused too, rather than accepted and left out.
"""

from collections.abc import Callable
from typing import Any

from bot.workspace.block_kit.element_rules import IN_ACTIONS, IN_INPUT, IN_SECTION, check_element
from bot.workspace.block_kit.problems import Problems, kind_of
from bot.workspace.errors import Json

MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MAX_BLOCK_TEXT = 10_000
"""Not documented: 9,597 characters of text were accepted and 11,341 were not (bolt-js#2867)."""
_MAX_MARKDOWN = 12_000


class TextTooLongError(Exception):
    """The blocks of a message hold too much text."""


def check(blocks: list[Any], surface: str, at: str = "/blocks") -> list[str]:
    """Return the problems of *blocks* in a message, modal or home; an empty list if there are none.

    Raises `TextTooLongError` if their text as a whole is too long (msg_blocks_too_long).
    """
    problems = Problems()
    problems.items(blocks, at, most=MAX_BLOCKS[surface])
    block_ids: set[str] = set()
    markdown = 0
    for place, block in enumerate(blocks):
        here = f"{at}/{place}"
        kind = kind_of(block)
        if kind is None or kind not in _BLOCKS:
            problems.add(f"unsupported type: {kind}", f"{here}/type")
            continue
        if kind == "input" and surface == "message":
            problems.add("unsupported type: input", f"{here}/type")
            continue
        block_id = block.get("block_id")
        if block_id is not None:
            problems.string(block_id, f"{here}/block_id", most=255)
            if block_id in block_ids:
                problems.add("block_id already exists", f"{here}/block_id")
            block_ids.add(str(block_id))
        _BLOCKS[kind](problems, block, here)
        markdown += len(str(block.get("text", ""))) if kind == "markdown" else 0
    if markdown > _MAX_MARKDOWN and not problems.found:
        problems.add(f"must be less than {_MAX_MARKDOWN + 1} characters", at)
    if surface == "message" and not problems.found and _text_of(blocks) > MAX_BLOCK_TEXT:
        raise TextTooLongError
    return problems.found


def check_view(view: Json, kind: str) -> list[str]:
    """Return the problems of a view of the given *kind*, modal or home."""
    problems = Problems()
    if view.get("type") != kind:
        problems.add(f"must be of type {kind}", "/view/type")
        return problems.found
    blocks = view.get("blocks")
    if not isinstance(blocks, list):
        problems.add("missing required field: blocks", "/view")
        return problems.found
    if kind == "modal":
        problems.text(view.get("title"), "/view/title", most=24, kinds=("plain_text",))
        for name in ("submit", "close"):
            if view.get(name) is not None:
                problems.text(view[name], f"/view/{name}", most=24, kinds=("plain_text",))
        has_input = any(kind_of(one) == "input" for one in blocks)
        if has_input and view.get("submit") is None:
            problems.add("missing required field: submit", "/view")
    for name, most in (("callback_id", 255), ("external_id", 255), ("private_metadata", 3000)):
        if view.get(name):
            problems.string(view[name], f"/view/{name}", most=most)
    return problems.found + check(blocks, kind, "/view/blocks")


def _section(problems: Problems, block: Json, at: str) -> None:
    text, fields = block.get("text"), block.get("fields")
    if text is None and not fields:
        problems.add("missing required field: text or fields", at)
    if text is not None:
        problems.text(text, f"{at}/text", most=3000)
    if fields is not None and problems.items(fields, f"{at}/fields", least=1, most=10):
        for place, field in enumerate(fields):
            problems.text(field, f"{at}/fields/{place}", most=2000)
    if block.get("accessory") is not None:
        check_element(problems, block["accessory"], f"{at}/accessory", IN_SECTION)


def _header(problems: Problems, block: Json, at: str) -> None:
    problems.text(block.get("text"), f"{at}/text", most=150, kinds=("plain_text",))


def _context(problems: Problems, block: Json, at: str) -> None:
    elements = block.get("elements")
    if not problems.items(elements, f"{at}/elements", least=1, most=10):
        return
    for place, element in enumerate(elements or []):
        here = f"{at}/elements/{place}"
        if kind_of(element) == "image":
            check_element(problems, element, here, frozenset({"image"}))
        else:
            problems.text(element, here, most=3000)


def _actions(problems: Problems, block: Json, at: str) -> None:
    elements = block.get("elements")
    if not problems.items(elements, f"{at}/elements", least=1, most=25):
        return
    action_ids: set[str] = set()
    for place, element in enumerate(elements or []):
        here = f"{at}/elements/{place}"
        check_element(problems, element, here, IN_ACTIONS)
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if action_id is not None and str(action_id) in action_ids:
            problems.add("action_id already exists", f"{here}/action_id")
        action_ids.add(str(action_id))


def _image(problems: Problems, block: Json, at: str) -> None:
    problems.string(block.get("image_url"), f"{at}/image_url", most=3000)
    problems.string(block.get("alt_text"), f"{at}/alt_text", most=2000)
    if block.get("title") is not None:
        problems.text(block["title"], f"{at}/title", most=2000, kinds=("plain_text",))


def _input(problems: Problems, block: Json, at: str) -> None:
    problems.text(block.get("label"), f"{at}/label", most=2000, kinds=("plain_text",))
    if block.get("hint") is not None:
        problems.text(block["hint"], f"{at}/hint", most=2000, kinds=("plain_text",))
    check_element(problems, block.get("element"), f"{at}/element", IN_INPUT)


def _markdown(problems: Problems, block: Json, at: str) -> None:
    problems.string(block.get("text"), f"{at}/text", most=_MAX_MARKDOWN)


def _rich_text(problems: Problems, block: Json, at: str) -> None:
    elements = block.get("elements")
    problems.items(elements, f"{at}/elements", least=1, most=1000)
    allowed = {
        "rich_text_section",
        "rich_text_list",
        "rich_text_quote",
        "rich_text_preformatted",
    }
    for place, element in enumerate(elements if isinstance(elements, list) else []):
        kind = kind_of(element)
        if kind not in allowed:
            problems.add(f"unsupported type: {kind}", f"{at}/elements/{place}/type")


def _divider(problems: Problems, block: Json, at: str) -> None:
    """Accept any divider: it has no content to check."""


_BLOCKS: dict[str, Callable[[Problems, Json, str], None]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "divider": _divider,
}


def _text_of(value: Any) -> int:
    """Return the number of characters that a reader of the blocks sees."""
    if isinstance(value, list):
        return sum(map(_text_of, value))
    if not isinstance(value, dict):
        return 0
    own = len(value["text"]) if isinstance(value.get("text"), str) else 0
    return own + sum(map(_text_of, value.values()))
