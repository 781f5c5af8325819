"""Who had to do with posts: what of others stays because people here did, and whose servers have copies of what was written here."""

from fedi import ids
from fedi.storage.accounts import A_COLUMNS, Account
from fedi.storage.db import Tx


def list_unreferenced(tx: Tx, before: int, after: int, limit: int) -> tuple[list[int], int | None]:
    """Of the next `limit` posts after an id and from before a time, those of others that nobody here touched; and the id to go on after.

    What a local person wrote, liked, boosted, bookmarked, pinned, answered, was told of or is mentioned in stays, and so does what
    stands directly above or below a local post.
    """
    looked = tx.query("SELECT id FROM posts WHERE id > ? AND id < ? ORDER BY id LIMIT ?", (after, ids.first_at(before), limit))
    if not looked:
        return [], None
    rows = tx.query(
        """SELECT p.id FROM posts p JOIN accounts a ON a.id = p.account_id
        WHERE p.id > :after AND p.id <= :last AND a.host <> ''
          AND NOT EXISTS (SELECT 1 FROM favourites f JOIN users u ON u.account_id = f.account_id WHERE f.post_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM bookmarks WHERE post_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM reactions r JOIN users u ON u.account_id = r.account_id WHERE r.post_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM poll_votes v JOIN users u ON u.account_id = v.account_id WHERE v.post_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM notifications WHERE post_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM pins WHERE post_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM post_mentions m JOIN users u ON u.account_id = m.account_id WHERE m.post_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM posts b JOIN users u ON u.account_id = b.account_id WHERE b.boost_of_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM posts r JOIN users u ON u.account_id = r.account_id WHERE r.in_reply_to_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM quotes WHERE quoted_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM posts q JOIN users u ON u.account_id = q.account_id WHERE q.id = p.in_reply_to_id)
          AND (p.boost_of_id IS NULL OR NOT EXISTS (
            SELECT 1 FROM posts o JOIN users u ON u.account_id = o.account_id WHERE o.id = p.boost_of_id))
        ORDER BY p.id""",
        {"after": after, "last": looked[-1][0]},
    )
    return [row[0] for row in rows], looked[-1][0]


def list_touched_by(tx: Tx, post_id: int) -> list[Account]:
    """Remote accounts that answered, boosted or liked a post: their servers hold copies of it."""
    rows = tx.query(
        f"""SELECT {A_COLUMNS} FROM accounts a WHERE a.host <> '' AND a.id IN (
          SELECT account_id FROM posts WHERE in_reply_to_id = :post OR boost_of_id = :post
          UNION SELECT account_id FROM favourites WHERE post_id = :post
          UNION SELECT account_id FROM reactions WHERE post_id = :post)""",
        {"post": post_id},
    )
    return [Account._make(row) for row in rows]


def list_local_boosters(tx: Tx, post_id: int) -> list[int]:
    """People here who boosted a post."""
    rows = tx.query("SELECT b.account_id FROM posts b JOIN users u ON u.account_id = b.account_id WHERE b.boost_of_id = ?", (post_id,))
    return [row[0] for row in rows]
