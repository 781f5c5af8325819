"""Rows -> ActivityPub JSON: actors, notes, activities, collections. Documents come without `@context`; `dump` adds it.

What is rendered here goes to anybody who may see the row: nothing of a viewer, and no `bto`/`bcc`, is ever in it.
"""

import json
from functools import lru_cache
from typing import Any

import orjson

from fedi import clock, ids, limits, teaser
from fedi.activitypub import keys, render_consents, render_groups, render_polls, render_threads, vocab
from fedi.html import Html, escape_text
from fedi.storage import accounts as account_rows
from fedi.storage import emojis as emoji_rows
from fedi.storage import groups as group_rows
from fedi.storage import keys as key_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.emojis import Emoji
from fedi.storage.posts import Attachment, Post

Json = dict[str, Any]


def dump(document: Json) -> bytes:
    """The bytes of a document, with the one context all of ours have."""
    return orjson.dumps({"@context": vocab.CONTEXT, **document})


# -- actors --


def actor(tx: Tx, account: Account) -> Json:
    """A local account as others read it. Source: FEDERATION.md, Actors."""
    us = tx.uris
    is_instance = account.kind == "Application"
    document: Json = {
        "id": account.uri,
        "type": account.kind,
        "preferredUsername": account.username,
        "name": account.display_name or account.username,
        "summary": account.bio_html or None,
        "webfinger": f"{account.username}@{us.domain}",
        "url": account.url,
        "inbox": account.inbox_uri,
        "outbox": account.outbox_uri,
        "followers": account.followers_uri,
        "following": account.following_uri,
        "featured": account.featured_uri,
        "featuredTags": us.featured_tags(account.uri),
        "endpoints": {"sharedInbox": us.shared_inbox()},
        "manuallyApprovesFollowers": bool(account.locked) or is_instance,
        "discoverable": bool(account.discoverable),
        "indexable": bool(account.indexable),
        "published": clock.rfc3339(account.created_at - account.created_at % clock.DAY),
        **_keys(tx, account),
        "generator": {
            "type": "Application",
            "id": us.instance_actor(),
            "implements": [{"href": href, "name": name} for href, name in vocab.IMPLEMENTED],
        },
    }
    for name, media_id in (("icon", account.avatar_id), ("image", account.header_id)):
        picture = media_rows.find(tx, media_id) if media_id else None
        if picture is not None:
            document[name] = {"type": "Image", "mediaType": picture.mime, "url": us.media(picture.key), "summary": picture.alt or None}
    fields = [{"type": "PropertyValue", "name": name, "value": value} for name, value, _ in account.field_rows()]
    if fields:
        document["attachment"] = fields
    if account.emojis != "[]":
        document["tag"] = _emojis(tx, account.emojis)
    if account.aliases():
        document["alsoKnownAs"] = account.aliases()
    sites = json.loads(account.attribution_domains)
    if sites:
        document["attributionDomains"] = sites
    if account.moved_to_uri:
        document["movedTo"] = account.moved_to_uri
    group = group_rows.find(tx, account.id) if account.kind == "Group" else None
    if group is not None:
        document |= render_groups.community(us, account, group)
    return document


def actor_stub(tx: Tx, account: Account) -> Json:
    """No more of somebody than it takes to check their signatures. Source: FEDERATION.md, Signatures, 6.5; VIS-27."""
    return {
        "id": account.uri,
        "type": account.kind,
        "preferredUsername": account.username,
        "inbox": account.inbox_uri,
        "endpoints": {"sharedInbox": tx.uris.shared_inbox()},
        **_keys(tx, account),
    }


