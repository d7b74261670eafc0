"""Documents invented for the tests of rendering: long labels, withheld rows, markup in texts. No number here is of anything real."""

from __future__ import annotations

from royst.publish.document import (
    Bar,
    Bullets,
    Card,
    Cards,
    Chart,
    Document,
    Dot,
    DotPlot,
    ExpectedRange,
    Heading,
    JointDisplay,
    KeyFigure,
    KeyFigures,
    LineChart,
    Link,
    Matrix,
    Note,
    Pair,
    Paragraph,
    Picture,
    Quadrant,
    Quote,
    RangeRow,
    Segment,
    Series,
    StackedBars,
    Strong,
    Table,
)
from royst.release import TABLES, Facts, Release
from royst.release import table as release_table

MARKUP = (
    '#import "x": *',
    "<script>alert(1)</script>",
    "*fet* og _kursiv_",
    "= Ikke en overskrift",
    "=1+1",
    "$x^2$ & \\ ` ~ @nb [lenke](http://eksempel.test) {finding}",
    "//kommentar /* her */",
)
SYNTHETIC = "Oppdiktede tall. Ingen kommuner, personer eller resultater her er virkelige."

LABELS = (
    "Fornøyd med tjenestene alt i alt",
    "Hjelp til å mestre hverdagen, også når livet er vanskelig og flere tjenester er inne samtidig",
    "Innflytelse på egen hjelp",
    "Økonomi",
    "Ansatte viser respekt",
    "Arbeidsmarkedstiltakskoordinering og oppfølging etter døgnbehandling",
)
SHARES = (
    (11.2, 27.3, 61.5, 3.1),
    (21.0, 30.4, 48.6, 8.0),
    (33.3, 33.4, 33.3, 5.5),
    (45.1, 28.8, 26.1, 21.9),
    (3.0, 9.8, 87.2, 1.2),
)


