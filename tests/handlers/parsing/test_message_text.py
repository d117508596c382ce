"""The words of a message, wherever Slack keeps them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.parsing.message_text import MAX_LENGTH, message_text


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    section = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [section]}


UNFURLED = {
    "from_url": "https://news.example/1",
    "service_name": "The Wire",
    "title": "Dockers return",
    "title_link": "https://news.example/1",
    "text": "The strike in <https://x.example|Gdansk> is over &amp; done.",
    "fallback": "The Wire: Dockers return",
    "footer": "The Wire",
}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"text": "Fish &amp; chips"}, "Fish & chips"),
        ({"text": "<@U1> <@U2|ana> <!subteam^S1|@desk> <!here> look"}, "look"),
        ({"text": "see <https://x.example|the port> in <#C1|news>"}, "see the port in #news"),
        (
            {"text": "<!date^1^{date}|24 Dec> <https://news.example/1>", "attachments": [UNFURLED]},
            "24 Dec Dockers return The strike in Gdansk is over & done.",
        ),
        ({"text": "", "attachments": [{"fallback": "Ports reopen"}]}, "Ports reopen"),
        (
            {"attachments": [{"pretext": "New", "fields": [{"title": "Port", "value": "Gdansk"}]}]},
            "New Port Gdansk",
        ),
        (
            {
                "text": "New story",
                "blocks": [
                    {"type": "header", "text": {"type": "plain_text", "text": "Ports & docks"}},
                    {"type": "section", "text": {"type": "mrkdwn", "text": "In <https://x|Riga>"}},
                    {"type": "section", "fields": [{"type": "mrkdwn", "text": "Two &lt; three"}]},
                    {"type": "context", "elements": [{"type": "mrkdwn", "text": "The Wire"}]},
                    {"type": "actions", "elements": [{"type": "button", "text": {"text": "Go"}}]},
                    {"type": "image", "alt_text": "Cranes", "title": {"text": "Photo"}},
                ],
            },
            "New story Ports & docks In Riga Two < three The Wire",
        ),
        (
            {
                "blocks": [
                    rich(
                        {"type": "text", "text": "un", "style": {"bold": True}},
                        {"type": "text", "text": "broken"},
                        {"type": "emoji", "name": "tada"},
                        {"type": "user", "user_id": "U1"},
                        {"type": "link", "url": "https://x.example/a", "text": "port"},
                        {"type": "link", "url": "https://x.example/b"},
                    )
                ]
            },
            "unbroken port",
        ),
        (
            {
                "text": "",
                "attachments": [
                    {
                        "is_share": True,
                        "message_blocks": [
                            {"message": {"blocks": [rich({"type": "text", "text": "Shared"})]}}
                        ],
                    }
                ],
            },
            "Shared",
        ),
        (
            {"text": "Dockers", "blocks": [rich({"type": "text", "text": "Dockers"})]},
            "Dockers",
        ),
        (
            {"text": "<https://news.example/26/11/ports-reopen-today.html>"},
            "ports reopen today",
        ),
        (
            {"text": "<https://news.example/story/ports_reopen_today/123>"},
            "ports reopen today",
        ),
        ({"text": "<https://[news.example/ports-reopen-today>"}, "ports reopen today"),
        ({"text": "<https://news.example/a/b?c=d>"}, ""),
        ({"text": None, "blocks": None, "attachments": None}, ""),
    ],
)
def test_the_words_of_a_message(message: dict[str, Any], text: str) -> None:
    assert message_text(message) == text


PARTS = st.recursive(
    st.none() | st.text(max_size=20) | st.sampled_from(["mrkdwn", "rich_text_section", "emoji"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "elements", "fields", "title"]), inner)
    ),
    max_leaves=20,
)


@given(text=st.text(max_size=5000), blocks=PARTS)
def test_any_message_gives_a_short_text(text: str, blocks: object) -> None:
    assert len(message_text({"text": text, "blocks": [blocks]})) <= MAX_LENGTH
