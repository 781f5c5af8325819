"""The entities of the client API as Mastodon documents them, and as JSON schemas. Source: Mastodon documentation, entities."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from fedi.web.api.entities import notification

# What has all fields of another entity besides its own.
EXTENDS: Final = {
    "CredentialAccount": "Account",
    "MutedAccount": "Account",
    "Trends::Link": "PreviewCard",
    "CredentialApplication": "Application",
}
PLAIN: Final = {"{}": "object", "Hash": "object", "String": "string"}  # what a route gives that is no entity
NULLS: Final = {"Reaction": ("url", "static_url")}  # of emojis that are text: with reactions under posts there is null, as Pleroma has it
TYPED: Final = ("Notification", "NotificationGroup")  # whose `type` may also be one of our own
_FORMATS: Final = (("Datetime", {"format": "date-time"}), ("(Date)", {"format": "date"}), ("cast from", {"pattern": "^[0-9]+$"}))

Table = dict[str, dict[str, dict[str, Any]]]
Schema = dict[str, Any]


def load() -> Table:
    """By entity and field: `type` in words, `nullable`, `optional`, `deprecated`, `enum`."""
    found: Table = json.loads((Path(__file__).parent / "entities.json").read_text("utf-8"))
    return found


def schemas(table: Table) -> dict[str, Schema]:
    """A JSON schema for each entity, by the name `reference` gives it."""
    return {name(entity): _entity(table, entity) for entity in table}


def name(entity: str) -> str:
    """The name of an entity where colons cannot stand."""
    return entity.replace("::", ".")


def reference(entity: str) -> Schema:
    """What a route gives, `[Status]` for a list, `[String]` for a list of texts, `Hash` for an object whose keys are data."""
    if entity.startswith("["):
        return {"type": "array", "items": reference(entity[1:-1])}
    if entity in PLAIN:
        return {"type": PLAIN[entity]}
    return {"$ref": f"#/components/schemas/{name(entity)}"}


def _entity(table: Table, entity: str) -> Schema:
    made: Schema = {"type": "object", "properties": {}}
    for field, said in table[entity].items():
        holder, key = _holder(made, re.sub(r"\[(\w+)\[\]\]", r".\1[]", field))  # `poll[options[]]` is `poll.options[]` elsewhere
        holder["properties"][key] = _field(table, _ours(entity, field, said))
        if not said.get("optional") and not said.get("deprecated"):
            holder.setdefault("required", []).append(key)
    parent = EXTENDS.get(entity)
    return {"allOf": [reference(parent), made]} if parent else made


def _ours(entity: str, field: str, said: dict[str, Any]) -> dict[str, Any]:
    """What is said of a field, and what this server does besides."""
    if field in NULLS.get(entity, ()):
        return said | {"nullable": True}
    if entity in TYPED and field == "type":
        return said | {"enum": [*said["enum"], *notification.OURS.values(), *notification.ASKED]}
    return said


def _holder(made: Schema, field: str) -> tuple[Schema, str]:
    """The schema that a field stands in: `usage.users` in that of `usage`, `history[].day` in that of its items."""
    first, dot, rest = field.partition(".")
    if not dot or first == "admin":  # `admin.sign_up` is one name
        return made, field.removesuffix("[]")
    place = first.removesuffix("[]")
    if place not in made["properties"]:  # nothing is said of `configuration.vapid` but what is in it
        made["properties"][place] = {"type": "object"}
        made.setdefault("required", []).append(place)
    inner = made["properties"][place]
    inner = inner["items"] if first.endswith("[]") else inner
    inner.setdefault("properties", {})
    return _holder(inner, rest)


def _field(table: Table, said: dict[str, Any]) -> Schema:
    kind = re.sub(r",? or null.*| if `value` is.*", "", said["type"])
    listed = kind.startswith("Array of ")
    one = _kind(table, kind.removeprefix("Array of "), said.get("enum"))
    made = {"type": "array", "items": one} if listed else one
    if said.get("nullable") or "null" in said["type"].lower():
        if made.get("type") == "null":
            return made
        return {**made, "type": [made["type"], "null"]} if isinstance(made.get("type"), str) else {"anyOf": [made, {"type": "null"}]}
    return made


def _kind(table: Table, kind: str, enum: list[str] | None) -> Schema:
    entities = list(_named(table, kind))
    if entities:
        return reference(entities[0]) if len(entities) == 1 else {"anyOf": [reference(entity) for entity in entities]}
    plain = {"boolean": "boolean", "integer": "integer", "number": "number", "float": "number", "hash": "object", "null": "null"}
    made: Schema = {"type": plain.get(kind.partition(" ")[0].lower(), "string")}
    if made["type"] == "string":
        made |= next((dict(more) for mark, more in _FORMATS if mark in kind), {})
    return made | ({"enum": enum} if enum else {})


def _named(table: Table, kind: str) -> Iterator[str]:
    return (part for part in re.split(r",? or |, ", kind) if part in table)
