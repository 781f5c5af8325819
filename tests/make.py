"""What a test needs, in one line each: `make.post(tx, alice, visibility="followers")`. Goes through the rules wherever they allow it.

The first argument is a transaction, but with `database` and `config`. Things of people elsewhere arrive as they would from the wire.
"""

import itertools
from pathlib import Path
from typing import Any

from fedi import accounts, arrivals, blocks, config, facts, follows, html, interactions, logins, posts, uris
from fedi.activitypub import keys, parse, parse_policies, vocab
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import follows as follow_rows
from fedi.storage import jobs as job_rows
from fedi.storage import keys as key_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, House, Tx
from fedi.storage.deliveries import Activity, Delivery
from fedi.storage.media import Media
from fedi.storage.posts import Post
from fedi.streaming import Hub
from tests import cast

_numbers = itertools.count(1)


def number() -> int:
    """One that no other call of this run gets."""
    return next(_numbers)


# -- the house --


def settings(folder: Path, **sections: dict[str, Any]) -> config.Config:
    """The configuration of fedi.test: `make.settings(tmp_path, limits={"post_chars": 10})`."""
    often = {"requests_per_token": 1_000_000, "requests_per_address": 1_000_000}  # a test asks more than a program does
    document: dict[str, Any] = {"instance": {"domain": cast.DOMAIN}, "limits": often}
    for name, values in sections.items():
        document[name] = document.get(name, {}) | values
    return config.parse(document, folder)


def house(**limits: Any) -> House:
    return House(uris.Uris(f"https://{cast.DOMAIN}", cast.DOMAIN), config.LimitSettings(**limits))


def database(hub: Hub | None = None, **limits: Any) -> Database:
    """An empty one in memory, migrated, of fedi.test."""
    return Database.memory(publish=(hub or Hub()).publish, house=house(**limits))


# -- people --


def account(tx: Tx, username: str = "", role: str = "user", **columns: Any) -> Account:
    """Somebody here. `columns` are set on the row: `locked=1`."""
    name = username or f"local{number()}"
    new = accounts.NewAccount(name, f"{name}@mail.test", logins.DUMMY_HASH, role, cast.rsa_pem(name), cast.ed25519_pem(name))
    made = accounts.create(tx, new)
    return account_rows.update(tx, made.id, **columns) if columns else made


def actor(username: str = "", host: str = cast.PEER, **values: Any) -> parse.Actor:
    """What the document of somebody elsewhere says, read."""
    name = username or f"remote{number()}"
    uri = f"https://{host}/users/{name}"
    given: dict[str, Any] = {
        "id": uri,
        "type": "Person",
        "username": name,
        "url": f"https://{host}/@{name}",
        "inbox": f"{uri}/inbox",
        "outbox": f"{uri}/outbox",
        "followers": f"{uri}/followers",
        "following": f"{uri}/following",
        "featured": f"{uri}/featured",
        "shared_inbox": f"https://{host}/inbox",
        "keys": (parse.ActorKey(f"{uri}#main-key", uri, keys.public_pem(cast.rsa_pem(name))),),
    }
    return parse.Actor(**{**{name: _EMPTY.get(kind, ()) for name, kind in _kinds(parse.Actor).items()}, **given, **values})


def remote(tx: Tx, username: str = "", host: str = cast.PEER, **columns: Any) -> Account:
    """Somebody elsewhere, known here with their key. `columns` are set on the row: `locked=1`, `shared_inbox_uri=""`."""
    made = accounts.receive(tx, actor(username, host), host, html.Html(""))
    return account_rows.update(tx, made.id, **columns) if columns else made


def person(tx: Tx, who: cast.Person) -> Account:
    """Somebody of the cast."""
    return remote(tx, who.username, who.host) if who.host else account(tx, who.username, who.role)


def again(tx: Tx, who: Account) -> Account:
    """The row as it is now."""
    return account_rows.get(tx, who.id)


# -- posts --

_EMPTY: dict[Any, Any] = {
    str: "",
    bool: False,
    int: 0,
    int | None: None,
    parse.Poll | None: None,
    facts.Facts: facts.NOTHING,
    parse_policies.Consent: parse_policies.SILENT,
}


def _kinds(kind: Any) -> dict[str, Any]:
    return dict(kind.__annotations__)


