"""The topics of articles: what they name and what they argue about."""

from hypothesis import given
from hypothesis import strategies as st

from store.topics import catalogue
from store.types import Article
from tests.machine import ROOT

STARTER = ROOT / "store" / "starter"


def make_article(number: int, summary: str, insight: str = "", question: str = "") -> Article:
    return Article(
        id=str(number),
        document="made.txt",
        position=number,
        headline="News",
        summary=summary,
        insight=insight,
        question=question,
    )


def topics_of(*summaries: str) -> dict[str, tuple[str, ...]]:
    articles = [make_article(number, summary) for number, summary in enumerate(summaries)]
    return {name: tuple(ids) for name, ids in catalogue(articles).items()}


def test_names_are_topics_and_sentence_starts_are_not() -> None:
    topics = topics_of("This week the mayor of Lima met Rosa Quispe. Nobody else came on Friday.")
    assert set(topics) == {"Lima", "Rosa Quispe"}


def test_a_name_at_the_start_of_a_sentence_is_complete() -> None:
    assert set(topics_of("Kim Jong Un waited. Behind Macron stood Kim Jong Un.")) == {
        "Kim Jong Un",
        "Macron",
    }


def test_spellings_of_one_name_are_one_topic_under_the_commonest() -> None:
    topics = topics_of(
        "They met Zelenskiy and Zelenskiy.", "They met Zelensky.", "They met Volodymyr Zelenskyy."
    )
    assert topics == {"Zelenskiy": ("0", "1", "2")}


def test_a_full_name_and_its_surname_are_one_topic() -> None:
    topics = topics_of("They saw President Donald Trump.", "They met Trump and Trump.")
    assert topics == {"Trump": ("0", "1")}


def test_similar_english_words_are_separate_topics() -> None:
    assert set(topics_of("They went to Austria, Australia, Iran and Iraq.")) == {
        "Austria",
        "Australia",
        "Iran",
        "Iraq",
    }


def test_an_adjective_of_a_country_belongs_to_its_topic() -> None:
    assert topics_of("They met Russian guests in Russia.", "They left Russia.") == {
        "Russia": ("0", "1")
    }


def test_all_names_of_a_country_are_one_topic() -> None:
    topics = topics_of(
        "They saw the U.S. and the U.S. flag.", "They left the United States.", "An American came."
    )
    assert topics == {"U.S.": ("0", "1", "2")}


def test_an_older_spelling_of_a_city_is_the_same_city() -> None:
    assert topics_of("They left Kyiv for Kyiv.", "They left Kiev.") == {"Kyiv": ("0", "1")}


def test_a_name_may_contain_lowercase_words_and_ordinary_words() -> None:
    topics = topics_of(
        "They met Ursula von der Leyen of the Rural Fire Service; it was late service."
    )
    assert set(topics) == {"Ursula von der Leyen", "Rural Fire Service"}


def test_a_surname_may_start_with_a_lowercase_word() -> None:
    topics = topics_of(
        "They met Ursula von der Leyen.", "They left von der Leyen.", "And von Trapp."
    )
    assert topics == {"Ursula von der Leyen": ("0", "1"), "von Trapp": ("2",)}


def test_what_the_articles_argue_about_is_a_topic() -> None:
    filler = [f"They went to see house number {number}." for number in range(40)]
    argued = ["They want a ceasefire.", "A ceasefire, they say.", "No ceasefire with military aid."]
    topics = topics_of(*filler, *argued, "More military aid.", "Less military aid.")
    assert topics == {"ceasefire": ("40", "41", "42"), "military aid": ("42", "43", "44")}


OFFICE = [
    (
        "The new holiday policy gives everybody two more days. Holiday is planned in March.",
        "People who rest well stay longer.",
        "Would you rather have more holiday or more pay?",
    ),
    (
        "Expenses for trains are now paid within a week, if the receipt is there.",
        "Slow expenses make people avoid trips.",
        "Which expenses should never need a receipt?",
    ),
    (
        "The company pays for cycling to work: thirty cents a mile.",
        "Cycling is cheaper than a parking space.",
        "What would get you to try cycling to work?",
    ),
    (
        "Every laptop gets an update at night. Laptops that are off ask for a password.",
        "Old machines are the easiest way into a network.",
        "How long should a laptop last?",
    ),
    (
        "The beginners of the cycling group ride to Ilkley. Everybody is welcome.",
        "Groups keep people cycling in winter.",
        "What is your favourite ride?",
    ),
]
VEREIN = [
    (
        "Der Urlaub des Platzwarts beginnt am Montag. Im Urlaub mäht Herr Kowalski den Rasen.",
        "Ohne Vertretung wächst der Rasen schneller.",
        "Wer könnte ihn im Urlaub vertreten?",
    ),
    (
        "Die Turnhalle wird saniert. Der Hallenboden bekommt eine Dämmung.",
        "Eine gute Turnhalle zieht Kinder an.",
        "Wohin weichen wir aus, wenn die Turnhalle zu ist?",
    ),
    (
        "Die Physiotherapie von Frau Yılmaz hilft nach einer Verletzung mit Rabatt.",
        "Nach einer Verletzung ist Geduld das beste Training und nicht der Ehrgeiz.",
        "Wie bist du nach deiner Verletzung zurückgekommen?",
    ),
]


