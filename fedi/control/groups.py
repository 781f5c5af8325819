"""Verbs about the groups of this server."""

from typing import Any

from fedi import clock, founding, groups, hosting
from fedi.activitypub import keys
from fedi.control import accounts
from fedi.errors import NotFound
from fedi.founding import About
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import groups as rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


def _group(tx: Tx, name: str) -> Account:
    account = account_rows.find_by_handle(tx, name.lstrip("!@"), "")
    if account is None or account.deleted_at is not None or account.kind != groups.KIND:
        raise NotFound(f"{name} is no group of this server. `fedi group list` shows them.")
    return account


def _describe(tx: Tx, account: Account) -> dict[str, Any]:
    group = rows.get(tx, account.id)
    return {
        "id": str(account.id),
        "name": account.username,
        "title": account.display_name,
        "description": account.bio_source,
        "rules": group.rules,
        "posting": group.posting,
        "approves": bool(account.locked),
        "members": account.followers_count,
        "moderators": [one.handle for one in rows.list_moderators(tx, account.id)],
        "created_at": clock.rfc3339(account.created_at),
        "uri": account.uri,
    }


async def create(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """name, title, description, rules, posting, approves, moderator (somebody here, or '')."""
    made = founding.Keys(await instance.cpu(keys.generate_rsa), await instance.cpu(keys.generate_ed25519))
    about = About(args["title"], args["description"], args["rules"], args["posting"], bool(args["approves"]))
    return await instance.db.write(_create, args["name"], about, made, args["moderator"])


def _create(tx: Tx, name: str, about: About, made: founding.Keys, moderator: str) -> dict[str, Any]:
    by = account_rows.get_local(tx, moderator) if moderator else None
    return _describe(tx, founding.create(tx, name, about, made, by))


async def list_all(instance: Instance, args: dict[str, Any]) -> list[dict[str, Any]]:
    return instance.db.read(lambda tx: [_describe(tx, account) for account in rows.list_hosted(tx)])


async def edit(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """name, and of title, description, rules, posting, approves those that change (the others None)."""
    return await instance.db.write(_edit, args)


def _edit(tx: Tx, args: dict[str, Any]) -> dict[str, Any]:
    group = _group(tx, args["name"])
    changes = {name: args[name] for name in ("title", "description", "rules", "posting", "approves") if args[name] is not None}
    return _describe(tx, founding.edit(tx, group, founding.about(tx, group)._replace(**changes)))


async def delete(instance: Instance, args: dict[str, Any]) -> None:
    """name."""
    await instance.db.write(lambda tx: founding.delete(tx, _group(tx, args["name"])))


async def set_moderator(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """name, who (somebody here or known from elsewhere), added."""
    return await instance.db.write(_set_moderator, args)


def _set_moderator(tx: Tx, args: dict[str, Any]) -> dict[str, Any]:
    group = _group(tx, args["name"])
    hosting.set_moderator(tx, group, None, accounts.get(tx, args["who"]), added=bool(args["added"]))
    return _describe(tx, group)


async def ban(instance: Instance, args: dict[str, Any]) -> None:
    """name, who, reason, with_posts."""
    await instance.db.write(_ban, args)


def _ban(tx: Tx, args: dict[str, Any]) -> None:
    group = _group(tx, args["name"])
    hosting.ban(tx, group, group, accounts.get(tx, args["who"]), args["reason"], with_posts=bool(args["with_posts"]))


async def unban(instance: Instance, args: dict[str, Any]) -> None:
    """name, who."""
    await instance.db.write(_unban, args)


def _unban(tx: Tx, args: dict[str, Any]) -> None:
    group = _group(tx, args["name"])
    hosting.unban(tx, group, group, accounts.get(tx, args["who"]))
