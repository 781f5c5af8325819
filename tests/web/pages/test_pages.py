"""Every page, for everybody who may look at it, and for those who may not."""

from urllib.parse import parse_qs, urlsplit

import pytest

from fedi import accounts, blocks, interactions
from fedi.storage import accounts as account_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from fedi.web.pages import site
from tests.web.pages.reading import HTML, Page, Visitor, faults
from tests.web.rig import Rig, served, settings

OPEN = [
    "/",
    "/about",
    "/public",
    "/login",
    "/tags/garden",
    "/@alice",
    "/@alice/with_replies",
    "/@alice/media",
    "/explore",
    "/explore/topics",
    "/explore/links",
]
OWN = [
    "/home", "/notifications", "/notifications/requests", "/settings/notifications", "/notifications?show=likes",
    "/compose", "/search", "/search?q=ali", "/search?q=%23gar", "/bookmarks", "/requests", "/blocks", "/mutes",
    "/settings", "/settings/profile", "/settings/security",
    "/settings/email", "/settings/moving", "/settings/data", "/settings/writing", "/settings/domains",
    "/search?q=tomatoes&kind=posts", "/search?q=gar&kind=topics", "/search?q=al&kind=people", "/explore/people", "/year/2026",
    "/public/all", "/@alice/followers", "/@alice/following", "/@dan@peer.test",
]  # fmt: skip


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice", "owner")


@pytest.fixture
def bob(rig: Rig) -> Account:
    return rig.person("bob")


@pytest.fixture
def post(rig: Rig, alice: Account) -> Post:
    return rig.post(alice, "The first tomatoes #garden")


@pytest.fixture
def peopled(rig: Rig, alice: Account, bob: Account, post: Post) -> Rig:
    """Something of everything on every page."""
    dan = rig.account(rig.stranger())
    for follower, followed in ((bob, alice), (alice, bob), (dan, alice), (alice, dan)):
        rig.befriend(follower, followed)
    answer = rig.post(bob, "@alice lovely", in_reply_to_id=post.id)
    rig.post(alice, "thanks", in_reply_to_id=answer.id, warning="joy")
    rig.post(alice, "in the house", local_only=True)
    for act in (interactions.favourite, interactions.boost, interactions.bookmark):
        rig.instance.db.transact(act, bob, post.id)
    rig.instance.db.transact(interactions.bookmark, alice, answer.id)
    rig.instance.db.transact(interactions.pin, alice, post.id)
    return rig


@pytest.mark.parametrize("path", OPEN)
async def test_an_open_page_renders_for_strangers_and_for_people_of_the_server(
    peopled: Rig, alice: Account, bob: Account, path: str
) -> None:
    await Visitor(peopled).read(path)
    if path not in ("/", "/login"):
        await Visitor(peopled, alice).read(path)
        await Visitor(peopled, bob).read(path)


@pytest.mark.parametrize("path", OWN)
async def test_a_page_of_ones_own_renders_with_and_without_anything_on_it(peopled: Rig, alice: Account, path: str) -> None:
    await Visitor(peopled, alice).read(path)
    await Visitor(peopled, peopled.person("newcomer")).read(path)


@pytest.mark.parametrize("path", [*OWN[:-1], "/accounts/1/block", "/@alice/1/edit", "/@alice/1/delete"])
async def test_a_page_of_ones_own_sends_strangers_to_sign_in_and_back(peopled: Rig, path: str) -> None:
    response = await Visitor(peopled).get(path)
    assert response.status == 303
    where = urlsplit(response.headers["Location"])
    assert where.path == "/login" and parse_qs(where.query)["next"] == [path]


async def test_the_pages_of_a_post_render_for_author_and_others(peopled: Rig, alice: Account, bob: Account, post: Post) -> None:
    for visitor in (Visitor(peopled), Visitor(peopled, bob)):
        page = await visitor.read(f"/@alice/{post.id}")
        assert "The first tomatoes" in page.main and "lovely" in page.main and "thanks" in page.main
    author = Visitor(peopled, alice)
    for path in ("", "/edit", "/delete"):
        await author.read(f"/@alice/{post.id}{path}")
    await author.read(f"/compose?to={post.id}")
    await author.read(f"/accounts/{bob.id}/block")


async def test_a_bearer_token_opens_no_page(rig: Rig, alice: Account) -> None:
    response = await rig.client.get("/home", headers={"Authorization": f"Bearer {rig.token(alice)}", "Accept": HTML}, allow_redirects=False)
    assert response.status == 303


