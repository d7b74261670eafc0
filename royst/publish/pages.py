"""The pages of a release's site, as documents: the news page, one page a theme, groups, change, goals, units, the programme, method, privacy, accessibility.

Paths begin with the language (``nb/index.html``, ``nb/tema/influence.html``) and are the same in every language. Links are relative to the site's root;
``../reports`` and ``../tables`` stand beside the site in ``public/``.
"""

from __future__ import annotations

from royst.publish import chapters, charts, comparisons, numbers, respondents, spread, talks
from royst.publish.certificate import certificate
from royst.publish.chapters import bullets, own_text, paragraph
from royst.publish.codebook import codebook
from royst.publish.document import (
    Block,
    Bullets,
    Card,
    Cards,
    Document,
    Heading,
    Inline,
    Link,
    Paragraph,
    Picture,
    Quote,
    Strong,
)
from royst.publish.edition import Edition, edition
from royst.publish.joint import joint
from royst.publish.method import method
from royst.publish.national import themes_in_order
from royst.release import Release

HOME, THEMES, GROUPS, CHANGE, GOALS = "index.html", "tema/index.html", "grupper.html", "endring.html", "maal.html"
UNITS, PROGRAMME, METHOD, PRIVACY, ACCESS, CODEBOOK = (
    "enheter.html",
    "program.html",
    "metode.html",
    "personvern.html",
    "tilgjengelighet.html",
    "kodebok.html",
)
TALK = "intervju/index.html"


def pages(release: Release) -> dict[str, Document]:
    """Every page of the site by path, in each language of the release. Raises ``InputError`` where the study's own prose types a number."""
    made: dict[str, Document] = {}
    for language in release.facts.languages:
        made |= _pages(edition(release, language))
    return made


def theme_path(theme: str) -> str:
    return f"tema/{theme}.html"


def _pages(held: Edition) -> dict[str, Document]:
    words = held.words
    found: dict[str, Document] = {}
    themes = {theme: blocks for theme in themes_in_order(held) if (blocks := chapters.theme(held, theme, 1))}
    chosen: list[tuple[str, str, list[Block]]] = [
        (GROUPS, "groups", comparisons.groups(held, 1)),
        (CHANGE, "change", comparisons.change(held, 1)),
        (GOALS, "goals", comparisons.goals(held, 1)),
        (UNITS, "units", spread.units(held, 1)),
    ]
    known = {path for path, _, blocks in chosen if blocks} | {THEMES, PROGRAMME, METHOD, PRIVACY, ACCESS, CODEBOOK}
    found[HOME] = _news(held, list(themes), known)
    found[THEMES] = _theme_index(held, list(themes))
    for theme, blocks in themes.items():
        label = held.of(held.facts.themes[theme].label)
        found[theme_path(theme)] = held.document(
            label,
            [*blocks[1:], *_more(held, theme, list(themes))],
            description=held.of(held.facts.themes[theme].intro) or label,
        )
    for path, name, blocks in chosen:
        if blocks:
            found[path] = held.document(
                _title(blocks),
                [*blocks[1:], *_extra(held, name)],
                description=words(f"pages.{name}_text"),
                menu=words(f"pages.{name}"),
            )
    found |= _talks(held)
    found[PROGRAMME] = _programme(held)
    found[METHOD] = held.document(
        words("method.title"), method(held, 1)[1:], description=words("pages.method_text"), menu=words("pages.method")
    )
    found[CODEBOOK] = codebook(held)
    found[PRIVACY] = certificate(held)
    found[ACCESS] = _accessibility(held)
    return {f"{held.language}/{path}": document for path, document in found.items()}


def _title(blocks: list[Block]) -> str:
    first = blocks[0]
    assert isinstance(first, Heading)
    return first.text


def _to(held: Edition, path: str) -> str:
    return f"{held.language}/{path}"


# The news page


def _news(held: Edition, themes: list[str], known: set[str]) -> Document:
    words, facts = held.words, held.facts
    blocks: list[Block] = []
    if text := held.of(facts.lede):
        blocks.append(paragraph(text, lead=True))
    if commissioner := held.of(facts.commissioner):
        blocks.append(paragraph(words("news.commissioner", owner=held.of(facts.owner), commissioner=commissioner)))
    if facts.picture is not None:
        blocks.append(Picture(facts.picture.file, held.of(facts.picture.alt), facts.picture.credit))
    blocks += own_text(held, "news")
    blocks += [Heading(2, words("news.findings"), "findings"), *chapters.key_figures(held)]
    blocks += bullets([finding.text for finding in chapters.main_findings(held)]) or [paragraph(words("summary.none"))]
    blocks += _headline_chart(held)
    for said in own_text(held, "quote"):
        if isinstance(said, Paragraph):
            blocks.append(Quote(_plain(said), held.of(facts.owner)))
    blocks += [*_talk_cards(held), *_excerpts(held, themes, known)]
    blocks += _reports(held)
    blocks += _contacts(held)
    title = held.of(facts.title)
    return held.document(title, blocks, description=held.of(facts.lede) or title, menu=words("pages.home"))


