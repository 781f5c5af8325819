from pathlib import Path
from urllib.parse import quote

import pytest

from fedi import accounts
from fedi.activitypub import webfinger as reader
from tests.web.rig import Rig, served, settings

WEBFINGER = "/.well-known/webfinger"


@pytest.mark.parametrize(
    "resource",
    [
        "acct:alice@fedi.test", "acct:ALICE@FEDI.TEST", "alice@fedi.test", "@alice@fedi.test", "acct:@alice@fedi.test",
        "acct:alice@fedi.test:443",
        "https://fedi.test/users/alice", "https://fedi.test/@alice", "https://FEDI.test/@Alice", "https://fedi.test/@alice/",
    ],
)  # fmt: skip
async def test_every_form_of_a_person_is_found(rig: Rig, resource: str) -> None:
    alice = rig.person("alice")

    answer = await rig.client.get(f"{WEBFINGER}?resource={quote(resource, safe='')}")
    document = await answer.json(content_type=None)

    assert answer.headers["Content-Type"] == "application/jrd+json; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert document["subject"] == "acct:alice@fedi.test"
    assert set(document["aliases"]) == {alice.uri, alice.url}
    assert reader.read(await answer.read()) == ("alice", "fedi.test", alice.uri)


@pytest.mark.parametrize("resource", ["acct:fedi.test@fedi.test", "https://fedi.test", "https://fedi.test/", "https://fedi.test/actor"])
async def test_the_server_itself_is_found(rig: Rig, resource: str) -> None:
    document = await (await rig.client.get(f"{WEBFINGER}?resource={quote(resource, safe='')}")).json(content_type=None)

    assert document["subject"] == "acct:fedi.test@fedi.test"
    hrefs = {link["rel"]: link.get("href") for link in document["links"]}
    assert hrefs["self"] == hrefs["https://www.w3.org/ns/activitystreams#Service"] == f"{rig.base}/actor"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400), ("resource=", 400), ("resource=alice", 400), ("resource=acct:", 400), ("resource=mailto:a", 400),
        ("resource=" + "a" * 3000, 400),
        ("resource=acct:a@fedi.test&resource=acct:b@fedi.test", 400), ("resource=acct:alice@%00", 400),
        ("resource=https://fedi.test:x/", 400),
        ("resource=acct:nobody@fedi.test", 404), ("resource=acct:alice@other.test", 404), ("resource=acct:alice@fedi.test.evil.test", 404),
        ("resource=https://other.test/users/alice", 404), ("resource=https://fedi.test/users/alice/inbox", 404),
        ("resource=http://fedi.test/users/alice", 404), ("resource=https://fedi.test@evil.test/users/alice", 400),
        ("resource=acct:al%20ice@fedi.test", 400), ("resource=acct:al.ice@fedi.test", 404),
    ],
)  # fmt: skip
async def test_what_is_nobody_of_ours_is_refused(rig: Rig, query: str, status: int) -> None:
    rig.person("alice")

    answer = await rig.client.get(f"{WEBFINGER}?{query}")

    assert answer.status == status and "error" in await answer.json()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_only_the_links_asked_for_are_given(rig: Rig) -> None:
    rig.person("alice")

    document = await (await rig.client.get(f"{WEBFINGER}?resource=acct:alice@fedi.test&rel=self")).json(content_type=None)

    assert {link["rel"] for link in document["links"]} == {"self"}


async def test_somebody_deleted_is_gone(rig: Rig) -> None:
    rig.instance.db.transact(accounts.delete_local, rig.person("alice"))

    assert (await rig.client.get(f"{WEBFINGER}?resource=acct:alice@fedi.test")).status == 410


async def test_names_cannot_be_tried_without_end_DOS_29(rig: Rig) -> None:
    answers = [(await rig.client.get(f"{WEBFINGER}?resource=acct:n{n}@fedi.test")).status for n in range(310)]

    assert set(answers) == {404, 429} and answers.index(429) >= 100


@pytest.mark.parametrize("resource", ["acct:alice@split.test", "acct:alice@fedi.split.test", "https://fedi.split.test/@alice"])
@pytest.mark.parametrize("host", ["split.test", "fedi.split.test"])
async def test_on_a_split_domain_the_subject_is_the_handle(tmp_path: Path, resource: str, host: str) -> None:
    async with served(settings(tmp_path, instance={"domain": "split.test", "base_url": "https://fedi.split.test"})) as rig:
        alice = rig.person("alice")

        document = await (await rig.client.get(f"{WEBFINGER}?resource={resource}", headers={"Host": host})).json(content_type=None)

        assert document["subject"] == "acct:alice@split.test"
        assert alice.uri == "https://fedi.split.test/users/alice" in document["aliases"]


async def test_on_a_split_domain_pages_are_at_their_one_address(tmp_path: Path) -> None:
    async with served(settings(tmp_path, instance={"domain": "split.test", "base_url": "https://fedi.split.test"})) as rig:
        answer = await rig.get("/@alice?x=1", "text/html", Host="split.test")

        assert (answer.status, answer.headers["Location"]) == (301, "https://fedi.split.test/@alice?x=1")


async def test_host_meta_names_webfinger_in_both_forms(rig: Rig) -> None:
    template = "https://fedi.test/.well-known/webfinger?resource={uri}"

    xrd = await rig.client.get("/.well-known/host-meta")
    assert xrd.headers["Content-Type"] == "application/xrd+xml; charset=utf-8"
    assert reader.lrdd_template(await xrd.read()) == template
    for path, accept in (("/.well-known/host-meta.json", "*/*"), ("/.well-known/host-meta", "application/json")):
        document = await (await rig.client.get(path, headers={"Accept": accept})).json()
        assert document["links"][0]["template"] == template


async def test_nodeinfo_counts_and_names_nobody_VIS_25(rig: Rig) -> None:
    alice = rig.person("alice")
    rig.post(alice)
    rig.post(alice, in_reply_to_id=rig.post(alice).id)

    discovery = await (await rig.client.get("/.well-known/nodeinfo")).json()
    found = {link["rel"]: link["href"] for link in discovery["links"]}
    assert found["https://www.w3.org/ns/activitystreams#Application"] == f"{rig.base}/actor"
    for version in ("2.0", "2.1"):
        href = found[f"http://nodeinfo.diaspora.software/ns/schema/{version}"]
        answer = await rig.client.get(href.removeprefix(rig.base))
        document = await answer.json()
        assert f'profile="http://nodeinfo.diaspora.software/ns/schema/{version}#"' in answer.headers["Content-Type"]
        assert document["version"] == version and document["software"]["name"] == "fedi"
        assert document["protocols"] == ["activitypub"] and document["openRegistrations"] is False
        assert document["services"] == {"inbound": [], "outbound": []} and isinstance(document["metadata"], dict)
        assert document["usage"] == {"users": {"total": 1, "activeMonth": 1, "activeHalfyear": 1}, "localPosts": 2, "localComments": 1}
        assert "alice" not in await answer.text()
    assert (await rig.client.get("/nodeinfo/3.0")).status == 404
