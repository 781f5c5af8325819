"""A local act -> one `activities` row and one `deliveries` row per inbox, in the transaction of the act. Sending is delivery.py's."""

from collections.abc import Iterable

import orjson

from fedi import audience, clock, ids
from fedi.activitypub import keys, parse, proofs, render, render_consents, render_polls, render_reactions, vocab
from fedi.activitypub.render import Json
from fedi.audience import Inboxes
from fedi.storage import accounts as account_rows
from fedi.storage import deliveries as delivery_rows
from fedi.storage import keys as key_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.deliveries import Activity
from fedi.storage.emojis import Emoji
from fedi.storage.posts import Post
from fedi.streaming import Event


def send(tx: Tx, sender: Account, document: Json, inboxes: Inboxes, *, post_id: int | None = None, public: bool = False) -> None:
    """Queue a document of `sender` for inboxes. `post_id` is the post it is about; `public` lets anybody read it at its id.

    What goes to nobody is not kept, but for boosts: those are read at their ids.
    """
    elsewhere = [(uri, host) for uri, host in inboxes.items() if not tx.uris.is_our_host(host)]
    if not elsewhere and document["type"] != "Announce":
        return
    activity = Activity(
        id=ids.new(tx.now),
        uri=document["id"],
        type=document["type"],
        account_id=sender.id,
        post_id=post_id,
        object_uri=_ordered_by(document),
        public=int(public),
        body=body_of(tx, sender, document),
        created_at=tx.now,
    )
    _enqueue(tx, activity, elsewhere)


def _enqueue(tx: Tx, activity: Activity, elsewhere: list[tuple[str, str]]) -> None:
    delivery_rows.insert_activity(tx, activity)
    for host in delivery_rows.enqueue(tx, activity.id, elsewhere):
        tx.emit(Event("delivery", activity.id, host))


def body_of(tx: Tx, sender: Account, document: Json) -> bytes:
    """What is sent of a document: the same bytes every time within a transaction."""
    return _signed(tx, sender, document) if _is_for_everybody(document) else render.dump(document)


def _is_for_everybody(document: Json) -> bool:
    return vocab.PUBLIC in document.get("to", ()) or vocab.PUBLIC in document.get("cc", ())


def _signed(tx: Tx, sender: Account, document: Json) -> bytes:
    """A public document with a proof of its sender, so that others may pass it on. Made once, however many it goes to. Source: FEP-8b32."""
    whole = {"@context": vocab.CONTEXT, **document}
    key = key_rows.find(tx, tx.uris.ed25519_key(sender.uri))
    if key is not None and key.private_pem:
        whole["proof"] = proofs.make(whole, key.uri, keys.load_private(key.private_pem), tx.now)
    return orjson.dumps(whole)


def forward(tx: Tx, by: Account, said: parse.Activity, object_uri: str, inboxes: Inboxes) -> None:
    """Queue an activity of somebody else, byte for byte as it came, signed on its way by `by`."""
    elsewhere = [(inbox, host) for inbox, host in inboxes.items() if not tx.uris.is_our_host(host)]
    if elsewhere:
        _enqueue(tx, Activity(ids.new(tx.now), said.id, said.type, by.id, None, object_uri, 0, said.body, tx.now), elsewhere)


def passed_on(tx: Tx, group: Account, activity: bytes, about_uri: str, post_id: int | None) -> None:
    """Announce an activity to the followers of a group of this server, byte for byte as it came. Source: FEP-1b12."""
    inboxes = audience.of_followers(tx, group.id)
    elsewhere = [(uri, host) for uri, host in inboxes.items() if not tx.uris.is_our_host(host)]
    if not elsewhere and post_id is None:
        return
    activity_id = ids.new(tx.now)
    uri = tx.uris.activity(activity_id)
    body = render.dump(render.passed_on(uri, group, activity, tx.now))
    public = int(post_id is not None)
    row = Activity(activity_id, uri, "Announce", group.id, post_id, about_uri, public, body, tx.now)
    _enqueue(tx, row, elsewhere)


def _ordered_by(document: Json) -> str:
    """The thing that acts about it keep their order for, per inbox: an Undo comes after what it undoes, and before the same done again."""
    object_ = document["object"]
    if isinstance(object_, list):
        return str(object_[0])
    if isinstance(object_, dict) and document["type"] == "Undo":
        object_ = object_.get("object", object_)
    return object_ if isinstance(object_, str) else str(object_.get("id", ""))


def new_uri(tx: Tx) -> str:
    """An id for an activity that has no object of its own to name it after."""
    return tx.uris.activity(ids.new(tx.now))


# -- posts --


def created(tx: Tx, post: Post, author: Account) -> None:
    """Tell of a new post. A local-only one is told nobody."""
    if not post.local_only:
        inboxes = audience.of_post(tx, post, author) | audience.of_relays(tx, post)
        send(tx, author, render.create(tx, post), inboxes, post_id=post.id, public=post.is_public)
        _announced(tx, post)