def topics_of_stories(stories: list[tuple[str, str, str]]) -> dict[str, list[str]]:
    articles = [make_article(number, *story) for number, story in enumerate(stories)]
    return {name: [*ids] for name, ids in catalogue(articles).items()}


def test_what_a_few_stories_keep_to_is_a_topic() -> None:
    topics = topics_of_stories(OFFICE)
    assert topics["cycling"] == ["2", "4"]
    assert {"holiday", "expenses", "receipt", "laptop", "Ilkley"} <= topics.keys()
    assert not topics.keys() & {"everybody", "people", "thirty", "more", "work", "Cycling"}


def test_singular_and_plural_are_one_topic() -> None:
    assert not topics_of_stories(OFFICE).keys() & {"laptops", "Laptops", "expense"}


def test_a_capital_makes_no_name_where_every_noun_has_one() -> None:
    topics = topics_of_stories(VEREIN)
    assert {"Urlaub", "Turnhalle", "Verletzung", "Kowalski", "Yılmaz"} <= topics.keys()
    assert not [name for name in topics if name.split()[0] in {"Der", "Die", "Eine", "den", "Herr"}]
    assert not topics.keys() & {"beginnt", "Geduld", "Montag", "Rabatt", "urlaub"}


def test_a_country_is_one_topic_in_several_languages_and_with_its_people() -> None:
    topics = topics_of("They saw Türkei and Turkey.", "Some Turks came.", "It was Turkish.")
    assert topics == {"Turkey": ("0", "1", "2")}


def test_a_function_word_of_another_language_is_no_topic() -> None:
    german = ["Der Hund und die Katze sind nicht mit dem Rad auf der Straße."] * 3
    topics = topics_of(*german, "Eine Brücke.", "Den Fluss.", "Das Tal für alle.", "Ein Rad.")
    assert not topics.keys() & {"die", "der", "und", "nicht", "mit", "auf"}


def test_a_title_is_not_part_of_a_name() -> None:
    topics = topics_of("They saw Secretary of State Marco Rubio and US President Joe Biden.")
    assert set(topics) == {"Marco Rubio", "US", "Joe Biden"}


def test_a_hyphen_joins_parts_of_a_name_but_not_two_countries() -> None:
    topics = topics_of(
        "They saw Jean-Noël Barrot in Ukraine; the US-Ukraine talks; they like the US."
    )
    assert set(topics) == {"Jean-Noël Barrot", "Ukraine", "US"}


def test_topics_with_the_most_articles_come_first() -> None:
    topics = catalogue(
        [
            make_article(1, "They left Lima."),
            make_article(2, "They saw Oslo."),
            make_article(3, "They saw Oslo."),
        ]
    )
    assert list(topics.items()) == [("Oslo", ["2", "3"]), ("Lima", ["1"])]


def test_the_starter_corpus_has_its_people_and_places_once_and_no_empty_words() -> None:
    articles: list[Article] = []
    for path in sorted(STARTER.glob("*.txt")):
        _, *body = filter(None, map(str.strip, path.read_text("utf-8").splitlines()))
        articles += [
            make_article(len(articles) + at, *body[at : at + 3]) for at in range(0, len(body), 3)
        ]
    names = list(catalogue(articles))
    assert {"Russia", "Ukraine", "Saudi Arabia", "Oval Office", "Jean-Noël Barrot"} <= set(names)
    assert sum("Zelensk" in name for name in names) == 1
    assert sum("Darch" in name for name in names) == 1
    assert not {"This", "Friday", "Wednesday", "What", "President", "January"} & set(names)


@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_text_has_topics(texts: list[str]) -> None:
    topics = catalogue([make_article(number, *[text] * 3) for number, text in enumerate(texts)])
    assert all(name.strip() and ids for name, ids in topics.items())
