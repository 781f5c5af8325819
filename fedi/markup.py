"""Our authors' text -> safe HTML, and what it mentions: people, hashtags, links, emoji. Pure and linear.

One reader serves both: `scan` keeps what it finds, `render` what it writes, so that nobody is notified by a mention that is not shown.
Markdown here is the part people type by hand: emphasis, code, quotes, lists, headings, links; HTML in it is text.
Source: FEDERATION.md, Discovery (handles), 10.2, 10.3; DOS-12.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from fedi import limits, plaintext, uris
from fedi.errors import Malformed
from fedi.html import REL, Html, LinkText, escape, escape_text

Format = Literal["markdown", "plain"]
TAG_CHARS = 100
_ASCII_TAG = re.compile(r"[0-9_]*+[A-Za-z][A-Za-z0-9_]*")
_JOINERS = "·\u200c\u200d"  # inside a hashtag only
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
    """A hashtag's name, with or without `#`, as stored: NFKC, case folded; '' when it is none. Source: FEDERATION.md, Objects."""
    text = text.strip()
    name = text[1:] if text[:1] in ("#", "＃") else text
    if len(name) > TAG_CHARS:
        return ""
    if _ASCII_TAG.fullmatch(name):
        return name.lower()
    for _ in range(2):  # folding can make new compositions
        name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    name = name.strip(_JOINERS)
    fits = len(name) <= TAG_CHARS and all(map(_in_tag, name))
    return name if fits and any(char.isalnum() and not char.isdigit() for char in name) else ""


def _in_tag(char: str) -> bool:
    return char.isalnum() or char == "_" or char in _JOINERS or unicodedata.category(char)[0] == "M"


# -- lines: one pass over a run of text --

