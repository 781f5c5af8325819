"""The canonical form, against the numbers of RFC 8785 and a second implementation."""

import json
import struct

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as some

from fedi.activitypub import jcs
from fedi.errors import Malformed

# Source: RFC 8785, appendix B: the bits of a double, and how it is printed.
NUMBERS = {
    "0000000000000000": "0", "8000000000000000": "0", "0000000000000001": "5e-324", "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308", "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992", "c340000000000000": "-9007199254740992", "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22", "44b52d02c7e14af6": "1e+23", "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000", "444b1ae4d6e2ef4f": "999999999999999900000", "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7", "3eb0c6f7a0b5ed8d": "0.000001", "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325", "41b3de4355555555": "333333333.3333333", "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343", "becbf647612f3696": "-0.0000033333333333333333", "43143ff3c1cb0959": "1424953923781206.2",
}  # fmt: skip


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_printed_as_rfc_8785_prints_them(bits: str, text: str) -> None:
    assert jcs.number(struct.unpack(">d", bytes.fromhex(bits))[0]) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(Malformed):
        jcs.dumps([value])


def test_a_whole_number_too_large_for_a_double_becomes_one_as_in_other_readers() -> None:
    assert jcs.dumps(2**53 + 1) == b"9007199254740992"


def test_names_are_sorted_by_their_utf_16_units() -> None:
    document = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}
    assert list(json.loads(jcs.dumps(document))) == ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]


def test_half_a_character_is_refused() -> None:
    with pytest.raises(Malformed):
        jcs.dumps({"content": "\ud800"})


leaves = some.none() | some.booleans() | some.integers(-(2**53) + 1, 2**53 - 1) | some.floats(allow_nan=False, allow_infinity=False)
texts = some.text(some.characters(exclude_categories=["Cs"]))
documents = some.recursive(leaves | texts, lambda inner: some.lists(inner) | some.dictionaries(texts, inner), max_leaves=20)


plain = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: some.lists(inner) | some.dictionaries(some.text(some.characters(max_codepoint=127)), inner),
    max_leaves=20,
)


@given(plain)
def test_it_agrees_where_a_library_sorts_the_names(document: object) -> None:
    assert jcs.dumps(document) == rfc8785.dumps(document)  # type: ignore[arg-type]


def test_every_character_is_escaped_as_elsewhere_or_not_at_all() -> None:
    text = "".join(map(chr, range(0x100))) + "\u2028\u2029\ufeff\U0001f600"
    assert jcs.dumps({"a": text}) == rfc8785.dumps({"a": text}) == jcs.dumps({"a": text, "b": 1.5})[: -len(',"b":1.5}')] + b"}"


@given(documents)
def test_a_second_implementation_agrees(document: object) -> None:
    assert jcs.dumps(document) == rfc8785.dumps(document)  # type: ignore[arg-type]
