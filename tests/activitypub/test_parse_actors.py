"""Actors and keys, as other servers write them and as nobody should."""

import pytest

from fedi import clock
from fedi.activitypub import keys, parse
from fedi.errors import Malformed
from tests.activitypub.samples import CAROL, FOLLOWERS, PERSON, read_actor


def test_an_actor_is_read() -> None:
    actor = read_actor(
        name="Carol",
        summary="<p>bio</p>",
        url=[{"type": "Link", "href": "https://peer.test/@carol", "mediaType": "text/html"}],
        outbox=f"{CAROL}/outbox",
        followers=FOLLOWERS,
        following=f"{CAROL}/following",
        featured=f"{CAROL}/featured",
        endpoints={"sharedInbox": "https://peer.test/inbox"},
        manuallyApprovesFollowers=True,
        discoverable="true",
        icon=[{"type": "Image", "url": "https://peer.test/a.png", "name": "me"}],
        image="https://peer.test/h.png",
        published="2020-01-01T00:00:00Z",
        alsoKnownAs="https://old.test/users/carol",
        movedTo={"id": "https://new.test/users/carol"},
        attachment=[
            {"type": "schema:PropertyValue", "name": "Site", "value": "<a>x</a>"},
            {"type": "PropertyValue", "name": ""},
            {"type": "Note", "name": "y"},
        ],
        webfinger="carol@peer.test",
        suspended=True,
    )
    assert (actor.id, actor.type, actor.username, actor.name, actor.url) == (CAROL, "Person", "carol", "Carol", "https://peer.test/@carol")
    assert (actor.inbox, actor.shared_inbox, actor.followers) == (f"{CAROL}/inbox", "https://peer.test/inbox", FOLLOWERS)
    assert (actor.locked, actor.discoverable, actor.indexable, actor.suspended, actor.memorial) == (True, True, False, True, False)
    assert (actor.icon_url, actor.icon_alt, actor.image_url) == ("https://peer.test/a.png", "me", "https://peer.test/h.png")
    assert (actor.fields, actor.also_known_as, actor.moved_to) == (
        (("Site", "<a>x</a>"),),
        ("https://old.test/users/carol",),
        "https://new.test/users/carol",
    )
    assert (actor.published_at, actor.webfinger) == (clock.parse_rfc3339("2020-01-01T00:00:00Z"), "carol@peer.test")


def test_of_several_pictures_the_widest_of_use_is_taken_where_widths_are_said() -> None:
    def icon(width: int, name: str) -> dict[str, object]:
        return {"type": "Image", "width": width, "height": width, "url": f"https://peer.test/{name}.png", "name": name}

    assert read_actor(icon=[icon(48, "small"), icon(600, "large"), icon(9_000, "poster")]).icon_url == "https://peer.test/large.png"
    assert read_actor(icon=[icon(9_000, "poster"), icon(48, "small")]).icon_alt == "small"
    assert read_actor(icon=[{"url": "https://peer.test/a.png"}, icon(600, "large")]).icon_url == "https://peer.test/a.png"


def test_collections_of_another_origin_are_ignored_but_not_an_inbox() -> None:
    elsewhere = {name: f"https://evil.test/{name}" for name in ("inbox", "outbox", "followers", "following", "featured")}
    actor = read_actor(**elsewhere, endpoints={"sharedInbox": "https://evil.test/shared"})
    assert (actor.inbox, actor.shared_inbox) == ("https://evil.test/inbox", "https://evil.test/shared")
    assert (actor.outbox, actor.followers, actor.following, actor.featured) == ("", "", "", "")


def test_an_inbox_is_a_web_address_or_none() -> None:
    for bad in ("javascript:1", "file:///x", "", None, 5, {}):
        actor = read_actor(inbox=bad, endpoints={"sharedInbox": bad})
        assert (actor.inbox, actor.shared_inbox) == ("", "")
    assert read_actor(sharedInbox="https://peer.test/inbox").shared_inbox == "https://peer.test/inbox"


