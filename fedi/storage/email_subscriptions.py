"""Rows of `email_subscriptions`: who gets somebody's public posts by letter; and of the links in these letters that end it, as hashes."""

from typing import Final, NamedTuple

from fedi.storage import visible
from fedi.storage.db import Tx
from fedi.storage.posts import P_COLUMNS, Post


class Subscription(NamedTuple):
    """`mailbox` is the address without what stands behind a `+`. Until `confirmed_at` is set, only `link_hash` may be asked by letter."""

    id: int
    account_id: int
    email: str
    mailbox: str
    locale: str
    link_hash: bytes | None
    asked_at: int
    confirmed_at: int | None
    after_id: int
    sent_at: int
    refusals: int


class Due(NamedTuple):
    """A letter that is to be written: with the posts after one and up to another."""

    id: int
    after: int


_COLUMNS: Final = ", ".join(Subscription._fields)
# Posts a letter may hold: what everybody may see, no answers, no boosts.
_FIT: Final = f"""p.visibility = 'public' AND p.in_reply_to_uri = '' AND p.boost_of_id IS NULL AND {visible.POST}"""


def insert(tx: Tx, row_id: int, account_id: int, email: str, mailbox: str, locale: str) -> None:
    """Somebody asks for letters; nothing is confirmed."""
    tx.execute(
        "INSERT INTO email_subscriptions (id, account_id, email, mailbox, locale, asked_at) VALUES (?, ?, ?, ?, ?, ?)",
        (row_id, account_id, email, mailbox, locale, tx.now),
    )


def find(tx: Tx, row_id: int) -> Subscription | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM email_subscriptions WHERE id = ?", (row_id,))
    return Subscription._make(row) if row else None


def find_of(tx: Tx, account_id: int, email: str) -> Subscription | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM email_subscriptions WHERE account_id = ? AND email = ?", (account_id, email))
    return Subscription._make(row) if row else None


def find_by_link(tx: Tx, link_hash: bytes) -> Subscription | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM email_subscriptions WHERE link_hash = ?", (link_hash,))
    return Subscription._make(row) if row else None


def find_by_end(tx: Tx, token_hash: bytes) -> Subscription | None:
    row = tx.one(
        f"SELECT {_COLUMNS} FROM email_subscriptions WHERE id = (SELECT subscription_id FROM email_subscription_ends WHERE token_hash = ?)",
        (token_hash,),
    )
    return Subscription._make(row) if row else None


def count_of(tx: Tx, account_id: int, *, confirmed: bool = False) -> int:
    row = tx.one(
        "SELECT count(*) FROM email_subscriptions WHERE account_id = ? AND (? = 0 OR confirmed_at IS NOT NULL)",
        (account_id, int(confirmed)),
    )
    return int(row[0]) if row else 0


def count_mailbox(tx: Tx, mailbox: str, since: int) -> int:
    """How often letters were asked for one mailbox, for anybody's posts."""
    row = tx.one("SELECT count(*) FROM email_subscriptions WHERE mailbox = ? AND asked_at > ?", (mailbox, since))
    return int(row[0]) if row else 0


def count_asked(tx: Tx, since: int) -> int:
    """How many have asked and not yet confirmed."""
    row = tx.one("SELECT count(*) FROM email_subscriptions WHERE confirmed_at IS NULL AND asked_at > ?", (since,))
    return int(row[0]) if row else 0


def set_link(tx: Tx, row_id: int, link_hash: bytes) -> None:
    """The letter is written; what stood in the one before is void."""
    tx.execute("UPDATE email_subscriptions SET link_hash = ? WHERE id = ? AND confirmed_at IS NULL", (link_hash, row_id))


def ask_again(tx: Tx, row_id: int) -> None:
    tx.execute("UPDATE email_subscriptions SET asked_at = ? WHERE id = ?", (tx.now, row_id))


def confirm(tx: Tx, row_id: int, after_id: int) -> None:
    """The link was opened, once: it is void. Posts up to `after_id` are older than the subscription."""
    tx.execute(
        "UPDATE email_subscriptions SET confirmed_at = ?, link_hash = NULL, after_id = ? WHERE id = ? AND confirmed_at IS NULL",
        (tx.now, after_id, row_id),
    )


def delete(tx: Tx, row_id: int) -> None:
    """With every link that would end it."""
    tx.execute("DELETE FROM email_subscriptions WHERE id = ?", (row_id,))


def delete_of(tx: Tx, account_id: int) -> int:
    return tx.execute("DELETE FROM email_subscriptions WHERE account_id = ?", (account_id,))


def insert_end(tx: Tx, token_hash: bytes, row_id: int) -> None:
    """A letter has a link that ends the subscription."""
    tx.execute(
        "INSERT INTO email_subscription_ends (token_hash, subscription_id, created_at) VALUES (?, ?, ?)", (token_hash, row_id, tx.now)
    )


def set_refusals(tx: Tx, row_id: int, refusals: int) -> None:
    tx.execute("UPDATE email_subscriptions SET refusals = ? WHERE id = ?", (refusals, row_id))


# -- letters --


def list_due(tx: Tx, before: int, until: int, limit: int) -> list[Due]:
    """Confirmed ones whose last letter went out before `before` (ms), with a new post up to `until` (an id), of who offers letters."""
    rows = tx.query(
        f"""SELECT s.id, s.after_id FROM email_subscriptions s JOIN users u ON u.account_id = s.account_id
        WHERE s.confirmed_at IS NOT NULL AND s.sent_at <= :sent_before AND json_extract(u.settings, '$.newsletter')
          AND EXISTS (SELECT 1 FROM posts p JOIN accounts a ON a.id = p.account_id
            WHERE p.account_id = s.account_id AND p.id > s.after_id AND p.id <= :until AND {_FIT})
        ORDER BY s.sent_at, s.id LIMIT :limit""",
        {"viewer": 0, "sent_before": before, "until": until, "limit": limit},
    )
    return [Due(row[0], row[1]) for row in rows]


def mark_sent(tx: Tx, row_id: int, after_id: int) -> None:
    """A letter with the posts up to `after_id` is being written."""
    tx.execute("UPDATE email_subscriptions SET sent_at = ?, after_id = ? WHERE id = ?", (tx.now, after_id, row_id))


def list_posts(tx: Tx, account_id: int, after: int, until: int, limit: int) -> list[Post]:
    """What goes into a letter, oldest first: of posts with after < id <= until the newest `limit`."""
    rows = tx.query(
        f"""SELECT {P_COLUMNS} FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.account_id = :account AND p.id > :after AND p.id <= :until AND {_FIT} ORDER BY p.id DESC LIMIT :limit""",
        {"viewer": 0, "account": account_id, "after": after, "until": until, "limit": limit},
    )
    return [Post._make(row) for row in reversed(rows)]


# -- what has had its time --


def prune(tx: Tx, unconfirmed_before: int, ends_before: int) -> int:
    """Addresses nobody has confirmed, and the links of old letters."""
    found = tx.execute("DELETE FROM email_subscriptions WHERE confirmed_at IS NULL AND asked_at < ?", (unconfirmed_before,))
    return found + tx.execute("DELETE FROM email_subscription_ends WHERE created_at < ?", (ends_before,))
