"""What reports, charts and site promise their readers, whatever a label says."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import docx as word_reader
import pikepdf
import pytest
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from royst.look import letters, stylesheet, tokens
from royst.publish import figures
from royst.publish.document import (
    Bar,
    Chart,
    Document,
    Dot,
    DotPlot,
    Heading,
    Paragraph,
    Picture,
    Quote,
    Segment,
    StackedBars,
    Table,
)
from royst.publish.docx import word
from royst.publish.figures.parts import parts
from royst.publish.figures.waves import spread
from royst.publish.html import html
from royst.publish.pdf import pdf, widths
from royst.publish.site import site
from royst.publish.zipped import again, zipped

sys.path.insert(0, str(Path(__file__).parent))
import itertools

import publish_samples as samples

NAMES = {"nb": "Oppdiktet undersøkelse", "nn": "Oppdikta undersøking", "en": "Invented survey"}
VOID = {"meta", "link", "img", "br", "hr", "path", "rect", "circle", "polygon"}


class Reader(HTMLParser):
    """What a browser would find: elements, their attributes, and all text outside the style."""

    def __init__(self, page: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "svg" not in self.open:
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for found, attributes in self.elements if found == tag]


@pytest.fixture(scope="module")
def page() -> Reader:
    return Reader(html(samples.report()))


@pytest.fixture(scope="module")
def made_pdf() -> bytes:
    return pdf(samples.report(), date="2020-06-15")


def test_a_text_that_looks_like_markup_stands_as_it_is_in_html(page: Reader) -> None:
    for text in samples.MARKUP:
        assert text in page.texts
    assert not page.all("script")
    assert not page.open


def test_a_report_asks_for_nothing_from_outside(page: Reader) -> None:
    for _, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            assert attributes.get(name, "#").startswith(("#", "mailto:", "data:"))
    assert "url(" not in stylesheet() and "@import" not in stylesheet()


def test_a_report_has_landmarks_language_and_headings_in_order(page: Reader) -> None:
    assert page.all("html") == [{"lang": "nb"}]
    assert [tag for tag, _ in page.elements].count("main") == 1
    assert [tag for tag, _ in page.elements].count("h1") == 1
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert page.all("a")[0]["href"] == "#main"


def test_each_anchor_is_there_once_and_each_link_inside_leads_to_one(page: Reader) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.all("a") if a["href"].startswith("#")} <= set(ids)


def test_every_chart_has_caption_text_alternative_and_table(page: Reader) -> None:
    charts = [block for block in samples.report().blocks if isinstance(block, Chart)]
    drawings = [drawing for drawing in page.all("svg") if drawing.get("class") != "span"]
    assert len(drawings) == 2 * len(charts)
    assert all(drawing["role"] == "img" for drawing in drawings)
    for chart in charts:
        assert [d["aria-label"] for d in drawings].count(chart.alt) == 2
        assert chart.caption in page.texts and chart.table.caption in page.texts
        assert all(cell in page.texts for row in chart.table.rows for cell in row)


def test_the_synthetic_banner_stands_on_every_page_of_report_and_site() -> None:
    for name, content in site(samples.pages(), NAMES, {"bilde.svg": samples.PICTURE}).items():
        if name.endswith(".html"):
            assert samples.SYNTHETIC in Reader(content.decode("utf-8")).texts


def test_a_link_that_leads_out_of_a_report_becomes_plain_text(page: Reader) -> None:
    assert "temaet" in "".join(page.texts)
    assert not [a for a in page.all("a") if "mestring" in a["href"]]


def test_words_in_another_language_say_so_in_html_pdf_and_word() -> None:
    """WCAG 2.1, 3.1.2: read aloud, a bokmål quote in an English report is read as bokmål."""
    document = Document("Report", "en", (Heading(2, "Said", "said"), Quote("Jeg ble sett.", "woman, 65+", "nb"), Quote("I was seen.", "man, 65+")))
    said = html(document)
    assert '<p lang="nb">Jeg ble sett.</p>' in said and "<p>I was seen.</p>" in said
    with pikepdf.open(BytesIO(pdf(document))) as made:
        languages = [str(one.Lang) for one in made.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one and "/Lang" in one]
        assert str(made.Root.Lang) == "en-GB" and set(languages) == {"nb-NO"}
    runs = [run for paragraph in word_reader.Document(BytesIO(word(document))).paragraphs for run in paragraph.runs]
    spoken = {run.text: [lang.get(qn("w:val")) for lang in run._r.iter(qn("w:lang"))] for run in runs}
    assert spoken["Jeg ble sett."] == ["nb-NO"] and spoken["I was seen."] == []


def test_a_document_with_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        html(Document("x", "xx", ()))


# Charts ---------------------------------------------------------------------------------------------------------------

TEXT = re.compile(r'<text x="([-\d.]+)" y="([-\d.]+)" font-size="([\d.]+)"([^>]*)>([^<]*)</text>')


def boxes(svg: str) -> list[tuple[float, float, float, float, str]]:
    """The place of every text, by the widths of our own font."""
    found = []
    for x, y, size, rest, text in TEXT.findall(svg):
        said = (
            text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
            .replace("&quot;", '"')
            .replace("&#x27;", "'")
        )
        wide = letters.width(said, float(size), 600 if 'font-weight="600"' in rest else 400)
        left = float(x) - (wide if 'anchor="end"' in rest else wide / 2 if 'anchor="middle"' in rest else 0.0)
        found.append((left, float(y) - 0.7 * float(size), left + wide, float(y) + 0.15 * float(size), said))
    return found


def check(chart: Chart, width: float, language: str = "nb") -> None:
    """No text is cut by the edge, none lies on another."""
    drawing = figures.svg(chart, language, width)
    height = float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', drawing)[1])  # type: ignore[index]
    placed = boxes(drawing)
    assert placed
    for left, top, right, bottom, text in placed:
        assert left >= -0.5 and right <= width + 0.5 and top >= -0.5 and bottom <= height + 0.5, f"{text!r} is cut"
    for i, one in enumerate(placed):
        for other in placed[:i]:
            apart = one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]
            assert apart, f"{one[4]!r} lies on {other[4]!r}"


CHARTS = {
    "bars": samples.bars,
    "five": samples.five,
    "dots": samples.dots,
    "lines": samples.lines,
    "expected": samples.expected,
    "matrix": samples.matrix,
}


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW, 640])
def test_no_label_of_a_chart_is_cut_or_lies_on_another(name: str, width: float) -> None:
    check(CHARTS[name](), width)


@pytest.mark.parametrize("name", ["bars", "dots", "expected"])
@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_every_label_of_a_chart_is_printed_whole(name: str, width: float) -> None:
    chart = CHARTS[name]()
    printed = " ".join(box[4] for box in boxes(figures.svg(chart, "nb", width)))
    rows = getattr(chart.figure, "bars", None) or getattr(chart.figure, "dots", None) or chart.figure.rows  # type: ignore[union-attr]
    for row in rows:
        assert row.label in printed.replace("- ", "") or row.label in printed


def test_a_withheld_row_says_so_in_words() -> None:
    for width in (figures.WIDE, figures.NARROW):
        for chart in (samples.bars(), samples.dots()):
            assert "For få svar til å vises" in figures.svg(chart, "nb", width)


WORDS = st.lists(
    st.text(st.characters(categories=("Lu", "Ll", "Nd"), max_codepoint=0x17F), min_size=1, max_size=24),
    min_size=1,
    max_size=12,
).map(" ".join)
SHARES = st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100), st.floats(0, 40)).filter(
    lambda s: sum(s[:3]) > 1
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(WORDS, SHARES), min_size=1, max_size=6),
    st.sampled_from([figures.WIDE, figures.NARROW]),
    st.booleans(),
)
def test_bars_hold_their_labels_whatever_they_say(
    rows: list[tuple[str, tuple[float, float, float, float]]], width: int, diverging: bool
) -> None:
    bars = []
    for label, (worst, middle, best, apart) in rows:
        whole = worst + middle + best
        parts = [(100 * v / whole, tone) for v, tone in ((worst, "worst"), (middle, "middle"), (best, "best"))]
        segments = tuple(Segment(tone, v, tone, samples.percent(v)) for v, tone in [*parts, (apart, "apart")])  # type: ignore[arg-type]
        bars.append(Bar(label, segments, detail="n = 1234"))
    check(
        Chart(
            "c",
            "a",
            StackedBars(tuple(bars), (("best", "best"), ("worst", "worst")), diverging),
            Table("t", ("a",), ()),
        ),
        width,
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(WORDS, st.floats(0, 100)), min_size=1, max_size=6),
    st.sampled_from([figures.WIDE, figures.NARROW]),
)
def test_dots_hold_their_labels_whatever_they_say(rows: list[tuple[str, float]], width: int) -> None:
    dots = tuple(
        Dot(label, value, max(value - 8, 0), min(value + 8, 100), samples.percent(value)) for label, value in rows
    )
    figure = DotPlot(dots, rows[0][0], reference=50.0, reference_text=rows[-1][0], groups=((0, rows[0][0]),))
    check(Chart("c", "a", figure, Table("t", ("a",), ())), width)


@given(st.lists(st.floats(0, 280), min_size=1, max_size=6))
def test_heights_spread_keep_their_order_and_their_distance(wanted: list[float]) -> None:
    placed = spread(wanted, 16, 0, 280)
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    steps = [placed[b] - placed[a] for a, b in itertools.pairwise(order)]
    assert all(step >= 16 - 1e-6 for step in steps)
    assert all(-1e-6 <= place <= 280 + 1e-6 for place in placed)
    gaps = [wanted[b] - wanted[a] for a, b in itertools.pairwise(order)]
    if all(gap >= 16 for gap in gaps):
        assert placed == pytest.approx(wanted)


@pytest.mark.parametrize("count", [1, 13, 14, 40])
def test_a_long_chart_is_drawn_in_parts_that_hold_every_row_once(count: int) -> None:
    dots = tuple(Dot(f"Rad {index}", 50.0) for index in range(count))
    groups = tuple((start, f"Gruppe {start}") for start in range(0, count, 5))
    drawn = parts(Chart("c", "alt", DotPlot(dots, "", groups=groups), Table("t", ("a",), ())), 13)
    rows = [dot.label for one in drawn for dot in one.figure.dots]  # type: ignore[union-attr]
    assert rows == [dot.label for dot in dots]
    assert all(len(one.figure.dots) <= 13 for one in drawn)  # type: ignore[union-attr]
    assert len({one.alt for one in drawn}) == len(drawn)
    for one in drawn:
        for start, text in one.figure.groups:  # type: ignore[union-attr]
            assert int(one.figure.dots[start].label.split()[1]) // 5 == int(text.split()[1]) // 5  # type: ignore[union-attr]
        check(one, 640)


def test_a_column_of_a_table_never_gets_less_than_its_longest_word() -> None:
    rows = (
        ("Et langt spørsmål om mange ting på en gang som tar stor plass", "12,0 %", "Arbeidsmarkedstiltak"),
        ("Kort", "1 %", "ja"),
    )
    found = widths(Table("t", ("Spørsmål", "Prosent", "Svar"), rows, frozenset({1})), room=300)
    assert sum(found) <= 300 + 1e-6
    assert found[2] >= letters.width("Arbeidsmarkedstiltak", 9) and found[1] >= letters.width("12,0 %", 9)
    roomy = widths(Table("t", ("A", "B"), (("x", "y"),)), room=300)
    assert sum(roomy) == pytest.approx(300) and roomy[0] > roomy[1]


# Colours and letters --------------------------------------------------------------------------------------------------


def test_colours_stand_out_from_the_page_and_text_from_what_lies_under_it() -> None:
    for name, tone in tokens.TONES.items():
        assert max(tokens.contrast(tone.fill, tokens.PAGE), tokens.contrast(tone.edge, tokens.PAGE)) >= 3, name
        assert tokens.contrast(tone.ink, tone.fill) >= 4.5, name
    for text in (tokens.INK, tokens.MUTED, tokens.LINK, tokens.BRAND, *tokens.SERIES):
        for ground in (tokens.PAGE, tokens.TINT):
            assert tokens.contrast(text, ground) >= 4.5
    assert tokens.contrast(tokens.INK, tokens.WARNING) >= 4.5
    assert tokens.contrast(tokens.FOCUS, tokens.FOCUS_GROUND) >= 4.5
    assert tokens.contrast(tokens.WARNING_EDGE, tokens.PAGE) >= 3


def _seen(colour: str, matrix: tuple[tuple[float, float, float], ...]) -> tuple[float, float, float]:
    """A colour as seen with a kind of colour blindness (Machado, Oliveira & Fernandes 2009, severity 1), in linear RGB."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return tuple(sum(m * v for m, v in zip(row, linear)) for row in matrix)  # type: ignore[return-value]