@pytest.mark.parametrize("name", ["carol", "Carol_2", "carol.smith", "carol-smith", "example.com", "~carol", "кэрол", "_", "x" * 64])
def test_usernames_of_other_servers_are_kept(name: str) -> None:
    expected = "carol" if name.startswith("~") else name
    assert read_actor(preferredUsername=name).username == expected


@pytest.mark.parametrize("name", [None, "", 5, "a b", "a@b", "a/b", "a\nb", "x" * 65, "<b>", "a\u202eb", ".a", "a.", {}])
def test_a_username_that_cannot_be_written_is_taken_from_the_id(name: object) -> None:
    assert read_actor(preferredUsername=name).username == "carol"
    assert read_actor(preferredUsername=name, id="https://peer.test/").username == "peer.test"


@pytest.mark.parametrize(
    "kind", ["Note", "Create", None, [], {}, ["Note", "Person"], ["Person", "Tombstone"], "Tombstone", "Collection", 5]
)
def test_what_is_no_actor_is_refused(kind: object) -> None:
    assert not parse.is_actor({**PERSON, "type": kind})
    with pytest.raises(Malformed):
        read_actor(type=kind)


@pytest.mark.parametrize(
    "name",
    sorted(
        {*PERSON, "url", "icon", "image", "endpoints", "attachment", "tag", "alsoKnownAs", "assertionMethod", "webfinger", "published"}
        - {"id", "type"}
    ),
)
def test_one_bad_property_never_costs_the_actor(name: str) -> None:
    for value in (
        5,
        True,
        None,
        "",
        "x",
        [],
        {},
        [[]],
        [{}],
        [None, 5],
        {"id": 5},
        [{"type": [5], "name": {}, "href": []}],
        {"x": {"y": []}},
    ):
        assert read_actor(**{name: value}).id == CAROL


def test_keys_that_name_another_owner_or_origin_are_left_out() -> None:
    pem = "-----BEGIN PUBLIC KEY-----"
    offered = [
        {"id": f"{CAROL}#main-key", "owner": CAROL, "publicKeyPem": pem},
        {"id": f"{CAROL}#2", "publicKeyPem": pem},
        {"id": "https://evil.test/k", "owner": CAROL, "publicKeyPem": pem},
        {"id": f"{CAROL}#3", "owner": "https://peer.test/users/dan", "publicKeyPem": pem},
        {"id": f"{CAROL}#4", "owner": CAROL},
        "https://peer.test/k",
        {"id": f"{CAROL}#main-key", "owner": CAROL, "publicKeyPem": "other"},
        {"id": f"{CAROL}#5", "owner": {}, "publicKeyPem": pem},
        {"id": f"{CAROL}#6", "publicKeyPem": "x" * 20_000},
    ]
    assert read_actor(publicKey=offered).keys == (parse.ActorKey(f"{CAROL}#main-key", CAROL, pem), parse.ActorKey(f"{CAROL}#2", CAROL, pem))
    many = [{"id": f"{CAROL}#{i}", "owner": CAROL, "publicKeyPem": pem} for i in range(50)]
    assert len(read_actor(publicKey=many).keys) == 10


def test_a_multikey_is_given_as_pem() -> None:
    multibase = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    method = [
        {"id": f"{CAROL}#ed25519-key", "type": "Multikey", "controller": CAROL, "publicKeyMultibase": multibase},
        {"id": f"{CAROL}#bad", "type": "Multikey", "controller": CAROL, "publicKeyMultibase": "zzz"},
        f"{CAROL}#elsewhere",
    ]
    (key,) = read_actor(publicKey=None, assertionMethod=method).keys
    assert (key.id, key.owner) == (f"{CAROL}#ed25519-key", CAROL)
    assert keys.to_multikey(keys.load_public(key.pem)) == multibase


def test_a_key_document_is_read() -> None:
    document = {"id": f"{CAROL}/publickey", "type": "Key", "owner": CAROL, "publicKeyPem": "pem"}
    assert parse.key(document) == (f"{CAROL}/publickey", CAROL, "pem")
    for missing in ({"owner": None}, {"publicKeyPem": ""}, {"id": "https://evil.test/k"}, {"owner": 5}):
        with pytest.raises(Malformed):
            parse.key({**document, **missing})
