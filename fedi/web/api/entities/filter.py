"""Filter, FilterKeyword, FilterStatus and V1::Filter."""

from fedi import clock
from fedi.filters import Whole
from fedi.storage.filters import Filter, FilteredPost, Keyword
from fedi.web.api.entities.places import Json


def summary(one: Filter) -> Json:
    """Without what is in it."""
    return {
        "id": str(one.id),
        "title": one.title,
        "context": list(one.contexts),
        "expires_at": clock.rfc3339(one.expires_at) if one.expires_at is not None else None,
        "filter_action": one.action,
    }


def whole(one: Whole) -> Json:
    """Source: Mastodon documentation, Filter."""
    return {**summary(one.filter), "keywords": [keyword(row) for row in one.keywords], "statuses": [post(row) for row in one.posts]}


def keyword(row: Keyword) -> Json:
    """Source: Mastodon documentation, FilterKeyword."""
    return {"id": str(row.id), "keyword": row.keyword, "whole_word": bool(row.whole_word)}


def post(row: FilteredPost) -> Json:
    """Source: Mastodon documentation, FilterStatus."""
    return {"id": str(row.id), "status_id": str(row.post_id)}


def single(row: Keyword, one: Filter) -> Json:
    """A keyword of a filter as programs before 4.0 know filters. Source: Mastodon documentation, V1::Filter."""
    return {
        "id": str(row.id),
        "phrase": row.keyword,
        "context": list(one.contexts),
        "whole_word": bool(row.whole_word),
        "expires_at": clock.rfc3339(one.expires_at) if one.expires_at is not None else None,
        "irreversible": one.action == "hide",
    }
