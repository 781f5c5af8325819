"""Who may put somebody into collections is said to each who asks, wherever the account stands."""

import json
from typing import Any

import pytest

from fedi import collections, interactions
from fedi.collections import About
from fedi.errors import Forbidden
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web.api import bulletins
from fedi.web.api.entities import featuring
from fedi.web.api.entities.shelf import SHELF
from tests import make
from tests.web.api.conftest import Api


def told(found: Any, name: str) -> set[str]:
    """What is said of somebody, wherever they stand."""
    if isinstance(found, list):
        return {one for part in found for one in told(part, name)}
    if not isinstance(found, dict):
        return set()
    own = {found["feature_approval"]["current_user"]} if found.get("acct") == name and "feature_approval" in found else set()
    return own | {one for part in found.values() for one in told(part, name)}


@pytest.fixture
def locked(api: Api, bob: Account) -> Account:
    """Somebody who chooses their followers, of whom bob is one."""
    made: Account = api.run(make.account, "locked", discoverable=1, locked=1)
    api.run(make.follow, bob, made)
    return made


async def test_of_a_locked_account_its_followers_and_itself_may(api: Api, alice: Account, bob: Account, locked: Account) -> None:
    post = await api.say(locked, "hello")
    await api.say(alice, "look at", quoted_status_id=post["id"])
    for who in (alice, bob):
        await api.post(locked, f"/api/v1/statuses/{(await api.say(who, 'mine'))['id']}/favourite")
    addresses = [
        f"/api/v1/accounts/{locked.id}",
        f"/api/v1/statuses/{post['id']}",
        "/api/v1/timelines/public",
        "/api/v2/search?q=locked",
        "/api/v1/directory",
    ]

    for who, verdict in ((bob, "automatic"), (locked, "automatic"), (alice, "denied"), (None, "denied")):
        for address in addresses if who else addresses[:3]:
            for _ in range(2):  # as it is rendered, and as it is kept
                assert told((await api.get(who, address)).json, "locked") == {verdict}, (who and who.username, address)
    for who, verdict in ((bob, "automatic"), (alice, "denied")):
        for address in ("/api/v1/notifications", "/api/v2/notifications"):
            assert told((await api.get(who, address)).json, "locked") == {verdict}, address
    assert told((await api.get(bob, "/api/v1/timelines/home")).json, "locked") == {"automatic"}


async def test_of_an_open_account_everybody_may_but_who_is_not_signed_in(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.account, "open", discoverable=1)
    api.run(make.account, "unasked", discoverable=0)

    for name, expected in (("open", ["denied", "automatic"]), ("unasked", ["denied", "denied"])):
        assert [told((await api.get(who, f"/api/v1/accounts/lookup?acct={name}")).json, name) for who in (None, bob)] == [
            {verdict} for verdict in expected
        ]


async def test_streams_say_it_to_each(api: Api, alice: Account, bob: Account, locked: Account) -> None:
    for who, verdict in ((bob, "automatic"), (alice, "denied")):
        api.run(interactions.favourite, locked, api.run(make.post, who, "mine").id)

        def said(tx: Tx, owner: Account = who) -> list[bytes]:
            ids = [row[0] for row in tx.query("SELECT id FROM notifications WHERE account_id = ?", (owner.id,))]
            return bulletins.notifications(tx, api.app[SHELF], owner.id, ids)

        assert told([json.loads(one) for one in api.rig.instance.db.read(said)], "locked") == {verdict}


async def test_what_is_said_is_what_holds(api: Api, alice: Account, bob: Account, locked: Account) -> None:
    for owner, may in ((bob, True), (locked, True), (alice, False)):
        collection = api.run(collections.create, owner, About(name="them"), [])
        if may:
            assert api.run(collections.add, owner, collection.id, locked.id).state == "accepted"
        else:
            with pytest.raises(Forbidden):
                api.run(collections.add, owner, collection.id, locked.id)


async def test_no_text_can_pass_for_the_place(api: Api, alice: Account, bob: Account, locked: Account) -> None:
    place = featuring.approval(locked)["current_user"]
    text = f'"current_user":{json.dumps(place, ensure_ascii=False)} \U0010ffff'
    post = await api.say(alice, text, content_type="text/plain")

    for who in (bob, None):
        found = (await api.get(who, f"/api/v1/statuses/{post['id']}")).json
        assert "current_user" in found["content"] and str(locked.id) in found["content"]
