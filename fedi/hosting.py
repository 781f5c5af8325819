"""Groups of this server: who may post in one, and what it passes on to its followers. Source: FEP-1b12.

A post is in the group, or it is a post like any other: nobody is refused a post because a group does not take it.
"""

from collections.abc import Iterable

from fedi import audience, clock, fanout, follows, groups, limits, plaintext
from fedi.activitypub import outbox, render
from fedi.activitypub.render import Json
from fedi.activitypub.render_groups import decision
from fedi.errors import Conflict, Forbidden, Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import groups as rows
from fedi.storage import posts as post_rows
from fedi.storage import settings as setting_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.streaming import Event


def check_moderator(tx: Tx, group: Account, who: Account) -> None:
    """Raise Forbidden for somebody who has nothing to say in the group: staff of this server has, in every group of it."""
    if who.id != group.id and not rows.is_moderator(tx, group.id, who.id) and who.id not in user_rows.list_staff(tx):
        raise Forbidden("Only the group's moderators can do that.")


# -- who may post --


def refusal(tx: Tx, group: Account, author: Account, parent: Post | None = None) -> str:
    """Why somebody's post would not be in the group, in words; '' when it would."""
    if group.is_hidden or author.is_hidden or author.kind in (groups.KIND, "Application"):
        return "This group takes no posts from this account."
    if rows.find_ban(tx, group.id, author.id) is not None:
        return "The moderators of this group have banned this account from it."
    is_answer = parent is not None and parent.group_id == group.id
    if is_answer and parent is not None and (parent.locked or rows.is_in_locked_thread(tx, parent.id, limits.LOCK_HOPS)):
        return "The moderators have closed this thread."
    posting = rows.get(tx, group.id).posting
    if rows.is_moderator(tx, group.id, author.id):
        return ""
    if posting == "moderators" and not is_answer:
        return "Only moderators begin threads in this group."
    if posting != "anyone" and not follow_rows.is_follower(tx, author.id, group.id):
        return "Only members post in this group. Join it first."
    if rows.count_by_author(tx, group.id, author.id, tx.now - clock.HOUR) >= limits.GROUP_POSTS:
        return "That is a lot for one hour. Come back later."
    return ""


def chosen(tx: Tx, author: Account, group_id: int | None, named: Iterable[Account], parent: Post | None) -> Account | None:
    """The group a public post of somebody here goes to: the one they chose, that of the thread, or the first they name.

    Raises NotFound and Forbidden for one that was chosen and does not take it; one that is only named and does not is a mention.
    """
    if group_id is not None:
        group = account_rows.get(tx, group_id)
        if group.kind != groups.KIND or group.is_hidden:
            raise NotFound("There is no such group.")
        if group.is_local and (why := refusal(tx, group, author, parent)):
            raise Forbidden(why)
        return group
    thread = groups.group_of(tx, parent) if parent is not None else None
    candidates = [thread] if thread is not None else [account for account in named if account.kind == groups.KIND]
    open_to = (group for group in candidates if not group.is_hidden and not (group.is_local and refusal(tx, group, author, parent)))
    return next(open_to, None)


def received(tx: Tx, post: Post, author: Account, addressed: Iterable[Account], parent: Post | None) -> Post:
    """Put a post from elsewhere into the group it is for, if that takes it. `addressed`: whom the post names or is sent to."""
    found = [account for account in addressed if account.kind == groups.KIND]
    thread = groups.group_of(tx, parent) if parent is not None and parent.group_id is not None else None
    if thread is not None and thread.is_local:
        found = [thread]
    if not found or not post.is_public or author.kind == groups.KIND:
        return post
    group = next((one for one in found if one.is_local), found[0])
    if not (takes(tx, group, author, post, parent) if group.is_local else groups.claimed(tx, group)):
        return post
    return post_rows.update(tx, post.id, group_id=group.id)


def takes(tx: Tx, group: Account, author: Account, post: Post, parent: Post | None) -> bool:
    """Whether a post is in the group from now on: public, not waiting for anybody's yes, not removed before, and not refused."""
    if not post.is_public or post.held or groups.was_removed(tx, group, post.uri):
        return False
    return refusal(tx, group, author, parent) == ""


# -- what it passes on --


