"""Relays: servers that pass the public posts of all their subscribers on to each other. The instance actor subscribes.

Two kinds: Mastodon's, known by an inbox, which sends activities on as they are; and LitePub's, an actor that one follows, which follows
back and announces. Source: FEP-ae0c; FEDERATION.md, Relays.
"""

from typing import Literal

from fedi import arrivals, uris
from fedi.activitypub import outbox, parse, render, vocab
from fedi.errors import Conflict, Invalid, Malformed, NotFound
from fedi.html import Html
from fedi.storage import accounts as account_rows
from fedi.storage import domains as domain_rows
from fedi.storage import follows as follow_rows
from fedi.storage import relays as rows
from fedi.storage import settings as setting_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.relays import Relay

Style = Literal["inbox", "actor"]


def style_of(uri: str) -> Style:
    """What kind of relay an address is that an owner was given. Raises Invalid for what is no address."""
    try:
        uris.origin(uri)
    except Malformed:
        raise Invalid(f"`{uri}` is not an address like `https://relay.example.org/inbox`.", "uri") from None
    return "inbox" if uri.partition("?")[0].rstrip("/").endswith("/inbox") else "actor"


def add(tx: Tx, uri: str, actor: Account | None = None) -> Relay:
    """Ask a relay to let us in: by its inbox, or by its `actor`. Raises Conflict when it was asked before, Invalid for a blocked host."""
    host = uris.host(uri)
    if tx.uris.is_our_host(host) or domain_rows.is_blocked(tx, host):
        raise Invalid(f"{host} is this server or is blocked here.", "uri")
    if rows.find(tx, uri) is not None:
        raise Conflict(f"{uri} is there already. `fedi relay remove` it first to ask again.")
    relay = rows.insert(
        tx,
        uri=uri,
        style="inbox" if actor is None else "actor",
        inbox_uri=uri if actor is None else actor.inbox_uri,
        actor_uri="" if actor is None else actor.uri,
        follow_uri=outbox.new_uri(tx),
    )
    us = _us(tx)
    document = render.simple("Follow", relay.follow_uri, us.uri, _target(relay), [_target(relay)])
    outbox.send(tx, us, document, _inboxes([relay]))
    setting_rows.audit(tx, None, "relay.add", uri)
    return relay


def remove(tx: Tx, uri: str) -> None:
    """Be no subscriber any more. Raises NotFound."""
    relay = rows.find(tx, uri)
    if relay is None:
        raise NotFound(f"{uri} is no relay of this server. `fedi relay list` shows them.")
    us = _us(tx)
    inner = render.embedded("Follow", relay.follow_uri, us.uri, _target(relay))
    outbox.send(tx, us, render.simple("Undo", f"{relay.follow_uri}/undo", us.uri, inner, [_target(relay)]), _inboxes([relay]))
    rows.delete(tx, relay.id)
    setting_rows.audit(tx, None, "relay.remove", uri)


def _us(tx: Tx) -> Account:
    found = account_rows.find_by_uri(tx, tx.uris.instance_actor())
    if found is None:
        raise NotFound("This server has no actor of its own yet. Start it once.")
    return found


def _target(relay: Relay) -> str:
    return relay.actor_uri if relay.style == "actor" else vocab.PUBLIC


def _inboxes(relays: list[Relay]) -> dict[str, str]:
    return {relay.inbox_uri: uris.host(relay.inbox_uri) for relay in relays}


def is_one(tx: Tx, account: Account) -> bool:
    """Whether this account is a relay we are subscribed to. People never are, so nothing is asked for them."""
    return account.kind != "Person" and rows.is_accepted(tx, account.uri)


# -- from the wire --


def receive_answer(tx: Tx, actor: Account, follow_uri: str, *, accepted: bool) -> bool:
    """A relay has answered our Follow; False when that Follow was for no relay. Nothing comes of the answer of another server."""
    relay = rows.find_by_follow(tx, follow_uri) if follow_uri and tx.uris.is_ours(follow_uri) else None
    if relay is None:
        return False
    is_theirs = actor.uri == relay.actor_uri if relay.actor_uri else uris.same_origin(actor.uri, relay.inbox_uri)
    if is_theirs:
        rows.set_state(tx, relay.id, "accepted" if accepted else "rejected", actor.uri)
    return True


def receive_follow(tx: Tx, follower: Account, target: Account, uri: str) -> bool:
    """A relay of ours follows the instance actor back, as LitePub's do: accepted. False when it is no such thing."""
    if target.kind != "Application":
        return False
    relay = rows.find_by_actor(tx, follower.uri)
    if relay is None or relay.state == "rejected":
        return False
    inner = render.embedded("Follow", uri, follower.uri, target.uri)
    outbox.to_account(tx, target, "Accept", outbox.new_uri(tx), inner, follower)
    return True


def take(tx: Tx, note: parse.Note, author: Account, content: Html) -> Post | None:
    """Keep a public post that a relay has named: on the federated timeline, and where it would be anyway if it concerns somebody here."""
    if note.visibility != "public":
        return None
    named = {*note.to, *note.cc, *(mention.href for mention in note.mentions)}
    is_for_us = any(tx.uris.is_ours(uri) and account_rows.find_by_uri(tx, uri) for uri in named)
    return arrivals.receive(tx, note, author, content, quiet=not is_for_us and not follow_rows.has_local_follower(tx, author.id))
