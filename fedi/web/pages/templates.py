"""The Jinja environment: everything is escaped unless its type says that it is safe HTML. No template uses the `safe` filter."""

from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from fedi import clock, emojis
from fedi.web.pages import fragments, static, text

_HERE = Markup(' aria-current="page"')


@pass_context
def _current(context: Context, key: str) -> str:
    return _HERE if context.get("here") == key else ""


@cache
def environment(address: Callable[[str], str]) -> Environment:
    """`address` gives the path of a static file, with what makes it new when the file is. Applications share what is compiled."""
    found = Environment(
        loader=FileSystemLoader(static.folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    found.globals.update(static=address, current=_current, slot=fragments.slot)
    filters: dict[str, Callable[..., Any]] = {
        "rfc3339": clock.rfc3339,
        "day": text.day,
        "fulltime": text.full_time,
        "ago": text.ago,
        "emoji": emojis.in_text,
        "number": text.number,
    }
    found.filters.update(filters)
    return found
