"""Every verb by its name. A file here per noun; each verb is `async (instance, args) -> JSON-able`, called by the control socket and,
without a server, by the command itself. Times go out as RFC 3339, ids as decimal strings."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

import fedi
from fedi.control import (
    accounts,
    announcements,
    domains,
    emojis,
    groups,
    media,
    moves,
    pages,
    posts,
    queue,
    relays,
    reports,
    rules,
    tokens,
    transfers,
)
from fedi.errors import Invalid
from fedi.instance import Instance

Verb = Callable[[Instance, dict[str, Any]], Awaitable[Any]]


async def _status(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """How the running server is."""
    return {
        "version": fedi.__version__,
        "pid": os.getpid(),
        "writes": "ok" if instance.db.healthy else "failing",
        "allowed": len(await domains.list_allowed(instance, {})),
        "relays": [relay["state"] for relay in await relays.list_all(instance, {})],
        **await queue.count(instance, {}),
    }


VERBS: dict[str, Verb] = {
    "status": _status,
    "account.create": accounts.create,
    "account.list": accounts.list_all,
    "account.waiting": accounts.list_waiting,
    "account.confirm": accounts.confirm,
    "account.approve": accounts.approve,
    "account.reject": accounts.reject,
    "account.show": accounts.show,
    "account.password": accounts.set_password,
    "account.email": accounts.set_email,
    "account.role": accounts.set_role,
    "account.delete": accounts.delete,
    "account.suspend": accounts.suspend,
    "account.unsuspend": accounts.unsuspend,
    "account.warn": announcements.warn,
    "announcement.create": announcements.create,
    "announcement.list": announcements.list_all,
    "announcement.delete": announcements.delete,
    "account.move": moves.move,
    "account.back": moves.come_back,
    "transfer.export": transfers.export,
    "transfer.begin": transfers.begin,
    "transfer.show": transfers.show,
    "alias.add": moves.add_alias,
    "alias.remove": moves.remove_alias,
    "alias.list": moves.list_aliases,
    "token.create": tokens.create,
    "token.list": tokens.list_all,
    "token.revoke": tokens.revoke,
    "post.create": posts.create,
    "follow": posts.follow,
    "unfollow": posts.unfollow,
    "queue.list": queue.list_all,
    "queue.count": queue.count,
    "queue.retry": queue.retry,
    "queue.drop": queue.drop,
    "group.create": groups.create,
    "group.list": groups.list_all,
    "group.edit": groups.edit,
    "group.delete": groups.delete,
    "group.moderator": groups.set_moderator,
    "group.ban": groups.ban,
    "group.unban": groups.unban,
    "domain.set": domains.put,
    "domain.unblock": domains.unblock,
    "domain.list": domains.list_all,
    "domain.allow": domains.allow,
    "domain.disallow": domains.disallow,
    "domain.allowed": domains.list_allowed,
    "relay.add": relays.add,
    "relay.remove": relays.remove,
    "relay.list": relays.list_all,
    "domain.import": domains.import_all,
    "emoji.add": emojis.add,
    "emoji.remove": emojis.remove,
    "emoji.list": emojis.list_all,
    "media.usage": media.usage,
    "media.prune": media.prune,
    "page.set": pages.set_text,
    "page.show": pages.show,
    "page.terms": pages.list_terms,
    "rule.add": rules.add,
    "rule.translate": rules.translate,
    "rule.remove": rules.remove,
    "rule.list": rules.list_all,
    "report.list": reports.list_all,
    "report.resolve": reports.resolve,
}


async def perform(instance: Instance, verb: str, args: dict[str, Any]) -> Any:
    """Do what a verb says. Raises Invalid for one that is not known, and what the verb raises."""
    found = VERBS.get(verb)
    if found is None:
        raise Invalid("The running server does not know that command: it is of another version than this one. Restart it.")
    return await found(instance, args)
