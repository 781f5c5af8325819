"""The buttons: what one does to a post or about somebody. Each is a form's POST, and leads back to where one was."""

from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from fedi import account_notes, blocks, endorsements, follows, groups, ids, interactions
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web import params
from fedi.web.pages import asking, profile, site, text
from fedi.web.pages.asking import Question

_ON_POSTS: Final[dict[str, tuple[Callable[..., Any], str]]] = {
    "like": (interactions.favourite, ""),
    "unlike": (interactions.unfavourite, ""),
    "boost": (interactions.boost, ""),
    "unboost": (interactions.unboost, ""),
    "bookmark": (interactions.bookmark, ""),
    "unbookmark": (interactions.unbookmark, ""),
    "pin": (interactions.pin, "pinned"),
    "unpin": (interactions.unpin, "unpinned"),
}


async def on_post(request: web.Request) -> web.Response:
    """`/posts/{id}/{verb}`, where the id is that of the row one saw: a boost stands for what it boosts."""
    viewer, pages = site.signed_in(request), site.of(request)
    act, said = _ON_POSTS[request.match_info["verb"]]
    row_id, back = ids.parse(request.match_info["id"]), await _back(request)
    await pages.instance.db.write(act, viewer, row_id)
    return site.go(back, said, f"p{row_id}")


async def _back(request: web.Request) -> str:
    return text.local_path((await params.read(request)).text("next"))


# -- about somebody --


def _follow(tx: Tx, viewer: Account, account_id: int) -> str:
    said = ("joined", "asked_in") if account_rows.get(tx, account_id).kind == groups.KIND else ("followed", "asked")
    return said[follows.follow(tx, viewer, account_id).state != "accepted"]


def _unfollow(tx: Tx, viewer: Account, account_id: int) -> str:
    follows.unfollow(tx, viewer, account_id)
    return "left" if account_rows.get(tx, account_id).kind == groups.KIND else "unfollowed"


def _mute(tx: Tx, viewer: Account, account_id: int) -> None:
    blocks.mute(tx, viewer, account_id)


_ON_ACCOUNTS: Final[dict[str, tuple[Callable[..., Any], str]]] = {
    "follow": (_follow, ""),
    "unfollow": (_unfollow, ""),
    "accept": (follows.accept, "accepted"),
    "reject": (follows.reject, "refused"),
    "remove": (follows.remove_follower, "refused"),
    "block": (blocks.block, "blocked"),
    "unblock": (blocks.unblock, "unblocked"),
    "mute": (_mute, "muted"),
    "unmute": (blocks.unmute, "unmuted"),
    "endorse": (endorsements.endorse, "endorsed"),
    "unendorse": (endorsements.unendorse, "saved"),
}


async def on_account(request: web.Request) -> web.Response:
    """`/accounts/{id}/{verb}`."""
    viewer, pages = site.signed_in(request), site.of(request)
    act, said = _ON_ACCOUNTS[request.match_info["verb"]]
    account_id, back = ids.parse(request.match_info["id"]), await _back(request)
    done = await pages.instance.db.write(act, viewer, account_id)
    return site.go(back, said or str(done))


async def note(request: web.Request) -> web.Response:
    """`/accounts/{id}/note`: what one writes down about somebody, for oneself."""
    viewer, pages = site.signed_in(request), site.of(request)
    said = (await params.read(request)).text("note").replace("\r\n", "\n")
    await pages.instance.db.write(account_notes.write, viewer, ids.parse(request.match_info["id"]), said)
    return site.go(await _back(request), "saved")


def _somebody(tx: Tx, account_id: int) -> Account:
    account = account_rows.get(tx, account_id)
    return profile.account_of(tx, account.username, account.host)


async def confirm_block(request: web.Request) -> web.Response:
    """Blocking ends follows in both directions: asked first."""
    site.signed_in(request)
    pages = site.of(request)
    account = pages.instance.db.read(_somebody, ids.parse(request.match_info["id"]))
    return asking.ask(
        request,
        Question(
            f"Block {account.name}?",
            f"You and @{account.handle} will see nothing of each other here, and following ends in both directions."
            f"{' Their server is asked to do the same.' if not account.is_local else ''}",
            "Block",
            action=f"/accounts/{account.id}/block",
            back=f"/@{account.handle}",
            target=f"/@{account.handle}",
        ),
    )
