"""Filters of people here: words and posts they do not want to read, or want to be warned of. `filtering.py` applies them."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from fedi import clock, limits, plaintext
from fedi.errors import Invalid, NotFound
from fedi.storage import filters as rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.filters import Filter, FilteredPost, Keyword
from fedi.streaming import Event

CONTEXTS: Final = ("home", "notifications", "public", "thread", "account")
ACTIONS: Final = ("warn", "hide", "blur")
EVENT: Final = "filters"  # with the id of the account whose filters are others now
_LONGEST_S: Final = 100 * 366 * 24 * 3600


class Change(NamedTuple):
    """What is to be different; None leaves it. `expires_in` is in seconds, 0 for never; `keywords` are applied in order."""

    title: str | None = None
    contexts: Sequence[str] | None = None
    action: str | None = None
    expires_in: int | None = None
    keywords: Sequence["KeywordChange"] = ()


class KeywordChange(NamedTuple):
    """A new keyword, or one that is there (`id`) changed, or `gone`."""

    id: int | None = None
    keyword: str | None = None
    whole_word: bool | None = None
    gone: bool = False


class Whole(NamedTuple):
    """A filter with all that is in it."""

    filter: Filter
    keywords: tuple[Keyword, ...]
    posts: tuple[FilteredPost, ...]


# -- reading --


def get(tx: Tx, account_id: int, filter_id: int) -> Whole:
    """Raises NotFound for what is not there, and for a filter of somebody else's."""
    found = next((one for one in list_of(tx, account_id) if one.filter.id == filter_id), None)
    if found is None:
        raise NotFound("There is no such filter.")
    return found


def list_of(tx: Tx, account_id: int) -> list[Whole]:
    """All of somebody's, in three statements; in one for who has none."""
    found = rows.list_of(tx, account_id)
    if not found:
        return []
    keywords: dict[int, list[Keyword]] = {}
    for keyword in rows.list_keywords(tx, account_id):
        keywords.setdefault(keyword.filter_id, []).append(keyword)
    posts: dict[int, list[FilteredPost]] = {}
    for post in rows.list_posts(tx, account_id):
        posts.setdefault(post.filter_id, []).append(post)
    return [Whole(one, tuple(keywords.get(one.id, ())), tuple(posts.get(one.id, ()))) for one in found]


def _own(tx: Tx, owner: Account, filter_id: int) -> Filter:
    found = rows.find(tx, owner.id, filter_id)
    if found is None:
        raise NotFound("There is no such filter.")
    return found


def get_keyword(tx: Tx, account_id: int, keyword_id: int) -> Keyword:
    """Raises NotFound."""
    found = rows.find_keyword(tx, account_id, keyword_id)
    if found is None:
        raise NotFound("There is no such keyword.")
    return found


def get_post(tx: Tx, account_id: int, row_id: int) -> FilteredPost:
    """A filtered post, by the id it has in the filter. Raises NotFound."""
    found = rows.find_post(tx, account_id, row_id)
    if found is None:
        raise NotFound("There is no such post in a filter.")
    return found


# -- filters --


def create(tx: Tx, owner: Account, change: Change) -> Whole:
    """Raises Invalid for a filter without a title or a place where it applies, and for one too many; NotFound for an unknown keyword."""
    if rows.count(tx, owner.id) >= limits.FILTERS:
        raise Invalid(f"Up to {limits.FILTERS} filters, please. Delete one first.", "title")
    given = change._replace(title=change.title or "", contexts=change.contexts or ())
    made = rows.add(tx, _changed(tx, Filter(0, owner.id, "", (), "warn", None, tx.now), given))
    _change_keywords(tx, owner, made.id, change.keywords)
    tx.emit(Event(EVENT, owner.id))
    return get(tx, owner.id, made.id)


def update(tx: Tx, owner: Account, filter_id: int, change: Change) -> Whole:
    """Raises NotFound, Invalid."""
    rows.put(tx, _changed(tx, _own(tx, owner, filter_id), change))
    _change_keywords(tx, owner, filter_id, change.keywords)
    tx.emit(Event(EVENT, owner.id))
    return get(tx, owner.id, filter_id)


def delete(tx: Tx, owner: Account, filter_id: int) -> None:
    """Raises NotFound."""
    rows.delete(tx, _own(tx, owner, filter_id).id)
    tx.emit(Event(EVENT, owner.id))


def _changed(tx: Tx, known: Filter, change: Change) -> Filter:
    if change.title is not None:
        known = known._replace(title=_words(change.title, limits.FILTER_CHARS, "title", "Title"))
    if change.contexts is not None:
        known = known._replace(contexts=_contexts(change.contexts))
    if change.action is not None:
        if change.action not in ACTIONS:
            raise Invalid(f"'{change.action[:50]}' is not a valid filter_action", "filter_action")
        known = known._replace(action=change.action)
    if change.expires_in is not None:
        if not 0 <= change.expires_in <= _LONGEST_S:
            raise Invalid("A filter ends in the future, or never.", "expires_in")
        known = known._replace(expires_at=tx.now + change.expires_in * clock.SECOND if change.expires_in else None)
    return known


def _contexts(given: Iterable[str]) -> tuple[str, ...]:
    wanted = {text.strip() for text in given if text.strip()}
    if not wanted or wanted - set(CONTEXTS):
        raise Invalid("Validation failed: Context None or invalid context supplied", "context")
    return tuple(name for name in CONTEXTS if name in wanted)


