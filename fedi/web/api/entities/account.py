"""Account and CredentialAccount."""

import json
from collections.abc import Mapping
from typing import Final, NamedTuple

from fedi import clock
from fedi.storage import listings
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.listings import Picture
from fedi.storage.users import User
from fedi.uris import Uris
from fedi.web.api.entities import emoji
from fedi.web.api.entities.places import Json, address, visibility

_NO_AVATAR: Final = "/static/avatar.png"
_NO_HEADER: Final = "/static/header.png"
_FEATURE: Final = {"automatic": [], "manual": [], "current_user": "denied"}
# (id, permissions): what apps for moderators look at. Source: Mastodon documentation, Role.
_ROLES: Final = {"owner": ("3", "1048575"), "admin": ("2", "1048575"), "moderator": ("1", "1308"), "user": ("-99", "0")}


class Beside(NamedTuple):
    """What accounts need besides their rows, for all of a list: pictures by media id, and which people here hide their network."""

    pictures: Mapping[int, Picture]
    hiding: Mapping[int, bool]


def load(tx: Tx, accounts: list[Account]) -> Beside:
    """In two statements."""
    pictures = listings.list_pictures(tx, [media_id for account in accounts for media_id in (account.avatar_id, account.header_id)])
    local = [account.id for account in accounts if account.is_local]
    return Beside(pictures, listings.hides_network(tx, local) if local else {})


def account(us: Uris, shown: Account, beside: Beside) -> Json:
    """Source: Mastodon documentation, Account."""
    avatar, avatar_alt = _picture(us, beside, shown.avatar_id, _NO_AVATAR)
    header, header_alt = _picture(us, beside, shown.header_id, _NO_HEADER)
    found: Json = {
        "id": str(shown.id),
        "username": shown.username,
        "acct": shown.handle,
        "url": address(shown.url) or shown.uri,
        "uri": shown.uri,
        "display_name": shown.display_name,
        "note": shown.bio_html,
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": avatar_alt,
        "header": header,
        "header_static": header,
        "header_description": header_alt,
        "locked": bool(shown.locked),
        "fields": [_field(name, value) for name, value, _ in shown.field_rows()],
        "emojis": emoji.used(us, shown.emojis),
        "bot": shown.kind in ("Service", "Application"),
        "group": shown.kind == "Group",
        "discoverable": bool(shown.discoverable),
        "indexable": bool(shown.indexable),
        "created_at": clock.rfc3339(shown.created_at - shown.created_at % clock.DAY),
        "last_status_at": clock.rfc3339(shown.last_post_at)[:10] if shown.last_post_at else None,
        "statuses_count": shown.posts_shown,
        "followers_count": shown.followers_shown,
        "following_count": shown.following_shown,
        "hide_collections": beside.hiding.get(shown.id),
        "show_media": True,
        "show_media_replies": True,
        "show_featured": True,
        "roles": [],
        "feature_approval": _FEATURE,
    }
    if shown.host_limited:
        found["limited"] = True
    return found


def _picture(us: Uris, beside: Beside, media_id: int | None, default: str) -> tuple[str, str]:
    found = beside.pictures.get(media_id) if media_id is not None else None
    return (us.media(found.key), found.alt) if found is not None else (f"{us.base_url}{default}", "")


def _field(name: str, value: str) -> Json:
    return {"name": name, "value": value, "verified_at": None}


def credentials(user: User, shown: Account, requests: int) -> Json:
    """What CredentialAccount has besides: for the person themselves. Source: Mastodon documentation, CredentialAccount."""
    settings = json.loads(user.settings)
    role_id, permissions = _ROLES[user.role]
    return {
        "source": {
            "privacy": visibility(default_visibility(user)),
            "sensitive": bool(settings.get("sensitive", False)),
            "language": str(settings.get("language", "")),
            "note": shown.bio_source,
            "fields": [_field(name, source) for name, _, source in shown.field_rows()],
            "follow_requests_count": requests,
            "hide_collections": bool(settings.get("hide_network", False)),
            "discoverable": bool(shown.discoverable),
            "indexable": bool(shown.indexable),
            "attribution_domains": json.loads(shown.attribution_domains),
            "quote_policy": quote_policy(user),
        },
        "role": {
            "id": role_id,
            "name": "" if user.role == "user" else user.role.capitalize(),
            "color": "",
            "permissions": permissions,
            "highlighted": False,
            "collection_limit": 0,
        },
    }


def quote_policy(user: User) -> str:
    """Who may quote what the person writes, where they do not say; what is closed in another way than these counts as closed."""
    chosen = user.setting("policies", {}).get(default_visibility(user), {}).get("quote", "public")
    return chosen if chosen in ("public", "followers") else "nobody"


def default_visibility(user: User) -> str:
    """Who is to see what the person writes, where they do not say: our word for it."""
    chosen = user.setting("visibility", "public")
    return chosen if chosen in ("public", "unlisted", "followers", "direct") else "public"
