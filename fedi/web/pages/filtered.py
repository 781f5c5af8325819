"""What filters do on our pages: posts are left out, folded under the filter's name, or their files are."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import escape

from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web.pages.site import Pages

_NOTHING: Final = {"warned": "", "unwarned": "", "veil": "", "unveil": ""}
_END: Final = "</div></details>"


class Looked(NamedTuple):
    """The rows that are left, and what fills the slots of those that are folded, by row id."""

    rows: Sequence[Post]
    values: dict[int, dict[str, str]]

    def of(self, row_id: int) -> dict[str, str]:
        return self.values.get(row_id, _NOTHING)


def look(pages: Pages, tx: Tx, viewer: Account | None, rows: Sequence[Post], context: str, kept: frozenset[int]) -> Looked:
    """Apply the viewer's filters for a place (`home`, `thread` ...; '' for none). Own posts and those in `kept` are left as they are."""
    if viewer is None or not context or pages.instance.filtering.matcher(tx, viewer.id) is None:
        return Looked(rows, {})
    met = pages.instance.filtering.met(tx, viewer.id, [row.id for row in rows if row.account_id != viewer.id and row.id not in kept])
    left, values = [], {}
    for row in rows:
        found = [one.filter for one in met.get(row.id, ()) if context in one.filter.contexts]
        names = {action: [one.title for one in found if one.action == action] for action in ("hide", "warn", "blur")}
        if names["hide"]:
            continue
        left.append(row)
        if found:
            values[row.id] = _NOTHING | _fold("warned", names["warn"]) | _fold("veil", names["blur"])
    return Looked(left, values)


def _fold(slot: str, names: list[str]) -> dict[str, str]:
    if not names:
        return {}
    words = escape(", ".join(names))
    return {slot: f'<details class="cw"><summary><span>Filtered: {words}</span></summary><div>', f"un{slot}": _END}
