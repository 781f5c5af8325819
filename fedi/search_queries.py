"""What somebody types to find posts: words, "phrases", -exclusions and operators. Whatever it is, it can be read.

Source: Mastodon documentation, search operators.
"""

import re
from datetime import date, timedelta
from typing import Final, NamedTuple

from fedi import clock, limits, search_words

_TERM = re.compile(r'([-+]?)(?:([a-z]{2,10}):)?(?:"([^"]*)"?|(\S+))', re.IGNORECASE)
_HAS: Final = {
    "media": "media", "image": "image", "images": "image", "video": "video", "videos": "video", "audio": "audio", "poll": "poll",
    "polls": "poll", "link": "link", "links": "link", "embed": "embed", "quote": "quote",
}  # fmt: skip
_IS: Final = {"reply": "reply", "sensitive": "sensitive", "quote": "quote"}
_IN: Final = frozenset({"library", "public", "all"})
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Query(NamedTuple):
    """A text, read. `words` and `excluded` are FTS5 expressions. `has` says of traits (media, poll, reply ...) whether they must be there.

    `authors` are handles (`me`, `bob`, `bob@peer.test`), with those left out in `others`; `since` <= time < `until` in ms, 0 for none.
    """

    words: str = ""
    excluded: str = ""
    authors: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    has: tuple[tuple[str, bool], ...] = ()
    languages: tuple[str, ...] = ()
    other_languages: tuple[str, ...] = ()
    since: int = 0
    until: int = 0
    place: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing: nothing in it was a word or an operator."""
        return self == Query()


def parse(text: str) -> Query:
    """Read a text of any kind. What is no operator is looked for as words."""
    found = _Reader()
    for match in list(_TERM.finditer(text[: limits.QUERY_CHARS]))[: limits.QUERY_TERMS]:
        sign, name, quoted, plain = match.groups()
        value = quoted if quoted is not None else plain
        if not (name and found.operator(name.lower(), value, sign == "-")):
            found.term(f"{name}:{value}" if name else value, sign == "-", quoted is None)
    return found.query()


class _Reader:
    """Collects the parts of a query."""

    def __init__(self) -> None:
        self._words: dict[bool, list[str]] = {False: [], True: []}
        self._lists: dict[str, dict[str, None]] = {"authors": {}, "others": {}, "languages": {}, "other_languages": {}}
        self._has: dict[str, bool] = {}
        self._since, self._until, self._place = 0, 0, ""

    def query(self) -> Query:
        return Query(
            " AND ".join(self._words[False]),
            " OR ".join(f"({one})" for one in self._words[True]),
            has=tuple(self._has.items()),
            since=self._since,
            until=self._until,
            place=self._place,
            **{name: tuple(values) for name, values in self._lists.items()},
        )

    def term(self, text: str, excluded: bool, may_be_prefix: bool) -> None:
        made = search_words.phrase(text.rstrip("*"), prefix=may_be_prefix and text.endswith("*"))
        if made:
            self._words[excluded].append(made)

    def operator(self, name: str, value: str, negated: bool) -> bool:
        """Whether it was one."""
        read = {"from": self._from, "language": self._language, "has": self._trait, "is": self._trait, "in": self._in}.get(name)
        if read is not None:
            return read(name, value.lower(), negated)
        return name in ("before", "after", "during") and self._when(name, value)

    def _from(self, _: str, value: str, negated: bool) -> bool:
        self._lists["others" if negated else "authors"][value.removeprefix("@")] = None
        return True

    def _language(self, _: str, value: str, negated: bool) -> bool:
        self._lists["other_languages" if negated else "languages"][value] = None
        return True

    def _trait(self, name: str, value: str, negated: bool) -> bool:
        trait = (_HAS if name == "has" else _IS).get(value)
        if trait is not None:
            self._has[trait] = not negated
        return trait is not None

    def _in(self, _: str, value: str, negated: bool) -> bool:
        if value not in _IN or negated:
            return False
        self._place = "" if value == "all" else value
        return True

    def _when(self, name: str, value: str) -> bool:
        start, end = _day(value)
        if start is None or end is None:
            return False
        if name in ("before", "during"):
            self._until = min(self._until or clock.LATEST, start if name == "before" else end)
        if name in ("after", "during"):
            self._since = max(self._since, end if name == "after" else start)
        return True


def _day(text: str) -> tuple[int | None, int | None]:
    """When a day begins and ends, UTC."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not date(1970, 1, 1) < day < date(9000, 1, 1):
        return None, None
    start = clock.parse_rfc3339(f"{day.isoformat()}T00:00:00Z")
    return start, (start or 0) + int(timedelta(days=1).total_seconds()) * clock.SECOND
