"""A document as a Word file: real headings, tables with header rows, charts as pictures with their text alternative and their table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

import docx
from docx.document import Document as Word
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph as WordParagraph

from royst.look.tokens import BRAND, INK, MUTED, RULE, TINT, WARNING
from royst.publish import figures
from royst.publish.document import (
    Block,
    Bullets,
    Cards,
    Chart,
    Document,
    Heading,
    Inline,
    JointDisplay,
    KeyFigures,
    Link,
    Note,
    Paragraph,
    Picture,
    Quote,
    Strong,
    Table,
)
from royst.publish.frame import frame
from royst.publish.pdf import CHART_WIDTH, compiler
from royst.publish.zipped import again

FONT = "Calibri"
TEXT_WIDTH = 16.0  # centimetres
RASTER = b"""#let found = json(bytes(sys.inputs.drawings))
#set page(width: auto, height: auto, margin: 0pt)
#for (i, svg) in found.enumerate() { if i > 0 { pagebreak() }; image(bytes(svg), format: "svg", width: 480pt) }"""


def word(document: Document, files: Mapping[str, bytes] | None = None, *, date: str = "2000-01-01") -> bytes:
    """The document as a Word file. ``files``: pictures by name. ``date`` (ISO) is the file's own; the same document and date give the same bytes."""
    made = docx.Document()
    _styles(made, document.language)
    moment = datetime.fromisoformat(date)
    core = made.core_properties
    core.title, core.author, core.language, core.created, core.modified = (
        plain(document.title),
        plain(document.owner),
        document.language,
        moment,
        moment,
    )
    core.last_modified_by, core.comments, core.revision = plain(document.owner), plain(document.description), 1
    _front(made, document)
    drawings = iter(_drawings(document))
    for block in document.blocks:
        _block(made, block, document.language, drawings, files or {})
    for text in document.footnotes:
        _small(made, text)
    held = BytesIO()
    made.save(held)
    return again(held.getvalue())