def posted(tx: Tx, group: Account, post: Post, author: Account, activity: bytes) -> None:
    """A post has come into the group: the activity goes to its followers as it is, and what begins a thread is boosted as well.

    The boost brings it to homes here, and is what servers show that know no groups. `activity` may be b'' when it is not to be relied on.
    Once, however often it comes.
    """
    if rows.list_announced(tx, group.id, [post.id]):
        return
    if activity:
        pass_on(tx, group, author, activity, post)
    if _is_answer(tx, group, post) or post_rows.find_boost(tx, group.id, post.id) is not None:
        return
    boost_id = post_rows.new_id(tx, tx.now)
    made = post_rows.insert(
        tx,
        id=boost_id,
        uri=tx.uris.activity(boost_id),
        url=post.url,
        account_id=group.id,
        kind="Announce",
        visibility="public",
        boost_of_id=post.id,
        published_at=tx.now,
    )
    fanout.post_added(tx, made, group)
    outbox.boosted(tx, made, group, post)
    tx.emit(Event("post_counted", post.id))


def published(tx: Tx, group: Account | None, post: Post, author: Account) -> None:
    """Somebody here has posted to a group: one of this server passes it on, one elsewhere has been sent it."""
    if group is not None and group.is_local:
        posted(tx, group, post, author, outbox.body_of(tx, author, render.create(tx, post)))


def arrived(tx: Tx, post: Post, author: Account, said: bytes) -> None:
    """A post from elsewhere is in a group: if that is of this server, its followers get it."""
    group = groups.group_of(tx, post)
    if group is not None and group.is_local:
        posted(tx, group, post, author, said)


def _is_answer(tx: Tx, group: Account, post: Post) -> bool:
    parent = post_rows.find(tx, post.in_reply_to_id) if post.in_reply_to_id is not None else None
    return parent is not None and parent.group_id == group.id


def pass_on(tx: Tx, group: Account, author: Account, activity: bytes, post: Post | None, *, is_kept: bool = True) -> None:
    """Announce to the group's followers what somebody did in it. `is_kept`: whoever may see the post can read it later.

    Nothing of people who are banned, and nothing past what a group may say in an hour.
    """
    if not group.is_local or group.is_hidden or rows.find_ban(tx, group.id, author.id) is not None:
        return
    if rows.count_passed_on(tx, group.id, tx.now - clock.HOUR) >= limits.GROUP_PASSED_ON:
        return
    outbox.passed_on(tx, group, activity, post.uri if post is not None else "", post.id if post is not None and is_kept else None)


def acted(tx: Tx, post: Post, author: Account, activity: bytes | Json, *, is_vote: bool = False) -> None:
    """Somebody has edited, deleted, liked (or no more) a post: where it is in a group of this server, that passes it on.

    Votes cost whoever casts them nothing: they leave room for what is written.
    """
    group = groups.group_of(tx, post)
    if group is not None and group.is_local:
        if is_vote and rows.count_passed_on(tx, group.id, tx.now - clock.HOUR) >= limits.GROUP_VOTES:
            return
        body = activity if isinstance(activity, bytes) else outbox.body_of(tx, author, activity)
        pass_on(tx, group, author, body, post, is_kept=False)


def ended(tx: Tx, post: Post, author: Account, activity: bytes | Json) -> None:
    """A post in a group of this server ends: said to the followers, and its copies go."""
    group = groups.group_of(tx, post)
    if group is not None and group.is_local:
        rows.forget_announced(tx, group.id, post.id)
        acted(tx, post, author, activity)
        groups.take_out(tx, group, post)


# -- moderation, by people here --


def remove_post(tx: Tx, group: Account, moderator: Account, post_id: int, reason: str = "") -> None:
    """Take a post out of the group. Raises Forbidden, NotFound."""
    post = _in_group(tx, group, moderator, post_id)
    _decide(tx, group, moderator, _reasoned("Delete", tx, moderator, group, post.uri, reason), post)
    rows.forget_announced(tx, group.id, post.id)
    groups.remove(tx, group, post)


def lock_post(tx: Tx, group: Account, moderator: Account, post_id: int, *, locked: bool) -> None:
    """Close a thread to new answers, or open it again. Raises Forbidden, NotFound."""
    post = _in_group(tx, group, moderator, post_id)
    if bool(post.locked) == locked:
        return
    lock = decision("Lock", outbox.new_uri(tx), moderator, group, post.uri)
    _decide(tx, group, moderator, lock if locked else decision("Undo", outbox.new_uri(tx), moderator, group, lock), post)
    groups.lock(tx, post, locked=locked)