def _words(text: str, most: int, field: str, called: str) -> str:
    found = plaintext.line(text, most + 1)
    if not found:
        raise Invalid(f"Validation failed: {called} can't be blank", field)
    if len(found) > most:
        raise Invalid(f"{called}: up to {most} characters, please.", field)
    return found


# -- keywords --


def _change_keywords(tx: Tx, owner: Account, filter_id: int, changes: Sequence[KeywordChange]) -> None:
    for change in changes:
        if change.id is not None:
            known = rows.find_keyword(tx, owner.id, change.id)
            if known is None or known.filter_id != filter_id:
                raise NotFound("There is no such keyword.")
            if change.gone:
                rows.delete_keyword(tx, known.id)
            else:
                _put_keyword(tx, known, change.keyword, change.whole_word)
        elif not change.gone and (change.keyword is not None or change.whole_word is not None):
            _add_keyword(tx, filter_id, change.keyword or "", change.whole_word)
    _check_count(tx, owner)


def _add_keyword(tx: Tx, filter_id: int, keyword: str, whole_word: bool | None) -> Keyword:
    word = _words(keyword, limits.FILTER_KEYWORD_CHARS, "keyword", "Keyword")
    return rows.add_keyword(tx, filter_id, word, whole_word=whole_word is not False)


def _put_keyword(tx: Tx, known: Keyword, keyword: str | None, whole_word: bool | None) -> Keyword:
    if keyword is not None:
        known = known._replace(keyword=_words(keyword, limits.FILTER_KEYWORD_CHARS, "keyword", "Keyword"))
    if whole_word is not None:
        known = known._replace(whole_word=int(whole_word))
    rows.put_keyword(tx, known)
    return known


def _check_count(tx: Tx, owner: Account) -> None:
    if len(rows.list_keywords(tx, owner.id)) > limits.FILTER_KEYWORDS:
        raise Invalid(f"Up to {limits.FILTER_KEYWORDS} keywords in all filters, please.", "keyword")


def add_keyword(tx: Tx, owner: Account, filter_id: int, keyword: str, whole_word: bool | None) -> Keyword:
    """Raises NotFound, Invalid. Without `whole_word` it is one."""
    made = _add_keyword(tx, _own(tx, owner, filter_id).id, keyword, whole_word)
    _check_count(tx, owner)
    tx.emit(Event(EVENT, owner.id))
    return made


def update_keyword(tx: Tx, owner: Account, keyword_id: int, keyword: str | None, whole_word: bool | None) -> Keyword:
    """Raises NotFound, Invalid."""
    changed = _put_keyword(tx, get_keyword(tx, owner.id, keyword_id), keyword, whole_word)
    tx.emit(Event(EVENT, owner.id))
    return changed


def remove_keyword(tx: Tx, owner: Account, keyword_id: int) -> None:
    """Raises NotFound."""
    rows.delete_keyword(tx, get_keyword(tx, owner.id, keyword_id).id)
    tx.emit(Event(EVENT, owner.id))


# -- posts --


def add_post(tx: Tx, owner: Account, filter_id: int, post_id: int) -> FilteredPost:
    """Put a post into a filter that its owner may see. Raises NotFound, Invalid when it is there already, or one too many."""
    made = rows.put_post(tx, _own(tx, owner, filter_id).id, post_rows.get_visible(tx, owner.id, post_id).id)
    if made is None:
        raise Invalid("Validation failed: Status has already been taken", "status_id")
    if len(rows.list_posts(tx, owner.id)) > limits.FILTER_POSTS:
        raise Invalid(f"Up to {limits.FILTER_POSTS} posts in all filters, please.", "status_id")
    tx.emit(Event(EVENT, owner.id))
    return made


def remove_post(tx: Tx, owner: Account, row_id: int) -> None:
    """Raises NotFound."""
    rows.delete_post(tx, get_post(tx, owner.id, row_id).id)
    tx.emit(Event(EVENT, owner.id))


# -- one keyword with a filter around it: how programs before 4.0 see them --


def list_single(tx: Tx, account_id: int) -> list[tuple[Keyword, Filter]]:
    return [(keyword, whole.filter) for whole in list_of(tx, account_id) for keyword in whole.keywords]


def get_single(tx: Tx, account_id: int, keyword_id: int) -> tuple[Keyword, Filter]:
    """Raises NotFound."""
    keyword = get_keyword(tx, account_id, keyword_id)
    return keyword, get(tx, account_id, keyword.filter_id).filter


def create_single(tx: Tx, owner: Account, change: Change) -> tuple[Keyword, Filter]:
    """A filter with one keyword. Raises Invalid."""
    made = create(tx, owner, change)
    return made.keywords[0], made.filter


def update_single(tx: Tx, owner: Account, keyword_id: int, change: Change, whole_word: bool | None) -> tuple[Keyword, Filter]:
    """Raises NotFound, Invalid; what is of the filter cannot be changed like this where it has several keywords."""
    keyword, known = get_single(tx, owner.id, keyword_id)
    _put_keyword(tx, keyword, change.title, whole_word)
    changed = _changed(tx, known, change)
    if changed != known and len(get(tx, owner.id, known.id).keywords) > 1:
        raise Invalid("This filter has several keywords: change it with a program that knows such filters.")
    rows.put(tx, changed)
    tx.emit(Event(EVENT, owner.id))
    return get_single(tx, owner.id, keyword_id)
