"""Keeping the index of searches up with what is written: in slices, by a chore, and before somebody searches."""

from fedi import limits, plaintext, search_words
from fedi.storage import search_index as rows
from fedi.storage.db import Tx
from fedi.storage.search_index import AccountText, PostText

is_behind = rows.is_behind


def catch_up(tx: Tx, limit: int) -> bool:
    """Make the words of up to `limit` posts and as many accounts; whether there may be more to do."""
    return sum((_changed_posts(tx, limit), _changed_accounts(tx, limit), _new_posts(tx, limit), _new_accounts(tx, limit))) >= limit


def _changed_posts(tx: Tx, limit: int) -> int:
    queued = rows.list_queued(tx, "post", limit)
    if queued:
        rows.delete_posts(tx, queued)
        rows.put_posts(tx, _of_posts(rows.list_posts(tx, queued)))
        rows.settle(tx, "post", queued)
    return len(queued)


def _changed_accounts(tx: Tx, limit: int) -> int:
    queued = rows.list_queued(tx, "account", limit)
    if queued:
        rows.delete_accounts(tx, queued)
        rows.put_accounts(tx, _of_accounts(rows.list_accounts(tx, queued)))
        rows.settle(tx, "account", queued)
    return len(queued)


def _new_posts(tx: Tx, limit: int) -> int:
    found = rows.list_new_posts(tx, limit)
    if found:
        rows.put_posts(tx, _of_posts(found))
        rows.advance(tx, "post", found[-1].id)
    return len(found)


def _new_accounts(tx: Tx, limit: int) -> int:
    found = rows.list_new_accounts(tx, limit)
    if found:
        rows.put_accounts(tx, _of_accounts(found))
        rows.advance(tx, "account", found[-1].id)
    return len(found)


def _of_posts(found: list[PostText]) -> list[tuple[int, str]]:
    return [(post.id, _post(post)) for post in found if not post.is_boost]


def _post(post: PostText) -> str:
    said = plaintext.text(post.html, limits.SEARCHED_CHARS)
    parts = (post.title, post.warning, said, post.options, post.alts)
    return search_words.indexed("\n".join(part for part in parts if part)[: limits.SEARCHED_CHARS])


def _of_accounts(found: list[AccountText]) -> list[tuple[int, str, str]]:
    made = []
    for account in found:
        names = f"{account.username} {account.host} {account.display_name}"
        bio = plaintext.text(account.bio_html, limits.SEARCHED_CHARS)
        made.append((account.id, search_words.indexed(names), search_words.indexed(bio)))
    return made
