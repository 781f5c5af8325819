"""Quoting, agreeing and choosing on the pages, each as the reader may see it."""

from typing import Any

import pytest

from fedi import arrivals, interactions, policies, posts
from fedi.activitypub.parse_policies import Consent
from fedi.storage import approvals as approval_rows
from fedi.storage import posts as post_rows
from fedi.storage import quotes as quote_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from fedi.storage.timelines import Page as Part
from tests import make
from tests.web.pages.reading import Page, Visitor
from tests.web.rig import Rig

ASK = (("quote", "ask"), ("reply", "ask"), ("like", "ask"))


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice", "owner")


@pytest.fixture
def bob(rig: Rig) -> Account:
    return rig.person("bob")


def write(rig: Rig, by: Account, text: str, **more: Any) -> Post:
    return rig.instance.db.transact(posts.publish, by, posts.Draft(text, **more), {})


def cards(page: Page) -> list[str]:
    return [one.text for one in page.root.all("article", "p") if "quoted" in one.get("class").split()]


async def test_one_quotes_from_the_menu_and_readers_see_both(rig: Rig, alice: Account, bob: Account) -> None:
    target = write(rig, bob, "the quoted words")
    me = Visitor(rig, alice)
    assert f'href="/compose?quote={target.id}"' in (await me.read(f"/@bob/{target.id}")).source
    page = await me.read(f"/compose?quote={target.id}")
    assert "the quoted words" in page.root.text and f'name="quote" value="{target.id}"' in page.source
    place = await me.press("/compose", {"text": "my words", "quote": str(target.id)})

    for viewer in (alice, bob, None):
        found = cards(await Visitor(rig, viewer).read(place.partition("?")[0]))
        assert len(found) == 1 and "the quoted words" in found[0] and "bob" in found[0]


async def test_nobody_reads_on_a_page_what_is_quoted_but_not_for_them(rig: Rig, alice: Account, bob: Account) -> None:
    dave = rig.person("dave")
    secret = write(rig, bob, "for followers alone", visibility="followers")
    post = write(rig, bob, "look", quote_of_id=secret.id)
    rig.instance.db.transact(make.follow, dave, bob)
    place = f"/@bob/{post.id}"

    assert "for followers alone" in (await Visitor(rig, dave).read(place)).root.text  # and a kept copy is not for others
    for viewer in (alice, None):
        page = await Visitor(rig, viewer).read(place)
        assert "for followers alone" not in page.source and "not for you to see" in cards(page)[0]


async def test_each_state_is_said_in_words(rig: Rig, alice: Account, bob: Account) -> None:
    target = write(rig, bob, "the quoted words")
    post = write(rig, alice, "look", quote_of_id=target.id)
    me, db = Visitor(rig, alice), rig.instance.db
    said = {}
    for state in ("pending", "rejected", "revoked", "unauthorized", "deleted"):

        def change(tx: Any, state: str = state) -> None:
            quote = quote_rows.find(tx, post.id)
            assert quote is not None
            quote_rows.put(tx, quote._replace(state=state))
            quote_rows.touch(tx, post.id)

        db.transact(change)
        page = await me.read(f"/@alice/{post.id}")
        assert "the quoted words" not in page.source
        said[state] = cards(page)[0]
    assert len(set(said.values())) == 5 and "deleted" in said["deleted"] and "agree" in said["pending"]


async def test_the_line_for_old_readers_is_left_out_where_the_quote_is_shown_and_only_there(rig: Rig, alice: Account) -> None:
    db = rig.instance.db
    carol = db.transact(make.remote, "carol")
    target = db.transact(make.post, carol, "the quoted words")
    line = f'<br><br>RE: <a href="{target.uri}">{target.uri}</a>'

    def arrive(tx: Any, by: Account) -> Post:
        note = make.note(by, f"hello{line}", consent=Consent(quote_uri=target.uri))
        made = arrivals.receive(tx, note, by, arrivals.html_of(note, tx.uris.tag))
        assert made is not None
        return made

    own = db.transact(arrive, carol)
    dan = db.transact(make.remote, "dan")
    other = db.transact(arrive, dan)
    me = Visitor(rig, alice)
    shown, hidden = await me.read(f"/@carol@peer.test/{own.id}"), await me.read(f"/@dan@peer.test/{other.id}")
    assert "the quoted words" in cards(shown)[0] and "RE:" not in shown.root.all("article")[0].text
    assert "the quoted words" not in hidden.source and "RE:" in hidden.root.all("article")[0].text and "not agreed" in cards(hidden)[0]


