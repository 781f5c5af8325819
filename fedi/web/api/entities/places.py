"""What every entity needs: addresses that clients may open, and the spellings of the API."""

from typing import Any, Final

from fedi import uris
from fedi.errors import Invalid, Malformed

Json = dict[str, Any]

_VISIBILITIES: Final = {"public": "public", "unlisted": "unlisted", "followers": "private", "direct": "direct"}
_OURS: Final = {theirs: ours for ours, theirs in _VISIBILITIES.items()}


def address(url: str) -> str | None:
    """A web address as clients may open it, or None: other servers write what they like there. Source: XSS-05."""
    try:
        uris.origin(url)
    except Malformed:
        return None
    return url


def visibility(ours: str) -> str:
    """Our word for who may see a post, as the API says it: `private` is for followers."""
    return _VISIBILITIES[ours]


def read_visibility(theirs: str) -> str:
    """The other way round. Raises Invalid."""
    found = _OURS.get(theirs)
    if found is None:
        raise Invalid(f"`{theirs}` is not a visibility. There are {', '.join(_OURS)}.", "visibility")
    return found