async def test_the_first_page_is_home_for_who_is_signed_in(rig: Rig, alice: Account) -> None:
    assert (await Visitor(rig, alice).get("/")).headers["Location"] == "/home"


# -- who must not see --


@pytest.mark.parametrize("visibility", ["followers", "direct"])
async def test_who_may_not_see_a_post_gets_what_an_unknown_id_gets(rig: Rig, alice: Account, bob: Account, visibility: str) -> None:
    hidden = rig.post(alice, "the gate code", visibility=visibility)
    for visitor in (Visitor(rig), Visitor(rig, bob)):
        unknown = (await (await visitor.get("/@alice/1234567890123")).text()).replace("1234567890123", "ID")
        response = await visitor.get(f"/@alice/{hidden.id}")
        assert response.status == 404
        assert (await response.text()).replace(str(hidden.id), "ID") == unknown
        for path in ("/@alice", "/@alice/with_replies", "/public", "/@alice.atom", "/about"):
            assert "gate code" not in await (await visitor.get(path)).text()
    assert (await Visitor(rig, bob).get(f"/compose?to={hidden.id}")).status == 404


async def test_a_post_kept_here_is_not_for_strangers(rig: Rig, alice: Account, bob: Account) -> None:
    kept = rig.post(alice, "in the house", local_only=True)
    assert (await Visitor(rig).get(f"/@alice/{kept.id}")).status == 404
    await Visitor(rig, bob).read(f"/@alice/{kept.id}")
    assert "in the house" not in (await Visitor(rig).read("/public")).main


async def test_a_post_stands_under_its_authors_name_only(rig: Rig, bob: Account, post: Post) -> None:
    assert (await Visitor(rig).get(f"/@bob/{post.id}")).status == 404


async def test_who_is_blocked_sees_no_posts(rig: Rig, alice: Account, bob: Account, post: Post) -> None:
    rig.instance.db.transact(blocks.block, alice, bob.id)
    assert (await Visitor(rig, bob).get(f"/@alice/{post.id}")).status == 404
    assert "tomatoes" not in (await Visitor(rig, bob).read("/@alice")).main


async def test_only_the_author_edits_deletes_and_sees_receipts(rig: Rig, alice: Account, bob: Account, post: Post) -> None:
    rig.befriend(rig.account(rig.stranger()), alice)
    sent = rig.post(alice, "for the world")
    assert "Where it got to" in (await Visitor(rig, alice).read(f"/@alice/{sent.id}")).main
    page = await Visitor(rig, bob).read(f"/@alice/{sent.id}")
    assert "Where it got to" not in page.main
    for path in ("edit", "delete"):
        assert (await Visitor(rig, bob).get(f"/@alice/{sent.id}/{path}")).status == 404
        assert (await Visitor(rig, bob).post(f"/@alice/{sent.id}/{path}", {"text": "mine now"})).status == 404


async def test_somebody_elsewhere_is_shown_to_people_of_the_server_only(rig: Rig, alice: Account) -> None:
    rig.stranger("carol")
    page = await Visitor(rig).read("/@carol@peer.test")
    assert "You are leaving" in page.main and "Posts and answers" not in page.source
    assert (await Visitor(rig).get("/@nobody@peer.test")).status == 404
    await Visitor(rig, alice).read("/@carol@peer.test")


async def test_a_suspended_account_is_unknown_and_a_deleted_one_gone(rig: Rig, alice: Account, bob: Account) -> None:
    rig.instance.db.transact(account_rows.update, bob.id, suspended_at=1)
    assert (await Visitor(rig).get("/@bob")).status == 404
    carol = rig.person("carol")
    rig.instance.db.transact(accounts.delete_local, carol)
    await Visitor(rig).read("/@carol", 410)
    assert (await Visitor(rig).get("/@carol.atom")).status == 410


async def test_a_suspended_person_is_told_so(rig: Rig, bob: Account) -> None:
    visitor = Visitor(rig, bob)
    rig.instance.db.transact(account_rows.update, bob.id, suspended_at=1)
    response = await visitor.get("/home")
    assert response.status == 403 and "suspended" in await response.text()


async def test_a_deleted_post_is_gone_and_never_there_is_unknown(rig: Rig, alice: Account, post: Post) -> None:
    assert await Visitor(rig, alice).press(f"/@alice/{post.id}/delete") == "/@alice?said=deleted"
    await Visitor(rig).read(f"/@alice/{post.id}", 410)
    await Visitor(rig).read("/@alice/77", 404)
    await Visitor(rig).read("/nothing/at/all", 404)