async def test_what_waits_is_listed_and_answered_on_a_page(rig: Rig, alice: Account, bob: Account) -> None:
    db = rig.instance.db
    target = write(rig, bob, "ask me", policy=ASK)
    quoting = write(rig, alice, "my quote", quote_of_id=target.id)
    answer = write(rig, alice, "my answer", in_reply_to_id=target.id)
    him, me = Visitor(rig, bob), Visitor(rig, alice)
    page = await him.read("/approvals")
    assert "wants to quote your post" in page.root.text and "my answer" in page.root.text and "Approvals" in page.root.text
    assert "my answer" not in (await Visitor(rig).read(f"/@bob/{target.id}")).source
    assert "waits for a yes" in (await me.read(f"/@alice/{answer.id}")).root.text

    first = db.read(approval_rows.find_about, target.id, quoting.uri, "quote")
    second = db.read(approval_rows.find_about, target.id, answer.uri, "reply")
    assert first and second
    assert (await me.post(f"/approvals/{first.id}/accept")).status == 404
    assert await him.press(f"/approvals/{first.id}/accept") == "/approvals?said=agreed"
    await him.press(f"/approvals/{second.id}/refuse")
    assert "ask me" in cards(await me.read(f"/@alice/{quoting.id}"))[0]
    assert "does not want your answer" in (await me.read("/notifications")).root.text
    assert db.read(post_rows.get, answer.id).held == 1 and "Nothing waits" in (await him.read("/approvals")).root.text

    notices = await him.read("/notifications")
    assert f'href="/posts/{quoting.id}/unquote"' in notices.source
    assert "my quote" in (await him.read(f"/posts/{quoting.id}/unquote")).root.text
    assert (await me.post(f"/posts/{quoting.id}/unquote")).status == 403
    await him.press(f"/posts/{quoting.id}/unquote")
    assert "ask me" not in (await me.read(f"/@alice/{quoting.id}")).source


async def test_what_one_may_not_do_is_explained_and_nothing_written_is_lost(rig: Rig, alice: Account, bob: Account) -> None:
    target = write(rig, bob, "leave me", policy=(("quote", "nobody"), ("reply", "nobody")))
    me = Visitor(rig, alice)
    for name in ("quote", "to"):
        assert "does not want it" in (await me.read(f"/compose?{name}={target.id}")).root.text
        refused = await me.post("/compose", {"text": "what I wrote", name: str(target.id)})
        assert refused.status == 422 and "what I wrote" in await refused.text()


async def test_the_choices_hold_for_new_posts_and_can_be_other_for_one(rig: Rig, alice: Account) -> None:
    me, db = Visitor(rig, alice), rig.instance.db
    await me.read("/settings/consent")
    await me.press("/settings/consent", {"public_quote": "nobody", "public_reply": "followers_ask"})
    assert 'value="followers_ask" selected' in (await me.read("/settings/consent")).source
    assert (await me.post("/settings/consent", {"public_quote": "whoever"})).status == 422
    first = await me.press("/compose", {"text": "one"})
    second = await me.press("/compose", {"text": "two", "policy_quote": "public"})
    kept = [db.read(post_rows.get, int(place.partition("?")[0].rpartition("/")[2])).policy for place in (first, second)]
    assert kept[0] == '{"reply":[["followers"],["public"]],"quote":[["author"],[]]}' and '"quote"' not in kept[1]


