import pytest

from fedi import quotelines, sanitize
from fedi.html import Html
from tests.pace import cost_s

URI = "https://peer.test/notes/1?a=1&b=2"
LINK = '<a href="https://peer.test/notes/1?a=1&amp;b=2" rel="nofollow noopener noreferrer" target="_blank">https://peer.test/notes/1</a>'


@pytest.mark.parametrize(
    "html",
    [
        f"<p>hello<br><br>RE: {LINK}</p>",
        f"<p>hello</p><p>RE: {LINK}</p>",
        f"hello RE: {LINK}",
        f'<p>hello</p><p class="quote-inline">RE: {LINK}</p>',
        '<p>hello<span class="quote-inline"><br>RE: <a href="x">'
        '<span class="invisible">https://</span><span class="ellipsis">peer.test/no</span></a></span></p>',
    ],
)
def test_the_line_is_found_in_every_form_and_what_is_left_is_the_text(html: str):
    marked = quotelines.mark(Html(html), URI)
    before, line, after = quotelines.split(marked)

    assert "hello" in before and line and "RE:" in line and "RE:" not in before + after and before + line + after == marked
    assert sanitize.clean(before + after)


def test_a_line_about_something_else_or_in_the_middle_stays():
    for html in (f"<p>RE: {LINK} is what I mean</p>", '<p>RE: <a href="https://other.test/">x</a></p>', "<p>RE: nothing</p>", ""):
        assert quotelines.mark(Html(html), URI) == html and quotelines.split(html) == (html, "", "")


def test_a_written_line_is_found_again_and_holds_no_markup_of_a_stranger():
    html = quotelines.write("<p>a</p>", 'https://peer.test/"><script>')

    assert quotelines.split(html)[0] == "<p>a</p>" and "<script" not in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<br> " * 20_000 + "RE: x",
        "<br>" * 20_000 + "RE: " * 20_000,
        '<p class="quote-inline">' * 20_000,
        '<span class="quote-inline">' * 20_000,
        "RE: <a " * 20_000,
        'RE: <a href="u">' + "<b>" * 20_000,
    ],
)
def test_DOS_05_a_long_text_takes_no_time(hostile: str):
    assert cost_s(lambda: quotelines.split(quotelines.mark(Html(hostile), "u"))) < 0.1
