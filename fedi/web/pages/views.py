"""Posts and people as pages show them: loaded in a fixed number of statements, rendered from kept fragments."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from markupsafe import Markup

from fedi import clock, emojis, facts, policies, quotelines, teaser
from fedi.html import Html
from fedi.storage import accounts as account_rows
from fedi.storage import cards as card_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import listings as listing_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage import reactions as reaction_rows
from fedi.storage.accounts import Account
from fedi.storage.cards import Shown
from fedi.storage.db import Tx
from fedi.storage.interactions import NO_FLAGS, Flags
from fedi.storage.listings import Picture
from fedi.storage.posts import Attachment, Post
from fedi.storage.quotes import Seen
from fedi.web.pages import files, filtered, persons, prose, text, under
from fedi.web.pages.fragments import Fragment, slot
from fedi.web.pages.site import Pages

_UNFOLDED_CHARS: Final = 12_000  # of a long text: more is not in lists, but on its page
NOUNS: Final = {
    "Article": "article", "Page": "post", "Video": "video", "Audio": "recording", "PodcastEpisode": "episode", "Event": "event",
    "Review": "review", "Quotation": "quotation", "Place": "place",
}  # fmt: skip
_SCOPES: Final = {
    "public": ("", "Public"),
    "unlisted": ("moon", "Unlisted"),
    "followers": ("lock", "Followers only"),
    "direct": ("mail", "Direct"),
}


class Entry(NamedTuple):
    """A row of a list of posts: what stands in the list, the post it shows, who wrote that, and the finished HTML."""

    row: Post
    post: Post
    author: Account
    html: Html


# -- posts --


class _Shelf(NamedTuple):
    """What rendering needs, for all posts of a list."""

    accounts: dict[int, Account]
    avatars: dict[int, Picture]
    mentions: dict[int, list[Account]]
    media: dict[int, list[Attachment]]
    tags: dict[int, list[str]]
    quoting: set[int]
    reacted: set[int]
    cards: dict[int, Shown]


def entries(
    pages: Pages, tx: Tx, viewer: Account | None, rows: Sequence[Post], marks: dict[int, str] | None = None, context: str = ""
) -> list[Entry]:
    """The rows of a list, ready. `marks` are classes by row id, such as `up` and `d1` of a thread; `big` is the post a page is about.

    `context` is where this is for filters, as `filters.CONTEXTS` has them; they may leave rows out.
    """
    marks = marks or {}
    looked = filtered.look(pages, tx, viewer, rows, context, frozenset(row_id for row_id, mark in marks.items() if "big" in mark.split()))
    rows = looked.rows
    originals = {row.id: row for row in rows if row.boost_of_id is None}
    boosted = [row.boost_of_id for row in rows if row.boost_of_id is not None]
    if boosted:
        originals |= post_rows.list_visible(tx, viewer.id if viewer is not None else 0, boosted)
    shown = [(row, post) for row in rows if (post := originals.get(row.boost_of_id or row.id)) is not None]
    wanted = {row.account_id for row, _ in shown} | {post.account_id for _, post in shown}
    wanted |= {post.group_id for _, post in shown if post.group_id is not None}
    wanted |= {post.in_reply_to_account_id for _, post in shown if post.in_reply_to_account_id is not None}
    accounts = account_rows.list_by_ids(tx, wanted) if wanted else {}
    shown = [(row, post) for row, post in shown if row.account_id in accounts and post.account_id in accounts]
    flags = interaction_rows.list_flags(tx, viewer.id if viewer is not None else 0, {post.id for _, post in shown})
    keys = {row.id: _key(post, accounts, viewer, "big" in marks.get(row.id, "").split()) for row, post in shown}
    missing = [post.id for row, post in shown if pages.fragments.find(keys[row.id]) is None]
    shelf = _load(tx, accounts, missing, [accounts[post.account_id] for _, post in shown], viewer)
    found = []
    ready = {
        row.id: pages.fragments.get(
            keys[row.id],
            lambda post=post, key=keys[row.id]: _render(pages, post, shelf, viewer, key),  # type: ignore[misc]
        )
        for row, post in shown
    }
    quoting = {post.id: post for row, post in shown if "quote" in ready[row.id].slots}
    quotes = _quotes(pages, tx, viewer, quoting) if quoting else {}
    polls = under.polls(pages, tx, viewer, asking) if (asking := _with(ready, shown, "poll")) else {}
    reacted = under.reacted(pages, tx, viewer, answered) if (answered := _with(ready, shown, "reactions")) else {}
    for row, post in shown:
        mark = " ".join(name for name in marks.get(row.id, "").split() if name != "big")
        passed_on = post.group_id is not None and row.account_id == post.group_id  # the post itself says which group it is in
        why = _why(pages, row, accounts[row.account_id], viewer, "pinned" in mark) if not passed_on or "pinned" in mark else ""
        values = _values(row, post, flags.get(post.id, NO_FLAGS), mark, why) | quotes.get(post.id, _NO_QUOTE)
        values |= {"poll": polls.get(post.id, ""), "reactions": reacted.get(post.id, ""), **looked.of(row.id)}
        found.append(Entry(row, post, accounts[post.account_id], Html(ready[row.id].fill(values))))
    return found


def _with(fragments: Mapping[int, Fragment], shown: Sequence[tuple[Post, Post]], slot: str) -> list[int]:
    """The posts of these rows whose rendering has a place for something of the viewer's."""
    return [post.id for row, post in shown if slot in fragments[row.id].slots]


