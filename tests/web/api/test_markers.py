"""How far one has read: kept per timeline, versioned, and in step with our pages."""

from typing import Any

import pytest

from fedi import notifications
from fedi.storage import notifications as notification_rows
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

PATH = "/api/v1/markers"


@pytest.mark.parametrize("form", ["json", "data", "multipart"])
async def test_a_place_is_kept_for_all_programs(api: Api, alice: Account, bob: Account, form: str) -> None:
    flat = {"home[last_read_id]": "103194548672408537"}
    body: dict[str, Any] = {"json": {"home": {"last_read_id": "103194548672408537"}}} if form == "json" else {"data": flat}
    saved = (await api.post(alice, PATH, **body)).json

    assert saved.keys() == {"home"}
    assert (saved["home"]["last_read_id"], saved["home"]["version"]) == ("103194548672408537", 0)
    assert saved["home"]["updated_at"].endswith("Z")
    assert (await api.get(alice, f"{PATH}?timeline[]=home&timeline[]=notifications")).json == saved
    assert (await api.get(alice, PATH)).json == {}
    assert (await api.get(bob, f"{PATH}?timeline[]=home")).json == {}
    assert (await api.post(alice, PATH, **body)).json["home"]["version"] == 1


async def test_a_program_that_is_behind_hears_of_it(api: Api, alice: Account) -> None:
    await api.post(alice, PATH, json={"home": {"last_read_id": "5"}})
    await api.post(alice, PATH, json={"home": {"last_read_id": "6", "version": 0}})

    behind = await api.post(alice, PATH, json={"home": {"last_read_id": "7", "version": 0}, "notifications": {"last_read_id": "7"}})

    assert behind.status == 409
    assert "Conflict" in behind.json["error"]
    found = (await api.get(alice, f"{PATH}?timeline[]=home&timeline[]=notifications")).json
    assert found["home"]["last_read_id"] == "6"
    assert "notifications" not in found


async def test_what_is_no_place_is_refused_and_nothing_is_kept(api: Api, alice: Account) -> None:
    for value in ("x", "-1", "9" * 30, {"a": "b"}, ["1"]):
        assert (await api.post(alice, PATH, json={"home": {"last_read_id": value}})).status in (200, 404, 422)
    assert (await api.get(alice, f"{PATH}?timeline[]=home&timeline[]=nonsense")).json == {}
    assert (await api.post(alice, PATH, json={"nonsense": {"last_read_id": "1"}})).json == {}


async def test_pages_and_programs_know_of_each_other_what_was_read(api: Api, alice: Account, bob: Account) -> None:
    read = api.rig.instance.db.read
    for text in ("one", "two", "three"):
        api.run(make.post, bob, text, mentions=(alice,))
    three, two, _ = (await api.get(alice, "/api/v1/notifications")).json
    assert read(notification_rows.count_unread, alice.id) == 3

    await api.post(alice, PATH, json={"notifications": {"last_read_id": two["id"]}})
    assert read(notification_rows.count_unread, alice.id) == 1
    api.run(notifications.mark_all_read, alice.id)
    assert (await api.get(alice, f"{PATH}?timeline[]=notifications")).json["notifications"]["last_read_id"] == three["id"]
    assert (await api.get(alice, "/api/v1/notifications/unread_count")).json == {"count": 0}
