"""What a policy has kept apart: its owner lets senders through, or lets what they did go."""

from collections.abc import Sequence

from fedi import conversations
from fedi.errors import NotFound
from fedi.storage import notification_policies as policy_rows
from fedi.storage import notification_requests as rows
from fedi.storage.db import Tx
from fedi.storage.notification_requests import Request
from fedi.streaming import Event


def find(tx: Tx, owner_id: int, request_id: int) -> Request:
    """Raises NotFound for what is not there, or somebody else's."""
    found = rows.find(tx, owner_id, request_id)
    if found is None:
        raise NotFound("There is no such request.")
    return found


def accept(tx: Tx, owner_id: int, request_ids: Sequence[int]) -> None:
    """Hear of these senders from now on, whatever the policy says; what they did until now stands among the rest, with its letters."""
    requests = rows.list_these(tx, owner_id, request_ids)
    senders = [request.from_account_id for request in requests]
    for sender_id in senders:
        policy_rows.permit(tx, owner_id, sender_id)
    held = rows.list_held(tx, owner_id, senders)
    rows.bring_back(tx, owner_id, senders)
    rows.delete(tx, owner_id, [request.id for request in requests])
    for one in held:
        if one.kind == "mention" and one.post_id is not None:
            conversations.brought_back(tx, owner_id, one.post_id)
    if requests:
        tx.emit(Event("notifications_merged", owner_id, owner_id))


def dismiss(tx: Tx, owner_id: int, request_ids: Sequence[int]) -> None:
    """Let what these senders did go. What they do next is kept apart again."""
    requests = rows.list_these(tx, owner_id, request_ids)
    rows.drop_held(tx, owner_id, [request.from_account_id for request in requests])
    rows.delete(tx, owner_id, [request.id for request in requests])
