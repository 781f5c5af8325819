"""What pages say of themselves, whatever is wrong with them, in linear time."""

import json

import pytest

from fedi import webpages
from fedi.webpages import Picture, Webpage
from tests.pace import cost_s

URL = "https://news.test/2026/story?id=1"


def read(html: str, charset: str = "utf-8", url: str = URL) -> Webpage:
    return webpages.read(html.encode("utf-8"), charset, url)


def page(*metas: str, rest: str = "") -> Webpage:
    return read(f"<!doctype html><html lang=de><head>{''.join(metas)}</head><body>{rest}</body></html>")


def og(name: str, content: str) -> str:
    return f'<meta property="og:{name}" content="{content}">'


def test_a_page_with_opengraph_is_read() -> None:
    found = page(
        og("title", "A &amp; B"), og("description", "What\n happened"), og("site_name", "News"), og("image", "/a.jpg"),
        og("image:alt", "A cat"), og("locale", "en_GB"), og("url", "/2026/story"),
        '<meta name="fediverse:creator" content="@ann@social.test">', '<meta name=author content="Ann B.">',
        '<meta property="article:published_time" content="2026-11-20T10:00:00+01:00">',
    )  # fmt: skip
    assert found == Webpage(
        "https://news.test/2026/story", "A & B", "What happened", "link", "en", "News", "", "Ann B.", "", "@ann@social.test",
        Picture("https://news.test/a.jpg", "A cat"), 1763629200000 + 365 * 86400000,
    )  # fmt: skip


def test_a_plain_page_has_its_title_and_description() -> None:
    found = page("<title>\n Hello   world </title>", "<META NAME='Description' CONTENT='About it'>")
    assert (found.title, found.description, found.language, found.url) == ("Hello world", "About it", "de", URL)


def test_twitter_cards_say_what_opengraph_does_not() -> None:
    found = page(
        '<meta name="twitter:title" content="T">',
        '<meta content="D" name="twitter:description">',
        "<meta name=twitter:image content=//cdn.test/i.png>",
    )
    assert (found.title, found.description, found.picture.url) == ("T", "D", "https://cdn.test/i.png")


def ld(document: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(document)}</script>'


ARTICLE = {
    "@type": "NewsArticle", "headline": "Head", "description": "Desc", "inLanguage": "fr-FR", "datePublished": "2026-11-20",
    "author": [{"@type": "Person", "name": "Ann", "url": "/people/ann"}], "publisher": {"name": "The Paper"}, "image": {"url": "/i.jpg"},
}  # fmt: skip


@pytest.mark.parametrize("document", [ARTICLE, [{"@type": "BreadcrumbList"}, ARTICLE], {"@graph": [{"@type": "Organization"}, ARTICLE]}])
def test_json_ld_is_read_wherever_the_article_stands(document: object) -> None:
    found = page("<script>if (a<b) '</head>'</script>", rest=ld(document))
    assert (found.title, found.description, found.language, found.author_name) == ("Head", "Desc", "fr", "Ann")
    assert (found.author_url, found.provider_name, found.picture.url) == (
        "https://news.test/people/ann",
        "The Paper",
        "https://news.test/i.jpg",
    )
    assert found.published_at is not None


@pytest.mark.parametrize(
    "document",
    ["nonsense", 1, None, [[[]]], {"@type": ["Article", 5]}, {"@type": "Article", "author": 5, "headline": ["x"], "image": [[]]},
     {"@graph": {"@type": "Article"}}, {"@type": {"a": 1}}],
)  # fmt: skip
def test_json_ld_of_any_shape_breaks_nothing(document: object) -> None:
    assert page("<title>t</title>", ld(document), '<script type="application/ld+json">{"a":</script>').url == URL


