"""Rendered posts, kept: most of a page is the same for everybody, and stays the same until the post or its author changes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping

from markupsafe import Markup

_MARK = "\0"  # no text of ours can hold it: see fedi.html.UNSAFE


def slot(name: str) -> Markup:
    """In a template: a place that is filled when the fragment is used."""
    return Markup(f"{_MARK}{name}{_MARK}")  # noqa: S704 - a name of ours, no text of anybody


class Fragment:
    """A rendered text with slots, cut at them once."""

    __slots__ = ("_literals", "_names", "size", "slots")

    def __init__(self, rendered: str) -> None:
        parts = rendered.split(_MARK)
        self._literals = parts[0::2]
        self._names = parts[1::2]
        self.slots = frozenset(self._names)
        self.size = len(rendered) + 200

    def fill(self, values: Mapping[str, str]) -> str:
        """The whole text. Values are HTML: the caller has escaped them."""
        out = [self._literals[0]]
        for name, literal in zip(self._names, self._literals[1:], strict=True):
            out.append(values[name])
            out.append(literal)
        return "".join(out)


class Fragments:
    """The fragments used last, up to so many characters."""

    def __init__(self, most_chars: int = 6_000_000) -> None:
        self._most = most_chars
        self._size = 0
        self._kept: OrderedDict[Hashable, Fragment] = OrderedDict()

    def find(self, key: Hashable) -> Fragment | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def get(self, key: Hashable, render: Callable[[], str]) -> Fragment:
        """The fragment of a key, rendered now if it is not kept."""
        found = self.find(key)
        if found is None:
            found = self._kept[key] = Fragment(render())
            self._size += found.size
            while self._size > self._most and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1].size
        return found

    def __len__(self) -> int:
        return len(self._kept)
