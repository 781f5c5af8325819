"""What people do on the pages: each form works, leads back, and is refused when it is not ours."""

import io

import pytest
from aiohttp import FormData
from yarl import URL

from fedi import interactions, logins
from fedi.storage import accounts as account_rows
from fedi.storage import blocks as block_rows
from fedi.storage import follows as follow_rows
from fedi.storage import interactions as interaction_rows
from fedi.storage import notifications as notification_rows
from fedi.storage import posts as post_rows
from fedi.storage import sessions as session_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from fedi.storage.timelines import Page as Part
from fedi.storage.timelines import list_profile
from tests.web.pages.reading import HTML, Visitor
from tests.web.rig import Rig

FORMS = [
    "/posts/{post}/vote", "/posts/{post}/react", "/posts/{post}/react/x", "/posts/{post}/unreact/x", "/settings/featured",
    "/settings/featured/1/remove", "/settings/writing", "/settings/domains", "/settings/domains/remove", "/accounts/{bob}/note",
    "/accounts/{bob}/endorse", "/accounts/{bob}/unendorse", "/@alice/collections/1/delete", "/@alice/collections/1/1/remove",
    "/@alice/collections/1/1/leave",
    "/login", "/logout", "/notifications", "/notifications/requests/1/accept", "/announcements/1/dismiss", "/settings/notifications",
     "/compose", "/posts/{post}/like", "/posts/{post}/boost", "/posts/{post}/bookmark",
    "/posts/{post}/pin", "/accounts/{bob}/follow", "/accounts/{bob}/unfollow", "/accounts/{bob}/block", "/accounts/{bob}/mute",
    "/accounts/{bob}/accept", "/accounts/{bob}/remove", "/@alice/{post}/edit", "/@alice/{post}/delete", "/settings/profile",
    "/settings/email", "/settings/email/again", "/settings/email/keep",
    "/settings/security/password", "/settings/security/sessions", "/settings/security/apps/1/end", "/oauth/authorize",
    "/sign-up", "/confirm", "/settings/newsletter", "/settings/newsletter/forget", "/newsletter/subscribe", "/newsletter/unsubscribe",
    "/moderation/sign-ups/1/approve", "/moderation/sign-ups/1/reject",
    "/tags/cats/follow", "/tags/cats/unfollow",
    "/settings/moving/add", "/settings/moving/remove", "/settings/moving/move", "/settings/moving/back",
    "/settings/data/delete", "/settings/data/bring", "/accounts/{bob}/report", "/moderation/1/settle", "/moderation/1/suspend",
    "/approvals/1/accept", "/approvals/1/refuse", "/approvals/1/revoke", "/posts/{post}/unquote", "/settings/consent",
]  # fmt: skip
OFF_HOST = [
    "//evil.test",
    "//evil.test/a",
    "/\\evil.test",
    "https://evil.test/",
    "/x/..//evil.test",
    "/\t/evil.test",
    "javascript:alert(1)",
    "evil",
]


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice", "owner")


@pytest.fixture
def bob(rig: Rig) -> Account:
    return rig.person("bob")


@pytest.fixture
def post(rig: Rig, alice: Account) -> Post:
    return rig.post(alice, "hello")


def state(rig: Rig) -> list[object]:
    """Everything a form could have changed."""
    tables = "posts favourites bookmarks pins follows blocks mutes sessions account_notes user_domain_blocks endorsements".split()
    return [rig.instance.db.read(lambda tx, table=table: [tuple(r) for r in tx.query(f"SELECT * FROM {table}")]) for table in tables]


