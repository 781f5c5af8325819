"""Handles as people write them, and what servers say of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi.activitypub import vocab, webfinger
from fedi.errors import Malformed

ACTOR = "https://peer.test/users/carol"
SELF = {"rel": "self", "type": vocab.ACTIVITY_JSON, "href": ACTOR}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@carol@peer.test", ("carol", "peer.test")),
        ("carol@peer.test", ("carol", "peer.test")),
        ("acct:carol@peer.test", ("carol", "peer.test")),
        ("@acct:carol@peer.test", ("carol", "peer.test")),
        ("@Carol.D-2@Peer.TEST:443", ("Carol.D-2", "peer.test")),
        ("@carol@peer.test:8443", ("carol", "peer.test:8443")),
        ("@carol@bücher.test", ("carol", "xn--bcher-kva.test")),
        ("@alice", ("alice", "")),
        ("alice", None),
        ("@", None),
        ("@@peer.test", None),
        ("@a@b@c", None),
        ("@carol@peer.test/x", None),
        ("@carol@", None),
        ("@car ol@peer.test", None),
        ("https://peer.test/@carol", None),
        ("@carol@127.1", None),
        ("@" + "x" * 65 + "@peer.test", None),
    ],
)
def test_a_handle_is_read_however_it_is_written(text: str, found: tuple[str, str] | None) -> None:
    assert webfinger.handle(text) == found


@given(st.text(max_size=200))
def test_any_text_is_a_handle_or_not(text: str) -> None:
    found = webfinger.handle(text)
    assert found is None or all(isinstance(part, str) for part in found)


def jrd(*links: object, subject: object = "acct:carol@peer.test") -> bytes:
    return json.dumps({"subject": subject, "links": list(links)}).encode()


def test_the_self_link_of_the_right_type_is_the_actor() -> None:
    page = {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": "https://peer.test/@carol"}
    html = {"rel": "self", "type": "text/html", "href": "https://evil.test/x"}

    assert webfinger.read(jrd(page, html, SELF)) == ("carol", "peer.test", ACTOR)


@pytest.mark.parametrize("kind", [vocab.ACTIVITY_JSON, vocab.LD_JSON])
def test_both_types_are_known(kind: str) -> None:
    assert webfinger.read(jrd(SELF | {"type": kind})).actor_uri == ACTOR


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"5", jrd(), jrd("x", 5, None), jrd(SELF, subject=None), jrd(SELF, subject="carol"),
        jrd(SELF, subject=5),
        jrd(SELF | {"href": "javascript:alert(1)"}), jrd(SELF | {"href": 5}), jrd(SELF | {"type": "text/html"}), jrd(SELF | {"rel": "x"}),
        b'{"subject": "acct:a@b.test", "links": {"rel": "self"}}',
    ],
)  # fmt: skip
def test_what_names_no_actor_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        webfinger.read(body)


def test_host_meta_says_where_webfinger_is() -> None:
    body = b"""<?xml version="1.0"?><XRD xmlns="x"><Link rel='other' template='https://no.test/{uri}'/>
    <Link rel="lrdd" type="application/jrd+json" template="https://peer.test/wf?a=1&amp;r={uri}"/></XRD>"""

    assert webfinger.lrdd_template(body) == "https://peer.test/wf?a=1&r={uri}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<XRD/>",
        b'<Link rel="lrdd" template="https://peer.test/"/>',
        b'<Link rel="lrdd" template="file:///etc/passwd?{uri}"/>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><XRD>&a;</XRD>',
        b'<Link rel="lrdd" ' + b"x" * 100_000,
    ],
)
def test_host_meta_without_a_usable_place_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        webfinger.lrdd_template(body)


def test_the_header_of_a_page_comes_before_its_head() -> None:
    header = f'<https://peer.test/api>; rel="https://api.w.org/", <{ACTOR}>; rel="alternate"; type="application/activity+json"'
    page = b'<head><link rel="alternate" type="application/activity+json" href="/other"></head>'

    assert webfinger.alternate(header, page, "https://peer.test/@carol") == ACTOR
    assert webfinger.alternate("", page, "https://peer.test/@carol") == "https://peer.test/other"


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b'<head><link rel="alternate" type="application/rss+xml" href="/feed"></head>',
        b'<body><link rel="alternate" type="application/activity+json" href="/x"></body>',
        b'<head><link rel="stylesheet" type="application/activity+json" href="/x"></head>',
        b'<head><title><link rel="alternate"',
        b"<" * 100_000,
        b"\xff\xfe" * 1000,
    ],
)
def test_a_page_that_names_nothing_leads_nowhere(page: bytes) -> None:
    assert webfinger.alternate("", page, "https://peer.test/") is None


@given(st.binary(max_size=500))
def test_no_bytes_make_the_readers_fail(body: bytes) -> None:
    for read in (webfinger.read, webfinger.lrdd_template):
        try:
            read(body)
        except Malformed:
            pass
    webfinger.alternate(body.decode("latin-1"), body, "https://peer.test/")
