import io
import json
from pathlib import Path
from typing import Any

import pytest

from fedi import clock, limits, moderation
from fedi.storage import accounts as account_rows
from fedi.storage import follows as follow_rows
from fedi.storage import jobs as job_rows
from tests.web.rig import AP, AS2, Rig, served, settings

INBOXES = ["/inbox", "/users/alice/inbox"]


@pytest.mark.parametrize("path", INBOXES)
@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_a_signed_follow_is_accepted_and_has_its_effect_SIG_13(rig: Rig, path: str, scheme: str) -> None:
    alice, dan = rig.person("alice"), rig.stranger("dan")

    answer = await rig.deliver(dan, dan.activity("Follow", alice.uri), path, scheme=scheme)

    assert (answer.status, await answer.read()) == (202, b"")
    await rig.instance.jobs.settle()
    assert rig.instance.db.read(follow_rows.is_follower, rig.account(dan).id, alice.id)


@pytest.mark.parametrize("path", INBOXES)
async def test_an_unsigned_delivery_is_refused_and_asks_nobody_SIG_01(rig: Rig, path: str) -> None:
    alice, dan = rig.person("alice"), rig.stranger("dan", known=False)

    answer = await rig.client.post(path, data=json.dumps(dan.activity("Follow", alice.uri)), headers={"Content-Type": AP})

    assert answer.status == 401 and rig.asked_nobody
    assert "error" in await answer.json()


@pytest.mark.parametrize("path", INBOXES)
async def test_a_body_changed_by_one_byte_is_refused_SIG_04(rig: Rig, path: str) -> None:
    alice, dan = rig.person("alice"), rig.stranger("dan")
    body = json.dumps(dan.activity("Follow", alice.uri)).encode()

    answer = await rig.client.post(path, data=body + b" ", headers=rig.signed(dan, body, path))

    assert answer.status == 401
    assert not rig.instance.db.read(follow_rows.find, rig.account(dan).id, alice.id)


async def test_a_delivery_replayed_to_another_inbox_is_refused_SIG_06(rig: Rig) -> None:
    alice, dan = rig.person("alice"), rig.stranger("dan")
    rig.person("bob")
    body = json.dumps(dan.activity("Follow", alice.uri)).encode()
    headers = rig.signed(dan, body, "/users/alice/inbox")

    assert (await rig.client.post("/users/bob/inbox", data=body, headers=headers)).status == 401
    assert (await rig.client.post("/users/alice/inbox", data=body, headers=headers)).status == 202


async def test_a_delivery_signed_for_another_server_is_refused_SIG_07(rig: Rig) -> None:
    dan = rig.stranger("dan")
    body = json.dumps(dan.activity("Like", f"{rig.base}/users/x/posts/1")).encode()
    rig.base = "https://other.test"
    headers = rig.signed(dan, body) | {"Host": rig.host}

    assert (await rig.client.post("/inbox", data=body, headers=headers)).status == 401


@pytest.mark.parametrize(("age_s", "status"), [(13 * 3600, 401), (-3660, 401), (11 * 3600, 202), (-3540, 202)])
async def test_a_stale_or_future_date_is_refused_SIG_08(rig: Rig, age_s: int, status: int) -> None:
    alice, dan = rig.person("alice"), rig.stranger("dan")

    answer = await rig.deliver(dan, dan.activity("Follow", alice.uri), at=clock.now() - age_s * 1000)

    assert answer.status == status


async def test_an_actor_who_is_not_the_signer_is_refused_SIG_16(rig: Rig) -> None:
    alice, dan, victim = rig.person("alice"), rig.stranger("dan"), rig.stranger("vic", "victim.test")
    mallory = rig.stranger("mallory")

    for other in (victim, mallory):
        answer = await rig.deliver(dan, other.activity("Follow", alice.uri))

        assert answer.status == 401
        assert not rig.instance.db.read(follow_rows.find, rig.account(other).id, alice.id)


@pytest.mark.parametrize("known", [True, False])
async def test_a_blocked_server_is_refused_before_any_key_is_fetched_SIG_23(rig: Rig, known: bool) -> None:
    alice, dan = rig.person("alice"), rig.stranger("dan", "sub.evil.test", known=known)
    rig.instance.db.transact(moderation.block_domain, "evil.test")

    answer = await rig.deliver(dan, dan.activity("Follow", alice.uri))

    assert answer.status == 403 and rig.asked_nobody


async def test_a_key_on_a_blocked_server_is_not_fetched_for_another_actor_SIG_23(rig: Rig) -> None:
    alice, evil, victim = rig.person("alice"), rig.stranger("eve", "evil.test", known=False), rig.stranger("vic", "victim.test")
    rig.instance.db.transact(moderation.block_domain, "evil.test")

    answer = await rig.deliver(evil, victim.activity("Follow", alice.uri))

    assert answer.status == 403 and rig.asked_nobody


async def test_a_suspended_account_may_only_take_back(rig: Rig) -> None:
    alice, dan = rig.person("alice"), rig.stranger("dan")
    follow = dan.activity("Follow", alice.uri)
    rig.instance.db.transact(moderation.suspend, rig.account(dan))

    assert (await rig.deliver(dan, follow)).status == 403
    assert (await rig.deliver(dan, dan.activity("Undo", follow))).status == 202


@pytest.mark.parametrize("kind", ["Delete", "Update"])
async def test_the_end_of_somebody_never_heard_of_is_taken_and_forgotten_SIG_26(rig: Rig, kind: str) -> None:
    ghost = rig.stranger("ghost", known=False)

    answer = await rig.deliver(ghost, ghost.activity(kind, ghost.uri))

    assert answer.status == 202 and rig.asked_nobody
    assert rig.instance.db.read(account_rows.find_by_uri, ghost.uri) is None
    assert rig.instance.db.read(job_rows.count_by_state) == {}


