"""Announcement, and its reactions as streams tell of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fedi import announcements as rules
from fedi import clock, markup
from fedi.storage import announcements as rows
from fedi.storage.accounts import Account
from fedi.storage.announcements import Announcement, Tally
from fedi.storage.db import Tx
from fedi.storage.emojis import Emoji
from fedi.web.api.entities import emoji
from fedi.web.api.entities.places import Json, address


class _Beside(NamedTuple):
    """What the announcements of a list need besides their rows."""

    named: Mapping[tuple[str, str], Account]
    linked: Mapping[str, tuple[int, str]]
    emojis: Mapping[str, Emoji]
    tallies: Mapping[int, Sequence[Tally]]
    dismissed: frozenset[int]


def announcements(tx: Tx, viewer_id: int, found: Sequence[Announcement]) -> list[Json]:
    """Each, in a fixed number of statements. Source: Mastodon documentation, Announcement."""
    sources = [one.text_source for one in found]
    beside = _Beside(
        rules.mentioned(tx, sources),
        rows.list_linked(tx, {link for source in sources for link in rules.scanned(source).links}),
        rules.written_emojis(tx, sources),
        rows.list_tallies(tx, viewer_id, [one.id for one in found]),
        rows.list_dismissed(tx, viewer_id, [one.id for one in found]),
    )
    return [_announcement(tx, one, beside) for one in found]


def _announcement(tx: Tx, one: Announcement, beside: _Beside) -> Json:
    said = rules.scanned(one.text_source)
    named = {account.id: account for name in said.mentions if (account := beside.named.get(name)) is not None}
    linked = dict(beside.linked[link] for link in said.links if link in beside.linked)
    tags = dict.fromkeys(name for tag in said.tags if (name := markup.normalise_tag(tag)))
    return {
        "id": str(one.id),
        "content": one.text_html,
        "starts_at": clock.rfc3339(one.starts_at) if one.starts_at is not None else None,
        "ends_at": clock.rfc3339(one.ends_at) if one.ends_at is not None else None,
        "all_day": bool(one.all_day),
        "published_at": clock.rfc3339(one.published_at),
        "updated_at": clock.rfc3339(one.updated_at),
        "read": one.id in beside.dismissed,
        "mentions": [_mention(account) for account in named.values()],
        "statuses": [{"id": str(post_id), "url": url} for post_id, url in linked.items()],
        "tags": [{"name": name, "url": tx.uris.tag(name)} for name in tags],
        "emojis": [emoji.custom(tx.uris, used) for name, used in beside.emojis.items() if f":{name}:" in one.text_source],
        "reactions": [_reaction(tx, tally) for tally in beside.tallies.get(one.id, ())],
    }


def _mention(account: Account) -> Json:
    return {"id": str(account.id), "username": account.username, "url": address(account.url) or account.uri, "acct": account.handle}


def _reaction(tx: Tx, tally: Tally) -> Json:
    """Source: Mastodon documentation, Reaction."""
    picture = {"url": tx.uris.media(tally.key), "static_url": tx.uris.preview(tally.key)} if tally.key else {}
    return {"name": tally.name, "count": tally.number, "me": bool(tally.mine), **picture}


def reaction(tx: Tx, announcement_id: int, name: str) -> Json:
    """How many there are now. Source: Mastodon documentation, streaming, announcement.reaction."""
    tallies = rows.list_tallies(tx, 0, [announcement_id]).get(announcement_id, ())
    number = next((tally.number for tally in tallies if tally.name == name), 0)
    return {"name": name, "count": number, "announcement_id": str(announcement_id)}
