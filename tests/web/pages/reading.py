"""Pages read as a browser and a screen reader would: visitors with cookies, and a parsed page with its rules."""

import re
from html.parser import HTMLParser
from typing import Any

from aiohttp import ClientResponse, FormData

from fedi import logins
from fedi.storage.accounts import Account
from tests.safety import SCHEMES
from tests.web.rig import Rig

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
INLINE = frozenset("a abbr b bdi code em i s span strong sub sup time u".split())
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


class Element:
    def __init__(self, tag: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element] = []
        self.contents: list[Element | str] = []

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def all(self, *tags: str) -> "list[Element]":
        found = []
        for child in self.children:
            if not tags or child.tag in tags:
                found.append(child)
            found += child.all(*tags)
        return found

    @property
    def own_text(self) -> str:
        """The text directly inside, as it stands in the source."""
        return "".join(part for part in self.contents if isinstance(part, str))

    @property
    def text(self) -> str:
        """Everything that is read out, in order, pictures by their text."""
        return " ".join(self._read().split())

    def _read(self) -> str:
        if self.get("aria-hidden") == "true":
            return ""
        inner = "".join(part if isinstance(part, str) else part._read() for part in self.contents)
        gap = "" if self.tag in INLINE else " "
        return f"{gap}{self.get('aria-label')}{self.get('alt')}{inner}{gap}"

    def within(self, *tags: str) -> bool:
        return self.parent is not None and (self.parent.tag in tags or self.parent.within(*tags))


class Page(HTMLParser):
    """A parsed page. Fails on tags that do not fit into each other."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self._at = Element("", {}, None)
        self.source = text
        self.feed(text)
        self.close()
        assert self._at is self.root, f"<{self._at.tag}> is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice on <{tag}>"
        made = Element(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.children.append(made)
        self._at.contents.append(made)
        if tag not in VOID:
            self._at = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._at.children.append(Element(tag, {name: value or "" for name, value in attrs}, self._at))
        self._at.contents.append(self._at.children[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self._at.tag == tag, f"</{tag}> closes <{self._at.tag}>"
        assert self._at.parent is not None
        self._at = self._at.parent

    def handle_data(self, data: str) -> None:
        self._at.contents.append(data)

    def all(self, *tags: str) -> list[Element]:
        return self.root.all(*tags)

    def with_id(self, name: str) -> Element | None:
        return next((element for element in self.all() if element.get("id") == name), None)

    @property
    def main(self) -> str:
        return self.all("main")[0].text

    def form(self, action: str) -> Element:
        return next(form for form in self.all("form") if form.get("action") == action)

    def button(self, path: str) -> Element | None:
        return next((b for b in self.all("button") if b.get("formaction") == path), None)


def faults(page: Page) -> list[str]:
    """What keeps somebody from using a page, or is not allowed on any."""
    found = []
    ids = [element.get("id") for element in page.all() if element.get("id")]
    found += [f"id twice: {name}" for name in ids if ids.count(name) > 1]
    for element in page.all():
        found += [f"{name} on <{element.tag}>" for name in element.attributes if name.startswith("on") or name == "style"]
        if element.tag in ("script", "style", "iframe", "object", "embed", "math", "base"):
            found.append(f"<{element.tag}>")
        for name in ("href", "src", "action", "formaction"):
            value = element.get(name).strip().lower()
            scheme = re.match(r"([a-z][a-z0-9+.-]*):", value)
            if scheme and scheme[1] not in (SCHEMES if is_written(element) else ("http", "https")):
                found.append(f"{name}={value}")
        if element.tag in ("img", "use") and not re.match(r"/(static|media)/", element.get("src") or element.get("href")):
            found.append(f"picture from {element.get('src')}")
        for name in ("aria-labelledby", "aria-describedby", "for", "form"):
            found += [f"{name}={target} is nowhere" for target in element.get(name).split() if target not in ids]
    return found + _landmark_faults(page) + _name_faults(page)


def _landmark_faults(page: Page) -> list[str]:
    found = []
    if [html.get("lang") for html in page.all("html")] != ["en"]:
        found.append("no language")
    if len(page.all("main")) != 1 or len(page.all("h1")) != 1:
        found.append("not one <main> and one <h1>")
    titles = [title for title in page.all("title") if not title.within("svg")]
    if len(titles) != 1 or not titles[0].text.strip(" ·"):
        found.append("no title")
    labels = [nav.get("aria-label") for nav in page.all("nav")]
    if "" in labels or len(set(labels)) != len(labels):
        found.append(f"navigations without names of their own: {labels}")
    level = 0
    for heading in page.all("h1", "h2", "h3", "h4", "h5", "h6"):
        if is_written(heading) or heading.within("aside"):
            continue
        if int(heading.tag[1]) > level + 1:
            found.append(f"heading {heading.text!r} skips a level")
        level = int(heading.tag[1])
        if not heading.text:
            found.append("an empty heading")
    return found


def is_written(element: Element) -> bool:
    """Whether it stands in what somebody has written, and so is theirs to word."""
    while element.parent is not None:
        element = element.parent
        if "prose" in element.get("class").split():
            return True
    return False


def _name_faults(page: Page) -> list[str]:
    found = []
    labelled = {label.get("for") for label in page.all("label")}
    for control in page.all("input", "textarea", "select"):
        if control.get("type") == "hidden" or control.get("aria-hidden") == "true":
            continue
        if control.get("id") not in labelled and not control.within("label"):
            found.append(f"no label for {control.get('name')}")
    for element in page.all("a", "button", "summary"):
        if element.get("aria-hidden") != "true" and not element.text and not is_written(element):
            found.append(f"<{element.tag}> without a name: {element.attributes}")
    found += [f"no alt: {img.attributes}" for img in page.all("img") if "alt" not in img.attributes]
    return found


class Visitor:
    """A browser: signed in, or nobody's."""

    def __init__(self, rig: Rig, account: Account | None = None) -> None:
        self.rig = rig
        self.secret = rig.session(account) if account is not None else "a-visit"
        name = "__Host-fedi" if account is not None else "__Host-fedi_visit"
        self.headers = {"Cookie": f"{name}={self.secret}", "Accept": HTML}
        self.csrf = logins.csrf_token(self.secret)

    async def get(self, path: str) -> ClientResponse:
        return await self.rig.client.get(path, headers=self.headers, allow_redirects=False)

    async def read(self, path: str, status: int = 200) -> Page:
        """A page, which must be without faults."""
        response = await self.get(path)
        text = await response.text()
        assert response.status == status, (path, response.status, response.headers.get("Location"), text[:300])
        page = Page(text)
        found = faults(page)
        assert not found, (path, found)
        return page

    async def post(self, path: str, data: dict[str, Any] | FormData | None = None, **headers: str) -> ClientResponse:
        """A form of ours: with its token, unless `data` has another."""
        form: Any = data if isinstance(data, FormData) else {"csrf": self.csrf} | (data or {})
        return await self.rig.client.post(path, data=form, headers=self.headers | headers, allow_redirects=False)

    async def press(self, path: str, data: dict[str, Any] | None = None) -> str:
        """Press a button; where it leads."""
        response = await self.post(path, data)
        assert response.status == 303, (response.status, await response.text())
        return response.headers["Location"]
