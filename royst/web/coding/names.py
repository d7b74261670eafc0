"""The queue of words that may tell who somebody is: a person decides on each, then new versions are made."""

from __future__ import annotations

from django.http import HttpResponse

from royst.evaluation.interviews.pseudonyms import replaced, waiting
from royst.interviews import pseudonym
from royst.interviews import transcript as transcripts
from royst.interviews.pseudonym import Decision
from royst.web.coding.visit import Visit, signed

PAGE = 40


@signed
def queue(visit: Visit) -> HttpResponse:
    store = visit.site.store
    if visit.post:
        pseudonym.decide(store, _decided(visit))
        return visit.to("/names")
    found = waiting(visit.site.substudy(), visit.tongue)
    ready = [] if found else [id for id in transcripts.ids(store) if pseudonym_due(visit, id)]
    rows = list(enumerate((*one, visit.say(f"kind.{one[0].kind}")) for one in found[:PAGE]))
    return visit.page("names.html", title=visit.say("names.title"), rows=rows, count=len(found), ready=ready, known=len(pseudonym.decisions(store)))


def pseudonym_due(visit: Visit, id: str) -> bool:
    """Whether words that were decided on still stand in the transcript's newest version, or in an older one that is kept."""
    store = visit.site.store
    text = transcripts.latest(store, id).text
    return len(transcripts.versions(store, id)) > 1 or any(d.action == "replace" and d.words in text for d in pseudonym.decisions(store))


def _decided(visit: Visit) -> list[Decision]:
    made = []
    for n in range(PAGE):
        action = visit.field(f"do-{n}")
        words = visit.request.POST.get(f"words-{n}", "").replace("\r\n", "\n")
        if words and action == "keep":
            made.append(Decision(words, "keep", visit.person))
        elif words and action == "replace":
            made.append(Decision(words, "replace", visit.person, visit.field(f"by-{n}")))
    return made


@signed
def replace(visit: Visit) -> HttpResponse:
    """Make the versions in which all that was decided is replaced."""
    if not visit.post:
        return visit.to("/names")
    store = visit.site.store
    said = [line for id in transcripts.ids(store) for line in replaced(store, id, by=visit.person, forget=bool(visit.field("forget")))]
    return visit.page("done.html", title=visit.say("names.done"), said=said, back="/names", note=visit.say("names.not_anonymous"))
