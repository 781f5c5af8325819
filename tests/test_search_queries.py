import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi import clock, search_queries
from fedi.search_queries import Query
from tests import make


def day(text: str) -> int:
    found = clock.parse_rfc3339(f"{text}T00:00:00Z")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("two words", Query(words='"two" AND "words"')),
        ('"in a row" -without', Query(words='"in a row"', excluded='("without")')),
        ('-"not this" -nor -that', Query(excluded='("not this") OR ("nor") OR ("that")')),
        ("begin*", Query(words='"begin"*')),
        ("from:@Bob@Peer.test from:me -from:eve", Query(authors=("bob@peer.test", "me"), others=("eve",))),
        (
            "has:media -has:poll is:reply -is:sensitive",
            Query(has=(("media", True), ("poll", False), ("reply", True), ("sensitive", False))),
        ),
        ("language:de -language:en", Query(languages=("de",), other_languages=("en",))),
        ("in:library", Query(place="library")),
        ("in:all cat", Query(words='"cat"')),
        ("before:2026-02-01", Query(until=day("2026-02-01"))),
        ("after:2026-02-01", Query(since=day("2026-02-02"))),
        ("during:2026-02-01", Query(since=day("2026-02-01"), until=day("2026-02-02"))),
        ("after:2026-01-01 after:2026-02-01 before:2026-04-01 before:2026-03-01", Query(since=day("2026-02-02"), until=day("2026-03-01"))),
    ],
)
def test_a_query_is_read_as_its_writer_means_it(text: str, meant: Query) -> None:
    assert search_queries.parse(text) == meant


@pytest.mark.parametrize("text", ["has:cheese", "is:ripe", "in:brie", "before:tomorrow", "during:2026-13-40", "note:this"])
def test_what_is_no_operator_is_looked_for_as_words(text: str) -> None:
    found = search_queries.parse(text)

    assert found.words and found == Query(words=found.words)


@given(st.text(max_size=200) | st.text(alphabet="\"'*()-+:^{}<>=!&|ab 日語.,has:in from", max_size=60))
def test_whatever_is_typed_can_be_looked_for_DOS_17(text: str) -> None:
    found = search_queries.parse(text)

    for expression in (found.words, found.excluded):
        if expression:
            _DB.read(lambda tx, what=expression: tx.query("SELECT rowid FROM post_search WHERE post_search MATCH ?", (what,)))


_DB = make.database()


def test_a_query_is_bounded_DOS_17() -> None:
    found = search_queries.parse(" ".join(f"w{number}" for number in range(500)))

    assert found.words.count("AND") < 40
