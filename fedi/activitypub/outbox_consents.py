"""Asking others for their consent, answering those who ask, and taking a consent back. Source: FEDERATION.md, Quotes; FEP-044f."""

from fedi import audience, uris
from fedi.activitypub import outbox, render, render_consents
from fedi.activitypub.parse import Activity
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.approvals import Request
from fedi.storage.db import Tx
from fedi.storage.posts import Post


def asked_to_quote(tx: Tx, post: Post, author: Account, quoted: Post, request_uri: str) -> None:
    """Ask the author of a post elsewhere whether one of ours may quote it."""
    quoted_author = account_rows.get(tx, quoted.account_id)
    document = render_consents.quote_request(request_uri, render.note(tx, post), quoted.uri, quoted_author)
    outbox.send(tx, author, document, audience.of_accounts([quoted_author], shared=False), post_id=post.id)


def answered(tx: Tx, request: Request, post: Post, author: Account, *, accepted: bool) -> None:
    """Tell who asked, with the stamp when the answer is yes. Nothing to tell where they are here."""
    asker = account_rows.get(tx, request.account_id)
    if asker.is_local:
        return
    object_ = render_consents.asked(tx, request, post)
    document = render.simple("Accept" if accepted else "Reject", outbox.new_uri(tx), author.uri, object_, [asker.uri])
    if accepted:
        document |= {"result": request.authorization_uri, "target": post.uri}
    outbox.send(tx, author, document, audience.of_accounts([asker], shared=False))


def revoked(tx: Tx, request: Request, author: Account) -> None:
    """A stamp is taken back: told to who had asked for it, and to whoever may have seen what it stood for here."""
    asker = account_rows.get(tx, request.account_id)
    uri = request.authorization_uri
    document = render.simple("Delete", f"{uri}#delete", author.uri, uri, [asker.uri, author.followers_uri])
    inboxes = audience.of_followers(tx, author.id)
    if not asker.is_local:
        inboxes |= audience.of_accounts([asker], shared=True)
    elif (made := post_rows.find_by_uri(tx, request.interaction_uri)) is not None:
        inboxes |= audience.of_reached(tx, made.id)
    outbox.send(tx, author, document, inboxes)


def reworded(tx: Tx, post: Post, author: Account) -> None:
    """Tell of a post that it says something else besides its text: a consent came or went, another policy. Readers see no edit."""
    if post.local_only or post.held:
        return
    document = render.update(tx, post) | {"id": f"{post.uri}#updates/{outbox.new_uri(tx).rpartition('/')[2]}"}
    inboxes = audience.of_reached(tx, post.id) | audience.of_post(tx, post, author)
    if post.is_public:
        inboxes |= audience.of_touched(tx, post.id)
    outbox.send(tx, author, document, inboxes, post_id=post.id, public=post.is_public)


def asked_to_answer(tx: Tx, post: Post, author: Account, parent: Post) -> None:
    """An answer that needs a yes goes to who is answered, and to nobody else before that."""
    if not post.local_only:
        parent_author = account_rows.get(tx, parent.account_id)
        outbox.send(tx, author, render.create(tx, post), audience.of_accounts([parent_author], shared=False), post_id=post.id)


def asked_to_boost(tx: Tx, boost: Post, booster: Account, original: Post) -> None:
    """The same for a boost."""
    author = account_rows.get(tx, original.account_id)
    document = render.announce(boost, booster, original.uri, author.uri)
    outbox.send(tx, booster, document, audience.of_accounts([author], shared=False), post_id=boost.id)


def passed_on(tx: Tx, post: Post, author: Account, stamp_uri: str, said: Activity) -> None:
    """The Delete of a stamp goes on, byte for byte, to whoever got the post that bore it. Source: FEP-044f."""
    inboxes = audience.of_reached(tx, post.id) | audience.of_post(tx, post, author)
    elsewhere = {uri: host for uri, host in inboxes.items() if host != uris.host(stamp_uri)}
    if said.id and said.body and delivery_rows.find_activity_by_uri(tx, said.id) is None:
        outbox.forward(tx, author, said, stamp_uri, elsewhere)
