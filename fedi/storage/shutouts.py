"""Pages of what people have shut out, the newest accounts first: whom they block, whom they mute and until when, and whole servers."""

from typing import NamedTuple

from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx
from fedi.storage.timelines import Page

_LAST = (1 << 63) - 1
_SHOWN = "a.suspended_at IS NULL AND a.host_blocked = 0 AND a.deleted_at IS NULL AND a.id < :before AND a.id > :after"
_BLOCKED = f"SELECT {A_COLUMNS} FROM blocks b JOIN accounts a ON a.id = b.target_id WHERE b.account_id = :account AND {_SHOWN}"
_BLOCKED_BACKWARDS = f"{_BLOCKED} ORDER BY a.id DESC LIMIT :limit"
_BLOCKED_FORWARDS = f"{_BLOCKED} ORDER BY a.id ASC LIMIT :limit"
_MUTED = f"""SELECT m.expires_at, {A_COLUMNS} FROM mutes m JOIN accounts a ON a.id = m.target_id
  WHERE m.account_id = :account AND (m.expires_at IS NULL OR m.expires_at > :now) AND {_SHOWN}"""
_MUTED_BACKWARDS = f"{_MUTED} ORDER BY a.id DESC LIMIT :limit"
_MUTED_FORWARDS = f"{_MUTED} ORDER BY a.id ASC LIMIT :limit"
_HOSTS = "SELECT id, host FROM user_domain_blocks WHERE account_id = :account AND id < :before AND id > :after"
_HOSTS_BACKWARDS = f"{_HOSTS} ORDER BY id DESC LIMIT :limit"
_HOSTS_FORWARDS = f"{_HOSTS} ORDER BY id ASC LIMIT :limit"


def _params(account_id: int, page: Page, **more: object) -> dict[str, object]:
    return {"account": account_id, "before": page.before or _LAST, "after": page.after, "limit": page.limit, **more}


def list_blocked(tx: Tx, account_id: int, page: Page) -> list[Account]:
    params = _params(account_id, page)
    rows = tx.query(_BLOCKED_FORWARDS, params)[::-1] if page.forward else tx.query(_BLOCKED_BACKWARDS, params)
    return [Account._make(row) for row in rows]


def list_muted(tx: Tx, account_id: int, page: Page) -> list[tuple[int | None, Account]]:
    """(when the mute ends, somebody)."""
    params = _params(account_id, page, now=tx.now)
    rows = tx.query(_MUTED_FORWARDS, params)[::-1] if page.forward else tx.query(_MUTED_BACKWARDS, params)
    return [(row[0], Account._make(row[1:])) for row in rows]


class BlockedHost(NamedTuple):
    """A server, and its place in the list."""

    id: int
    host: str


def list_hosts(tx: Tx, account_id: int, page: Page) -> list[BlockedHost]:
    """Those blocked last first."""
    params = _params(account_id, page)
    rows = tx.query(_HOSTS_FORWARDS, params)[::-1] if page.forward else tx.query(_HOSTS_BACKWARDS, params)
    return [BlockedHost._make(row) for row in rows]
