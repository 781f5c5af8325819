"""QuoteRequest, ReplyRequest, LikeRequest, AnnounceRequest: somebody asks before they act. FeatureRequest: always a no.

Source: FEDERATION.md, Interaction policies; FEP-044f.
"""

from fedi import decisions, uris
from fedi.activitypub import outbox, parse, parse_policies, render
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage.db import Tx


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    """What they want to do is theirs, and of their server; what it is about is of somebody here."""
    activity, actor = received.activity, received.actor
    instrument = activity.raw.get("instrument")
    interaction_uri = parse.first_uri(instrument)
    post = post_rows.find_by_uri(tx, activity.object_id)
    if post is None or post.boost_of_id is not None or not account_rows.get(tx, post.account_id).is_local:
        return
    if not activity.id or not interaction_uri or not uris.same_origin(interaction_uri, actor.uri):
        return
    if isinstance(instrument, dict) and not _is_by(instrument, actor.uri):
        return
    decisions.receive_request(tx, actor, post, parse_policies.REQUESTS[activity.type], (interaction_uri, activity.id))


def _is_by(instrument: parse.Json, actor_uri: str) -> bool:
    named = [parse.first_id(instrument[name]) for name in ("attributedTo", "actor") if instrument.get(name)]
    return all(name == actor_uri for name in named)


def refuse_feature(tx: Tx, received: Received, gathered: Gathered) -> None:
    """Nobody here is put into collections of others. Source: FEDERATION.md, Activities."""
    activity, actor = received.activity, received.actor
    target = account_rows.find_by_uri(tx, activity.object_id)
    if target is None or not target.is_local or not activity.id:
        return
    asked = render.embedded("FeatureRequest", activity.id, actor.uri, target.uri)
    outbox.to_account(tx, target, "Reject", outbox.new_uri(tx), asked, actor)


HANDLER = Handler(wants_nothing, apply)
FEATURE = Handler(wants_nothing, refuse_feature)
