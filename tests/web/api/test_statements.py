"""What a server says of itself over the client API, and who may read whom it knows and blocks."""

import hashlib
from pathlib import Path

import pytest

from fedi import clock, moderation, rules, texts
from fedi.storage import census
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.web.api.conftest import Api
from tests.web.rig import served, settings


async def test_rules_stand_everywhere_in_their_order_with_translations(api: Api) -> None:
    first, second = api.run(rules.add, "Be kind.", "Always."), api.run(rules.add, "No spam.")
    api.run(rules.translate, first.id, "de", "Sei freundlich.", "Immer.")

    found = (await api.get(None, "/api/v1/instance/rules")).json
    translations = {"de": {"text": "Sei freundlich.", "hint": "Immer."}}
    assert found == [
        {"id": str(first.id), "text": "Be kind.", "hint": "Always.", "translations": translations},
        {"id": str(second.id), "text": "No spam.", "hint": "", "translations": {}},
    ]
    for version in ("v1", "v2"):
        assert (await api.get(None, f"/api/{version}/instance")).json["rules"] == found
    api.run(rules.remove, first.id)
    assert [one["id"] for one in (await api.get(None, "/api/v1/instance/rules")).json] == [str(second.id)]


@pytest.mark.parametrize(("name", "address"), [("about", "extended_description"), ("privacy", "privacy_policy")])
async def test_a_text_is_fedis_until_the_owner_writes_one(api: Api, name: str, address: str) -> None:
    before = (await api.get(None, f"/api/v1/instance/{address}")).json
    assert "fedi.test" in before["content"] and "DOMAIN" not in before["content"] and before["updated_at"] == "2026-11-22T00:00:00.000Z"
    api.run(texts.put, name, "We *say* <b>this</b>, @alice #topic.")
    after = (await api.get(None, f"/api/v1/instance/{address}")).json
    assert "<em>say</em> &lt;b&gt;this" in after["content"] and after["updated_at"] != before["updated_at"]
    api.run(texts.put, name, "")
    assert (await api.get(None, f"/api/v1/instance/{address}")).json == before


async def test_terms_hold_from_a_day_on_and_the_next_ones_are_announced(api: Api) -> None:
    path = "/api/v1/instance/terms_of_service"
    assert (await api.get(None, path)).status == 404
    assert (await api.get(None, "/api/v2/instance")).json["configuration"]["urls"]["terms_of_service"] is None
    api.run(texts.put, "terms", "Soon.", "2999-01-01")
    assert (await api.get(None, path)).json == {
        "effective_date": "2999-01-01", "effective": False, "content": "<p>Soon.</p>", "succeeded_by": None,
    }  # fmt: skip
    api.run(texts.put, "terms", "Old.", "2020-01-01")
    api.run(texts.put, "terms", "Now.", "2021-01-01")
    now = {"effective_date": "2021-01-01", "effective": True, "content": "<p>Now.</p>", "succeeded_by": "2999-01-01"}
    assert (await api.get(None, path)).json == (await api.get(None, f"{path}/2021-01-01")).json == now
    assert (await api.get(None, f"{path}/2020-01-01")).json["succeeded_by"] == "2021-01-01"
    assert (await api.get(None, "/api/v2/instance")).json["configuration"]["urls"]["terms_of_service"]
    for day in ("2020-01-02", "2020-13-01", "today", "2020-1-1", "%F0%9F%98%80"):
        assert (await api.get(None, f"{path}/{day}")).status == 404


async def test_languages_have_codes_and_names(api: Api) -> None:
    found = {one["code"]: one["name"] for one in (await api.get(None, "/api/v1/instance/languages")).json}
    assert found["de"] == "German" and len(found) > 180


async def test_health_is_one_word_or_json(api: Api) -> None:
    async with api.rig.client.get("/health") as answer:
        assert (answer.status, await answer.text()) == (200, "OK")
    assert (await api.get(None, "/health", headers={"Accept": "application/json"})).json == {"status": "UP"}


async def test_peers_are_those_known_and_not_blocked(api: Api, alice: Account, carol: Account) -> None:
    api.run(make.remote, "eve", "evil.test")
    api.run(make.remote, "dan", "peer.example")
    api.run(moderation.block_domain, "evil.test")

    assert (await api.get(None, "/api/v1/instance/peers")).json == ["peer.example", "peer.test"]
    for query, wanted in (
        ("peer", ["peer.example", "peer.test"]),
        ("PEER.t", ["peer.test"]),
        ("evil", []),
        ("", []),
        ("%25", []),
        ("..", []),
    ):
        assert (await api.get(None, f"/api/v1/peers/search?q={query}")).json == wanted, query


async def test_blocked_servers_are_named_with_the_reason_to_people_here(api: Api, alice: Account) -> None:
    api.run(moderation.block_domain, "quiet.test", severity="limit", reason="noise")
    api.run(moderation.block_domain, "evil.test", reason="spam")

    assert (await api.get(None, "/api/v1/instance/domain_blocks")).status == 401
    assert (await api.get(alice, "/api/v1/instance/domain_blocks")).json == [
        {"domain": host, "digest": hashlib.sha256(host.encode()).hexdigest(), "severity": severity, "comment": comment}
        for host, severity, comment in (("evil.test", "suspend", "spam"), ("quiet.test", "silence", "noise"))
    ]


@pytest.mark.parametrize(("shown", "stranger", "person"), [("all", 200, 200), ("users", 401, 200), ("nobody", 404, 404)])
async def test_the_owner_says_who_may_read_whom_a_server_knows_and_blocks(tmp_path: Path, shown: str, stranger: int, person: int) -> None:
    async with served(settings(tmp_path, instance={"show_peers": shown, "show_blocks": shown})) as rig:
        api = Api(rig)
        alice = api.run(make.account, "alice")
        for path in ("/api/v1/instance/peers", "/api/v1/instance/domain_blocks", "/api/v1/peers/search?q=a"):
            assert [(await api.get(who, path)).status for who in (None, alice)] == [stranger, person], path


async def test_a_closed_network_is_not_shown_to_strangers(tmp_path: Path) -> None:
    async with served(settings(tmp_path, federation={"mode": "allowlist"})) as rig:
        for path in ("/api/v1/instance/peers", "/api/v1/instance/activity"):
            assert (await Api(rig).get(None, path)).status == 401


async def test_activity_is_told_for_twelve_weeks(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    for visibility in ("public", "unlisted", "followers", "direct"):
        api.run(make.post, alice, "hello", visibility)
    api.run(make.post, carol, "hello")

    def came(tx: Tx) -> None:
        today = tx.now // clock.DAY
        for day, who in ((today, alice), (today, bob), (today - 7, alice), (today - 100, alice)):
            tx.execute("INSERT INTO active_days (day, account_id) VALUES (?, ?) ON CONFLICT DO NOTHING", (day, who.id))

    api.run(came)
    found = (await api.get(None, "/api/v1/instance/activity")).json
    assert len(found) == 12
    assert (found[0]["statuses"], found[0]["logins"], found[0]["registrations"]) == ("2", "2", "2")
    assert (found[1]["statuses"], found[1]["logins"], found[1]["registrations"]) == ("0", "1", "0")
    assert sum(int(week["logins"]) for week in found) == 3
    starts = [int(week["week"]) for week in found]
    assert starts == [starts[0] - 7 * 24 * 3600 * number for number in range(12)]
    assert (starts[0] * 1000 - 4 * clock.DAY) % census.WEEK == 0
