"""Following: asked for, accepted, rejected, ended; here and with other servers."""

import json
from collections.abc import Collection

from fedi import backfill, fanout, groups, limits, notifications
from fedi.activitypub import outbox, render
from fedi.errors import Conflict, Forbidden, Invalid, NotFound
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as block_rows
from fedi.storage import endorsements as endorsement_rows
from fedi.storage import follows as rows
from fedi.storage import groups as group_rows
from fedi.storage import tombstones as tombstone_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.follows import Follow
from fedi.streaming import Event


def follow(
    tx: Tx, follower: Account, target_id: int, *, boosts: bool = True, notify: bool = False, languages: Collection[str] | None = None
) -> Follow:
    """Ask to follow, or change what one wants to see of somebody one follows: `languages` are all when empty, None leaves them.

    Somebody here who is not locked accepts at once; a locked one and everybody elsewhere is asked, and it stays `pending`.
    Raises NotFound, Invalid for oneself, Forbidden where a block stands.
    """
    target = account_rows.get(tx, target_id)
    if target.id == follower.id:
        raise Invalid("You cannot follow yourself.", "id")
    if target.is_hidden or target.kind == "Application":
        raise NotFound("There is no such account.")
    if block_rows.stands_between(tx, follower.id, target.id):
        raise Forbidden("A block stands between you and this account.")
    if target.kind == groups.KIND and target.is_local and group_rows.find_ban(tx, target.id, follower.id) is not None:
        raise Forbidden("The moderators of this group have banned you from it.")
    if target.moved_to_uri:
        raise Conflict(f"This account has moved to {target.moved_to_uri}. Follow that one.")
    known = rows.find(tx, follower.id, target.id)
    if known is not None:
        changed = known._replace(boosts=int(boosts), notify=int(notify), languages=_languages(languages, known.languages))
        rows.put(tx, changed)
        if changed.languages not in (known.languages, "[]"):
            fanout.languages_unwanted(tx, follower, target.id)
        if known.boosts and not boosts:
            fanout.boosts_unwanted(tx, follower, target.id)
        return changed
    wanted = _languages(languages, "[]")
    made = Follow(follower.id, target.id, "pending", 1, outbox.new_uri(tx), int(boosts), int(notify), wanted, tx.now)
    rows.put(tx, made)
    if target.is_local:
        return _asked(tx, made, follower, target)
    outbox.to_account(tx, follower, "Follow", made.uri, target.uri, target)
    backfill.profile(tx, target)
    return made


def _languages(chosen: Collection[str] | None, present: str) -> str:
    """As they are stored. Raises Invalid for what is no language."""
    if chosen is None:
        return present
    found = list(dict.fromkeys(one.strip().lower() for one in chosen if one.strip()))
    if len(found) > limits.FOLLOW_LANGUAGES or not all(1 < len(one) <= 35 and one.replace("-", "").isalnum() for one in found):
        raise Invalid("Write languages as their codes: `en`, `pt-br`.", "languages")
    return json.dumps(found)


def _asked(tx: Tx, made: Follow, follower: Account, target: Account) -> Follow:
    """A local account is asked: an open one accepts at once."""
    if target.locked:
        notifications.tell(tx, target.id, "follow_request", follower)
        return made
    return _begin(tx, made, follower, target)


def _begin(tx: Tx, made: Follow, follower: Account, target: Account) -> Follow:
    """The follow counts from now on."""
    accepted = made._replace(state="accepted")
    rows.put(tx, accepted)
    account_rows.count_follow(tx, follower.id, target.id, +1)
    if target.kind == groups.KIND:
        groups.ask_moderators(tx, target)
    notifications.forget(tx, target.id, "follow_request", follower.id)
    notifications.tell(tx, target.id, "follow", follower)
    fanout.follow_began(tx, follower, target.id)
    tx.emit(Event("relation", follower.id, target.id))
    return accepted


def _end(tx: Tx, made: Follow, follower: Account) -> None:
    """The follow, or the asking for it, is over: rows, counters, home and what was told of it."""
    rows.delete(tx, made.follower_id, made.followed_id)
    if made.state == "accepted":
        endorsement_rows.delete(tx, made.follower_id, made.followed_id)
        account_rows.count_follow(tx, made.follower_id, made.followed_id, -1)
        fanout.follow_ended(tx, follower, made.followed_id)
    for kind in ("follow", "follow_request"):
        notifications.forget(tx, made.followed_id, kind, made.follower_id)
    tx.emit(Event("relation", made.follower_id, made.followed_id))


def unfollow(tx: Tx, follower: Account, target_id: int) -> None:
    """Follow no more, or ask no more; nothing when one does not. Raises NotFound for an account that is not there."""
    target = account_rows.get(tx, target_id)
    made = rows.find(tx, follower.id, target.id)
    if made is not None:
        _end(tx, made, follower)
        _say_undo(tx, made, follower, target)


def _say_undo(tx: Tx, made: Follow, follower: Account, target: Account) -> None:
    inner = render.embedded("Follow", made.uri, follower.uri, target.uri)
    outbox.to_account(tx, follower, "Undo", f"{made.uri}/undo", inner, target)


