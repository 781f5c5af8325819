"""What programs and browsers show to say who they are: looked up by the secret, and known from then on."""

from collections.abc import Callable
from typing import Final, NamedTuple

from aiohttp import web

from fedi import logins
from fedi.instance import Instance
from fedi.storage import users as user_rows
from fedi.storage.db import Tx
from fedi.streaming import Event

_KNOWN: Final = 10_000


class Credentials(NamedTuple):
    """What was shown. `scopes` is None for a browser, which may do everything its person may; `secret` is the cookie's value.

    A program by itself has the `account_id` 0, a token made by hand no `app_id`. `waiting` says what keeps somebody who has signed up
    from doing anything yet: unconfirmed, pending, or '' for nothing.
    """

    account_id: int
    scopes: frozenset[str] | None
    used_at: int
    secret: str = ""
    token_id: int = 0
    app_id: int | None = None
    waiting: str = ""


class Known:
    """Tokens and sessions by their secret, in memory until an `auth` event says that something of the account changed."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._found: dict[str, Credentials] = {}
        self.active: set[int] = set()  # accounts lately seen to be neither deleted nor suspended
        self._ends = [instance.hub.subscribe(topic, self._forget) for topic in ("auth", "account", "storage.reopened")]

    def close(self) -> None:
        for end in self._ends:
            end()

    def _forget(self, event: Event) -> None:
        self.active.clear()
        self._found = {secret: known for secret, known in self._found.items() if known.account_id != event.id} if event.id else {}

    def token(self, secret: str) -> Credentials | None:
        return self._find(f"token {secret}", _read_token, secret)

    def session(self, secret: str) -> Credentials | None:
        return self._find(f"session {secret}", _read_session, secret)

    def used(self, kind: str, secret: str, now: int) -> None:
        """Remember that its use was written down."""
        found = self._found.get(f"{kind} {secret}")
        if found is not None:
            self._found[f"{kind} {secret}"] = found._replace(used_at=now)

    def _find(self, key: str, read: Callable[[Tx, str], Credentials | None], secret: str) -> Credentials | None:
        found = self._found.get(key)
        if found is None and len(secret) <= 200:
            found = self._instance.db.read(read, secret)
            if found is not None:
                if len(self._found) >= _KNOWN:
                    del self._found[next(iter(self._found))]
                self._found[key] = found
        return found


def _read_token(tx: Tx, secret: str) -> Credentials | None:
    found = logins.find_token(tx, secret)
    if found is None:
        return None
    user = user_rows.find(tx, found.account_id) if found.account_id is not None else None
    waiting = user.waiting if user is not None else ""
    return Credentials(found.account_id or 0, frozenset(found.scopes.split()), found.used_at, "", found.id, found.app_id, waiting)


def _read_session(tx: Tx, secret: str) -> Credentials | None:
    found = logins.find_session(tx, secret)
    user = user_rows.find(tx, found.account_id) if found is not None else None
    return Credentials(found.account_id, None, found.used_at, secret, waiting=user.waiting if user else "") if found else None


KNOWN = web.AppKey[Known]("known")
