"""Row ids: ordered by time, never over 63 bits, strict at the edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi import ids
from fedi.errors import NotFound

AT = 1_795_306_606_123


def test_an_id_remembers_its_millisecond():
    assert ids.time_of(ids.new(AT)) == AT


@given(st.integers(0, 2**46), st.integers(1, 2**40))
def test_what_happened_later_has_the_greater_id(at: int, after: int):
    assert ids.new(at) < ids.new(at + after)


def test_a_thousand_ids_of_one_millisecond_differ():
    assert len({ids.new(AT) for _ in range(1000)}) == 1000


def test_ids_of_one_millisecond_rise_wherever_the_sequence_stands():
    for number in range(200):
        made = [ids.new(AT + number) for _ in range(1000)]
        assert made == sorted(made)


def test_more_than_rise_in_one_millisecond_differ_all_the_same():
    assert len({ids.new(AT) for _ in range(65_536)}) == 65_536


def test_what_is_made_in_turn_for_two_milliseconds_differs():
    made = [ids.new(AT + number % 2) for number in range(30_000)]
    assert len(set(made)) == len(made)


@given(st.integers(-(2**70), 2**70))
def test_no_time_makes_an_id_the_database_cannot_hold(at: int):
    assert 0 <= ids.first_at(at) <= ids.new(at) <= ids.MAX


def test_the_first_id_of_a_time_is_not_above_any_id_of_it():
    assert ids.first_at(AT) <= min(ids.new(AT) for _ in range(100))
    assert max(ids.new(AT) for _ in range(100)) < ids.first_at(AT + 1)


def test_an_id_is_read_back_from_its_decimal_form():
    row_id = ids.new(AT)

    assert ids.parse(str(row_id)) == row_id
    assert ids.parse("0") == 0
    assert ids.parse(str(ids.MAX)) == ids.MAX


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "0x10",
        "1_000",
        "abc",
        "²",
        "١",
        "\ud800",
        str(ids.MAX + 1),
        "9" * 19,
        "9" * 20,
        "1" * 5000,
    ],
)
def test_what_cannot_be_an_id_is_not_found(text: str):
    with pytest.raises(NotFound):
        ids.parse(text)


@given(st.text(max_size=30))
def test_no_text_raises_anything_else(text: str):
    try:
        assert 0 <= ids.parse(text) <= ids.MAX
    except NotFound:
        pass
