"""What programs may be allowed to do, by name: the names there are, which covers which, and what they mean in words.

Source: Mastodon documentation, OAuth scopes.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from fedi import limits
from fedi.errors import Invalid

READ: Final = "accounts blocks bookmarks collections favourites filters follows lists mutes notifications search statuses".split()
WRITE: Final = (
    "accounts blocks bookmarks collections conversations favourites filters follows lists media mutes notifications reports statuses"
).split()
ADMIN: Final = "accounts canonical_email_blocks domain_allows domain_blocks email_domain_blocks ip_blocks reports".split()
ALL: Final = (
    "profile",
    "read",
    *(f"read:{part}" for part in READ),
    "write",
    *(f"write:{part}" for part in WRITE),
    "follow",
    "push",
    "admin:read",
    *(f"admin:read:{part}" for part in ADMIN),
    "admin:write",
    *(f"admin:write:{part}" for part in ADMIN),
)
DEFAULT: Final = "read"  # of who asks for nothing
_KNOWN: Final = frozenset(ALL)
_FOLLOW: Final = frozenset({"follows", "blocks", "mutes"})  # what the old `follow` was split into

_THINGS: Final = {
    "accounts": "accounts", "blocks": "whom you block", "bookmarks": "your bookmarks", "collections": "your collections",
    "conversations": "your conversations", "favourites": "your likes", "filters": "your filters", "follows": "whom you follow",
    "lists": "your lists", "media": "your pictures and films", "mutes": "whom you mute", "notifications": "your notifications",
    "search": "what is found by searching, as you", "statuses": "posts", "reports": "reports",
}  # fmt: skip
_WRITES: Final = {
    "accounts": "Change your profile", "conversations": "Mute and delete conversations", "statuses": "Write, change and delete posts",
    "media": "Upload pictures and films", "reports": "Report accounts and posts", "favourites": "Like posts",
    "follows": "Follow and unfollow people", "blocks": "Block and unblock people", "mutes": "Mute and unmute people",
    "notifications": "Clear your notifications",
}  # fmt: skip
_WHOLE: Final = {
    "profile": "See who you are",
    "read": "Read everything you can read here, your private posts too",
    "write": "Do everything you can do here: post, delete, change your profile",
    "follow": "Follow, block and mute people for you",
    "push": "Get your notifications pushed to a device",
    "admin:read": "Read everything that those who look after this server can read",
    "admin:write": "Do everything that those who look after this server can do",
}


def parse(text: str) -> tuple[str, ...]:
    """Scopes as somebody asks for them, separated by spaces, each once; `read` when there are none. Raises Invalid for unknown ones.

    Source: AUT-07.
    """
    if len(text) > limits.SCOPES_CHARS:
        raise Invalid("These are more scopes than there are.", "scopes")
    wanted = tuple(dict.fromkeys(text.split())) or (DEFAULT,)
    for scope in wanted:
        if scope not in _KNOWN:
            raise Invalid(f"`{scope[:60]}` is not a scope. There are read, write, follow, push, and parts like `read:statuses`.", "scopes")
    return wanted


@lru_cache(maxsize=2048)
def covers(held: frozenset[str], wanted: str) -> bool:
    """`write` covers `write:statuses`; the old `follow` covers what it was split into."""
    parts = wanted.split(":")
    if any(":".join(parts[: length + 1]) in held for length in range(len(parts))):
        return True
    return "follow" in held and len(parts) == 2 and parts[0] in ("read", "write") and parts[1] in _FOLLOW


def within(most: str, wanted: Iterable[str]) -> bool:
    """Whether all that is wanted is part of what a program said it would ever want."""
    held = frozenset(most.split())
    return all(covers(held, scope) for scope in wanted)


def in_words(text: str) -> list[str]:
    """What a program may do with these scopes, a line each; parts of what is there as a whole are left out."""
    held = text.split()
    whole = frozenset(held)
    return [_words(scope) for scope in ALL if scope in whole and not covers(whole - {scope}, scope)]


def _words(scope: str) -> str:
    if scope in _WHOLE:
        return _WHOLE[scope]
    verb, _, part = scope.rpartition(":")
    if verb.startswith("admin"):
        what = part.replace("_", " ").replace("ip", "IP").replace("email", "e-mail")
        return f"{'Read' if verb == 'admin:read' else 'Change'} {what}, as those who look after this server can"
    if verb == "write":
        return _WRITES.get(part, f"Change {_THINGS[part]}")
    return f"See {_THINGS[part]}"
