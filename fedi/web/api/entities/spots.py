"""Places in kept Statuses that are filled for each answer, with what changes more often than the post or is the viewer's alone.

A place is an object that no text can forge: inside of a JSON string every quote is escaped.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from fedi.storage.db import Tx
from fedi.web.api.entities import card, parent, poll, quote, reaction

_POLL: Final = re.compile(rb'"poll":\{"post":"([0-9]+)"\}')
_REACTIONS: Final = re.compile(rb'"reactions":\{"post":"([0-9]+)"\}')
_QUOTE: Final = re.compile(rb'"quote":\{"quoting":"([0-9]+)"\}')
_MAY_QUOTE: Final = re.compile(rb'"current_user":\{"quoting":"([0-9]+)"\}')


def any_in(status: bytes) -> bool:
    return b'":{"post":"' in status or b'":{"quoting":"' in status or b'":{"author":"' in status


def fill(
    tx: Tx, viewer_id: int, statuses: Sequence[bytes], nested: quote.Nested | None = None, people: card.People | None = None
) -> list[bytes]:
    """The same with every place filled, in a fixed number of statements; none where there is nothing to fill.

    `nested` gives the quoted posts; without it only their ids are told. `people` gives the authors of pages.
    """
    found = parent.load(tx, viewer_id, statuses)
    if wanted := _numbers(_POLL, found):
        found = _put(_POLL, b'"poll":', found, poll.load(tx, viewer_id, wanted))
    if wanted := _numbers(_REACTIONS, found):
        found = _put(_REACTIONS, b"", found, reaction.load(tx, viewer_id, wanted))
    if wanted := _numbers(_MAY_QUOTE, found):
        found = _put(_MAY_QUOTE, b'"current_user":', found, quote.may_quote(tx, viewer_id, wanted))
    if wanted := _numbers(_QUOTE, found):
        found = _put(_QUOTE, b'"quote":', found, quote.load(tx, viewer_id, wanted, nested))
    if any(b'":{"author":"' in status for status in found):
        found = card.fill(viewer_id, found, people)
    return found


def _numbers(pattern: re.Pattern[bytes], statuses: Sequence[bytes]) -> list[int]:
    return [int(number) for status in statuses for number in pattern.findall(status)]


def _put(pattern: re.Pattern[bytes], name: bytes, statuses: Sequence[bytes], made: Mapping[int, bytes]) -> list[bytes]:
    return [pattern.sub(lambda match: name + made.get(int(match[1]), b"null"), status) for status in statuses]