def _load(tx: Tx, accounts: dict[int, Account], missing: list[int], authors: list[Account], viewer: Account | None) -> _Shelf:
    if not missing:
        return _Shelf(accounts, {}, {}, {}, {}, set(), set(), {})
    return _Shelf(
        accounts,
        listing_rows.list_pictures(tx, [account.avatar_id for account in authors]),
        post_rows.list_mentions(tx, missing) if viewer is not None else {},
        post_rows.list_media(tx, missing),
        post_rows.list_tags(tx, missing) if viewer is not None else {},
        quote_rows.list_quoting(tx, missing),
        reaction_rows.list_reacted(tx, missing),
        card_rows.list_shown(tx, missing),
    )


_Key = tuple[int, int, int, str, bool, int]


def _key(post: Post, accounts: dict[int, Account], viewer: Account | None, big: bool) -> _Key:
    """Everything the fragment depends on."""
    audience = "anybody" if viewer is None else "author" if viewer.id == post.account_id else "people"
    group = accounts.get(post.group_id) if post.group_id is not None else None
    return (post.id, post.version, accounts[post.account_id].version, audience, big, group.version if group is not None else -1)


def _render(pages: Pages, post: Post, shelf: _Shelf, viewer: Account | None, key: _Key) -> str:
    audience, big = key[3], key[4]
    author = shelf.accounts[post.account_id]
    parent = shelf.accounts.get(post.in_reply_to_account_id) if post.in_reply_to_account_id is not None else None
    group = shelf.accounts.get(post.group_id) if post.group_id is not None else None
    icon, name = ("house", "Only on this server") if post.local_only else _SCOPES[post.visibility]
    origin = text.web_address(post.url) or post.uri
    away = not author.is_local and viewer is None
    quotes = post.id in shelf.quoting
    content = prose.stored(_with_slot(post.content_html) if quotes else post.content_html)
    content = prose.links(pages, content, shelf.mentions.get(post.id, []), shelf.tags.get(post.id, []))
    pictures = emojis.of(post.emojis)
    content, rest = (emojis.in_html(prose.below(part), pictures) for part in ((content, Html("")) if big else teaser.split(content)))
    said = facts.load(post.facts)
    preview = _preview(shelf.cards.get(post.id), post)
    return pages.templates.get_template("_post.html").render(
        post=post,
        face=persons.face(pages, author, shelf.avatars, viewer),
        parent=persons.face(pages, parent, {}, viewer) if parent is not None and not parent.is_hidden else None,
        group=persons.face(pages, group, {}, viewer) if group is not None and not group.is_hidden else None,
        content=content,
        rest=rest,
        unfolds=len(rest) <= _UNFOLDED_CHARS,
        abstract=said.abstract,
        sayings=facts.sayings(said),
        stars=facts.stars(said.rating),
        outward=[one for one in outward(post, said) if preview is None or one.url not in (preview.url, preview.link)],
        preview=preview,
        files=files.shown(shelf.media.get(post.id, [])),
        pictures=pictures,
        href=origin if away else f"/@{author.handle}/{post.id}",
        rel=persons.AWAY if away else Markup(),
        origin="" if author.is_local else origin,
        noun=NOUNS.get(post.kind, ""),
        lang=post.language,
        scope_icon=icon,
        scope_name=f"{name}, {_SCOPES[post.visibility][1].lower()}" if post.local_only and post.visibility != "public" else name,
        may_boost=_may_boost(post, audience),
        may_quote=_may_quote(post, author, audience),
        quotes=quotes,
        audience=audience,
        big=big,
        reacted=post.id in shelf.reacted,
    )


