"""Pages that say whose they are: a link on a profile is proven when its page links back with `rel="me"`. The page is fetched in a job.

Source: Mastodon documentation, Field (verified_at).
"""

import html
import json
import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from fedi import uris
from fedi.errors import Malformed
from fedi.storage import accounts as account_rows
from fedi.storage import jobs as job_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.streaming import Event

JOB: Final = "backlinks"  # its payload is the id of an account
_TAGS: Final = 20_000
_LINK: Final = re.compile(rb"<(?:a|link)\s([^<>]{1,4000})>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"""\b(rel|href)\s*=\s*(?:"([^"]{0,2048})"|'([^']{0,2048})'|([^\s"'<>]{1,2048}))""", re.IGNORECASE)


def ask(tx: Tx, account: Account) -> None:
    """Have the pages of an account looked at that are not proven yet; nothing where there is none."""
    payload = b"%d" % account.id
    if unproven(account) and not job_rows.is_waiting(tx, JOB, payload, JOB):
        tx.emit(Event("job", job_rows.insert(tx, JOB, payload, lane=JOB)))


def unproven(account: Account) -> list[str]:
    """Addresses that somebody here has put on their profile, as they wrote them."""
    if not account.is_local or account.is_hidden:
        return []
    rows = zip(account.field_rows(), account.field_proofs(), strict=True)
    return list(dict.fromkeys(source for (_, _, source), at in rows if at is None and _is_page(source)))


def _is_page(text: str) -> bool:
    try:
        return bool(uris.origin(text).host)
    except Malformed:
        return False


def links_back(page: bytes, account: Account) -> bool:
    """Whether a page has a link with `rel="me"` to a profile, by its address or its id. Costs CPU."""
    wanted = {account.url.rstrip("/"), account.uri.rstrip("/")}
    for tag in islice(_LINK.finditer(page), _TAGS):
        said = {name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(tag[1].decode("utf-8", "replace"))}
        if "me" in said.get("rel", "").lower().split() and said.get("href", "").strip().rstrip("/") in wanted:
            return True
    return False


def prove(tx: Tx, account_id: int, pages: Iterable[str]) -> None:
    """These pages linked back just now; what was changed meanwhile is not proven."""
    account, found = account_rows.get(tx, account_id), set(pages)
    rows = [[*row[:3], *([tx.now] if row[2] in found else row[3:])] for row in json.loads(account.fields)]
    if json.dumps(rows) != account.fields:
        account_rows.update(tx, account.id, fields=json.dumps(rows))
        tx.emit(Event("account", account.id))
