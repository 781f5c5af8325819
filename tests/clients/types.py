"""Whether what Mastodon.py returns is of the types it announces: it hands on what it cannot read as it came, and says nothing."""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from mastodon import return_types, types_base

NAMES = {**vars(types_base), **vars(return_types)}
# Fields it sets to None itself where an answer has none: of other versions of an entity, or nullable by the documentation.
ABSENT = ("rules_ids", "phrase", "irreversible", "whole_word", "SearchV2.collections", "for_bots", "contact.account", "contact_account")


def wrong(found: Any, place: str = "") -> list[str]:
    """What is of another type than announced, a line each."""
    return list(_wrong(found, place or type(found).__name__))


def _wrong(found: Any, place: str) -> Iterator[str]:
    if isinstance(found, list):
        for index, one in enumerate(found):
            yield from _wrong(one, f"{place}[{index}]")
    elif isinstance(found, types_base.AttribAccessDict) and type(found) is not types_base.AttribAccessDict:
        for name, kind in get_type_hints(type(found), NAMES).items():
            if name.startswith("_"):
                continue
            if name in found:
                if not _is(found[name], kind) and not (found[name] is None and f"{place}.{name}".endswith(ABSENT)):
                    yield f"{place}.{name}: {found[name]!r:.60} is no {kind}"
                yield from _wrong(found[name], f"{place}.{name}")


def _is(value: Any, kind: Any) -> bool:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return any(_is(value, one) for one in get_args(kind))
    if kind is Any or isinstance(kind, type(Any)):
        return True
    if kind in (None, NoneType):
        return value is None
    if origin is not None and isinstance(origin, type):
        return isinstance(value, list) if issubclass(origin, list) else isinstance(value, origin)
    if kind is float:
        return isinstance(value, int | float)
    return isinstance(value, kind) if isinstance(kind, type) else True