BLIND = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


@pytest.mark.parametrize("kind", BLIND)
def test_the_two_sides_of_the_scale_stay_apart_in_colour_blindness(kind: str) -> None:
    for good, bad in (("best", "worst"), ("good", "poor"), ("best", "poor"), ("good", "worst")):
        one, other = (_seen(tokens.TONES[name].fill, BLIND[kind]) for name in (good, bad))
        assert sum((a - b) ** 2 for a, b in zip(one, other)) ** 0.5 > 0.1, (good, bad)


def test_the_font_has_the_letters_of_the_languages_here() -> None:
    text = "ÆØÅæøå ÁáČčĐđŊŋŠšŦŧŽž ÄäÖöÏï ǤǥǦǧǨǩǮǯ «»–—…−·•→ 0123456789 %"
    assert letters.covered(text) == text
    assert letters.covered("漢字 ok") == "?? ok"


@given(st.text(st.characters(categories=("L", "N", "P"), max_codepoint=0x24F), max_size=80), st.floats(40, 300))
def test_wrapping_loses_nothing_and_fits(text: str, room: float) -> None:
    lines = letters.wrap(text, 14, room)
    assert all(letters.width(line, 14) <= room + 1e-6 or len(line) == 1 for line in lines)
    kept = "".join(lines).replace("-", "").replace(" ", "")
    assert kept == text.replace("-", "").replace(" ", "")


