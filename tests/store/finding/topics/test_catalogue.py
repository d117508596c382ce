"""The catalogue of topics: what the articles name."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from store.finding.topics import acronyms, catalogue
from store.types import Article

STARTER = Path(__file__).parents[4] / "store" / "starter"


def article(number: int, summary: str, insight: str = "", question: str = "") -> Article:
    return Article(
        id=str(number),
        document="made.txt",
        position=number,
        headline="News",
        summary=summary,
        insight=insight,
        question=question,
    )


def named(*summaries: str) -> dict[str, tuple[str, ...]]:
    articles = [article(number, summary) for number, summary in enumerate(summaries)]
    return {name: tuple(ids) for name, ids in catalogue(articles).items()}


def test_names_are_topics_and_sentence_starts_are_not() -> None:
    topics = named("This week the mayor of Lima met Rosa Quispe. Nobody else came on Friday.")
    assert set(topics) == {"Lima", "Rosa Quispe"}


def test_a_name_that_opens_a_sentence_is_whole() -> None:
    assert set(named("Kim Jong Un waited. Behind Macron stood Kim Jong Un.")) == {
        "Kim Jong Un",
        "Macron",
    }


def test_spellings_of_one_name_are_one_topic_under_the_commonest() -> None:
    topics = named(
        "They met Zelenskiy and Zelenskiy.", "They met Zelensky.", "They met Volodymyr Zelenskyy."
    )
    assert topics == {"Zelenskiy": ("0", "1", "2")}


def test_a_known_person_is_one_with_the_surname() -> None:
    topics = named("They saw President Donald Trump.", "They met Trump and Trump.")
    assert topics == {"Trump": ("0", "1")}


def test_words_that_english_has_stay_apart_however_alike() -> None:
    assert set(named("They went to Austria, Australia, Iran and Iraq.")) == {
        "Austria",
        "Australia",
        "Iran",
        "Iraq",
    }


def test_what_is_of_a_country_is_its_topic() -> None:
    assert named("They met Russian guests in Russia.", "They left Russia.") == {
        "Russia": ("0", "1")
    }


def test_a_country_is_one_topic_by_whatever_name() -> None:
    topics = named(
        "They saw the U.S. and the U.S. flag.", "They left the United States.", "An American came."
    )
    assert topics == {"U.S.": ("0", "1", "2")}


def test_an_older_spelling_of_a_city_is_the_same_city() -> None:
    assert named("They left Kyiv for Kyiv.", "They left Kiev.") == {"Kyiv": ("0", "1")}


def test_a_name_may_hold_small_words_and_words_that_are_none() -> None:
    topics = named("They met Ursula von der Leyen of the Rural Fire Service; it was late service.")
    assert set(topics) == {"Ursula von der Leyen", "Rural Fire Service"}


def test_a_small_word_leads_a_surname() -> None:
    topics = named("They met Ursula von der Leyen.", "They left von der Leyen.", "And von Trapp.")
    assert topics == {"Ursula von der Leyen": ("0", "1"), "von Trapp": ("2",)}


def test_what_the_articles_argue_about_is_a_topic() -> None:
    filler = [f"They went to see house number {number}." for number in range(40)]
    told = ["They want a ceasefire.", "A ceasefire, they say.", "No ceasefire with military aid."]
    topics = named(*filler, *told, "More military aid.", "Less military aid.")
    assert topics == {"ceasefire": ("40", "41", "42"), "military aid": ("42", "43", "44")}


def test_initials_stand_for_names() -> None:
    topics = catalogue([article(1, "They joined the European Union in Lima. They left Lima.")])
    assert acronyms(topics) == {"eu": [("european", "union")]}


def test_a_title_is_no_part_of_a_name() -> None:
    topics = named("They saw Secretary of State Marco Rubio and US President Joe Biden.")
    assert set(topics) == {"Marco Rubio", "US", "Joe Biden"}


def test_a_hyphen_joins_a_name_and_parts_two_countries() -> None:
    topics = named("They saw Jean-Noël Barrot in Ukraine; the US-Ukraine talks; they like the US.")
    assert set(topics) == {"Jean-Noël Barrot", "Ukraine", "US"}


def test_topics_of_most_articles_come_first() -> None:
    topics = catalogue(
        [article(1, "They left Lima."), article(2, "They saw Oslo."), article(3, "They saw Oslo.")]
    )
    assert list(topics.items()) == [("Oslo", ["2", "3"]), ("Lima", ["1"])]


def test_the_starter_corpus_has_its_people_and_places_once_and_no_empty_words() -> None:
    articles: list[Article] = []
    for path in sorted(STARTER.glob("*.txt")):
        _, *body = filter(None, map(str.strip, path.read_text("utf-8").splitlines()))
        articles += [
            article(len(articles) + at, *body[at : at + 3]) for at in range(0, len(body), 3)
        ]
    names = list(catalogue(articles))
    assert {"Russia", "Ukraine", "Saudi Arabia", "Oval Office", "Jean-Noël Barrot"} <= set(names)
    assert sum("Zelensk" in name for name in names) == 1
    assert sum("Darch" in name for name in names) == 1
    assert not {"This", "Friday", "Wednesday", "What", "President", "January"} & set(names)


@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_text_has_topics(texts: list[str]) -> None:
    topics = catalogue([article(number, *[text] * 3) for number, text in enumerate(texts)])
    assert all(name.strip() and ids for name, ids in topics.items())
