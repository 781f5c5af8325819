"""`python -m tests.wire.golden [software ...]`: writes the facts anew, and prints each beside its document for somebody to judge."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time

from fedi.activitypub import keys
from tests import cast
from tests.wire import facts, fixtures
from tests.wire.test_documents import START, Document, recorded

_HIDDEN = frozenset(
    "@context signature publicKey proof endpoints replies likes shares dislikes comments interactionPolicy atomUri inReplyToAtomUri"
    " conversation context inbox outbox followers following featured featuredTags devices uuid diaspora:guid diaspora:comment streams"
    " sharedInbox published blurhash contentMap source subtitleLanguage support capabilities assertionMethod generator".split()
)


def brief(value: Any, chars: int = 130) -> Any:
    """A document with its long texts and lists cut: what one needs to judge it."""
    if isinstance(value, str):
        return value if len(value) <= chars else f"{value[:chars]}… ({len(value)})"
    if isinstance(value, list):
        return [brief(one, chars) for one in value[:6]] + ([f"and {len(value) - 6} more"] if len(value) > 6 else [])
    if isinstance(value, dict):
        languages = {"contentMap": list(value["contentMap"])} if isinstance(value.get("contentMap"), dict) else {}
        return {name: brief(one, chars) for name, one in value.items() if name not in _HIDDEN and one not in (None, "", [])} | languages
    return value


def show(document: Document, found: facts.Json, words: str) -> None:
    print(f"\n== {document.name}")  # noqa: T201 (what is printed is for reading)
    print(json.dumps(brief(document.body), ensure_ascii=False))  # noqa: T201
    print("  ->", json.dumps(found, ensure_ascii=False))  # noqa: T201
    if words:
        print("  ->", repr(words[:200]))  # noqa: T201


async def write(wanted: list[str]) -> None:
    patch = pytest.MonkeyPatch()
    patch.setattr(keys, "generate_rsa", lambda: cast.rsa_pem("extra"))
    with freeze_time(START, real_asyncio=True) as time, tempfile.TemporaryDirectory() as folder:
        for software, documents in sorted(recorded().items()):
            if wanted and software not in wanted:
                continue
            seen = await facts.of_software(software, documents, Path(folder), time, patch)
            known = {document.name: document for document in documents}
            for name in seen:
                show(known.get(name) or Document(name, 0, fixtures.load(name)), *seen[name])
            if seen:
                text = json.dumps({name: found for name, (found, _) in seen.items()}, ensure_ascii=False, indent=1, sort_keys=True)
                facts.file_of(software).write_text(text + "\n", "utf-8")
    patch.undo()


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1:]))
