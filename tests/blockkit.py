"""An independent check of the Block Kit that Parley sends, by three validators.

The models of `slack_sdk` and the `blockkit` package each know some of Slack's limits. `_own` has
the limits that both miss, from docs.slack.dev (Block Kit reference) and from bug reports.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import blockkit.core
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from yarl import URL

from store.text import legible
from tests.types.recording import MESSAGE, VIEW, sent

Json = dict[str, Any]

MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MAX_MESSAGE_TEXT = 9_000
"""Characters of all block texts of a message; Slack refuses about 11,000 (bolt-js#2867)."""
MAX_MESSAGE_JSON = 12_000
"""Characters of all blocks of a message as JSON; Slack has refused 13,200. Undocumented."""
MAX_TEXT = 4_000
"""The recommended length of `text` (docs.slack.dev, chat.postMessage)."""

_ESCAPE = re.compile(r"\\(?:u....|.)")
_MARKUP = re.compile(r"<[^<>]*>?")
_HARMLESS = re.compile(
    r"<(?:@(?P<person>[UW][A-Z0-9]+)|\#C[A-Z0-9]+|!date\^\d+\^[^|<>]+\|[^|<>]+)>", re.VERBOSE
)
_LINK = re.compile(r"<(?P<url>https?://[^|<>\s]+)\|(?P<label>[^|<>]+)>")
_BARE = re.compile(r"&(?!amp;|lt;|gt;)|>")

_CLASSES: dict[str, type[blockkit.core.Component]] = {
    name: getattr(blockkit.core, cls)
    for name, cls in {
        "actions": "Actions",
        "button": "Button",
        "channels_select": "ChannelsSelect",
        "checkboxes": "Checkboxes",
        "context": "Context",
        "conversations_select": "ConversationsSelect",
        "datepicker": "DatePicker",
        "divider": "Divider",
        "external_select": "ExternalSelect",
        "header": "Header",
        "home": "Home",
        "image": "Image",
        "input": "Input",
        "modal": "Modal",
        "mrkdwn": "Text",
        "multi_external_select": "MultiExternalSelect",
        "multi_static_select": "MultiStaticSelect",
        "number_input": "NumberInput",
        "overflow": "Overflow",
        "plain_text": "Text",
        "plain_text_input": "PlainTextInput",
        "radio_buttons": "RadioButtons",
        "rich_text": "RichText",
        "rich_text_preformatted": "RichTextPreformatted",
        "rich_text_quote": "RichTextQuote",
        "rich_text_section": "RichTextSection",
        "section": "Section",
        "static_select": "StaticSelect",
        "text": "RichTextEl",
        "timepicker": "TimePicker",
    }.items()
}
_BY_PLACE = {
    "options": "Option",
    "initial_option": "Option",
    "initial_options": "Option",
    "option_groups": "OptionGroup",
    "confirm": "Confirm",
    "filter": "ConversationFilter",
    "style": "RichStyle",
    "dispatch_action_config": "DispatchActionConfig",
}


def check_message(message: Mapping[str, Any], *, people: frozenset[str] | None = None) -> None:
    """Fail unless Slack accepts *message* and it mentions nobody but *people* (None: anybody).

    A message is the body of an ack, of respond or of chat.postMessage.
    """
    _message(message, people)
    sent(MESSAGE, message)


def _message(message: Mapping[str, Any], people: frozenset[str] | None) -> None:
    text = message.get("text") or ""
    blocks = message.get("blocks") or []
    problems = []
    if not text.strip():
        problems.append("text: a notification says nothing")
    if len(text) > MAX_TEXT:
        problems.append(f"text: {len(text)} characters")
    if legible(text) != text:
        problems.append("text: invisible characters")
    problems += _markup(text, "text", people)
    problems += _blocks(blocks, "message", people)
    size = sum(len(shown) for _, _, shown in _shown(blocks))
    if size > MAX_MESSAGE_TEXT:
        problems.append(f"blocks: {size} characters of text together")
    # An escape such as &amp; counts as one character.
    written = len(_ESCAPE.sub("x", json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))))
    if written > MAX_MESSAGE_JSON:
        problems.append(f"blocks: {written} characters of JSON")
    if message.get("link_names") or message.get("parse") == "full":
        problems.append("link_names, parse: bare names become mentions")
    _fail(problems, message)


def check_view(view: Json, *, people: frozenset[str] | None = None) -> None:
    """Fail unless Slack accepts *view* and it mentions nobody but *people*."""
    _view(view, people)
    sent(VIEW, view)


