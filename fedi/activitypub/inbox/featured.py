"""Add and Remove on an actor's own `featured` and `featuredTags`: posts and hashtags on top of a profile."""

from fedi import featured, limits, markup, uris
from fedi.activitypub import parse
from fedi.activitypub.inbox.received import NOTHING, Received, Wants
from fedi.storage import follows as follow_rows
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx


def concerns(received: Received) -> bool:
    """Whether the target is the actor's own collection: nobody adds to that of another. Source: AUZ-16; FEDERATION.md, Activities."""
    actor, target = received.actor, received.activity.target_id
    return bool(target) and not received.is_forwarded and target in (actor.featured_uri, actor.featured_tags_uri)


def _hashtag(received: Received) -> str:
    """The normalised hashtag that is the object, or ''. Observed: Mastodon names `featured` as its target."""
    document = received.activity.object_doc
    if document is None or parse.type_of(document) != "Hashtag":
        return ""
    return markup.normalise_tag(parse.text(document, "name", limits.NAME_CHARS))


def wants(tx: Tx, received: Received) -> Wants | None:
    """A pinned post that is not here is fetched when somebody here follows who pins it, from their own server."""
    activity = received.activity
    if _hashtag(received) or post_rows.find_by_uri(tx, activity.object_id) is not None:
        return NOTHING
    wanted = activity.type == "Add" and follow_rows.has_local_follower(tx, received.actor.id)
    return Wants(posts=(activity.object_id,)) if wanted and uris.same_origin(activity.object_id, received.actor.uri) else None


def collect(tx: Tx, received: Received) -> None:
    added = received.activity.type == "Add"
    name = _hashtag(received)
    if name:
        featured.receive_tag(tx, received.actor, name, added=added)
    elif (post := post_rows.find_by_uri(tx, received.activity.object_id)) is not None:
        featured.receive_pin(tx, received.actor, post, added=added)
