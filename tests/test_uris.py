"""Origins are compared whole, and what is ours is decided by origin, never by prefix."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fedi import limits, uris
from fedi.errors import Malformed
from fedi.uris import Origin

US = uris.Uris("https://fedi.test", "fedi.test")
SPLIT = uris.Uris("https://social.fedi.test", "fedi.test")


# -- origin --


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port"),
    [
        ("https://example.org", "https", "example.org", 443),
        ("https://example.org/users/alice?page=1#main-key", "https", "example.org", 443),
        ("HTTPS://EXAMPLE.org:443/", "https", "example.org", 443),
        ("https://example.org:8443/", "https", "example.org", 8443),
        ("https://example.org:0443/", "https", "example.org", 443),
        ("http://example.org", "http", "example.org", 80),
        ("http://example.org:443", "http", "example.org", 443),
        ("https://bücher.example/", "https", "xn--bcher-kva.example", 443),
        ("https://BÜCHER.example/", "https", "xn--bcher-kva.example", 443),
        ("https://xn--bcher-kva.example/", "https", "xn--bcher-kva.example", 443),
        ("https://bücher。example/", "https", "xn--bcher-kva.example", 443),
        ("https://127.0.0.1:3000/", "https", "127.0.0.1", 3000),
        ("https://①②⑦.⓪.⓪.①/", "https", "127.0.0.1", 443),
        ("http://[::1]:8080/", "http", "::1", 8080),
        ("http://[0:0:0:0:0:0:0:1]:8080/", "http", "::1", 8080),
        ("http://[2001:DB8::A]/", "http", "2001:db8::a", 80),
        ("https://under_score.example/", "https", "under_score.example", 443),
        ("https://localhost/", "https", "localhost", 443),
        ("https://3com.example.1a/", "https", "3com.example.1a", 443),
    ],
)
def test_a_url_has_one_origin_however_it_is_spelt(url: str, scheme: str, host: str, port: int):
    assert uris.origin(url) == Origin(scheme, host, port)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "//example.org/x",
        "https:example.org",
        "https:///example.org",
        "https://",
        "https://:443/",
        "https://#x",
        "https://?x",
        "data:text/html,x",
        "did:key:z6Mk",
        "urn:uuid:1",
        "ap://did:key:z6Mk/actor",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://example.org/",
        "acct:alice@example.org",
        "https://user@example.org/",
        "https://user:password@example.org/",
        "https://@example.org/",
        "https://example.org@evil.test/",
        "https://fedi.test\\@evil.test/",
        "https://fedi.test\\.evil.test/",
        " https://example.org/",
        "https://example.org/ x",
        "https://example.org/\r\nX: y",
        "https://example.org/\x00",
        "https://exam\tple.org/",
        "https://example.org/\x7f",
        "https://example.org/\ud800",
        "https://example.org./",
        "https://example..org/",
        "https://.example.org/",
        "https://example.org。/",
        "https://example.org:0/",
        "https://example.org:65536/",
        "https://example.org:-1/",
        "https://example.org:8_0/",
        "https://example.org:٤٤٣/",
        "https://example.org:x/",
        "https://exa%6dple.org/",
        "https://exa<b>mple.org/",
        'https://exa"mple.org/',
        "https://a,b.example/",
        "https://a;b.example/",
        "https://*.example.org/",
        "https://exam\u202eple.org/",
        "https://exam\u2100ple.org/",
        "https://" + "a" * 64 + ".example/",
        "https://" + ".".join(["a" * 60] * 5) + "/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.0.0.01/",
        "https://256.0.0.1/",
        "https://1.2.3.4.5/",
        "https://example.123/",
        "https://[::1%25eth0]/",
        "https://[::1%eth0]/",
        "https://[v1.example]/",
        "https://[example.org]/",
        "https://[127.0.0.1]/",
        "https://[::1/",
        "https://::1/",
        "https://x[::1]/",
        "https://[::1]x/",
        "https://[::1]x:80/",
        "https://[[::1]]/",
        "https://example.org/" + "x" * limits.URI_CHARS,
    ],
)
def test_what_is_not_safe_to_compare_or_fetch_is_refused_ORG_15(url: str):
    with pytest.raises(Malformed):
        uris.origin(url)


@given(st.text(st.sampled_from("ahtps:/.@[]%:0919x?#\\éß。\ud800\x00 _-"), max_size=40).map(lambda tail: "https://" + tail))
@example("https://[")
@example("https://]")
@example("https://ß")
def test_no_url_raises_anything_but_malformed_and_what_passes_is_stable(url: str):
    try:
        found = uris.origin(url)
    except Malformed:
        return

    assert uris.origin(f"{found.scheme}://{found.authority}") == found


def test_the_longest_url_allowed_is_allowed():
    url = "https://example.org/".ljust(limits.URI_CHARS, "x")

    assert uris.host(url) == "example.org"
    with pytest.raises(Malformed):
        uris.host(url + "x")


def test_an_authority_names_its_port_unless_it_is_the_schemes_own():
    assert uris.host("https://Example.org:443/x") == "example.org"
    assert uris.host("https://example.org:80/x") == "example.org:80"
    assert uris.host("http://example.org:80/x") == "example.org"
    assert uris.host("http://[::1]:8080/x") == "[::1]:8080"
    assert uris.host("http://[::1]/x") == "[::1]"


# -- ORG-13: one host, many look-alikes --


@pytest.mark.parametrize("other", ["https://VICTIM.test/x", "https://victim.test:443/x", "HTTPS://victim.test"])
def test_spellings_of_one_origin_are_the_same_ORG_13(other: str):
    assert uris.same_origin("https://victim.test/users/a", other)
    assert uris.same_origin(other, "https://victim.test/users/a")


@pytest.mark.parametrize(
    "other",
    [
        "https://victim.test:8443/x",
        "http://victim.test/x",
        "http://victim.test:443/x",
        "https://VICTIM.test./x",
        "https://victim.test.evil.test/x",
        "https://evil.test/https://victim.test/x",
        "https://victim.test@evil.test/x",
        "https://sub.victim.test/x",
        "https://victim.tes/x",
        "https://vісtіm.test/x",  # Cyrillic look-alikes
        "https://victim.test\u200b.evil.test/x",
        "not a url",
        "",
    ],
)
def test_look_alikes_are_other_origins_ORG_13(other: str):
    assert not uris.same_origin("https://victim.test/users/a", other)
    assert not uris.same_origin(other, "https://victim.test/users/a")


def test_two_things_that_are_no_urls_are_not_the_same_origin():
    assert not uris.same_origin("", "")
    assert not uris.same_origin("urn:x", "urn:x")


# -- ORG-12: ours --


@pytest.mark.parametrize(
    "url", ["https://fedi.test/users/alice", "https://fedi.test", "https://FEDI.test:443/users/alice", "HTTPS://fedi.test/x?y#z"]
)
def test_our_own_address_is_ours_however_it_is_spelt_ORG_12(url: str):
    assert US.is_ours(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://fedi.test.evil.test/users/alice",
        "https://fedi.test@evil.test/users/alice",
        "https://fedi.test:8443/users/alice",
        "http://fedi.test/users/alice",
        "https://notfedi.test/users/alice",
        "https://evil.test/?https://fedi.test/",
        "https://sub.fedi.test/",
        "https://fedi.test./users/alice",
        "/users/alice",
        "",
    ],
)
def test_what_only_looks_like_ours_is_not_ORG_12(url: str):
    assert not US.is_ours(url)
    assert US.path(url) is None


def test_on_a_split_domain_addresses_are_ours_by_base_url_and_handles_by_both_names():
    assert SPLIT.is_ours("https://social.fedi.test/users/alice")
    assert not SPLIT.is_ours("https://fedi.test/users/alice")
    assert SPLIT.is_our_host("fedi.test")
    assert SPLIT.is_our_host("social.fedi.test")
    assert not SPLIT.is_our_host("peer.test")
    assert not SPLIT.is_our_host("social.fedi.test:8443")


def test_the_path_of_a_url_of_ours_has_no_query_and_no_fragment():
    assert US.path("https://FEDI.test/users/alice?page=2#main-key") == "/users/alice"
    assert US.path("https://fedi.test") == ""


# -- hosts as people write them --


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Example.ORG", "example.org"),
        (" example.org\n", "example.org"),
        ("example.org:443", "example.org"),
        ("example.org:8443", "example.org:8443"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("[::1]:3000", "[::1]:3000"),
        ("localhost:3000", "localhost:3000"),
    ],
)
def test_a_host_is_brought_into_our_form(text: str, host: str):
    assert uris.normal_host(text) == host
    assert uris.normal_host(host) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "https://example.org",
        "example.org/",
        "example.org/users/alice",
        "example.org?x",
        "example.org#x",
        "alice@example.org",
        "@alice@example.org",
        "a b",
        "a\x00b",
        "exa\nmple.org",
        "::1",
        "127.1",
        "example.org.",
    ],
)
def test_what_is_more_or_less_than_a_host_is_refused(text: str):
    with pytest.raises(Malformed):
        uris.normal_host(text)


def test_a_blocked_domain_is_looked_up_by_every_name_above_it():
    assert uris.parents("a.b.example") == ["a.b.example", "b.example", "example"]
    assert uris.parents("b.example:8443") == ["b.example:8443", "b.example", "example"]
    assert uris.parents("localhost:3000") == ["localhost:3000", "localhost"]
    assert uris.parents("[::1]:3000") == ["[::1]:3000", "[::1]"]
    assert uris.parents("[::1]") == ["[::1]"]


# -- what we mint --


def test_the_addresses_of_a_person_hang_below_their_actor():
    alice = US.actor("alice")

    assert alice == "https://fedi.test/users/alice"
    assert US.inbox(alice) == f"{alice}/inbox"
    assert US.outbox(alice) == f"{alice}/outbox"
    assert US.followers(alice) == f"{alice}/followers"
    assert US.following(alice) == f"{alice}/following"
    assert US.featured(alice) == f"{alice}/collections/featured"
    assert US.rsa_key(alice) == f"{alice}#main-key"
    assert US.ed25519_key(alice) == f"{alice}#ed25519-key"


def test_everything_minted_is_ours():
    minted = [
        US.instance_actor(),
        US.actor("alice"),
        US.shared_inbox(),
        US.post("alice", 7),
        US.activity(8),
        US.tag("caturday"),
        US.media("k"),
        US.profile_page("alice"),
        US.post_page("alice", 7),
    ]

    assert all(US.is_ours(url) for url in minted)
    assert len(set(minted)) == len(minted)


def test_a_split_domain_mints_where_it_is_served_and_never_at_the_handles_domain():
    assert SPLIT.actor("alice") == "https://social.fedi.test/users/alice"
    assert SPLIT.host == "social.fedi.test"


def test_a_tag_cannot_break_out_of_its_path():
    assert US.tag("a/b?c#d") == "https://fedi.test/tags/a%2Fb%3Fc%23d"
    assert US.tag("café") == "https://fedi.test/tags/caf%C3%A9"
