"""What strangers send is read or refused, never tripped over."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedi import limits
from fedi.activitypub import parse, vocab
from fedi.errors import Malformed
from tests.activitypub.samples import CAROL, CREATE, FOLLOWERS, NOTE, NOW, PERSON, dump, read_activity, read_actor, read_note

# -- documents --


def test_a_document_is_the_object_in_the_body() -> None:
    assert parse.document(dump(CREATE)) == CREATE
    assert parse.document(json.dumps(CREATE, separators=(",", ":")).encode()) == CREATE


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b"1", b'"x"', b"{", b"{}x", b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e400}',
        b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b'{"a":"\\udc00\\ud800"}', b'{"a":"\x00"}', b'{"a":01}',
        b'{"a":9223372036854775808}', b'{"a":-9223372036854775809}', b'{"a":[{"b":1e300}]}', b'{"a":1' + b"0" * 5000 + b"}",
    ],
)  # fmt: skip
def test_what_is_not_one_plain_object_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse.document(body)


def test_numbers_of_63_bits_are_kept() -> None:
    assert parse.document(b'{"a":9223372036854775807,"b":-9223372036854775807,"c":0.5}') == {"a": 2**63 - 1, "b": 1 - 2**63, "c": 0.5}


def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() -> None:
    body = b'{"a":"' + b"x" * (limits.BODY_BYTES - 8) + b'"}'
    assert len(body) == limits.BODY_BYTES
    parse.document(body)
    with pytest.raises(Malformed):
        parse.document(body[:-2] + b'x"}')


@pytest.mark.parametrize("shape", [(b'{"a":', b"}"), (b"[", b"]")])
def test_depth_is_bounded(shape: tuple[bytes, bytes]) -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' + shape[0] * (depth - 1) + b"1" + shape[1] * (depth - 1) + b"}"

    parse.document(nested(limits.JSON_DEPTH))
    for depth in (limits.JSON_DEPTH + 1, 1_000, 100_000):
        with pytest.raises(Malformed):
            parse.document(nested(depth))


def test_a_document_of_very_many_parts_is_refused() -> None:
    assert parse.document(dump({"a": [{}] * 50_000}))
    with pytest.raises(Malformed):
        parse.document(dump({"a": [{}] * 50_001}))


@pytest.mark.parametrize("name", ["id", "type", "actor", "attributedTo", "object"])
@pytest.mark.parametrize(
    "form", ['{"%s":"a","x":1,"%s":"b"}', '{"object":{"%s":"a", "%s": "a"}}', '{"x":["%s"],"object":[{"%s":1,"%s":2}]}']
)
def test_a_guarded_key_twice_is_refused(name: str, form: str) -> None:
    with pytest.raises(Malformed):
        parse.document((form % ((name,) * form.count("%s"))).encode())


@pytest.mark.parametrize("second", [r"\u0069d", r"i\u0064", r"\u0069\u0064"])
def test_an_escape_does_not_hide_the_second_key(second: str) -> None:
    for one, other in (("id", second), (second, "id")):
        with pytest.raises(Malformed):
            parse.document(f'{{"{one}":"https://a.test/1","{other}":"https://b.test/1"}}'.encode())


def test_words_that_only_look_like_doubled_keys_are_fine() -> None:
    harmless = {
        "id": "id",
        "type": "type",
        "name": '"id":"id"',
        "tag": [{"type": "object", "name": "actor"}],
        "x": "\\u0069d",
        "@context": [{"x": "id"}],
    }
    assert parse.document(dump(harmless)) == harmless


@pytest.mark.parametrize("name", ["@graph", "@included", "@reverse"])
def test_parts_of_json_ld_that_nobody_needs_are_refused(name: str) -> None:
    for body in (dump({name: []}), dump({"object": [{name: {}}]}), dump({name: 1}).replace(b"@", b"\\u0040")):
        with pytest.raises(Malformed):
            parse.document(body)
    assert parse.document(dump({"name": name})) == {"name": name}


def test_an_at_id_beside_an_id_is_refused() -> None:
    for ambiguous in ({"id": "a", "@id": "b"}, {"object": {"type": "Note", "@type": "Person"}}):
        with pytest.raises(Malformed):
            parse.document(dump(ambiguous))
    assert parse.document(dump({"@context": {"x": {"@id": "as:x", "@type": "@id"}}, "id": "a"}))


@pytest.mark.parametrize(
    "context",
    [
        {"actor": "https://evil.test/ns#actor"}, {"id": "@type"}, {"type": None}, {"to": {"@id": "as:cc"}}, {"object": {"@type": "@id"}},
        {"attributedTo": {"@id": ["as:attributedTo"]}}, {"as": "https://evil.test/ns#"}, {"cc": {"@reverse": "as:cc"}},
        {"toot": "http://joinmastodon.org/ns#", "x": {"@id": "as:x", "@context": {"actor": "x:y"}}},
    ],
)  # fmt: skip
def test_a_context_that_redefines_a_core_term_is_refused(context: object) -> None:
    for where in (
        {"@context": context},
        {"@context": ["https://www.w3.org/ns/activitystreams", context]},
        {"object": {"@context": [context]}},
    ):
        with pytest.raises(Malformed):
            parse.document(dump(where))


def test_a_context_that_says_what_is_so_anyway_is_fine() -> None:
    plain = {"id": "@id", "type": "@type", "as": vocab.PUBLIC[:-6], "actor": {"@id": "as:actor", "@type": "@id"}, "Hashtag": "as:Hashtag"}
    assert parse.document(dump({"@context": ["https://www.w3.org/ns/activitystreams", plain]}))


def test_nul_characters_are_taken_out_of_texts_but_refused_in_addresses() -> None:
    assert parse.document(dump({"a": ["x\0y", {"b": "\0"}], "c": "see https://a.test/\0 there", "d": 1})) == {
        "a": ["xy", {"b": ""}], "c": "see https://a.test/ there", "d": 1,
    }  # fmt: skip
    with pytest.raises(Malformed):
        parse.document(dump({"id": "https://peer.test/\0note"}))
    assert parse.document(rb'{"a":"\\u0000"}') == {"a": r"\u0000"}


_words = st.sampled_from(["id", "type", "object", "@id", "name", "x"])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(_words, st.booleans(), st.sampled_from(['"id"', "1", '["type"]', '{"id":1}', '{"type" : "object"}'])), max_size=5)
)
def test_a_document_is_refused_exactly_when_a_guarded_key_stands_twice(pairs: list[tuple[str, bool, str]]) -> None:
    def written(name: str, escaped: bool) -> str:
        return "".join(f"\\u{ord(one):04x}" for one in name) if escaped else name

    body = "{" + ",".join(f'"{written(name, escaped)}":{value}' for name, escaped, value in pairs) + "}"
    names = [name for name, _, _ in pairs]
    ambiguous = any(names.count(one) > 1 for one in ("id", "type", "object")) or {"id", "@id"} <= set(names)
    if ambiguous:
        with pytest.raises(Malformed):
            parse.document(body.encode())
    else:
        assert parse.document(body.encode()) == json.loads(body)


# -- activities --


def test_an_activity_is_read() -> None:
    body = dump(CREATE)
    activity = parse.activity(parse.document(body), body)
    assert (activity.type, activity.id, activity.actor) == ("Create", "https://peer.test/notes/1/activity", CAROL)
    assert (activity.object_id, activity.object_doc, activity.to, activity.cc) == (NOTE["id"], NOTE, (vocab.PUBLIC,), ())
    assert activity.body == body
    assert activity.raw == CREATE
    assert parse.has_own_id(activity)


@pytest.mark.parametrize("actor", [CAROL, [CAROL], {"id": CAROL, "type": "Person"}, [{"id": CAROL}], {"type": "Link", "href": CAROL}])
def test_the_actor_has_many_shapes(actor: object) -> None:
    assert read_activity(actor=actor).actor == CAROL


@pytest.mark.parametrize("actor", [None, "", [], {}, 5, [CAROL, "https://evil.test/u"], "javascript:1", "https://peer.test/a b"])
def test_an_activity_without_one_actor_is_refused(actor: object) -> None:
    with pytest.raises(Malformed):
        read_activity(actor=actor)


@pytest.mark.parametrize(
    "identity",
    ["", "data:text/plain,x", "did:key:z6", "urn:uuid:1", "ap://did:key:z6/a", "https://peer.test/" + "x" * 2048, "https://peer.test/a b",
     "https://peer.test/a\r\nb", "/relative", 5, [], {}, "https://user@peer.test/1", "https://peer.test./1"],
)  # fmt: skip
def test_an_odd_id_is_refused(identity: object) -> None:
    with pytest.raises(Malformed):
        read_activity(id=identity)
    with pytest.raises(Malformed):
        read_note(id=identity)
    with pytest.raises(Malformed):
        read_actor(id=identity)


@pytest.mark.parametrize(
    "kind", [None, "", [], {}, 5, [5], "Note", ["Create", "Note"], "Person", ["Follow", "Person"], "OrderedCollection"]
)
def test_what_is_no_activity_is_refused(kind: object) -> None:
    with pytest.raises(Malformed):
        read_activity(type=kind)


@pytest.mark.parametrize(
    "kind", ["as:Create", ["Create"], ["https://x.test/Other", "Create"], "https://www.w3.org/ns/activitystreams#Create"]
)
def test_types_are_compared_without_their_prefix(kind: object) -> None:
    assert read_activity(type=kind).type == "Create"


@pytest.mark.parametrize("nothing", [None, [], 5, "", {}, [None], "bear:?t=1&u=x", True])
def test_an_object_that_is_none_has_no_id(nothing: object) -> None:
    activity = read_activity(object=nothing)
    assert activity.object_id == ""
    assert not activity.object_doc


def test_a_list_of_objects_is_kept_whole() -> None:
    vote = {**NOTE, "id": "https://peer.test/votes/1"}
    activity = read_activity(object=["https://home.test/users/alice", vote])
    assert activity.object_ids == ("https://home.test/users/alice", vote["id"])
    assert activity.object_docs == (vote,)
    assert activity.object_id == "https://home.test/users/alice"
    assert activity.object_doc is None


def test_a_follow_of_public_is_read_in_any_spelling() -> None:
    assert read_activity(type="Follow", object="as:Public").object_id == vocab.PUBLIC


def test_a_transient_activity_has_a_key_of_what_it_says() -> None:
    def transient(**changes: Any) -> str:
        return read_activity(id=None, **changes).dedup_key

    assert read_activity().dedup_key == CREATE["id"]
    assert transient() == transient()
    accepts = {
        transient(type="Accept", object=one) for one in ("https://home.test/f/1", {"type": "Follow", "actor": CAROL}, {"type": "Follow"})
    }
    assert len(accepts) == 3
    assert len({transient(), transient(published="2026-01-01T00:00:00Z"), transient(content="x"), transient(type="Like")}) == 4


def test_recipients_are_normalised_and_capped() -> None:
    many = [f"https://peer.test/users/{i}" for i in range(3_000)]
    activity = read_activity(to=["as:Public", {"id": CAROL}, CAROL, "nonsense", 5, None], cc=many)
    assert activity.to == (vocab.PUBLIC, CAROL)
    assert len(activity.to) + len(activity.cc) == limits.RECIPIENTS
    assert read_activity(to="Public", cc=None).to == (vocab.PUBLIC,)


def test_an_id_of_another_origin_is_noticed() -> None:
    assert not parse.has_own_id(read_activity(id="https://evil.test/1"))
    assert not parse.has_own_id(read_activity(id="http://peer.test/1"))
    assert not parse.has_own_id(read_activity(id="https://peer.test:8443/1"))
    assert parse.has_own_id(read_activity(id="https://PEER.test:443/1"))
    assert parse.has_own_id(read_activity(id=None))


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "https://victim.test/notes/1"}, {"id": None}, {"attributedTo": "https://victim.test/users/v"}, {"attributedTo": None},
        {"attributedTo": [CAROL, "https://victim.test/users/v"]}, {"attributedTo": ["https://victim.test/users/v", CAROL]},
        {"attributedTo": "https://peer.test/users/dan"}, {"id": "https://peer.test:8443/notes/1"}, {"id": "http://peer.test/notes/1"},
    ],
)  # fmt: skip
def test_an_embedded_object_of_somebody_else_does_not_belong_to_the_actor(changes: dict[str, Any]) -> None:
    assert parse.belongs_to(NOTE, CAROL)
    assert not parse.belongs_to({**NOTE, **changes}, CAROL)


def test_a_post_by_a_person_in_a_group_of_the_same_server_belongs_to_the_person() -> None:
    both = [{"type": "Person", "id": CAROL}, {"type": "Group", "id": "https://peer.test/c/cats"}]
    assert parse.belongs_to({**NOTE, "attributedTo": both}, CAROL)


# -- collections --

OUTBOX = f"{CAROL}/outbox"


def test_collections_are_read_in_all_their_shapes() -> None:
    def read(**changes: Any) -> parse.Collection:
        return parse.collection({"id": OUTBOX, "type": "OrderedCollection", **changes})

    one, two, page = "https://peer.test/1", {"id": "https://peer.test/2", "type": "Note"}, f"{OUTBOX}?page=1"
    assert read(totalItems=2, first=page) == (OUTBOX, 2, page, "", ())
    assert read(items=[one, two, 5, None, "x"]).items == (one, two)
    assert read(orderedItems=one).items == (one,)
    assert read(type="CollectionPage", items=[one], next=page)[3:] == (page, (one,))
    assert read(first={"type": "CollectionPage", "id": page, "items": [one], "next": f"{OUTBOX}?page=2"}) == (
        OUTBOX,
        None,
        "",
        f"{OUTBOX}?page=2",
        (one,),
    )
    assert read(first={"type": "CollectionPage", "id": page}).first == page
    assert read(totalItems=-1).total == 0
    assert read(totalItems="many").total is None
    assert len(read(items=[one] * 5_000).items) == 1_000


def test_pages_of_another_origin_are_not_followed() -> None:
    away = {"id": OUTBOX, "type": "Collection", "first": "https://evil.test/1", "next": "https://evil.test/2"}
    assert parse.collection(away)[2:4] == ("", "")
    assert parse.collection({**away, "id": None, "next": f"{OUTBOX}?page=2"}, fetched_from=OUTBOX)[2:4] == ("", f"{OUTBOX}?page=2")
    assert parse.collection({**away, "id": None, "next": f"{OUTBOX}?page=2"}).next == ""


def test_what_is_no_collection_is_refused() -> None:
    with pytest.raises(Malformed):
        parse.collection(NOTE)


# -- anything at all --

_strings = (
    f"{CAROL} {vocab.PUBLIC} as:Public"
    " Note Create Person Question Video Mention Hashtag Emoji Link Collection Multikey 2026-11-22T00:00:00Z"
    " https:// http://[ https://peer.test/\0 text/html \ud800"
).split()
_leaves = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64), st.floats(), st.text(max_size=12), st.sampled_from(_strings))
_names = st.sampled_from(
    (
        "id type attributedTo content published to cc preferredUsername inbox publicKey actor object url href tag attachment name"
        " icon image contentMap inReplyTo oneOf anyOf replies first items next quote source language endTime closed mediaType owner"
        " publicKeyPem assertionMethod publicKeyMultibase"
        " endpoints alsoKnownAs webfinger target @context @id @value summary context audience totalItems"
    ).split()
)
_values = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(_names, inner, max_size=6),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    max_leaves=25,
)
_readers = (
    parse.activity,
    lambda one: parse.note(one, NOW, FOLLOWERS),
    parse.actor,
    parse.key,
    parse.collection,
    lambda one: parse.belongs_to(one, CAROL),
)
_calm = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read_everyhow(document: dict[str, Any]) -> None:
    for reader in _readers:
        try:
            result = reader(document)
        except Malformed:
            continue
        if isinstance(result, parse.Activity):
            assert result.dedup_key


@_calm
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_document_or_malformed(body: bytes) -> None:
    try:
        read_everyhow(parse.document(body))
    except Malformed:
        pass


@_calm
@given(st.dictionaries(_names, _values, max_size=8))
def test_any_json_is_read_or_malformed(document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    try:
        read = parse.document(body)
    except Malformed:
        return
    assert "\0" not in json.dumps(read, ensure_ascii=False)
    read_everyhow(read)


@_calm
@given(st.sampled_from([NOTE, PERSON, CREATE]), st.lists(st.tuples(_names, _values), min_size=1, max_size=3))
def test_a_good_document_with_any_property_changed_is_read_or_malformed(good: dict[str, Any], changes: list[tuple[str, Any]]) -> None:
    body = json.dumps({**good, **dict(changes)}).encode()
    try:
        document = parse.document(body)
    except Malformed:
        return
    read_everyhow(document)
    for inner in parse.as_list(document.get("object")):
        if isinstance(inner, dict):
            read_everyhow(inner)


@_calm
@given(st.sampled_from([NOTE, PERSON, CREATE]).map(dump), st.integers(0, 600), st.integers(1, 20), st.binary(max_size=6))
def test_a_good_document_with_any_bytes_changed_is_read_or_malformed(body: bytes, at: int, length: int, instead: bytes) -> None:
    at %= len(body)
    try:
        read_everyhow(parse.document(body[:at] + instead + body[at + length :]))
    except Malformed:
        pass
