"""A second pair of eyes: reads HTML with the standard library's parser and says everything about it that is not allowed."""

import re
from html.parser import HTMLParser

TAGS = set("p br span a abbr del s pre blockquote code b strong u sub sup i em h1 h2 h3 h4 h5 ul ol li ruby rt rp".split())
ATTRIBUTES = {
    "a": {"href", "class", "title", "translate", "lang", "rel", "target"},
    "span": {"class", "translate", "lang"},
    "p": {"class", "lang"},
    "abbr": {"title", "lang"},
    "blockquote": {"cite", "lang"},
    "ol": {"start", "reversed", "lang"},
    "li": {"value", "lang"},
}
CLASSES = {"h-card", "u-url", "mention", "hashtag", "invisible", "ellipsis", "quote-inline"}
SCHEMES = {"http", "https", "dat", "dweb", "ipfs", "ipns", "ssb", "gopher", "xmpp", "magnet", "gemini"}


class _Reader(HTMLParser):
    def __init__(self, own_links: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.own_links = own_links
        self.faults: list[str] = []
        self.tokens: list[tuple[object, ...]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tokens.append(("start", tag, tuple(sorted((key, value or "") for key, value in attrs))))
        if tag != "br":
            self.open.append(tag)
        if tag not in TAGS:
            self.faults.append(f"tag {tag}")
        for key, value in attrs:
            self._attribute(tag, key, value or "")
        if tag == "a" and not self.own_links:
            given = dict(attrs)
            if given.get("target") != "_blank" or not {"nofollow", "noopener", "noreferrer"} <= set((given.get("rel") or "").split()):
                self.faults.append(f"link without rel and target {attrs}")

    def _attribute(self, tag: str, key: str, value: str) -> None:
        if key not in ATTRIBUTES.get(tag, {"lang"}):
            self.faults.append(f"attribute {tag} {key}")
        if key == "class" and not set(value.split()) <= CLASSES:
            self.faults.append(f"class {value}")
        if key in ("href", "cite") and (not re.match(r"[a-z]+:", value, re.I) or value.partition(":")[0].lower() not in SCHEMES):
            self.faults.append(f"address {value!r}")
        if key in ("href", "cite") and re.search(r"[\x00-\x20\x7f\\]", value):
            self.faults.append(f"control in address {value!r}")

    def handle_endtag(self, tag: str) -> None:
        self.tokens.append(("end", tag))
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"unbalanced {tag}")

    def handle_data(self, data: str) -> None:
        if self.tokens and self.tokens[-1][0] == "text":
            data = f"{self.tokens.pop()[1]}{data}"
        self.tokens.append(("text", data))

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"declaration {decl}")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"instruction {data}")


def _read(html: str, own_links: bool) -> _Reader:
    reader = _Reader(own_links)
    reader.feed(html)
    reader.close()
    return reader


def faults(html: str, *, own_links: bool = False) -> list[str]:
    """Everything not allowed in `html`; `own_links` for our authors' posts, whose links need no rel and target."""
    reader = _read(html, own_links)
    unsafe = [f"character {char!r}" for char in html if char in "\x00\u202e\u202d\u2066" or "\ud800" <= char <= "\udfff"]
    return reader.faults + [f"open {tag}" for tag in reader.open] + unsafe


def tokens(html: str) -> list[tuple[object, ...]]:
    """What a parser sees: (start, tag, attributes), (end, tag), (text, data)."""
    return _read(html, True).tokens


def words(html: str) -> str:
    """The text a parser sees, without white space."""
    return "".join("".join(str(token[1]) for token in tokens(html) if token[0] == "text").split())
