"""Strangers' text as plain text: which characters may stay, names on one line, longer texts, the words of some HTML.

Everything here is linear. Source: XSS-05, XSS-14, XSS-16, XSS-17.
"""

import html as entities
import re
import unicodedata

# Never wanted anywhere: C0 and C1 controls but tab and newline, lone surrogates (SQLite and UTF-8 refuse them), non-characters, line and
# paragraph separators, interlinear marks, and what reorders text for the eye (embeddings, overrides, isolates). Left to right and right
# to left marks stay: they cannot turn a word around.
UNSAFE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
UNSAFE_CHARACTER = re.compile(f"[{UNSAFE}]")


def tidy(text: str) -> str:
    """Newlines as `\\n`, and none of the characters that no text may hold. Linear."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return UNSAFE_CHARACTER.sub("", text)


_NOT_TEXT = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|iframe|noscript|svg|math)\b.*?(?:</\1\s*+>|\Z)", re.DOTALL | re.IGNORECASE)
_ANY_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*+|[!?])(?:[^>=]++|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?+)*+(?:>|\Z)""")
BREAKING = frozenset(
    "div section article header footer main aside figure figcaption h6 dl dt dd details summary center address hr".split()
)  # blocks that we do not keep; what they hold stays on lines of its own
_LINES = BREAKING | {"br", "li", "tr", "pre", "ul", "ol", "table"}
_PARTS = frozenset(["p", "blockquote", "h1", "h2", "h3", "h4", "h5"])
_SPACES = re.compile(r"[^\S\n]+")
_AROUND = re.compile(r" ?\n ?")
_MANY_LINES = 500


def text(html: str, max_chars: int) -> str:
    """The words of some HTML: entities decoded, one newline for a line break, two between paragraphs; cut with `…`. Linear."""

    def gap(tag: re.Match[str]) -> str:
        name = tag[2].lower()
        return "\n\n" if name in _PARTS else "\n" if name in _LINES else " " if tag[1] and name in ("td", "th") else ""

    words = re.sub(r"\s+", " ", tidy(_NOT_TEXT.sub("", html[: 40 * max_chars + 4096])))
    words = tidy(entities.unescape(_ANY_TAG.sub(gap, words)))
    words = _fold_lines(_AROUND.sub("\n", _SPACES.sub(" ", words)))
    if words.count("\n") > _MANY_LINES:
        words = words.replace("\n", " ")
    return words if len(words) <= max_chars else words[: max(max_chars - 1, 0)].rstrip() + "…"


def _fold_lines(words: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", words).strip()


# Characters without a shape that make two names look alike, or a name empty. Joiners stay between letters and signs that need them,
# tag characters stay in the flags of regions.
_INVISIBLE = re.compile(
    r"(\U0001f3f4[\U000e0020-\U000e007e]{1,16}\U000e007f)|(?<=[^\x00-\u02ff\u2000-\u200f])[\u200c\u200d](?=[^\x00-\u02ff\u2000-\u200f])"
    r"|([\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f])"
)
_MARK = (
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u06d6-\u06dc\u06df-\u06e4\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u0f71-\u0f7e\u0f80-\u0f84\u1ab0-\u1ace\u1dc0-\u1dff\u20d0-\u20f0\u302a-\u302d\u3099\u309a"
    "\ufe20-\ufe2f]"
)
_MARKS = re.compile(f"({_MARK}{{4}}){_MARK}+")


def _shaped(text: str, max_chars: int) -> str:
    """`text` without shapeless characters, composed (NFC), at most four marks on a letter. Bounded before anything is searched."""
    text = tidy(text[: 8 * max_chars + 1024])
    if text.isascii():
        return text
    text = _INVISIBLE.sub(lambda found: "" if found[2] else found[0], text)
    # Marks first: composing sorts a run of them, in quadratic time.
    return unicodedata.normalize("NFC", _MARKS.sub(r"\1", text))


def line(text: str, max_chars: int) -> str:
    """A name or title: one line, spaces folded, at most `max_chars`; may be ''. Source: XSS-05, 14, 16, 17."""
    text = text[: 8 * max_chars + 1024]
    if not text.isascii() or not text.isprintable():  # else there is nothing to shape
        text = _shaped(re.sub(r"[\x85\u2028\u2029]", " ", text), max_chars)
    return " ".join(text.split())[:max_chars].strip()


def plain(text: str, max_chars: int) -> str:
    """A warning, a description or another plain text: as `line`, with newlines kept (two in a row at most)."""
    return _fold_lines(_AROUND.sub("\n", _SPACES.sub(" ", _shaped(text, max_chars))))[:max_chars].strip()


_CONTROL = re.compile(f"[{UNSAFE}\t\n\u061c\u200b-\u200f\ufeff]")


def terminal(text: str) -> str:
    """`text` for one line of a terminal: what would move the cursor, colour or reorder is written as its escape. Source: XSS-14."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape", "backslashreplace").decode("ascii"), text)
