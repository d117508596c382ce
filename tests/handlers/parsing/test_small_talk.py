"""What is small talk, and what is a look-up."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.parsing import small_talk as module
from handlers.parsing.small_talk import (
    SmallTalk,
    discussed,
    has_word,
    is_certain,
    meant_talk,
    small_talk,
)
from tests.machine import ROOT

_SAID = {
    SmallTalk.HELLO: """
        wie geht's?; Tudo bem?; boa tarde; ¿Qué tal?; こんにちは; おはようございます
        hello; Hi!; hey there 👋; Good morning, Parley; :wave: hallo; :wave:; 👋; !; ¡Hola!; hi all
        happy friday!; hi parley, how are you?
    """,
    SmallTalk.THANKS: """
        Noted, with thanks.; Thanks, noted.; muito obrigada!; valeu; ありがとうございます; dziękuję
        thanks; Thank you so much!; thx :+1:; great, thanks; merci beaucoup
        thanks for your help, bye; hi there, thanks a lot!; Thanks, that was very helpful 🙏
    """,
    SmallTalk.BYE: "bye; good bye; see you later; Good night everyone; have a nice weekend",
    SmallTalk.PRAISE: "well done; Good bot; nice one!; that's great; I love it; got it",
    SmallTalk.FINE: """
        ok; sorry; never mind; lol; no; yes please; You are welcome.; alles klar; 了解です
    """,
    SmallTalk.ABOUT: """
        what can you do?; who are you; What's this bot?; how does this work?; how do I use it
        what commands do you have; can you help me; what do you know about
        what stories do you have?
        is this chatgpt?; are you using an LLM?; is this an AI
        tell me about yourself; who made you; are you a bot?; what is this about; who can see this?
        what does /brief do?; how do i share a story with my team
        Hilfe, was muss ich tun?; ajuda, não sei usar isso; 助けて、どうするの
        Hilfe bitte!; ajuda; AYUDA; à l'aide; aiuto!; hulp; pomoc; помощь; ヘルプ; ﾍﾙﾌﾟ; 使い方
        was kannst du; o que você faz?; o que voce faz; ¿hablas español?; 日本語はわかりますか？
        which languages do you speak; do you use AI to generate text?; you're broken
    """,
    SmallTalk.SCHEDULE: """
        how do I set up a daily question?; how do I post a digest; can I schedule this
        how can we get a question every morning; what's a digest?; schedule a question for friday
        how do I schedlue a digest; can I choose the topics?; what does /digest do
    """,
    SmallTalk.CHANGE: """
        where do I change the time of our question; how to pause the digest over christmas
        please skip tomorrow's question; how do I stop you; don't post on holidays please
        delete the schedule; remove the daily question; stop it; turn it off; cancel the last post
        pause it until I'm back; change it to twice a week; push it back by an hour
        make it less often; a bit later please; nothing on Wednesdays; leave out bank holidays
        can you do it an hour later?; no posts on bank holidays; mute it for the summer
        how do I turn u off?; stopp; hör bitte auf; pare por favor; やめて
        hold the posts until we return; half an hour earlier please; bring it forward by 30 minutes
    """,
    SmallTalk.OWNER: """
        who set this up?; who owns this schedule?; who set up the schedule in #world-news?
        who's in charge of this?; who is the owner?; whose digest is this?; who made this schedule
    """,
    SmallTalk.UNDO: """
        undo; undo that; undo the skip; take that back; revert that; put it back; that was a mistake
        I didn't mean to do that; change it back please; cancel the pause
    """,
    SmallTalk.UNSUBSCRIBE: """
        Please unsubscribe me; remove me from this; stop messaging me; opt out
        how do I unsubscribe from this; please stop sending me these messages
    """,
    SmallTalk.PRIVACY: """
        delete my data; do you store what I type?; forget me; do you log our messages?
        what do you know about me?; who can see what I search for?; erase my search history
        are my searches logged?; can admins see what I ask you?
        are you reading our conversations?; what is your privacy policy
        is what I type here discoverable?; are these chats privileged; is this conversation private
        wer kann das sehen?; quem pode ver isso?
    """,
    SmallTalk.NEXT: """
        when is the next question?; which channels get a question?; what time is the next post
        when is the next one?; is it still on?; when does it post next?; are you paused?
        is there a question tomorrow?; what's coming up this week?; is the digest still running
    """,
    SmallTalk.DELETE: """
        delete the last question; remove that post; delete it; how do I delete a post?; delete this
        please delete yesterday's digest
    """,
    SmallTalk.DISCUSS: """
        how do I ask a question in this channel; post a question to #general; start a discussion
        can you post in #random too; what's the question of the day?; what does /discuss do?
        give us a question; post something; ask us something about Iran; ask the team something
        post something to talk about; drop a question in here
        pose a question about climate change; start a conversation
    """,
    SmallTalk.ADD: "how do I add a story; can I add my own feed; where do the stories come from?",
    SmallTalk.INVITE: "how do I invite you to a channel; can I add parley to our team",
    SmallTalk.WHY: """
        why this question; Why this one?; why was that question picked; who chose today's question?
        how did you choose this one; why do you ask us that; we've already had that question
        Warum diese Frage?; por que esta pergunta?; なぜこの質問ですか？
    """,
    SmallTalk.STORY: """
        whats the story; can I see the article; where's the story?; is there a link?
    """,
    SmallTalk.NEWEST: """
        what did I miss?; did we miss anything; anything new?; Catch me up, please; what's new?
        Was gibt's Neues?; novidades?; Quoi de neuf ?; ¿Qué hay de nuevo?; что нового?; 最新ニュース
    """,
    SmallTalk.REMIND: "remind me at 3pm; remind me tomorrow; can you set a reminder for 10?",
}


@pytest.mark.parametrize("kind", _SAID, ids=lambda kind: kind.name)
def test_small_talk(kind: SmallTalk) -> None:
    said = _SAID[kind].replace("\n", ";").split(";")
    assert {text.strip(): small_talk(text) for text in said if text.strip()} == {
        text.strip(): kind for text in said if text.strip()
    }


@pytest.mark.parametrize(
    "text",
    [
        "nice",
        "morning",
        "hello kitty",
        "good friday",
        "good friday agreement",
        "thank you letters",
        "bye bye birdie",
        "no deal",
        "perfect storm",
        "wow air",
        "who",
        "WHO",
        "who is this",
        "work",
        "the day after",
        "help desk",
        "it department",
        "schedule",
        "post",
        "question time",
        "daily mail",
        "next post",
        "stop the war",
        "undo brexit",
        "elections postponed",
        "why did the bank close",
        "talk about sanctions",
        "who owns twitter",
        "who set up the gaza foundation",
        "who started the war",
        "is openai a company",
        "delete my uber account",
        "data protection",
        "do countries store gas",
        "take back control",
        "change of government",
        "when is the next election",
        "is the strike still on",
        "give us more sanctions",
        "hold the line",
        "not in my name",
        "only in america",
        "push back against tariffs",
        "show me something about iran",
        "question about iran",
        "what can you tell me about turkey",
        "what do you know about Geneva",
        "which topics are there about sanctions",
        "how do I start work here",
        "how do we get paid",
        "how do countries schedule elections?",
        "how do I schedule a day off",
        "can I get time off for christmas",
        "how do we stop climate change",
        "how do I post a parcel",
        "set up a school in kenya",
        "/brief hello",
        "why this war",
        "who chose the pope",
        "how do they choose a mayor",
        "Hilfe für Kiew",
        "ajuda humanitária",
        "foreign aid",
        "reminder letters",
        "missed penalty",
        "new law",
        "toy story",
        "the story of the Titanic",
        "privileged documents",
        "AI generated text",
        "neues Gesetz",
        "aide",
        "AIDS",
        "détente",
        "novidades do Flamengo",
    ],
)
def test_what_may_be_a_look_up(text: str) -> None:
    assert small_talk(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "thankyou",
        "how do I schedulle a dailly question",
        "whose digset is this?",
    ],
)
def test_a_long_word_may_be_misspelled(text: str) -> None:
    assert small_talk(text)


@pytest.mark.parametrize(
    ("text", "is_sure"),
    [
        *[(text, True) for text in ("help!", "Ajuda", "hilfe bitte", "who set this up")],
        *[(text, True) for text in ("you are welcome", "Why this one?", "what did I miss")],
        *[(text, False) for text in ("changing times", "daily post", "new story", "summer time")],
        *[(text, False) for text in ("support", "novidades", "happy holidays", "salve", "turkey")],
    ],
)
def test_what_is_small_talk_even_if_it_finds_a_story(text: str, is_sure: bool) -> None:
    assert is_certain(text) is is_sure


@pytest.mark.parametrize(
    ("text", "found", "has"),
    [
        ("valeu!", ["Valência"], False),
        ("salve", ["Salve"], True),
        ("how do I turn it off", ["turns"], True),
        ("thanks", [], False),
    ],
)
def test_which_words_of_a_story_are_those_of_the_text(
    text: str, found: list[str], has: bool
) -> None:
    assert has_word(text, of=found) is has


def test_every_sentence_of_the_file_is_of_its_kind() -> None:
    """A sentence that stands under two kinds teaches nothing."""
    found = {
        text: (kind, talk.name if (talk := small_talk(text)) else "LOOKUP")
        for kind, sentences in module._SECTIONS.items()
        for text in sentences
    }
    assert {text: kinds for text, kinds in found.items() if len({*kinds}) > 1} == {}


def test_every_kind_has_sentences() -> None:
    assert {*module._SECTIONS} == {*SmallTalk.__members__, "LOOKUP"}


def test_labelled_look_ups_are_left_alone() -> None:
    path = ROOT / "tests" / "store" / "finding" / "lookups.jsonl"
    queries = [json.loads(line)["query"] for line in path.read_text("utf-8").splitlines()]
    assert [query for query in queries if small_talk(query)] == []


_SENTENCES = st.sampled_from([text for several in module._SECTIONS.values() for text in several])
_WORDS = st.sampled_from(sorted({word for text in _SAID.values() for word in text.split()}))


@given(st.text() | st.lists(_WORDS, max_size=12).map(" ".join))
def test_any_text_has_an_answer_and_always_the_same(text: str) -> None:
    talk = small_talk(text)
    module._token.cache_clear()
    assert small_talk(text) is talk
    assert meant_talk(text) in {*SmallTalk, None}
    assert discussed(text) in text or " ".join(text.split())


@given(_SENTENCES.filter(lambda text: "/" not in text), st.sampled_from("!?.,… "))
def test_case_and_punctuation_do_not_matter(text: str, sign: str) -> None:
    talk = small_talk(text)
    assert small_talk(text.upper()) is talk
    assert small_talk(string.capwords(text).replace(" ", f"{sign} ") + sign) is talk


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("ask us something about Iran", "Iran"),
        ("Post a question on climate change?", "climate change"),
        ("give the team something about timber, please", "timber, please"),
        ("ask us something about it", ""),
        ("show me something about iran", ""),
        ("a talk about iran", ""),
        ("something", ""),
    ],
)
def test_the_topic_of_a_discussion(text: str, topic: str) -> None:
    assert discussed(text) == topic


@pytest.mark.parametrize(
    ("text", "talk"),
    [
        ("remind me every friday at 5pm in general", SmallTalk.SCHEDULE),
        ("when do you post the next question in politics", SmallTalk.NEXT),
        ("who is responsible for the floods in spain", None),
        ("who owns twitter", None),
        ("dockworkers", None),
        ("when is the next election", None),
        ("how do I request a visa", None),
    ],
)
def test_what_a_text_without_a_story_probably_means(text: str, talk: SmallTalk | None) -> None:
    assert meant_talk(text) is talk


def test_no_headline_of_the_samples_is_small_talk() -> None:
    for path in (ROOT / "store" / "starter").glob("*.txt"):
        for line in path.read_text("utf-8").splitlines():
            assert not line.strip() or small_talk(line) is None
            assert not any(small_talk(word) for word in line.split() if word[0].isupper())


@pytest.mark.parametrize(
    "words",
    ["Hilfe für Bauern", "ajuda humanitária", "help-to-buy scheme", "do we have anything on wheat"],
)
def test_help_for_others_is_looked_up(words: str) -> None:
    assert small_talk(words) is None
