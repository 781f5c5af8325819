"""What a program says of a post that is to be written or changed. Source: Mastodon documentation, statuses."""

from typing import Final, Literal, NamedTuple

from aiohttp import web

from fedi import clock
from fedi.errors import Invalid
from fedi.posts import Draft
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from fedi.web import auth, keys, params
from fedi.web.api import media, polls, quotes
from fedi.web.api.entities import account as account_entity
from fedi.web.api.entities.places import read_visibility
from fedi.web.api.table import Field

_Format = Literal["plain", "markdown"]
FORMATS: Final[dict[str, _Format]] = {"text/plain": "plain", "text/markdown": "markdown"}
LOCAL: Final = "local"  # as a visibility: for everybody here and nobody elsewhere
VISIBILITIES: Final = ("public", "unlisted", "private", "direct", LOCAL)

POLL: Final = (
    Field("poll[options]", many=True),
    Field("poll[expires_in]", "number"),
    Field("poll[multiple]", "flag"),
    Field("poll[hide_totals]", "flag"),
)
TEXT: Final = (
    Field("status", example="Hello, world"),
    Field("spoiler_text"),
    Field("sensitive", "flag"),
    Field("language", example="en"),
    Field("content_type", choices=tuple(FORMATS)),
    Field("title"),
    Field("media_ids", "id", many=True),
    Field("quote_approval_policy", choices=("public", "followers", "nobody")),
    *POLL,
)
NEW: Final = (
    *TEXT,
    Field("visibility", choices=VISIBILITIES),
    Field("local_only", "flag"),
    Field("in_reply_to_id", "id"),
    Field("quoted_status_id", "id"),
    Field("scheduled_at", "time"),
)
CHANGED: Final = (*TEXT, Field("media_attributes", "object", many=True))


class _Habits(NamedTuple):
    """What holds where a program does not say."""

    visibility: str
    sensitive: bool
    language: str


def _habits(request: web.Request, viewer: Account) -> _Habits:
    instance = request.app[keys.INSTANCE]
    user = instance.db.read(user_rows.get, viewer.id)
    languages = instance.config.instance.languages
    language = str(user.setting("language", "")) or (languages[0] if languages else "")
    return _Habits(account_entity.default_visibility(user), bool(user.setting("sensitive", False)), language)


def new(request: web.Request, viewer: Account, given: params.Params) -> Draft:
    """A post as a program wants it. Raises Invalid, NotFound."""
    habits, said = _habits(request, viewer), given.text("visibility", max_chars=100)
    is_local = said == LOCAL
    return Draft(
        text=given.text("status"),
        fmt=_format(given, "markdown"),
        warning=given.text("spoiler_text"),
        sensitive=given.flag("sensitive", habits.sensitive),
        language=given.text("language") or habits.language,
        visibility="public" if is_local else read_visibility(said) if said else habits.visibility,
        local_only=given.flag("local_only", is_local) or is_local,
        in_reply_to_id=given.find_id("in_reply_to_id"),
        quote_of_id=given.find_id("quoted_status_id"),
        policy=quotes.read_policy(given),
        idempotency_key=request.headers.get("Idempotency-Key", ""),
        poll=polls.read_new(given),
        title=given.text("title"),
        media_ids=media.chosen(given),
        app_id=auth.app_id(request),
    )


def changed(given: params.Params, post: Post) -> Draft:
    """An edit: what is not said stays as it is."""
    warning = given.text("spoiler_text", post.warning)
    return Draft(
        text=given.text("status", post.content_source),
        fmt=_format(given, FORMATS.get(post.content_type, "plain")),
        warning=warning,
        sensitive=given.flag("sensitive", bool(post.sensitive) and not post.warning),
        language=given.text("language", post.language),
        poll=polls.read_change(given),
        title=given.text("title", post.title),
        media_ids=media.chosen(given),
        media_changes=media.changes(given),
    )


def scheduled_at(given: params.Params) -> int | None:
    """When a post is to be published, in milliseconds; None for now. Raises Invalid for what is no time."""
    text = given.text("scheduled_at", max_chars=100).strip()
    at = clock.parse_rfc3339(text) if text else None
    if text and at is None:
        raise Invalid("scheduled_at: write a time like 2027-01-31T09:30:00Z.", "scheduled_at")
    return at


def _format(given: params.Params, default: _Format) -> _Format:
    mime = given.text("content_type", max_chars=100)
    if mime and mime not in FORMATS:
        raise Invalid(f"`{mime}` is not a format. There are {', '.join(FORMATS)}.", "content_type")
    return FORMATS[mime] if mime else default
