"""Flag: a server reports somebody here, or a post in a group of this server."""

from fedi import groups, limits, moderation
from fedi.activitypub import parse
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx
from fedi.storage.posts import Post


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    """The objects are an account and its posts in any order; at least one is of ours. Source: FEDERATION.md, Moderation."""
    activity = received.activity
    ours = [uri for uri in activity.object_ids[: limits.REPORTED_OBJECTS] if tx.uris.is_ours(uri)]
    accounts = account_rows.list_by_uris(tx, ours)
    posts = [post for uri in ours if uri not in accounts and (post := post_rows.find_by_uri(tx, uri)) is not None]
    hosted = _in_groups(tx, received)
    posts = list({post.id: post for post in [*posts, *hosted]}.values())
    target = next(iter(accounts.values()), None) or (account_rows.get(tx, posts[0].account_id) if posts else None)
    if target is not None and (target.is_local or hosted):
        comment = parse.text(activity.raw, "content", limits.REPORT_CHARS) or parse.text(activity.raw, "summary", limits.REPORT_CHARS)
        moderation.receive_report(tx, received.actor, target, comment, [post.uri for post in posts], activity.id)
        groups.tell_moderators(tx, received.actor, hosted)


def _in_groups(tx: Tx, received: Received) -> list[Post]:
    """Those of the posts that are in a group of this server, whose moderators have to do with them, whoever wrote them."""
    found = [post_rows.find_by_uri(tx, uri) for uri in received.activity.object_ids[: limits.GROUPS_TOLD]]
    placed = [post for post in found if post is not None and post.group_id is not None]
    return [post for post in placed if (group := groups.group_of(tx, post)) is not None and group.is_local]


HANDLER = Handler(wants_nothing, apply)
