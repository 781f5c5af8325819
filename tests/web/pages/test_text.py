import pytest

from fedi import clock
from fedi.web.pages import text
from fedi.web.pages.fragments import Fragment, Fragments, slot

NOW = clock.parse_rfc3339("2026-11-22T12:00:00Z") or 0


@pytest.mark.parametrize(
    ("past", "shown"),
    [(0, "now"), (-5000, "now"), (59_000, "now"), (60_000, "1 min"), (clock.HOUR, "1 h"), (clock.DAY, "1 d"), (8 * clock.DAY, "14 Nov"),
     (400 * clock.DAY, "18 Oct 2025"), (NOW, "1 Jan 1970"), (10**18, "1 Jan 1")],
)  # fmt: skip
def test_a_time_is_told_in_a_word_or_two(past: int, shown: str) -> None:
    assert text.ago(NOW - past, NOW) == shown


def test_a_time_is_told_in_full() -> None:
    assert text.full_time(NOW) == "22 November 2026, 12:00 UTC"


def test_a_day_is_told_in_words() -> None:
    assert text.day("2027-01-09") == "9 January 2027"


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0"), (999, "999"), (9999, "9,999"), (12345, "12.3k"), (10000, "10k"), (4_500_000, "4.5M")]
)
def test_large_numbers_are_short(count: int, shown: str) -> None:
    assert text.number(count) == shown


@pytest.mark.parametrize("path", ["/", "/home", "/@alice/1", "/search?q=https://peer.test/@a", "/home?before=12"])
def test_a_path_of_ours_may_be_gone_back_to(path: str) -> None:
    assert text.local_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "home", "//evil.test", "///evil.test", "/\\evil.test", "\\\\evil.test", "https://evil.test", "/x/..//evil.test", "/\n/evil.test",
     "/..", "http:/evil", "/" + "a" * 7000, "javascript:alert(1)", "/%5c/..//x", "/\x00", " /home", "/\tx"],
)  # fmt: skip
def test_nothing_else_may(path: str) -> None:
    assert text.local_path(path) == "/home"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.test", "/x", "https://a@b.test/", "ftp://x.test", "https://x .test", ""]
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert text.web_address(url) == ""


def test_a_fragment_is_filled_with_what_differs() -> None:
    fragment = Fragment(f"<p>{slot('a')} and {slot('b')}, {slot('a')}</p>")
    assert fragment.fill({"a": "1", "b": "2"}) == "<p>1 and 2, 1</p>"
    assert Fragment("plain").fill({}) == "plain"


def test_fragments_are_rendered_once_and_the_oldest_go_first() -> None:
    kept, rendered = Fragments(most_chars=1000), []

    def render() -> str:
        rendered.append(1)
        return "x" * 200

    for key in ("a", "a", "b", "a", "c"):
        kept.get(key, render)
    assert len(rendered) == 3 and kept.find("b") is None and kept.find("a") is not None and len(kept) == 2