def _announced(tx: Tx, post: Post) -> None:
    """LitePub relays are told by an Announce of the instance actor. Source: FEP-ae0c."""
    inboxes = audience.of_relays(tx, post, style="actor")
    us = account_rows.find_by_uri(tx, tx.uris.instance_actor()) if inboxes else None
    if us is not None:
        announce = render.simple("Announce", new_uri(tx), us.uri, post.uri, [us.followers_uri])
        send(tx, us, announce | {"published": clock.rfc3339(tx.now)}, inboxes)


def updated(tx: Tx, post: Post, author: Account) -> None:
    """Tell of an edit: those the post is for now, and of a public one all who ever got it. From others who got it, it is withdrawn."""
    if post.local_only:
        return
    reached, inboxes = audience.of_reached(tx, post.id), audience.of_post(tx, post, author) | audience.of_relays(tx, post)
    if post.is_public:
        inboxes |= reached | audience.of_touched(tx, post.id)
    send(tx, author, render.update(tx, post), inboxes, post_id=post.id, public=post.is_public)
    former = {uri: host for uri, host in reached.items() if uri not in inboxes} if not post.is_public else {}
    if former:
        _withdraw(tx, post, author, former)


def _withdraw(tx: Tx, post: Post, author: Account, former: Inboxes) -> None:
    """Servers where nobody may see a post any more are to delete it: who follows no more, or is named no more, gets no new text."""
    told = delivery_rows.list_told_of_end(tx, post.id)
    document = render.delete(tx, post, author, []) | {"id": f"{post.uri}#withdrawn/{ids.new(tx.now)}", "to": [], "cc": []}
    send(tx, author, document, {uri: host for uri, host in former.items() if uri not in told}, post_id=post.id)


def deleted(tx: Tx, post: Post, author: Account) -> None:
    """Tell of the end of a post, before its row goes: its recipients, all who ever got it, and servers of those who acted on it."""
    if post.local_only:
        return
    mentioned = post_rows.list_mentions(tx, [post.id], silent=True).get(post.id, [])
    inboxes = audience.of_reached(tx, post.id)
    if not post.held:  # what waits for a yes has got to nobody else
        inboxes |= audience.of_post(tx, post, author) | audience.of_touched(tx, post.id) | audience.of_relays(tx, post)
    delivery_rows.supersede(tx, post.id)
    document = render.delete(tx, post, author, [account.uri for account in mentioned])
    send(tx, author, document, inboxes, post_id=post.id, public=post.is_public)


def counted(tx: Tx, post: Post, author: Account, voters: Iterable[Account]) -> None:
    """Tell the counts of a poll: those the post is for, who voted and may still see it, and of a public one all who ever got it."""
    if post.local_only or post.held:
        return
    seeing = [voter for voter in voters if post_rows.find_visible(tx, voter.id, post.id) is not None]
    inboxes = audience.of_post(tx, post, author) | audience.of_accounts(seeing, shared=post.visibility != "direct")
    if post.is_public:
        inboxes |= audience.of_reached(tx, post.id)
    send(tx, author, render.recount(tx, post), inboxes, post_id=post.id, public=post.is_public)


def voted(tx: Tx, voter: Account, post: Post, votes: Iterable[tuple[str, str]]) -> None:
    """Tell the author elsewhere, and nobody else, what was chosen: (id, name) of each, one activity per choice."""
    author = account_rows.get(tx, post.account_id)
    for uri, name in votes:
        document = render_polls.vote(voter, uri, name, post.uri, author.uri, tx.now)
        send(tx, voter, document, audience.of_accounts([author], shared=False))


def boosted(tx: Tx, boost: Post, booster: Account, original: Post) -> None:
    author = account_rows.get(tx, original.account_id)
    inboxes = audience.of_followers(tx, booster.id) | audience.of_accounts([author], shared=True)
    document = render.announce(boost, booster, original.uri, author.uri)
    if original.policy:
        document |= render_consents.boost_approval(tx, boost)
    send(tx, booster, document, inboxes, post_id=boost.id, public=boost.is_public)


def unboosted(tx: Tx, boost: Post, booster: Account, original: Post) -> None:
    """Take a boost back from everybody who got it."""
    author = account_rows.get(tx, original.account_id)
    inboxes = audience.of_reached(tx, boost.id) | audience.of_followers(tx, booster.id) | audience.of_accounts([author], shared=True)
    announce = render.announce(boost, booster, original.uri, author.uri)
    delivery_rows.supersede(tx, boost.id)
    document = render.simple("Undo", f"{boost.uri}/undo", booster.uri, announce, announce["to"])
    send(tx, booster, document | {"cc": announce["cc"]}, inboxes, post_id=boost.id)


