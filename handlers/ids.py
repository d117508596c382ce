"""Every name that Slack sends back: commands, actions, views and blocks."""

from enum import StrEnum


class Command(StrEnum):
    """Slash commands; /topic, /search, /status and /feed are Slack's own.

    As text they have the prefix of `CommandPrefix`, so never keep such a text in a constant.
    """

    BRIEF = "/brief"
    DISCUSS = "/discuss"
    DIGEST = "/digest"
    CORPUS = "/corpus"

    def __str__(self) -> str:
        return f"/{CommandPrefix.used}{self.value[1:]}"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


class CommandPrefix:
    """What the names of all commands begin with: "team-" makes /team-brief.

    Two apps of a workspace may have commands of one name, and then the one installed last gets it.
    A process serves one app, so this holds for the process.
    """

    used = ""


class Action(StrEnum):
    """The action_id of every button and menu."""

    BRIEF_SHARE = "brief_share"
    BRIEF_DISCUSS = "brief_discuss"
    BRIEF_NEXT = "brief_next"
    BRIEF_PREVIOUS = "brief_previous"
    BRIEF_BACK = "brief_back"
    BRIEF_PICK = "brief_pick"
    BRIEF_TOPIC = "brief_topic"
    BRIEF_LIKE = "brief_like"
    BRIEF_ASK = "brief_ask"
    STORY_READ = "story_read"
    STORY_OPEN = "story_open"
    DISCUSS_POST = "discuss_post"
    DISCUSS_ANOTHER = "discuss_another"
    DISCUSS_JOIN = "discuss_join"
    DISCUSS_START = "discuss_start"
    HOME_SEARCH = "home_search"
    HOME_PAGE = "home_page"
    CORPUS_MORE = "corpus_more"
    CORPUS_CHECK = "corpus_check"
    CORPUS_UNDO = "corpus_undo"
    CORPUS_RELOAD = "corpus_reload"
    CORPUS_ADD = "corpus_add"
    QUESTION_WRITE = "question_write"
    QUESTION_NEXT = "question_next"
    SOURCE_MORE = "source_more"
    SOURCE_REMOVE = "source_remove"
    POST_MORE = "post_more"
    POST_AGAIN = "post_again"
    POST_SEEN = "post_seen"
    DIGEST_RESUME = "digest_resume"
    DIGEST_SET = "digest_set"
    DIGEST_CHANGE = "digest_change"
    DIGEST_PAGE = "digest_page"
    DIGEST_GUESS = "digest_guess"
    DIGEST_CONFIRM = "digest_confirm"
    DIGEST_JOIN = "digest_join"


class Shortcut(StrEnum):
    """The callback_id of every shortcut."""

    DISCUSSION = "shortcut_discussion"
    RELATED = "shortcut_related"
    DELETE = "shortcut_delete"


class Step(StrEnum):
    """The callback_id of every step for Workflow Builder."""

    FIND_STORY = "step_find_story"
    PICK_QUESTION = "step_pick_question"


class Modal(StrEnum):
    """The callback_id of every modal with a submit button."""

    DISCUSSION = "modal_discussion"
    DISCUSSION_PREVIEW = "modal_discussion_preview"
    SCHEDULE = "modal_schedule"
    DELETE = "modal_delete"
    QUESTION = "modal_question"


class Block(StrEnum):
    """The block_id of every block that Parley reads again."""

    DELIVERY = "parley_delivery"
    CHANNEL = "block_channel"
    WORDS = "block_words"
    SEARCH = "block_search"
    KIND = "block_kind"
    TIME = "block_time"
    WEEKDAYS = "block_weekdays"
    WEEKS = "block_weeks"
    ZONE = "block_zone"
    HOLIDAYS = "block_holidays"
    TOPICS = "block_topics"
    STORIES = "block_stories"
    NEWS = "block_news"
    MAX_AGE = "block_max_age"
    NAME = "block_name"
    INSIGHT = "block_insight"
    QUESTION = "block_question"


class Field(StrEnum):
    """The action_id of every input."""

    CHANNEL = "field_channel"
    WORDS = "field_words"
    KIND = "field_kind"
    TIME = "field_time"
    WEEKDAYS = "field_weekdays"
    WEEKS = "field_weeks"
    ZONE = "field_zone"
    HOLIDAYS = "field_holidays"
    TOPICS = "field_topics"
    STORIES = "field_stories"
    NEWS = "field_news"
    MAX_AGE = "field_max_age"
    NAME = "field_name"
    INSIGHT = "field_insight"
    QUESTION = "field_question"


class Event(StrEnum):
    """Types of the events and of the message metadata that Parley writes."""

    DELIVERY = "parley_delivery"
