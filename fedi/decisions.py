"""Saying yes or no: authors here about what others ask, authors elsewhere about what was asked from here. What follows is outcomes.py's.

Source: FEDERATION.md, Interaction policies; FEP-044f.
"""

import json

from fedi import approvals, outcomes, policies, posts, quotes, uris
from fedi.activitypub import outbox_consents
from fedi.errors import Forbidden, Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import approvals as rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.approvals import Request
from fedi.storage.db import Tx
from fedi.storage.posts import Post

# -- an author here --


def authorize(tx: Tx, author: Account, request_id: int) -> Request:
    """Say yes to what waits. Raises NotFound for what is not this author's to answer."""
    request, _ = approvals.get_pending(tx, author, request_id)
    granted = approvals.grant(tx, request)
    outcomes.set_free(tx, granted)
    return granted


def reject(tx: Tx, author: Account, request_id: int) -> Request:
    """Say no: an answer or boost that waited goes, and stays unseen if it comes again. Raises NotFound."""
    request, _ = approvals.get_pending(tx, author, request_id)
    refused = approvals.refuse(tx, request)
    outcomes.turn_down(tx, refused, author)
    return refused


def revoke_quote(tx: Tx, author: Account, quoted_id: int, quoting_id: int) -> Post:
    """Take back the consent to a quote of one's own post, whoever gave it. Raises NotFound, Forbidden."""
    quoted = post_rows.get_visible(tx, author.id, quoted_id)
    quote, post = quote_rows.find(tx, quoting_id), post_rows.find(tx, quoting_id)
    if quoted.account_id != author.id:
        raise Forbidden("That is not a post of yours.")
    if quote is None or post is None or quote.quoted_id != quoted.id:
        raise NotFound("There is no such quote.")
    request = rows.find_about(tx, quoted.id, post.uri, policies.QUOTE)
    if request is None:
        raise Invalid("That is a quote of your own.", "id")
    if request.state == "accepted":
        outbox_consents.revoked(tx, request, author)
    revoked = request._replace(state="revoked", authorization_uri="", answered_at=tx.now)
    rows.put(tx, revoked)
    quotes.refused(tx, revoked, "revoked")
    return post


def revoke_quote_in(tx: Tx, author: Account, quoting_id: int) -> Post:
    """The same, by the post that quotes. Raises NotFound, Forbidden."""
    quote = quote_rows.find(tx, quoting_id)
    if quote is None or quote.quoted_id is None:
        raise NotFound("There is no such quote.")
    return revoke_quote(tx, author, quote.quoted_id, quoting_id)


def choose(tx: Tx, account: Account, choices: dict[str, dict[str, str]]) -> None:
    """What somebody here lets others do with posts from now on: by visibility, by kind. Raises Invalid for a choice there is not."""
    for visibility, chosen in choices.items():
        posts.policy(chosen, visibility, {})
    user = user_rows.get(tx, account.id)
    user_rows.set_settings(tx, account.id, {**json.loads(user.settings), "policies": choices})


def set_policy(tx: Tx, author: Account, post_id: int, choices: dict[str, str]) -> Post:
    """Choose anew who may do what with one's own post. What was allowed before stays. Raises NotFound, Forbidden, Invalid."""
    post = post_rows.get_visible(tx, author.id, post_id)
    if post.account_id != author.id or post.boost_of_id is not None:
        raise Forbidden("That is not a post of yours.")
    stored = posts.policy(choices, post.visibility, policies.read(post.policy))
    if stored == post.policy:
        return post
    changed = post_rows.update(tx, post.id, policy=stored)
    outbox_consents.reworded(tx, changed, author)
    return changed


# -- an author elsewhere, about what was asked from here --


def receive_answer(tx: Tx, actor: Account, request: Request, stamp_uri: str) -> None:
    """An Accept (with its stamp) or a Reject ('') of whom we asked; nothing from anybody else, nor with a stamp of another server."""
    post = post_rows.get(tx, request.post_id)
    asker = account_rows.get(tx, request.account_id)
    if post.account_id != actor.id or not asker.is_local or (stamp_uri and not uris.same_origin(stamp_uri, actor.uri)):
        return
    before = request.state
    answered = request._replace(state="accepted" if stamp_uri else "rejected", authorization_uri=stamp_uri, answered_at=tx.now)
    rows.put(tx, answered)
    if stamp_uri and before != "accepted":
        outcomes.set_free(tx, answered)
    elif not stamp_uri and before != "rejected":
        outcomes.turn_down(tx, answered, actor, counted=before == "accepted")


def receive_rejection(tx: Tx, actor: Account, post: Post) -> None:
    """A Reject of something that was done here without asking, since the policy was not known or was another: it is hidden."""
    about = post_rows.find(tx, post.in_reply_to_id or post.boost_of_id or 0)
    author = account_rows.get(tx, post.account_id)
    if about is None or about.account_id != actor.id or not author.is_local:
        return
    kind = policies.REPLY if post.boost_of_id is None else policies.ANNOUNCE
    receive_answer(tx, actor, rows.new(tx, kind, about.id, author.id, post.uri), "")


def stamp_checked(tx: Tx, request_id: int, is_good: bool) -> None:
    """The stamp that an answer or boost of somebody elsewhere bears was fetched from where the post is."""
    request = rows.find(tx, request_id)
    if request is not None and request.state == "pending":
        checked = request._replace(state="accepted" if is_good else "rejected", answered_at=tx.now)
        rows.put(tx, checked)
        if is_good:
            outcomes.set_free(tx, checked)


# -- people elsewhere ask --


def receive_request(tx: Tx, actor: Account, post: Post, kind: str, asked: tuple[str, str]) -> None:
    """Somebody asks before they act; `asked` are the ids of what they want to do and of the request. Each request has its answer."""
    interaction_uri, request_uri = asked
    known = rows.find_about(tx, post.id, interaction_uri, kind)
    if not approvals.may_act(tx, actor, post) or (known is not None and known.account_id != actor.id):
        return
    request = (known or rows.new(tx, kind, post.id, actor.id, interaction_uri))._replace(request_uri=request_uri)
    if known is not None and known.state == "accepted":
        approvals.grant(tx, request)
    elif known is not None and known.state in ("rejected", "revoked"):
        approvals.refuse(tx, request)
    elif approvals.decide(tx, request, post, actor) == policies.AUTOMATIC:
        found = rows.find_about(tx, post.id, interaction_uri, kind)
        if found is not None:
            outcomes.set_free(tx, found)
    elif kind == policies.QUOTE:
        found = rows.find_about(tx, post.id, interaction_uri, kind)
        if found is not None and found.state != "pending":
            quotes.refused(tx, found)
