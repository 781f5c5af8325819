"""Our authors' text -> safe HTML, and what it mentions: people, hashtags, links, emoji. Pure and linear.

One reader serves both: `scan` keeps what it finds, `render` what it writes, so that nobody is notified by a mention that is not shown.
Markdown here is the part people type by hand: emphasis, code, quotes, lists, headings, links; HTML in it is text.
Source: federation.md 3.1 (handles), 10.2, 10.3; security.md DOS-12.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from fedi import limits, uris
from fedi.errors import Malformed
from fedi.html import REL, Html, escape, escape_text
from fedi.plaintext import tidy

Format = Literal["markdown", "plain"]
TAG_CHARS = 100
_SHOWN_CHARS = 30  # of an address, as other servers shorten it
_DEPTH = 6  # of quotes and lists in each other


class Scanned(NamedTuple):
    """What a text speaks of, each once, in order. Usernames in lower case, host '' for a local name; hashtags as first written."""

    mentions: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]
    links: tuple[str, ...]
    emoji: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MentionTarget:
    """Whom a mention was found to mean: the address of the profile page and the handle (`bob`, `bob@peer.test`)."""

    url: str
    acct: str


def normalise_tag(text: str) -> str:
    """A hashtag's name, with or without `#`, as it is stored and compared (NFKC, case folded); '' when it is none. Source: federation.md 10.3."""
    name = text.strip()[:1].strip("#＃") + text.strip()[1:]
    if len(name) > TAG_CHARS:
        return ""
    for _ in range(2):  # folding can make new compositions
        name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    fits = len(name) <= TAG_CHARS and all(map(_in_tag, name))
    return name if fits and any(not char.isdigit() and char.isalnum() for char in name) else ""


def _in_tag(char: str) -> bool:
    return char.isalnum() or char in "_\u200c\u200d·" or unicodedata.category(char)[0] == "M"


# -- lines: one pass over a run of text --

