"""Posts in another language, where the owner has chosen a translator. Source: Mastodon documentation, statuses."""

import re
from html import unescape
from typing import Any, Final, NamedTuple

from aiohttp import web

from fedi import plaintext, sanitize
from fedi.errors import Forbidden, Invalid
from fedi.html import escape_text
from fedi.storage import polls as poll_rows
from fedi.storage import posts as post_rows
from fedi.storage import users as user_rows
from fedi.storage.db import Tx
from fedi.storage.polls import Poll
from fedi.storage.posts import Attachment, Post
from fedi.web import auth, keys, params
from fedi.web.api import answers, table
from fedi.web.api.entities import status as status_entity

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", re.ASCII)
_TEXT_CHARS: Final = 20_000


class _Asked(NamedTuple):
    """What is to be translated."""

    post: Post
    poll: Poll | None
    files: list[Attachment]


async def translate(request: web.Request) -> web.Response:
    """Raises Forbidden for what is not for everybody, which is told to no third party, and Unavailable where there is no translator."""
    viewer, post_id = auth.require(request, "read:statuses"), answers.named_id(request)
    instance = request.app[keys.INSTANCE]
    target = (await params.read(request)).text("lang", max_chars=100) or _own_language(request, viewer.id)
    if not _LANGUAGE.fullmatch(target):
        raise Invalid("lang: write a language like `en` or `pt-BR`.", "lang")
    asked = instance.db.read(_read, viewer.id, post_id)
    if not asked.post.is_public or asked.post.held:
        raise Forbidden("Only posts that are for everybody can be translated.")
    if asked.post.language and asked.post.language.lower().partition("-")[0] == target.lower().partition("-")[0]:
        raise Forbidden("This post is in that language.")
    if instance.translator.is_there:
        request.app[keys.LIMITS].translate.spend(str(viewer.id))
    texts = _texts(asked)
    made = await instance.translator.translate((asked.post.id, asked.post.version), texts, asked.post.language, target)
    return answers.entity(_entity(asked, made.texts, target) | {"detected_source_language": made.detected, "provider": made.provider})


def _own_language(request: web.Request, viewer_id: int) -> str:
    instance = request.app[keys.INSTANCE]
    user = instance.db.read(user_rows.get, viewer_id)
    return str(user.setting("language", "")) or next(iter(instance.config.instance.languages), "en")


def _read(tx: Tx, viewer_id: int, post_id: int) -> _Asked:
    post = answers.post(tx, viewer_id, post_id)
    return _Asked(post, poll_rows.list_of(tx, [post.id]).get(post.id), post_rows.list_media(tx, [post.id]).get(post.id, []))


def _texts(asked: _Asked) -> list[str]:
    """All of it as HTML: the text, the warning, the options of a poll, the descriptions of files."""
    options = [option.title for option in asked.poll.options] if asked.poll is not None else []
    plain = [asked.post.warning, *options, *(file.alt for file in asked.files)]
    text = status_entity.content(asked.post.title, asked.post.content_html, asked.post.facts)
    if len(text) + sum(map(len, plain)) > 4 * _TEXT_CHARS:
        raise Invalid("That is too long to be translated.", "id")
    return [text, *(escape_text(one) for one in plain)]


def _entity(asked: _Asked, texts: tuple[str, ...], target: str) -> dict[str, Any]:
    """Source: Mastodon documentation, Translation."""
    content, warning, *rest = texts
    words = [_plain(text) for text in rest]
    count = len(asked.poll.options) if asked.poll is not None else 0
    options = [{"title": title} for title in words[:count]]
    return {
        "content": str(sanitize.clean(content)),
        "spoiler_text": _plain(warning),
        "language": target,
        **({"poll": {"id": str(asked.post.id), "options": options}} if asked.poll is not None else {}),
        "media_attachments": [
            {"id": str(file.media_id), "description": words[count + place]} for place, file in enumerate(asked.files)
        ],
    }  # fmt: skip


def _plain(html: str) -> str:
    """What was sent as text, which comes back as HTML."""
    return plaintext.plain(unescape(plaintext.text(html, _TEXT_CHARS)), _TEXT_CHARS)


async def languages(request: web.Request) -> web.Response:
    """Empty where there is no translator."""
    translator = request.app[keys.INSTANCE].translator
    return answers.entity(await translator.languages() if translator.is_there else {})


ROUTES = (
    table.user(
        "POST", "/api/v1/statuses/{id}/translate", translate, "read:statuses", table.Field("lang", example="de"), gives="Translation"
    ),
    table.anyone("GET", "/api/v1/instance/translation_languages", languages, gives="Hash"),
)