def _keys(tx: Tx, account: Account) -> Json:
    """`publicKey` for signatures, and the Ed25519 one as FEP-521a has it. Source: FEDERATION.md, Actors."""
    found: Json = {}
    for key in key_rows.list_of(tx, account.id):
        if key.uri == tx.uris.rsa_key(account.uri):
            found["publicKey"] = {"id": key.uri, "owner": account.uri, "publicKeyPem": key.public_pem}
        else:
            multikey = {
                "id": key.uri,
                "type": "Multikey",
                "controller": account.uri,
                "publicKeyMultibase": _multikey(key.public_pem),
            }
            found["assertionMethod"] = [multikey]
    return found


@lru_cache(maxsize=1024)
def _multikey(public_pem: str) -> str:
    """Kept: reading a key costs as much as the rest of an actor."""
    return keys.to_multikey(keys.load_public(public_pem))


def tombstone(uri: str, former_type: str, deleted_at: int) -> Json:
    """Source: ActivityStreams 2.0 Vocabulary, Tombstone."""
    return {"id": uri, "type": "Tombstone", "formerType": former_type or "Note", "deleted": clock.rfc3339(deleted_at)}


# -- notes --


def addressing(post: Post, author: Account, mentioned: list[str]) -> tuple[list[str], list[str]]:
    """(to, cc) of a post. Source: FEDERATION.md, Delivery."""
    followers = author.followers_uri
    if post.visibility == "public":
        return [vocab.PUBLIC], [followers, *mentioned]
    if post.visibility == "unlisted":
        return [followers], [vocab.PUBLIC, *mentioned]
    if post.visibility == "followers":
        return [followers], mentioned
    return mentioned, []


def note(tx: Tx, post: Post) -> Json:
    """A local post. Source: FEDERATION.md, Objects."""
    author = account_rows.get(tx, post.account_id)
    addressed = post_rows.list_mentions(tx, [post.id], silent=True).get(post.id, [])
    named = post_rows.list_mentions(tx, [post.id]).get(post.id, [])
    group = account_rows.find(tx, post.group_id) if post.group_id is not None else None
    to, cc = addressing(post, author, [account.uri for account in addressed])
    document: Json = {
        "id": post.uri,
        "type": post.kind,
        "url": post.url,
        "attributedTo": author.uri,
        "published": clock.rfc3339(post.published_at),
        "to": to,
        "cc": cc,
        "summary": post.warning or None,
        "sensitive": bool(post.sensitive),
        "inReplyTo": _parent_uri(tx, post),
        "content": post.content_html,
        "source": {"content": post.content_source, "mediaType": post.content_type or "text/plain"},
        "tag": [*(_mention(tx, account) for account in named), *_hashtags(tx, post), *_emojis(tx, post.emojis)],
        "attachment": [_attachment(tx, item) for item in post_rows.list_media(tx, [post.id]).get(post.id, [])],
        "replies": render_threads.replies(tx, post) if post.is_public else f"{post.uri}/replies",
        "likes": {"id": f"{post.uri}/likes", "type": "Collection", "totalItems": post.favourites_count},
        "shares": {"id": f"{post.uri}/shares", "type": "Collection", "totalItems": post.boosts_count},
        "interactionPolicy": render_consents.policy(post, author, [account.uri for account in named]),
    }
    render_consents.add_quote(tx, post, document)
    render_consents.add_approval(tx, post, document)
    if post.context_uri and post.is_public:
        document["context"] = post.context_uri
    if post.language:
        document["contentMap"] = {post.language: document["content"]}
    if post.edited_at:
        document["updated"] = clock.rfc3339(post.edited_at)
    if post.title:
        document["name"] = post.title
    if post.kind == "Article":
        document["preview"] = _preview(post, author)
    if post.visibility == "direct":
        document["directMessage"] = True
    if post.kind == "Question":
        document |= render_polls.question(tx, post)
    if group is not None:
        render_groups.address(document, group, _mention(tx, group))
    return document


