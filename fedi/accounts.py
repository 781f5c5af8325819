"""Accounts: people here, and what we know of people elsewhere."""

import json
import re
from typing import NamedTuple

from fedi import attribution, backlinks, emojis, groups, limits, markup, plaintext, purges, sanitize, uris
from fedi.activitypub import keys, outbox, parse
from fedi.errors import Conflict, Gone, Invalid, Malformed
from fedi.html import Html, escape
from fedi.storage import accounts as rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import domains as domain_rows
from fedi.storage import follows as follow_rows
from fedi.storage import keys as key_rows
from fedi.storage import media as media_rows
from fedi.storage import reports as report_rows
from fedi.storage import settings as setting_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.keys import Key
from fedi.streaming import Event

_PERSONAL = ("Person", "Service")
ROLES = ("owner", "admin", "moderator", "user")
RESERVED = frozenset(
    "about actor admin administrator api activities approvals authorize_interaction compose fedi groups help home inbox instance"
    " login logout media moderator nodeinfo notifications oauth outbox owner public root search settings static support tags"
    " users webmaster".split()
)
_USERNAME = re.compile(limits.USERNAME, re.ASCII)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")


class NewAccount(NamedTuple):
    """Somebody to be. The password is hashed and the keys are made before (both cost CPU): see logins.py and activitypub/keys.py."""

    username: str
    email: str
    password_hash: str
    role: str
    rsa_pem: str
    ed25519_pem: str


class Profile(NamedTuple):
    """What people say of themselves. `fields` are (name, value) texts; `None` for a picture keeps none.

    `attribution_domains` are sites that may name them as author, `hide_network` keeps to themselves whom they follow and who follows them;
    `is_bot` that a program writes; None leaves each as it is.
    """

    display_name: str = ""
    bio_source: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    locked: bool = False
    discoverable: bool = False
    indexable: bool = False
    avatar_id: int | None = None
    header_id: int | None = None
    attribution_domains: tuple[str, ...] | None = None
    hide_network: bool | None = None
    is_bot: bool | None = None


def create(tx: Tx, new: NewAccount) -> Account:
    """Make a person of this server. Raises Invalid for a name, address or role that cannot be, Conflict for one that is taken."""
    _check_name(new.username)
    if not _EMAIL.fullmatch(new.email):
        raise Invalid(f"`{new.email}` is not an e-mail address.", "email")
    if new.role not in ROLES:
        raise Invalid(f"`{new.role}` is not a role. There are {', '.join(ROLES)}.", "role")
    _check_free(tx, new.username)
    account = _insert_local(tx, new.username, tx.uris.actor(new.username), "Person", discoverable=1)
    try:
        user_rows.insert(tx, user_rows.User(account.id, new.email, new.password_hash, new.role, "{}", tx.now, tx.now, tx.now))
    except Conflict:
        raise Conflict("Somebody here has that e-mail address already.") from None
    _insert_keys(tx, account, new.rsa_pem, new.ed25519_pem)
    return account


def create_group(tx: Tx, name: str, rsa_pem: str, ed25519_pem: str) -> Account:
    """The account of a group of this server: nobody signs in as it. Raises Invalid, Conflict. What makes it a group is hosting.py's."""
    _check_name(name)
    _check_free(tx, name)
    account = _insert_local(tx, name, tx.uris.actor(name), "Group", discoverable=1)
    _insert_keys(tx, account, rsa_pem, ed25519_pem)
    return account


def _check_name(name: str) -> None:
    if not _USERNAME.fullmatch(name):
        raise Invalid("A username has 1 to 30 of these: a-z, A-Z, 0-9 and _.", "username")
    if name.lower() in RESERVED:
        raise Invalid(f"`{name}` is kept for the server itself. Choose another name.", "username")


def _check_free(tx: Tx, name: str) -> None:
    taken = rows.find_by_handle(tx, name, "")
    if taken is not None:
        why = "is taken" if taken.deleted_at is None else "was used before, and names are never given out twice"
        raise Conflict(f"The name `{taken.username}` {why}.")


def create_instance_actor(tx: Tx, rsa_pem: str, ed25519_pem: str) -> Account:
    """The server's own actor: signs fetches and reports, is followed by nobody."""
    name = tx.uris.host
    account = _insert_local(tx, name, tx.uris.instance_actor(), "Application", locked=1)
    _insert_keys(tx, account, rsa_pem, ed25519_pem)
    return account


