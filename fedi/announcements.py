"""What those who look after this server have to say to everybody in it."""

from typing import Final

from fedi import clock, emojis, limits, markup, plaintext, reactions
from fedi.errors import Invalid, NotFound
from fedi.storage import announcements as rows
from fedi.storage import emojis as emoji_rows
from fedi.storage import settings as setting_rows
from fedi.storage.accounts import Account
from fedi.storage.announcements import Announcement
from fedi.storage.db import Tx
from fedi.storage.emojis import Emoji
from fedi.streaming import Event

_FORMAT: Final = "markdown"


def create(
    tx: Tx, text: str, *, starts_at: int | None = None, ends_at: int | None = None, all_day: bool = False, by_id: int | None = None
) -> Announcement:
    """Announce something, in Markdown. Raises Invalid for no text, too much of it, or an end before the beginning or already over."""
    source = plaintext.tidy(text).strip()
    if not source or len(source) > limits.ANNOUNCEMENT_CHARS:
        raise Invalid(f"An announcement has 1 to {limits.ANNOUNCEMENT_CHARS} characters.", "text")
    if ends_at is not None and ends_at <= max(tx.now, starts_at or 0):
        raise Invalid("It would be over before it is announced, or before it begins.", "ends_at")
    if rows.count(tx) >= limits.ANNOUNCEMENTS:
        raise Invalid(f"There are {limits.ANNOUNCEMENTS} announcements. Delete one first.", "text")
    named = mentioned(tx, [source])
    targets = {written: markup.MentionTarget(account.url, account.handle) for written, account in named.items()}
    html = markup.render(source, mentions=targets, tag_url=tx.uris.tag, fmt=_FORMAT)
    made = rows.insert(tx, source, html, starts_at, ends_at, all_day=all_day)
    setting_rows.audit(tx, by_id, "announcement.create", str(made.id))
    tx.emit(Event("announcement", made.id))
    return made


def mentioned(tx: Tx, sources: list[str]) -> dict[tuple[str, str], Account]:
    """Whom these texts name, by (username, host) as written."""
    written = {name for source in sources for name in markup.scan(source, _FORMAT).mentions[: limits.MENTIONS]}
    places = {name: (name[0].lower(), "" if tx.uris.is_our_host(name[1]) else name[1]) for name in written}
    known = rows.list_named(tx, sorted(set(places.values()))) if places else {}
    return {name: known[place] for name, place in places.items() if place in known}


def scanned(source: str) -> markup.Scanned:
    """What one of these texts speaks of."""
    return markup.scan(source, _FORMAT)


def written_emojis(tx: Tx, sources: list[str]) -> dict[str, Emoji]:
    """The emoji of this server that these texts use, by shortcode."""
    return emojis.written(tx, *sources)


def remove(tx: Tx, announcement_id: int, *, by_id: int | None = None) -> None:
    """Take it back. Raises NotFound."""
    if not rows.delete(tx, announcement_id):
        raise NotFound("There is no such announcement.")
    setting_rows.audit(tx, by_id, "announcement.delete", str(announcement_id))
    tx.emit(Event("announcement_deleted", announcement_id))


def parse_time(text: str, name: str) -> int | None:
    """A day or a time as one writes it, '' for none. Raises Invalid."""
    found = clock.parse_rfc3339(f"{text}T00:00:00Z" if len(text) == 10 else text) if text else None
    if text and found is None:
        raise Invalid("Write a day or a time like 2026-12-24 or 2026-12-24T18:00:00Z.", name)
    return found


# -- what people do with it --


def _current(tx: Tx, announcement_id: int) -> Announcement:
    found = rows.find(tx, announcement_id)
    if found is None:
        raise NotFound("There is no such announcement.")
    return found


def dismiss(tx: Tx, account_id: int, announcement_id: int) -> None:
    """See it no more. Raises NotFound."""
    rows.dismiss(tx, _current(tx, announcement_id).id, account_id)


def react(tx: Tx, account_id: int, announcement_id: int, text: str) -> None:
    """Answer with an emoji; again is no harm. Raises NotFound, Invalid for what is none or for one too many."""
    found = _current(tx, announcement_id)
    name, emoji_id = _chosen(tx, text)
    known = {tally.name for tally in rows.list_tallies(tx, account_id, [found.id]).get(found.id, ())}
    if name not in known and len(known) >= limits.ANNOUNCEMENT_REACTIONS:
        raise Invalid(f"There are {limits.ANNOUNCEMENT_REACTIONS} different reactions already: choose one of them.", "name")
    if rows.react(tx, found.id, account_id, name, emoji_id):
        tx.emit(Event("announcement_reaction", found.id, name))


def unreact(tx: Tx, account_id: int, announcement_id: int, text: str) -> None:
    """Take it back; what one has not given is no harm. Raises NotFound."""
    found = _current(tx, announcement_id)
    name = reactions.character(text) or text.strip().strip(":")
    if rows.unreact(tx, found.id, account_id, name):
        tx.emit(Event("announcement_reaction", found.id, name))


def _chosen(tx: Tx, text: str) -> tuple[str, int | None]:
    """A character, or the name and id of an emoji of this server."""
    if name := reactions.character(text):
        return name, None
    shortcode = text.strip().strip(":")
    emoji = emoji_rows.find_many(tx, "", [shortcode]).get(shortcode) if reactions.SHORTCODE.fullmatch(shortcode) else None
    if emoji is None:
        raise Invalid("Name is not a recognized emoji", "name")
    return shortcode, emoji.id