_URL = r"""(?<![A-Za-z0-9@])(?i:https?)://[^\s<>"`{|}\\^\[\]]+"""
_MENTION = (
    r"(?<![\w/@.])@([A-Za-z0-9_]++(?:[.-]++[A-Za-z0-9_]++)*+)(?:@(\w[\w-]*+(?:\.[\w-]++)*+(?::\d{2,5}(?!\w))?+)(?!@))?+"
)
_TAG = r"(?<![\w/&#@])[#＃]([^\s!-/:-@\[-^`{-~]++)"
_EMOJI = r"(?<![A-Za-z0-9_:]):([A-Za-z0-9_]{2,64}):(?![A-Za-z0-9_:])"
_PLAIN = re.compile(rf"(?P<url>{_URL})|(?P<mention>{_MENTION})|(?P<tag>{_TAG})|(?P<emoji>{_EMOJI})")
_MARKDOWN = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])|(?P<ticks>`+)"
    r"|\[(?P<label>[^\[\]\n]{1,500}+)\]\((?P<target>(?i:https?)://[^\s<>\"()\\\[\]]+(?:\([^\s<>\"()\\\[\]]*+\)[^\s<>\"()\\\[\]]*+)*+)\)"
    rf"|{_PLAIN.pattern}|(?P<star>\*+|~~+|(?<![^\W_])_+|_+(?![^\W_]))"
)
_STYLES = {"*": "em", "_": "em", "**": "strong", "__": "strong", "~~": "del"}


class _Writer:
    """Reads runs of text and writes HTML, keeping what it found."""

    def __init__(
        self, mentions: Mapping[tuple[str, str], MentionTarget], tag_url: Callable[[str], str], fmt: Format
    ) -> None:
        self.found: tuple[dict[tuple[str, str], None], dict[str, str], dict[str, None], dict[str, None]] = ({}, {}, {}, {})
        self._mentions = mentions
        self._names = Counter(target.acct.partition("@")[0].lower() for target in set(mentions.values()))
        self._tag_url = tag_url
        self._pattern = _MARKDOWN if fmt == "markdown" else _PLAIN

    def line(self, text: str, *, links: bool = True) -> str:
        """Inline HTML of `text`; newlines become `<br>`. Inside a link (`links` False) nothing is linked."""
        run = _Run(self, text, links)
        end = 0
        for match in iter(lambda: self._pattern.search(text, run.end), None):
            run.plain(text[end : match.start()])
            end = run.end = run.read(match)
        run.plain(text[end:])
        return "".join(run.out)

    def url(self, url: str) -> str:
        """A link to `url`, shortened for the eye; the text itself when it leads nowhere."""
        if not _leads_somewhere(url):
            return escape_text(url)
        self.found[2][url] = None
        head = re.match(r"(?i:https?)://(?:www\.)?", url)
        start = head.end() if head else 0
        shown, rest = url[start : start + _SHOWN_CHARS], url[start + _SHOWN_CHARS :]
        tail = f'<span class="ellipsis">{escape_text(shown)}</span><span class="invisible">{escape_text(rest)}</span>'
        return _outside(url, f'<span class="invisible">{escape_text(url[:start])}</span>' + (tail if rest else f"<span>{escape_text(shown)}</span>"))

    def mention(self, text: str, user: str, host: str) -> str:
        try:
            key = (user.lower(), uris.normal_host(host) if host else "")
        except Malformed:
            return escape_text(text)
        if len(user) > limits.USERNAME_CHARS or (host and not re.search(r"\.|:|^localhost$", key[1])):
            return escape_text(text)
        self.found[0][key] = None
        target = self._mentions.get(key)
        if target is None:
            return escape_text(text)
        name = target.acct.partition("@")[0]
        if self._names[name.lower()] > 1:
            name = target.acct
        link = f'<a href="{escape(target.url)}" class="u-url mention">@<span>{escape_text(name)}</span></a>'
        return f'<span class="h-card">{link}</span>'

    def tag(self, name: str) -> str:
        normal = normalise_tag(name)
        if not normal:
            return escape_text(f"#{name}")
        self.found[1].setdefault(normal, name)
        return f'<a href="{escape(self._tag_url(normal))}" class="mention hashtag" rel="tag">#<span>{escape_text(name)}</span></a>'


def _outside(url: str, words: str) -> str:
    return f'<a href="{escape(url)}" rel="{REL}" target="_blank">{words}</a>'


def _leads_somewhere(url: str) -> bool:
    try:
        host = uris.origin(url).host
    except Malformed:
        return False
    return "." in host or ":" in host or host == "localhost"


class _Run:
    """One run of inline text: the output so far, and the emphasis that may still be closed."""

    def __init__(self, writer: _Writer, text: str, links: bool) -> None:
        self.out: list[str] = []
        self.end = 0
        self._writer, self._text, self._links = writer, text, links
        self._open: list[tuple[str, int]] = []  # (mark, where in `out`)
        self._ticks: dict[int, list[int]] | None = None  # ends of the runs of backticks by length, last one first

    def plain(self, text: str) -> None:
        if text:
            self.out.append(escape_text(text).replace("\n", "<br>"))

    def read(self, match: re.Match[str]) -> int:
        """Writes what was matched; where reading goes on."""
        kind, whole = match.lastgroup or "", match[0]
        if kind == "escape":
            self.plain(whole[1])
        elif kind == "ticks":
            return self._code(match)
        elif kind == "star":
            self._emphasis(match)
        elif not self._links:
            self.plain(whole)
        elif kind == "target":
            return self._named_link(match)
        elif kind == "url":
            url = _without_trail(whole)
            self.out.append(self._writer.url(url))
            return match.start() + len(url)
        elif kind == "mention":
            self.out.append(self._writer.mention(whole, *_handle(whole)))
        elif kind == "tag":
            return self._tag(match)
        else:
            self._writer.found[3][whole.strip(":")] = None
            self.plain(whole)
        return match.end()

    def _tag(self, match: re.Match[str]) -> int:
        run = match[0][1 : TAG_CHARS + 2]
        size = next((index for index, char in enumerate(run) if not _in_tag(char)), len(run))
        name = run[:size].rstrip("·\u200c\u200d")
        if size > TAG_CHARS or not name:
            self.plain(match[0])
            return match.end()
        self.out.append(self._writer.tag(name))
        return match.start() + 1 + len(name)

    def _named_link(self, match: re.Match[str]) -> int:
        url = match["target"]
        if _leads_somewhere(url):
            self._writer.found[2][url] = None
            self.out.append(_outside(url, self._writer.line(match["label"], links=False)))
            return match.end()
        self.plain("[")
        return match.start() + 1

    def _code(self, match: re.Match[str]) -> int:
        """A code span up to the next run of as many backticks. The runs are listed once: unmatched ones must not search on and on."""
        if self._ticks is None:
            self._ticks = {}
            for run in re.finditer("`+", self._text):
                self._ticks.setdefault(len(run[0]), []).append(run.end())
            for ends in self._ticks.values():
                ends.reverse()
        size = len(match[0])
        ends = self._ticks.get(size, [])
        while ends and ends[-1] <= match.end():
            ends.pop()
        if not ends:
            self.plain(match[0])
            return match.end()
        words = self._text[match.end() : ends[-1] - size]
        words = words[1:-1] if len(words) > 2 and words[0] == words[-1] == " " else words
        self.out.append(f"<code>{escape_text(words)}</code>".replace("\n", " "))
        return ends.pop()

    def _emphasis(self, match: re.Match[str]) -> None:
        marks = match[0]
        before, after = self._text[match.start() - 1 : match.start()], self._text[match.end() : match.end() + 1]
        closes = bool(before) and not before.isspace()
        opens = bool(after) and not after.isspace()
        if len(marks) > 3 or (marks[0] == "~" and len(marks) != 2):
            self.plain(marks)
            return
        if closes and marks[0] != "~" and len(marks) == 3 and self._open and len(self._open[-1][0]) == 1:
            parts = [marks[:1], marks[1:]]
        else:
            parts = [marks] if marks in _STYLES else [marks[:2], marks[2:]]
        for part in parts:
            if not (closes and self._close(part)):
                if opens:
                    self._open.append((part, len(self.out)))
                self.plain(part)

    def _close(self, mark: str) -> bool:
        index = next((index for index in range(len(self._open) - 1, -1, -1) if self._open[index][0] == mark), -1)
        if index < 0 or self._open[index][1] == len(self.out) - 1:
            return False
        self.out[self._open[index][1]] = f"<{_STYLES[mark]}>"
        self.out.append(f"</{_STYLES[mark]}>")
        del self._open[index:]
        return True


def _handle(text: str) -> tuple[str, str]:
    user, _, host = text[1:].partition("@")
    return user, host


def _without_trail(url: str) -> str:
    """The address without the punctuation of the sentence around it; a bracket stays when its partner is inside."""
    spare = url.count(")") - url.count("(")
    end = len(url)
    while end and (url[end - 1] in ".,;:!?'*_~…" or (url[end - 1] == ")" and spare > 0)):
        spare -= url[end - 1] == ")"
        end -= 1
    return url[:end]