def _view(view: Json, people: frozenset[str] | None) -> None:
    kind = view.get("type", "")
    if kind not in ("modal", "home"):
        _fail([f"type: {kind!r} is no view"], view)
    blocks = view.get("blocks") or []
    problems = _blocks(blocks, kind, people)
    problems += _sdk(lambda: View(**view).to_dict())
    problems += _package(view, "")
    if kind == "modal" and any(one.get("type") == "input" for one in blocks):
        problems += [] if view.get("submit") else ["submit: an input needs one"]
    if len(view.get("private_metadata") or "") > 3000:
        problems.append("private_metadata: over 3,000 characters")
    if len(json.dumps(view)) > 250_000:
        problems.append("view: over 250 kB")
    _fail(problems, view)


def check_options(answer: Json) -> None:
    """Fail unless Slack accepts *answer* as the answer to a block_suggestion."""
    options = answer.get("options")
    assert isinstance(options, list), answer
    problems = ["options: over 100"] if len(options) > 100 else []
    problems += list(_choices({"options": options}, "")) if options else []
    _fail(problems, answer)


def check_call(method: str, args: Json) -> None:
    """Check the message or view that a call of the Web API or of a response_url carries, if any."""
    if "view" in args:
        view = args["view"]
        _view(json.loads(view) if isinstance(view, str) else view, None)
    elif method.startswith("chat.post") or method in ("chat.update", "response_url"):
        blocks = args.get("blocks") or []
        blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
        if not args.get("delete_original"):
            _message({**args, "blocks": blocks}, None)
        if method == "chat.postMessage":
            for unfurl in ("unfurl_links", "unfurl_media"):
                assert args.get(unfurl) in (False, "false", "0", 0), args


def check_ack(answer: Any) -> None:
    """Check the content of an ack: a message, a view, options, errors or nothing."""
    if not isinstance(answer, dict) or not answer:
        return
    if "options" in answer:
        check_options(answer)
    elif "view" in answer:
        _view(answer["view"], None)
    elif "errors" in answer:
        assert all(str(error).strip() for error in answer["errors"].values()), answer
    elif "response_action" not in answer:
        _message(answer, None)


def _fail(problems: list[str], payload: Mapping[str, Any]) -> None:
    if problems:
        shown = json.dumps(payload, ensure_ascii=False)[:3000]
        raise AssertionError("\n".join([*problems, shown]))


def _blocks(blocks: list[Json], surface: str, people: frozenset[str] | None) -> list[str]:
    problems = _sdk(lambda: [block and block.to_dict() for block in Block.parse_all(blocks)])
    for place, block in enumerate(blocks):
        problems += _package(block, f"blocks/{place}")
    problems += _own(blocks, surface)
    for at, kind, shown in _shown(blocks):
        problems += [f"{at}: nothing but blanks"] if not shown.strip() else []
        problems += [f"{at}: invisible characters"] if legible(shown) != shown else []
        problems += _markup(shown, at, people) if kind == "mrkdwn" else []
    return problems


def _sdk(build: Any) -> list[str]:
    try:
        build()
    except SlackObjectFormationError as error:
        return [f"slack_sdk: {error}"]
    return []


def _package(value: Json, at: str) -> list[str]:
    """Build *value* with the `blockkit` package, which also refuses unknown fields."""
    try:
        _component(value).build()
    except (
        blockkit.core.FieldValidationError,
        blockkit.core.ComponentValidationError,
        AttributeError,
        KeyError,
        TypeError,
    ) as error:
        return [f"blockkit: {at}: {type(error).__name__}: {error}"]
    return []


def _component(value: Json, place: str = "") -> Any:
    component: Any = _CLASSES[value["type"]]() if "type" in value else _untyped(place)()
    for name, inner in value.items():
        # The package demands at least 1. Slack accepts 0, which means: ask when the menu opens.
        if name == "type" or (name, inner) == ("min_query_length", 0):
            continue
        set_field = getattr(component, name)
        if isinstance(inner, list):
            set_field(*(_inner(one, name) for one in inner))
        else:
            set_field(_inner(inner, name))
    if value.get("type") in ("mrkdwn", "plain_text"):
        component.type(value["type"])  # last, because it guesses one from the text
    return component


def _untyped(place: str) -> type[blockkit.core.Component]:
    return getattr(blockkit.core, _BY_PLACE[place])  # type: ignore[no-any-return]


def _inner(value: Any, place: str) -> Any:
    return _component(value, place) if isinstance(value, dict) else value


def _own(blocks: list[Json], surface: str) -> list[str]:
    problems = []
    if len(blocks) > MAX_BLOCKS[surface]:
        problems.append(f"blocks: {len(blocks)} of them")
    problems += [
        f"block_id: {block_id!r} twice"
        for block_id, times in Counter(one.get("block_id") for one in blocks).items()
        if block_id is not None and times > 1
    ]
    for place, block in enumerate(blocks):
        at = f"blocks/{place}"
        if block["type"] == "input" and surface == "message":
            problems.append(f"{at}: an input in a message")
        elements = block.get("elements", [])
        if "elements" in block and not elements:
            problems.append(f"{at}: no elements")
        if block["type"] == "context" and len(elements) > 10:
            problems.append(f"{at}: {len(elements)} elements")
        if "fields" in block and not 1 <= len(block["fields"]) <= 10:
            problems.append(f"{at}: {len(block['fields'])} fields")
        problems += [
            f"{at}: a field of {len(field['text'])} characters"
            for field in block.get("fields", [])
            if len(field["text"]) > 2000
        ]
        shown = [*elements, block.get("accessory"), block.get("element")]
        interactive = [one for one in shown if isinstance(one, dict) and "action_id" in one]
        for action_id, times in Counter(one["action_id"] for one in interactive).items():
            problems += [f"{at}: action_id {action_id!r} twice"] if times > 1 else []
        for element in interactive:
            problems += _element(element, at)
    return problems


