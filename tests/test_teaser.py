from hypothesis import given
from hypothesis import strategies as st

from fedi import plaintext, sanitize, teaser
from fedi.html import Html

PARAGRAPH = "<p>" + "words and more words " * 10 + "</p>"


def test_what_is_short_is_not_cut() -> None:
    assert teaser.split(Html("<p>short</p>")) == ("<p>short</p>", "")
    nearly = Html(PARAGRAPH * 5)
    assert teaser.split(nearly) == (nearly, "")


def test_a_long_text_is_cut_between_its_blocks() -> None:
    whole = Html(PARAGRAPH * 20)
    first, rest = teaser.split(whole)
    assert first + rest == whole
    assert teaser.TEASER_CHARS <= len(plaintext.text(first, 10_000)) < teaser.LONG_CHARS
    assert first.endswith("</p>") and rest.startswith("<p>")


def test_nothing_is_cut_inside_of_a_list_or_a_quote() -> None:
    items = "<ul>" + "<li>one more point</li>" * 100 + "</ul>"
    first, rest = teaser.split(Html(items + PARAGRAPH * 10))
    assert first == items
    assert rest == PARAGRAPH * 10


def test_one_long_paragraph_of_lines_is_cut_at_a_line() -> None:
    whole = Html("<p>" + "a line of some words<br>" * 200 + "end</p>")
    first, rest = teaser.split(whole)
    assert first.endswith("<br></p>") and rest.startswith("<p>a line")
    assert sanitize.clean(first) == first and sanitize.clean(rest) == rest


def test_one_block_without_a_place_to_cut_stays_whole() -> None:
    whole = Html("<p>" + "word " * 2000 + "</p>")
    assert teaser.split(whole) == (whole, "")


@given(
    st.lists(
        st.sampled_from(
            [PARAGRAPH, "<br>", "<ul><li>x</li></ul>", "text " * 40, "<blockquote><p>q</p></blockquote>", "<pre>a &lt;p&gt;</pre>"]
        ),
        max_size=60,
    )
)
def test_both_parts_are_safe_and_hold_all_words(parts: list[str]) -> None:
    whole = sanitize.clean("".join(parts))
    first, rest = teaser.split(whole)
    for part in (first, rest):
        assert sanitize.clean(part) == part
    assert "".join(plaintext.text(part, 50_000) for part in (first, rest)).split() == plaintext.text(whole, 50_000).split() or rest