def accept(tx: Tx, account: Account, follower_id: int) -> None:
    """Let somebody follow who asked to. Raises NotFound when nobody did."""
    made, follower = _request(tx, account, follower_id)
    if made.state == "pending":
        _begin(tx, made, follower, account)
    _answer(tx, "Accept", made, follower, account)


def reject(tx: Tx, account: Account, follower_id: int) -> None:
    """Do not let them, or no more. Raises NotFound when there is neither follow nor request."""
    made, follower = _request(tx, account, follower_id)
    _end(tx, made, follower)
    _answer(tx, "Reject", made, follower, account)


def remove_follower(tx: Tx, account: Account, follower_id: int) -> None:
    """End somebody's following of `account`. Source: FEDERATION.md, Activities, Reject of an accepted follow."""
    reject(tx, account, follower_id)


def _request(tx: Tx, account: Account, follower_id: int) -> tuple[Follow, Account]:
    made = rows.find(tx, follower_id, account.id)
    if made is None:
        raise NotFound("That account neither follows you nor asks to.")
    return made, account_rows.get(tx, follower_id)


def _answer(tx: Tx, activity_type: str, made: Follow, follower: Account, account: Account) -> None:
    inner = render.embedded("Follow", made.uri, follower.uri, account.uri)
    outbox.to_account(tx, account, activity_type, outbox.new_uri(tx), inner, follower)


def sever(tx: Tx, one: Account, other: Account, *, quietly: bool = False) -> None:
    """End what is between the two in both directions; `quietly` tells the one elsewhere nothing (their server knows, or is blocked)."""
    for follower, followed in ((one, other), (other, one)):
        made = rows.find(tx, follower.id, followed.id)
        if made is None:
            continue
        _end(tx, made, follower)
        if follower.is_local and not quietly:
            _say_undo(tx, made, follower, followed)
        elif followed.is_local and not quietly:
            _answer(tx, "Reject", made, follower, followed)


# -- from the wire --


def receive_follow(tx: Tx, follower: Account, target: Account, uri: str) -> None:
    """Somebody elsewhere asks to follow somebody here. Asked again (they may have lost our answer) they are answered again."""
    if tombstone_rows.is_taken_back(tx, uri, follower.uri):
        return
    if _is_closed_to(tx, target, follower):
        _answer(tx, "Reject", Follow(follower.id, target.id, "pending", 0, uri, 1, 0, "[]", tx.now), follower, target)
        return
    known = rows.find(tx, follower.id, target.id)
    made = known._replace(uri=uri) if known else Follow(follower.id, target.id, "pending", 0, uri, 1, 0, "[]", tx.now)
    rows.put(tx, made)
    if known is None:
        made = _asked(tx, made, follower, target)
    if made.state == "accepted":
        _answer(tx, "Accept", made, follower, target)


def _is_closed_to(tx: Tx, target: Account, follower: Account) -> bool:
    """Whether somebody here cannot be followed by somebody elsewhere, whatever they say to it."""
    if target.is_hidden or target.kind == "Application" or target.moved_to_uri or block_rows.stands_between(tx, follower.id, target.id):
        return True
    return target.kind == groups.KIND and (follower.kind == groups.KIND or group_rows.find_ban(tx, target.id, follower.id) is not None)


def receive_accept(tx: Tx, target: Account, follower: Account, uri: str) -> None:
    """Whom we asked says yes. Nothing for what was never asked. Names the Follow by its id, or only its two sides (`uri` '')."""
    made = rows.find(tx, follower.id, target.id)
    if made is not None and follower.is_local and made.state == "pending" and uri in ("", made.uri):
        _begin(tx, made, follower, target)


def receive_reject(tx: Tx, target: Account, follower: Account, uri: str) -> None:
    """Whom we asked says no, or ends a follow that was accepted."""
    made = rows.find(tx, follower.id, target.id)
    if made is not None and follower.is_local and uri in ("", made.uri):
        _end(tx, made, follower)


def synchronize(tx: Tx, target: Account, listed: Collection[str]) -> None:
    """The server of `target` says who follows it from here: who is not listed follows no more, who asked and is listed is accepted.

    For somebody listed who does not follow (any more), the Undo that must have been lost is sent again. Source: FEP-8fcf.
    """
    for made, follower in rows.list_local_followers(tx, target.id):
        if follower.uri not in listed:
            _end(tx, made, follower)
    named = account_rows.list_by_uris(tx, [uri for uri in listed if tx.uris.is_ours(uri)])
    undone = 0
    for follower in named.values():
        known = rows.find(tx, follower.id, target.id)
        if known is not None and known.state == "pending":
            _begin(tx, known, follower, target)
        elif known is None and follower.is_local and follower.deleted_at is None and undone < limits.SYNCHRONIZED_UNDOS:
            undone += 1
            _say_undo(tx, Follow(follower.id, target.id, "pending", 1, outbox.new_uri(tx), 1, 0, "[]", tx.now), follower, target)


def receive_undo(tx: Tx, follower: Account, target: Account) -> None:
    """They follow no more."""
    made = rows.find(tx, follower.id, target.id)
    if made is not None:
        _end(tx, made, follower)
