"""Verbs about the rules of this server."""

from typing import Any

from fedi import rules
from fedi.errors import Invalid
from fedi.instance import Instance
from fedi.storage import rules as rows
from fedi.storage.rules import Rule


def _shown(rule: Rule) -> dict[str, Any]:
    return {"id": str(rule.id), "text": rule.text, "hint": rule.hint, "translations": rule.translated()}


async def add(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """text, hint."""
    return _shown(await instance.db.write(rules.add, str(args["text"]), str(args.get("hint", ""))))


async def translate(instance: Instance, args: dict[str, Any]) -> None:
    """id, language, text, hint."""
    await instance.db.write(rules.translate, _id(args), str(args["language"]), str(args["text"]), str(args.get("hint", "")))


async def remove(instance: Instance, args: dict[str, Any]) -> None:
    """id."""
    await instance.db.write(rules.remove, _id(args))


async def list_all(instance: Instance, args: dict[str, Any]) -> list[dict[str, Any]]:
    return [_shown(rule) for rule in instance.db.read(rows.list_all)]


def _id(args: dict[str, Any]) -> int:
    try:
        return int(args["id"])
    except ValueError:
        raise Invalid("The id of a rule is a number.", "id") from None
