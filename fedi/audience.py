"""Who is to get what: the inboxes of an act. Rules about recipients stand here and nowhere else."""

from collections.abc import Iterable

from fedi import uris
from fedi.errors import Malformed
from fedi.storage import blocks as block_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import domains as domain_rows
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage import relays as relay_rows
from fedi.storage import touches as touch_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post

Inboxes = dict[str, str]  # inbox uri -> host


def of_accounts(accounts: Iterable[Account], *, shared: bool) -> Inboxes:
    """Where accounts elsewhere are reached. Nobody suspended or blocked by domain; with `shared`, one inbox per server."""
    return _with_hosts(
        (account.shared_inbox_uri if shared and account.shared_inbox_uri else account.inbox_uri)
        for account in accounts
        if not account.is_local and not account.is_hidden and account.inbox_uri
    )


def of_followers(tx: Tx, account_id: int) -> Inboxes:
    """Where all remote followers of a local account are reached, each server once."""
    return _with_hosts(follow_rows.list_inboxes(tx, account_id))


def of_post(tx: Tx, post: Post, author: Account) -> Inboxes:
    """Whom a new post goes to: followers if it is for them, everybody mentioned, and whom it answers; nobody a block stands between.

    A direct post goes to the personal inboxes of the mentioned and to nobody else. Source: FEDERATION.md, Delivery.
    """
    if post.local_only:
        return {}
    addressed = post_rows.list_mentions(tx, [post.id], silent=True).get(post.id, [])
    mentioned = [account for account in addressed if account.is_local or not block_rows.stands_between(tx, author.id, account.id)]
    if post.visibility == "direct":
        return of_accounts(mentioned, shared=False)
    return of_followers(tx, author.id) | of_accounts(mentioned, shared=True)


def of_reached(tx: Tx, post_id: int) -> Inboxes:
    """Whoever got the post in whatever form before, also as a boost by somebody here: whom an edit or its end concerns."""
    reached = delivery_rows.list_reached(tx, post_id)
    return {uri: host for uri, host in reached if not domain_rows.is_blocked(tx, host)}


def of_touched(tx: Tx, post_id: int) -> Inboxes:
    """Servers of those who answered, boosted or liked a post: they hold copies of it."""
    return of_accounts(touch_rows.list_touched_by(tx, post_id), shared=True)


def of_relays(tx: Tx, post: Post, style: str = "inbox") -> Inboxes:
    """The relays of a style that a post is sent to: a public one, and no other. Source: FEDERATION.md, Relays; VIS-18."""
    if post.visibility != "public" or post.local_only:
        return {}
    return _with_hosts(relay.inbox_uri for relay in relay_rows.list_accepted(tx) if relay.style == style)


def everybody(tx: Tx) -> Inboxes:
    """Every server known, and every one that was ever sent anything: for the end of an account."""
    sent = {uri: host for uri, host in delivery_rows.list_other_inboxes(tx) if not domain_rows.is_blocked(tx, host)}
    return sent | _with_hosts(delivery_rows.list_all_inboxes(tx))


def _with_hosts(inbox_uris: Iterable[str]) -> Inboxes:
    found = {}
    for uri in inbox_uris:
        try:
            found[uri] = uris.host(uri)
        except Malformed:
            continue
    return found
