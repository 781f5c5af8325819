"""Which streams there are, what they are called, and who may listen to which. Source: Mastodon documentation, streaming."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import orjson

from fedi import ids, markup
from fedi.errors import FediError, Forbidden, Invalid, Malformed, NotFound, Unauthenticated
from fedi.storage import streams as rows
from fedi.storage.db import Tx
from fedi.web import auth

_STATUSES: Final = ("read:statuses",)
# Any of these opens it. Without `read:notifications` there are no notifications in `user`.
SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    "user": ("read:statuses", "read:notifications"),
    "user:notification": ("read:notifications",),
    **dict.fromkeys(("public", "public:local", "public:remote", "public:media", "public:local:media", "public:remote:media"), _STATUSES),
    **dict.fromkeys(("hashtag", "hashtag:local", "list", "direct"), _STATUSES),
}
PERSONAL: Final = frozenset({"user", "user:notification", "direct"})

Key = tuple[str, int | str]  # the name, and whose, which list or which hashtag it is; '' for the public ones


class Channel(NamedTuple):
    """Something to listen to. `label` is the JSON by which its messages are told apart: `["hashtag","cats"]`."""

    key: Key
    label: bytes


class Listener(NamedTuple):
    """Who listens, and what the token allows."""

    account_id: int
    scopes: frozenset[str] | None


def find(tx: Tx, who: Listener, name: str, given: Mapping[str, object]) -> Channel:
    """The channel that is meant. `given` has `tag` or `list`. Raises Malformed for what is none, Unauthenticated for what is not theirs."""
    if name not in SCOPES:
        raise Malformed("Unknown stream type")
    if not auth.covers(who.scopes, *SCOPES[name]):
        raise Forbidden("Access token does not have the required scopes")
    if name in PERSONAL:
        return Channel((name, who.account_id), _label(name))
    if name == "list":
        return _list(tx, who, given.get("list"))
    if name.startswith("hashtag"):
        return _tag(name, given.get("tag"))
    return Channel((name, ""), _label(name))


@lru_cache(maxsize=1024)
def _label(*names: str) -> bytes:
    """One object for many streams, without the room that orjson leaves behind it."""
    return bytes(memoryview(orjson.dumps(names)))


def _list(tx: Tx, who: Listener, given: object) -> Channel:
    text = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    if not text:
        raise Malformed("Missing list name parameter")
    is_id = text.isascii() and text.isdecimal() and len(text) < 20
    if not is_id or not rows.owns_list(tx, who.account_id, min(int(text), ids.MAX)):
        raise Unauthenticated("Not authorized to stream this list")
    return Channel(("list", int(text)), _label("list", text))


def _tag(name: str, given: object) -> Channel:
    tag = markup.normalise_tag(given) if isinstance(given, str) and len(given) <= 300 else ""
    if not tag:
        raise Malformed("Missing tag name parameter")
    return Channel((name, tag), _label(name, str(given)))


STATUS: Final[Mapping[type[FediError], int]] = {Malformed: 400, Invalid: 400, Unauthenticated: 401, Forbidden: 401, NotFound: 404}