_URL = r"""(?<![A-Za-z0-9@])(?i:https?)://[^\s<>"`{|}\\^\[\]]+"""
_MENTION = r"(?<![\w/@.])@([A-Za-z0-9_]++(?:[.-]++[A-Za-z0-9_]++)*+)(?:@(\w[\w-]*+(?:\.[\w-]++)*+(?::\d{2,5}(?!\w))?+))?+(?!@)"
_GROUP = r"(?<![\w/@.!])!([A-Za-z0-9_]++(?:[.-]++[A-Za-z0-9_]++)*+)@(\w[\w-]*+(?:\.[\w-]++)*+(?::\d{2,5}(?!\w))?+)(?!@)"
_TAG = r"(?<![\w/&#@])[#＃]([^\s!-/:-@\[-^`{-~]++)"
_EMOJI = r"(?<![A-Za-z0-9_:]):([A-Za-z0-9_]{2,64}):(?![A-Za-z0-9_:])"
_PLAIN = re.compile(rf"(?P<url>{_URL})|(?P<mention>{_MENTION}|{_GROUP})|(?P<tag>{_TAG})|(?P<emoji>{_EMOJI})")
_MARKDOWN = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])|(?P<ticks>`+)"
    r"|\[(?P<label>[^\[\]\n]{1,500}+)\]\((?P<target>(?i:https?)://[^\s<>\"()\\\[\]]++(?:\([^\s<>\"()\\\[\]]*+\)[^\s<>\"()\\\[\]]*+)*+)\)"
    rf"|{_PLAIN.pattern}|(?P<star>\*+|~~+|_+)"
)
_STYLES = {"*": "em", "_": "em", "**": "strong", "__": "strong", "~~": "del"}


class _Writer:
    """Reads runs of text and writes HTML, keeping what it found."""

    def __init__(self, mentions: Mapping[tuple[str, str], MentionTarget], tag_url: Callable[[str], str], fmt: Format) -> None:
        self.found: tuple[dict[tuple[str, str], None], dict[str, str], dict[str, None], dict[str, None]] = ({}, {}, {}, {})
        self._mentions = mentions
        self._names = Counter(target.acct.partition("@")[0].lower() for target in set(mentions.values()))
        self._tag_url = tag_url
        self._pattern = _MARKDOWN if fmt == "markdown" else _PLAIN

    def line(self, text: str, *, links: bool = True) -> str:
        """Inline HTML of `text`; newlines become `<br>`. Inside a link (`links` False) nothing is linked."""
        run = _Run(self, text, links)
        end = 0
        while (match := self._pattern.search(text, end)) is not None:
            run.plain(text[end : match.start()])
            end = run.read(match)
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
        return _outside(
            url, f'<span class="invisible">{escape_text(url[:start])}</span>' + (tail if rest else f"<span>{escape_text(shown)}</span>")
        )

    def mention(self, text: str) -> str:
        user, _, host = text[1:].partition("@")
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
        self._writer, self._text, self._links = writer, text, links
        self._open: dict[str, list[int]] = {mark: [] for mark in _STYLES}  # where in `out`
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
            self.out.append(self._writer.mention(whole))
        elif kind == "tag":
            return self._tag(match)
        else:
            self._writer.found[3][whole.strip(":")] = None
            self.plain(whole)
        return match.end()

    def _tag(self, match: re.Match[str]) -> int:
        run = match[0][1 : TAG_CHARS + 2]
        size = next((index for index, char in enumerate(run) if not _in_tag(char)), len(run))
        name = run[:size].rstrip(_JOINERS)
        if size > TAG_CHARS or not name:
            self.plain(match[0])
            return match.end()
        self.out.append(self._writer.tag(name))
        return match.start() + 1 + len(name)

    def _named_link(self, match: re.Match[str]) -> int:
        url = match["target"]
        if _leads_somewhere(url):
            self._writer.found[2][url] = None
            words = self._writer.line(match["label"], links=False)
            label = LinkText(url)
            label.add(plaintext.text(words, len(words)), displayed=True)
            self.out.append(_outside(url, words + label.warning()))
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
        inside = marks[0] == "_" and before.isalnum() and after.isalnum()  # snake_case
        if len(marks) > 3 or marks == "~~~" or inside:
            self.plain(marks)
            return
        closes, opens = bool(before.strip()), bool(after.strip())
        parts = [marks] if marks in _STYLES else [marks[:2], marks[2:]]
        if closes and len(parts) == 2 and self._last(parts[1]) > self._last(parts[0]):
            parts.reverse()
        for part in parts:
            if not (closes and self._close(part)):
                if opens:
                    self._open[part].append(len(self.out))
                self.plain(part)

    def _last(self, mark: str) -> int:
        return self._open[mark][-1] if self._open[mark] else -1

    def _close(self, mark: str) -> bool:
        start = self._last(mark)
        if start in (-1, len(self.out) - 1):
            return False
        self.out[start] = f"<{_STYLES[mark]}>"
        self.out.append(f"</{_STYLES[mark]}>")
        for starts in self._open.values():  # what was opened in between stays as it was typed
            while starts and starts[-1] >= start:
                starts.pop()
        return True


def _without_trail(url: str) -> str:
    """The address without the punctuation of the sentence around it; a bracket stays when its partner is inside."""
    spare = url.count(")") - url.count("(")
    end = len(url)
    while end and (url[end - 1] in ".,;:!?'*_~…" or (url[end - 1] == ")" and spare > 0)):
        spare -= url[end - 1] == ")"
        end -= 1
    return url[:end]


# -- blocks --

_FENCE = re.compile(r" {0,3}(```+|~~~+)[^`]*$")
_HEADING = re.compile(r" {0,3}(#{1,5})[ \t]+(\S.*)")
_QUOTE = re.compile(r" {0,3}> ?")
_ITEM = re.compile(r" {0,3}([-*+]|(\d{1,9})[.)])[ \t]+(?=\S)")


class _Blocks:
    """Reads the lines of a text in Markdown, each of them once per depth."""

    def __init__(self, writer: _Writer, lines: list[str], depth: int, tight: bool) -> None:
        self._writer, self._lines, self._depth, self._tight = writer, lines, depth, tight
        self._at = 0
        self._paragraph: list[str] = []
        self.out: list[str] = []

    def html(self) -> str:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            block = self._block(line)
            if block is not None:
                self._flush()
                block()
                continue
            if line.strip():
                self._paragraph.append(line.strip())
            else:
                self._flush()
            self._at += 1
        self._flush()
        return "".join(self.out)

    def _block(self, line: str) -> Callable[[], None] | None:
        if _FENCE.match(line):
            return self._fenced
        if _HEADING.match(line):
            return self._heading
        if self._depth < _DEPTH and _QUOTE.match(line):
            return self._quote
        return self._list if self._depth < _DEPTH and _ITEM.match(line) else None

    def _flush(self) -> None:
        if self._paragraph:
            html = self._writer.line("\n".join(self._paragraph))
            self.out.append(html if self._tight else f"<p>{html}</p>")
            self._paragraph = []

    def _take(self, fits: Callable[[str], bool]) -> list[str]:
        start = self._at
        while self._at < len(self._lines) and fits(self._lines[self._at]):
            self._at += 1
        return self._lines[start : self._at]

    def _fenced(self) -> None:
        fence = self._lines[self._at].strip()
        mark = fence[: len(fence) - len(fence.lstrip(fence[0]))]
        self._at += 1
        code = self._take(lambda line: not (line.strip().startswith(mark) and not line.strip().strip(mark[0])))
        self._at += 1
        self.out.append(f"<pre><code>{escape_text(chr(10).join(code))}</code></pre>")

    def _heading(self) -> None:
        match = _HEADING.match(self._lines[self._at])
        assert match is not None
        level = len(match[1])
        self.out.append(f"<h{level}>{self._writer.line(match[2].strip())}</h{level}>")
        self._at += 1

    def _quote(self) -> None:
        lines = [_QUOTE.sub("", line, count=1) for line in self._take(lambda line: _QUOTE.match(line) is not None)]
        self.out.append(f"<blockquote>{_Blocks(self._writer, lines, self._depth + 1, False).html()}</blockquote>")

    def _list(self) -> None:
        first = _ITEM.match(self._lines[self._at])
        assert first is not None
        ordered = first[2] is not None
        items = []
        while self._at < len(self._lines):
            match = _ITEM.match(self._lines[self._at])
            if match is None or (match[2] is not None) != ordered:
                break
            items.append(self._item(match))
        start = f' start="{int(first[2])}"' if ordered and int(first[2]) != 1 else ""
        self.out.append(f"<ol{start}>{''.join(items)}</ol>" if ordered else f"<ul>{''.join(items)}</ul>")

    def _item(self, match: re.Match[str]) -> str:
        """One item with the indented lines below it. A blank line inside makes its paragraphs `<p>`; one behind it ends the item."""
        lines = [match.string[match.end() :]]
        self._at += 1
        while self._at < len(self._lines):
            line = self._lines[self._at]
            following = self._lines[self._at + 1] if self._at + 1 < len(self._lines) else ""
            if not line.startswith(("  ", "\t")) and (line.strip() or not following.startswith(("  ", "\t"))):
                break
            lines.append(line.removeprefix("\t") if line[:1] == "\t" else line[min(match.end(), len(line) - len(line.lstrip(" "))) :])
            self._at += 1
        tight = all(line.strip() for line in lines)
        if not lines[-1].strip():
            tight = all(line.strip() for line in lines[:-1])
        if self._at < len(self._lines) and not self._lines[self._at].strip() and self._at + 1 < len(self._lines):
            self._at += _ITEM.match(self._lines[self._at + 1]) is not None
        return f"<li>{_Blocks(self._writer, lines, self._depth + 1, tight).html()}</li>"


def _document(writer: _Writer, text: str, fmt: Format) -> str:
    text = plaintext.tidy(text)
    if fmt == "markdown":
        return _Blocks(writer, text.split("\n"), 0, False).html()
    parts = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", text)]
    return "".join(f"<p>{writer.line(part)}</p>" for part in parts if part.strip())


def scan(text: str, fmt: Format = "plain") -> Scanned:
    """What `text` mentions, tags, links to and names emoji by; in Markdown nothing inside code counts."""
    writer = _Writer({}, lambda _name: "", fmt)
    _document(writer, text, fmt)
    mentions, tags, links, emoji = writer.found
    return Scanned(tuple(mentions), tuple(tags.values()), tuple(links), tuple(emoji))


def render(text: str, *, mentions: Mapping[tuple[str, str], MentionTarget], tag_url: Callable[[str], str], fmt: Format = "plain") -> Html:
    """The author's text as HTML in the shape other servers know.

    `mentions` has what `scan`'s pairs were resolved to; one without a target stays text. `tag_url` takes a normalised name.
    """
    return Html(_document(_Writer(mentions, tag_url, fmt), text, fmt))
