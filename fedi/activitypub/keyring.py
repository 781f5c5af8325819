"""Keys and their owners in memory: most deliveries come from the same few accounts, and each needs both before it is believed."""

from fedi.storage import accounts as account_rows
from fedi.storage import keys as key_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.keys import Key
from fedi.streaming import Hub

_MOST = 10_000  # some kilobytes each


class Keyring:
    """What the database says of keys, until a commit changes it. An account's counters may be old here, nothing else is."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._keys: dict[str, tuple[Key, Account]] = {}
        self._actors: dict[str, Account] = {}

    def find(self, key_uri: str) -> tuple[Key, Account] | None:
        """A key and whose it is; None when it was never read."""
        found = self._keys.get(key_uri)
        if found is None:
            found = self._db.read(_find, key_uri)
            if found is not None:
                if len(self._keys) >= _MOST:
                    self._forget_all()
                self._keys[key_uri] = found
                self._actors[found[1].uri] = found[1]
        return found

    def find_actor(self, uri: str) -> Account | None:
        """An account one of whose keys was asked for lately."""
        return self._actors.get(uri)

    def listen(self, hub: Hub) -> None:
        """Forget what changes."""
        hub.subscribe("account", lambda event: self._forget(event.id))
        hub.subscribe("domain", lambda _: self._forget_all())
        hub.subscribe("storage.reopened", lambda _: self._forget_all())

    def _forget(self, account_id: int) -> None:
        for key_uri in [uri for uri, (_, account) in self._keys.items() if account.id == account_id]:
            _, account = self._keys.pop(key_uri)
            self._actors.pop(account.uri, None)

    def _forget_all(self) -> None:
        self._keys.clear()
        self._actors.clear()


def _find(tx: Tx, key_uri: str) -> tuple[Key, Account] | None:
    key = key_rows.find(tx, key_uri)
    account = account_rows.find(tx, key.account_id) if key else None
    return (key, account) if key and account else None
