"""What is said on the wire of consent: policies of posts, quotes, requests for a yes, answers to them, and the stamps that prove one.

Source: FEDERATION.md, Quotes; FEP-044f.
"""

from typing import Any

from fedi import policies, quotelines
from fedi.activitypub import vocab
from fedi.storage import accounts as account_rows
from fedi.storage import approvals as approval_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage.accounts import Account
from fedi.storage.approvals import Request
from fedi.storage.db import Tx
from fedi.storage.posts import Post

Json = dict[str, Any]

_NAMES = {policies.LIKE: "Like", policies.REPLY: "Reply", policies.ANNOUNCE: "Announce", policies.QUOTE: "Quote"}
_SAID = frozenset({"pending", "accepted", "unauthorized"})  # a quote that was refused or revoked is not spread any more
_RELATION = "https://misskey-hub.net/ns#_misskey_quote"


def policy(post: Post, author: Account, named: list[str]) -> Json:
    """`interactionPolicy`: who may quote always, the rest where it is limited, which is enforced. `named` may answer anyway."""
    stored = policies.read(post.policy)
    quote = stored.get(policies.QUOTE, policies.OPEN) if post.is_public else policies.CLOSED
    found = {"canQuote": _rule(quote, author, [])}
    for kind in (policies.LIKE, policies.REPLY, policies.ANNOUNCE):
        if kind in stored:
            found[f"can{_NAMES[kind]}"] = _rule(stored[kind], author, named if kind == policies.REPLY else [])
    return found


def _rule(rule: policies.Rule, author: Account, named: list[str]) -> Json:
    words = {
        policies.PUBLIC: vocab.PUBLIC,
        policies.FOLLOWERS: author.followers_uri,
        policies.FOLLOWING: author.following_uri,
        policies.AUTHOR: author.uri,
    }
    automatic = [words.get(one, one) for one in rule.automatic]
    found: Json = {"automaticApproval": list(dict.fromkeys([*automatic, *named])) or [author.uri]}
    if rule.manual:
        found["manualApproval"] = [words.get(one, one) for one in rule.manual]
    return found


def add_quote(tx: Tx, post: Post, document: Json) -> None:
    """Say in a post's document what it quotes, in every spelling there is, and in its text for readers who know none."""
    quote = quote_rows.find(tx, post.id)
    if quote is None:
        return
    if quote.state == "deleted":
        document["quote"] = {"type": "Tombstone", "id": quote.quoted_uri}
    if quote.state not in _SAID:
        return
    uri = quote.quoted_uri
    quoted = post_rows.find(tx, quote.quoted_id) if quote.quoted_id is not None else None
    document |= {"quote": uri, "quoteUri": uri, "quoteUrl": uri, "_misskey_quote": uri}
    if quote.authorization_uri:
        document["quoteAuthorization"] = quote.authorization_uri
    document["tag"].append({"type": "Link", "mediaType": vocab.LD_JSON, "rel": _RELATION, "href": uri, "name": f"RE: {uri}"})
    document["content"] = quotelines.write(document["content"], quoted.url if quoted is not None else uri)


def add_approval(tx: Tx, post: Post, document: Json) -> None:
    """Say in an answer that was asked about where its stamp is."""
    request = approval_rows.find_by_interaction(tx, post.uri) if post.in_reply_to_id is not None else None
    if request is not None and request.kind == policies.REPLY and request.state == "accepted" and request.authorization_uri:
        document |= {"approvedBy": request.authorization_uri, "replyAuthorization": request.authorization_uri}


def boost_approval(tx: Tx, boost: Post) -> Json:
    """The same for a boost; nothing where none was asked for."""
    request = approval_rows.find_by_interaction(tx, boost.uri)
    is_good = request is not None and request.state == "accepted" and request.authorization_uri
    return {"approvedBy": request.authorization_uri} if request is not None and is_good else {}


# -- asking and answering --


def quote_request(uri: str, post_document: Json, quoted_uri: str, quoted_author: Account) -> Json:
    """May this post quote that one? With the post itself, so that its author can look at it."""
    return {
        "id": uri,
        "type": "QuoteRequest",
        "actor": post_document["attributedTo"],
        "to": [quoted_author.uri],
        "object": quoted_uri,
        "instrument": post_document,
    }


def asked(tx: Tx, request: Request, post: Post) -> str | Json:
    """What an Accept or Reject is about: the request where there was one, else the interaction."""
    if not request.request_uri:
        return request.interaction_uri
    return {
        "type": f"{_NAMES[request.kind]}Request",
        "id": request.request_uri,
        "actor": account_rows.get(tx, request.account_id).uri,
        "object": post.uri,
        "instrument": request.interaction_uri,
    }


def stamp(request: Request, post: Post, author: Account) -> Json:
    """The author's word, as it is served at its id: in the form of the request, or in GoToSocial's earlier one where there was none."""
    document: Json = {"id": request.authorization_uri, "attributedTo": author.uri}
    name = _NAMES[request.kind]
    if request.request_uri or request.kind == policies.QUOTE:
        return {"type": f"{name}Authorization", **document, "interactingObject": request.interaction_uri, "interactionTarget": post.uri}
    return {"type": f"{name}Approval", **document, "object": request.interaction_uri, "target": post.uri}
