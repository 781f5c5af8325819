"""What a post does to timelines and notifications: once, for posts that are written here and for those that arrive."""

from collections.abc import Iterable

from fedi import cards, conversations, limits, notifications, quotes
from fedi.storage import accounts as account_rows
from fedi.storage import followed_tags as followed_tag_rows
from fedi.storage import follows as follow_rows
from fedi.storage import list_posts as list_post_rows
from fedi.storage import lists as list_rows
from fedi.storage import notifications as notification_rows
from fedi.storage import posts as post_rows
from fedi.storage import streams as stream_rows
from fedi.storage import timelines as timeline_rows
from fedi.storage import touches as touch_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.streaming import Event


def post_added(tx: Tx, post: Post, author: Account, addressed: Iterable[int] = (), *, quiet: bool = False) -> None:
    """A post or boost is there: counters, homes, notifications, in this order. `addressed` are the accounts it names or is sent to.

    `quiet` is for old posts fetched later: counters only.
    """
    counted(tx, post, +1)
    if quiet:
        return
    homes = timeline_rows.add_home(tx, post, author.id)
    awaited = follow_rows.awaited(tx, author.id)
    if awaited.is_listed:
        list_post_rows.add(tx, post, author.id)
    if post.boost_of_id is None:
        if author.is_local or homes or addressed:
            cards.begin(tx, post, is_own=author.is_local)
        wanted_by = [account_id for account_id in addressed if notifications.tell(tx, account_id, "mention", author, post.id)]
        conversations.post_added(tx, post, wanted_by)
    else:
        original = post_rows.get(tx, post.boost_of_id)
        if homes:
            cards.begin(tx, original, is_own=False)
        if original.group_id != author.id:  # a group passes on what is in it: that is no news to who wrote it
            notifications.tell(tx, original.account_id, "boost", author, original.id)
    if awaited.is_told:
        _tell_followers(tx, post, author)
    tx.emit(Event("post", post.id, author.id))


def tags_added(tx: Tx, post: Post) -> None:
    """A new post has hashtags: it comes to the homes of those who follow one, if it is for everybody. Call before `post_added`."""
    if post.visibility == "public":
        followed_tag_rows.add_home(tx, post.id)


def _tell_followers(tx: Tx, post: Post, author: Account) -> None:
    """Those who asked to hear of every post: of what the author says, as far as they may see it. Not of boosts and answers to others."""
    if post.boost_of_id is not None or (post.in_reply_to_uri and post.in_reply_to_account_id != author.id):
        return
    for follower_id in follow_rows.list_notified(tx, author.id):
        if post_rows.find_visible(tx, follower_id, post.id) is not None:
            notifications.tell(tx, follower_id, "post", author, post.id)


def post_edited(tx: Tx, post: Post, author: Account) -> None:
    """A post has a new text: people here who boosted it are told, and those it names now for the first time. Nobody while it is held."""
    if post.held:
        tx.emit(Event("post_edited", post.id, author.id))
        return
    for booster_id in touch_rows.list_local_boosters(tx, post.id):
        notifications.tell(tx, booster_id, "edit", author, post.id)
    named = post_rows.list_mentions(tx, [post.id]).get(post.id, [])
    heard = notification_rows.list_told(tx, "mention", post.id) if post.visibility == "direct" else frozenset()
    wanted_by = [account.id for account in named if notifications.tell(tx, account.id, "mention", author, post.id)]
    conversations.post_edited(tx, post, [account_id for account_id in wanted_by if account_id not in heard])
    cards.edited(tx, post, is_own=author.is_local)
    quotes.post_edited(tx, post, author)
    tx.emit(Event("post_edited", post.id, author.id))


def post_removed(tx: Tx, post: Post, *, quiet: bool = False) -> None:
    """A post is about to go, and its boosts and all that hangs on it with it: counters. `quiet` tells no listener."""
    counted(tx, post, -1)
    if post.boost_of_id is None:
        quotes.post_removed(tx, post)
        conversations.post_removed(tx, post)
    account_rows.uncount_boosters(tx, post.id)
    if not quiet:
        _vanished(tx, post)


def post_hidden(tx: Tx, post: Post) -> None:
    """A post is about to be held that was seen before: it counts no more, and listeners drop it. `post_added` brings it back."""
    counted(tx, post, -1)
    quotes.post_hidden(tx, post)
    _vanished(tx, post)


def _vanished(tx: Tx, post: Post) -> None:
    """Once it has gone nobody can tell any more who had it before their eyes."""
    tx.emit(Event("post_removed", post.id, post.account_id))
    tx.emit(Event("post_gone", post.id, stream_rows.traces(tx, post.id)))


def counted(tx: Tx, post: Post, by: int) -> None:
    """Counters count public and unlisted acts only: nobody learns from them of what they may not see."""
    if not post.is_public or post.held:
        return
    if post.boost_of_id is not None:
        post_rows.add_counts(tx, post.boost_of_id, boosts=by)
    elif post.in_reply_to_id is not None:
        post_rows.add_counts(tx, post.in_reply_to_id, replies=by)
    account_rows.count_posted(tx, post.account_id, by, post.published_at)


def follow_began(tx: Tx, follower: Account, followed_id: int) -> None:
    """Bring the followed account's latest posts into a local follower's home."""
    if follower.is_local:
        timeline_rows.fill_home(tx, follower.id, followed_id, limit=40)
        list_post_rows.follow_began(tx, follower.id, followed_id, limits.LIST_FILL)
        tx.emit(Event("home", follower.id))


def boosts_unwanted(tx: Tx, follower: Account, followed_id: int) -> None:
    """A local follower wants no boosts of the account any more: those it brought go."""
    if follower.is_local:
        timeline_rows.drop_boosts(tx, follower.id, followed_id)
        list_post_rows.drop_boosts(tx, follower.id, followed_id)
        tx.emit(Event("home", follower.id))


def languages_unwanted(tx: Tx, follower: Account, followed_id: int) -> None:
    """A local follower wants the account in some languages only: what it brought in others goes."""
    if follower.is_local:
        timeline_rows.drop_languages(tx, follower.id, followed_id)
        list_post_rows.drop_languages(tx, follower.id, followed_id)
        tx.emit(Event("home", follower.id))


def follow_ended(tx: Tx, follower: Account, followed_id: int) -> None:
    """Take out of a local follower's home what the account brought, and the account out of their lists."""
    if follower.is_local:
        timeline_rows.empty_home(tx, follower.id, followed_id)
        list_post_rows.empty_all(tx, follower.id, followed_id)
        list_rows.delete_member_everywhere(tx, follower.id, followed_id)
        tx.emit(Event("home", follower.id))
