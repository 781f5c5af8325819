"""Instance and V1::Instance: what a server says of itself."""

from typing import Final, NamedTuple

import orjson

from fedi import __version__, limits
from fedi.config import Config
from fedi.interactions import PINS
from fedi.web.api.entities.places import Json

# Programs look at the number in front to know what they may ask for. Observed: GoToSocial and Akkoma write theirs like this.
VERSION: Final = f"4.6.0 (compatible; fedi {__version__})"
API_VERSION: Final = 10  # what Mastodon 4.6 counts
_PICTURE: Final = "/static/header.png"
_BLURRED: Final = "LsNd]ntRR%xt~WkCoLjsRjayofWV"  # that picture
_ICON: Final = "/static/avatar.png"
_MIMES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/heic")
_FILMS: Final = ("video/mp4", "video/webm", "video/quicktime", "audio/mpeg", "audio/ogg", "audio/flac", "audio/mp4", "audio/wav")


class Census(NamedTuple):
    """How much there is. `contact` is the JSON of the account that answers for the server, `vapid` the key that its push messages show."""

    people: int
    active_month: int
    posts: int
    hosts: int
    contact: bytes | None
    vapid: str = ""


class Words(NamedTuple):
    """What it says in words: its rules as JSON, and whether it has terms of service."""

    rules: list[Json]
    has_terms: bool


def instance(config: Config, census: Census, words: Words) -> Json:
    """Source: Mastodon documentation, Instance."""
    settings, base_url = config.instance, config.instance.base_url
    return {
        "domain": settings.domain,
        "title": settings.title,
        "version": VERSION,
        "source_url": f"{base_url}/about",
        "description": settings.description,
        "wrapstodon": None,
        "usage": {"users": {"active_month": census.active_month}},
        "thumbnail": {"url": f"{base_url}{_PICTURE}", "description": "", "blurhash": _BLURRED, "versions": {}},
        "icon": [{"src": f"{base_url}{_ICON}", "size": "400x400"}],
        "languages": list(settings.languages),
        "configuration": _configuration(config, census.vapid, words),
        "registrations": {
            "enabled": settings.registrations != "closed",
            "approval_required": settings.registrations == "approval",
            "message": None,
            "min_age": settings.min_age or None,
            "reason_required": settings.registrations == "approval",
            "url": None,
        },
        "api_versions": {"mastodon": API_VERSION},
        "contact": {"email": _email(config), "account": _fragment(census.contact)},
        "rules": words.rules,
    }


def instance_v1(config: Config, census: Census, words: Words) -> Json:
    """Source: Mastodon documentation, V1::Instance. Observed: GoToSocial reads it before it first speaks with a server."""
    settings, base_url = config.instance, config.instance.base_url
    configuration = _configuration(config, census.vapid, words)
    return {
        "uri": settings.domain,
        "title": settings.title,
        "short_description": settings.description,
        "description": settings.description,
        "email": _email(config),
        "version": VERSION,
        "urls": {"streaming_api": _streaming(base_url)},
        "stats": {"user_count": census.people, "status_count": census.posts, "domain_count": census.hosts},
        "thumbnail": f"{base_url}{_PICTURE}",
        "languages": list(settings.languages),
        "registrations": settings.registrations != "closed",
        "approval_required": settings.registrations == "approval",
        "invites_enabled": False,
        "configuration": {name: configuration[name] for name in ("accounts", "statuses", "media_attachments", "polls")},
        "contact_account": _fragment(census.contact),
        "rules": words.rules,
    }


def _configuration(config: Config, vapid: str, words: Words) -> Json:
    base_url = config.instance.base_url
    public = {"local": "public", "remote": "public"}
    upload_bytes = config.limits.upload_mb * 1024 * 1024
    return {
        "urls": {
            "streaming": _streaming(base_url),
            "status": None,
            "about": f"{base_url}/about",
            "privacy_policy": f"{base_url}/privacy-policy",
            "terms_of_service": f"{base_url}/terms-of-service" if words.has_terms else None,
        },
        "vapid": {"public_key": vapid},
        "accounts": {
            "max_display_name_length": 60,
            "max_note_length": 500,
            "max_avatar_description_length": 1500,
            "max_header_description_length": 1500,
            "max_featured_tags": limits.FEATURED_TAGS,
            "max_pinned_statuses": PINS,
            "max_profile_fields": 8,
            "profile_field_name_limit": 255,
            "profile_field_value_limit": 255,
        },
        "statuses": {
            "max_characters": config.limits.post_chars,
            "max_media_attachments": limits.ATTACHMENTS_LOCAL,
            "characters_reserved_per_url": 23,
            "supported_mime_types": ["text/plain", "text/markdown"],
        },
        "media_attachments": {
            "supported_mime_types": [*_MIMES, *_FILMS],
            "description_limit": limits.ALT_CHARS_LOCAL,
            "image_size_limit": min(upload_bytes, limits.UPLOAD_BYTES),
            "image_matrix_limit": limits.IMAGE_PIXELS,
            "video_size_limit": upload_bytes,
            "video_frame_rate_limit": 120,
            "video_matrix_limit": limits.IMAGE_PIXELS,
        },
        "polls": {
            "max_options": limits.POLL_OPTIONS,
            "max_characters_per_option": limits.POLL_OPTION_CHARS,
            "min_expiration": limits.POLL_SECONDS[0],
            "max_expiration": limits.POLL_SECONDS[1],
        },
        "translation": {"enabled": bool(config.translation.provider)},
        "timelines_access": {"live_feeds": public, "hashtag_feeds": public, "trending_link_feeds": public},
        "limited_federation": False,
    }


def _streaming(base_url: str) -> str:
    return f"ws{base_url.removeprefix('http')}"


def _email(config: Config) -> str:
    contact = config.instance.contact.removeprefix("mailto:")
    return contact if "@" in contact.lstrip("@") and "/" not in contact else ""


def _fragment(made: bytes | None) -> orjson.Fragment | None:
    return orjson.Fragment(made) if made is not None else None
