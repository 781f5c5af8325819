"""Which post quotes which, and whether its author has agreed: readers see what is quoted only then.

A quote of one's own post needs nothing. Of a post of this server its policy and its author decide. Of any other the stamp decides that its
author's server gives out (stamps.py fetches it); without one a quote is a link, also where it is said in a way that knows no consent.
Source: FEDERATION.md, Quotes; FEP-044f; ORG-22.
"""

import json

from fedi import approvals, limits, notifications, policies, uris
from fedi.activitypub import outbox_consents, parse
from fedi.errors import Forbidden
from fedi.storage import accounts as account_rows
from fedi.storage import approvals as approval_rows
from fedi.storage import jobs as job_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as rows
from fedi.storage.accounts import Account
from fedi.storage.approvals import Request
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.storage.quotes import Quote
from fedi.streaming import Event

JOB = "quote"
_STATES = {policies.AUTOMATIC: "accepted", policies.MANUAL: "pending", policies.UNKNOWN: "pending", policies.DENIED: "rejected"}


# -- written here --


def begin(tx: Tx, post: Post, author: Account, quoted: Post) -> Quote:
    """A post of somebody here quotes another one. Raises Forbidden when its author does not want that, or cannot be asked."""
    said = approvals.verdict(tx, policies.QUOTE, quoted, author)
    quoted_author = account_rows.get(tx, quoted.account_id)
    if said == policies.DENIED:
        raise Forbidden("The author of that post does not want it quoted by you.")
    is_quiet = post.local_only or post.visibility == "direct"
    if said != policies.AUTOMATIC and is_quiet:
        raise Forbidden("Its author would have to be asked, and would see this post: quote it in a post for more people.")
    quote = Quote(post.id, quoted.uri, quoted.id, _STATES[said], 0, "", "", tx.now)
    if quoted_author.id == author.id:
        quote = quote._replace(state="accepted")
    elif not quoted_author.is_local:
        request_uri = "" if is_quiet else f"{post.uri}/quote_request"
        quote = quote._replace(state="accepted" if is_quiet else "pending", request_uri=request_uri)
    elif said == policies.AUTOMATIC:
        quote = quote._replace(authorization_uri=approvals.grant_local(tx, policies.QUOTE, quoted, author, post.uri))
    else:
        approvals.await_yes(tx, policies.QUOTE, quoted, author, post.uri)
    rows.put(tx, quote)
    return quote


def announce(tx: Tx, post: Post, author: Account) -> None:
    """The quoting post is out: ask, or tell and count."""
    quote = rows.find(tx, post.id)
    if quote is None:
        return
    if quote.request_uri and quote.quoted_id is not None:
        outbox_consents.asked_to_quote(tx, post, author, post_rows.get(tx, quote.quoted_id), quote.request_uri)
    if quote.state == rows.SHOWN:
        _shown(tx, quote, post)


def addressed(tx: Tx, post: Post) -> set[int]:
    """Whom a post is sent to because it quotes them."""
    author = rows.find_quoted_author(tx, post.id) if post.visibility != "direct" and not post.local_only else None
    return {author.id} if author is not None and author.id != post.account_id else set()


# -- arriving --


def receive(tx: Tx, post: Post, note: parse.Note, hops: int = 0) -> None:
    """A post that arrives quotes another. What must be fetched for it is queued; `hops` quotes led here."""
    quote = Quote(post.id, note.quote_uri, None, "pending", int(note.consent.quote_legacy), note.consent.quote_authorization, "", 0)
    if note.consent.quote_gone:
        rows.put(tx, quote._replace(state="deleted"))
        return
    quoted = post_rows.find_by_uri(tx, note.quote_uri)
    if quoted is not None and quoted.boost_of_id is None:
        _settle(tx, quote, post, quoted)
    elif note.quote_uri == post.uri or tx.uris.is_ours(note.quote_uri):
        rows.put(tx, quote._replace(state="unauthorized"))
    elif not quote.authorization_uri and not uris.same_origin(note.quote_uri, post.uri):
        rows.put(tx, quote._replace(state="unauthorized"))
    else:
        rows.put(tx, quote)
        if hops < limits.QUOTE_HOPS:
            look(tx, post.id, hops)


def look(tx: Tx, post_id: int, hops: int = 0) -> None:
    """Have the quoted post or its stamp fetched."""
    job_id = job_rows.insert(tx, JOB, json.dumps({"post": post_id, "hops": hops}).encode())
    tx.emit(Event("job", job_id))


def look_again(tx: Tx, post_id: int) -> None:
    """The same for a stamp that was good: not again before its time, whatever comes of this."""
    rows.mark_checked(tx, post_id)
    look(tx, post_id)


