"""Whether a story whose headline has another number is another edition, or the same, corrected."""
# ruff: noqa: E501 -- a line is two stories

import numpy as np
import pytest

from store.loading.article_matching import EditMatching, link, match_equal
from store.loading.documents import hash_keys, hash_texts
from store.loading.same_story import NumberKind, Texts
from store.types import Article

# A story before and after: headline, summary and, if it has one, question.
EDITIONS = [
    ("Verkauf KW 12 | Der Laden verkaufte 340 Räder.", "Verkauf KW 13 | Der Laden verkaufte 95 Räder."),
    ("Geschichte der Werft, Teil II | Der zweite Teil erzählt von den Jahren des Kriegs in Kiel.", "Geschichte der Werft, Teil III | Der dritte Teil erzählt von den Jahren des Aufbaus in Kiel."),
    ("12. Spieltag: Ergebnisse | Am Samstag gewann Mainz gegen Köln, und Bremen verlor in Fürth.", "13. Spieltag: Ergebnisse | Am Samstag gewann Mainz gegen Ulm, und Bremen verlor in Jena."),
    ("Lagebericht vom 3. Mai | Im Lager fehlen Schrauben und Muttern. | Was bestellen wir?", "Lagebericht vom 4. Mai | Im Lager fehlen Nägel und Muttern. | Was bestellen wir?"),
    ("Speiseplan Montag | Es gibt Suppe mit Brot und Salat. | Schmeckt es?", "Speiseplan Dienstag | Es gibt Nudeln mit Brot und Salat. | Schmeckt es?"),
    ("Part II: the harbour | The harbour grew after the war, and dockers came from all over.", "Part III: the harbour | The harbour shrank after the war, and dockers left for good."),
    ("Sales 2026-11-28 | The shop sold 340 bicycles.", "Sales 2026-11-29 | The shop sold 95 bicycles."),
    ("Results Q3 | A profit of 3 million on slow sales of lamps. | What next?", "Results Q4 | A loss of 8 million on slow sales of lamps. | What next?"),
    ("Bulletin of 28 November | Snow closed the pass and two schools. | What should the council do?", "Bulletin of 29 November | Snow closed the tunnel and two schools. | What should the council do?"),
    ("Diary, week twelve | We planted beans and built a fence.", "Diary, week thirteen | We planted kale and built a fence."),
    ("Weekly sales | The shop sold 340 bicycles in week 12.", "Weekly sales | The shop sold 95 bicycles in week 13."),
    ("Monday briefing | The lift is broken, and the canteen opens late.", "Tuesday briefing | The lift is repaired, and the canteen opens late."),
    ("The second round | Ana Lima won over her rival in a tight game of chess. | Who wins?", "The third round | Ana Lima lost to her rival in a tight game of chess. | Who wins?"),
    ("Rates of the bank: May | The rate of the bank stays at four percent.", "Rates of the bank: June | The rate of the bank falls to three percent."),
    ("Newsletter #41 | We have a new door and a new cook.", "Newsletter #42 | We have a new roof and a new cook."),
    ("Bulletin du 3 mars | La neige ferme le col et deux écoles du village. | Que faire ?", "Bulletin du 4 mars | La neige ferme le tunnel et deux écoles du village. | Que faire ?"),
    ("Résultats T2 | Un bénéfice de 3 millions sur les lampes.", "Résultats T3 | Une perte de 8 millions sur les lampes."),
    ("Épisode IV : le retour | Le capitaine revient au port avec sa flotte.", "Épisode V : le retour | Le capitaine quitte le port avec sa flotte."),
    ("Le 2e jour du procès | Le témoin a parlé du port pendant une heure. | Qui ment ?", "Le 3e jour du procès | La témoin a parlé du pont pendant une heure. | Qui ment ?"),
    ("Boletín de enero | La nieve cerró el paso y dos escuelas.", "Boletín de febrero | La lluvia cerró el paso y dos escuelas."),
    ("Jornada 7: resultados | El Betis ganó en casa y el Cádiz empató.", "Jornada 8: resultados | El Betis perdió en casa y el Cádiz ganó."),
    ("Bollettino settimana 12 | Il negozio ha venduto 340 biciclette.", "Bollettino settimana 13 | Il negozio ha venduto 95 biciclette."),
    ("Raport tydzień 12 | Sklep sprzedał 340 rowerów.", "Raport tydzień 13 | Sklep sprzedał 95 rowerów."),
    ("12. hafta raporu | Dükkan 340 bisiklet sattı.", "13. hafta raporu | Dükkan 95 bisiklet sattı."),
    ("Отчёт за неделю 12 | Магазин продал 340 велосипедов.", "Отчёт за неделю 13 | Магазин продал 95 велосипедов."),
    ("3月销售报告 | 商店卖出340辆自行车。", "4月销售报告 | 商店卖出95辆自行车。"),
    ("Relatório do dia 12/03/2026 | A loja vendeu 340 bicicletas.", "Relatório do dia 13/03/2026 | A loja vendeu 95 bicicletas."),
    ("Aflevering 5: de haven | De haven groeit en er komen meer schepen.", "Aflevering 6: de haven | De haven krimpt en er komen minder schepen."),
    ("تقرير الأسبوع 12 | باع المتجر 340 دراجة.", "تقرير الأسبوع 13 | باع المتجر 95 دراجة."),
    ("Board minutes 11/2026 | The board met and chose a new chair after lunch.", "Board minutes 12/2026 | The board met and chose a new bank after lunch."),
    ("Protokoll vom 2026-03-01 | Der Vorstand wählte eine neue Kasse.", "Protokoll vom 2026-04-01 | Der Vorstand wählte eine neue Bank."),
    ("Market report 28 Nov | Wheat rose while sugar fell on slow trade.", "Market report 29 Nov | Sugar rose while wheat fell on slow trade."),
    ("Market report Mon | Wheat rose while sugar fell on slow trade.", "Market report Tue | Sugar rose while wheat fell on slow trade."),
    ("Marktbericht 3. Okt. | Weizen stieg, und Zucker fiel im Preis.", "Marktbericht 4. Okt. | Zucker stieg, und Weizen fiel im Preis."),
    ("Bulletin du 3 déc | La neige ferme le col et deux écoles du village.", "Bulletin du 4 déc | La neige ferme le tunnel et deux écoles du village."),
    ("Sprint 12 review | We built a login page and fixed two bugs.", "Sprint 13 review | We built a report page and fixed nine bugs."),
    ("Version 2 released | It has a new editor and fewer bugs.", "Version 3 released | It has a new search and fewer bugs."),
    ("Earnings | A profit of 3 million in Q1 on lamps.", "Earnings | A profit of 8 million in Q2 on lamps."),
    ("Speiseplan Montag | Heute kocht wieder die Küche. | Schmeckt die Suppe?", "Speiseplan Dienstag | Heute kocht wieder die Küche. | Schmeckt der Fisch?"),
    ("Table of 1 May, 9:30 | The port counted 40 ships on 1 May.", "Table of 2 May, 9:30 | The port counted 55 ships on 2 May."),
    ("Toll of the A4 | The state took 40 euros on the A4.", "Toll of the A5 | The state took 55 euros on the A5."),
]  # fmt: skip
CORRECTIONS = [
    ("Flood kills 12 in Valence | The flood killed 12 people near Valence.", "Flood kills 15 in Valence | The flood killed 15 people near Valence."),
    ("Death toll rises to 31 | The toll of the quake rose to 31 on Sunday.", "Death toll rises to 34 | The toll of the quake rose to 34 on Sunday."),
    ("Bank cuts 3,000 jobs | The bank of Basel cuts 3,000 jobs by spring. | Who loses?", "Bank cuts 3,500 jobs | The bank of Basel cuts 3,500 jobs by next spring. | Who loses?"),
    ("Two die in fire | Two men died in a fire in Hull, police said. | Who checks alarms?", "Three die in fire | Three men died in a fire in Hull, police said. | Who checks alarms?"),
    ("Storm nears Kent on Monday | A storm nears the coast of Kent. | Who pays for the storm?", "Kent has no power on Tuesday | A storm cut the power of Kent. | Who pays for the storm?"),
    ("Rents up 4% in Graz | Rents in Graz rose by 4% over a year. | Who can live there?", "Rents up 5% in Graz | Rents in Graz rose by 5% over a year. | Who can live there?"),
    ("Council opens new pool | The council opens a pool on Monday.", "Council opens new pool | The council opens a pool on Tuesday."),
    ("Fine of €20 for litter | Litter costs €20 from May, the city says. | Fair?", "Fine of €25 for litter | Litter costs €25 from May, the city says. | Fair?"),
    ("Lawine tötet 21 | Die Lawine tötete 21 Menschen bei Aosta.", "Lawine tötet 27 | Die Lawine tötete 27 Menschen bei Aosta."),
    ("Stadt kauft 40 Busse | Die Stadt Gent kauft 40 Busse mit Strom. | Wer fährt mit?", "Stadt kauft 45 Busse | Die Stadt Gent kauft nun 45 Busse mit Strom. | Wer fährt mit?"),
    ("Streik der Bäcker am Montag | Die Bäcker von Bonn streiken. | Dürfen Bäcker streiken?", "Bäcker streiken auch am Dienstag | Die Bäcker von Bonn streiken weiter. | Dürfen Bäcker streiken?"),
    ("Im Mai öffnet das Bad | Das Bad von Ulm öffnet wieder. | Wer schwimmt?", "Im Mai öffnet das Bad | Das Bad von Ulm öffnet im Mai nach zwei Jahren. | Wer schwimmt?"),
    ("Le feu tue 3 hommes | Le feu a tué 3 hommes à Metz. | Qui paie ?", "Le feu tue 4 hommes | Le feu a tué 4 hommes à Metz. | Qui paie ?"),
    ("Grève : 200 trains à l’arrêt | La grève arrête 200 trains à Lyon.", "Grève : 250 trains à l’arrêt | La grève arrête 250 trains à Lyon."),
    ("El incendio deja 8 muertos | El incendio dejó 8 muertos en Lugo.", "El incendio deja 9 muertos | El incendio dejó 9 muertos en Lugo."),
    ("Suben los precios un 7 % | Los precios subieron un 7 % en Lima. | ¿Quién paga?", "Suben los precios un 8 % | Los precios subieron un 8 % en Lima. | ¿Quién paga?"),
    ("地震で12人死亡 | 地震で12人が死亡しました。", "地震で15人死亡 | 地震で15人が死亡しました。"),
    ("Пожар: 5 погибших | При пожаре в Омске 5 погибших.", "Пожар: 6 погибших | При пожаре в Омске 6 погибших."),
    ("Strajk objął 30 kopalń | Strajk objął 30 kopalń na Śląsku.", "Strajk objął 35 kopalń | Strajk objął 35 kopalń na Śląsku."),
    ("Crollo, 4 feriti | Nel crollo a Bari 4 feriti lievi.", "Crollo, 6 feriti | Nel crollo a Bari 6 feriti lievi."),
    ("Doors open at 9:30 | The doors of the new hall open early for the fair. | Who comes?", "Doors open at 10:30 | The doors of the new hall open early for the fair. | Who comes?"),
    ("Doors open at 9:30 | The doors of the new hall open at 9.30 am.", "Doors open at 10:30 | The doors of the new hall open at 10.30 am."),
    ("Kiel wins 3-1 | The club of Kiel won its first game since May. | Who saw it?", "Kiel wins 3-2 | The club of Kiel won its first game since May. | Who saw it?"),
    ("Kiel wins 3-1 | The club of Kiel scored 3 goals.", "Kiel wins 4-1 | The club of Kiel scored 4 goals."),
    ("Council meets Monday | The council of Ulm meets about the pool. | Who goes?", "Council meets Tuesday | The council of Ulm meets about the pool. | Who goes?"),
    ("Council meets Mon | The council of Ulm meets on Monday, 1 June, in the hall.", "Council meets Tue | The council of Ulm meets on Tuesday, 2 June, in the hall."),
    ("Fair on 2026-05-01 | The fair of Ulm begins on 2026-05-01.", "Fair on 2026-05-02 | The fair of Ulm begins on 2026-05-02."),
    ("Stadtfest am 3. Mai | Das Fest von Ulm beginnt am 3. Mai. | Wer kommt am 3.?", "Stadtfest am 4. Mai | Das Fest von Ulm beginnt am 4. Mai. | Wer kommt am 4.?"),
    ("Foire du 1er mars | La foire de Metz ouvre le 1er mars.", "Foire du 2e mars | La foire de Metz ouvre le 2e mars."),
    ("Road A4 closed | The road A4 is closed near Ulm. | Who pays?", "Road A5 closed | The road A5 is closed near Ulm. | Who pays?"),
    ("Motorway closed | The M25 is closed near Potters Bar after a fire.", "Motorway closed | The M26 is closed near Potters Bar after a fire."),
    ("Minister resigns | From London she said the G7 talks had failed and she would go.", "Minister resigns | After the COP30 talks she said the plans had failed and she would go."),
    ("Ferry stops | The ferry to Amrum stops in week 12.", "Ferry stops | The ferry to Amrum stops in week 13."),
    ("Les noix manquent | Les noix manquent à Metz après le gel. | Qui paie ?", "Un parti veut aider | Après le gel à Metz, un parti veut aider. | Qui paie ?"),
    ("No one saw it | The fire in Ulm was seen by nobody. | Who pays?", "No two reports agree | On the fire in Ulm, all reports differ. | Who pays?"),
]  # fmt: skip


