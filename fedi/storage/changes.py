"""Whether anything was committed since one last looked: what keeps a copy of an answer honest."""

from fedi.storage.db import Tx


def stamp(tx: Tx) -> tuple[int, int]:
    """Two numbers that are the same only as long as nothing is committed. Source: SQLite, PRAGMA data_version.

    The first rises with commits of other connections, the second with those of this one (the one there is in memory).
    """
    others = tx.one("PRAGMA data_version")
    own = tx.one("SELECT total_changes()")
    return (others[0] if others else 0, own[0] if own else 0)
