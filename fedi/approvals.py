"""Whose yes an interaction needs, asking for it, and giving it. What a yes sets free is decisions.py's and quotes.py's.

Source: FEDERATION.md, Interaction policies; FEP-044f.
"""

from fedi import limits, notifications, policies, uris
from fedi.activitypub import outbox_consents
from fedi.errors import Forbidden, NotFound
from fedi.policies import AUTOMATIC, DENIED, MANUAL, UNKNOWN, Rule, Standing
from fedi.storage import accounts as account_rows
from fedi.storage import approvals as rows
from fedi.storage import blocks as block_rows
from fedi.storage import follows as follow_rows
from fedi.storage import jobs as job_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage.accounts import Account
from fedi.storage.approvals import Request
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.streaming import Event

JOB = "approval"
_DONE = {policies.LIKE: "liked", policies.REPLY: "answered", policies.ANNOUNCE: "boosted", policies.QUOTE: "quoted"}


def may_act(tx: Tx, account: Account, post: Post) -> bool:
    """Whether somebody sees a post whose author is there, and neither has blocked the other."""
    author = account_rows.get(tx, post.account_id)
    if author.is_hidden or block_rows.stands_between(tx, account.id, author.id):
        return False
    return post_rows.find_visible(tx, account.id, post.id) is not None


def rule_of(post: Post, kind: str) -> Rule | None:
    return policies.read(post.policy).get(kind)


def standing(tx: Tx, post: Post, actor: Account) -> Standing:
    """What somebody is to the author of a post."""
    return Standing(
        actor.uri,
        post.account_id == actor.id,
        follow_rows.is_follower(tx, actor.id, post.account_id),
        follow_rows.is_follower(tx, post.account_id, actor.id),
        post.in_reply_to_account_id == actor.id or actor.id in post_rows.list_mentioned_ids(tx, post.id),
    )


def verdict(tx: Tx, kind: str, post: Post, actor: Account) -> str:
    """AUTOMATIC, MANUAL or DENIED; UNKNOWN for a quote of a post that says nothing of quotes, as servers do that know no consent."""
    if kind == policies.QUOTE:
        terms = quote_rows.list_terms(tx, actor.id, [post.id])[post.id]
        return quote_verdict(terms, actor.id)
    rule = rule_of(post, kind)
    if rule is None or post.account_id == actor.id:
        return AUTOMATIC
    who = standing(tx, post, actor)
    return AUTOMATIC if kind == policies.REPLY and who.named else policies.verdict(rule, who)


def quote_verdict(terms: quote_rows.Terms, viewer_id: int) -> str:
    """Whether a viewer may quote: never what is direct, and what is not for everybody only its author. Source: FEP-044f."""
    is_author = terms.author_id == viewer_id
    if not viewer_id or terms.visibility == "direct" or (not is_author and (terms.visibility == "followers" or terms.local_only)):
        return DENIED
    rule = policies.read(terms.policy).get(policies.QUOTE)
    if rule is None and terms.author_host and not is_author:
        return UNKNOWN
    return policies.verdict(rule, Standing(terms.viewer_uri, is_author, bool(terms.follows), bool(terms.followed), bool(terms.named)))


def is_evident(tx: Tx, kind: str, post: Post, actor: Account) -> bool:
    """Whether anybody can see that somebody may: by the policy alone, not by who follows whom."""
    rule = rule_of(post, kind)
    if post.account_id == actor.id or policies.is_evident(rule, actor.uri):
        return True
    return kind == policies.REPLY and standing(tx, post, actor).named


# -- people here --


def needs_yes(tx: Tx, kind: str, post: Post, actor: Account) -> bool:
    """Whether what somebody here is about to do has to wait for the author. Raises Forbidden when the author wants none of it."""
    if not post.policy:
        return False
    said = verdict(tx, kind, post, actor)
    if said == DENIED:
        raise Forbidden(f"The author of that post does not want it {_DONE[kind]} by you.")
    if said == MANUAL:
        return True
    return not account_rows.get(tx, post.account_id).is_local and not is_evident(tx, kind, post, actor)


def await_yes(tx: Tx, kind: str, post: Post, actor: Account, interaction_uri: str) -> None:
    """Remember that something done here waits; an author here is told."""
    rows.put(tx, rows.new(tx, kind, post.id, actor.id, interaction_uri))
    notifications.tell(tx, post.account_id, "approval", actor, post.id)


def is_limited(post: Post, kind: str) -> bool:
    """Whether not everybody may."""
    return not policies.is_open(rule_of(post, kind))


def grant_own(tx: Tx, kind: str, post: Post, actor: Account, interaction_uri: str) -> None:
    """Something done here to a limited post of somebody else here, whose policy allows it: a stamp shows that to other servers."""
    if post.account_id != actor.id and account_rows.get(tx, post.account_id).is_local:
        grant(tx, rows.new(tx, kind, post.id, actor.id, interaction_uri))


def grant_local(tx: Tx, kind: str, post: Post, actor: Account, interaction_uri: str) -> str:
    """Something done here to a post of this server is allowed by its policy: the stamp that shows it to other servers."""
    return grant(tx, rows.new(tx, kind, post.id, actor.id, interaction_uri)).authorization_uri