async def test_one_takes_a_yes_back_on_a_page_and_who_had_it_reads_why(rig: Rig, alice: Account, bob: Account) -> None:
    target = write(rig, bob, "ask me", policy=(*ASK, ("announce", "ask")))
    answer = write(rig, alice, "an answer", in_reply_to_id=target.id)
    rig.instance.db.transact(interactions.favourite, alice, target.id)
    me, them = Visitor(rig, bob), Visitor(rig, alice)
    for one in rig.instance.db.read(approval_rows.list_of, bob.id, Part(), approval_rows.Wanted(policies.KINDS)):
        await me.press(f"/approvals/{one.id}/accept")
    page = await me.read("/approvals/given")
    assert "may like your post" in page.root.text and "may answer your post" in page.root.text and "an answer" in page.root.text
    assert "may answer your post" not in (await me.read("/approvals")).root.text + (await them.read("/approvals/given")).root.text
    given = rig.instance.db.read(approval_rows.list_of, bob.id, Part(), approval_rows.Wanted(policies.KINDS, "accepted"))
    assert [f'action="/approvals/{one.id}/revoke"' in page.source for one in given] == [True, True]
    for one in given:
        await me.press(f"/approvals/{one.id}/revoke")
    assert "Nothing agreed to yet" in (await me.read("/approvals/given")).root.text
    assert rig.instance.db.read(post_rows.get, answer.id).held and not rig.instance.db.read(post_rows.get, target.id).favourites_count
    told = (await them.read("/notifications")).root.text
    assert "does not want your answer" in told and "does not want your like or boost any more" in told and "See what waits" not in told


async def test_a_card_shows_small_pictures_with_their_words_and_hides_what_is_sensitive(rig: Rig, alice: Account, bob: Account) -> None:
    files = [rig.instance.db.transact(make.picture, bob, alt=f"a cat {n} <b>") for n in range(2)]
    target = write(rig, bob, "", media_ids=(files[0].id,))
    behind = write(rig, bob, "dogs :x:", warning="dogs inside", media_ids=(files[1].id,))
    quiet = write(rig, bob, "no words", sensitive=True, media_ids=(rig.instance.db.transact(make.picture, bob).id,))
    for viewer in (alice, None):
        for quoted, warning in ((target, ""), (behind, "dogs inside"), (quiet, "Sensitive picture")):
            post = write(rig, alice, "look", quote_of_id=quoted.id)
            page = await Visitor(rig, viewer).read(f"/@alice/{post.id}")
            card = next(one for one in page.root.all("article") if "quoted" in one.get("class").split())
            shown = [one for one in card.all("img") if one.get("src").endswith("/preview")]
            assert len(shown) == 1 and (shown[0].get("alt") == "a cat 0 <b>") == (quoted is target)
            folds = [one for one in card.all("details") if one.all("img")]
            assert bool(folds) == bool(warning) and (not folds or warning in folds[0].text)
            assert all(not one.get("src").startswith("http") for one in card.all("img"))


async def test_the_line_for_old_readers_stands_in_no_title_and_no_preview(rig: Rig, alice: Account, bob: Account) -> None:
    carol, target = rig.instance.db.transact(make.remote), write(rig, bob, "the quoted words")
    line = f'<p class="quote-inline">RE: <a href="{target.uri}">{target.uri}</a></p>'
    theirs = rig.instance.db.transact(make.post, carol, f"look</p>{line}<p>", consent=Consent(quote_uri=target.uri))
    ours = write(rig, alice, "my words", quote_of_id=target.id)
    rig.instance.db.transact(post_rows.update, ours.id, content_html=f"<p>my words</p>{line}")
    for path in (f"/@{carol.handle}/{theirs.id}", f"/@alice/{ours.id}"):
        head = (await Visitor(rig, alice).read(path)).source.partition("</head>")[0]
        assert "<title>" in head and "RE:" not in head and ("look" in head or "my words" in head)
    open_ = (await Visitor(rig).read(f"/@alice/{ours.id}")).source.partition("</head>")[0]
    assert "my words" in open_ and "RE:" not in open_
    feed = await (await Visitor(rig).get("/@alice.atom")).text()
    assert "my words" in feed and "RE: http" not in feed.partition("<content")[0]


async def test_one_reads_an_answer_before_the_buttons_that_decide_about_it(rig: Rig, alice: Account, bob: Account) -> None:
    target = write(rig, bob, "ask me", policy=ASK)
    write(rig, alice, "my answer", in_reply_to_id=target.id)
    page = (await Visitor(rig, bob).read("/approvals")).root.text
    assert page.index("my answer") < page.index("Refuse") < page.index("Agree", page.index("Refuse"))
