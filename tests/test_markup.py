"""Authors' text: what it becomes, what is found in it, and what it may cost."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedi import markup, sanitize
from fedi.html import Html
from fedi.markup import Format, MentionTarget, normalise_tag, scan
from tests import safety, xss_payloads
from tests.pace import cost_s

OUT = 'rel="nofollow noopener noreferrer" target="_blank"'
PEOPLE = {
    ("alice", ""): MentionTarget("https://home.test/@alice", "alice"),
    ("bob", "peer.test"): MentionTarget("https://peer.test/@bob?a&b", "bob@peer.test"),
}


def render(text: str, fmt: Format = "plain") -> Html:
    return markup.render(text, mentions=PEOPLE, tag_url=lambda name: f"https://home.test/tags/{name}", fmt=fmt)


def md(text: str) -> str:
    return str(render(text, "markdown"))


# -- shape --


def test_lines_and_paragraphs() -> None:
    assert render("one\ntwo\r\n\r\n\nthree\n") == "<p>one<br>two</p><p>three</p>"
    assert render("") == "" == render(" \n \n")
    assert isinstance(render("x"), Html)


def test_html_in_the_text_is_text() -> None:
    assert render("<b>&amp; \"x\" 'y'\x00\u202e") == "<p>&lt;b&gt;&amp;amp; \"x\" 'y'</p>"
    assert md("<script>alert(1)</script>") == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"


def test_a_mention_has_the_shape_other_servers_know() -> None:
    assert render("hi @alice!") == (
        '<p>hi <span class="h-card"><a href="https://home.test/@alice" class="u-url mention">@<span>alice</span></a></span>!</p>'
    )
    assert '<a href="https://peer.test/@bob?a&amp;b" class="u-url mention">@<span>bob</span></a>' in render("@Bob@PEER.test.")


def test_a_mention_of_nobody_stays_text() -> None:
    assert render("@nobody @bob@other.test") == "<p>@nobody @bob@other.test</p>"


def test_two_people_of_one_name_are_shown_with_their_hosts() -> None:
    people = {
        ("bob", "a.test"): MentionTarget("https://a.test/b", "bob@a.test"),
        ("bob", "b.test"): MentionTarget("https://b.test/b", "bob@b.test"),
    }
    html = markup.render("@bob@a.test @bob@b.test", mentions=people, tag_url=str)
    assert "<span>bob@a.test</span>" in html
    assert "<span>bob@b.test</span>" in html


def test_a_hashtag_keeps_its_spelling_and_links_to_its_name() -> None:
    assert render("#Cats.") == ('<p><a href="https://home.test/tags/cats" class="mention hashtag" rel="tag">#<span>Cats</span></a>.</p>')


def test_a_long_address_is_shortened_for_the_eye() -> None:
    assert render("https://www.example.com/a/very/long/path/indeed?x=1&y=2") == (
        f'<p><a href="https://www.example.com/a/very/long/path/indeed?x=1&amp;y=2" {OUT}><span class="invisible">https://www.</span>'
        '<span class="ellipsis">example.com/a/very/long/path/i</span><span class="invisible">ndeed?x=1&amp;y=2</span></a></p>'
    )
    assert (
        render("http://a.test/x")
        == f'<p><a href="http://a.test/x" {OUT}><span class="invisible">http://</span><span>a.test/x</span></a></p>'
    )


# -- what is found --


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("@alice", [("alice", "")]),
        ("@Alice, @alice and @ALICE", [("alice", "")]),
        ("(@bob@peer.test)", [("bob", "peer.test")]),
        ("@bob@peer.test.", [("bob", "peer.test")]),
        ("@bob@Bücher.TEST", [("bob", "xn--bcher-kva.test")]),
        (
            "@bob@peer.test:443 @bob@localhost:8101 @bob@127.0.0.1:8101",
            [("bob", "peer.test"), ("bob", "localhost:8101"), ("bob", "127.0.0.1:8101")],
        ),
        ("@alice.bsky.social@bsky.brid.gy @index-1@ghost.test", [("alice.bsky.social", "bsky.brid.gy"), ("index-1", "ghost.test")]),
        ("@bob@localhost", [("bob", "localhost")]),
        ("alice@home.test mail@alice @@alice /@alice .@alice", []),
        ("https://peer.test/@bob", []),
        ("@bob@host @bob@ @-bob @bob@-x.test", []),
        ("@" + "a" * 65, []),
    ],
)
def test_mentions(text: str, mentions: list[tuple[str, str]]) -> None:
    assert list(scan(text).mentions) == mentions


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#cats #Cats #CATS", ["cats"]),
        ("#snake_case #with-dash #日本語、#हिन्दी #ไทย #été ＃full", ["snake_case", "with", "日本語", "हिन्दी", "ไทย", "été", "full"]),
        ("#1234 # #_ a#b &#39; /#x ##y #🐢 #", []),
        ("#2026goals (#a) #b. #c's", ["2026goals", "a", "b", "c"]),
        ("#" + "x" * 101, []),
        ("https://a.test/#fragment", []),
    ],
)
def test_hashtags(text: str, tags: list[str]) -> None:
    assert list(scan(text).tags) == tags


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (
            "see https://a.test. And (https://b.test/x_(y)), https://c.test/?q=1!",
            ["https://a.test", "https://b.test/x_(y)", "https://c.test/?q=1"],
        ),
        ('HTTP://A.test <https://b.test> "https://c.test"', ["HTTP://A.test", "https://b.test", "https://c.test"]),
        ("http://localhost:8101/x http://[::1]/ http://127.0.0.1", ["http://localhost:8101/x", "http://127.0.0.1"]),
        ("https://日本.test/パス", ["https://日本.test/パス"]),
        ("http:// https://nothost https://u:p@a.test xhttps://a.test javascript:alert(1) a.test", []),
        ("https://a.test https://a.test", ["https://a.test"]),
    ],
)
def test_links(text: str, links: list[str]) -> None:
    assert list(scan(text).links) == links


def test_emoji_codes() -> None:
    assert scan(":blob_cat: :a: 10:30:45 :x y: x:no: :ok::ok:").emoji == ("blob_cat",)


def test_what_is_found_is_what_is_linked() -> None:
    text = "`@alice` @bob@peer.test\n```\n#no https://no.test\n```\n[https://yes.test #no](https://yes.test/) \\#no \\@alice #yes"
    found = scan(text, "markdown")
    assert (found.mentions, found.tags, found.links) == ((("bob", "peer.test"),), ("yes",), ("https://yes.test/",))
    assert scan(text).mentions == (("alice", ""), ("bob", "peer.test"))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("#CamelCase", "camelcase"),
        ("Cats", "cats"),
        ("＃ｆｕｌｌ", "full"),
        ("Straße", "strasse"),
        ("É", "é"),
        (" #a ", "a"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_names_of_hashtags(given: str, name: str) -> None:
    assert normalise_tag(given) == name


@pytest.mark.parametrize("given", ["#1234", "#with-dash", "two words", "🐢", "", "#", "##a", "_", "x" * 101, "a\ud800"], ids=ascii)
def test_what_is_no_hashtag_has_no_name(given: str) -> None:
    assert normalise_tag(given) == ""


@given(st.text(max_size=20))
def test_the_name_of_a_name_is_itself(text: str) -> None:
    name = normalise_tag(text)
    assert normalise_tag(name) == name


# -- Markdown --


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("**a** __b__ *c* _d_ ~~e~~", "<strong>a</strong> <strong>b</strong> <em>c</em> <em>d</em> <del>e</del>"),
        ("***a*** *b **c***", "<strong><em>a</em></strong> <em>b <strong>c</strong></em>"),
        ("**a *b** c*", "<strong>a *b</strong> c*"),
        ("snake_case_name 2 * 3 * 4 ** a", "snake_case_name 2 * 3 * 4 ** a"),
        ("*open **open ~~~no~~~ ****", "*open **open ~~~no~~~ ****"),
        ("\\*a\\* \\`b\\` \\[c](https://a.test)", None),
        ("`a *b* <c>` ``d ` e`` ` f ` `open", "<code>a *b* &lt;c&gt;</code> <code>d ` e</code> <code>f</code> `open"),
        ("[a *b*](https://a.test/x_(y))", f'<a href="https://a.test/x_(y)" {OUT}>a <em>b</em></a>'),
        ("[a](javascript:alert(1)) [b](/c) [d](https://nothost)", "[a](javascript:alert(1)) [b](/c) [d](https://nothost)"),
        ("[@alice #b https://c.test](https://a.test)", f'<a href="https://a.test" {OUT}>@alice #b https://c.test</a>'),
        ("[https://bank.test](https://evil.test)", f'<a href="https://evil.test" {OUT}>https://bank.test [evil.test]</a>'),
    ],
)
def test_inline_markdown(given: str, expected: str | None) -> None:
    if expected is None:
        assert md(given).startswith("<p>*a* `b` [c](<a ")
    else:
        assert md(given) == f"<p>{expected}</p>"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("# A *b*\ntext\n##### C", "<h1>A <em>b</em></h1><p>text</p><h5>C</h5>"),
        ("> a\n> b\n>\n> > c\nd", "<blockquote><p>a<br>b</p><blockquote><p>c</p></blockquote></blockquote><p>d</p>"),
        ("- a\n- b\n  - c\n* d", "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("1) a\n\n2) b\n\nc", "<ol><li>a</li><li>b</li></ol><p>c</p>"),
        ("- a\n\n  b\n- c", "<ul><li><p>a</p><p>b</p></li><li>c</li></ul>"),
        ("```py\n<a> @alice\n\n*b*\n```\nc", "<pre><code>&lt;a&gt; @alice\n\n*b*</code></pre><p>c</p>"),
        ("~~~\nopen", "<pre><code>open</code></pre>"),
        ("a\n- b\n#1", "<p>a</p><ul><li>b</li></ul><p>#1</p>"),
    ],
)
def test_blocks_of_markdown(given: str, expected: str) -> None:
    assert md(given) == expected


# -- safety --


def _bare(html: str) -> str:
    return re.sub(r' (rel|target)="[^"]*"', "", html)


def _safe_and_stable(html: Html) -> None:
    assert safety.faults(html, own_links=True) == []
    assert _bare(sanitize.clean(html)) == _bare(html)


_FOUND = [
    "@alice",
    "@bob@peer.test",
    "#tag",
    "https://a.test/x?y=1&z",
    "http://a-rather-long-host-name.example.test/x",
    ":blob:",
    "<b>",
    "&amp;",
]
_MARKS = ["*", "**", "***", "_", "__", "~~", "`", "``", "[a](https://b.test)", "[", "](https://c.test)", "\\", "(", ")", '"', "'", "\u202e"]
_BLOCKS = [
    "\n",
    "\n\n",
    "\n- ",
    "\n  - ",
    "\n1. ",
    "\n> ",
    "\n>> ",
    "\n# ",
    "\n```\n",
    " ",
    "word",
    "[https://bank.test](https://evil.test)",
]
_WORDS = st.sampled_from([*_FOUND, *_MARKS, *_BLOCKS])


@settings(max_examples=200, deadline=None)
@given(st.lists(_WORDS, max_size=25).map("".join), st.sampled_from(["plain", "markdown"]))
def test_the_sanitiser_finds_nothing_to_change_in_what_is_rendered(text: str, fmt: Format) -> None:
    _safe_and_stable(render(text, fmt))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["plain", "markdown"]))
def test_any_text_renders_safely(text: str, fmt: Format) -> None:
    _safe_and_stable(render(text, fmt))


def test_no_attack_of_the_corpus_is_rendered() -> None:
    for attack in [*xss_payloads.TAGS, *xss_payloads.URLS]:
        for text in (attack, f"[x]({attack})", f"[{attack}](https://a.test)", f"`{attack}`", f"# {attack}", f"- {attack}"):
            assert safety.faults(render(text, "markdown"), own_links=True) == [], text


# -- cost --

FLOODS: dict[str, str] = {
    "mentions": "@a",
    "handles": "@a@a.a",
    "long names": "a.",
    "hosts": "@a@a-",
    "tags": "#",
    "tag letters": "#a",
    "stars": "*",
    "open stars": "*a ",
    "open and closed": "*a **b* c** ",
    "underscores": "_a __b ",
    "tildes": "~~a ",
    "brackets": "[",
    "half links": "[a](",
    "half targets": "[a](http://a(",
    "labels": "[aaaa](http://x.y/",
    "addresses": "http://",
    "address dots": "http://a.",
    "brackets of addresses": "http://a.b/(",
    "closing": "http://a.b)))",
    "ticks": "`",
    "ticks and text": "`a``b```c",
    "quotes": ">",
    "quote lines": "> > > > > > > >\n",
    "lists": "- - ",
    "list lines": "- a\n",
    "nested lists": "   - a\n",
    "items with blanks": "- a\n\n",
    "fences": "```\na\n",
    "open fences": "````\n```\n",
    "colons": ":a",
    "escapes": "\\",
    "newlines": "\n",
    "blanks": "a \n \n",
    "marks": "#a\u0301\u0300",
    "emoji": "🐢#",
}


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("fmt", ["plain", "markdown"])
def test_four_times_the_text_costs_about_four_times_the_work(flood: str, fmt: Format) -> None:
    small = FLOODS[flood] * (16 * 1024 // len(FLOODS[flood]))
    one, four = cost_s(lambda: scan(small, fmt), 2), cost_s(lambda: scan(small * 4, fmt), 2)
    assert four < 8 * one + 0.02
    assert four < 1  # 64 KiB
