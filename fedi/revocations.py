"""Taking a yes back: the stamp is there no more, and what it allowed is hidden, here and by whoever hears of it.

Source: FEDERATION.md, Interaction policies; FEP-044f.
"""

from fedi import decisions, outcomes, policies, quotes
from fedi.activitypub import outbox_consents
from fedi.activitypub.parse import Activity
from fedi.errors import NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import approvals as rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.approvals import Request
from fedi.storage.db import Tx


def revoke(tx: Tx, author: Account, request_id: int) -> Request:
    """Take back the yes to an answer, like, boost or quote of one's own post. Raises NotFound for what is not one's own to take back."""
    request = rows.find(tx, request_id)
    post = post_rows.find(tx, request.post_id) if request is not None else None
    if request is None or post is None or post.account_id != author.id or request.state != "accepted":
        raise NotFound("There is no such approval, or it was taken back already.")
    if request.kind == policies.QUOTE and (quoting := post_rows.find_by_uri(tx, request.interaction_uri)) is not None:
        decisions.revoke_quote(tx, author, post.id, quoting.id)
        return rows.find(tx, request_id) or request
    outbox_consents.revoked(tx, request, author)
    if request.kind != policies.QUOTE:
        outbox_consents.answered(tx, request, post, author, accepted=False)
    revoked = request._replace(state="revoked", authorization_uri="", answered_at=tx.now)
    rows.put(tx, revoked)
    outcomes.turn_down(tx, revoked, author, counted=True)
    return revoked


def receive(tx: Tx, stamp_uri: str, actor: Account, said: Activity) -> bool:
    """An author elsewhere has taken a stamp back, of whatever kind; returns whether it was one. Nothing from anybody else."""
    if quotes.receive_revocation(tx, stamp_uri, actor, said):
        return True
    found = False
    for request in rows.list_by_authorization(tx, stamp_uri):
        if request.kind != policies.QUOTE and post_rows.get(tx, request.post_id).account_id == actor.id:
            found = True
            if request.state == "accepted":
                _revoked(tx, request, actor, said)
    return found


def _revoked(tx: Tx, request: Request, author: Account, said: Activity) -> None:
    """Servers that got an answer of somebody here hear of it too: they know its stamp."""
    made, asker = outcomes.made_for(tx, request), account_rows.get(tx, request.account_id)
    if made is not None and asker.is_local and request.kind == policies.REPLY:
        outbox_consents.passed_on(tx, made, asker, request.authorization_uri, said)
    revoked = request._replace(state="revoked", answered_at=tx.now)
    rows.put(tx, revoked)
    outcomes.turn_down(tx, revoked, author, counted=True)
