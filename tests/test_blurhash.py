"""Blurs as other programs write them."""

import pytest

from fedi import blurhash


def _pixels(width: int, height: int) -> bytes:
    return b"".join(bytes((min(255, x * 8), min(255, y * 10), x * y * 7 % 256)) for y in range(height) for x in range(width))


@pytest.mark.parametrize(
    ("size", "expected"),
    [((32, 24), "LxH27$2owuX4mEWUjsf5gGfhfPfi"), ((1, 1), "L00000fQfQfQfQfQfQfQfQfQfQfQ"), ((32, 1), "L~G{_V6hwxWp|c6hwxWp|c6hwxWp")],
)
def test_they_are_what_the_reference_makes_of_the_same_pixels(size: tuple[int, int], expected: str) -> None:
    assert blurhash.encode(_pixels(*size), *size) == expected
