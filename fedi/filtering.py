"""Which filters of a reader a post meets. What is read and compiled is kept until it changes; readers without filters cost one look-up."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from fedi import filters, limits, plaintext
from fedi.filters import Whole
from fedi.storage import filter_texts as rows
from fedi.storage.db import Tx
from fedi.storage.filter_texts import Shown, Stamp, Words
from fedi.storage.filters import Filter
from fedi.streaming import Event, Hub

_READERS: Final = 10_000
_TRIES: Final = 500  # places in one text where words are looked at, all of them together; then each gets as many as _LEAST
_LEAST: Final = 2
_TEXTS_CHARS: Final = 4 * 1024 * 1024
# Scripts that put no spaces between words, and Hangul, whose words carry their particles: there a word ends where one likes.
_UNSPACED: Final = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x2E80, 0x30FF), (0x3130, 0x318F),
    (0x31F0, 0x31FF), (0x3400, 0x9FFF), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0xFF66, 0xFFDC), (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFF))  # fmt: skip


class Met(NamedTuple):
    """A filter, and what of it a post has: keywords as they were written, and ids of posts."""

    filter: Filter
    keywords: tuple[str, ...]
    post_ids: tuple[int, ...]


class _Word(NamedTuple):
    """`before` and `after` say that no letter may stand there."""

    keyword: str
    folded: str
    before: bool
    after: bool


class _Rule(NamedTuple):
    filter: Filter
    words: tuple[_Word, ...]
    post_ids: frozenset[int]


def folded(text: str) -> str:
    """Text as it is compared: composed, without case, spaces folded."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    else:
        text = text.lower()
    return " ".join(text.split())


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_edge(character: str) -> bool:
    """Whether a whole word that ends with it must end there. Nothing is asked of `#`, nor of scripts without spaces."""
    number = ord(character)
    return _is_letter(character) and not any(first <= number <= last for first, last in _UNSPACED)


def _word(keyword: str, whole_word: bool) -> _Word:
    text = folded(keyword)
    return _Word(keyword, text, whole_word and _is_edge(text[:1] or " "), whole_word and _is_edge(text[-1:] or " "))


class _Text:
    """A folded text, in which only so many places are looked at: there are words that nearly stand everywhere. Source: DOS."""

    __slots__ = ("_left", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._left = _TRIES

    def has(self, word: _Word) -> bool:
        text, tries = self._text, max(self._left, _LEAST)
        at = text.find(word.folded)
        while at >= 0 and tries:
            end = at + len(word.folded)
            if not (word.before and at and _is_letter(text[at - 1])) and not (word.after and end < len(text) and _is_letter(text[end])):
                return True
            at = text.find(word.folded, at + 1)
            tries -= 1
            self._left -= 1
        return False


class Matcher:
    """The filters of one reader, compiled."""

    def __init__(self, found: Iterable[Whole]) -> None:
        self._rules = tuple(
            _Rule(
                one.filter,
                tuple(_word(keyword.keyword, bool(keyword.whole_word)) for keyword in one.keywords),
                frozenset(post.post_id for post in one.posts),
            )
            for one in found
        )

    def meets(self, text: str, now: int, *post_ids: int) -> list[Met]:
        """The filters that hold at `now` (ms) and that a post meets, by its folded text or its ids (its own, and what it boosts)."""
        found, looked_at = [], _Text(text)
        for rule in self._rules:
            if rule.filter.is_over(now):
                continue
            words = tuple(word.keyword for word in rule.words if looked_at.has(word))
            named = tuple(post_id for post_id in post_ids if post_id in rule.post_ids)
            if words or named:
                found.append(Met(rule.filter, words, named))
        return found


class Filtering:
    """One per instance: the matchers of readers, and the texts of posts."""

    def __init__(self, hub: Hub) -> None:
        self._matchers: dict[int, Matcher | None] = {}
        self._texts: dict[int, tuple[Stamp, str]] = {}
        self._chars = 0
        hub.subscribe(filters.EVENT, self._changed)
        hub.subscribe("storage.reopened", self._forget)

    def _changed(self, event: Event) -> None:
        self._matchers.pop(event.id, None)

    def _forget(self, _: Event) -> None:
        self._matchers.clear()
        self._texts.clear()
        self._chars = 0

    def matcher(self, tx: Tx, reader_id: int) -> Matcher | None:
        """None for who has no filters."""
        try:
            return self._matchers[reader_id]
        except KeyError:
            found = [one for one in filters.list_of(tx, reader_id) if one.keywords or one.posts]
            if len(self._matchers) >= _READERS:
                self._matchers.clear()
            made = self._matchers[reader_id] = Matcher(found) if found else None
            return made

    def met(self, tx: Tx, reader_id: int, post_ids: Iterable[int]) -> Mapping[int, list[Met]]:
        """The filters of a reader that each of these posts and boosts meets, by its id; those that meet none are left out.

        One statement, and one more where there are posts whose words are not kept; none for who has no filters.
        """
        matcher = self.matcher(tx, reader_id) if reader_id else None
        if matcher is None:
            return {}
        shown = rows.list_shown(tx, post_ids)
        texts = self._read(tx, shown)
        found = {one.id: matcher.meets(texts[one.shown_id], tx.now, *dict.fromkeys((one.id, one.shown_id))) for one in shown}
        return {post_id: met for post_id, met in found.items() if met}

    def _read(self, tx: Tx, shown: Iterable[Shown]) -> dict[int, str]:
        """The folded text of each shown post."""
        found: dict[int, str] = {}
        missing: dict[int, Stamp] = {}
        for one in shown:
            known = self._texts.get(one.shown_id)
            if known is not None and known[0] == one.stamp:
                found[one.shown_id] = known[1]
            else:
                missing[one.shown_id] = one.stamp
        for words in rows.list_words(tx, missing) if missing else ():
            found[words.id] = self._keep(words.id, missing[words.id], _text(words))
        return found

    def _keep(self, post_id: int, stamp: Stamp, text: str) -> str:
        if self._chars + len(text) > _TEXTS_CHARS:
            self._texts.clear()
            self._chars = 0
        self._chars += len(text) + 200
        self._texts[post_id] = stamp, text
        return text


def _text(words: Words) -> str:
    said = plaintext.text(words.html, limits.FILTERED_CHARS)
    parts = (words.warning, words.title, said, words.options, words.files, words.card)
    return folded("\n".join(part for part in parts if part)[: 2 * limits.FILTERED_CHARS])
