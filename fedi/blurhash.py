"""A picture as some thirty characters: the blur that stands where it will be. Source: BlurHash, Algorithm."""

from collections.abc import Sequence
from math import copysign, cos, pi

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_ACROSS, _DOWN = 4, 3
_LINEAR = [value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in range(256)]

_Colour = tuple[float, float, float]


def encode(pixels: bytes, width: int, height: int) -> str:
    """Of a small picture: `pixels` are RGB, row by row. 32 pixels a side are plenty; costs some milliseconds then."""
    parts = _components(pixels, width, height)
    largest = max(abs(value) for part in parts[1:] for value in part)
    scale = max(0, min(82, int(largest * 166 - 0.5)))
    found = _digits(_ACROSS - 1 + (_DOWN - 1) * 9, 1) + _digits(scale, 1) + _digits(_average(parts[0]), 4)
    return found + "".join(_digits(_detail(part, (scale + 1) / 166), 2) for part in parts[1:])


def _components(pixels: bytes, width: int, height: int) -> list[_Colour]:
    """The cosine transform, rows before columns."""
    across = [[cos(pi * i * x / width) for x in range(width)] for i in range(_ACROSS)]
    rows: list[list[_Colour]] = []
    for y in range(height):
        line = pixels[3 * y * width : 3 * (y + 1) * width]
        channels = [[_LINEAR[value] for value in line[channel::3]] for channel in range(3)]
        rows.append([_sums(channels, waves) for waves in across])
    found = []
    for j in range(_DOWN):
        waves = [cos(pi * j * y / height) for y in range(height)]
        for i in range(_ACROSS):
            weight = (1 if i == j == 0 else 2) / (width * height)
            red, green, blue = _sums([[row[i][channel] for row in rows] for channel in range(3)], waves)
            found.append((red * weight, green * weight, blue * weight))
    return found


def _sums(channels: Sequence[Sequence[float]], waves: Sequence[float]) -> _Colour:
    red, green, blue = (sum([a * b for a, b in zip(channel, waves, strict=True)]) for channel in channels)
    return red, green, blue


def _average(colour: _Colour) -> int:
    red, green, blue = (_srgb(value) for value in colour)
    return (red << 16) + (green << 8) + blue


def _srgb(value: float) -> int:
    value = max(0.0, min(1.0, value))
    return int((value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055) * 255 + 0.5)


def _detail(colour: _Colour, largest: float) -> int:
    red, green, blue = (max(0, min(18, int(copysign(abs(value / largest) ** 0.5, value) * 9 + 9.5))) for value in colour)
    return (red * 19 + green) * 19 + blue


def _digits(value: int, length: int) -> str:
    return "".join(_DIGITS[value // 83**place % 83] for place in reversed(range(length)))
