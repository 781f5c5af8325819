"""Verbs about moving: the aliases of somebody here, and sending their followers to another account."""

from typing import Any

from fedi import moves
from fedi.control.posts import other, person
from fedi.errors import FediError, Invalid
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import settings as setting_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx


async def add_alias(instance: Instance, args: dict[str, Any]) -> dict[str, str]:
    """name, other (handle or address)."""
    owner, found = instance.db.read(person, args["name"]), await other(instance, args["other"])
    await instance.db.write(moves.add_alias, owner, found)
    return {"name": found.handle, "uri": found.uri}


async def remove_alias(instance: Instance, args: dict[str, Any]) -> dict[str, str]:
    """name, other (handle or address; of one that is gone, the id as the list shows it)."""
    owner = instance.db.read(person, args["name"])
    uri = args["other"]
    if uri not in owner.aliases():
        uri = (await other(instance, uri)).uri
    await instance.db.write(moves.remove_alias, owner, uri)
    return {"uri": uri}


async def list_aliases(instance: Instance, args: dict[str, Any]) -> list[dict[str, str]]:
    """name."""
    return instance.db.read(_list, args["name"])


def _list(tx: Tx, name: str) -> list[dict[str, str]]:
    aliases = account_rows.get_local(tx, name).aliases()
    known = account_rows.list_by_uris(tx, aliases)
    return [{"name": known[uri].handle if uri in known else "", "uri": uri} for uri in aliases]


async def move(instance: Instance, args: dict[str, Any]) -> dict[str, Any]:
    """name, target (handle or address)."""
    owner = instance.db.read(person, args["name"])
    target = await fresh(instance, args["target"])
    moved = await instance.db.write(_move, owner, target)
    return {"name": target.handle, "uri": target.uri, "followers": moved.followers_count}


def _move(tx: Tx, owner: Account, target: Account) -> Account:
    before = account_rows.get(tx, owner.id)
    moves.move(tx, owner, target)
    setting_rows.audit(tx, None, "account.move", f"{owner.handle} {target.uri}")
    return before


async def fresh(instance: Instance, query: str) -> Account:
    """An account as it is now on its own server: whom it names there counts. Raises Invalid for a post, and what looking it up raises."""
    found = await other(instance, query)
    if found.is_local:
        return found
    try:
        return await instance.remote.actor(found.uri, refresh=True)
    except FediError as error:
        raise Invalid(f"@{found.handle} could not be read now: {error.message}", "target") from None


async def come_back(instance: Instance, args: dict[str, Any]) -> None:
    """name."""
    await instance.db.write(moves.come_back, instance.db.read(person, args["name"]))
