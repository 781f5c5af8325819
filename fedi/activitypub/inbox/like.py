"""Like; EmojiReact and other reactions, which count as one; Dislike."""

from fedi import interactions, limits, reactions
from fedi.activitypub import parse, parse_files
from fedi.activitypub.inbox import moderated
from fedi.activitypub.inbox.received import Gathered, Handler, Received, wants_nothing
from fedi.activitypub.parse import Json
from fedi.storage import interactions as interaction_rows
from fedi.storage import posts as post_rows
from fedi.storage import reactions as reaction_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post


def apply(tx: Tx, received: Received, gathered: Gathered) -> None:
    """Of any post known here; once per account, whatever its ids. With an emoji it is a reaction. Source: AUZ-14."""
    activity = received.activity
    post = post_rows.find_by_uri(tx, activity.object_id)
    if post is None or post.boost_of_id is not None:
        return
    text = _emoji(activity.raw)
    before = _given(tx, received.actor, post)
    reacted = bool(text) and reactions.receive(tx, received.actor, post, text, _said(activity.raw, text), activity.id)
    if not reacted and activity.type == "Like":
        interactions.receive_favourite(tx, received.actor, post, activity.id)
    if _given(tx, received.actor, post) != before:  # what has no effect here, its group does not pass on either
        moderated.pass_on(tx, received, post)


def _given(tx: Tx, account: Account, post: Post) -> tuple[object, ...]:
    """What somebody has given a post by now; only looked at where others are told of it."""
    if post.group_id is None:
        return ()
    return interaction_rows.find_favourite(tx, account.id, post.id), *reaction_rows.list_by(tx, account.id, post.id)


def _emoji(document: Json) -> str:
    """What a reaction says: a character, or a shortcode between colons. Observed: Misskey writes both. Source: FEP-c0e0."""
    return (
        parse.text(document, "content", limits.NAME_CHARS).strip() or parse.text(document, "_misskey_reaction", limits.NAME_CHARS).strip()
    )


def _said(document: Json, text: str) -> parse_files.Emoji | None:
    """The picture of a shortcode."""
    name = text.strip(":").partition("@")[0]
    return next((emoji for emoji in parse_files.emojis(document) if emoji.shortcode == name), None) if "tag" in document else None


def undo(tx: Tx, actor: Account, inner: Json) -> bool:
    """A reaction is taken back, by what it says; one without words only where there is no like to take back."""
    post = post_rows.find_by_uri(tx, parse.first_id(inner.get("object")))
    if post is None:
        return False
    text = _emoji(inner)
    if not text and interaction_rows.find_favourite(tx, actor.id, post.id) is not None:
        return False
    return reactions.receive_undo(tx, actor, post, text)


def apply_dislike(tx: Tx, received: Received, gathered: Gathered) -> None:
    """Not counted. Where there are votes, who dislikes takes a like back without saying so."""
    post = post_rows.find_by_uri(tx, received.activity.object_id)
    if post is not None and post.boost_of_id is None:
        interactions.receive_unfavourite(tx, received.actor, post)
        moderated.pass_on(tx, received, post)


HANDLER = Handler(wants_nothing, apply)
DISLIKE = Handler(wants_nothing, apply_dislike)