# -- for machines --


async def test_a_public_post_says_what_machines_ask_for(rig: Rig, post: Post) -> None:
    response = await Visitor(rig).get(f"/@alice/{post.id}")
    page = Page(await response.text())
    assert f'<{post.uri}>; rel="alternate"; type="application/activity+json"' in response.headers.getall("Link")
    links = {(link.get("rel"), link.get("type")): link.get("href") for link in page.all("link")}
    assert links["alternate", "application/activity+json"] == post.uri and links["canonical", ""] == post.url
    meta = {tag.get("property") or tag.get("name"): tag.get("content") for tag in page.all("meta")}
    assert meta["og:description"] == "The first tomatoes #garden" and meta["fediverse:creator"] == "@alice@fedi.test"
    classes = " ".join(element.get("class") for element in page.all())
    for name in ("h-entry", "e-content", "p-author", "h-card", "dt-published", "u-url"):
        assert name in classes.split()


async def test_only_who_wants_to_be_found_is_found(rig: Rig, alice: Account, post: Post) -> None:
    paths = ("/@alice", f"/@alice/{post.id}", "/public", "/tags/garden")
    for path in paths:
        assert 'name="robots" content="noindex' in (await Visitor(rig).read(path)).source
    rig.instance.db.transact(accounts.update_profile, alice, accounts.Profile(discoverable=True, indexable=True))
    for path in paths:
        assert 'name="robots"' not in (await Visitor(rig).read(path)).source


async def test_the_head_of_a_page_says_nothing_of_a_post_that_is_not_for_everybody(rig: Rig, alice: Account) -> None:
    kept = rig.post(alice, "the gate code", visibility="followers")
    page = await Visitor(rig, alice).read(f"/@alice/{kept.id}")
    assert not [tag for tag in page.all("meta") if "gate code" in tag.get("content")]


async def test_behind_a_warning_machines_see_the_warning(rig: Rig, alice: Account) -> None:
    post = rig.post(alice, "the butler did it", warning="spoiler")
    page = await Visitor(rig).read(f"/@alice/{post.id}")
    head = page.all("head")[0]
    assert not [element for element in head.all() if "butler" in element.text + element.get("content")]


async def test_every_page_has_the_strict_policy_and_loads_from_here_only(rig: Rig, post: Post) -> None:
    response = await Visitor(rig).get("/public")
    policy = response.headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "form-action 'self'", "base-uri 'none'"):
        assert rule in policy
    assert "unsafe" not in policy and response.headers["Referrer-Policy"] == "same-origin"
    assert "http://" not in "".join(link.get("href") for link in Page(await response.text()).all("link") if link.get("rel") == "stylesheet")


async def test_strangers_get_no_cookie_and_a_page_that_may_be_kept(rig: Rig, post: Post) -> None:
    for path in ("/", "/public", "/@alice", f"/@alice/{post.id}", "/about"):
        response = await rig.client.get(path, headers={"Accept": HTML})
        assert "Set-Cookie" not in response.headers and response.headers["Cache-Control"].startswith("public")


async def test_what_one_person_sees_is_kept_by_nobody(rig: Rig, alice: Account) -> None:
    for path in ("/home", "/public", "/@alice"):
        assert "no-store" in (await Visitor(rig, alice).get(path)).headers["Cache-Control"]


async def test_static_files_are_named_by_their_content(rig: Rig) -> None:
    page = await Visitor(rig).read("/about")
    style = next(link.get("href") for link in page.all("link") if link.get("rel") == "stylesheet")
    response = await rig.client.get(style)
    assert response.content_type == "text/css" and "immutable" in response.headers["Cache-Control"]
    assert len(await response.read()) <= 32 * 1024
    for path in ("/static/../pages/site.py", "/static/%2e%2e/app.py", "/static/nothing.css"):
        assert (await rig.client.get(path)).status == 404


async def test_errors_are_pages_for_browsers_and_json_for_programs(rig: Rig) -> None:
    page = await Visitor(rig).read("/@nobody", 404)
    assert "Nothing here" in page.main and faults(page) == []
    response = await rig.client.get("/@nobody", headers={"Accept": "application/json"})
    assert response.content_type == "application/json"


# -- pages of a list --


