"""Web push: what programs want to be told of, and the messages that wait to be sent to them (pushing.py sends them)."""

import json
from typing import Final, NamedTuple

import orjson

from fedi import clock, ids, limits, plaintext, uris
from fedi.errors import Invalid, Malformed, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import jobs as job_rows
from fedi.storage import listings, notification_lists
from fedi.storage import posts as post_rows
from fedi.storage import push as rows
from fedi.storage import settings as setting_rows
from fedi.storage import severances as severance_rows
from fedi.storage import warnings as warning_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.notifications import Notification
from fedi.storage.push import Subscription
from fedi.storage.severances import Severance
from fedi.streaming import Event
from fedi.webpush import Receiver

JOB: Final = "push"
POLICIES: Final = ("all", "followed", "follower", "none")
_SETTING: Final = "push.secret"
_LANES: Final = 4  # at once to one service
_WAITS_S: Final = (60, 300, 900, 3600, 3 * 3600, 6 * 3600)  # before it is tried again; then it is old news
_BODY_CHARS: Final = 140


class Kind(NamedTuple):
    """A kind of notification: its `name` for programs, and how a message of it is headed. `{}` is who did it."""

    name: str
    title: str


KINDS: Final = {
    "mention": Kind("mention", "{} mentioned you"),
    "quote": Kind("quote", "{} quoted your post"),
    "quoted_edit": Kind("quoted_update", "{} edited a post you quoted"),
    "post": Kind("status", "{} posted"),
    "boost": Kind("reblog", "{} boosted your post"),
    "follow": Kind("follow", "{} follows you"),
    "follow_request": Kind("follow_request", "{} asks to follow you"),
    "favourite": Kind("favourite", "{} likes your post"),
    "reaction": Kind("favourite", "{} reacted to your post"),
    "poll": Kind("poll", "A poll has ended"),
    "edit": Kind("update", "{} edited a post you boosted"),
    "sign_up": Kind("admin.sign_up", "{} signed up"),
    "report": Kind("admin.report", "{} sent a report"),
    "severance": Kind("severed_relationships", "You have lost follows"),
    "warning": Kind("moderation_warning", "The people who look after this server have a word for you"),
    "collection": Kind("added_to_collection", "{} added you to a collection"),
    "collection_edit": Kind("collection_update", "{} changed a collection you are in"),
}


class Wanted(NamedTuple):
    """What a program asks for. `alerts` are kinds of notifications."""

    endpoint: str
    receiver: Receiver
    standard: bool
    policy: str
    alerts: tuple[str, ...]


class Message(NamedTuple):
    """What goes to a subscription: JSON. Of one `topic` a push service keeps the latest."""

    to: Subscription
    plain: bytes
    topic: str
    urgent: bool


# -- the key of this server --


def find_secret(tx: Tx) -> str | None:
    """What `webpush.Sender` is made from; None before the first start."""
    found = setting_rows.find(tx, _SETTING)
    return found if isinstance(found, str) else None


def keep_secret(tx: Tx, secret: str) -> str:
    """For good: subscriptions hold only for the key they were made with. Returns the one that counts."""
    found = find_secret(tx)
    if found is None:
        setting_rows.put(tx, _SETTING, secret)
    return found or secret


# -- subscriptions --


def subscribe(tx: Tx, account_id: int, token_id: int, wanted: Wanted) -> Subscription:
    """One per token, in place of what it had. Raises Invalid for an endpoint that is no web address with https, and for a policy."""
    try:
        is_secure = uris.origin(wanted.endpoint).scheme == "https"
    except Malformed:
        is_secure = False
    if not is_secure:
        raise Invalid("subscription[endpoint]: write a web address that begins with https.", "subscription[endpoint]")
    _check_policy(wanted.policy)
    made = Subscription(
        ids.new(tx.now), token_id, account_id, wanted.endpoint, wanted.receiver.public, wanted.receiver.secret, int(wanted.standard),
        wanted.policy, json.dumps(wanted.alerts), tx.now, tx.now,
    )  # fmt: skip
    rows.insert(tx, made)
    rows.trim(tx, account_id, limits.PUSH_SUBSCRIPTIONS)
    return made


def get(tx: Tx, token_id: int) -> Subscription:
    """Raises NotFound."""
    found = rows.find_of_token(tx, token_id)
    if found is None:
        raise NotFound("Record not found")
    return found


