"""FeatureApproval: whether somebody may be put into collections, and by the one who reads. Source: Mastodon documentation, FeatureApproval.

Of people who are asked before they are followed that hangs on who reads, while accounts are rendered for everybody alike: a place stands
for it, which is filled as the answer leaves. Its name begins with a byte that texts hardly ever have, so that to look for it is cheap.
"""

import re
from typing import Final

from fedi.storage import follows as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web.api.entities.places import Json

_NAME: Final = "\U0010ffff"
LEAD: Final = _NAME.encode()[:1]
_PLACE: Final = re.compile(b'"current_user":\\{"%b":"([0-9]+)"\\}' % _NAME.encode())
# What is searched for ends in a byte that is not everywhere, which makes the search ten times as quick.
_BEGIN: Final = b'"feature_approval":{'
_ALL, _NONE = (b'"automatic":["public"],"manual":[],"current_user":"%b"}' % verdict for verdict in (b"automatic", b"denied"))


def approval(shown: Account) -> Json:
    """People here who want to be found may be put into collections, of locked ones by who follows them; others have not said."""
    if not shown.is_local:
        return {"automatic": [], "manual": [], "current_user": "missing"}
    if not shown.discoverable:
        return {"automatic": [], "manual": [], "current_user": "denied"}
    if shown.locked:
        return {"automatic": ["followers"], "manual": [], "current_user": {_NAME: str(shown.id)}}
    return {"automatic": ["public"], "manual": [], "current_user": "automatic"}


def fill(tx: Tx, viewer_id: int, made: bytes) -> bytes:
    """JSON with every such place filled, in one statement. For people who are signed in."""
    if LEAD not in made:
        return made
    wanted = {int(account_id) for account_id in _PLACE.findall(made)}
    followed = rows.list_followed(tx, viewer_id, wanted) if wanted else frozenset()

    def verdict(match: re.Match[bytes]) -> bytes:
        account_id = int(match[1])
        return b'"current_user":"automatic"' if account_id == viewer_id or account_id in followed else b'"current_user":"denied"'

    return _PLACE.sub(verdict, made) if wanted else made


def of_nobody(made: bytes) -> bytes:
    """The same for who is not signed in: they may put nobody anywhere."""
    first, *rest = made.split(_BEGIN)
    if not rest:
        return made
    shown = _BEGIN.join((first, *(_NONE + part[len(_ALL) :] if part.startswith(_ALL) else part for part in rest)))
    return _PLACE.sub(b'"current_user":"denied"', shown) if LEAD in shown else shown
