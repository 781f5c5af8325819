"""Whether JSON has the shape of an entity, as the API's `entities.json` says: of every field its type, and whether it may be missing.

Nothing here knows an entity by name but what extends what.
"""

import json
import re
from functools import cache
from typing import Any, Final

from fedi.web.api import shapes

ENTITIES: Final = shapes.load()
_TEXTS: Final = (
    ("Datetime", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    ("(Date)", r"\d{4}-\d\d-\d\d"),
    ("cast from", r"\d+"),
    ("UNIX", r"\d+"),
    ("SHA256", r"[0-9a-f]{64}"),
    ("Blurhash", r"[0-9A-Za-z#$%*+,.:;=?@\[\]^_{|}~-]{6,}"),
    ("`12x34`", r"\d+x\d+"),
    ("(Email)", r"([^@\s]+@[^@\s]+)?"),
    ("ISO 639-1 two", r"[a-z]{2,3}(-[A-Za-z]+)?"),
    ("ISO 639-1 language", r"([a-z]{2,3}(-[A-Za-z]+)?)?"),
    ("(URL)", r"((https?|wss?)://\S+)?"),
)


def check(entity: str, found: Any) -> list[str]:
    """What is wrong with it, a line each: `Status.account.id: ...`. `[Status]` is a list of them."""
    if entity.startswith("["):
        if not isinstance(found, list):
            return [f"{entity}: a list was expected, not {_short(found)}"]
        return [line for index, one in enumerate(found) for line in check(entity[1:-1], one)[:5] if index < 50]
    if entity == "Hash":
        return [] if isinstance(found, dict) else [f"an object was expected, not {_short(found)}"]
    if entity == "String":
        return [] if isinstance(found, str) else [f"a text was expected, not {_short(found)}"]
    if entity == "{}":
        return [] if found == {} else [f"an empty object was expected, not {_short(found)}"]
    if entity == "Hash":
        return [] if isinstance(found, dict) else [f"an object was expected, not {_short(found)}"]
    return list(_object(entity, entity, found))


def _short(found: Any) -> str:
    return json.dumps(found)[:80]


@cache
def _fields(entity: str) -> dict[str, dict[str, Any]]:
    parent = shapes.EXTENDS.get(entity)
    return {**(_fields(parent) if parent else {}), **ENTITIES[entity]}


def _object(entity: str, place: str, found: Any, prefix: str = "") -> Any:
    """Faults of an object whose fields start with `prefix` in the entity's table."""
    if not isinstance(found, dict):
        yield f"{place}: an object was expected, not {_short(found)}"
        return
    for name, field in _fields(entity).items():
        inner = _inner(entity, name, prefix)
        if inner is None:
            continue
        holder, key = _reach(found, inner)
        if key not in holder:
            if not field.get("optional") and not field.get("deprecated"):
                yield f"{place}.{inner}: missing"
            continue
        yield from _value(entity, f"{place}.{inner}", field, holder[key], f"{prefix}{inner}")


def _reach(found: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """Where a key with dots is: some are written so (`alerts.admin.sign_up`), in others an object is not listed (`configuration.vapid`)."""
    first, dot, rest = key.partition(".")
    if dot and key not in found and isinstance(found.get(first), dict):
        return _reach(found[first], rest)
    return found, key


@cache
def _inner(entity: str, name: str, prefix: str) -> str | None:
    """The key of a field inside the object at `prefix`, or None when it is not directly there: `usage.users` is in `usage`."""
    if not name.startswith(prefix):
        return None
    key = name[len(prefix) :]
    if "[" in key:
        return None
    parents = [other for other in _fields(entity) if other != name and name.startswith(f"{other}.") and len(other) >= len(prefix)]
    return key if not parents and not (prefix and key == "") else None


def _value(entity: str, place: str, field: dict[str, Any], found: Any, path: str) -> Any:
    kind = field["type"]
    if found is None:
        if not field.get("nullable") and "null" not in kind.lower():
            yield f"{place}: null"
        return
    kind = re.sub(r",? or null.*| if `value` is.*", "", kind)
    if kind.startswith("Array of "):
        if not isinstance(found, list):
            yield f"{place}: a list was expected, not {_short(found)}"
            return
        for index, one in enumerate(found):
            yield from _one(entity, f"{place}[{index}]", (kind.removeprefix("Array of "), field.get("enum")), one, f"{path}[].")
    else:
        yield from _one(entity, place, (kind, field.get("enum")), found, f"{path}.")


def _one(entity: str, place: str, kind_enum: tuple[str, Any], found: Any, prefix: str) -> Any:
    kind, enum = kind_enum
    choices = [name for name in re.split(r",? or |, ", kind) if name in ENTITIES]
    if choices:
        faults = [list(_object(name, place, found)) for name in choices]
        yield from min(faults, key=len)
    elif kind == "Hash":
        if any(name.startswith(prefix) for name in _fields(entity)):
            yield from _object(entity, place, found, prefix)
        elif not isinstance(found, dict | list):
            yield f"{place}: an object was expected, not {_short(found)}"
    elif fault := _scalar(kind, found):
        yield f"{place}: {fault}, not {_short(found)}"
    elif enum and found not in enum:
        yield f"{place}: one of {enum} was expected, not {_short(found)}"


def _scalar(kind: str, found: Any) -> str:
    """What was expected instead, or ''."""
    if kind.startswith("Boolean"):
        return "" if isinstance(found, bool) else "true or false was expected"
    if kind.lower().startswith("integer"):
        return "" if isinstance(found, int) and not isinstance(found, bool) else "a whole number was expected"
    if kind.startswith(("Number", "Float")):
        return "" if isinstance(found, int | float) and not isinstance(found, bool) else "a number was expected"
    if kind == "Null":
        return "" if found is None else "null was expected"
    if not isinstance(found, str):
        return "a text was expected"
    for mark, pattern in _TEXTS:
        if mark in kind:
            return "" if re.fullmatch(pattern, found) else f"a text of the kind {kind[:60]!r} was expected"
    return ""
