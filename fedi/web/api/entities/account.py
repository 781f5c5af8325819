"""Account and CredentialAccount."""

import json
from collections.abc import Mapping
from typing import Final, NamedTuple

from fedi import clock, limits
from fedi.storage import listings
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.listings import Picture, Showing
from fedi.storage.users import User
from fedi.uris import Uris
from fedi.web.api.entities import emoji, featuring
from fedi.web.api.entities.places import Json, address, visibility

_NO_AVATAR: Final = "/static/avatar.png"
_NO_HEADER: Final = "/static/header.png"
# (id, permissions): what apps for moderators look at. Source: Mastodon documentation, Role.
_ROLES: Final = {"owner": ("3", "1048575"), "admin": ("2", "1048575"), "moderator": ("1", "1308"), "user": ("-99", "0")}
_STAFF: Final = ("owner", "admin", "moderator")
_USUAL: Final = Showing()


class Beside(NamedTuple):
    """What accounts need besides their rows, for all of a list: pictures by media id, and what people here chose for their profiles."""

    pictures: Mapping[int, Picture]
    showing: Mapping[int, Showing]


def load(tx: Tx, accounts: list[Account]) -> Beside:
    """In two statements."""
    pictures = listings.list_pictures(tx, [media_id for account in accounts for media_id in (account.avatar_id, account.header_id)])
    local = [account.id for account in accounts if account.is_local]
    return Beside(pictures, listings.list_showing(tx, local) if local else {})


def account(us: Uris, shown: Account, beside: Beside) -> Json:
    """Source: Mastodon documentation, Account."""
    avatar, avatar_alt = _picture(us, beside, shown.avatar_id, _NO_AVATAR)
    header, header_alt = _picture(us, beside, shown.header_id, _NO_HEADER)
    chosen = beside.showing.get(shown.id, _USUAL)
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
        "fields": fields(shown),
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
        "hide_collections": chosen.hide_network if shown.id in beside.showing else None,
        "show_media": chosen.show_media,
        "show_media_replies": chosen.show_media_replies,
        "show_featured": chosen.show_featured,
        "roles": [role(chosen.role)] if chosen.role in _STAFF else [],
        "feature_approval": featuring.approval(shown),
    }
    if shown.is_local:
        found["noindex"] = not shown.indexable
    if chosen.newsletter:
        found["email_subscriptions"] = True
    if shown.memorial:
        found["memorial"] = True
    if shown.host_limited:
        found["limited"] = True
    return found


def _picture(us: Uris, beside: Beside, media_id: int | None, default: str) -> tuple[str, str]:
    found = beside.pictures.get(media_id) if media_id is not None else None
    return (us.media(found.key), found.alt) if found is not None else (f"{us.base_url}{default}", "")


def fields(shown: Account, *, as_written: bool = False) -> list[Json]:
    """With the values as HTML, or as the person wrote them."""
    rows = zip(shown.field_rows(), shown.field_proofs(), strict=True)
    return [
        {"name": name, "value": source if as_written else html, "verified_at": clock.rfc3339(at) if at is not None else None}
        for (name, html, source), at in rows
    ]


def role(name: str) -> Json:
    """AccountRole."""
    return {"id": _ROLES[name][0], "name": name.capitalize(), "color": ""}


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
            "fields": fields(shown, as_written=True),
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
            "highlighted": user.role in _STAFF,
            "collection_limit": limits.COLLECTIONS,
        },
    }


def profile(us: Uris, shown: Account, beside: Beside, tags: list[Json]) -> Json:
    """Profile: what its owner edits. Source: Mastodon documentation, Profile."""
    chosen = beside.showing.get(shown.id, _USUAL)
    found: Json = {
        "id": str(shown.id),
        "display_name": shown.display_name,
        "note": shown.bio_source,
        "fields": fields(shown, as_written=True),
        "locked": bool(shown.locked),
        "bot": shown.kind in ("Service", "Application"),
        "hide_collections": chosen.hide_network,
        "discoverable": bool(shown.discoverable),
        "indexable": bool(shown.indexable),
        "show_media": chosen.show_media,
        "show_media_replies": chosen.show_media_replies,
        "show_featured": chosen.show_featured,
        "attribution_domains": json.loads(shown.attribution_domains),
        "featured_tags": tags,
    }
    for kind, media_id in (("avatar", shown.avatar_id), ("header", shown.header_id)):
        picture = beside.pictures.get(media_id) if media_id is not None else None
        place = us.media(picture.key) if picture is not None else None
        found |= {kind: place, f"{kind}_static": place, f"{kind}_description": picture.alt if picture is not None else ""}
    return found


def preferences(user: User) -> Json:
    """Preferences. Source: Mastodon documentation, Preferences."""
    expand = user.setting("expand_media", "default")
    return {
        "posting:default:visibility": visibility(default_visibility(user)),
        "posting:default:sensitive": bool(user.setting("sensitive", False)),
        "posting:default:language": str(user.setting("language", "")) or None,
        "posting:default:quote_policy": quote_policy(user),
        "reading:expand:media": expand if expand in ("default", "show_all", "hide_all") else "default",
        "reading:expand:spoilers": bool(user.setting("expand_warned", False)),
        "reading:autoplay:gifs": bool(user.setting("autoplay", False)),
    }


def quote_policy(user: User) -> str:
    """Who may quote what the person writes, where they do not say; what is closed in another way than these counts as closed."""
    visibility = "unlisted" if default_visibility(user) == "unlisted" else "public"  # what is for fewer is quoted by nobody
    chosen = user.setting("policies", {}).get(visibility, {}).get("quote", "public")
    return chosen if chosen in ("public", "followers") else "nobody"


def default_visibility(user: User) -> str:
    """Who is to see what the person writes, where they do not say: our word for it."""
    chosen = user.setting("visibility", "public")
    return chosen if chosen in ("public", "unlisted", "followers", "direct") else "public"