def article(line: str) -> Article:
    headline, summary, question = [*line.split(" | "), ""][:3]
    return Article(
        id="a",
        document="a.csv",
        position=1,
        headline=headline,
        summary=summary,
        insight="",
        question=question,
    )


def is_edit(before: str, after: str) -> bool:
    """Return whether the only story of a document is matched with the one before it."""
    old, new = article(before), article(after)
    of_old, of_new = (np.array([hash_texts(one)], np.uint64) for one in (old, new))
    keys = (np.array([hash_keys(one)], np.uint64) for one in (old, new))
    document = np.zeros(1, np.int64)
    old_keys, new_keys = keys
    matching = EditMatching(of_old, of_new, match_equal(of_old, document, of_new, document))
    if (link(old_keys, document, new_keys, document) >= 0).any():
        matching.compare_linked({0: new}, {0: old}, [(0, 0)])
    matching.match_linked()
    if matching.is_free.all():
        matching.compare_near({0: new}, {0: old}, {0: [0]})
    matching.match_similar()
    return bool(matching.matches[0] >= 0)


@pytest.mark.parametrize(("before", "after"), EDITIONS)
def test_another_edition_is_another_story(before: str, after: str) -> None:
    assert not is_edit(before, after)


@pytest.mark.parametrize(("before", "after"), CORRECTIONS)
def test_a_corrected_number_is_the_same_story(before: str, after: str) -> None:
    assert is_edit(before, after)


@pytest.mark.parametrize("unit", ["1", "1.", "1 ", "I", "第1", "一", "$", "may ", "week ", "a1"])
def test_the_numbers_of_a_long_text_are_read_once(unit: str) -> None:
    """Time grows with the length of a text: with its square, this would take minutes."""
    texts = Texts(headline=f"{unit * 200_000} week 12", summary="")
    assert NumberKind.EDITION in texts.kinds.values()