# PDF ------------------------------------------------------------------------------------------------------------------


def test_the_same_document_and_date_give_the_same_pdf(made_pdf: bytes) -> None:
    assert pdf(samples.report(), date="2020-06-15") == made_pdf
    with pikepdf.open(BytesIO(made_pdf)) as opened:
        assert str(opened.docinfo["/CreationDate"]).startswith("D:20200615")


def test_a_pdf_is_tagged_titled_and_says_its_language(made_pdf: bytes) -> None:
    with pikepdf.open(BytesIO(made_pdf)) as opened:
        root = opened.Root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang).startswith("nb")
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        with opened.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"] == samples.report().title
        assert all(str(page.get("/Tabs", "/S")) == "/S" for page in opened.pages)


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_pdf_breaks_no_rule_of_pdf_ua_that_a_machine_can_check(language: str) -> None:
    """Checked by page-validation, which passes the veraPDF corpus."""
    validator = pytest.importorskip("page", reason="needs page-validation")
    content = pdf(replace(samples.report(), language=language), date="2020-06-15")
    report = validator.validate_pdf_bytes(content, profile="ua1")
    assert report.is_compliant, [(failure.rule_id, failure.message) for failure in report.failures]
    assert report.rules.total > 90


def _structure(element: pikepdf.Object, found: list[pikepdf.Object]) -> list[pikepdf.Object]:
    children = element.get("/K", [])
    for child in children if isinstance(children, pikepdf.Array) else [children]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            found.append(child)
            _structure(child, found)
    return found


