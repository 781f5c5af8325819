"""Reactions: an emoji under a post, of local people and (`receive_*`) of others. Whoever reacts counts among those who like the post."""

import re
import unicodedata
from typing import NamedTuple

from fedi import approvals, emojis, hosting, interactions, limits, notifications, policies
from fedi.activitypub import outbox, render, render_reactions
from fedi.activitypub.parse_files import Emoji as Said
from fedi.errors import Forbidden, Invalid, NotFound
from fedi.storage import emojis as emoji_rows
from fedi.storage import posts as post_rows
from fedi.storage import reactions as rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.emojis import Emoji
from fedi.storage.posts import Post
from fedi.storage.reactions import Reaction
from fedi.streaming import Event

SHORTCODE = re.compile(r"[A-Za-z0-9_+-]{1,128}", re.ASCII)
_WRITTEN = re.compile(r":?([A-Za-z0-9_+-]{1,128})(?:@([A-Za-z0-9.:_-]{1,255}))?:?", re.ASCII)
_JOINER, _PRESENTED, _KEYCAP = "\u200d", "\ufe0f", "\u20e3"
_TONES = range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_OTHERS = frozenset("\u203c\u2049\u3030\u303d\u2139")  # emoji that are punctuation or letters elsewhere
_CHARS = 24  # of one emoji: a family of four with skin tones has 11, the flag of Scotland 7


# -- what an emoji is --


def character(text: str) -> str:
    """The one emoji that a text is, in its one spelling, or ''. Source: UTS 51."""
    text = text.strip().replace(_PRESENTED, "")
    if not text or len(text) > _CHARS:
        return ""
    if text[-1] == _KEYCAP:
        return f"{text[0]}{_PRESENTED}{_KEYCAP}" if len(text) == 2 and text[0] in "0123456789#*" else ""
    if all(ord(c) in _FLAGS for c in text):
        return text if len(text) == 2 else ""
    parts = text.split(_JOINER)
    spelt = [_element(part) for part in parts]
    return _JOINER.join(spelt) if all(spelt) else ""


def _element(part: str) -> str:
    """A pictograph with a skin tone or tags, or ''. One that may also be a plain sign says that it is an emoji."""
    if not part or not _is_pictograph(part[0]):
        return ""
    base, rest = part[0], part[1:]
    toned = len(rest) == 1 and ord(rest) in _TONES
    if rest and not toned and not all(ord(c) in _TAGS for c in rest):
        return ""
    return base + ("" if rest or ord(base) >= 0x1F000 else _PRESENTED) + rest


def _is_pictograph(c: str) -> bool:
    kind = unicodedata.category(c)
    newer = kind == "Cn" and 0x1F300 <= ord(c) <= 0x1FAFF  # than this Python knows
    return kind == "So" or newer or c in _OTHERS or (kind == "Sm" and 0x2190 <= ord(c) <= 0x2BFF)


class _Chosen(NamedTuple):
    name: str
    emoji: Emoji | None


def _chosen(tx: Tx, text: str, post_id: int) -> _Chosen:
    """What somebody here has picked: a character, an emoji of this server, or (`name@host`) one that stands there. Raises Invalid."""
    if name := character(text):
        return _Chosen(name, None)
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise Invalid("A reaction is one emoji.", "emoji")
    shortcode, host = found[1], found[2] or ""
    emoji = emoji_rows.find_many(tx, "" if tx.uris.is_our_host(host) else host, [shortcode]).get(shortcode)
    stands_there = any(one.name == shortcode and one.host == host for one in rows.list_tallies(tx, 0, [post_id]).get(post_id, ()))
    if emoji is None or (emoji.host and not stands_there):
        raise Invalid(f"There is no emoji `:{shortcode}:` here.", "emoji")
    return _Chosen(shortcode, emoji)


# -- of people here --


def react(tx: Tx, account: Account, post_id: int, text: str) -> Post:
    """Put an emoji under a post; again is no harm. Raises NotFound, Invalid for what is none, or for one too many."""
    post = interactions.seen(tx, account, post_id)
    name, emoji = _chosen(tx, text, post.id)
    if not _has_room(tx, account, post, name):
        raise Invalid("There are too many different reactions under that post.", "emoji")
    if approvals.needs_yes(tx, policies.LIKE, post, account):
        raise Forbidden("The author of that post is asked before it is liked. Like it instead.")
    uri = outbox.new_uri(tx)
    if _add(tx, account, Reaction(account.id, post.id, name, emoji.id if emoji else None, uri), post):
        outbox.reacted(tx, account, post, uri, _named(name), emoji)
        if post.group_id is not None:
            hosting.acted(tx, post, account, render_reactions.like(tx, account, post.uri, uri, _named(name), emoji))
    return post_rows.get(tx, post.id)


