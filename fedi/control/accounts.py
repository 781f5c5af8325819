"""Verbs about accounts."""

from typing import Any

from fedi import accounts, clock, logins, moderation, signups
from fedi.activitypub import keys, webfinger
from fedi.errors import NotFound
from fedi.instance import Instance
from fedi.storage import accounts as rows
from fedi.storage import settings as setting_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


def get(tx: Tx, text: str) -> Account:
    """Somebody here by name, or somebody known from elsewhere by handle; asks nobody. Raises NotFound."""
    username, host = webfinger.handle(text) or (text, "")
    if not host or tx.uris.is_our_host(host):
        return rows.get_local(tx, username)
    found = rows.find_by_handle(tx, username, host)
    if found is None:
        raise NotFound(f"{username}@{host} is not known here.")
    return found


def describe(tx: Tx, account: Account) -> dict[str, Any]:
    user = user_rows.find(tx, account.id)
    return {
        "id": str(account.id),
        "name": account.handle,
        "role": user.role if user else "",
        "email": user.email if user else "",
        "display_name": account.display_name,
        "posts": account.posts_count,
        "followers": account.followers_count,
        "following": account.following_count,
        "created_at": clock.rfc3339(account.created_at),
        "suspended_at": clock.rfc3339(account.suspended_at) if account.suspended_at and not (user and user.waiting) else None,
        "waiting": user.waiting if user else "",
        "reason": user.reason if user else "",
        "url": account.url,
        "uri": account.uri,
    }


async def create(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """name, email, password, role ('' = owner for the first person, then user)."""
    logins.check_new_password(args["password"])
    password_hash = await instance.cpu(logins.hash_password, args["password"])
    rsa_pem, ed25519_pem = await instance.cpu(keys.generate_rsa), await instance.cpu(keys.generate_ed25519)
    new = accounts.NewAccount(args["name"], args["email"], password_hash, args["role"], rsa_pem, ed25519_pem)
    return await instance.db.write(_create, new)


def _create(tx: Tx, new: accounts.NewAccount) -> dict[str, Any]:
    role = new.role or ("user" if user_rows.count_owners(tx) else "owner")
    account = accounts.create(tx, new._replace(role=role))
    setting_rows.audit(tx, None, "account.create", account.handle)
    return describe(tx, account)


async def list_all(instance: Instance, args: dict[str, Any]) -> list[dict[str, Any]]:
    return instance.db.read(lambda tx: [describe(tx, account) for account in rows.list_local(tx)])


async def list_waiting(instance: Instance, args: dict[str, Any]) -> list[dict[str, Any]]:
    """Who has signed up and may do nothing yet, the longest waiting first."""
    return instance.db.read(lambda tx: [describe(tx, rows.get(tx, user.account_id)) for user in user_rows.list_waiting(tx)])


async def confirm(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """name."""
    return await instance.db.write(lambda tx: describe(tx, signups.confirm_by_hand(tx, rows.get_local(tx, args["name"]))))


async def approve(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """name."""
    config = instance.config
    return await instance.db.write(lambda tx: describe(tx, signups.approve(tx, config, rows.get_local(tx, args["name"]))))


async def reject(instance: Instance, args: dict[str, Any]) -> None:
    """name."""
    await instance.db.write(lambda tx: signups.reject(tx, rows.get_local(tx, args["name"])))


async def show(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """name."""
    return instance.db.read(lambda tx: describe(tx, get(tx, args["name"])))


async def set_password(instance: Instance, args: dict[str, Any]) -> None:
    """name, password. Ends all sessions and tokens."""
    logins.check_new_password(args["password"])
    password_hash = await instance.cpu(logins.hash_password, args["password"])
    await instance.db.write(_set_password, args["name"], password_hash)


def _set_password(tx: Tx, name: str, password_hash: str) -> None:
    account = rows.get_local(tx, name)
    logins.set_password(tx, account.id, password_hash)
    setting_rows.audit(tx, None, "account.password", account.handle)


async def set_email(instance: Instance, args: dict[str, Any]) -> None:
    """name, email."""
    await instance.db.write(lambda tx: signups.set_email(tx, rows.get_local(tx, args["name"]), args["email"]))


async def set_role(instance: Instance, args: dict[str, Any]) -> None:
    """name, role."""
    await instance.db.write(_set_role, args["name"], args["role"])


def _set_role(tx: Tx, name: str, role: str) -> None:
    account = rows.get_local(tx, name)
    logins.set_role(tx, account.id, role)
    setting_rows.audit(tx, None, f"account.role.{role}", account.handle)


async def delete(instance: Instance, args: dict[str, Any]) -> None:
    """name."""
    await instance.db.write(_delete, args["name"])


def _delete(tx: Tx, name: str) -> None:
    account = rows.get_local(tx, name)
    accounts.delete_local(tx, account)
    setting_rows.audit(tx, None, "account.delete", account.handle)


async def suspend(instance: Instance, args: dict[str, Any]) -> None:
    """name, or the handle of somebody elsewhere."""
    await instance.db.write(lambda tx: moderation.suspend(tx, get(tx, args["name"])))


async def unsuspend(instance: Instance, args: dict[str, Any]) -> None:
    """name, or the handle of somebody elsewhere."""
    await instance.db.write(lambda tx: moderation.unsuspend(tx, get(tx, args["name"])))
