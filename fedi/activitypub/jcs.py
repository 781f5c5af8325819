"""JSON in the one canonical form, as bytes: what integrity proofs sign. Pure.

Source: RFC 8785.
"""

import json
from typing import Any

import orjson

from fedi.errors import Malformed

_SAFE = 2**53 - 1  # whole numbers that a double holds exactly
_encode_text = json.JSONEncoder(ensure_ascii=False).encode


def dumps(value: Any) -> bytes:
    """The canonical form of what a JSON reader gave. Raises Malformed for what has none: NaN, infinities, lone surrogates."""
    try:
        if _is_plain(value):
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        parts: list[str] = []
        _write(value, parts)
        return "".join(parts).encode()
    except (UnicodeEncodeError, orjson.JSONEncodeError):
        raise Malformed("That document has half a character.") from None


def _is_plain(value: Any) -> bool:
    """Whether sorting is all there is to do: names in ASCII, no numbers but small whole ones. Then a library does it ten times as fast."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        kind = type(one)
        if kind is str or kind is bool or one is None:
            continue
        if kind is dict:
            if not all(map(str.isascii, one)):
                return False
            waiting.extend(one.values())
        elif kind is list or kind is tuple:
            waiting.extend(one)
        elif kind is int:
            if not -_SAFE <= one <= _SAFE:
                return False
        elif not isinstance(one, str):  # text that is known to be safe is of a kind of its own
            return False
    return True


def _write(value: Any, parts: list[str]) -> None:
    """Recursion is bounded by the reader: limits.JSON_DEPTH."""
    if isinstance(value, str):
        parts.append(_encode_text(value))
    elif isinstance(value, dict):
        _write_object(value, parts)
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            parts.append("," if place else "[")
            _write(item, parts)
        parts.append("]" if value else "[]")
    elif value is None or isinstance(value, bool):
        parts.append("null" if value is None else "true" if value else "false")
    else:
        parts.append(number(value))


def _write_object(value: dict[str, Any], parts: list[str]) -> None:
    names = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=_units)
    for place, name in enumerate(names):
        parts.append("," if place else "{")
        parts.append(_encode_text(name))
        parts.append(":")
        _write(value[name], parts)
    parts.append("}" if names else "{}")


def _units(name: str) -> bytes:
    """Names are in the order of their UTF-16 code units, which is not that of their characters."""
    return name.encode("utf-16-be", "surrogatepass")


def number(value: float) -> str:
    """A number as every ECMAScript engine prints it: 1e21, 1e-7, 0.000001, and never -0."""
    if isinstance(value, int) and -_SAFE <= value <= _SAFE:
        return str(value)
    value = float(value)
    if value != value or value in (float("inf"), float("-inf")):
        raise Malformed("That document has a number that is none.")
    if value == 0:
        return "0"
    sign, text = ("-", repr(-value)) if value < 0 else ("", repr(value))
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0)  # where the decimal point stands, counted from the first digit
    point -= len(whole + fraction) - len(digits)
    return sign + _placed(digits.rstrip("0"), point)


def _placed(digits: str, point: int) -> str:
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{digits[0]}{'.' if count > 1 else ''}{digits[1:]}{power}"