class Preview(NamedTuple):
    """What a linked page says of itself, as text. `picture` is an address of ours, '' for none; `link` is how the post writes it."""

    url: str
    link: str
    title: str
    text: str
    host: str
    lang: str
    picture: str
    width: int
    height: int


def _preview(shown: Shown | None, post: Post) -> Preview | None:
    """Without its picture where the post is sensitive: nobody has looked at that."""
    url = (text.web_address(shown.card.page_url) or text.web_address(shown.card.url)) if shown is not None else ""
    if shown is None or not url:
        return None
    card, host = shown.card, urlsplit(url).netloc.removeprefix("www.")
    picture = f"/media/{shown.key}/preview" if shown.key and not post.sensitive else ""
    place = f"{card.provider_name} · {host}" if card.provider_name and card.provider_name.lower() not in host else host
    return Preview(url, card.url, card.title, card.description, place, card.language, picture, card.width, card.height)


class Outward(NamedTuple):
    """A page that a post is about. `name` may be ''."""

    url: str
    name: str
    host: str


def outward(post: Post, said: facts.Facts) -> list[Outward]:
    """Where a post leads besides its text, without the links that lead nowhere on the web."""
    listed = said.links or (((post.link_url, ""),) if post.link_url else ())
    return [Outward(url, name, urlsplit(url).netloc.removeprefix("www.")) for url, name in listed if text.web_address(url)]


def _may_boost(post: Post, audience: str) -> bool:
    """As `interactions.boost` decides."""
    if policies.read(post.policy).get(policies.ANNOUNCE) == policies.CLOSED and audience != "author":
        return False
    return not post.local_only and (post.visibility in ("public", "unlisted") or (post.visibility == "followers" and audience == "author"))


def _may_quote(post: Post, author: Account, audience: str) -> bool:
    """Whether it is worth asking: `approvals.verdict` decides about each."""
    if audience == "author":
        return post.visibility != "direct"
    rule = policies.read(post.policy).get(policies.QUOTE)
    return post.is_public and rule != policies.CLOSED


# -- what posts quote --

_NO_QUOTE: Final = {"quote": "", "line": ""}
_WHY_NOT: Final = {
    "pending": ("clock", "This quote waits for the author of the quoted post to agree."),
    "rejected": ("stop", "The author of the quoted post did not agree to be quoted."),
    "revoked": ("stop", "The author of the quoted post no longer wants to be quoted here."),
    "deleted": ("bin", "The quoted post was deleted."),
    "unauthorized": ("away", "Quotes a post whose author has not agreed to that."),
    "unseen": ("lock", "The quoted post is not for you to see."),
    "blocked_account": ("stop", "The quoted post is by somebody you have blocked."),
    "blocked_domain": ("stop", "The quoted post is from a server you have blocked."),
    "muted_account": ("mute", "The quoted post is by somebody you have muted."),
}


def _with_slot(html: str) -> str:
    """A post's text with a place where the line `RE: address` stands: it is left out where the quote is shown."""
    before, line, after = quotelines.split(html)
    return f"{before}{slot('line')}{after}" if line else html


