"""The one template tag of the answering pages: ``{% say "send.answered" count=3 %}``."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: Any, key: str, **parameters: object) -> str:
    """Our own words in the visit's language. Escaped by the engine like any text."""
    return str(context["spoken"](key, **parameters))
