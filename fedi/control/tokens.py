"""Verbs about bearer tokens. A token itself is shown once; afterwards it goes by its id."""

from typing import Any

from fedi import clock, logins
from fedi.errors import NotFound
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import settings as setting_rows
from fedi.storage import users as rows
from fedi.storage.db import Tx
from fedi.streaming import Event


async def create(instance: Instance, args: dict[str, Any]) -> dict[str, str]:
    """name, scopes, program."""
    return {"token": await instance.db.write(_create, args["name"], args["scopes"], args["program"])}


def _create(tx: Tx, name: str, scopes: str, program: str) -> str:
    account = account_rows.get_local(tx, name)
    token = logins.new_token(tx, account.id, scopes, program)
    setting_rows.audit(tx, None, "token.create", account.handle)
    return token


async def list_all(instance: Instance, args: dict[str, Any]) -> list[dict[str, str]]:
    """name."""
    return instance.db.read(_list, args["name"])


def _list(tx: Tx, name: str) -> list[dict[str, str]]:
    return [
        {
            "id": str(token.id),
            "program": token.name,
            "scopes": token.scopes,
            "created_at": clock.rfc3339(token.created_at),
            "used_at": clock.rfc3339(token.used_at),
        }
        for token in rows.list_tokens(tx, account_rows.get_local(tx, name).id)
    ]


async def revoke(instance: Instance, args: dict[str, Any]) -> dict[str, int]:
    """name, id ('' = all of them)."""
    return {"revoked": await instance.db.write(_revoke, args["name"], args["id"])}


def _revoke(tx: Tx, name: str, token_id: str) -> int:
    account = account_rows.get_local(tx, name)
    found = [token for token in rows.list_tokens(tx, account.id) if not token_id or str(token.id) == token_id]
    if token_id and not found:
        raise NotFound("There is no such token. `fedi token list` shows them.")
    for token in found:
        rows.delete_token(tx, token.token_hash)
    setting_rows.audit(tx, None, "token.revoke", account.handle)
    tx.emit(Event("auth", account.id))
    return len(found)