async def test_a_key_that_cannot_be_had_now_is_to_be_sent_again_SIG_20(tmp_path: Path) -> None:
    down = {"allow_networks": ["127.0.0.0/8"], "host_map": {"down.test": "127.0.0.1:1"}}
    async with served(settings(tmp_path, federation=down)) as rig:
        alice, dan = rig.person("alice"), rig.stranger("dan", "down.test", known=False)

        answer = await rig.deliver(dan, dan.activity("Follow", alice.uri))

        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0


async def test_one_server_may_not_send_more_than_its_share_DOS_15(tmp_path: Path) -> None:
    async with served(settings(tmp_path, limits={"inbox_per_host": 3})) as rig:
        alice, dan, eve = rig.person("alice"), rig.stranger("dan"), rig.stranger("eve", "other.test")
        seen = [(await rig.deliver(dan, dan.activity("Like", f"{alice.uri}/posts/{n}"))) for n in range(5)]

        assert [answer.status for answer in seen] == [202, 202, 202, 429, 429]
        assert int(seen[-1].headers["Retry-After"]) > 0
        assert (await rig.deliver(eve, eve.activity("Like", f"{alice.uri}/posts/1"))).status == 202


async def test_what_somebody_else_sends_in_a_servers_name_does_not_use_up_its_share(tmp_path: Path) -> None:
    async with served(settings(tmp_path, limits={"inbox_per_host": 3})) as rig:
        alice, dan = rig.person("alice"), rig.stranger("dan")
        body = json.dumps(dan.activity("Like", f"{alice.uri}/posts/1")).encode()
        forged = rig.signed(dan, b"something else")
        for _ in range(10):
            assert (await rig.client.post("/inbox", data=body, headers=forged)).status == 401

        assert (await rig.deliver(dan, dan.activity("Like", f"{alice.uri}/posts/1"))).status == 202


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"[]", 400),
        (b'{"type": "Create"}', 400),
        (b'{"@context": "x", "id": "https://a.test/1", "type": "Note", "actor": "https://a.test/u"}', 400),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, 400),
        (b"[" * 100_000, 400),
        (b'{"type":"Like","actor":"https://a.test/u","object":NaN}', 400),
        (b'{"type":"Like","actor":"https://a.test/u","object":1' + b"0" * 5000 + b"}", 400),
        (b'{"type":"Like","actor":"https://a.test/u","object":"\\ud800"}', 400),
        (b'{"type":"Like","type":"Create","actor":"https://a.test/u","object":"https://b.test/1"}', 400),
        (b'{"type":"Like","actor":"https://a.test/u","id":"urn:x","object":"https://b.test/1"}', 400),
    ],
)
async def test_what_is_no_activity_is_refused_DOS_01_DOS_02_ORG_15_ORG_16(rig: Rig, body: bytes, status: int) -> None:
    answer = await rig.client.post("/inbox", data=body, headers={"Content-Type": AP})

    assert answer.status == status and rig.asked_nobody


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/html", "multipart/form-data; boundary=x", ""])
async def test_another_media_type_is_refused(rig: Rig, kind: str) -> None:
    assert (await rig.client.post("/inbox", data=b"{}", headers={"Content-Type": kind})).status == 415


@pytest.mark.parametrize(
    "kind", [AP, "application/ld+json", f'application/ld+json; profile="{AS2}"', "Application/Activity+JSON; charset=utf-8"]
)
async def test_both_media_types_are_read(rig: Rig, kind: str) -> None:
    answer = await rig.client.post(
        "/inbox", data=json.dumps(rig.stranger("x").activity("Like", "https://a.test/1")), headers={"Content-Type": kind}
    )

    assert answer.status == 401  # read, and found to be unsigned


async def test_a_body_over_the_limit_is_refused_DOS_03(rig: Rig) -> None:
    too_much = io.BytesIO(b" " * (limits.BODY_BYTES + 1))

    async def endless() -> Any:
        for _ in range(200):
            yield b" " * 64 * 1024

    assert (await rig.client.post("/inbox", data=too_much, headers={"Content-Type": AP})).status == 413
    try:
        assert (await rig.client.post("/inbox", data=endless(), headers={"Content-Type": AP})).status == 413
    except OSError:
        pass  # hung up while it was still being sent to


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "x"])
async def test_an_encoded_body_is_refused_DOS_04(rig: Rig, encoding: str) -> None:
    answer = await rig.client.post("/inbox", data=b"\x1f\x8b" + b"\0" * 100, headers={"Content-Type": AP, "Content-Encoding": encoding})

    assert answer.status == 415


async def test_there_must_be_somebody_of_the_inboxs_name(rig: Rig) -> None:
    dan = rig.stranger("dan")

    assert (await rig.deliver(dan, dan.activity("Like", f"{rig.base}/users/a/posts/1"), "/users/nobody/inbox")).status == 404


@pytest.mark.parametrize("path", ["/inbox", "/actor/inbox"])
async def test_an_inbox_is_not_for_reading(rig: Rig, path: str) -> None:
    answer = await rig.get(path)

    assert answer.status == 405 and answer.headers["Allow"] == "POST"


async def test_the_same_delivery_twice_is_accepted_twice_and_has_one_effect_SIG_21(rig: Rig) -> None:
    alice, dan = rig.person("alice"), rig.stranger("dan")
    body = json.dumps(dan.activity("Follow", alice.uri)).encode()
    headers = rig.signed(dan, body)

    assert [(await rig.client.post("/inbox", data=body, headers=headers)).status for _ in range(5)] == [202] * 5
    await rig.instance.jobs.settle()
    fresh = rig.instance.db.read(account_rows.get, alice.id)
    assert fresh.followers_count == 1
