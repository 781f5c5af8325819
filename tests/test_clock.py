"""Times in and out of their text forms."""

from datetime import UTC, datetime

import pytest
from freezegun import freeze_time
from hypothesis import example, given
from hypothesis import strategies as st

from fedi import clock

TIMES = st.integers(clock.EARLIEST, clock.LATEST)


def test_now_is_milliseconds_since_1970():
    with freeze_time("2026-11-22T00:16:46.123Z"):
        assert clock.now() == 1_795_306_606_123


def test_a_time_is_written_with_milliseconds_and_a_z():
    assert clock.rfc3339(1_795_306_606_123) == "2026-11-22T00:16:46.123Z"
    assert clock.rfc3339(1_795_306_606_000) == "2026-11-22T00:16:46.000Z"
    assert clock.rfc3339(0) == "1970-01-01T00:00:00.000Z"


@given(TIMES)
@example(-1)
@example(clock.EARLIEST)
@example(clock.LATEST)
def test_what_is_written_is_read_again_as_the_same_millisecond(at: int):
    text = clock.rfc3339(at)

    assert len(text) == 24
    assert clock.parse_rfc3339(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T00:16:46Z",
        "2026-11-22t00:16:46z",
        "2026-11-22 00:16:46Z",
        "2026-11-22T00:16:46",
        "2026-11-22T00:16:46+00:00",
        "2026-11-22T00:16:46+0000",
        "2026-11-22T00:16:46 +0000",
        "2026-11-22T01:46:46+01:30",
        "2026-11-21T22:46:46-0130",
        "2026-11-22T00:16:46.000000Z",
        "2026-11-22T00:16:46.0000000000Z",
        "  2026-11-22T00:16:46Z\n",
    ],
)
def test_every_spelling_servers_use_is_the_same_time(text: str):
    assert clock.parse_rfc3339(text) == 1_795_306_606_000


def test_a_fraction_is_cut_to_milliseconds_not_rounded():
    assert clock.parse_rfc3339("2026-11-22T00:16:46.1Z") == 1_795_306_606_100
    assert clock.parse_rfc3339("2026-11-22T00:16:46.999999Z") == 1_795_306_606_999


def test_seconds_may_be_missing_and_a_leap_second_is_the_one_before():
    assert clock.parse_rfc3339("2026-11-22T00:16Z") == clock.parse_rfc3339("2026-11-22T00:16:00Z")
    assert clock.parse_rfc3339("2016-12-31T23:59:60Z") == clock.parse_rfc3339("2016-12-31T23:59:59Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "2026-13-22T00:16:46Z",
        "2026-02-30T00:16:46Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T00:61:00Z",
        "2026-11-22T00:16:61Z",
        "2026-11-22T00:16:99Z",
        "2026-11-22T00:16:46+99:99",
        "2026-11-22T00:16:46+24",
        "2026-11-22T00:16:46Z; DROP TABLE",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "+2026-11-22T00:16:46Z",
        "٢٠٢٦-11-22T00:16:46Z",
        "20261122T001646Z",
        "1795306606",
        "2026-11-22T00:16:46Z" + "Z" * 100_000,
        "2026-11-22T00:16:46.\ud800Z",
    ],
)
def test_what_is_no_time_is_none(text: str):
    assert clock.parse_rfc3339(text) is None


@given(st.text(st.sampled_from("0123456789-+:.TZtz \x00é"), max_size=80))
def test_no_text_raises(text: str):
    at = clock.parse_rfc3339(text)

    assert at is None or clock.parse_rfc3339(clock.rfc3339(at)) == at


def test_an_http_date_is_written_in_the_one_form_of_the_standard():
    assert clock.http_date(1_795_306_606_999) == "Sun, 22 Nov 2026 00:16:46 GMT"


@given(st.integers(0, clock.LATEST))
def test_an_http_date_is_read_again_as_the_same_second(at: int):
    assert clock.parse_http_date(clock.http_date(at)) == at - at % 1000


def test_an_http_date_without_zone_is_utc():
    assert clock.parse_http_date("Sun, 22 Nov 2026 00:16:46") == int(datetime(2026, 11, 22, 0, 16, 46, tzinfo=UTC).timestamp()) * 1000
    assert clock.parse_http_date("Sun, 22 Nov 2026 01:16:46 +0100") == clock.parse_http_date("Sun, 22 Nov 2026 00:16:46 GMT")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "yesterday",
        "Sun, 32 Nov 2026 00:16:46 GMT",
        "Sun, 22 Nov 99999999999 00:16:46 GMT",
        "Nov 99999999999 22 12.30.5 +9999999999999999999999",
        "Sun, 22 Nov 2026 00:16:46 +9999999999999999999",
        "\x00",
        "\ud800",
    ],
)
def test_what_is_no_http_date_is_none(text: str):
    assert clock.parse_http_date(text) is None


@given(st.lists(st.sampled_from(["Sun,", "22", "Nov", "2026", "99999999999", "00:16:46", "1.2.3", "GMT", "+9999999999999999", "-", ","])))
def test_no_pieces_of_http_dates_raise(pieces: list[str]):
    clock.parse_http_date(" ".join(pieces))
