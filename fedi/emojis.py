"""Custom emoji: `:name:` in a text that is shown as a small picture. Whose they are is a server's matter: each has names of its own.

Posts and accounts keep, for the names that they use, the key of each picture (`column`), so that showing one reads nothing more.
"""

import json
import re
from collections.abc import Iterable, Mapping

from fedi import clock, limits
from fedi.errors import Conflict, Invalid, NotFound
from fedi.html import Html, escape_text
from fedi.storage import domains as domain_rows
from fedi.storage import emojis as rows
from fedi.storage import media as media_rows
from fedi.storage.db import Tx
from fedi.storage.emojis import Emoji

SHORTCODE = re.compile(r"[A-Za-z0-9_]{2,60}", re.ASCII)  # of ours: what every server takes
# Not inside of words and times of day. A server's text is full of colons, hence the quick look before.
_WRITTEN = re.compile(r"(?<![A-Za-z0-9]):([A-Za-z0-9_+-]{1,128}):(?![A-Za-z0-9])", re.ASCII)
_TAGS = re.compile(r"(<[^>]*>)")  # our HTML has no `>` inside of attributes
_KEY = re.compile(r"[0-9a-f]{32}")


# -- arriving --


def receive(tx: Tx, host: str, found: Iterable[tuple[str, str, str, int]]) -> dict[str, Emoji]:
    """The rows of what a document of `host` names: (shortcode, address of the picture, id or '', updated in ms or 0); by shortcode.

    `host` is the author's, whatever the ids say: nobody paints over the pictures of others. Costs one statement when all are known.
    Nothing is fetched. A picture that its server has changed since is fetched anew when somebody looks.
    """
    wanted = {item[0]: item for item in found}
    if not wanted:
        return {}
    known = rows.find_many(tx, host, wanted)
    changed = False
    for shortcode, url, uri, updated_at in wanted.values():
        present = known.get(shortcode)
        if present is None or not _is_newer(tx, present, url, updated_at):
            continue
        rows.refresh(tx, present, url, uri, min(updated_at, tx.now) or tx.now)
        changed = True
    fresh = [item for item in wanted.values() if item[0] not in known]
    if fresh:
        changed |= _insert(tx, host, fresh)
    return rows.find_many(tx, host, wanted) if changed else known


def _is_newer(tx: Tx, present: Emoji, url: str, updated_at: int) -> bool:
    """By the time its server says. Where it says none, another address counts, once a day: servers show one picture under several."""
    if updated_at > present.updated_at:
        return True
    return url != present.remote_url and not updated_at and tx.now - present.updated_at > clock.DAY


def _insert(tx: Tx, host: str, fresh: list[tuple[str, str, str, int]]) -> bool:
    room = limits.EMOJIS_PER_HOST - rows.count(tx, host)
    if room <= 0 or domain_rows.rejects_media(tx, host):
        return False
    for shortcode, url, uri, updated_at in fresh[:room]:
        media = media_rows.insert(tx, kind="emoji", remote_url=url)
        at = min(updated_at, tx.now) or tx.now
        rows.insert(tx, shortcode=shortcode, host=host, media_id=media.id, uri=uri, updated_at=at)
    return True


def column(found: Mapping[str, Emoji]) -> str:
    """What a post or account keeps of them."""
    return json.dumps([[emoji.shortcode, emoji.key] for emoji in found.values()]) if found else "[]"


# -- written here --


def written(tx: Tx, *texts: str) -> dict[str, Emoji]:
    """The emoji of this server that texts written here use, by shortcode."""
    names = {found[1] for text in texts if text.count(":") > 1 for found in _WRITTEN.finditer(text)}
    return rows.find_many(tx, "", sorted(names)[: limits.EMOJIS]) if names else {}


def add(tx: Tx, shortcode: str, media_id: int, category: str = "", *, replace: bool = False) -> Emoji:
    """Give this server an emoji; its picture is a file of kind `emoji`. Raises Invalid for the name, Conflict when it is taken."""
    check(shortcode, category)
    known = rows.find_many(tx, "", [shortcode]).get(shortcode)
    if known is not None and not replace:
        raise Conflict(f"There is an emoji `:{shortcode}:` already.")
    if known is not None:
        rows.set_picture(tx, known, media_id, category)
    else:
        rows.insert(tx, shortcode=shortcode, host="", media_id=media_id, category=category, updated_at=tx.now)
    return rows.find_many(tx, "", [shortcode])[shortcode]


def check(shortcode: str, category: str = "") -> None:
    """Raises Invalid for names that cannot be."""
    if not SHORTCODE.fullmatch(shortcode):
        raise Invalid(f"`{shortcode[:100]}` cannot be the name of an emoji: it has 2 to 60 of a-z, A-Z, 0-9 and _.", "shortcode")
    if len(category) > limits.CATEGORY_CHARS:
        raise Invalid(f"A category has up to {limits.CATEGORY_CHARS} characters.", "category")


def remove(tx: Tx, shortcode: str) -> Emoji:
    """Take one away; texts that use it show its name. Raises NotFound."""
    known = rows.find_many(tx, "", [shortcode]).get(shortcode)
    if known is None:
        raise NotFound(f"There is no emoji `:{shortcode}:` here.")
    rows.delete(tx, known)
    return known


# -- showing --


def of(kept: str) -> dict[str, str]:
    """Shortcode -> key of the picture, of the column `emojis` of a post or account."""
    if kept == "[]" or not kept:
        return {}
    return {item[0]: item[1] for item in json.loads(kept) if _KEY.fullmatch(item[1])}


def in_html(html: Html, pictures: Mapping[str, str]) -> Html:
    """Safe HTML with pictures in place of the names, in text only: never inside of tags, nor in `code` and `pre`. Source: XSS-03."""
    if not pictures or ":" not in html:
        return html
    verbatim = 0
    parts = _TAGS.split(html)
    for index, part in enumerate(parts):
        if index % 2:
            if part in ("</code>", "</pre>"):
                verbatim -= 1
            elif part.startswith(("<code", "<pre")):
                verbatim += 1
        elif verbatim <= 0 and ":" in part:
            parts[index] = _WRITTEN.sub(lambda found: _picture(found, pictures), part)
    return Html("".join(parts))


def in_text(text: str, pictures: Mapping[str, str]) -> Html:
    """A name or another plain text, escaped, with pictures."""
    return in_html(Html(escape_text(text)), pictures)


def _picture(found: re.Match[str], pictures: Mapping[str, str]) -> str:
    key = pictures.get(found[1])
    if key is None:
        return found[0]
    name = found[0]
    return f'<img class="emoji" src="/media/{key}" alt="{name}" title="{name}" width="20" height="20" loading="lazy" decoding="async">'
