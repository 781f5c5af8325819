"""Push subscriptions as programs make, read, change and end them."""

from typing import Any

import pytest

from fedi import limits, logins
from fedi.storage.accounts import Account
from tests import make, pushed
from tests.web.api.conftest import Api

PATH = "/api/v1/push/subscription"
ENDPOINT = "https://push.example/send/abc?x=1"


def body(subscriber: pushed.Subscriber | None = None, **data: Any) -> dict[str, Any]:
    to = subscriber or pushed.Subscriber()
    return {"subscription": {"endpoint": ENDPOINT, "keys": {"p256dh": to.p256dh, "auth": to.auth}, "standard": True}, "data": data}


async def test_a_program_subscribes_looks_changes_and_ends_it(api: Api, alice: Account) -> None:
    made = await api.post(alice, PATH, json=body(alerts={"mention": True, "admin.report": True, "poll": False}, policy="followed"))

    assert made.status == 200
    assert (made.json["endpoint"], made.json["standard"], made.json["policy"]) == (ENDPOINT, True, "followed")
    assert made.json["id"].isdecimal() and made.json["server_key"] == api.rig.instance.vapid.public
    assert {name for name, wanted in made.json["alerts"].items() if wanted} == {"mention", "admin.report"}
    names = {"status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "admin.sign_up", "quote", "quoted_update"}
    assert names < made.json["alerts"].keys()
    assert (await api.get(alice, PATH)).json == made.json

    for method in ("PUT", "PATCH"):
        changed = await api.call(method, alice, PATH, json={"data": {"alerts": {"favourite": "1"}, "policy": "none"}})
        assert (changed.json["id"], changed.json["policy"]) == (made.json["id"], "none")
        assert [name for name, wanted in changed.json["alerts"].items() if wanted] == ["favourite"]

    again = await api.post(alice, PATH, json=body())
    assert again.json["id"] != made.json["id"] and (await api.get(alice, PATH)).json == again.json
    for _ in range(2):
        ended = await api.call("DELETE", alice, PATH)
        assert (ended.status, ended.json) == (200, {})
    gone = await api.get(alice, PATH)
    assert (gone.status, gone.json) == (404, {"error": "Record not found"})
    assert (await api.call("PUT", alice, PATH, json={"data": {}})).status == 404


async def test_forms_say_the_same_as_json(api: Api, alice: Account) -> None:
    to = pushed.Subscriber()
    form = {
        "subscription[endpoint]": ENDPOINT,
        "subscription[keys][p256dh]": to.p256dh,
        "subscription[keys][auth]": to.auth,
        "data[alerts][reblog]": "true",
        "data[alerts][admin.sign_up]": "true",
        "data[policy]": "follower",
    }
    made = await api.post(alice, PATH, data=form)

    assert (made.status, made.json["standard"], made.json["policy"]) == (200, False, "follower")
    assert [name for name, wanted in made.json["alerts"].items() if wanted] == ["reblog", "admin.sign_up"]


async def test_each_token_has_its_own_and_it_ends_with_the_token_AUT(api: Api, alice: Account, bob: Account) -> None:
    await api.post(alice, PATH, json=body())
    assert (await api.get(alice, PATH, scopes="push")).status == 404
    assert (await api.get(bob, PATH)).status == 404
    other = await api.post(alice, PATH, json=body(), scopes="push")
    api.run(logins.revoke_token, api.token(alice, "push"))
    rows = api.run(lambda tx: tx.query("SELECT id FROM push_subscriptions"))
    assert len(rows) == 1 and str(rows[0][0]) != other.json["id"]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("endpoint", "http://push.example/"), ("endpoint", "ftp://x"), ("endpoint", ""), ("endpoint", "https://"),
        ("endpoint", "https://a b/"),
        ("endpoint", "https://user@push.example/"), ("endpoint", "https://push.example/" + "x" * 3000), ("keys", {}),
        ("keys", {"p256dh": "x", "auth": "y"}), ("keys", {"p256dh": "x" * 1000, "auth": "y"}), ("keys", []),
    ],
)  # fmt: skip
async def test_what_cannot_be_sent_to_is_refused(api: Api, alice: Account, where: str, value: Any) -> None:
    given = body()
    given["subscription"][where] = value

    answer = await api.post(alice, PATH, json=given)

    assert answer.status == 422 and answer.json["error"]
    assert (await api.get(alice, PATH)).status == 404


async def test_an_unknown_policy_is_refused(api: Api, alice: Account) -> None:
    assert (await api.post(alice, PATH, json=body(policy="friends"))).status == 422


async def test_a_browser_has_no_subscription_of_a_token(api: Api, alice: Account) -> None:
    async with api.rig.client.get(PATH, headers={"Cookie": f"__Host-fedi={api.rig.session(alice)}"}) as answer:
        assert answer.status == 403


async def test_of_one_person_only_the_newest_stay_DOS(api: Api, alice: Account, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "PUSH_SUBSCRIPTIONS", 2)
    tokens = [api.run(make.token, alice, "push") for _ in range(3)]
    for token in tokens:
        headers = {"Authorization": f"Bearer {token}"}
        async with api.rig.client.post(PATH, json=body(), headers=headers) as answer:
            assert answer.status == 200
    found = []
    for token in tokens:
        async with api.rig.client.get(PATH, headers={"Authorization": f"Bearer {token}"}) as answer:
            found.append(answer.status)
    assert found == [404, 200, 200]


async def test_the_instance_names_its_key(api: Api, alice: Account) -> None:
    key = api.rig.instance.vapid.public
    assert (await api.get(None, "/api/v2/instance")).json["configuration"]["vapid"] == {"public_key": key}
    app = await api.post(None, "/api/v1/apps", json={"client_name": "x", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"})
    assert app.json["vapid_key"] == key
    assert (await api.get(alice, "/api/v1/apps/verify_credentials")).json["vapid_key"] == key
