"""One question a page, or a table of them on a wide screen. Whatever button is pressed, what was answered on the page is kept first.

A table is one page for all of its rows: a narrow screen shows the row of the page's address, a wide one the whole table, each with buttons of its own. So the server need
not know how wide a screen is, and no script is needed. Fields: ``a`` is the row of the address on a narrow screen, ``g<place>`` each row of the table.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from royst.study import routing
from royst.study.expression import Value, text
from royst.study.instrument import Item
from royst.web.respond.fill import Fill, Refused, understood, with_answer
from royst.web.respond.pages import outside, over, path_of, waits
from royst.web.respond.visit import Visit


def question(request: HttpRequest, place: str) -> HttpResponse:
    """The page of one item. It runs the controls by itself, after keeping what was answered."""
    visit = Visit(request)
    item = visit.site.way.item(int(place))
    if visit.do == "leave":
        return visit.leave()
    if visit.site.frozen:
        return visit.controls() or over(visit)
    if item is None:
        raise Http404
    fill = visit.site.read(visit.private) if visit.private else None
    if fill is None or visit.private is None:
        return visit.controls() or outside(visit)
    if request.method == "POST":
        rows = visit.site.way.grid(fill, item)
        return _table_answered(visit, visit.private, fill, item, rows) if rows else _answered(visit, visit.private, fill, item, visit.do)
    if not any(page.name == item.name for page in visit.site.way.pages(fill)):
        return visit.to(path_of(visit, visit.site.way.beside(fill, item, 1)))
    return _question(visit, fill, item, fill.answers.get(item.name))


def _answered(visit: Visit, private: str, fill: Fill, item: Item, do: str) -> HttpResponse:
    said = visit.request.POST.getlist("a")
    wrong = ""
    try:
        value = None if do == "skip" else understood(visit.site.way, item, said, fill)
    except Refused as refused:
        value = fill.answers.get(item.name)
        wrong = _own_words(visit, item, refused) or visit.spoken.marked(refused.key, **refused.parameters)
    kept = with_answer(fill, item, value, skipped=do == "skip")
    if wrong and do in ("next", ""):
        return _question(visit, fill, item, None, wrong=wrong, said=said, status=422)
    if do in ("next", "skip", "") and item.kind != "note" and value is None and (item.required or do != "skip"):
        wrong = visit.spoken.marked("wrong.required" if item.required else "wrong.none")
        return _question(visit, fill, item, None, wrong=wrong, said=said, status=422)
    return _moved(visit, private, kept, (item, item), do)


def _own_words(visit: Visit, item: Item, refused: Refused) -> str:
    """What the questionnaire itself says of an answer that its rule forbids, in this visit's language; empty where it says nothing."""
    said = item.constraint_message or {}
    found = said.get(visit.language) or said.get(visit.language.split("-")[0]) or ""
    return found if refused.key in ("wrong.range", "wrong.rule") else ""


def _moved(visit: Visit, private: str, kept: Fill, ends: tuple[Item, Item], do: str) -> HttpResponse:
    """Save, and go where the button leads. ``ends``: the first and the last item of the page."""
    way, here = visit.site.way, ends[0]
    if do == "back":
        before = way.beside(kept, ends[0], -1)
        moved, at = visit.to(path_of(visit, before) if before else visit.request.path), (before or here).name
    elif do == "stop":
        moved, at, kept = visit.to("/pause"), here.name, replace(kept, told=not kept.tablet)
    elif (controls := visit.controls()) is not None:
        moved, at = controls, here.name
    else:
        after = way.beside(kept, ends[1], 1)
        moved, at = visit.to(path_of(visit, after)), after.name if after else ""
    visit.site.save(private, replace(kept, at=at, language=visit.language))
    return moved