def _quotes(pages: Pages, tx: Tx, viewer: Account | None, posts: Mapping[int, Post]) -> dict[int, dict[str, str]]:
    """What fills the slots of posts that quote, by post: loaded in five statements, whatever their number."""
    viewer_id = viewer.id if viewer is not None else 0
    seen = quote_rows.list_seen(tx, viewer_id, posts)
    quoted = post_rows.list_visible(tx, viewer_id, [one.quoted_id for one in seen.values() if one.quoted_id is not None])
    accounts = account_rows.list_by_ids(tx, [post.account_id for post in quoted.values()])
    avatars = listing_rows.list_pictures(tx, [account.avatar_id for account in accounts.values()])
    media = post_rows.list_media(tx, quoted) if quoted else {}
    found = {}
    for post_id, one in seen.items():
        post = quoted.get(one.quoted_id) if one.quoted_id is not None and not one.why else None
        author = accounts.get(post.account_id) if post is not None else None
        line = quotelines.split(posts[post_id].content_html)[1]
        if post is not None and author is not None:
            by, shown = persons.face(pages, author, avatars, viewer), files.shown(media.get(post.id, []))
            found[post_id] = {"quote": _card(pages, post, by, shown, one, viewer), "line": ""}
        else:
            found[post_id] = {"quote": _no_card(pages, one, bool(line)), "line": line}
    return found


def _card(pages: Pages, post: Post, by: persons.Face, shown: list[files.Shown], one: Seen, viewer: Account | None) -> str:
    origin = text.web_address(post.url) or post.uri
    away = bool(by.host) and viewer is None
    content, rest = teaser.split(prose.below(prose.links(pages, quotelines.without(post.content_html), (), ())))
    more = "Read on" if rest else "It quotes another post" if one.inner_state is not None else ""
    return pages.templates.get_template("_quote.html").render(
        post=post,
        face=by,
        content=emojis.in_html(content, emojis.of(post.emojis)),
        files=shown,
        more=more,
        href=origin if away else f"{by.href}/{post.id}",
        rel=persons.AWAY if away else Markup(),
    )


def _no_card(pages: Pages, one: Seen, has_line: bool) -> str:
    sign, words = _WHY_NOT[one.why or (one.state if one.state in _WHY_NOT else "deleted")]
    shows_link = one.state in ("pending", "unauthorized") and not one.why and not has_line
    href = text.web_address(one.quoted_uri) if shows_link else ""
    host = "" if href.startswith(f"{pages.site.base_url}/") else urlsplit(href).netloc
    return pages.templates.get_template("_quote.html").render(post=None, sign=sign, words=words, href=href, host=host)


def _why(pages: Pages, row: Post, booster: Account, viewer: Account | None, pinned: bool) -> str:
    """The line above a post that says why it stands here; '' where that is plain."""
    if row.boost_of_id is None and not pinned:
        return ""
    template = pages.templates.get_template("_why.html")
    if pinned:
        return template.render(sign="pin", face=None, words="Pinned")
    return template.render(sign="boost", face=persons.face(pages, booster, {}, viewer), words="boosted")


def _values(row: Post, post: Post, flags: Flags, mark: str, why: str) -> dict[str, str]:
    return {
        "class": f" {mark}" if mark else "",
        "row": str(row.id),
        "why": why,
        "when": text.ago(post.published_at, clock.now()),
        "replies": text.number(post.replies_shown) if post.replies_shown else "",
        "boosts": text.number(post.boosts_shown) if post.boosts_shown else "",
        "likes": text.number(post.favourites_shown) if post.favourites_shown else "",
        "like": "unlike" if flags.favourited else "like",
        "liked": "true" if flags.favourited else "false",
        "boost": "unboost" if flags.boosted else "boost",
        "boosted": "true" if flags.boosted else "false",
        "bookmark": "unbookmark" if flags.bookmarked else "bookmark",
        "bookmarked": "true" if flags.bookmarked else "false",
        "pin": "unpin" if flags.pinned else "pin",
        "pin_label": "Unpin from profile" if flags.pinned else "Pin to profile",
    }


# -- for machines --


def properties(pages: Pages, kind: str, title: str, description: str, url: str, image: str = "") -> list[tuple[str, str]]:
    """OpenGraph. The caller gives public things only. Source: VIS-04."""
    found = [("og:site_name", pages.site.title), ("og:type", kind), ("og:title", title), ("og:description", description), ("og:url", url)]
    if image:
        found.append(("og:image", f"{pages.site.base_url}{image}"))
    return found