def _preview(post: Post, author: Account) -> Json:
    """An article for those who show notes: its title and how it begins; behind a warning only the title. Source: FEP-b2b8."""
    beginning = "" if post.warning else teaser.split(Html(post.content_html))[0]
    return {
        "type": "Note",
        "attributedTo": author.uri,
        "published": clock.rfc3339(post.published_at),
        "summary": post.warning or None,
        "sensitive": bool(post.sensitive),
        "content": f"<p><strong>{escape_text(post.title)}</strong></p>{beginning}",
    }


def _parent_uri(tx: Tx, post: Post) -> str | None:
    """What it answers; of a post that never leaves this server not even the id does."""
    parent = post_rows.find(tx, post.in_reply_to_id) if post.in_reply_to_id and tx.uris.is_ours(post.in_reply_to_uri) else None
    return None if parent is not None and parent.local_only else post.in_reply_to_uri or None


def _mention(tx: Tx, account: Account) -> Json:
    host = account.host or tx.uris.domain
    return {"type": "Mention", "href": account.uri, "name": f"@{account.username}@{host}"}


def featured_tag(tx: Tx, account: Account, name: str) -> Json:
    """A hashtag on somebody's profile; it leads to what they wrote with it."""
    return {"type": "Hashtag", "href": tx.uris.tagged_page(account.handle, name), "name": f"#{name}"}


def _hashtags(tx: Tx, post: Post) -> list[Json]:
    names = post_rows.list_tags(tx, [post.id]).get(post.id, [])
    return [{"type": "Hashtag", "href": tx.uris.tag(name), "name": f"#{name}"} for name in names]


def _emojis(tx: Tx, kept: str) -> list[Json]:
    """Those of this server that a post or account names."""
    names = [item[0] for item in orjson.loads(kept)] if kept != "[]" else []
    return [emoji(tx, found) for found in emoji_rows.find_many(tx, "", names).values()] if names else []


def emoji(tx: Tx, found: Emoji) -> Json:
    """A custom emoji of this server. Source: FEDERATION.md, Objects."""
    return {
        "id": tx.uris.emoji(found.id),
        "type": "Emoji",
        "name": f":{found.shortcode}:",
        "updated": clock.rfc3339(found.updated_at),
        "icon": {"type": "Image", "mediaType": found.mime, "url": tx.uris.media(found.key)},
    }


def _attachment(tx: Tx, item: Attachment) -> Json:
    """Source: FEDERATION.md, Objects; Mastodon documentation, focalPoint and blurhash."""
    kind = {"image": "Image", "video": "Video", "audio": "Audio"}.get(item.kind, "Document")
    document: Json = {"type": kind, "mediaType": item.mime, "url": tx.uris.media(item.key), "name": item.alt or None}
    if item.width and item.height:
        document |= {"width": item.width, "height": item.height}
    if item.blurhash:
        document["blurhash"] = item.blurhash
    if item.focus_x or item.focus_y:
        document["focalPoint"] = [item.focus_x, item.focus_y]
    if item.duration_ms:
        document["duration"] = f"PT{item.duration_ms // 1000}.{item.duration_ms % 1000:03}S"
    if item.preview_sha256 and item.kind != "image":
        document["icon"] = {"type": "Image", "mediaType": "image/webp", "url": tx.uris.preview(item.key)}
    return document


# -- activities --


def create(tx: Tx, post: Post) -> Json:
    """The Create of a local post; its id is the post's with `/activity`."""
    return _about_note(tx, post, "Create", f"{post.uri}/activity", post.published_at)


def update(tx: Tx, post: Post) -> Json:
    at = post.edited_at or tx.now
    return _about_note(tx, post, "Update", f"{post.uri}#updates/{at}", at)


def recount(tx: Tx, post: Post) -> Json:
    """The Update that tells the counts of a poll: `updated` stays as it was, since the text did not change."""
    return _about_note(tx, post, "Update", f"{post.uri}#counts/{tx.now}", tx.now)


