"""Every name that Slack sends back to us: commands, actions, blocks. No such string elsewhere."""

from enum import StrEnum


class Command(StrEnum):
    """Slash commands; /topic, /search, /status and /feed are Slack's own."""

    BRIEF = "/brief"
    DISCUSS = "/discuss"
    DIGEST = "/digest"
    CORPUS = "/corpus"


class Action(StrEnum):
    """The action_id of every button."""

    BRIEF_SHARE = "brief_share"
    BRIEF_DISCUSS = "brief_discuss"
    BRIEF_NEXT = "brief_next"
    BRIEF_PICK = "brief_pick"
    BRIEF_TOPIC = "brief_topic"
    DISCUSS_POST = "discuss_post"
    DISCUSS_ANOTHER = "discuss_another"
    CORPUS_ADD = "corpus_add"
    POST_MORE = "post_more"
    POST_AGAIN = "post_again"
    POST_SEEN = "post_seen"
    DIGEST_RESUME = "digest_resume"


class Block(StrEnum):
    """The block_id of the blocks that Parley looks for."""

    DELIVERY = "parley_delivery"


class Event(StrEnum):
    """Types of the events and of the message metadata that Parley writes."""

    DELIVERY = "parley_delivery"