def _settle(tx: Tx, quote: Quote, post: Post, quoted: Post) -> None:
    """The quoted post is here: decide what can be decided without asking anybody."""
    quoted_author = account_rows.get(tx, quoted.account_id)
    state = _judge(tx, quote, post, quoted, quoted_author)
    rows.put(tx, quote._replace(quoted_id=quoted.id, quoted_uri=quoted.uri))
    _set(tx, post.id, state)
    if state == "pending" and not quoted_author.is_local:
        look(tx, post.id)


def _judge(tx: Tx, quote: Quote, post: Post, quoted: Post, quoted_author: Account) -> str:
    if quoted.account_id == post.account_id:
        return "accepted"
    if not quoted_author.is_local:
        has_stamp = quote.authorization_uri and uris.same_origin(quote.authorization_uri, quoted_author.uri)
        return "pending" if has_stamp else "unauthorized"
    author = account_rows.get(tx, post.account_id)
    known = approval_rows.find_about(tx, quoted.id, post.uri, policies.QUOTE)
    if known is not None:
        return known.state
    if not approvals.may_act(tx, author, quoted):
        return "unauthorized"
    # Nobody has asked, as servers do that know no consent: the policy answers, and the author can still take it back.
    said = approvals.verdict(tx, policies.QUOTE, quoted, author)
    request = approval_rows.new(tx, policies.QUOTE, quoted.id, author.id, post.uri)
    if said == policies.AUTOMATIC:
        approval_rows.put(tx, approvals.stamped(tx, request))
    elif said == policies.MANUAL and approval_rows.count_pending(tx, quoted_author.id) < limits.REQUESTS_PENDING:
        approval_rows.put(tx, request)
        notifications.tell(tx, quoted_author.id, "approval", author, quoted.id)
    else:
        return "rejected"
    return _STATES[said]


def only_quoted(tx: Tx, post: Post, note: parse.Note) -> set[int]:
    """Whom a post is sent to for its quote, without naming them: they hear of the quote."""
    author = rows.find_quoted_author(tx, post.id)
    return {author.id} if author is not None and author.uri not in note.mention_hrefs else set()


def refresh(tx: Tx, post: Post, note: parse.Note) -> bool:
    """An Update of a known post: what it says of its quote now. Returns whether anything is different."""
    known = rows.find(tx, post.id)
    if not note.quote_uri and not note.consent.quote_gone:
        if known is None:
            return False
        _set(tx, post.id, "unauthorized")  # its count and its readers' view; then it goes
        rows.delete(tx, post.id)
        return True
    if known is not None and (known.quoted_uri == note.quote_uri or note.consent.quote_gone):
        if note.consent.quote_gone and known.state != "deleted":
            _set(tx, post.id, "deleted")
            return True
        if not note.consent.quote_authorization or note.consent.quote_authorization == known.authorization_uri or known.state == "deleted":
            return False
        rows.put(tx, known._replace(authorization_uri=note.consent.quote_authorization, legacy=int(note.consent.quote_legacy)))
        quoted = post_rows.find(tx, known.quoted_id) if known.quoted_id is not None else None
        if quoted is None or not account_rows.get(tx, quoted.account_id).is_local:
            look(tx, post.id)
        return True
    if known is not None:
        _set(tx, post.id, "unauthorized")
    receive(tx, post, note)
    return True


def arrived(tx: Tx, post_id: int, quoted_id: int) -> None:
    """The post that was fetched for a quote is here now."""
    quote, post, quoted = rows.find(tx, post_id), post_rows.find(tx, post_id), post_rows.find(tx, quoted_id)
    if quote is not None and post is not None and quoted is not None and quote.quoted_id is None and quoted.boost_of_id is None:
        _settle(tx, quote, post, quoted)


def judged(tx: Tx, post_id: int, stamp_uri: str, quoted_id: int, is_good: bool) -> None:
    """What became of a stamp that was fetched; nothing when the quote says something else by now. Source: ORG-22."""
    quote = rows.find(tx, post_id)
    if quote is None or (quote.authorization_uri, quote.quoted_id) != (stamp_uri, quoted_id):
        return
    rows.mark_checked(tx, post_id)
    if is_good:
        _set(tx, post_id, "accepted")
    else:
        _set(tx, post_id, "revoked" if quote.state in ("accepted", "revoked") else "unauthorized")


def vanished(tx: Tx, post_id: int) -> None:
    """The quoted post is gone from its own server."""
    _set(tx, post_id, "deleted")


def unreadable(tx: Tx, post_id: int) -> None:
    """The quoted post may not be had, or is not what it says."""
    _set(tx, post_id, "unauthorized")