def pin_post(tx: Tx, group: Account, moderator: Account, post_id: int, *, added: bool) -> None:
    """Put a post on top of the group, or no more. Raises Forbidden, NotFound, Invalid."""
    post = _in_group(tx, group, moderator, post_id)
    if groups.pin(tx, group, post, added=added):
        said = decision("Add" if added else "Remove", outbox.new_uri(tx), moderator, group, post.uri)
        _decide(tx, group, moderator, said | {"target": group.featured_uri}, post)


def ban(tx: Tx, group: Account, moderator: Account, target: Account, reason: str = "", *, with_posts: bool = False) -> None:
    """Let somebody take part no more: their membership ends, and with `with_posts` what they wrote goes. Raises Forbidden, Conflict."""
    check_moderator(tx, group, moderator)
    if rows.is_moderator(tx, group.id, target.id):
        raise Conflict("Moderators cannot be banned. End their being a moderator first.")
    said = _reasoned("Block", tx, moderator, group, target.uri, reason) | {"target": group.uri, "removeData": with_posts}
    _decide(tx, group, moderator, said, None)
    outbox.send(tx, moderator, said, audience.of_accounts([target], shared=False))
    banned(tx, group, target, reason, None, with_posts=with_posts)


def banned(tx: Tx, group: Account, target: Account, reason: str, expires_at: int | None, *, with_posts: bool) -> None:
    """The effect of a ban that was decided, here or by a moderator elsewhere."""
    groups.ban(tx, group, target, reason, expires_at, with_posts=with_posts)
    if follow_rows.find(tx, target.id, group.id) is not None:
        follows.reject(tx, group, target.id)


def unban(tx: Tx, group: Account, moderator: Account, target: Account) -> None:
    """Lift a ban; they may join again. Raises Forbidden."""
    check_moderator(tx, group, moderator)
    if groups.unban(tx, group, target):
        block = decision("Block", outbox.new_uri(tx), moderator, group, target.uri) | {"target": group.uri}
        _decide(tx, group, moderator, decision("Undo", outbox.new_uri(tx), moderator, group, block), None)


def set_moderator(tx: Tx, group: Account, moderator: Account | None, target: Account, *, added: bool) -> None:
    """Let somebody moderate, or no more; `moderator` None is the command line. Raises Forbidden, Conflict for the last one."""
    if moderator is not None:
        check_moderator(tx, group, moderator)
    if added:
        if target.kind in (groups.KIND, "Application") or rows.find_ban(tx, group.id, target.id) is not None:
            raise Conflict("That account cannot moderate this group.")
        if len(rows.list_moderators(tx, group.id)) >= limits.GROUP_MODERATORS:
            raise Invalid(f"A group has up to {limits.GROUP_MODERATORS} moderators.", "name")
        rows.add_moderator(tx, group.id, target.id)
    else:
        if [one.id for one in rows.list_moderators(tx, group.id)] == [target.id]:
            raise Conflict("That is the only moderator. Name somebody else first.")
        if not rows.remove_moderator(tx, group.id, target.id):
            return
    said = decision("Add" if added else "Remove", outbox.new_uri(tx), moderator or group, group, target.uri)
    _decide(tx, group, moderator or group, said | {"target": tx.uris.moderators(group.uri)}, None)


def _in_group(tx: Tx, group: Account, moderator: Account, post_id: int) -> Post:
    check_moderator(tx, group, moderator)
    post = post_rows.get_visible(tx, moderator.id, post_id)
    if post.boost_of_id is not None:
        post = post_rows.get_visible(tx, moderator.id, post.boost_of_id)
    if post.group_id != group.id:
        raise Forbidden("That post is not in the group.")
    return post


def _reasoned(activity_type: str, tx: Tx, moderator: Account, group: Account, object_uri: str, reason: str) -> Json:
    said = decision(activity_type, outbox.new_uri(tx), moderator, group, object_uri)
    summary = plaintext.line(reason, limits.REASON_CHARS)
    return said | ({"summary": summary} if summary or activity_type == "Delete" else {})


def _decide(tx: Tx, group: Account, moderator: Account, said: Json, post: Post | None) -> None:
    """Every decision is passed on to the group's followers, and noted."""
    setting_rows.audit(tx, moderator.id, f"group.{str(said['type']).lower()}", f"{group.handle} {said['object']}"[:500])
    outbox.passed_on(tx, group, outbox.body_of(tx, moderator, said), post.uri if post is not None else "", None)
