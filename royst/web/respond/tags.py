"""The template tags of the answering pages: ``{% say "send.answered" count=3 %}``, and ``{% word "aloud" %}`` inside an attribute or a title."""

from __future__ import annotations

from typing import Any

from django import template

from royst.web.respond.words import Spoken

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: Any, key: str, **parameters: object) -> str:
    """Our own words in the visit's language, marked where another language lends them. Escaped like any text."""
    spoken = context["spoken"]
    return spoken.marked(key, **parameters) if isinstance(spoken, Spoken) else str(spoken(key, **parameters))


@register.simple_tag(takes_context=True)
def word(context: Any, key: str, **parameters: object) -> str:
    """The same without a mark. Escaped by the engine like any text."""
    return str(context["spoken"](key, **parameters))
