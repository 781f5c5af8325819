"""Whole lists of one person, for taking them along."""

from fedi.storage import visible
from fedi.storage.db import Tx

Handle = tuple[str, str]


def list_follows(tx: Tx, account_id: int) -> list[tuple[str, str, int, int]]:
    """(username, host, boosts, notify) of whom somebody follows or has asked to follow."""
    rows = tx.query(
        """SELECT a.username, a.host, f.boosts, f.notify FROM follows f JOIN accounts a ON a.id = f.followed_id
        WHERE f.follower_id = ? ORDER BY a.host, a.username""",
        (account_id,),
    )
    return [tuple(row) for row in rows]


def list_blocks(tx: Tx, account_id: int) -> list[Handle]:
    rows = tx.query(
        "SELECT a.username, a.host FROM blocks b JOIN accounts a ON a.id = b.target_id WHERE b.account_id = ? ORDER BY a.host, a.username",
        (account_id,),
    )
    return [tuple(row) for row in rows]


def list_mutes(tx: Tx, account_id: int) -> list[tuple[str, str, int]]:
    """(username, host, whether of notifications too) of whom somebody mutes now."""
    rows = tx.query(
        """SELECT a.username, a.host, m.notifications FROM mutes m JOIN accounts a ON a.id = m.target_id
        WHERE m.account_id = ? AND (m.expires_at IS NULL OR m.expires_at > ?) ORDER BY a.host, a.username""",
        (account_id, tx.now),
    )
    return [tuple(row) for row in rows]


def list_bookmarks(tx: Tx, account_id: int) -> list[str]:
    """The ids of posts that the account still sees, the latest bookmarked first."""
    rows = tx.query(
        f"""SELECT p.uri FROM bookmarks k JOIN posts p ON p.id = k.post_id JOIN accounts a ON a.id = p.account_id
        WHERE k.account_id = :viewer AND {visible.POST} ORDER BY k.created_at DESC""",
        {"viewer": account_id},
    )
    return [row[0] for row in rows]


def list_domains(tx: Tx, account_id: int) -> list[str]:
    return [row[0] for row in tx.query("SELECT host FROM user_domain_blocks WHERE account_id = ? ORDER BY host", (account_id,))]
