"""Settings, Moving and Your data: forms that work, that ask for the password, and that say what is wrong."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData

from fedi import logins, moves
from fedi.storage import accounts as account_rows
from fedi.storage.accounts import Account
from tests import remote
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig

PASSWORD = "correct horse"


@pytest.fixture
async def there(tmp_path: Path, quick_keys: None) -> AsyncIterator[remote.World]:
    async with remote.world(tmp_path) as made:
        yield made


class _Rig(Rig):
    """The rig of pages on the instance of a world."""

    def __init__(self, world: remote.World) -> None:
        super().__init__(world.instance, world.client)

    def now(self, who: Account) -> Account:
        return self.instance.db.read(account_rows.get, who.id)


@pytest.fixture
def house(there: remote.World) -> _Rig:
    there.db.transact(logins.set_password, there.alice.id, logins.hash_password(PASSWORD))
    there.client.session.headers["Host"] = there.instance.uris.host
    return _Rig(there)


async def test_an_old_account_is_named_and_taken_back(there: remote.World, house: _Rig) -> None:
    there.peer().actor("carol")
    visitor = Visitor(house, there.alice)
    page = await visitor.read("/settings/moving")
    assert "Move here" in page.main and "Move away" in page.main

    assert await visitor.press("/settings/moving/add", {"other": "@carol@peer.test"}) == "/settings/moving?said=alias"
    page = await visitor.read("/settings/moving?said=alias")
    assert "@carol@peer.test" in page.main and house.now(there.alice).aliases() == ["https://peer.test/users/carol"]

    await visitor.press("/settings/moving/remove", {"uri": "https://peer.test/users/carol"})
    await visitor.press("/settings/moving/remove", {"uri": "https://peer.test/users/carol"})
    assert house.now(there.alice).aliases() == []


@pytest.mark.parametrize("query", ["@alice@fedi.test", "@nobody@peer.test", "https://peer.test/nothing", "what?", "@x@down.test"])
async def test_what_cannot_be_an_alias_is_said(there: remote.World, house: _Rig, query: str) -> None:
    answer = await Visitor(house, there.alice).post("/settings/moving/add", {"other": query})

    assert answer.status == 422 and 'role="alert"' in await answer.text()
    assert house.now(there.alice).aliases() == []


async def test_followers_are_sent_on_with_the_password_and_one_can_come_back(there: remote.World, house: _Rig) -> None:
    carol = there.peer().actor("carol")
    visitor = Visitor(house, there.alice)
    form = {"target": "@carol@peer.test", "password": PASSWORD}
    refused = await visitor.post("/settings/moving/move", form)
    assert refused.status == 422 and "does not name this account" in await refused.text()
    carol.document["alsoKnownAs"] = [there.alice.uri]
    wrong = await visitor.post("/settings/moving/move", form | {"password": "wrong"})
    assert wrong.status == 422 and house.now(there.alice).moved_to_uri == ""

    assert await visitor.press("/settings/moving/move", form) == "/settings/moving?said=moved"
    assert house.now(there.alice).moved_to_uri == carol.uri
    page = await visitor.read("/settings/moving")
    assert "You have moved" in page.main and "The next move is possible from" in page.main
    profile = await Visitor(house, there.bob).read("/@alice")
    assert "has moved to" in profile.main and profile.button(f"/accounts/{there.alice.id}/follow") is None

    await visitor.press("/settings/moving/back")
    assert house.now(there.alice).moved_to_uri == "" and moves.COOLDOWN_MS == 7 * 24 * 3600 * 1000


async def test_an_account_is_deleted_by_its_owner_with_name_and_password(there: remote.World, house: _Rig) -> None:
    carol = there.peer().actor("carol")
    await there.befriend(carol, there.alice)
    post = there.publish(there.alice, "farewell")
    await there.settle()
    visitor = Visitor(house, there.alice)
    await visitor.read("/settings/data")
    for form in ({"name": "bob", "password": PASSWORD}, {"name": "alice", "password": "wrong"}, {"name": "", "password": PASSWORD}):
        assert (await visitor.post("/settings/data/delete", form)).status == 422
    assert house.now(there.alice).deleted_at is None

    answer = await visitor.post("/settings/data/delete", {"name": "@Alice", "password": PASSWORD})
    assert answer.status == 303 and "Max-Age=0" in answer.headers["Set-Cookie"]
    await there.settle()

    [delete] = there.peer().received("Delete")
    assert delete["object"] == delete["actor"] == there.alice.uri
    assert (await visitor.get("/home")).status == 303
    for path in ("/users/alice", f"/users/alice/posts/{post.id}", "/.well-known/webfinger?resource=acct:alice@fedi.test"):
        assert (await house.get(path)).status == 410, path
    assert (await there.deliver(carol, carol.activity("Like", post.uri), "/users/alice/inbox")).status == 410


async def test_the_only_owner_is_told_why_not(there: remote.World, house: _Rig) -> None:
    there.db.transact(lambda tx: tx.execute("UPDATE users SET role = 'owner' WHERE account_id = ?", (there.alice.id,)))
    answer = await Visitor(house, there.alice).post("/settings/data/delete", {"name": "alice", "password": PASSWORD})

    assert answer.status == 409 and "only owner" in await answer.text()
    assert house.now(there.alice).deleted_at is None


async def test_lists_are_taken_along_and_brought(there: remote.World, house: _Rig) -> None:
    visitor, other = Visitor(house, there.alice), Visitor(house, there.bob)
    form = FormData()
    form.add_field("csrf", visitor.csrf)
    form.add_field("kind", "domains")
    form.add_field("file", b"evil.test\nspam.test\n", filename="blocked_domains.csv", content_type="text/csv")
    answer = await visitor.post("/settings/data/bring", form)
    assert answer.status == 303
    await there.settle()

    assert "2 of 2 lines are done." in (await visitor.read("/settings/data")).main
    taken = await visitor.get("/settings/data/domains.csv")
    assert (taken.status, taken.content_type, await taken.text()) == (200, "text/csv", "evil.test\nspam.test\n")
    assert taken.headers["Cache-Control"] == "private, no-store" and "blocked_domains.csv" in taken.headers["Content-Disposition"]
    assert await (await other.get("/settings/data/domains.csv")).text() == ""
    assert (await Visitor(house).get("/settings/data/domains.csv")).status == 303
    for given in ({"kind": "domains"}, {"kind": "passwords"}):
        assert (await visitor.post("/settings/data/bring", given)).status == 422