def _table_answered(visit: Visit, private: str, fill: Fill, item: Item, rows: tuple[Item, ...]) -> HttpResponse:
    """A table's page: the rows that were changed are kept, then the page goes on as the narrow or the wide screen's button says."""
    way, kept, changed = visit.site.way, fill, False
    for row in rows:
        said = visit.request.POST.get(f"g{way.place[row.name]}", "")
        if said and said != fill.answers.get(row.name):
            try:
                kept, changed = with_answer(kept, row, understood(way, row, [said], kept)), True
            except Refused:
                continue
    do = visit.do
    if do == "enter":  # the key, which no button of either screen stands for
        do = "next-all" if changed else "next"
    if do in ("next", "back", "skip"):
        return _answered(visit, private, kept, item, do)
    if said := visit.request.POST.getlist("a"):
        try:
            if said[0] != fill.answers.get(item.name):
                kept = with_answer(kept, item, understood(way, item, said, kept))
        except Refused:
            pass
    passed = [row for row in rows if row.name not in kept.answers]
    if passed and (do == "next-all" or (do == "skip-all" and any(row.required for row in passed))):
        key = "wrong.required" if do == "skip-all" else "wrong.rows"
        visit.site.save(private, kept)
        return _question(visit, kept, item, kept.answers.get(item.name), wrong=visit.spoken.marked(key), status=422)
    if do == "skip-all":
        for row in passed:
            kept = with_answer(kept, row, None, skipped=True)
    return _moved(visit, private, kept, (rows[0], rows[-1]) if do.endswith("-all") else (item, item), do.removesuffix("-all"))


def _question(
    visit: Visit,
    fill: Fill,
    item: Item,
    value: Value | None,
    *,
    wrong: str = "",
    said: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    way, site = visit.site.way, visit.site.fieldwork
    given = _given(item, value) if said is None else said
    number = given[0] if given and item.scale is None else ""
    if said is None and item.kind == "number" and visit.language.split("-")[0] in ("nb", "nn"):
        number = number.replace(".", ",")
    values, rows = way.values(fill), way.grid(fill, item)

    def words(of: dict[str, str] | object) -> str:
        return routing.piped(visit.text(of), site.instrument, values, visit.language)

    return visit.page(
        "grid.html" if rows else "question.html",
        status=status,
        waits=waits(visit),
        shared=fill.tablet,
        item=item,
        place=way.place[item.name],
        label=words(item.label),
        hint=words(item.hint),
        choices=[(choice.name, visit.text(choice.label), choice.name in given) for choice in routing.offered(item, values)],
        value=number[:2000],
        whole=item.low is None or float(item.low).is_integer(),
        left=way.left(fill, item),
        wrong=wrong,
        first=way.beside(fill, item, -1) is None,
        ticket=visit.site.tickets.closed(visit.private or ""),
        sound=f"/m/{way.place[item.name]}/{visit.language}" if site.sound(item.name, visit.language) else "",
        routing=json.dumps({name: fill.answers[name] for name in way.named if name in fill.answers}),
        short=fill.short,
        inside=True,
        **(_table(visit, fill, rows) if rows else {}),
    )  # fmt: skip


def _given(item: Item, value: Value | None) -> list[str]:
    if value is None:
        return []
    return text(value).split() if item.kind == "many" else [text(value)]


def _table(visit: Visit, fill: Fill, rows: tuple[Item, ...]) -> dict[str, Any]:
    """What a table's page needs besides: its heading and its rows."""
    way, first = visit.site.way, rows[0]
    assert first.grid is not None and first.scale is not None
    names = [choice.name for choice in first.scale.choices]
    return {
        "heading": visit.text(first.grid.label),
        "rows": [(way.place[row.name], visit.text(row.label), [(name, fill.answers.get(row.name) == name) for name in names]) for row in rows],
        "fields": json.dumps({f"g{way.place[row.name]}": row.name for row in rows}),
        "first_row": way.beside(fill, first, -1) is None,
        "must": any(row.required for row in rows),
    }
