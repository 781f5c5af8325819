from pathlib import Path

import pytest

from fedi.web.throttle import Bucket
from tests.web.rig import served, settings


def test_a_bucket_counts_for_each_and_starts_over_with_its_window() -> None:
    bucket = Bucket(2, 300)
    assert [bucket.count("a", 600.0).left for _ in range(4)] == [1, 0, -1, -1]
    assert bucket.count("b", 601.0) == (2, 1, 900)
    assert bucket.count("a", 900.0) == (2, 1, 1200)


def test_a_bucket_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedi.web.throttle._KEYS", 3)
    bucket = Bucket(2, 300)
    for number in range(10):
        bucket.count(number, 0.0)
    assert len(bucket._counts) == 3


async def test_programs_are_told_what_is_left_and_stopped_when_nothing_is(tmp_path: Path) -> None:
    async with served(settings(tmp_path, limits={"requests_per_token": 3, "requests_per_address": 2})) as rig:
        alice = rig.person("alice")
        for token in (rig.token(alice), rig.token(alice)):
            said = []
            for _ in range(4):
                async with rig.client.get("/api/v1/accounts/verify_credentials", headers={"Authorization": f"Bearer {token}"}) as answer:
                    said.append((answer.status, answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]))
                    assert answer.headers["X-RateLimit-Reset"].endswith(":00.000Z")
            assert said == [(200, "3", "2"), (200, "3", "1"), (200, "3", "0"), (429, "3", "0")]
            assert 0 < int(answer.headers["Retry-After"]) <= 300
        statuses = []
        for _ in range(3):
            async with rig.client.get("/api/v1/custom_emojis") as answer:
                statuses.append(answer.status)
        assert statuses == [200, 200, 429]
        async with rig.client.get("/about") as page:
            assert page.status == 200 and "X-RateLimit-Limit" not in page.headers, "pages are not the client API"


async def test_what_costs_more_may_be_done_less_often_AUT_31(tmp_path: Path) -> None:
    async with served(settings(tmp_path, limits={"requests_per_token": 300, "requests_per_address": 300})) as rig:
        token = {"Authorization": f"Bearer {rig.token(rig.person('alice'))}"}
        deletes = [(await rig.client.delete("/api/v1/statuses/1", headers=token)).status for _ in range(31)]
        assert deletes == [404] * 30 + [429]
        assert (await rig.client.get("/api/v1/accounts/verify_credentials", headers=token)).status == 200
        made = [
            (await rig.client.post("/api/v1/apps", json={"client_name": "x", "redirect_uris": "https://a.test/"})).status for _ in range(61)
        ]
        assert made == [200] * 60 + [429]


async def test_more_tokens_are_not_more_requests_AUT_31(tmp_path: Path) -> None:
    async with served(settings(tmp_path, limits={"requests_per_token": 2, "requests_per_address": 300})) as rig:
        alice, bob = rig.person("alice"), rig.person("bob")
        said = []
        for _ in range(6):
            token = {"Authorization": f"Bearer {rig.token(alice)}"}
            said += [(await rig.client.get("/api/v1/preferences", headers=token)).status for _ in range(2)]
        assert said == [200] * 10 + [429] * 2
        other = {"Authorization": f"Bearer {rig.token(bob)}"}
        assert (await rig.client.get("/api/v1/preferences", headers=other)).status == 200


async def test_what_is_deleted_and_uploaded_counts_for_the_person_AUT_31(tmp_path: Path) -> None:
    async with served(settings(tmp_path, limits={"requests_per_token": 300, "requests_per_address": 300})) as rig:
        alice = rig.person("alice")
        deletes = []
        for _ in range(4):
            token = {"Authorization": f"Bearer {rig.token(alice)}"}
            deletes += [(await rig.client.delete("/api/v1/statuses/1", headers=token)).status for _ in range(8)]
        assert deletes == [404] * 30 + [429] * 2


async def test_tokens_of_programs_for_themselves_count_for_their_address_AUT_31(tmp_path: Path) -> None:
    async with served(settings(tmp_path, limits={"requests_per_address": 10})) as rig:
        made = {"client_name": "x", "redirect_uris": "https://a.test/"}
        app = await (await rig.client.post("/api/v1/apps", json=made)).json()
        asked = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"]}
        said, token = [], ""
        for _ in range(6):
            async with rig.client.post("/oauth/token", data=asked) as answer:
                said.append(answer.status)
                token = (await answer.json()).get("access_token", "") if answer.status == 200 else token
            headers = {"Authorization": f"Bearer {token}"}
            said.append((await rig.client.get("/api/v1/apps/verify_credentials", headers=headers)).status)
        assert said == [200] * 9 + [429] * 3