def unreact(tx: Tx, account: Account, post_id: int, text: str) -> Post:
    """Take one back; nothing when it is not there. Raises NotFound for the post."""
    post = interactions.seen(tx, account, post_id)
    found = _WRITTEN.fullmatch(text.strip())
    name = character(text) or (found[1] if found else "")
    for given in rows.list_by(tx, account.id, post.id):
        if given.name == name and _drop(tx, account, given, post):
            emoji = emoji_rows.find(tx, given.emoji_id) if given.emoji_id is not None else None
            outbox.unreacted(tx, account, post, given.uri, _named(name), emoji)
            if post.group_id is not None:
                like = render_reactions.like(tx, account, post.uri, given.uri, _named(name), emoji)
                hosting.acted(tx, post, account, render.simple("Undo", f"{given.uri}/undo", account.uri, like, []))
    return post_rows.get(tx, post.id)


def _named(name: str) -> str:
    """As it is written in a text: shortcodes between colons."""
    return f":{name}:" if SHORTCODE.fullmatch(name) else name


def _has_room(tx: Tx, account: Account, post: Post, name: str) -> bool:
    names, known = rows.count_names(tx, post.id, name)
    return len(rows.list_by(tx, account.id, post.id)) < limits.REACTIONS_EACH and (known or names < limits.REACTIONS)


def _add(tx: Tx, account: Account, reaction: Reaction, post: Post) -> bool:
    """Write it, count the person among those who like the post unless they are, and tell the author."""
    likes = interactions.likes(tx, account.id, post.id)
    if not rows.put(tx, reaction):
        return False
    post_rows.add_counts(tx, post.id, favourites=int(not likes))
    _changed(tx, post)
    notifications.tell(tx, post.account_id, "reaction", account, post.id)
    return True


def _drop(tx: Tx, account: Account, reaction: Reaction, post: Post) -> bool:
    if not rows.delete(tx, reaction):
        return False
    if not rows.has_reacted(tx, account.id, post.id):
        notifications.forget(tx, post.account_id, "reaction", account.id, post.id)
    post_rows.add_counts(tx, post.id, favourites=-int(not interactions.likes(tx, account.id, post.id)))
    _changed(tx, post)
    return True


def _changed(tx: Tx, post: Post) -> None:
    """What is kept of the post is made anew: whether anything stands under it is part of that."""
    post_rows.update(tx, post.id)
    tx.emit(Event("post_counted", post.id))


# -- from the wire --


def receive(tx: Tx, account: Account, post: Post, text: str, said: Said | None, uri: str) -> bool:
    """Somebody elsewhere reacts; `said` is the custom emoji that `text` names. False when `text` is no emoji, and nothing was done.

    Counted once per emoji, if they may see the post, neither has blocked the other, and it was not taken back before.
    """
    name = character(text)
    if not name and (said is None or text.strip().strip(":").partition("@")[0] != said.shortcode):
        return False
    if tombstone_rows.is_taken_back(tx, uri, account.uri) or not approvals.may_act(tx, account, post):
        return True
    if post.policy and approvals.verdict(tx, policies.LIKE, post, account) != policies.AUTOMATIC:
        interactions.receive_favourite(tx, account, post, uri)  # what an author is to be asked about is whether it is liked
        return True
    emoji = None
    if not name and said is not None:
        name, emoji = said.shortcode, emojis.receive(tx, account.host, [said]).get(said.shortcode)
    if _has_room(tx, account, post, name):
        _add(tx, account, Reaction(account.id, post.id, name, emoji.id if emoji else None, uri), post)
    return True


def receive_undo(tx: Tx, account: Account, post: Post, text: str = "") -> bool:
    """They take back the one they name, or all of theirs where they name none. False when there was none."""
    name = character(text) or text.strip().strip(":").partition("@")[0]
    given = [one for one in rows.list_by(tx, account.id, post.id) if not name or one.name == name]
    return any([_drop(tx, account, one, post) for one in given])


def receive_undo_by_id(tx: Tx, account: Account, uri: str) -> bool:
    """The same by the id of what they sent."""
    given = rows.find_by_uri(tx, uri)
    if given is None or given.account_id != account.id:
        return False
    try:
        return _drop(tx, account, given, post_rows.get(tx, given.post_id))
    except NotFound:
        return False
