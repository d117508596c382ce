"""Block Kit's rules for elements inside blocks (docs.slack.dev: Block Kit elements)."""

import re
from collections.abc import Callable
from typing import Any

from bot.workspace.block_kit.problems import Problems, kind_of
from bot.workspace.errors import Json

_SELECTS = frozenset(
    f"{many}{of}_select"
    for many in ("", "multi_")
    for of in ("static", "external", "users", "conversations", "channels")
)
_CHOICES = frozenset({"checkboxes", "radio_buttons"})
_PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker"})
_TYPED = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})

IN_SECTION = (
    _SELECTS | _CHOICES | frozenset({"button", "overflow", "image", "datepicker", "timepicker"})
)
IN_ACTIONS = (
    frozenset(one for one in _SELECTS if not one.startswith("multi_"))
    | _CHOICES
    | _PICKERS
    | frozenset({"button", "overflow"})
)
IN_INPUT = _SELECTS | _CHOICES | _PICKERS | _TYPED | frozenset({"rich_text_input"})

_PLAIN = ("plain_text",)
_INITIAL = {
    "datepicker": ("initial_date", re.compile(r"\d{4}-\d\d-\d\d\Z")),
    "timepicker": ("initial_time", re.compile(r"\d\d:\d\d\Z")),
    "datetimepicker": ("initial_date_time", re.compile(r"\d{10}\Z")),
}


def check_element(problems: Problems, element: Any, at: str, allowed: frozenset[str]) -> None:
    """Check an element at the pointer *at*, where only the *allowed* types may be."""
    if element is None:
        problems.add(f"missing required field: {at.rpartition('/')[2]}", at.rpartition("/")[0])
        return
    kind = kind_of(element)
    if kind is None or kind not in allowed:
        problems.add(f"unsupported type: {kind}", f"{at}/type")
        return
    if element.get("action_id") is not None:
        problems.string(element["action_id"], f"{at}/action_id", most=255)
    if element.get("placeholder") is not None:
        problems.text(element["placeholder"], f"{at}/placeholder", most=150, kinds=_PLAIN)
    if element.get("confirm") is not None:
        _confirm(problems, element["confirm"], f"{at}/confirm")
    _RULES.get(kind, _nothing_more)(problems, element, at)


def _button(problems: Problems, element: Json, at: str) -> None:
    problems.text(element.get("text"), f"{at}/text", most=75, kinds=_PLAIN)
    for name, most in (("value", 2000), ("url", 3000), ("accessibility_label", 75)):
        if element.get(name) is not None:
            problems.string(element[name], f"{at}/{name}", most=most)
    if element.get("style") not in (None, "primary", "danger"):
        problems.add("must be one of: primary, danger", f"{at}/style")


def _image(problems: Problems, element: Json, at: str) -> None:
    problems.string(element.get("image_url"), f"{at}/image_url", most=3000)
    problems.string(element.get("alt_text"), f"{at}/alt_text", most=2000)


def _static_select(problems: Problems, element: Json, at: str) -> None:
    groups = element.get("option_groups")
    if (groups is None) == (element.get("options") is None):
        problems.add("must have either options or option_groups", at)
    elif groups is None:
        _options(problems, element["options"], f"{at}/options", most=100)
    elif problems.items(groups, f"{at}/option_groups", least=1, most=100):
        for place, group in enumerate(groups):
            here = f"{at}/option_groups/{place}"
            if not isinstance(group, dict):
                problems.add("must be an object", here)
                continue
            problems.text(group.get("label"), f"{here}/label", most=75, kinds=_PLAIN)
            _options(problems, group.get("options"), f"{here}/options", most=100)
    initial = element.get("initial_option")
    if initial is not None and not problems.found and initial not in _all_options(element):
        problems.add("must be one of the options", f"{at}/initial_option")


def _overflow(problems: Problems, element: Json, at: str) -> None:
    _options(problems, element.get("options"), f"{at}/options", most=5)


def _choice(problems: Problems, element: Json, at: str) -> None:
    _options(problems, element.get("options"), f"{at}/options", most=10)


def _picker(problems: Problems, element: Json, at: str) -> None:
    name, form = _INITIAL[element["type"]]
    if element.get(name) is not None and not form.match(str(element[name])):
        problems.add("has the wrong form", f"{at}/{name}")


def _plain_text_input(problems: Problems, element: Json, at: str) -> None:
    for name, least in (("min_length", 0), ("max_length", 1)):
        length = element.get(name)
        if length is not None and not (isinstance(length, int) and least <= length <= 3000):
            problems.add(f"must be from {least} to 3000", f"{at}/{name}")
    if element.get("initial_value") is not None:
        problems.string(element["initial_value"], f"{at}/initial_value", least=0, most=3000)


def _nothing_more(problems: Problems, element: Json, at: str) -> None:
    """Accept an element that has no rules beyond the common ones."""


_RULES: dict[str, Callable[[Problems, Json, str], None]] = {
    "button": _button,
    "image": _image,
    "static_select": _static_select,
    "multi_static_select": _static_select,
    "overflow": _overflow,
    "checkboxes": _choice,
    "radio_buttons": _choice,
    "datepicker": _picker,
    "timepicker": _picker,
    "datetimepicker": _picker,
    "plain_text_input": _plain_text_input,
}


def _options(problems: Problems, options: Any, at: str, *, most: int) -> None:
    if not problems.items(options, at, least=1, most=most):
        return
    for place, option in enumerate(options):
        here = f"{at}/{place}"
        if not isinstance(option, dict):
            problems.add("must be an object", here)
            continue
        problems.text(option.get("text"), f"{here}/text", most=75)
        # 150 in slack_sdk's models, 75 in @slack/types; the smaller limit satisfies both.
        problems.string(option.get("value"), f"{here}/value", most=75)
        if option.get("description") is not None:
            problems.text(option["description"], f"{here}/description", most=75)


def _confirm(problems: Problems, confirm: Any, at: str) -> None:
    if not isinstance(confirm, dict):
        problems.add("must be an object", at)
        return
    problems.text(confirm.get("text"), f"{at}/text", most=300)
    for name, most in (("title", 100), ("confirm", 30), ("deny", 30)):
        if confirm.get(name) is not None:
            problems.text(confirm[name], f"{at}/{name}", most=most, kinds=_PLAIN)


def _all_options(element: Json) -> list[Json]:
    groups = [element, *(element.get("option_groups") or [])]
    return [option for group in groups for option in group.get("options") or []]