def _element(element: Json, at: str) -> Iterator[str]:
    if not 1 <= len(element["action_id"]) <= 255:
        yield f"{at}: action_id of {len(element['action_id'])} characters"
    if element["type"] == "button":
        label = element["text"]["text"]
        if len(label) > 75 or not label.strip():
            yield f"{at}: a button labelled {label!r}"
        if "url" in element:
            yield from _link(element["url"], label.removeprefix("Open "), at)
            if len(element["url"]) > 3000:
                yield f"{at}: a button's link of {len(element['url'])} characters"
        if len(element.get("value", "")) > 2000:
            yield f"{at}: a button's value of {len(element['value'])} characters"
        if "accessibility_label" in element:
            spoken = element["accessibility_label"]
            if not 1 <= len(spoken.strip()) <= 75 or len(spoken) > 75:
                yield f"{at}: accessibility_label {spoken!r}"
            if label.casefold() not in spoken.casefold():
                yield f"{at}: accessibility_label {spoken!r} without the label {label!r}"
    yield from _choices(element, at)


def _choices(element: Json, at: str) -> Iterator[str]:
    groups = element.get("option_groups", [])
    lists = [element["options"]] if "options" in element else []
    lists += [group["options"] for group in groups]
    for options in lists:
        if not 1 <= len(options) <= 100:
            yield f"{at}: {len(options)} options"
        values = Counter(option.get("value") for option in options)
        yield from (f"{at}: option {value!r} twice" for value in values if values[value] > 1)
    initial = element.get("initial_option")
    initials = [initial] if initial else []
    for option in [one for options in lists for one in options] + initials:
        for name, shown in (("text", option["text"]), ("description", option.get("description"))):
            if shown and not 1 <= len(shown["text"]) <= 75:
                yield f"{at}: an option's {name} of {len(shown['text'])} characters"
        # The Python models allow 150 and @slack/types 75: stay below both.
        if not 1 <= len(option.get("value") or "") <= 75:
            yield f"{at}: an option's value of {len(option.get('value') or '')} characters"
    for group in groups:
        if not 1 <= len(group["label"]["text"]) <= 75:
            yield f"{at}: a group's label of {len(group['label']['text'])} characters"


def _link(url: str, label: str, at: str) -> Iterator[str]:
    """Fail unless a link shows the host that it opens, or the end of it after an ellipsis."""
    host = URL(url).host_port_subcomponent or ""
    is_plain = url.isascii() and URL(url).raw_user is None
    if not url.startswith(("https://", "http://")) or not is_plain:
        yield f"{at}: {url[:60]!r} would be opened"
    if label != host and not (
        label.startswith("…") and len(label) > 50 and host.endswith(label[1:])
    ):
        yield f"{at}: {label!r} opens {host}"


def _shown(value: Any, at: str = "blocks") -> Iterator[tuple[str, str, str]]:
    """Yield (place, type, text) of every text object."""
    if isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text") and isinstance(value.get("text"), str):
            yield at, value["type"], value["text"]
            if value["type"] == "mrkdwn" and value.get("verbatim") is not True:
                yield f"{at}: not verbatim, so that names in it become links", "", ""
        for name, inner in value.items():
            yield from _shown(inner, f"{at}/{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _shown(inner, f"{at}/{place}")


def _markup(text: str, at: str, people: frozenset[str] | None) -> list[str]:
    """Fail for a mention of anybody else, an unexpected link or broken markup."""
    problems: list[str] = []
    for found in _MARKUP.finditer(text):
        harmless = _HARMLESS.fullmatch(found[0])
        if link := _LINK.fullmatch(found[0]):
            problems += _link(html.unescape(link["url"]), link["label"], at)
        elif not harmless:
            problems.append(f"{at}: {found[0][:60]!r} would be read as markup")
        elif people is not None and harmless["person"] and harmless["person"] not in people:
            problems.append(f"{at}: {found[0]} would be pinged")
    rest = _MARKUP.sub("", text)
    # Parley starts a quote with > at the beginning of a line.
    rest = re.sub(r"^> ?", "", rest, flags=re.MULTILINE)
    if bare := _BARE.search(rest):
        problems.append(f"{at}: a bare {bare[0]!r}")
    return problems
