"""Quote, ShallowQuote and QuoteApproval. In a kept Status stand places for what is the viewer's: `spots` fills them for each answer.

A quoted Status is shown with its own quote as a ShallowQuote.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import orjson

from fedi import approvals, policies
from fedi.storage import quotes as rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.quotes import Seen
from fedi.web.api.entities.places import Json

_NOBODY: Final[Json] = {"automatic": [], "manual": [], "current_user": "denied"}
_WORDS: Final = frozenset({policies.PUBLIC, policies.FOLLOWERS, policies.FOLLOWING})

Nested = Callable[[Sequence[int]], Mapping[int, bytes]]  # posts by id as JSON, with places still to be filled


def place(post_id: int) -> Json:
    """What stands for the quote of a post until it is filled."""
    return {"quoting": str(post_id)}


def approval(post: Post, is_local: bool) -> Json:
    """Source: Mastodon documentation, QuoteApproval."""
    rule = policies.read(post.policy).get(policies.QUOTE)
    if post.boost_of_id is not None or post.visibility == "direct" or not (is_local or post.is_public):
        return _NOBODY
    if rule is None and not is_local:
        return {"automatic": [], "manual": [], "current_user": policies.UNKNOWN}
    rule = (rule or policies.OPEN) if post.is_public else policies.CLOSED
    may: object = policies.AUTOMATIC if policies.PUBLIC in rule.automatic else {"quoting": str(post.id)}
    return {"automatic": _words(rule.automatic), "manual": _words(rule.manual), "current_user": may}


def _words(named: Sequence[str]) -> list[str]:
    words = [name if name in _WORDS else "unsupported_policy" for name in named if name != policies.AUTHOR]
    return list(dict.fromkeys(words))


def may_quote(tx: Tx, viewer_id: int, post_ids: Sequence[int]) -> dict[int, bytes]:
    """`current_user` of many posts, in one statement."""
    terms = rows.list_terms(tx, viewer_id, post_ids)
    return {post_id: orjson.dumps(approvals.quote_verdict(one, viewer_id)) for post_id, one in terms.items()}


def load(tx: Tx, viewer_id: int, post_ids: Sequence[int], nested: Nested | None) -> dict[int, bytes]:
    """The quotes of these posts as JSON, by post id; without `nested` only who quotes which. Source: Mastodon documentation, Quote."""
    found = rows.list_seen(tx, viewer_id, post_ids)
    shown = nested([one.quoted_id for one in found.values() if one.quoted_id is not None]) if nested is not None else {}
    return {post_id: orjson.dumps(_quote(one, shown, nested is None)) for post_id, one in found.items()}


def _quote(one: Seen, shown: Mapping[int, bytes], shallow: bool) -> Json:
    state = one.why if one.why and one.state == rows.SHOWN else one.state
    if shallow:
        return {"state": state, "quoted_status_id": str(one.quoted_id) if one.quoted_id is not None else None}
    status = shown.get(one.quoted_id) if one.quoted_id is not None else None
    return {"state": state, "quoted_status": orjson.Fragment(status) if status is not None else None}