def _plain(said: Paragraph) -> str:
    return "".join(part if isinstance(part, str) else part.text for part in said.content)


def _headline_chart(held: Edition) -> list[Block]:
    headline = held.facts.headline
    if headline is None:
        return []
    return list(charts.distributions(held, [headline], held.say.short(headline)))


def _excerpts(held: Edition, themes: list[str], known: set[str]) -> list[Block]:
    """Links to the pages, each with a finding of it."""
    words = held.words
    cards = [
        Card(held.of(held.facts.themes[theme].label), _to(held, theme_path(theme)), _teaser(held, theme))
        for theme in themes
    ]
    more = [
        Card(words(f"pages.{name}"), _to(held, path), words(f"pages.{name}_text"))
        for path, name in ((GROUPS, "groups"), (CHANGE, "change"), (GOALS, "goals"), (UNITS, "units"))
        if path in known
    ]
    blocks: list[Block] = [Heading(2, words("news.themes"), "themes"), Cards(tuple(cards))] if cards else []
    if more:
        blocks += [Heading(2, words("news.more"), "more"), Cards(tuple(more))]
    return blocks


def _teaser(held: Edition, theme: str) -> str:
    """The theme's foremost finding, else its introduction."""
    found = held.about(theme=theme, kinds=("share", "bands", "comparison", "lowest", "highest"))
    return found[0].text if found else held.of(held.facts.themes[theme].intro)


def _reports(held: Edition) -> list[Block]:
    """Links to the whole report and to the numbers."""
    words, language = held.words, held.language
    report = f"../reports/{language}/national"
    items: list[tuple[Inline, ...]] = [
        (Link(words("news.report_html"), f"{report}.html"),),
        (Link(words("news.report_pdf"), f"{report}.pdf"),),
        (Link(words("news.report_word"), f"{report}.docx"),),
        *_talk_links(held, list(held.facts.substudies)),
        (Link(words("news.tables_excel"), f"../tables/tables-{language}.xlsx"),),
        (Link(words("news.tables_csv"), "../tables/estimates.csv"),),
        (Link(words("news.findings_json"), "../findings.json"),),
        (Link(words("pages.codebook"), _to(held, CODEBOOK)),),
    ]
    return [
        Heading(2, words("news.reports"), "reports"),
        paragraph(words("news.reports_text", units=held.units_name)),
        Bullets(tuple(items)),
    ]


def _contacts(held: Edition) -> list[Block]:
    words = held.words
    if not held.facts.contacts:
        return []
    items = []
    for contact in held.facts.contacts:
        role = held.of(contact.role)
        content: list[Inline] = [Strong(role or contact.name)]
        if role and not _is_role(contact.name, contact.role):
            content.append(f", {contact.name}")
        if contact.email:
            content += [": ", Link(contact.email, f"mailto:{contact.email}")]
        if contact.phone:
            content.append(f", {words('news.phone', number=contact.phone)}")
        items.append(tuple(content))
    return [Heading(2, words("news.contacts"), "contacts"), Bullets(tuple(items))]


def _is_role(name: str, role: dict[str, str]) -> bool:
    """Whether the contact's name is a role in several languages (``Prosjektleder / Project leader``) rather than a person's."""
    return "/" in name and any(
        part.strip().lower() in said.lower() for part in name.split("/") for said in role.values()
    )


# Themes and the pages that compare


def _theme_index(held: Edition, themes: list[str]) -> Document:
    words = held.words
    cards = Cards(
        tuple(
            Card(
                held.of(held.facts.themes[theme].label),
                _to(held, theme_path(theme)),
                held.of(held.facts.themes[theme].intro),
            )
            for theme in themes
        )
    )
    blocks: list[Block] = [
        paragraph(words("pages.themes_text"), lead=True),
        cards,
        *chapters.means(held),
        *chapters.all_items(held),
    ]
    return held.document(
        words("pages.themes_title"), blocks, description=words("pages.themes_text"), menu=words("pages.themes")
    )


def _more(held: Edition, theme: str, themes: list[str]) -> list[Block]:
    """Links to the theme before and after."""
    place = themes.index(theme)
    beside = [*themes[place - 1 : place][-1:], *themes[place + 1 : place + 2]]
    links: list[tuple[Inline, ...]] = [
        (Link(held.of(held.facts.themes[other].label), _to(held, theme_path(other))),) for other in beside
    ]
    links.append((Link(held.words("pages.all_themes"), _to(held, THEMES)),))
    return [Heading(2, held.words("pages.read_on"), "read-on"), Bullets(tuple(links))]