def _about_note(tx: Tx, post: Post, activity_type: str, uri: str, at: int) -> Json:
    document = note(tx, post)
    activity = {
        "id": uri,
        "type": activity_type,
        "actor": document["attributedTo"],
        "published": clock.rfc3339(at),
        "to": document["to"],
        "cc": document["cc"],
        "object": document,
    }
    if "audience" in document:
        activity["audience"] = document["audience"]
    for spare in ("contentMap", "source"):  # what readers can do without, when it would be too long for some of them
        if spare in document and len(dump(activity)) > limits.SENT_BYTES:
            del document[spare]
    return activity


def delete(tx: Tx, post: Post, author: Account, mentioned: list[str]) -> Json:
    """The Delete of a post, with the addressing the post had."""
    to, cc = addressing(post, author, mentioned)
    return {
        "id": f"{post.uri}#delete",
        "type": "Delete",
        "actor": author.uri,
        "to": to,
        "cc": cc,
        "object": tombstone(post.uri, post.kind, tx.now),
    }


def announce(boost: Post, booster: Account, original_uri: str, original_author_uri: str) -> Json:
    """A boost; its id is the boost row's own."""
    public = boost.visibility == "public"
    return {
        "id": boost.uri,
        "type": "Announce",
        "actor": booster.uri,
        "published": clock.rfc3339(boost.published_at),
        "to": [vocab.PUBLIC] if public else [booster.followers_uri],
        "cc": [booster.followers_uri, original_author_uri] if public else [vocab.PUBLIC] * (boost.visibility == "unlisted"),
        "object": original_uri,
    }


def passed_on(uri: str, group: Account, activity: bytes, at: int) -> Json:
    """What a group announces: a whole activity, as it was said. Source: FEP-1b12."""
    return {
        "id": uri,
        "type": "Announce",
        "actor": group.uri,
        "published": clock.rfc3339(at),
        "to": [vocab.PUBLIC],
        "cc": [group.followers_uri],
        "audience": group.uri,
        "object": orjson.Fragment(activity),
    }


def simple(activity_type: str, uri: str, actor_uri: str, object_: str | Json, to: list[str]) -> Json:
    """Follow, Like, Block, Accept, Reject, Undo, Add, Remove: who does what to which thing, said to whom."""
    return {"id": uri, "type": activity_type, "actor": actor_uri, "to": to, "object": object_}


def embedded(activity_type: str, uri: str, actor_uri: str, object_uri: str) -> Json:
    """An activity inside Accept, Reject or Undo: always embedded, since many servers cannot look it up."""
    return {"id": uri, "type": activity_type, "actor": actor_uri, "object": object_uri}


def update_actor(tx: Tx, account: Account) -> Json:
    return {
        "id": f"{account.uri}#updates/{ids.new(tx.now)}",
        "type": "Update",
        "actor": account.uri,
        "to": [vocab.PUBLIC],
        "object": actor(tx, account),
    }


def delete_actor(account: Account) -> Json:
    return {"id": f"{account.uri}#delete", "type": "Delete", "actor": account.uri, "to": [vocab.PUBLIC], "object": account.uri}


# -- collections --


def collection(uri: str, total: int, *, first: str | None = None, items: list[Any] | None = None, ordered: bool = True) -> Json:
    """Source: ActivityStreams 2.0 Core 5; FEDERATION.md, Collections."""
    document: Json = {"id": uri, "type": "OrderedCollection" if ordered else "Collection", "totalItems": total}
    if first is not None:
        document["first"] = first
    if items is not None:
        document["orderedItems" if ordered else "items"] = items
    return document


def page(uri: str, part_of: str, items: list[Any], *, next_uri: str | None = None, ordered: bool = True) -> Json:
    kind = "OrderedCollectionPage" if ordered else "CollectionPage"
    document: Json = {"id": uri, "type": kind, "partOf": part_of, "orderedItems" if ordered else "items": items}
    if next_uri is not None:
        document["next"] = next_uri
    return document