def test_oembed_adds_what_is_not_said_and_its_html_is_never_looked_at_XSS_06() -> None:
    found = page("<title>t</title>", '<link rel="alternate" type="application/json+oembed" href="/oembed?u=1">')
    assert found.oembed_url == "https://news.test/oembed?u=1"
    said = {
        "type": "video", "html": "<script>alert(1)</script>", "title": "other", "author_name": "Ann", "author_url": "https://news.test/ann",
        "provider_name": "Tube", "provider_url": "https://news.test/", "thumbnail_url": "https://news.test/t.jpg",
    }  # fmt: skip
    more = webpages.with_oembed(found, json.dumps(said).encode())
    assert (more.kind, more.title, more.author_name, more.provider_name, more.picture.url) == (
        "video",
        "t",
        "Ann",
        "Tube",
        "https://news.test/t.jpg",
    )
    assert "alert" not in repr(more)
    for nonsense in (b"", b"[]", b"{", b'{"type": 5, "title": {}, "thumbnail_url": []}', b'{"type": "rich"}'):
        assert webpages.with_oembed(found, nonsense) == found


def test_what_is_written_as_markup_stays_text_XSS_06() -> None:
    found = page(og("title", "&lt;img src=x onerror=alert(1)&gt;"), og("description", "<b>bold</b>\u202e\u0000"))
    assert found.title == "<img src=x onerror=alert(1)>" and "\u202e" not in found.description and "\x00" not in found.description


@pytest.mark.parametrize("place", ["javascript:alert(1)", "data:text/html,x", "ftp://x.test/", "http://[", "https://" + "a" * 3000])
def test_addresses_that_are_none_of_the_web_are_left_out_XSS_05(place: str) -> None:
    found = page(
        og("image", place),
        f'<link rel=canonical href="{place}">',
        '<link rel="alternate" type="application/json+oembed" href="' + place + '">',
    )
    assert found.picture == Picture() and found.oembed_url == "" and found.url == URL


def test_a_page_cannot_speak_for_another_host_ORG_03() -> None:
    assert page('<link rel="canonical" href="https://bank.test/">', og("url", "https://bank.test/")).url == URL


@pytest.mark.parametrize(
    ("text", "encoding", "charset", "head"),
    [
        ("größe", "utf-8", "", ""),
        ("größe", "utf-8", "utf-8", ""),
        ("größe", "latin-1", "ISO-8859-1", ""),
        ("größe", "cp1252", "", '<meta charset="windows-1252">'),
        ("größe", "cp1252", "", ""),
        ("привет", "cp1251", "windows-1251", ""),
        ("привет", "koi8-r", "", '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">'),
        ("日本語", "shift_jis", "Shift_JIS", ""),
        ("日本語", "euc-jp", "", "<meta charset=euc-jp>"),
        ("中文", "gb18030", "gb18030", ""),
        ("größe", "utf-8-sig", "latin-1", ""),
    ],
)
def test_a_page_is_read_in_the_encoding_it_has(text: str, encoding: str, charset: str, head: str) -> None:
    body = f"<html>{head}<title>{text}</title>".encode(encoding)
    assert webpages.read(body, charset, URL).title == text


@pytest.mark.parametrize(
    "charset", ["zip", "base64", "rot13", "unicode_escape", "punycode", "idna", "nonsense", "utf-7", "\x00", "x" * 500, "../etc"]
)
def test_what_is_no_encoding_of_pages_is_not_used_as_one_DOS(charset: str) -> None:
    assert webpages.read(b"<title>caf\xc3\xa9</title>", charset, URL).title == "caf\u00e9"


HOSTILE = {
    "open metas": "<meta " * 150_000,
    "open quotes": '<meta content="' * 60_000,
    "one quote": '<meta a="' + "<meta a=" * 100_000,
    "comments": "<!--" * 250_000,
    "titles": "<title>" * 140_000,
    "scripts": "<script>" * 120_000,
    "equals": "<meta " + "=" * 900_000,
    "spaces": "<meta a" + " " * 900_000 + "b",
    "blank attributes": "<meta" + " a" * 400_000 + ">",
    "entities": f'<meta name="description" content="{"&amp" * 200_000}">',
    "angles": "<" * 1_000_000,
    "nested json": f'<script type="application/ld+json">{"[" * 100_000}</script>',
    "wide json": f'<script type="application/ld+json">[{"{}," * 40_000}{{}}]</script>' * 8,
    "many tags": '<meta name="x" content="y">' * 40_000,
    "language": f'<html lang="{"-" * 100_000}">',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_page_takes_long_DOS_16(kind: str) -> None:
    """Twice the text takes twice the time: what is quadratic takes minutes."""
    assert cost_s(lambda: read(HOSTILE[kind]), 1) < 3
