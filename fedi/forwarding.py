"""Answers to posts of people here, passed on to those people's followers elsewhere: their servers would not hear of them otherwise.

Source: ActivityPub 7.1.2; FEDERATION.md, Delivery, 8.5; AUZ-20.
"""

from fedi import audience, limits
from fedi.activitypub import outbox, parse
from fedi.activitypub.parse import Activity
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as block_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.uris import same_origin


def pass_on(tx: Tx, actor: Account, activity: Activity, post: Post | None) -> None:
    """Send on, byte for byte, what somebody elsewhere says of their public answer (`post`) to a post of somebody here.

    Only what others can check without us (it carries a proof or signature of its own), each id once, and not to where it came from.
    """
    if post is None or post.in_reply_to_id is None or post.held or not activity.id or actor.is_local:
        return
    if not activity.body or ("proof" not in activity.raw and "signature" not in activity.raw):
        return
    asked = _thread_owner(tx, post)
    if asked is None or not _is_for_followers(post, activity, asked):
        return
    if block_rows.stands_between(tx, asked.id, actor.id) or delivery_rows.find_activity_by_uri(tx, activity.id) is not None:
        return
    if delivery_rows.count_forwarded(tx, asked.id, tx.uris.base_url, tx.now - 3_600_000) < limits.FORWARDS:
        inboxes = {uri: host for uri, host in audience.of_followers(tx, asked.id).items() if not same_origin(uri, actor.uri)}
        outbox.forward(tx, asked, activity, post.uri, inboxes)


def _thread_owner(tx: Tx, post: Post) -> Account | None:
    """Who of us is answered: by this post, or further up. Their post must be public itself."""
    above: Post | None = post
    for _ in range(limits.THREAD_HOPS):
        above = post_rows.find(tx, above.in_reply_to_id) if above is not None and above.in_reply_to_id is not None else None
        if above is None or not above.is_public:
            return None
        author = account_rows.get(tx, above.account_id)
        if author.is_local:
            return None if author.is_hidden else author
    return None


def _is_for_followers(post: Post, activity: Activity, asked: Account) -> bool:
    """A public answer is for everybody; an unlisted one for the followers if it names them."""
    if post.visibility == "public":
        return True
    named = {*activity.to, *activity.cc}
    if activity.object_doc is not None:
        to, cc = parse.recipients(activity.object_doc)
        named |= {*to, *cc}
    return post.visibility == "unlisted" and asked.followers_uri in named