def addressing(by: Account, visibility: str, to: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`to` and `cc` as other servers write them."""
    return {
        "public": ((vocab.PUBLIC,), (by.followers_uri, *to)),
        "unlisted": ((by.followers_uri,), (vocab.PUBLIC, *to)),
        "followers": ((by.followers_uri,), to),
        "direct": (to, ()),
    }[visibility]


def note(by: Account, text: str = "hello", visibility: str = "public", mentions: tuple[Account, ...] = (), **values: Any) -> parse.Note:
    """A post of somebody elsewhere, read but not yet stored."""
    to, cc = addressing(by, visibility, tuple(account.uri for account in mentions))
    uri = f"{by.uri}/posts/{number()}"
    given: dict[str, Any] = {
        "id": uri,
        "type": "Note",
        "attributed_to": by.uri,
        "url": uri,
        "content": f"<p>{text}</p>",
        "content_type": "text/html",
        "visibility": visibility,
        "to": to,
        "cc": cc,
        "mentions": tuple(parse.Mention(account.uri, f"@{account.username}") for account in mentions),
    }
    return parse.Note(**{**{name: _EMPTY.get(kind, ()) for name, kind in _kinds(parse.Note).items()}, **given, **values})


def arrive(tx: Tx, made: parse.Note, *, quiet: bool = False) -> Post | None:
    """A note comes in."""
    author = account_rows.find_by_uri(tx, made.attributed_to)
    assert author is not None
    return arrivals.receive(tx, made, author, arrivals.html_of(made, tx.uris.tag), quiet=quiet)


def post(tx: Tx, by: Account, text: str = "hello", visibility: str = "public", mentions: tuple[Account, ...] = (), **more: Any) -> Post:
    """A post: written here, or arrived when `by` is elsewhere. `reply_to` is a Post; `more` goes to the Draft or the Note."""
    reply_to: Post | None = more.pop("reply_to", None)
    if by.is_local:
        names = " ".join(f"@{who.username}" + (f"@{who.host}" if who.host else "") for who in mentions)
        text = f"{names} {text}" if names else text
        draft = posts.Draft(text, visibility=visibility, in_reply_to_id=reply_to.id if reply_to else None, **more)
        return posts.publish(tx, by, draft, {})
    if reply_to is not None:
        more["in_reply_to"] = reply_to.uri
    made = arrive(tx, note(by, text, visibility, mentions, **more))
    assert made is not None
    return made


def fresh(tx: Tx, one: Post) -> Post:
    """The row as it is now."""
    return post_rows.get(tx, one.id)


def boost(tx: Tx, by: Account, of: Post) -> Post:
    """A public boost, of somebody here or elsewhere."""
    if by.is_local:
        return interactions.boost(tx, by, of.id)
    made = interactions.receive_boost(tx, by, of, f"{by.uri}/boosts/{number()}", tx.now, "public")
    assert made is not None
    return made


# -- relations --


def follow(tx: Tx, follower: Account, followed: Account, **columns: Any) -> None:
    """An accepted follow, whoever is where. `columns` are set on the row: `boosts=0`."""
    if follower.is_local:
        made = follows.follow(tx, follower, followed.id)
        if made.state == "pending" and followed.is_local:
            follows.accept(tx, followed, follower.id)
        elif made.state == "pending":
            follows.receive_accept(tx, followed, follower, made.uri)
    elif followed.is_local:
        follows.receive_follow(tx, follower, followed, f"{follower.uri}/follows/{number()}")
        if again(tx, followed).locked:
            follows.accept(tx, followed, follower.id)
    else:
        uri = f"{follower.uri}/follows/{number()}"
        follow_rows.put(tx, follow_rows.Follow(follower.id, followed.id, "accepted", 0, uri, 1, 0, "[]", tx.now))
    known = follow_rows.find(tx, follower.id, followed.id)
    assert known is not None and known.state == "accepted"
    if columns:
        follow_rows.put(tx, known._replace(**columns))


def block(tx: Tx, one: Account, other: Account) -> None:
    """One blocks the other, whoever is where."""
    if one.is_local:
        blocks.block(tx, one, other.id)
    else:
        blocks.receive_block(tx, one, other, f"{one.uri}/blocks/{number()}")


def token(tx: Tx, of: Account, scopes: str = "read write follow") -> str:
    return logins.new_token(tx, of.id, scopes)


def key(tx: Tx, of: Account) -> key_rows.Key:
    """The row of an account's RSA key."""
    return key_rows.list_of(tx, of.id)[-1]


# -- what was said --


def activities(tx: Tx, kind: str = "") -> list[Activity]:
    """What people here have said to other servers, the oldest first."""
    rows = tx.query("SELECT id FROM activities WHERE :kind = '' OR type = :kind ORDER BY rowid", {"kind": kind})
    found = (delivery_rows.find_activity(tx, row[0]) for row in rows)
    return [activity for activity in found if activity is not None]


def deliveries(tx: Tx, kind: str = "") -> list[Delivery]:
    """Where it went or is to go, in whatever state."""
    hosts = [row[0] for row in tx.query("SELECT DISTINCT host FROM deliveries ORDER BY host")]
    queued = [delivery for host in hosts for delivery in delivery_rows.list_queued(tx, host, 10_000)]
    return [delivery for delivery in queued if kind in ("", delivery.type)]


def inboxes(tx: Tx, kind: str = "") -> set[str]:
    """The inboxes that something (of a type) waits for."""
    return {delivery.inbox_uri for delivery in deliveries(tx, kind)}


def everything(tx: Tx) -> dict[str, list[Any]]:
    """Every row of every table, by its table: what a rule is asked to leave as it was."""
    tables = [row[0] for row in tx.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]
    return {table: [tuple(row) for row in tx.query(f'SELECT * FROM "{table}"')] for table in tables}


def job(tx: Tx, name: str = "inbox", payload: bytes = b"{}", lane: str = "", run_at: int = 0) -> int:
    return job_rows.insert(tx, name, payload, lane=lane, run_at=run_at)


def picture(tx: Tx, of: Account, kind: str = "image", **columns: Any) -> Media:
    """A file that somebody here has uploaded, without its bytes."""
    return media_rows.insert(tx, **{"kind": kind, "account_id": of.id, "sha256": "ab" * 32, "mime": "image/webp", **columns})