def change(tx: Tx, token_id: int, policy: str, alerts: tuple[str, ...]) -> Subscription:
    """Want other things. Raises NotFound, Invalid."""
    found = get(tx, token_id)
    _check_policy(policy)
    rows.update(tx, found.id, policy, json.dumps(alerts))
    return get(tx, token_id)


def _check_policy(policy: str) -> None:
    if policy not in POLICIES:
        raise Invalid(f"data[policy]: one of {', '.join(POLICIES)}.", "data[policy]")


def unsubscribe(tx: Tx, token_id: int) -> None:
    rows.delete_of_token(tx, token_id)


# -- messages --


def queue(tx: Tx, notification: Notification) -> None:
    """Somebody is told of something: tell the programs that want to hear of it as well, once that is committed."""
    for subscription_id, endpoint in rows.list_wanting(tx, notification.account_id, notification.kind, notification.from_account_id):
        lane = f"{JOB} {uris.host(endpoint)} {subscription_id % _LANES}"
        if job_rows.count_lane(tx, lane) < limits.PUSHES_WAITING:
            _put(tx, subscription_id, notification.id, lane=lane)


def again(tx: Tx, subscription_id: int, notification_id: int, tries: int, hint_s: int = 0) -> None:
    """It could not be sent now: try later, beside what comes new, or let it be."""
    is_crowded = job_rows.count_laneless(tx, JOB, limits.PUSHES_AGAIN) >= limits.PUSHES_AGAIN
    if tries < len(_WAITS_S) and hint_s <= _WAITS_S[-1] and not is_crowded:
        wait_s = max(_WAITS_S[tries], hint_s)
        _put(tx, subscription_id, notification_id, tries=tries + 1, run_at=tx.now + wait_s * clock.SECOND)


def _put(tx: Tx, subscription_id: int, notification_id: int, *, tries: int = 0, lane: str = "", run_at: int = 0) -> None:
    payload = orjson.dumps({"to": subscription_id, "notification": notification_id, "tries": tries})
    tx.emit(Event("job", job_rows.insert(tx, JOB, payload, lane=lane, run_at=run_at)))


def message(tx: Tx, subscription_id: int, notification_id: int, *, short: bool = False) -> Message | None:
    """What is to be sent now; None when the subscription has ended, or there is nothing to tell of any more. `short` leaves texts out.

    Observed: Mastodon sends these fields.
    """
    to = rows.find(tx, subscription_id)
    told = notification_lists.find_notification(tx, to.account_id, notification_id, list(KINDS)) if to is not None else None
    sender = account_rows.find(tx, told.from_account_id) if told is not None else None
    if to is None or told is None or sender is None:
        return None
    found = {
        "access_token": "",  # there are only hashes of them here; some programs do not read a message without this field
        "preferred_locale": rows.locale_of(tx, to.account_id) or "en",
        "notification_id": told.id,
        "notification_type": KINDS[told.kind].name,
        "icon": _icon(tx, sender),
        "title": KINDS[told.kind].title.format(sender.display_name or sender.username)[:_BODY_CHARS],
        "body": "" if short else _body(tx, told, sender),
    }
    return Message(to, orjson.dumps(found), str(told.id), told.kind in ("mention", "follow_request"))


def _icon(tx: Tx, sender: Account) -> str:
    picture = listings.list_pictures(tx, [sender.avatar_id]).get(sender.avatar_id or 0)
    return tx.uris.media(picture.key) if picture is not None else f"{tx.uris.base_url}/static/avatar.png"


def _body(tx: Tx, told: Notification, sender: Account) -> str:
    """The beginning of the post or of what staff say, how much is lost, or what the person says of themselves."""
    if told.kind == "warning":
        return "".join(one.text[:_BODY_CHARS] for one in warning_rows.list_these(tx, [told.about_id or 0]).values())
    if told.kind == "severance":
        return "".join(_lost(one) for one in severance_rows.list_these(tx, [told.about_id or 0]).values())
    if told.post_id is None:
        return plaintext.text(sender.bio_html, _BODY_CHARS)
    post = post_rows.find_visible(tx, told.account_id, told.post_id)
    return "" if post is None else plaintext.text(post.content_html, _BODY_CHARS) if not post.warning else post.warning[:_BODY_CHARS]


def _lost(severance: Severance) -> str:
    followers, following = severance.followers_count, severance.following_count
    return f"{severance.target}: {followers} of your followers, {following} of those you follow"[:_BODY_CHARS]