def number(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def percent(value: float) -> str:
    return f"{number(value)}\N{NO-BREAK SPACE}%"


def bars() -> Chart:
    rows = []
    for label, (worst, middle, best, apart) in zip(LABELS, SHARES):
        segments = (
            Segment("I stor grad", best, "best", percent(best)),
            Segment("I noen grad", middle, "middle", percent(middle)),
            Segment("I liten grad", worst, "worst", percent(worst)),
            Segment("Ikke relevant", apart, "apart", percent(apart)),
        )
        rows.append(Bar(label, segments, detail=f"n = {1300 - len(label)}"))
    rows.append(Bar(LABELS[5], (), detail="", missing="For få svar til å vises"))
    legend = (
        ("I stor eller svært stor grad", "best"),
        ("I noen grad", "middle"),
        ("I liten eller svært liten grad", "worst"),
        ("Ikke relevant (av alle)", "apart"),
    )
    cells = tuple(
        (label, percent(s[2]), percent(s[1]), percent(s[0]), percent(s[3])) for label, s in zip(LABELS, SHARES)
    )
    table = Table(
        "Andel i hvert svarbånd, etter spørsmål",
        ("Spørsmål", "I stor grad", "I noen grad", "I liten grad", "Ikke relevant"),
        (*cells, (LABELS[5], "–", "–", "–", "–")),
        numeric=frozenset({1, 2, 3, 4}),
        notes=("Streken betyr at for få svarte.",),
    )
    return Chart(
        "Hvor mange som svarer i stor, noen og liten grad",
        "Liggende søyler for seks spørsmål.",
        StackedBars(tuple(rows), legend),
        table,
        ("Tallene er veid.",),
    )


def five() -> Chart:
    tones = ("best", "good", "middle", "poor", "worst")
    names = ("I svært stor grad", "I stor grad", "I noen grad", "I liten grad", "Ikke i det hele tatt")
    values = ((24.0, 37.5, 27.3, 8.0, 3.2), (15.0, 25.0, 30.0, 18.0, 12.0))
    rows = tuple(
        Bar(label, tuple(Segment(n, v, t, percent(v)) for n, v, t in zip(names, vs, tones)))
        for label, vs in zip(LABELS, values)
    )  # type: ignore[arg-type]
    table = Table(
        "Hele fordelingen",
        ("Spørsmål", *names),
        tuple((label, *map(percent, vs)) for label, vs in zip(LABELS, values)),
        frozenset(range(1, 6)),
    )
    return Chart(
        "Hele fordelingen", "To søyler.", StackedBars(rows, tuple(zip(names, tones)), diverging=False), table
    )  # type: ignore[arg-type]


def dots() -> Chart:
    rows = [
        ("Kvinner", 58.2, 53.0, 63.3),
        ("Menn", 63.0, 59.8, 66.1),
        ("18–29 år", 49.9, 42.0, 57.9),
        ("30–49 år", 62.3, 58.0, 66.4),
        ("Bor i midlertidig bolig, på institusjon eller uten fast bosted", 44.0, 36.9, 51.2),
        ("65 år og eldre", None, None, None),
    ]
    marks = tuple(
        Dot(
            label,
            e,
            low,
            high,
            percent(e) if e is not None else "",
            missing="" if e is not None else "For få svar til å vises",
        )
        for label, e, low, high in rows
    )
    table = Table(
        "Fornøyd i stor grad, etter gruppe",
        ("Gruppe", "Prosent", "Fra", "Til"),
        tuple((label, *(percent(v) if v is not None else "–" for v in (e, low, high))) for label, e, low, high in rows),
        frozenset({1, 2, 3}),
    )
    figure = DotPlot(
        marks,
        "Prosent som er fornøyd i stor eller svært stor grad",
        reference=61.5,
        reference_text="Alle: 61,5 %",
        groups=((0, "Kjønn"), (2, "Alder og bolig")),
    )
    return Chart("Unge er sjeldnere fornøyd", "Punkter med feilmargin for seks grupper.", figure, table)


def lines() -> Chart:
    series = (
        Series("Alle", (54.0, 61.5, 60.2), (48.0, 58.4, 56.0), (60.0, 64.6, 64.4), ("54,0 %", "61,5 %", "60,2 %")),
        Series(
            "De som var med hver gang",
            (55.5, 60.9, None),
            (47.0, 56.0, None),
            (64.0, 65.8, None),
            ("55,5 %", "60,9 %", ""),
        ),
        Series(
            "Lik sammensetning",
            (53.0, 60.0, 59.5),
            (46.2, 56.2, 54.9),
            (59.8, 63.8, 64.1),
            ("53,0 %", "60,0 %", "59,5 %"),
        ),
    )
    table = Table(
        "Fornøyd i stor grad over tid",
        ("Linje", "2017", "2019", "2021"),
        tuple((one.label, *(text or "–" for text in one.texts)) for one in series),
        frozenset({1, 2, 3}),
    )
    return Chart(
        "Flere fornøyde enn i 2017",
        "Tre linjer over tre målinger.",
        LineChart(("2017", "2019", "2021"), series, "Prosent, med 95 % feilmargin"),
        table,
    )


def expected() -> Chart:
    rows = (
        RangeRow(LABELS[0], 66.1, 52.0, 71.0, "66,1 %", "Som forventet", 57.0, 75.0),
        RangeRow(LABELS[1], 31.0, 39.5, 58.0, "31,0 %", "Lavere enn forventet", 22.0, 40.0, tone="worst"),
        RangeRow(LABELS[4], 96.0, 78.0, 93.0, "96,0 %", "Bedre enn forventet", 91.0, 99.0, tone="best"),
        RangeRow(LABELS[3], None, 18.0, 36.0, "", "Kan ikke avgjøres: for få svar"),
    )
    table = Table(
        "Vårt resultat og forventet område",
        ("Spørsmål", "Resultat", "Forventet", "Vurdering"),
        tuple((r.label, r.text or "–", f"{number(r.expected_low)}–{number(r.expected_high)}", r.verdict) for r in rows),
        frozenset({1, 2}),
    )
    return Chart(
        "Holdt opp mot det en kunne vente",
        "Fire spørsmål på forventet område.",
        ExpectedRange(rows, "Prosent i stor grad"),
        table,
    )


def matrix(count: int = 9) -> Chart:
    points = tuple(
        Quadrant(f"{LABELS[i % 6]} {i + 1}" if i > 5 else LABELS[i], 10 + (i * 37) % 61, 2 + (i * 23) % 17)
        for i in range(count)
    )
    table = Table(
        "Viktighet og rom for bedring",
        ("Spørsmål", "Rom", "Viktighet"),
        tuple((p.label, number(p.x), number(p.y)) for p in points),
        frozenset({1, 2}),
    )
    figure = Matrix(points, "Rom for bedring, prosent", "Viktighet, prosent", corner="Viktig, og mye å hente")
    return Chart("Hvor det er mest å hente", "Punkter etter viktighet og rom for bedring.", figure, table)


def together() -> JointDisplay:
    """A joint display with an estimate, one without an interval, one that is withheld, and text that looks like code."""
    pairs = (
        Pair("38 %", "svarte i stor grad: Hjelp til kontakt med andre", "Feilmargin: 34–42 prosent", (38.0, 34.0, 42.0), "Mange er alene.", "confirms", "Bekrefter"),
        Pair("100 %", "svarte i stor grad: Møtt med respekt", "Feilmargin: 97–100 prosent", (100.0, 97.0, 100.0), MARKUP[0], "contradicts", "Motsier"),
        Pair("48 %", "svarte i stor grad: Innflytelse", "", None, "De bestemmer klokkeslettet.", "widens", "Utvider"),
        Pair("", "For få svar til å vises: Kveld og helg", "", None, MARKUP[1], "widens", "Utvider"),
    )
    columns = ("Tema i samtalene", "Spørreskjemaet, alle brukere", "Samtalene", "Til sammen")
    return JointDisplay("Eldre: samtalene ved siden av spørreskjemaet", columns, (("Stille dager", pairs[:2]), (MARKUP[2], pairs[2:])))


def report() -> Document:
    """A report with every kind of block and chart, and texts that look like markup."""
    blocks = (
        Paragraph(("Dette er et oppdiktet eksempel. ", Strong("Seks av ti"), " sier seg fornøyd (61,5 %)."), lead=True),
        KeyFigures(
            (
                KeyFigure("61,5 %", "er fornøyd i stor grad", "54,0 % i 2017"),
                KeyFigure("1 336", "har svart"),
                KeyFigure("45", "oppdiktede kommuner", "av 64 trukne"),
            )
        ),
        Heading(2, "Hovedfunn", "hovedfunn"),
        Bullets(
            (
                ("Flere er fornøyde enn i 2017.",),
                ("Unge er sjeldnere fornøyd, se ", Link("tallene for grupper", "#grupper"), "."),
                ("Om lønn og økonomi er det få.",),
            )
        ),
        bars(),
        five(),
        Note("warning", ("Mellom 10 og 29 svar: tolk med varsomhet.",)),
        Heading(2, "Grupper", "grupper"),
        Paragraph(("Lange linjer blir brutt slik at de er gode å lese. " * 6,)),
        dots(),
        Heading(3, "Over tid", "over-tid"),
        lines(),
        Quote("De spurte meg hva jeg selv ville, og så skjedde det faktisk noe.", "Oppdiktet deltaker"),
        together(),
        Heading(2, "Enheten og forventet område", "forventet"),
        expected(),
        Heading(2, "Forbedring", "forbedring"),
        matrix(),
        Heading(2, "Metode", "metode"),
        Note("method", ("Feilmarginen regner med at svarene kommer i klynger.",)),
        Table(
            "Deltakelse",
            ("Måling", "Enheter", "Svar"),
            (("2017", "20", "491"), ("2019", "45", "1 336"), ("2021", "64", "1 121")),
            frozenset({1, 2}),
            ("n er antall svar.",),
        ),
        Paragraph(("Tekst som ligner kode, skal stå som den er: ",)),
        Bullets(tuple((text,) for text in MARKUP)),
        Table(MARKUP[1], (MARKUP[4], "B"), ((MARKUP[0], MARKUP[2]), (MARKUP[5], MARKUP[3]))),
        Paragraph(
            (
                Link("skriv til oss", "mailto:post@eksempel.test"),
                " eller se ",
                Link("temaet", "nb/tema/mestring.html"),
                ".",
            )
        ),
    )
    return Document(
        title="Brukernes erfaringer med kommunale tjenester: et oppdiktet eksempel",
        language="nb",
        blocks=blocks,
        kicker="Oppdiktet brukerundersøkelse · 2019",
        subtitle="Nasjonal rapport med æ, ø og å",
        date="15. juni 2020",
        owner="Oppdiktet senter for prøvetall",
        description="En oppdiktet rapport som viser alle slags figurer.",
        synthetic=SYNTHETIC,
        footnotes=("Tallene er laget for å prøve figurene.",),
    )


PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 300"><rect width="600" height="300" fill="#0b4a5e"/><circle cx="300" cy="150" r="90" fill="#dfe3e6"/></svg>'


def pages(languages: tuple[str, ...] = ("nb", "nn", "en")) -> dict[str, Document]:
    """A small site: news page, two themes, a method page, in each language."""
    found: dict[str, Document] = {}
    for language in languages:
        common = {
            "language": language,
            "synthetic": SYNTHETIC,
            "owner": "Oppdiktet senter for prøvetall",
            "kicker": "Oppdiktet brukerundersøkelse",
            "date": "15. juni 2020",
        }
        found[f"{language}/index.html"] = Document(
            title="Seks av ti er fornøyde med tjenestene",
            blocks=(
                Paragraph(("Et oppdiktet eksempel på en nyhetsside.",), lead=True),
                Picture("bilde.svg", "En lys sirkel på mørk grunn", "Røyst"),
                Heading(2, "Hovedfunn", "funn"),
                bars(),
                Cards(
                    (
                        Card("Mestring", f"{language}/tema/mestring.html", "Hjelp til å mestre hverdagen"),
                        Card("Økonomi", f"{language}/tema/okonomi.html#tall"),
                        Card("Rapporten", f"../reports/{language}/national.pdf", "PDF"),
                    )
                ),
            ),
            menu="Nytt",
            **common,
        )
        found[f"{language}/tema/index.html"] = Document(
            title="Temaer",
            blocks=(Cards((Card("Mestring", f"{language}/tema/mestring.html"),)),),
            menu="Temaer",
            **common,
        )
        found[f"{language}/tema/mestring.html"] = Document(
            title="Mestring", blocks=(Heading(2, "Tall", "tall"), dots(), lines()), **common
        )
        found[f"{language}/tema/okonomi.html"] = Document(
            title="Økonomi <b>", blocks=(Heading(2, "Tall", "tall"), expected(), matrix(24)), **common
        )
        found[f"{language}/metode.html"] = Document(
            title="Metode", blocks=(Note("method", ("Slik er det gjort.",)),), menu="Metode", **common
        )
        found[f"{language}/tilgjengelighet.html"] = Document(
            title="Tilgjengelighet", blocks=(Paragraph(("Erklæring.",)),), foot="Tilgjengelighetserklæring", **common
        )
    return found


def release() -> Release:
    """A release of a few rows whose labels start like formulas, with a withheld row and a report of one unit."""
    say = {"nb": "=HYPERLINK(1)", "nn": "+nynorsk", "en": "@english"}
    scale = {
        "choices": [{"name": "a", "label": {"nb": "-ja"}}, {"name": "b", "label": {"nb": "nei"}}],
        "bands": {"stor": ["a"], "liten": ["b"]},
        "scores": {"a": 1, "b": 0},
    }
    facts = Facts.model_validate(
        {
            "royst": "0",
            "name": "2020-06",
            "date": "2020-06-15",
            "study": "prøve",
            "synthetic": True,
            "languages": ["nb", "nn", "en"],
            "title": {"nb": "Oppdiktet <tittel>"},
            "programme": {"nb": "Oppdiktet program", "en": "Invented programme"},
            "wave": "2019",
            "waves": {"2019": {"label": {"nb": "2019"}}},
            "items": {"q1": {"question": {"2019": say}, "short": say, "scale": "s", "waves": ["2019"]}},
            "scales": {"s": scale},
            "bands": {"stor": {"label": {"nb": "=stor"}}, "liten": {"label": {"nb": "liten"}}},
            "themes": {"t": {"label": {"nb": "Tema"}, "items": ["q1"]}},
            "groups": {"sex": {"label": {"nb": "Kjønn"}, "categories": {"k": {"label": {"nb": "Kvinner"}}}}},
            "method": {
                "rule_set": "user-survey-10",
                "weight_basis": "known",
                "strata": True,
                "singleton": "centre",
                "margin": 5.0,
                "min_answers": 30,
                "min_units": 5,
                "interval": "korn-graubard",
            },
        }
    )
    common = {"wave": "2019", "population": "all", "item": "q1", "method": "m"}
    rows = [
        {
            **common,
            "measure": "band",
            "category": "stor",
            "domain": "all",
            "n": 400,
            "n_units": 20,
            "estimate": 61.5,
            "low": 57.1,
            "high": 65.8,
            "status": "published",
        },
        {
            **common,
            "measure": "mean",
            "category": "",
            "domain": "sex=k",
            "n": 180,
            "n_units": 20,
            "estimate": 3.57,
            "low": 3.4,
            "high": 3.7,
            "status": "published",
        },
        {
            **common,
            "measure": "band",
            "category": "liten",
            "domain": "sex=k",
            "n": None,
            "n_units": None,
            "estimate": None,
            "status": "withheld",
        },
    ]
    own = [{**rows[0], "report": "unit-1", "domain": "unit=1"}]
    filled = {
        "estimates": rows,
        "report_estimates": own,
        "participation": [{"wave": "2019", "units": 20, "answers": 400}],
    }
    return Release(facts, {name: release_table(name, filled.get(name, [])) for name in TABLES}, {})