# -- the quoted author's word --


def granted(tx: Tx, request: Request) -> None:
    """An author here has agreed: the quoting post, when it is here, shows what it quotes."""
    _answered(tx, request, "accepted")


def refused(tx: Tx, request: Request, state: str = "rejected") -> None:
    _answered(tx, request, state)


def _answered(tx: Tx, request: Request, state: str) -> None:
    post = post_rows.find_by_uri(tx, request.interaction_uri)
    quote = rows.find(tx, post.id) if post is not None else None
    if post is None or quote is None or quote.quoted_id != request.post_id:
        return
    rows.put(tx, quote._replace(authorization_uri=request.authorization_uri))
    _set(tx, post.id, state)
    author = account_rows.get(tx, post.account_id)
    if author.is_local:
        outbox_consents.reworded(tx, post, author)


def receive_answer(tx: Tx, actor: Account, quote: Quote, stamp_uri: str) -> None:
    """Whom somebody here has asked answers; `stamp_uri` is '' for a no. Nothing from anybody else than the quoted author."""
    post = post_rows.get(tx, quote.post_id)
    quoted = post_rows.find(tx, quote.quoted_id) if quote.quoted_id is not None else None
    if quoted is None or quoted.account_id != actor.id or (stamp_uri and not uris.same_origin(stamp_uri, actor.uri)):
        return
    rows.put(tx, quote._replace(authorization_uri=stamp_uri, checked_at=tx.now))
    _set(tx, post.id, "accepted" if stamp_uri else "rejected")
    outbox_consents.reworded(tx, post, account_rows.get(tx, post.account_id))


def receive_revocation(tx: Tx, stamp_uri: str, actor: Account, said: parse.Activity) -> bool:
    """The quoted author has taken a stamp back; returns whether it was one. Posts of people here pass it on to who has got them."""
    found = False
    for quote in rows.list_by_authorization(tx, stamp_uri):
        quoted = post_rows.find(tx, quote.quoted_id) if quote.quoted_id is not None else None
        if quoted is None or quoted.account_id != actor.id:
            continue
        found = True
        _set(tx, quote.post_id, "revoked")
        post = post_rows.get(tx, quote.post_id)
        author = account_rows.get(tx, post.account_id)
        if author.is_local:
            outbox_consents.passed_on(tx, post, author, stamp_uri, said)
            outbox_consents.reworded(tx, post, author)
    return found


# -- what changes with posts --


def post_removed(tx: Tx, post: Post) -> None:
    """A post goes: it quotes no more, and those that quote it have lost what they quote."""
    post_hidden(tx, post)
    for quote in rows.list_of(tx, post.id):
        _set(tx, quote.post_id, "deleted")


def post_hidden(tx: Tx, post: Post) -> None:
    """A post is about to be held: its quote counts no more."""
    own = rows.find(tx, post.id)
    if own is not None and own.state == rows.SHOWN and own.quoted_id is not None and post.is_public and not post.held:
        rows.count(tx, own.quoted_id, -1)


def post_released(tx: Tx, post: Post) -> None:
    """A post of somebody elsewhere is held no more: its quote counts, and is told."""
    own = rows.find(tx, post.id)
    if own is not None and own.state == rows.SHOWN:
        _shown(tx, own, post)


def post_edited(tx: Tx, post: Post, author: Account) -> None:
    """People here who quote a post hear that it says something else now."""
    for account_id, post_id in rows.list_local_quoters(tx, post.id):
        notifications.tell(tx, account_id, "quoted_edit", author, post_id)


def _set(tx: Tx, post_id: int, state: str) -> None:
    """The one place where a quote changes its state: counts, versions, and telling the quoted author go with it."""
    quote = rows.find(tx, post_id)
    if quote is None or quote.state == state:
        if quote is not None and state == rows.SHOWN:
            rows.touch(tx, post_id)
        return
    rows.put(tx, quote._replace(state=state))
    rows.touch(tx, post_id)
    post = post_rows.get(tx, post_id)
    if state == rows.SHOWN:
        _shown(tx, quote, post)
    elif quote.state == rows.SHOWN and quote.quoted_id is not None and post.is_public and not post.held:
        rows.count(tx, quote.quoted_id, -1)
    tx.emit(Event("post_edited", post.id, post.account_id))


def _shown(tx: Tx, quote: Quote, post: Post) -> None:
    quoted = post_rows.find(tx, quote.quoted_id) if quote.quoted_id is not None else None
    if quoted is not None:
        if post.is_public and not post.held:
            rows.count(tx, quoted.id, +1)
        notifications.tell(tx, quoted.account_id, "quote", account_rows.get(tx, post.account_id), post.id)