# -- people elsewhere --


def receive(tx: Tx, kind: str, post: Post, actor: Account, interaction_uri: str, approved_by: str = "") -> str:
    """Somebody elsewhere has acted on a post: AUTOMATIC when it counts, MANUAL when it waits, DENIED when it has no effect.

    On posts of this server a request is stored or answered. On others only what their policy or a stamp allows counts; a stamp is asked
    for later, and until then the act waits.
    """
    if not post.policy:
        return AUTOMATIC
    author = account_rows.get(tx, post.account_id)
    if not author.is_local:
        return _receive_elsewhere(tx, rows.new(tx, kind, post.id, actor.id, interaction_uri), (post, author, actor), approved_by)
    known = rows.find_about(tx, post.id, interaction_uri, kind)
    if known is not None:
        return {"accepted": AUTOMATIC, "pending": MANUAL}.get(known.state, DENIED)
    if policies.is_open(rule_of(post, kind)) or post.account_id == actor.id:
        return AUTOMATIC
    if block_rows.stands_between(tx, actor.id, author.id):
        return DENIED
    return decide(tx, rows.new(tx, kind, post.id, actor.id, interaction_uri), post, actor)


def is_awaited(tx: Tx, answer: Post) -> bool:
    """Whether who is answered has yet to say yes to an answer that is here, or has said no."""
    parent = post_rows.find(tx, answer.in_reply_to_id) if answer.in_reply_to_id is not None else None
    if parent is None or not parent.policy:
        return False
    known = rows.find_about(tx, parent.id, answer.uri, policies.REPLY)
    if known is not None:
        return known.state != "accepted"
    is_ours = account_rows.get(tx, parent.account_id).is_local
    return not is_ours and not is_evident(tx, policies.REPLY, parent, account_rows.get(tx, answer.account_id))


def decide(tx: Tx, request: Request, post: Post, actor: Account) -> str:
    """Answer a request of somebody elsewhere as the policy of a post of this server says, or put it before the author.

    Past what one person may ask about a post there is no answer, and nothing is kept.
    """
    asked, waiting = rows.count_by(tx, actor.id, post.id)
    if asked >= limits.REQUESTS_EACH:
        return DENIED
    said = verdict(tx, request.kind, post, actor)
    is_full = waiting >= limits.REQUESTS_PENDING_EACH or rows.count_pending(tx, post.account_id) >= limits.REQUESTS_PENDING
    if said == MANUAL and is_full:
        said = DENIED
    if said == MANUAL:
        rows.put(tx, request)
        notifications.tell(tx, post.account_id, "approval", actor, post.id)
    elif said == AUTOMATIC:
        grant(tx, request)
    else:
        refuse(tx, request)
    return said


def _receive_elsewhere(tx: Tx, request: Request, who: tuple[Post, Account, Account], approved_by: str) -> str:
    post, author, actor = who
    if is_evident(tx, request.kind, post, actor):
        return AUTOMATIC
    known = rows.find_about(tx, post.id, request.interaction_uri, request.kind)
    if known is not None and approved_by in ("", known.authorization_uri):
        return AUTOMATIC if known.state == "accepted" else MANUAL
    if not approved_by or not uris.same_origin(approved_by, author.uri):
        return MANUAL if request.kind == policies.REPLY else DENIED
    request = request._replace(authorization_uri=approved_by)
    rows.put(tx, request)
    tx.emit(Event("job", job_rows.insert(tx, JOB, str(request.id).encode())))
    return MANUAL


# -- answers --


def grant(tx: Tx, request: Request) -> Request:
    """Say yes in the name of an author here: a stamp, and an Accept to who asked. Again it is the same stamp."""
    post = post_rows.get(tx, request.post_id)
    request = stamped(tx, request)
    rows.put(tx, request)
    outbox_consents.answered(tx, request, post, account_rows.get(tx, post.account_id), accepted=True)
    return request


def stamped(tx: Tx, request: Request) -> Request:
    """A request as it is when its author here has agreed; not stored."""
    author = account_rows.get(tx, post_rows.get(tx, request.post_id).account_id)
    uri = tx.uris.authorization(author.username, request.id)
    return request._replace(state="accepted", authorization_uri=uri, answered_at=request.answered_at or tx.now)


def refuse(tx: Tx, request: Request) -> Request:
    """Say no."""
    post = post_rows.get(tx, request.post_id)
    request = request._replace(state="rejected", authorization_uri="", answered_at=tx.now)
    rows.put(tx, request)
    outbox_consents.answered(tx, request, post, account_rows.get(tx, post.account_id), accepted=False)
    return request


def withdraw(tx: Tx, kind: str, post_id: int, account_id: int) -> bool:
    """Who asked has taken it back; returns whether it was still waiting, and so never counted."""
    return rows.delete_by(tx, kind, post_id, account_id)


def get_pending(tx: Tx, author: Account, request_id: int) -> tuple[Request, Post]:
    """A request that waits for this author. Raises NotFound."""
    request = rows.find(tx, request_id)
    post = post_rows.find(tx, request.post_id) if request is not None else None
    if request is None or post is None or post.account_id != author.id or request.state != "pending":
        raise NotFound("There is no such request, or it was answered already.")
    return request, post