def plain(text: str) -> str:
    """The text without the control characters that XML cannot hold."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")


def _drawings(document: Document) -> list[bytes]:
    """Every chart as PNG, drawn by Typst with our own font."""
    charts = [
        figures.svg(block, document.language, CHART_WIDTH, web=False)
        for block in document.blocks
        if isinstance(block, Chart)
    ]
    if not charts:
        return []
    made = compiler().compile(
        input=RASTER, format="png", ppi=144, sys_inputs={"drawings": json.dumps(charts, ensure_ascii=False)}
    )
    return list(made) if isinstance(made, list) else [made or b""]


def _colour(value: str) -> RGBColor:
    return RGBColor.from_string(value[1:].upper())


def _styles(made: Word, language: str) -> None:
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    for name, size, colour in (
        ("Normal", 10.5, INK),
        ("Title", 26, INK),
        ("Subtitle", 14, MUTED),
        ("Heading 1", 18, INK),
        ("Heading 2", 14, INK),
        ("Heading 3", 11.5, INK),
        ("Caption", 10.5, INK),
    ):
        style = made.styles[name]
        style.font.name, style.font.size, style.font.color.rgb, style.font.italic = (
            FONT,
            Pt(size),
            _colour(colour),
            False,
        )
        style.font.bold = name not in ("Normal", "Subtitle")
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for which in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(which), None)
        for which in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(which), FONT)
    properties = made.styles["Normal"].element.get_or_add_rPr()
    properties.append(_spoken(language))
    made.styles["Normal"].paragraph_format.space_after = Pt(7)
    made.styles["Normal"].paragraph_format.line_spacing = 1.2
    border = made.styles["Title"].element.find(f".//{qn('w:pBdr')}")
    if border is not None:
        border.getparent().remove(border)


def _spoken(language: str) -> Any:
    """What language words are in, among a run's or a style's properties."""
    said = OxmlElement("w:lang")
    said.set(qn("w:val"), {"nb": "nb-NO", "nn": "nn-NO", "en": "en-GB"}[language])
    return said


def _front(made: Word, document: Document) -> None:
    if document.kicker:
        _small(made, document.kicker)
    made.add_paragraph(plain(document.title), style="Title")
    if document.subtitle:
        made.add_paragraph(plain(document.subtitle), style="Subtitle")
    line = " · ".join(filter(None, (document.owner, document.date)))
    if line:
        _small(made, line)
    if document.synthetic:
        _boxed(made, (document.synthetic,), WARNING)
        run = made.sections[0].footer.paragraphs[0].add_run(plain(document.synthetic))
        run.font.size, run.font.color.rgb = Pt(8), _colour(MUTED)


def _small(made: Word, text: str) -> None:
    run = made.add_paragraph().add_run(plain(text))
    run.font.size, run.font.color.rgb = Pt(9), _colour(MUTED)


def _inline(paragraph: WordParagraph, parts: tuple[Inline, ...]) -> WordParagraph:
    for part in parts:
        if isinstance(part, Strong):
            paragraph.add_run(plain(part.text)).bold = True
        elif isinstance(part, Link) and (part.beside or part.href.startswith(("mailto:", "https:"))):
            _link(paragraph, part.outside(".docx"))
        else:
            paragraph.add_run(plain(part if isinstance(part, str) else part.text))
    return paragraph


def _link(paragraph: WordParagraph, link: Link) -> None:
    target = paragraph.part.relate_to(link.href, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    element = OxmlElement("w:hyperlink")
    element.set(qn("r:id"), target)
    run = paragraph.add_run(plain(link.text))
    run.font.underline, run.font.color.rgb = True, _colour(BRAND)
    element.append(run._r)
    paragraph._p.append(element)


def _shade(properties: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", colour[1:])):
        shade.set(qn(name), value)
    properties.append(shade)


def _boxed(made: Word, parts: tuple[Inline, ...], colour: str) -> None:
    paragraph = _inline(made.add_paragraph(), parts)
    _shade(paragraph._p.get_or_add_pPr(), colour)


def _described(shape: Any, alt: str, number: int) -> None:
    """The text alternative of a picture."""
    properties = shape._inline.docPr
    properties.set("descr", plain(alt))
    properties.set("id", str(number))


def _block(made: Word, block: Block, language: str, drawings: Any, files: Mapping[str, bytes]) -> None:
    match block:
        case Heading():
            made.add_heading(plain(block.text), level=block.level - 1)
        case Paragraph():
            paragraph = _inline(made.add_paragraph(), block.content)
            for run in paragraph.runs if block.lead else []:
                run.font.size = Pt(12.5)
        case Bullets():
            for item in block.items:
                _inline(made.add_paragraph(style="List Bullet"), item)
        case Note():
            _boxed(made, block.content, TINT if block.kind == "method" else WARNING)
        case KeyFigures():
            for figure in block.figures:
                _inline(
                    made.add_paragraph(style="List Bullet"),
                    (Strong(figure.value), f" {figure.label}" + (f" ({figure.detail})" if figure.detail else "")),
                )
        case Table():
            _table(made, block)
        case Chart():
            _caption(made, block.caption)
            shape = made.add_picture(BytesIO(next(drawings)), width=Cm(TEXT_WIDTH))
            _described(shape, block.alt, len(made.inline_shapes))
            for note in block.notes:
                _small(made, note)
            _table(made, block.table)
        case JointDisplay():
            _table(made, block.table())
        case Quote():
            run = made.add_paragraph(style="Quote").add_run(plain(block.text))
            if block.language:
                run._r.get_or_add_rPr().append(_spoken(block.language))
            _small(made, block.label)
        case Picture():
            if not block.file.endswith(".svg"):
                shape = made.add_picture(BytesIO(files[block.file]), width=Cm(TEXT_WIDTH))
                _described(shape, block.alt, len(made.inline_shapes))
                if block.credit:
                    _small(made, f"{frame(language)['photo']}: {block.credit}")
        case Cards():
            for card in block.cards:
                _inline(
                    made.add_paragraph(style="List Bullet"),
                    (Strong(card.title), f" – {card.text}" if card.text else ""),
                )


def _caption(made: Word, text: str) -> None:
    made.add_paragraph(plain(text), style="Caption").paragraph_format.keep_with_next = True


def _table(made: Word, block: Table) -> None:
    """A table whose first row repeats as its header."""
    _caption(made, block.caption)
    table = made.add_table(rows=1 + len(block.rows), cols=len(block.columns))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, True
    _borders(table)
    cells = [cell for row in table._tbl.tr_lst for cell in row.tc_lst]
    for index, text in enumerate([*block.columns, *(cell for row in block.rows for cell in row)]):
        row, column = divmod(index, len(block.columns))
        paragraph = WordParagraph(cells[index].p_lst[0], table)
        run = paragraph.add_run(plain(text))
        run.font.size, run.bold = Pt(9), row == 0 or None
        paragraph.paragraph_format.space_after = Pt(2)
        if column in block.numeric:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    header = OxmlElement("w:tblHeader")
    header.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(header)
    for note in block.notes:
        _small(made, note)
    made.add_paragraph().paragraph_format.space_after = Pt(2)


def _borders(table: WordTable) -> None:
    """Thin lines between rows, none between columns; the first row and column are headers."""
    properties = table._tbl.tblPr
    look = properties.find(qn("w:tblLook"))
    if look is not None:
        properties.remove(look)
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "bottom", "insideH"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("w:val", "single"), ("w:sz", "4"), ("w:space", "0"), ("w:color", RULE[1:])):
            line.set(qn(name), value)
        borders.append(line)
    properties.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")
    seen = OxmlElement("w:tblLook")
    for name, value in (("w:firstRow", "1"), ("w:firstColumn", "1"), ("w:noHBand", "1"), ("w:noVBand", "1")):
        seen.set(qn(name), value)
    properties.append(seen)
