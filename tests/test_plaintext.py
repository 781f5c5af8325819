"""Names, warnings and the words of some HTML: what stays of a stranger's text."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedi import plaintext, sanitize
from fedi.plaintext import line, plain, terminal, text, tidy
from tests.pace import cost_s


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Alice", "Alice"),
        ("  Alice \t\r\n Liddell\u2028x  ", "Alice Liddell x"),
        ("a\x00b\x1b[31mc\x9dd\x07", "ab[31mcd"),
        ("a\ud800b\udfffc", "abc"),
        ("evil\u202egnp.exe\u2066x\u2069", "evilgnp.exex"),
        ("a\u200bb\u2060c\ufeffd\u00ade\u200df", "abcdef"),
        ("\u3164\u115f\u200b", ""),
        ("e\u0301", "é"),
        ("🏳️‍🌈 👩‍👧 نمی\u200cخواهم", "🏳️‍🌈 👩‍👧 نمی\u200cخواهم"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f x\U000e0041", "\U0001f3f4\U000e0067\U000e0062\U000e007f x"),
        ("<b>x</b> & y", "<b>x</b> & y"),
    ],
)
def test_a_name_is_one_visible_line(given: str, expected: str) -> None:
    assert line(given, 100) == expected


def test_a_name_is_cut_at_its_limit_and_marks_are_counted() -> None:
    assert line("a" * 600, 500) == "a" * 500
    assert line("a b c", 2) == "a"
    zalgo = line("Z" + "\u0301" * 1000 + "algo", 100)
    assert sum(unicodedata.combining(char) > 0 for char in zalgo) <= 4
    assert zalgo.endswith("algo")


def test_the_marks_that_are_counted_are_marks() -> None:
    assert all(unicodedata.category(chr(code))[0] in "MC" for code in range(0x10000) if plaintext._MARKS.fullmatch(chr(code) * 6))


def test_a_longer_text_keeps_its_lines() -> None:
    assert plain(" a\r\nb \n\n\n\n c\td\x00\u202e ", 100) == "a\nb\n\nc d"
    assert plain("a\nb", 2) == "a"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_whatever_comes_can_be_stored_and_stays_the_same(value: str) -> None:
    for clean in (line, plain, lambda text, size: tidy(text)):
        result = clean(value, 100)
        result.encode()
        assert "\x00" not in result
        assert clean(result, 100) == result


def test_a_megabyte_of_marks_costs_next_to_nothing() -> None:
    assert cost_s(lambda: line("\u0301" * 1_000_000, 500)) < 0.3
    assert cost_s(lambda: plain("\u0316\u0301" * 500_000, 5000)) < 0.3


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>one <b>two</b></p><p>three<br>four</p>", "one two\n\nthree\nfour"),
        ("a &amp; b &lt;i&gt; &hellip; &#x41;", "a & b <i> … A"),
        ("<script>x</script>a<style>y</style><!-- z -->b<svg>c", "ab"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ('<a title="a > b" href=x>link</a> 1 < 2', "link 1 < 2"),
        ("line\nbreaks   are\tspaces", "line breaks are spaces"),
        ("<td>a</td><td>b</td>", "a b"),
        ("&#0;&#x202e;x\x00", "\ufffdx"),
        ("unclosed <b", "unclosed"),
        ("", ""),
    ],
)
def test_the_words_of_some_html(html: str, expected: str) -> None:
    assert text(html, 100) == expected


def test_words_are_cut_with_an_ellipsis() -> None:
    assert text("<p>hello world</p>", 7) == "hello…"
    assert text("<p>hello</p>", 5) == "hello"


@pytest.mark.parametrize("unit", ["<!--", "<a '", '<a ="', "<script>", "<", "&", "<p>x", "\n ", " \n", "<svg>", "=", "<!"])
def test_words_are_found_in_linear_time(unit: str) -> None:
    small = unit * (16_384 // len(unit))
    assert cost_s(lambda: text(small * 4, 1_000_000)) < 8 * cost_s(lambda: text(small, 1_000_000)) + 0.05


def test_nothing_reaches_the_terminal_that_would_steer_it() -> None:
    assert terminal("a\x1b[31m\x1b]0;x\x07\n\u202eb\ud800 é🐢") == "a\\x1b[31m\\x1b]0;x\\x07\\n\\u202eb\\ud800 é🐢"


def test_the_sanitiser_hands_out_the_same_functions() -> None:
    assert (sanitize.line, sanitize.plain, sanitize.text, sanitize.terminal) == (line, plain, text, terminal)