async def test_a_long_list_is_paged_forth_and_back_without_gaps(rig: Rig, alice: Account) -> None:
    for number in range(45):
        rig.post(alice, f"note {number:02}.")
    visitor, path, seen = Visitor(rig, alice), "/home", []
    while path:
        page = await visitor.read(path)
        last, links = path, {a.text: a.get("href") for a in page.all("a") if a.get("rel") in ("next", "prev")}
        seen += [int(word[:2]) for word in page.main.split("note ")[1:]]
        path = links.get("Older", "")
    assert seen == list(range(44, -1, -1))
    page = await visitor.read(last)
    back = next(a.get("href") for a in page.all("a") if a.get("rel") == "prev")
    assert "note 05." in (await visitor.read(back)).main


@pytest.mark.parametrize("cursor", ["0", "x", "-1", "9" * 30, "%00", "1' or 1=1"])
async def test_a_cursor_that_is_none_shows_the_beginning(rig: Rig, post: Post, cursor: str) -> None:
    assert "tomatoes" in (await Visitor(rig).read(f"/public?before={cursor}")).main


async def test_a_page_costs_a_fixed_number_of_statements(rig: Rig, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    from fedi.storage.tx import Tx

    counted = []
    for name in ("query", "one"):
        plain = getattr(Tx, name)
        monkeypatch.setattr(Tx, name, lambda tx, sql, params=(), plain=plain: counted.append(sql) or plain(tx, sql, params))
    visitor = Visitor(rig, bob)
    await visitor.read("/public")  # whether one has filters is read once
    counts = []
    for _ in range(2):
        for number in range(8):
            rig.post(alice, f"@bob note {number} #garden")
        counted.clear()
        await visitor.read("/public")
        counts.append(len(counted))
    assert counts[0] == counts[1] <= 16


async def test_two_instances_in_one_process_do_not_mix(rig: Rig, tmp_path: object, alice: Account, post: Post) -> None:
    async with served(settings(tmp_path, instance={"title": "Another house"})) as other:  # type: ignore[arg-type]
        assert "tomatoes" not in (await Visitor(other).read("/public")).main
        assert "Another house" in (await Visitor(other).read("/about")).main
    assert "tomatoes" in (await Visitor(rig).read("/public")).main


# -- copies for strangers --


async def test_a_copy_for_strangers_is_made_once_and_ends_with_the_next_commit(
    rig: Rig, alice: Account, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    plain = site.show
    monkeypatch.setattr(site, "show", lambda request, name, *args, **more: made.append(name) or plain(request, name, *args, **more))
    stranger = Visitor(rig)
    for _ in range(3):
        assert "tomatoes" in (await stranger.read(f"/@alice/{post.id}")).main
    assert made == ["post.html"]
    await Visitor(rig, alice).press(f"/@alice/{post.id}/edit", {"text": "only beans"})
    page = await stranger.read(f"/@alice/{post.id}")
    assert "only beans" in page.main
    await Visitor(rig, alice).press(f"/@alice/{post.id}/delete")
    assert (await stranger.get(f"/@alice/{post.id}")).status == 410
    assert "beans" not in (await stranger.read("/@alice")).main


async def test_a_copy_has_the_headers_of_the_page(rig: Rig, post: Post) -> None:
    first, second = await Visitor(rig).get(f"/@alice/{post.id}"), await Visitor(rig).get(f"/@alice/{post.id}")
    ours = {name: first.headers.getall(name) for name in first.headers if name != "Date"}
    assert ours == {name: second.headers.getall(name) for name in second.headers if name != "Date"}


async def test_nobody_gets_the_copy_of_somebody_else(rig: Rig, alice: Account, bob: Account, post: Post) -> None:
    for visitor, name in ((Visitor(rig), None), (Visitor(rig, bob), "/@bob"), (Visitor(rig, alice), "/@alice"), (Visitor(rig), None)):
        page = await visitor.read("/public")
        own = [link.get("href") for link in page.all("a") if link.text == "Profile"]
        assert own == ([name] if name else [])


async def test_whom_one_follows_may_be_kept_to_oneself(rig: Rig, alice: Account, bob: Account) -> None:
    rig.befriend(alice, bob)
    rig.instance.db.transact(user_rows.set_settings, alice.id, {"hide_network": True})
    assert "keeps this to themselves" in (await Visitor(rig, bob).read("/@alice/following")).main
    assert "bob" in (await Visitor(rig, alice).read("/@alice/following")).main