def test_a_pdf_has_headings_tables_with_headers_and_figures_with_words(made_pdf: bytes) -> None:
    with pikepdf.open(BytesIO(made_pdf)) as opened:
        tags = _structure(opened.Root.StructTreeRoot, [])
        kinds = [str(tag.S) for tag in tags]
        charts = [block for block in samples.report().blocks if isinstance(block, Chart)]
        alternatives = {str(tag.Alt) for tag in tags if str(tag.S) == "/Figure"}
        assert alternatives == {chart.alt for chart in charts}
        headings = [block for block in samples.report().blocks if isinstance(block, Heading)]
        assert kinds.count("/H1") >= sum(h.level == 2 for h in headings)
        assert kinds.count("/H2") >= sum(h.level == 3 for h in headings)
        assert kinds.count("/TH") >= sum(
            len(block.columns) for block in samples.report().blocks if isinstance(block, Table)
        )
        assert "/L" in kinds and "/Link" in kinds and "/Caption" in kinds


def test_a_pdf_uses_our_own_font_alone_and_embeds_it(made_pdf: bytes) -> None:
    with pikepdf.open(BytesIO(made_pdf)) as opened:
        names = {
            str(item["/FontName"])
            for item in opened.objects
            if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor"
        }
        assert names and all("Inter" in name for name in names)


