"""Blocks, mutes and domain blocks of people. What they hide is in storage/visible.py and storage/notifications.py."""

from fedi import clock, follows, severances, uris
from fedi.activitypub import outbox, render
from fedi.errors import Conflict, Invalid, Malformed, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as rows
from fedi.storage import collections as collection_rows
from fedi.storage import list_posts as list_post_rows
from fedi.storage import notifications as notification_rows
from fedi.storage import severances as severance_rows
from fedi.storage import timelines as timeline_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.streaming import Event


def _target(tx: Tx, account: Account, target_id: int) -> Account:
    target = account_rows.get(tx, target_id)
    if target.deleted_at is not None or target.kind == "Application":
        raise NotFound("There is no such account.")
    if target.id == account.id:
        raise Invalid("That is you.", "id")
    return target


def block(tx: Tx, account: Account, target_id: int) -> None:
    """Have nothing to do with somebody, in either direction. Raises NotFound, Invalid for oneself."""
    target = _target(tx, account, target_id)
    uri = outbox.new_uri(tx)
    if rows.put(tx, account.id, target.id, uri):
        _begin(tx, account, target)
        outbox.to_account(tx, account, "Block", uri, target.uri, target)


def _begin(tx: Tx, account: Account, target: Account) -> None:
    follows.sever(tx, account, target)
    collection_rows.delete_between(tx, account.id, target.id)
    for one, other in ((account, target), (target, account)):
        if one.is_local:
            timeline_rows.purge_home(tx, one.id, other.id)
            list_post_rows.purge(tx, one.id, other.id)
            notification_rows.delete_between(tx, one.id, other.id)
    tx.emit(Event("relation", account.id, target.id))


def unblock(tx: Tx, account: Account, target_id: int) -> None:
    target = _target(tx, account, target_id)
    uri = rows.find_uri(tx, account.id, target.id)
    if uri is not None:
        rows.delete(tx, account.id, target.id)
        inner = render.embedded("Block", uri, account.uri, target.uri)
        outbox.to_account(tx, account, "Undo", f"{uri}/undo", inner, target)
        tx.emit(Event("relation", account.id, target.id))


def mute(tx: Tx, account: Account, target_id: int, *, notifications: bool = True, expires_at: int | None = None) -> None:
    """Not see somebody in lists, until a time if one is given. Nobody is told."""
    target = _target(tx, account, target_id)
    if expires_at is not None and not tx.now < expires_at < tx.now + 10 * 366 * clock.DAY:
        raise Invalid("A mute ends within ten years from now, or never.", "duration")
    rows.put_mute(tx, account.id, target.id, notifications=notifications, expires_at=expires_at)
    tx.emit(Event("relation", account.id, target.id))


def unmute(tx: Tx, account: Account, target_id: int) -> None:
    rows.delete_mute(tx, account.id, _target(tx, account, target_id).id)
    tx.emit(Event("relation", account.id, target_id))


def block_domain(tx: Tx, account: Account, host: str) -> None:
    """See nothing of a server, and lose one's followers there. Raises Invalid for what is no domain, Conflict for one's own."""
    host = _host(host)
    if tx.uris.is_our_host(host):
        raise Conflict("That is this server.")
    rows.put_domain(tx, account.id, host)
    followers, following = severance_rows.count_ties_with_host(tx, account.id, host)
    for other in account_rows.list_related_of_host(tx, account.id, host):
        follows.sever(tx, account, other)
    severances.domain_blocked_by(tx, account.id, host, followers, following)
    tx.emit(Event("relation", account.id))


def unblock_domain(tx: Tx, account: Account, host: str) -> None:
    rows.delete_domain(tx, account.id, _host(host))
    tx.emit(Event("relation", account.id))


def _host(text: str) -> str:
    try:
        return uris.normal_host(text)
    except Malformed:
        raise Invalid(f"`{text}` is not a domain. Write like `example.org`.", "domain") from None


# -- from the wire --


def receive_block(tx: Tx, account: Account, target: Account, uri: str) -> None:
    """Somebody elsewhere blocks somebody here: both ways, quietly. The target is not told who."""
    if rows.put(tx, account.id, target.id, uri):
        follows.sever(tx, account, target, quietly=True)
        collection_rows.delete_between(tx, account.id, target.id)
        timeline_rows.purge_home(tx, target.id, account.id)
        list_post_rows.purge(tx, target.id, account.id)
        notification_rows.delete_between(tx, target.id, account.id)
        tx.emit(Event("relation", target.id, account.id))


def receive_unblock(tx: Tx, account: Account, target: Account) -> None:
    rows.delete(tx, account.id, target.id)
    tx.emit(Event("relation", target.id, account.id))