def liked(tx: Tx, account: Account, original: Post, like_uri: str) -> None:
    inboxes, extra = _voting(tx, original)
    if inboxes:
        author = account_rows.get(tx, original.account_id)
        send(tx, account, render.simple("Like", like_uri, account.uri, original.uri, [author.uri]) | extra, inboxes)


def unliked(tx: Tx, account: Account, original: Post, like_uri: str) -> None:
    inboxes, extra = _voting(tx, original)
    if inboxes:
        author = account_rows.get(tx, original.account_id)
        like = render.embedded("Like", like_uri, account.uri, original.uri) | extra
        send(tx, account, render.simple("Undo", f"{like_uri}/undo", account.uri, like, [author.uri]) | extra, inboxes)


def _voting(tx: Tx, original: Post) -> tuple[Inboxes, Json]:
    """Whom a like concerns, and what it says besides: the author, and the group elsewhere that will count it."""
    concerned = [account_rows.get(tx, original.account_id)]
    group = account_rows.find(tx, original.group_id) if original.group_id is not None else None
    if group is not None:
        concerned.append(group)
    return audience.of_accounts(concerned, shared=True), {"audience": group.uri} if group is not None else {}


def reacted(tx: Tx, account: Account, post: Post, uri: str, name: str, emoji: Emoji | None) -> None:
    """A Like that says which emoji: a reaction for who knows reactions, a like for everybody else."""
    inboxes, extra = _voting(tx, post)
    if inboxes:
        author = account_rows.get(tx, post.account_id)
        send(tx, account, render_reactions.like(tx, account, post.uri, uri, name, emoji) | {"to": [author.uri]} | extra, inboxes)


def unreacted(tx: Tx, account: Account, post: Post, uri: str, name: str, emoji: Emoji | None) -> None:
    inboxes, extra = _voting(tx, post)
    if inboxes:
        author = account_rows.get(tx, post.account_id)
        like = render_reactions.like(tx, account, post.uri, uri, name, emoji) | extra
        send(tx, account, render.simple("Undo", f"{uri}/undo", account.uri, like, [author.uri]) | extra, inboxes)


def pinned(tx: Tx, account: Account, post: Post, *, added: bool) -> None:
    """Add to or Remove from `featured`. Source: FEDERATION.md, Activities."""
    document = render.simple("Add" if added else "Remove", new_uri(tx), account.uri, post.uri, [account.followers_uri])
    send(tx, account, document | {"target": account.featured_uri}, audience.of_followers(tx, account.id))


def tag_featured(tx: Tx, account: Account, name: str, *, added: bool) -> None:
    """Add or Remove of a hashtag. Its target is `featured`: what Mastodon reads, and writes itself."""
    hashtag = render.featured_tag(tx, account, name)
    document = render.simple("Add" if added else "Remove", new_uri(tx), account.uri, hashtag, [account.followers_uri])
    send(tx, account, document | {"target": account.featured_uri}, audience.of_followers(tx, account.id))


# -- relations: told to the one concerned only --


def to_account(tx: Tx, sender: Account, activity_type: str, uri: str, object_: str | Json, target: Account) -> None:
    """Follow, Accept, Reject, Block, Undo for one account elsewhere; nothing when it is here."""
    if not target.is_local:
        document = render.simple(activity_type, uri, sender.uri, object_, [target.uri])
        send(tx, sender, document, audience.of_accounts([target], shared=False))


def flagged(tx: Tx, sender: Account, target: Account, comment: str, object_uris: list[str]) -> None:
    """Report things to one server, in the name of this one. One object goes as itself: some servers know no lists of them.

    Source: FEDERATION.md, Moderation.
    """
    objects: str | list[str] = object_uris if len(object_uris) > 1 else object_uris[0]
    document = {"id": new_uri(tx), "type": "Flag", "actor": sender.uri, "to": [target.uri], "object": objects, "content": comment}
    if target.kind == "Group":
        document["summary"] = comment
    send(tx, sender, document, audience.of_accounts([target], shared=False))


# -- actors --


def profile_changed(tx: Tx, account: Account) -> None:
    send(tx, account, render.update_actor(tx, account), audience.of_followers(tx, account.id))


def moved(tx: Tx, account: Account, target: Account) -> None:
    """Send the followers on. Source: FEP-7628; FEDERATION.md, Activities."""
    document = render.simple("Move", f"{account.uri}#moves/{ids.new(tx.now)}", account.uri, account.uri, [account.followers_uri])
    send(tx, account, document | {"target": target.uri}, audience.of_followers(tx, account.id))


def account_deleted(tx: Tx, account: Account) -> None:
    delivery_rows.supersede_account(tx, account.id)
    send(tx, account, render.delete_actor(account), audience.everybody(tx))