def test_a_text_that_looks_like_markup_stands_as_it_is_in_pdf(made_pdf: bytes, tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(made_pdf)
    done = subprocess.run(["pdftotext", "-layout", "report.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    text = re.sub(r"\s+", " ", done.stdout.decode("utf-8"))
    for said in samples.MARKUP:
        assert said in text


def test_a_letter_without_a_glyph_does_not_stop_a_pdf() -> None:
    assert pdf(Document("Tittel 漢字 \N{GRINNING FACE}", "nn", (Paragraph(("אבג",)),)), date="2020-01-01").startswith(
        b"%PDF"
    )


def test_a_picture_without_words_is_no_accessible_pdf() -> None:
    import typst

    with pytest.raises(typst.TypstError):
        pdf(Document("x", "nb", (Picture("a.svg", ""),)), {"a.svg": samples.PICTURE})


# Word -----------------------------------------------------------------------------------------------------------------


def test_a_word_file_has_headings_header_rows_alternatives_and_the_same_bytes() -> None:
    document = samples.report()
    made = word(document, date="2020-06-15")
    assert made == word(document, date="2020-06-15")
    opened = word_reader.Document(BytesIO(made))
    assert opened.core_properties.title == document.title and opened.core_properties.language == "nb"
    headings = [p.text for p in opened.paragraphs if p.style is not None and p.style.name.startswith("Heading")]
    assert headings == [block.text for block in document.blocks if isinstance(block, Heading)]
    assert all(table.rows[0]._tr.trPr.find("{*}tblHeader") is not None for table in opened.tables)
    charts = [block for block in document.blocks if isinstance(block, Chart)]
    assert [shape._inline.docPr.get("descr") for shape in opened.inline_shapes] == [chart.alt for chart in charts]
    texts = [p.text for p in opened.paragraphs]
    assert all(text in texts for text in samples.MARKUP)
    assert [p.text for p in opened.sections[0].footer.paragraphs] == [samples.SYNTHETIC]


def test_one_zip_writer_gives_the_same_bytes_whatever_the_order() -> None:
    files_ = {"b.xml": b"b" * 100, "[Content_Types].xml": b"a", "a/c.xml": b"c"}
    made = zipped(files_)
    assert made == zipped(dict(reversed(files_.items()))) == again(made)


# Site -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built() -> dict[str, bytes]:
    return site(samples.pages(), NAMES, {"bilde.svg": samples.PICTURE}, default="nb")


def test_every_link_of_the_site_is_relative_and_leads_somewhere(built: dict[str, bytes]) -> None:
    from posixpath import dirname, join, normpath

    outside = {f"../reports/{language}/national.pdf" for language in NAMES}
    for path, content in built.items():
        if not path.endswith(".html"):
            continue
        reader = Reader(content.decode("utf-8"))
        targets = [
            a.get("href", a.get("src", "")) for tag, a in reader.elements if tag in ("a", "link", "img", "script")
        ]
        for target in targets:
            if target.startswith(("mailto:", "data:")):
                continue
            assert not re.match(r"[a-z]+:|/", target), f"{path}: {target}"
            name, _, fragment = target.partition("#")
            found = normpath(join(dirname(path), name)) if name else path
            assert found in built or found in outside, f"{path}: {target}"
            if fragment:
                ids = [a["id"] for _, a in Reader(built[found].decode("utf-8")).elements if "id" in a]
                assert fragment in ids, f"{path}: {target}"


def test_the_root_leads_to_the_default_language_without_script(built: dict[str, bytes]) -> None:
    reader = Reader(built["index.html"].decode("utf-8"))
    assert {"http-equiv": "refresh", "content": "0; url=nb/index.html"} in reader.all("meta")
    assert {a["href"] for a in reader.all("a")} == {"nb/index.html", "nn/index.html", "en/index.html"}
    assert not reader.all("script")


def test_a_page_leads_to_itself_in_the_other_languages_and_says_where_it_is(built: dict[str, bytes]) -> None:
    reader = Reader(built["nb/tema/mestring.html"].decode("utf-8"))
    links = {a.get("hreflang"): a["href"] for a in reader.all("a") if "hreflang" in a}
    assert links == {"nn": "../../nn/tema/mestring.html", "en": "../../en/tema/mestring.html"}
    crumbs = [a["href"] for a in reader.all("a") if a["href"] in ("../index.html", "index.html")]
    assert len(crumbs) >= 2
    current = [a for a in reader.all("a") if a.get("aria-current")]
    assert [a["href"] for a in current] == ["index.html"]


def test_a_language_without_the_page_leads_to_its_first_page() -> None:
    pages = samples.pages(("nb", "nn"))
    del pages["nn/tema/okonomi.html"]
    pages["nn/index.html"] = pages["nn/metode.html"]
    reader = Reader(site(pages, NAMES, {"bilde.svg": samples.PICTURE})["nb/tema/okonomi.html"].decode("utf-8"))
    assert "../../nn/index.html" in [a["href"] for a in reader.all("a")]


def test_the_style_sheet_is_small() -> None:
    assert len(stylesheet().encode("utf-8")) < 15_000


def test_the_frame_has_the_same_words_in_every_language() -> None:
    def keys(part: dict[str, object], before: str = "") -> set[str]:
        found: set[str] = set()
        for name, value in part.items():
            found |= keys(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}"}
        return found

    words = tomllib.loads(files("royst.publish").joinpath("templates", "frame.toml").read_text(encoding="utf-8"))
    assert keys(words["nb"]) == keys(words["nn"]) == keys(words["en"])


def test_bars_drawn_in_parts_keep_one_scale() -> None:
    bars = tuple(Bar(f"Rad {n}", (Segment("som ventet", n * 2.0, "middle", str(n)), Segment("kan ikke avgjøres", 100 - n * 2.0, "apart", ""))) for n in range(24, 0, -1))
    chart = Chart("c", "alt", StackedBars(bars, (("som ventet", "middle"), ("kan ikke avgjøres", "apart"))), Table("t", ("a",), ()))
    widths = [float(found) for part in parts(chart, 10) for found in re.findall(r'width="([\d.]+)" height="25"', figures.svg(part, "nb", 640, web=False))]
    middle, apart = widths[0::2], widths[1::2]
    assert len(middle) == 24 and middle == sorted(middle, reverse=True) and middle[0] > 20 * middle[-1]
    assert apart == sorted(apart) and apart[-1] > 1.8 * apart[0]