def _insert_local(tx: Tx, username: str, uri: str, kind: str, **values: int) -> Account:
    us = tx.uris
    return rows.insert(
        tx,
        username=username,
        host="",
        uri=uri,
        url=us.profile_page(username) if kind != "Application" else f"{us.base_url}/about",
        kind=kind,
        inbox_uri=us.inbox(uri),
        shared_inbox_uri=us.shared_inbox(),
        outbox_uri=us.outbox(uri),
        followers_uri=us.followers(uri),
        following_uri=us.following(uri),
        featured_uri=us.featured(uri),
        **values,
    )


def _insert_keys(tx: Tx, account: Account, rsa_pem: str, ed25519_pem: str) -> None:
    for uri, private_pem in ((tx.uris.rsa_key(account.uri), rsa_pem), (tx.uris.ed25519_key(account.uri), ed25519_pem)):
        key_rows.put(tx, Key(uri, account.id, keys.public_pem(private_pem), private_pem, tx.now))


def update_profile(tx: Tx, account: Account, profile: Profile) -> Account:
    """Change what a local person says of themselves, and tell their followers."""
    if len(profile.bio_source) > 500 or len(profile.display_name) > 60:
        raise Invalid("A display name has up to 60 characters and a biography up to 500.", "bio")
    fields = [(plaintext.line(name, 255), plaintext.line(value, 255)) for name, value in profile.fields if name.strip() and value.strip()]
    if len(fields) > 8:
        raise Invalid("A profile has up to 8 fields.", "fields")
    for kind, media_id in (("avatar", profile.avatar_id), ("header", profile.header_id)):
        picture = media_rows.find(tx, media_id) if media_id is not None else None
        if media_id is not None and (picture is None or picture.account_id != account.id or picture.kind != kind):
            raise Invalid("That picture is not there.", kind)
    sites = profile.attribution_domains
    chosen = {} if sites is None else {"attribution_domains": json.dumps(attribution.checked(sites))}
    if profile.is_bot is not None and account.kind in _PERSONAL:
        chosen["kind"] = _PERSONAL[profile.is_bot]
    if profile.hide_network is not None:
        settings = json.loads(user_rows.get(tx, account.id).settings)
        user_rows.set_settings(tx, account.id, settings | {"hide_network": profile.hide_network})
    changed = rows.update(
        tx,
        account.id,
        display_name=plaintext.line(profile.display_name, 60),
        bio_source=plaintext.plain(profile.bio_source, 500),
        bio_html=_bio_html(tx, profile.bio_source),
        fields=_fields_column(account, fields),
        locked=int(profile.locked),
        discoverable=int(profile.discoverable),
        indexable=int(profile.indexable),
        avatar_id=profile.avatar_id,
        header_id=profile.header_id,
        emojis=emojis.column(emojis.written(tx, profile.display_name, profile.bio_source, *(part for field in fields for part in field))),
        **chosen,
    )
    for former in {account.avatar_id, account.header_id} - {profile.avatar_id, profile.header_id}:
        if former is not None:
            media_rows.delete(tx, former)
    outbox.profile_changed(tx, changed)
    backlinks.ask(tx, changed)
    tx.emit(Event("account", account.id))
    return changed


def _bio_html(tx: Tx, source: str) -> Html:
    return markup.render(plaintext.plain(source, 500), mentions={}, tag_url=tx.uris.tag, fmt="plain") if source.strip() else Html("")


def _fields_column(account: Account, fields: list[tuple[str, str]]) -> str:
    """What was found to be theirs stays so while it says the same."""
    proven = {source: at for (_, _, source), at in zip(account.field_rows(), account.field_proofs(), strict=True) if at is not None}
    return json.dumps([[name, _field_html(value), value, *([proven[value]] if value in proven else [])] for name, value in fields])


def _field_html(value: str) -> Html:
    """A value that is a web address becomes a link that says whose it is (`rel=me`)."""
    try:
        uris.origin(value)
    except Malformed:
        return Html(escape(value))
    shown = value.split("://", 1)[1].rstrip("/")
    return Html(f'<a href="{escape(value)}" rel="me nofollow noopener noreferrer" target="_blank">{escape(shown)}</a>')


