import pytest

from fedi import clock, facts
from fedi.facts import NOTHING, Facts

PARTY = clock.parse_rfc3339("2019-12-18T13:00:00Z") or 0


def test_what_is_stored_comes_back_as_it_was() -> None:
    full = Facts(
        abstract="In short", starts_at=PARTY, ends_at=PARTY + clock.HOUR, offset_min=60, timezone="Europe/Paris", place="Castle",
        address="44000 Nantes, France", online_url="https://meet.test/", status="tentative", seats=12, duration_ms=1000, is_live=True,
        by="Somebody", book="Emma", book_url="https://books.test/1", rating=3.5, progress="page 3", links=(("https://a.test/", "A"),),
    )  # fmt: skip

    assert facts.load(facts.dump(full)) == full
    assert facts.load(facts.dump(Facts(rating=4.0))).rating == 4.0
    assert facts.dump(NOTHING) == ""


@pytest.mark.parametrize(
    "stored", ["", "{", "[]", "null", '{"nobody": 1}', '{"rating": "high", "starts_at": "soon", "links": 3}', '{"links": [["a"], [1, 2]]}',
               '{"starts_at": 99999999999999999}', '{"is_live": 1}']
)  # fmt: skip
def test_a_damaged_row_says_nothing_and_fails_nothing(stored: str) -> None:
    assert facts.load(stored) == NOTHING
    assert facts.sayings(facts.load(stored)) == []


def test_an_event_is_told_on_the_clocks_of_its_place() -> None:
    paris = Facts(starts_at=PARTY, ends_at=PARTY + clock.HOUR, offset_min=60, timezone="Europe/Paris")

    assert facts.span(paris) == "Wednesday 18 December 2019, 14:00 to 15:00 (Europe/Paris)"
    assert facts.span(paris._replace(timezone="", ends_at=None)) == "Wednesday 18 December 2019, 14:00 (UTC+1)"
    assert facts.span(Facts(starts_at=PARTY, ends_at=PARTY + 12 * clock.HOUR, offset_min=-210)) == (
        "Wednesday 18 December 2019, 09:30 to 21:30 (UTC-3:30)"
    )
    assert facts.span(Facts(starts_at=PARTY, ends_at=PARTY + clock.DAY)) == (
        "Wednesday 18 December 2019, 13:00 to Thursday 19 December 2019, 13:00 (UTC)"
    )
    assert facts.span(Facts(starts_at=clock.LATEST, offset_min=839))


def test_lengths_and_ratings_have_words() -> None:
    assert [facts.duration(ms) for ms in (0, 42_000, 125_000, 3_725_000)] == ["0:00", "0:42", "2:05", "1:02:05"]
    assert [facts.rating(value) for value in (4.0, 3.5)] == ["4 of 5", "3.5 of 5"]
    assert [facts.stars(value) for value in (4.0, 3.5, 3.26, 0.4, 5.0)] == [(4, False), (3, True), (3, True), (0, True), (5, False)]


def test_what_is_not_said_has_no_line() -> None:
    assert [one.kind for one in facts.sayings(Facts(place="Castle", rating=2.0, abstract="x"))] == ["where", "rating"]
