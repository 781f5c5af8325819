"""Who may like, answer, boost and quote a post: what is stored of it, and what it means for somebody in particular.

Stored as JSON, `{"quote": [[automatic ...], [manual ...]]}`: the words below, and ids of actors. A kind that is not named is open to all
who may see the post, but for quotes, of which nothing is then known. Source: FEDERATION.md, Interaction policies; FEP-044f.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

LIKE, REPLY, ANNOUNCE, QUOTE = KINDS = ("like", "reply", "announce", "quote")
PUBLIC, FOLLOWERS, FOLLOWING, AUTHOR = "public", "followers", "following", "author"
AUTOMATIC, MANUAL, DENIED, UNKNOWN = "automatic", "manual", "denied", "unknown"


class Rule(NamedTuple):
    """Who may at once, and who has to ask; nobody else. The author always may."""

    automatic: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()


class Standing(NamedTuple):
    """What somebody is to the author of a post. `named`: the post names them, or answers them."""

    uri: str
    is_author: bool = False
    follows: bool = False
    followed: bool = False
    named: bool = False


Policy = Mapping[str, Rule]

OPEN: Final = Rule((PUBLIC,))
CLOSED: Final = Rule((AUTHOR,))
# What people here choose from, by the name it is kept under.
CHOICES: Final[dict[str, Rule]] = {
    "public": OPEN,
    "ask": Rule((AUTHOR,), (PUBLIC,)),
    "followers": Rule((FOLLOWERS,)),
    "followers_ask": Rule((FOLLOWERS,), (PUBLIC,)),
    "nobody": CLOSED,
}


def write(policy: Mapping[str, tuple[Iterable[str], Iterable[str]]]) -> str:
    """A policy as it is stored; '' for one that says nothing."""
    found = {kind: [list(policy[kind][0]), list(policy[kind][1])] for kind in KINDS if kind in policy}
    return json.dumps(found, separators=(",", ":")) if found else ""


@lru_cache(maxsize=1024)
def read(stored: str) -> Policy:
    """The other way round."""
    if not stored:
        return {}
    return {kind: Rule(tuple(automatic), tuple(manual)) for kind, (automatic, manual) in json.loads(stored).items()}


def with_words(stored: str, words: Mapping[str, str]) -> str:
    """The same with words of ours for the addresses that mean them, such as that of the author's followers."""
    if not stored or not any(uri and uri in stored for uri in words):
        return stored
    named = {
        kind: tuple(tuple(dict.fromkeys(words.get(one, one) for one in side)) for side in (rule.automatic, rule.manual))
        for kind, rule in read(stored).items()
    }
    return write(named)  # type: ignore[arg-type]


def chosen(choices: Mapping[str, str]) -> str:
    """The policy of somebody's choices, by kind; what is open to all is not said, but for quotes, which always are."""
    return write({kind: CHOICES[name] for kind, name in choices.items() if kind == QUOTE or name != "public"})


def choice(rule: Rule | None) -> str:
    """Under which name a rule is chosen; '' for one that nobody here can choose."""
    return next((name for name, one in CHOICES.items() if one == rule), "") if rule is not None else "public"


def verdict(rule: Rule | None, who: Standing) -> str:
    """AUTOMATIC, MANUAL or DENIED for somebody. The narrowest entry that fits decides; of two as narrow the kinder one."""
    if rule is None or who.is_author:
        return AUTOMATIC
    near = {word for word, fits in ((FOLLOWERS, who.follows), (FOLLOWING, who.followed)) if fits}
    for names in ({who.uri}, near, {PUBLIC}):
        if not names.isdisjoint(rule.automatic):
            return AUTOMATIC
        if not names.isdisjoint(rule.manual):
            return MANUAL
    return DENIED


def is_open(rule: Rule | None) -> bool:
    """Whether everybody may, without anybody being asked."""
    return rule is None or PUBLIC in rule.automatic


def is_evident(rule: Rule | None, uri: str) -> bool:
    """Whether everybody can see from the policy alone that somebody may: no word of the author is needed to believe it."""
    return is_open(rule) or (rule is not None and uri in rule.automatic)