def delete_local(tx: Tx, account: Account) -> None:
    """End a local account for good and at once: its posts and relations go, everybody is told, its name is never given out again.

    Its keys stay until the last Delete is delivered (jobs.py ends them then).
    """
    if account.deleted_at is not None:
        raise Gone("That account was deleted already.")
    if (user := user_rows.find(tx, account.id)) and user.role == "owner" and user_rows.count_owners(tx) == 1:
        raise Conflict("That is the only owner. Make somebody else owner first: `fedi account role NAME owner`.")
    outbox.account_deleted(tx, account)
    report_rows.forget_reporter(tx, account.id)
    for key in (f"import.{account.id}", f"import.lines.{account.id}"):  # lists they have brought: transfers.py's, which is above
        setting_rows.delete(tx, key)
    purges.begin(tx, account)
    user_rows.delete(tx, account.id)
    rows.update(tx, account.id, **_NOTHING_SAID)
    tombstone_rows.put(tx, account.uri, account.uri, account.kind)
    tx.emit(Event("auth", account.id))
    tx.emit(Event("account", account.id))


_NOTHING_SAID = {
    "display_name": "", "bio_html": "", "bio_source": "", "fields": "[]", "emojis": "[]", "avatar_id": None, "header_id": None,
    "also_known_as": "[]", "moved_to_uri": "", "attribution_domains": "[]", "discoverable": 0, "indexable": 0,
}  # fmt: skip


def delete_remote(tx: Tx, account: Account) -> None:
    """An account elsewhere has ended: everything of it goes. Nothing when that was begun before."""
    if account.deleted_at is None:
        tombstone_rows.put(tx, account.uri, account.uri)
        purges.begin(tx, account)
        tx.emit(Event("account", account.id))


# -- from the wire --


def receive(tx: Tx, actor: parse.Actor, host: str, bio_html: Html) -> Account:
    """Write what an account's own document says. `host` is what its handle was proven to end in (remote.py)."""
    known = rows.find_by_uri(tx, actor.id)
    severity = domain_rows.severity_of(tx, host, uris.host(actor.id))
    values = {
        "username": actor.username,
        "host": host,
        "url": actor.url or actor.id,
        "kind": actor.type,
        "display_name": plaintext.line(actor.name, limits.NAME_CHARS),
        "bio_html": bio_html,
        "fields": json.dumps([[plaintext.line(name, 255), sanitize.clean(value), ""] for name, value in actor.fields]),
        "emojis": emojis.column(emojis.receive(tx, host, actor.emojis)),
        "inbox_uri": actor.inbox,
        "shared_inbox_uri": actor.shared_inbox,
        "outbox_uri": actor.outbox,
        "followers_uri": actor.followers,
        "following_uri": actor.following,
        "featured_uri": actor.featured,
        "moderators_uri": actor.moderators,
        "featured_tags_uri": actor.featured_tags,
        "also_known_as": json.dumps(actor.also_known_as),
        "moved_to_uri": actor.moved_to,
        "attribution_domains": attribution.column(actor.attribution_domains),
        "locked": int(actor.locked),
        "discoverable": int(actor.discoverable),
        "indexable": int(actor.indexable),
        "fetched_at": tx.now,
        "host_blocked": int(severity == "block"),
        "host_limited": int(severity == "limit"),
    }
    if known is None:
        account = rows.insert(tx, uri=actor.id, **values | {"created_at": actor.published_at or tx.now})
    else:
        account = rows.update(tx, known.id, **values)
        tx.emit(Event("account", known.id))
        if actor.moderators and follow_rows.has_local_follower(tx, known.id):
            groups.ask_moderators(tx, account)
    account = _receive_pictures(tx, account, actor)
    key_rows.replace(tx, account.id, [Key(key.id, account.id, key.pem, None, tx.now) for key in actor.keys])
    return account


def _receive_pictures(tx: Tx, account: Account, actor: parse.Actor) -> Account:
    """Rows for avatar and header; the bytes are fetched when somebody looks."""
    changes = {}
    if (actor.icon_url or actor.image_url) and domain_rows.rejects_media_of(tx, account):
        actor = actor._replace(icon_url="", image_url="")
    for kind, url, alt, present in (
        ("avatar", actor.icon_url, actor.icon_alt, account.avatar_id),
        ("header", actor.image_url, actor.image_alt, account.header_id),
    ):
        media = media_rows.find(tx, present) if present else None
        if (media.remote_url if media else "") == url:
            continue
        fresh = media_rows.insert(tx, kind=kind, account_id=account.id, remote_url=url, alt=plaintext.plain(alt, 1500)).id if url else None
        changes[f"{kind}_id"] = fresh
        if media is not None:
            media_rows.delete(tx, media.id)
    return rows.update(tx, account.id, **changes) if changes else account


def forget_keys(tx: Tx, account_id: int) -> bool:
    """Destroy the keys of a deleted account once nothing of it waits to be sent; False while something does."""
    if delivery_rows.has_queued(tx, account_id):
        return False
    key_rows.delete_private(tx, account_id)
    return True