# -- only forms of ours --


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_that_is_not_ours_is_refused_and_changes_nothing(
    rig: Rig, alice: Account, bob: Account, post: Post, path: str
) -> None:
    """AUT-19: no token, a wrong one, another person's, a foreign origin, a foreign site, and as a GET."""
    path = path.format(post=post.id, bob=bob.id)
    visitor, other = Visitor(rig, alice), Visitor(rig, bob)
    before = state(rig)
    for form in ({"csrf": ""}, {"csrf": "0" * 64}, {"csrf": other.csrf}):
        assert (await visitor.post(path, form | {"text": "forged"})).status == 403
    for headers in ({"Origin": "https://evil.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await visitor.post(path, {"text": "forged"}, **headers)).status == 403
    await visitor.get(path)
    assert state(rig) == before


@pytest.mark.parametrize("target", OFF_HOST)
async def test_no_form_leads_off_this_server(rig: Rig, alice: Account, post: Post, target: str) -> None:
    """AUT-23."""
    visitor = Visitor(rig, alice)
    assert (await visitor.press(f"/posts/{post.id}/like", {"next": target})).startswith("/home#")
    assert (await visitor.get(f"/login?next={target}")).headers["Location"] == "/home"
    assert (await visitor.press("/compose", {"text": "x", "next": target})).startswith("/home?")


@pytest.mark.parametrize(
    "path", ["//evil.test/a", "/@alice@evil.test@evil.test", "/authorize_interaction?uri=https://evil.test/", "/@//evil.test"]
)
async def test_no_address_leads_off_this_server(rig: Rig, path: str) -> None:
    url = URL(str(rig.client.make_url("/")).rstrip("/") + path, encoded=True)
    response = await rig.client.session.get(url, headers={"Accept": HTML, "Host": rig.host}, allow_redirects=False)
    where = response.headers.get("Location", "/")
    assert where.startswith("/") and not where.startswith("//")


# -- signing in and out --


@pytest.fixture
def carol(rig: Rig) -> Account:
    """Somebody with a password that is known."""
    made = rig.person("carol")
    rig.instance.db.transact(logins.set_password, made.id, logins.hash_password("correct horse"))
    return made


async def test_one_signs_in_by_name_or_address_and_comes_back_to_where_one_wanted(rig: Rig, carol: Account) -> None:
    for login in ("carol", "CAROL", "carol@mail.test", "@carol"):
        visitor = Visitor(rig)
        response = await visitor.post("/login", {"login": login, "password": "correct horse", "next": "/compose?to=1"})
        assert response.status == 303 and response.headers["Location"] == "/compose?to=1"
        cookie = response.headers.getall("Set-Cookie")[0]
        for part in ("__Host-fedi=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
            assert part in cookie


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(rig: Rig, carol: Account) -> None:
    texts = set()
    for login in ("carol", "carla"):
        response = await Visitor(rig).post("/login", {"login": login, "password": "wrong horse"})
        assert response.status == 422 and "__Host-fedi=" not in "".join(response.headers.getall("Set-Cookie", []))
        texts.add((await response.text()).replace(login, "NAME"))
    assert len(texts) == 1


async def test_guessing_is_slowed_down(rig: Rig, carol: Account) -> None:
    for _ in range(5):
        assert (await Visitor(rig).post("/login", {"login": "carol", "password": "guess"})).status == 422
    response = await Visitor(rig).post("/login", {"login": "carol", "password": "correct horse"})
    assert response.status == 429 and int(response.headers["Retry-After"]) > 0


async def test_signing_in_ends_the_session_the_browser_had(rig: Rig, carol: Account) -> None:
    """AUT-17: whatever cookie an attacker planted is worth nothing afterwards."""
    visitor = Visitor(rig, carol)
    response = await visitor.post("/login", {"login": "carol", "password": "correct horse"})
    assert visitor.secret not in response.headers["Set-Cookie"]
    assert (await visitor.get("/home")).status == 303


async def test_signing_out_ends_the_session_on_the_server(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    assert await visitor.press("/logout") == "/?said=bye"
    assert (await visitor.get("/home")).status == 303


async def test_who_is_suspended_does_not_get_in(rig: Rig, carol: Account) -> None:
    rig.instance.db.transact(account_rows.update, carol.id, suspended_at=1)
    assert (await Visitor(rig).post("/login", {"login": "carol", "password": "correct horse"})).status == 422


# -- writing --


async def test_a_post_is_written_and_shown(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    where = await visitor.press("/compose", {"text": "to the *sea*", "warning": "wind", "visibility": "unlisted", "language": "en"})
    page = await visitor.read(where)
    assert "to the sea" in page.main and "wind" in page.main and "Your post is out." in page.main
    post = rig.instance.db.read(list_profile, alice.id, alice.id, Part())[0]
    assert (post.visibility, post.warning, post.language, post.content_type) == ("unlisted", "wind", "en", "text/markdown")


async def test_a_form_sent_twice_makes_one_post(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    page = await visitor.read("/compose")
    key = next(field.get("value") for field in page.form("/compose").all("input") if field.get("name") == "key")
    assert await visitor.press("/compose", {"text": "once", "key": key}) == await visitor.press("/compose", {"text": "once", "key": key})


async def test_what_cannot_be_posted_comes_back_with_the_reason_and_the_text(rig: Rig, alice: Account) -> None:
    response = await Visitor(rig, alice).post("/compose", {"text": "  ", "warning": "kept", "visibility": "unlisted"})
    text = await response.text()
    assert response.status == 422 and "cannot be empty" in text and 'value="kept"' in text
    long = "a" * 5001
    response = await Visitor(rig, alice).post("/compose", {"text": long})
    assert response.status == 422 and long in await response.text()


async def test_an_answer_starts_with_whom_it_answers_and_no_wider_than_that_was(rig: Rig, alice: Account, bob: Account) -> None:
    asked = rig.post(bob, "@alice are you in?", visibility="direct", warning="plans")
    page = await Visitor(rig, alice).read(f"/compose?to={asked.id}")
    assert page.all("textarea")[0].own_text == "@bob "
    checked = [field.get("value") for field in page.all("input") if field.get("name") == "visibility" and "checked" in field.attributes]
    assert checked == ["direct"]
    where = await Visitor(rig, alice).press("/compose", {"text": "@bob yes", "to": str(asked.id), "visibility": "direct"})
    assert "are you in" in (await Visitor(rig, bob).read(where)).main


async def test_the_form_says_what_privacy_rests_on(rig: Rig, alice: Account) -> None:
    """P-11, P-15."""
    text = (await Visitor(rig, alice).read("/compose")).main
    assert "not end-to-end encrypted" in text and "software there" in text


async def test_an_edit_changes_the_text_and_keeps_the_earlier_one(rig: Rig, alice: Account, post: Post) -> None:
    visitor = Visitor(rig, alice)
    page = await visitor.read(f"/@alice/{post.id}/edit")
    assert page.all("textarea")[0].own_text == "hello"
    where = await visitor.press(f"/@alice/{post.id}/edit", {"text": "hello again"})
    main = (await visitor.read(where)).main
    assert "hello again" in main and "Earlier versions" in main and "edited" in main


# -- buttons --


async def test_buttons_do_and_undo_and_lead_back_to_the_post(rig: Rig, alice: Account, bob: Account, post: Post) -> None:
    visitor = Visitor(rig, bob)
    for verb in ("like", "boost", "bookmark"):
        for done, pressed in ((verb, "true"), (f"un{verb}", "false")):
            button = (await visitor.read("/public")).button(f"/posts/{post.id}/{done}")
            assert button is not None and button.get("aria-pressed") != pressed
            assert await visitor.press(f"/posts/{post.id}/{done}", {"next": "/public"}) == f"/public#p{post.id}"
    flags = rig.instance.db.read(interaction_rows.list_flags, bob.id, [post.id])
    assert flags[post.id] == interaction_rows.NO_FLAGS


async def test_a_boost_in_the_list_stands_for_what_it_boosts(rig: Rig, bob: Account, carol: Account, post: Post) -> None:
    rig.befriend(carol, bob)
    boost = rig.instance.db.transact(interactions.boost, bob, post.id)
    visitor = Visitor(rig, carol)
    assert (await visitor.read("/home")).button(f"/posts/{boost.id}/like") is not None
    await visitor.press(f"/posts/{boost.id}/like")
    assert rig.instance.db.read(post_rows.get, post.id).favourites_count == 1


async def test_what_one_may_not_see_one_cannot_act_on(rig: Rig, alice: Account, bob: Account) -> None:
    hidden = rig.post(alice, "secret", visibility="direct")
    for verb in ("like", "boost", "bookmark", "pin"):
        assert (await Visitor(rig, bob).post(f"/posts/{hidden.id}/{verb}")).status == 404


async def test_following_asking_accepting_and_removing(rig: Rig, alice: Account, bob: Account) -> None:
    asker, asked = Visitor(rig, bob), Visitor(rig, alice)
    assert await asker.press(f"/accounts/{alice.id}/follow", {"next": "/@alice"}) == "/@alice?said=followed"
    assert (await asker.read("/@alice")).button(f"/accounts/{alice.id}/unfollow") is not None
    await asked.press(f"/accounts/{bob.id}/remove")
    rig.instance.db.transact(account_rows.update, alice.id, locked=1)
    assert await asker.press(f"/accounts/{alice.id}/follow", {"next": "/@alice"}) == "/@alice?said=asked"
    assert "bob" in (await asked.read("/requests")).main
    await asked.press(f"/accounts/{bob.id}/accept")
    assert rig.instance.db.read(follow_rows.is_follower, bob.id, alice.id)
    await asker.press(f"/accounts/{alice.id}/unfollow")
    assert not rig.instance.db.read(follow_rows.is_follower, bob.id, alice.id)


async def test_blocking_is_asked_first_and_muting_can_be_taken_back(rig: Rig, alice: Account, bob: Account) -> None:
    visitor = Visitor(rig, alice)
    assert "Block" in (await visitor.read(f"/accounts/{bob.id}/block")).main
    await visitor.press(f"/accounts/{bob.id}/block", {"next": "/@bob"})
    assert "bob" in (await visitor.read("/blocks")).main and rig.instance.db.read(block_rows.stands_between, alice.id, bob.id)
    await visitor.press(f"/accounts/{bob.id}/unblock")
    await visitor.press(f"/accounts/{bob.id}/mute")
    assert "bob" in (await visitor.read("/mutes")).main
    await visitor.press(f"/accounts/{bob.id}/unmute")
    assert "bob" not in (await visitor.read("/mutes")).main


async def test_activity_is_new_until_it_is_marked_as_read(rig: Rig, alice: Account, bob: Account, post: Post) -> None:
    rig.instance.db.transact(interactions.favourite, bob, post.id)
    rig.post(bob, "@alice look")
    visitor = Visitor(rig, alice)
    page = await visitor.read("/notifications")
    assert "bob liked your post" in page.main and "look" in page.main
    assert rig.instance.db.read(notification_rows.count_unread, alice.id) == 2
    await visitor.press("/notifications")
    assert rig.instance.db.read(notification_rows.count_unread, alice.id) == 0


# -- settings --


def picture() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (40, 40), (200, 30, 30)).save(out, "PNG")
    return out.getvalue()


async def test_a_profile_is_changed_with_pictures(rig: Rig, alice: Account) -> None:
    visitor, form = Visitor(rig, alice), FormData()
    values = {"csrf": visitor.csrf, "name": "Alice L.", "bio": "I am #here", "label1": "Pronouns", "value1": "she/her", "locked": "1"}
    for name, value in values.items():
        form.add_field(name, value)
    form.add_field("avatar", picture(), filename="me.png", content_type="image/png")
    form.add_field("header", b"", filename="", content_type="application/octet-stream")
    response = await visitor.post("/settings/profile", form)
    assert response.status == 303
    changed = rig.instance.db.read(account_rows.get, alice.id)
    assert (
        (changed.display_name, changed.locked, changed.discoverable) == ("Alice L.", 1, 0) and changed.avatar_id and not changed.header_id
    )
    page = await Visitor(rig).read("/@alice")
    shown = next(img.get("src") for img in page.all("img") if img.get("src").startswith("/media/"))
    assert (await rig.client.get(shown)).content_type == "image/webp"
    assert "she/her" in page.main
    await visitor.press("/settings/profile", {"name": "Alice", "no_avatar": "1"})
    assert rig.instance.db.read(account_rows.get, alice.id).avatar_id is None


async def test_people_keep_their_network_to_themselves_and_name_their_sites(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    await visitor.press(
        "/settings/profile", {"name": "Alice", "hide_network": "1", "sites": "https://alice.test/about\r\n\r\nBlog.alice.test"}
    )
    page = await (await visitor.get("/settings/profile")).text()
    assert 'name="hide_network" value="1" checked' in page and "alice.test\nblog.alice.test</textarea>" in page
    document = await (await rig.get("/users/alice", "application/activity+json")).json()
    assert document["attributionDomains"] == ["alice.test", "blog.alice.test"]
    assert "first" not in await (await rig.get("/users/alice/followers", "application/activity+json")).json()
    refused = await visitor.post("/settings/profile", {"csrf": visitor.csrf, "name": "Alice", "sites": "not a site"})
    assert refused.status == 422 and "not a site</textarea>" in await refused.text()
    await visitor.press("/settings/profile", {"name": "Alice"})
    assert "first" in await (await rig.get("/users/alice/followers", "application/activity+json")).json()


@pytest.mark.parametrize(
    "data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + b"\0" * 20, b"<html>", b"\x89PNG\r\n\x1a\nbroken"]
)
async def test_what_is_no_picture_is_refused_and_the_form_keeps_its_text(rig: Rig, alice: Account, data: bytes) -> None:
    visitor, form = Visitor(rig, alice), FormData()
    form.add_field("csrf", visitor.csrf)
    form.add_field("name", "still here")
    form.add_field("avatar", data, filename="a.png", content_type="image/png")
    response = await visitor.post("/settings/profile", form)
    assert response.status == 422 and 'value="still here"' in await response.text()
    assert rig.instance.db.read(account_rows.get, alice.id).avatar_id is None


async def test_a_new_password_needs_the_old_one_and_signs_out_everything_else(rig: Rig, carol: Account) -> None:
    here, there = Visitor(rig, carol), Visitor(rig, carol)
    assert (await here.post("/settings/security/password", {"old": "wrong", "new": "another horse"})).status == 422
    assert (await here.post("/settings/security/password", {"old": "correct horse", "new": "short"})).status == 422
    response = await here.post("/settings/security/password", {"old": "correct horse", "new": "another horse"})
    assert response.status == 303 and "__Host-fedi=" in response.headers["Set-Cookie"]
    for visitor in (here, there):
        assert (await visitor.get("/home")).status == 303
    assert (await Visitor(rig).post("/login", {"login": "carol", "password": "another horse"})).status == 303


async def test_other_browsers_are_signed_out_and_this_one_stays(rig: Rig, alice: Account) -> None:
    here, there = Visitor(rig, alice), Visitor(rig, alice)
    assert len(rig.instance.db.read(session_rows.list_of, alice.id)) == 2
    await here.press("/settings/security/sessions")
    await here.read("/settings/security")
    assert (await there.get("/home")).status == 303


# -- search --


async def test_people_and_posts_are_found_by_handle_and_address(rig: Rig, alice: Account, bob: Account, post: Post) -> None:
    visitor = Visitor(rig, bob)
    for query in ("@alice@fedi.test", "alice", "https://fedi.test/@alice", "ali"):
        page = await visitor.read(f"/search?q={query}")
        assert page.button(f"/accounts/{alice.id}/follow") is not None, query
    assert "hello" in (await visitor.read(f"/search?q={post.uri}")).main
    hidden = rig.post(alice, "the gate code", visibility="direct")
    assert "gate code" not in (await visitor.read(f"/search?q={hidden.uri}")).main
    assert "Nothing found" in (await visitor.read("/search?q=zzz")).main


async def test_strangers_cannot_make_this_server_look_anything_up(rig: Rig) -> None:
    assert (await Visitor(rig).get("/search?q=@a@peer.test")).status == 303
    assert rig.asked_nobody


async def test_looking_up_is_limited(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    for _ in range(30):
        await visitor.get("/search?q=https://fedi.test/nothing")
    assert "looked up much" in (await visitor.read("/search?q=https://fedi.test/nothing")).main


async def test_a_topic_is_followed_on_its_page_and_left_in_the_settings(rig: Rig, alice: Account) -> None:
    rig.post(alice, "about #cats")
    visitor = Visitor(rig, alice)
    assert (await visitor.read("/tags/cats")).button("/tags/cats/follow")
    assert (await visitor.press("/tags/cats/follow", {"next": "/tags/cats"})).startswith("/tags/cats?said=topic")
    assert (await visitor.read("/tags/cats")).button("/tags/cats/unfollow")

    assert (await visitor.read("/settings/tags")).button("/tags/cats/unfollow")
    assert (await visitor.press("/tags/cats/unfollow", {"next": "/settings/tags"})).startswith("/settings/tags?said=no_topic")
    assert "None yet" in (await visitor.read("/settings/tags")).main