def _extra(held: Edition, name: str) -> list[Block]:
    """What stands with a comparing page: priorities with the goals, other sources with the groups."""
    if name == "goals":
        return spread.priorities(held)
    if name == "groups":
        return [*comparisons.sources(held)]
    return []


# What people told in interviews


def _talk_cards(held: Edition) -> list[Block]:
    """Links to each sub-study's page and to the joint display, on the news page."""
    words = held.words
    cards = [Card(held.of(facts.title), talks.talk_path(held, name), talks.teaser(held, name)) for name, facts in held.facts.substudies.items()]
    if not cards:
        return []
    beside = Card(words("joint.title"), f"{_to(held, TALK)}#joint", words("joint.read")) if joint(held) else None
    return [Heading(2, words("talk.index_title"), "interviews"), Cards((*cards, *((beside,) if beside else ())))]


def _talk_links(held: Edition, names: list[str]) -> list[tuple[Inline, ...]]:
    """The sub-studies' reports as files."""
    kinds = (("html", "html"), ("pdf", "pdf"), ("word", "docx"))
    return [
        (Link(held.words(f"talk.report_{kind}", title=held.of(held.facts.substudies[name].title)), f"../reports/{held.language}/{talks.file_name(name)}.{ending}"),)
        for name in names
        for kind, ending in kinds
    ]


def _talks(held: Edition) -> dict[str, Document]:
    """The index with the joint display, and one page a sub-study; nothing where the release carries no interviews."""
    words, names = held.words, list(held.facts.substudies)
    if not names:
        return {}
    synthetic = words("talk.synthetic") if any(part.synthetic for part in held.facts.substudies.values()) else ""
    blocks: list[Block] = [paragraph(words("talk.index_lede"), lead=True), *talks.in_short(held, 2)]
    blocks += [*joint(held), Heading(2, words("talk.reports_title"), "reports"), Bullets(tuple(_talk_links(held, names)))]
    made = {TALK: held.document(words("talk.index_title"), blocks, description=words("pages.talk_text"), menu=words("talk.title"), synthetic=synthetic)}
    for name in names:
        links = (Heading(2, words("talk.reports_title"), "reports"), Bullets(tuple(_talk_links(held, [name]))))
        made[f"intervju/{name}.html"] = talks.talk_document(held, name, links)
    return made


# About the programme


def _programme(held: Edition) -> Document:
    words, facts = held.words, held.facts
    owner, commissioner = held.of(facts.owner), held.of(facts.commissioner)
    made_by = words("news.commissioner", owner=owner, commissioner=commissioner) if commissioner else words("programme.owner", owner=owner)
    blocks: list[Block] = [paragraph(words("programme.text"), lead=True), paragraph(made_by)]
    blocks += own_text(held, "programme") + own_text(held, "foreword")
    blocks += [Heading(2, words("programme.waves"), "waves")]
    table = respondents.participation(held)
    blocks += [table] if table is not None else []
    chart = respondents.background(held)
    blocks += [Heading(2, words("who_answered.background"), "background"), chart] if chart is not None else []
    blocks += [Heading(2, words("programme.releases"), "releases")]
    items: list[tuple[Inline, ...]] = [
        (Strong(held.of(facts.title)), " " + words("programme.this", date=numbers.date(words, facts.date)))
    ]
    items += [
        (held.of(before.title) or before.name, " " + words("programme.before", date=numbers.date(words, before.date)))
        for before in sorted(facts.before, key=lambda before: before.date, reverse=True)
    ]
    blocks.append(Bullets(tuple(items)))
    return held.document(
        held.of(facts.programme), blocks, description=words("pages.programme_text"), menu=words("pages.programme")
    )


def _accessibility(held: Edition) -> Document:
    """The accessibility statement: what the pages are made to meet, how it is checked, whom to tell."""
    words = held.words
    mail = next((contact.email for contact in held.facts.contacts if contact.email), "")
    told: tuple[Inline, ...] = (words("access.tell"), *((" ", Link(mail, f"mailto:{mail}")) if mail else ()))
    blocks: list[Block] = [
        paragraph(words("access.text"), lead=True),
        Heading(2, words("access.how_title"), "how"),
        *bullets([words(f"access.{part}") for part in ("charts", "keyboard", "zoom", "script", "languages", "pdf")]),
        Heading(2, words("access.not_title"), "not"),
        paragraph(words("access.not")),
        Heading(2, words("access.tell_title"), "tell"),
        Paragraph(told),
        paragraph(words("access.complain")),
    ]
    return held.document(words("access.title"), blocks, description=words("access.text"), foot=words("pages.access"))
