"""Verbs about the longer texts of this server."""

from typing import Any

from fedi import clock, texts
from fedi.errors import Invalid
from fedi.instance import Instance
from fedi.storage import terms as term_rows
from fedi.storage.db import Tx


async def set_text(instance: Instance, args: dict[str, Any]) -> None:
    """page (about, privacy or terms), text, effective (the day from which terms hold, or '')."""
    await instance.db.write(texts.put, str(args["page"]), str(args["text"]), str(args.get("effective") or ""))


async def show(instance: Instance, args: dict[str, Any]) -> dict[str, str]:
    """page."""
    return instance.db.read(_show, str(args["page"]))


def _show(tx: Tx, name: str) -> dict[str, str]:
    if name == texts.TERMS:
        found = texts.terms(tx)
        return {"page": name, "text": found.text_source, "effective": found.effective_on}
    if name not in texts.NAMES:
        raise Invalid(f"There is no text `{name[:50]}`. There are {', '.join(texts.NAMES)}.", "page")
    text = texts.get(tx, name)
    return {"page": name, "text": text.source, "updated_at": clock.rfc3339(text.updated_at)}


async def list_terms(instance: Instance, args: dict[str, Any]) -> list[dict[str, str]]:
    """All versions, the newest first."""
    return [{"effective": one.effective_on, "text": one.text_source} for one in instance.db.read(term_rows.list_all)]
