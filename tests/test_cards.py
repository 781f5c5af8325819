"""Previews of linked pages: fetched once, from real servers that also misbehave, and shown as text and a picture of ours."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fedi import arrivals, cards, clock, limits, moderation, posts
from fedi.storage import accounts as account_rows
from fedi.storage import cards as rows
from fedi.storage import due_links as due_rows
from fedi.storage import media as media_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.cards import Shown
from fedi.storage.db import Tx
from fedi.storage.due_links import DueLink
from fedi.storage.posts import Post
from fedi.uris import Uris
from tests import make, remote
from tests.remote import World

PAGE = "https://third.test/story"


class Now:
    """Chance without luck: everything at once."""

    def randint(self, low: int, high: int) -> int:
        return 0


@pytest.fixture
async def w(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(cards, "_RANDOM", Now())
    async with remote.world(tmp_path) as made:
        yield made


def html(*more: str, title: str = "A story", image: str = "/cat.png") -> bytes:
    head = f'<meta property="og:title" content="{title}"><meta property="og:description" content="What happened">'
    return f'<html lang="en"><head>{head}<meta property="og:image" content="{image}">{"".join(more)}</head></html>'.encode()


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 32), "red").save(out, "PNG")
    return out.getvalue()


def serve(
    w: World, body: bytes = html(), path: str = "/story", host: str = "third.test", content_type: str = "text/html; charset=utf-8"
) -> None:
    w.peer(host).behave(path, remote.answers(body, content_type=content_type))
    w.peer(host).behave("/cat.png", remote.answers(png(), content_type="image/png"))


async def shown(w: World, post: Post) -> Shown | None:
    await w.settle()
    found: dict[int, Shown] = w.instance.db.read(rows.list_shown, [post.id])
    return found.get(post.id)


async def test_a_post_shows_what_its_page_says_of_itself_and_the_picture_from_here(w: World) -> None:
    serve(w)
    post = w.publish(w.alice, f"Read {PAGE} !")
    version = w.instance.db.read(post_rows.get, post.id).version

    found = await shown(w, post)

    assert found is not None
    card = found.card
    assert (card.url, card.title, card.description, card.language, card.kind) == (PAGE, "A story", "What happened", "en", "link")
    assert (card.width, card.height) == (64, 32) and found.blurhash
    row = w.instance.db.read(media_rows.find, card.media_id)
    assert row is not None and row.sha256 and row.remote_url == "https://third.test/cat.png"
    assert w.instance.db.read(post_rows.get, post.id).version > version, "what was kept of the post is rendered anew"


async def test_a_link_is_fetched_once_for_everybody_DOS_19(w: World) -> None:
    serve(w)
    made = [w.publish(w.alice, f"{number} {PAGE}#part{number}") for number in range(5)]
    await w.settle()
    made += [w.publish(w.alice, f"again {PAGE}")]
    await w.settle()

    assert w.peer("third.test").gets == ["/story", "/cat.png"]
    assert len(w.instance.db.read(rows.list_shown, [post.id for post in made])) == 6


async def test_a_page_that_does_not_answer_or_says_nothing_is_not_asked_again_and_again_DOS_19(w: World) -> None:
    peer = w.peer("third.test")
    nothing = {
        "/gone": remote.answers(b"", status=404),
        "/down": remote.answers(b"", status=503),
        "/none": remote.answers(b"<html></html>", content_type="text/html"),
        "/pdf": remote.answers(b"%PDF", content_type="application/pdf"),
        "/round": remote.redirects("/round"),
    }
    for path, behaviour in nothing.items():
        peer.behave(path, behaviour)
        for number in range(3):
            assert await shown(w, w.publish(w.alice, f"{number} https://third.test{path}")) is None
        assert peer.gets.count(path) == 1, path


async def test_a_card_is_fetched_again_after_a_time_and_what_was_known_stays_if_that_fails(w: World) -> None:
    serve(w)
    first = w.publish(w.alice, PAGE)
    await w.settle()

    def age(tx: Tx) -> None:
        tx.execute("UPDATE cards SET fetched_at = fetched_at - ?", ((limits.CARD_FRESH_S + 60) * clock.SECOND,))

    serve(w, html(title="Another"))
    w.instance.db.transact(age)
    assert (found := await shown(w, w.publish(w.alice, f"new {PAGE}"))) and found.card.title == "Another"
    assert (found := await shown(w, first)) and found.card.title == "Another"
    w.instance.db.transact(age)
    serve(w, b"", content_type="application/pdf")
    assert (found := await shown(w, w.publish(w.alice, f"newer {PAGE}"))) and found.card.title == "Another"


async def test_no_card_with_files_or_a_quote_and_none_of_mentions_hashtags_and_pages_of_ours(w: World) -> None:
    serve(w)
    quoted = w.publish(w.alice, "quoted")
    picture = w.instance.db.transact(make.picture, w.alice)
    made = [
        w.publish(w.alice, f"look {PAGE}", media_ids=(picture.id,)),
        w.publish(w.alice, f"see {PAGE}", quote_of_id=quoted.id),
        w.publish(w.alice, "hi @alice #topic https://fedi.test/about"),
    ]
    await w.settle()

    assert w.instance.db.read(rows.list_shown, [post.id for post in made]) == {} and w.peer("third.test").gets == []


def test_the_first_link_that_is_a_page_elsewhere_counts(db: Any, alice: Account) -> None:
    us = Uris("https://fedi.test", "fedi.test")

    def link(content: str, **more: Any) -> str:
        def made(tx: Tx) -> str:
            return cards.link_of(us, make.fresh(tx, make.post(tx, alice))._replace(content_html=content, **more))

        found: str = db.transact(made)
        return found

    mention = '<span class="h-card"><a href="https://x.test/@bob" class="u-url mention" rel="nofollow">@bob</a></span>'
    tag = '<a href="https://x.test/tags/a" class="mention hashtag" rel="tag">#a</a>'
    page = '<a href="https://x.test/a?b=1&amp;c=2#d" rel="nofollow noopener noreferrer" target="_blank">x</a>'
    assert link(f"<p>{mention} {tag} {page}</p>") == "https://x.test/a?b=1&c=2"
    assert link(f"<p>{mention} {tag}</p>") == "" == link("<p>no link</p>")
    assert link('<p><a href="magnet:?x=1">m</a><a href="https://fedi.test/x">own</a></p>') == ""
    assert link(f'<p class="quote-inline">RE: {page}</p><p>{page.replace("/a?", "/z?")}</p>').startswith("https://x.test/z?")
    assert link("<p>text</p>", link_url="https://y.test/p") == "https://y.test/p", "what a link post is about"


async def test_posts_from_elsewhere_that_nobody_here_sees_ask_for_nothing(w: World) -> None:
    serve(w)
    carol = await w.know(w.peer().actor("carol"))

    def arrive(text: str, **more: Any) -> Post:
        def made(tx: Tx) -> Post:
            found = arrivals.receive(tx, (one := make.note(carol, text, **more)), carol, arrivals.html_of(one, tx.uris.tag))
            assert found is not None
            return found

        post: Post = w.instance.db.transact(made)
        return post

    link = f'<a href="{PAGE}">x</a>'
    assert await shown(w, arrive(link)) is None and w.peer("third.test").gets == []
    w.instance.db.transact(make.follow, w.alice, carol)
    assert await shown(w, arrive(f"seen {link}")) is not None


async def test_what_others_posted_long_ago_is_not_asked_for(w: World) -> None:
    serve(w)
    post = w.publish(w.alice, f"old {PAGE}")
    w.instance.db.transact(lambda tx: tx.execute("UPDATE posts SET received_at = 1"))

    assert await shown(w, post) is None and w.peer("third.test").gets == []


@pytest.mark.parametrize("delay_s", [limits.CARD_DELAY_S])
def test_it_is_asked_for_at_a_random_time_and_sites_wait_for_themselves_DOS_19(
    db: Any, alice: Account, carol: Account, delay_s: int
) -> None:
    def made(tx: Tx) -> tuple[int, list[DueLink], list[cards.Claim]]:
        make.follow(tx, alice, carol)
        for number in range(30):
            make.post(tx, carol, f'<a href="https://x.test/{number}">x</a>')
        now = tx.now
        tx.now += 2 * delay_s * clock.SECOND
        due = due_rows.list_due(tx, 50)
        return now, due, cards.claim_all(tx, due)

    now, due, claims = db.transact(made)
    delays = [one.run_at - now for one in due]
    assert len(due) == 30 == len(claims) and len({claim.lane for claim in claims}) == 1 and len(set(delays)) > 20
    assert 0 <= min(delays) and max(delays) <= delay_s * 1000


async def test_nothing_is_fetched_or_shown_of_a_blocked_site_wherever_it_stands(w: World) -> None:
    """As the link, as where that leads, and once it is blocked afterwards."""
    serve(w)
    serve(w, path="/story", host="evil.test")
    w.peer("third.test").behave("/to-evil", remote.redirects("https://evil.test/story"))
    kept = w.publish(w.alice, f"kept {PAGE}")
    assert await shown(w, kept) is not None
    w.instance.db.transact(moderation.block_domain, "evil.test")

    assert await shown(w, w.publish(w.alice, "https://evil.test/story")) is None and w.peer("evil.test").gets == []
    assert await shown(w, w.publish(w.alice, "https://third.test/to-evil")) is None
    before = w.instance.db.read(post_rows.get, kept.id).version
    w.instance.db.transact(moderation.block_domain, "third.test")
    assert await shown(w, kept) is None and w.instance.db.read(post_rows.get, kept.id).version > before


async def test_only_who_agrees_is_named_as_author_ORG_23(w: World) -> None:
    serve(w, html('<meta name="fediverse:creator" content="@alice@fedi.test">'))
    refused = await shown(w, w.publish(w.alice, PAGE))
    assert refused is not None and (refused.card.author_id, refused.card.claimed_id) == (None, w.alice.id)

    w.instance.db.transact(lambda tx: account_rows.update(tx, w.alice.id, attribution_domains='["third.test"]'))
    serve(w, html('<meta name="fediverse:creator" content="@alice@fedi.test">'), path="/second")
    agreed = await shown(w, w.publish(w.alice, "https://third.test/second"))
    assert agreed is not None and (agreed.card.author_id, agreed.card.claimed_id) == (w.alice.id, None)


async def test_an_author_elsewhere_is_asked_at_their_own_server_ORG_23(w: World) -> None:
    ann = w.peer("peer.test").actor("ann", attributionDomains=["third.test"])
    w.peer("peer.test").name("ann@peer.test", ann.uri)
    serve(w, html('<meta name="fediverse:creator" content="@ann@peer.test">'))

    found = await shown(w, w.publish(w.alice, PAGE))

    known = w.account(ann)
    assert found is not None and known is not None and found.card.author_id == known.id


async def test_oembed_is_read_as_data_XSS_06(w: World) -> None:
    said = {"type": "video", "html": "<iframe src=//evil.test>", "author_name": "Ann", "provider_name": "Tube", "title": "no"}
    w.peer("third.test").behave("/oembed", remote.answers(said, content_type="application/json"))
    serve(w, html('<link rel="alternate" type="application/json+oembed" href="/oembed">'))

    found = await shown(w, w.publish(w.alice, PAGE))

    assert found is not None and (found.card.kind, found.card.author_name, found.card.provider_name) == ("video", "Ann", "Tube")
    assert "iframe" not in repr(found)


@pytest.mark.parametrize(
    "place", ["http://127.0.0.1/secret", "https://10.0.0.1/", "https://localhost/", "https://[::1]/", "file:///etc/passwd"]
)
async def test_a_page_leads_nobody_into_our_network_SSR_06(w: World, place: str) -> None:
    """By a redirect, as its picture, and as its oEmbed document."""
    w.peer("third.test").behave("/away", remote.redirects(place))
    assert await shown(w, w.publish(w.alice, "https://third.test/away")) is None
    serve(w, html(f'<link rel="alternate" type="application/json+oembed" href="{place}">', image=place))
    found = await shown(w, w.publish(w.alice, PAGE))
    assert found is not None and found.card.media_id is None and found.card.title == "A story"


async def test_a_long_page_is_read_as_far_as_its_head_goes_DOS(w: World) -> None:
    serve(w, html() + b"<p>" + b"x" * (2 * limits.WEBPAGE_BYTES))
    assert (found := await shown(w, w.publish(w.alice, PAGE))) and found.card.title == "A story"


async def test_a_picture_that_is_none_leaves_the_words(w: World) -> None:
    serve(w)
    w.peer("third.test").behave("/cat.png", remote.answers(b"GIF89a nonsense", content_type="image/png"))
    found = await shown(w, w.publish(w.alice, PAGE))
    assert found is not None and found.key == "" and (found.card.width, found.card.height) == (0, 0)


async def test_another_link_another_card_and_without_a_link_none(w: World) -> None:
    serve(w)
    serve(w, html(title="Second"), path="/second")
    post = w.publish(w.alice, PAGE)
    assert await shown(w, post) is not None

    w.instance.db.transact(posts.edit, w.alice, post.id, posts.Draft("https://third.test/second"), {})
    assert (found := await shown(w, post)) and found.card.title == "Second"
    w.instance.db.transact(posts.edit, w.alice, post.id, posts.Draft("nothing"), {})
    assert await shown(w, post) is None


async def test_cards_that_no_post_shows_are_swept_and_pictures_of_others_stay(w: World) -> None:
    serve(w)
    serve(w, path="/second")
    gone, kept = w.publish(w.alice, PAGE), w.publish(w.alice, "https://third.test/second")
    await w.settle()
    w.instance.db.transact(posts.remove, w.alice, gone.id)
    w.instance.db.transact(lambda tx: [tx.execute(f"UPDATE {table} SET created_at = 1") for table in ("cards", "media")])

    for chore in ("tidy", "prune-media"):
        await w.instance.jobs.run_chore(chore)

    assert w.instance.db.read(rows.find_by_link, PAGE) is None
    found = await shown(w, kept)
    assert found is not None and w.instance.db.read(media_rows.find, found.card.media_id) is not None


async def test_previews_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "_RANDOM", Now())
    async with remote.world(tmp_path, instance={"previews": False}) as w:
        serve(w)
        assert await shown(w, w.publish(w.alice, PAGE)) is None and w.peer("third.test").gets == []
