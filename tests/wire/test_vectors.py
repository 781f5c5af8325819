"""Published and generated vectors: the mathematics must agree with every one, the policy may be stricter and then says why."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from fedi import clock
from fedi.activitypub import cavage, keys, proofs, rfc9421, signatures
from fedi.activitypub.signatures import Key, Outgoing, RequestHead
from fedi.errors import FediError, Malformed, Untrusted
from tests.wire import fixtures

CAVAGE = fixtures.load("_vectors/cavage-12-appendix-c.json")
RFC9421 = fixtures.load("_vectors/rfc9421-appendix-b.json")
MASTODON = fixtures.load("_vectors/mastodon-signature-cases.json")
FEDIFY = fixtures.load("_vectors/fedify-generated.json")


def named(cases: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(case, id=f"{case.get('spec', '')} {case['name']}".strip()) for case in cases]


def head_of(case: dict[str, Any]) -> RequestHead:
    parts = urlsplit(case["url"])
    headers = [(name.lower(), value) for name, value in case["headers"].items()]
    return RequestHead(case["method"], signatures.request_target(case["url"]), parts.scheme, headers)


def body_of(case: dict[str, Any]) -> bytes:
    return (case["body"] or "").encode()


def at(text: str) -> int:
    moment = clock.parse_rfc3339(text)
    assert moment is not None
    return moment


def accepts(case: dict[str, Any], key: keys.PublicKey, now: int) -> bool:
    head = head_of(case)
    claim = signatures.parse(head)
    signatures.check(claim, head, body_of(case), now, {urlsplit(case["url"]).netloc})
    return signatures.verify(claim, head, key)


def test_every_file_of_vectors_has_all_its_cases():
    assert [len(file["cases"]) for file in (CAVAGE, RFC9421, MASTODON)] == [3, 6, 24]
    assert len(FEDIFY["http"]) == 6


# -- draft-cavage-12, appendix C --


def cavage_values() -> dict[str, str]:
    message = CAVAGE["message"]
    target = {"(request-target)": f"{message['method'].lower()} {message['target']}"}
    return {**target, **{name.lower(): value for name, value in message["headers"].items()}}


@pytest.mark.parametrize("case", named(CAVAGE["cases"]))
def test_draft_cavage_appendix_c_agrees(case):
    public = load_pem_public_key(CAVAGE["publicPem"].encode())  # 1,024 bits: `keys` would refuse it
    private = keys.load_private(CAVAGE["privatePem"])
    data = cavage.signing_string(case["headers"], cavage_values())
    assert data == case["signing_string"].encode()
    assert signatures.verify_bytes(public, data, base64.b64decode(case["signature"]))
    assert base64.b64encode(signatures.sign_bytes(private, data)).decode() == case["signature"]
    assert not signatures.verify_bytes(public, data + b" ", base64.b64decode(case["signature"]))


def test_sig_18_the_key_of_draft_cavage_appendix_c_is_too_weak_today():
    with pytest.raises(Untrusted):
        keys.load_public(CAVAGE["publicPem"])


@pytest.mark.parametrize("case", named(CAVAGE["cases"]))
def test_of_draft_cavage_appendix_c_only_the_full_coverage_passes_our_policy(case):
    """Stricter: "default" signs the date alone (SIG-02), "basic" a POST without its digest (SIG-03)."""
    message = CAVAGE["message"]
    text = f'keyId="Test",algorithm="rsa-sha256",headers="{" ".join(case["headers"])}",signature="{case["signature"]}"'
    fields = [(name.lower(), value) for name, value in message["headers"].items()]
    head = RequestHead("POST", message["target"], "https", [*fields, ("signature", text)])
    claim = signatures.parse(head)
    now = clock.parse_http_date(message["headers"]["Date"])
    if case["name"] == "all":
        signatures.check(claim, head, message["body"].encode(), now, {"example.com"})
    else:
        with pytest.raises(Untrusted):
            signatures.check(claim, head, message["body"].encode(), now, {"example.com"})
    assert signatures.verify(claim, head, load_pem_public_key(CAVAGE["publicPem"].encode()))


# -- RFC 9421, appendix B --


def rfc9421_values(message: str, covered: tuple[str, ...]) -> dict[str, str]:
    start, _, rest = message.partition("\n")
    lines = rest.partition("\n\n")[0].splitlines()
    values = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if start.startswith("HTTP/"):
        return {**values, "@status": start.split()[1]}
    method, target, _ = start.split()
    return {**values, **rfc9421.derived(covered, rfc9421.Request(method, "https", values["host"], target))}


def verifies(case: dict[str, Any], data: bytes, signature: bytes) -> bool:
    """With the algorithms of the appendix, which `signatures` does not offer all: what they sign is the base that we built."""
    algorithm = case["alg"]
    if algorithm == "hmac-sha256":
        secret = base64.b64decode(RFC9421["keys"][case["keyid"]]["secret_base64"])
        return hmac.compare_digest(hmac.digest(secret, data, "sha256"), signature)
    key = load_pem_public_key(RFC9421["keys"][case["keyid"]]["public"].encode())
    if algorithm == "ed25519":
        return signatures.verify_bytes(key, data, signature)
    if algorithm == "rsa-pss-sha512":
        key.verify(signature, data, padding.PSS(padding.MGF1(SHA512()), 64), SHA512())
    else:
        pair = (int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        key.verify(encode_dss_signature(*pair), data, ec.ECDSA(SHA256()))
    return True


@pytest.mark.parametrize("case", named(RFC9421["cases"]))
def test_rfc_9421_appendix_b_agrees(case):
    if case["name"].startswith("Signing a Response"):
        # The RFC's example message carries another digest than the base in its text.
        digest = next(line for line in case["signature_base"].splitlines() if line.startswith('"content-digest"')).partition(": ")[2]
        message = "\n".join(
            f"Content-Digest: {digest}" if line.startswith("Content-Digest:") else line for line in RFC9421["test-response"].split("\n")
        )
    else:
        message = RFC9421[case["message"]]
    found = rfc9421.parse(case["signature_input"], case["signature"])
    assert found.key_id == case["keyid"]
    assert found.created_s == 1618884473
    data = rfc9421.base(found.covered, found.text, rfc9421_values(message, found.covered))
    assert data == case["signature_base"].encode()
    assert verifies(case, data, found.signature)


def test_the_ed25519_vector_of_rfc_9421_can_be_made_again():
    case = RFC9421["cases"][-1]
    private = keys.load_private(RFC9421["keys"]["test-key-ed25519"]["private"])
    signature = rfc9421.parse(case["signature_input"], case["signature"]).signature
    assert signatures.sign_bytes(private, case["signature_base"].encode()) == signature


@pytest.mark.parametrize("case", named([case for case in RFC9421["cases"] if case["message"] == "test-request"]))
def test_no_example_of_rfc_9421_passes_our_policy(case):
    """Stricter: each covers less than method, target URI and content digest (SIG-12), and three use algorithms we do not list."""
    start, _, rest = RFC9421["test-request"].partition("\n")
    fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in rest.partition("\n\n")[0].splitlines())]
    headers = [*fields, ("signature-input", case["signature_input"]), ("signature", case["signature"])]
    head = RequestHead("POST", start.split()[1], "https", headers)
    claim = signatures.parse(head)
    with pytest.raises(Untrusted):
        signatures.check(claim, head, b'{"hello": "world"}', 1618884473_000, {"example.com"})


@pytest.mark.parametrize("name", ["test-key-rsa", "test-key-rsa-pss", "test-key-ed25519"])
def test_the_keys_of_rfc_9421_load(name):
    """The first is PKCS#1."""
    assert keys.load_public(RFC9421["keys"][name]["public"])


def test_a_p256_key_is_refused():
    with pytest.raises(Untrusted):
        keys.load_public(RFC9421["keys"]["test-key-ecc-p256"]["public"])


# -- the cases of Mastodon's own test file --


def mastodon_key(case: dict[str, Any]) -> keys.PublicKey:
    return keys.load_public(MASTODON["ed25519PublicPem" if "ed25519" in case["spec"] else "rsaPublicPem"])


@pytest.mark.parametrize("case", named(MASTODON["cases"]))
def test_mastodons_cases_end_as_mastodon_ends_them(case):
    """All 24: none of those it accepts covers less than SIG-02, SIG-03 and SIG-12 ask for.

    Stricter only in when: a "method mismatch" is a GET's signature on a POST, which lacks the digest (SIG-03), so it is refused before
    a key is looked at, where Mastodon finds the signature wrong.
    """
    try:
        accepted = accepts(case, mastodon_key(case), at(MASTODON["now"]))
    except FediError as error:
        accepted = False
        assert isinstance(error, Malformed) == (case["error"] == "400")
        assert case["error"] is not None or case["name"] == "method mismatch", "the signature decides this case, not the policy"
    assert accepted is case["valid"]


@pytest.mark.parametrize("case", named([case for case in MASTODON["cases"] if case["spec"] == "cavage" and case["signed_string"]]))
def test_the_signing_strings_of_mastodons_cases_verify(case):
    claim = signatures.parse(head_of(case))
    assert signatures.verify_bytes(mastodon_key(case), case["signed_string"].encode(), claim.signature)


# -- requests made by Fedify --


@pytest.mark.parametrize("case", named(FEDIFY["http"]))
def test_what_fedify_signs_is_accepted(case):
    """Its cavage signature of a GET leaves out the query."""
    assert accepts(case, keys.load_public(FEDIFY["rsaPublicPem"]), at(FEDIFY["now"]))


@pytest.mark.parametrize("case", named([case for case in FEDIFY["http"] if case["method"] == "POST"]))
def test_what_fedify_signs_is_refused_for_another_body(case):
    with pytest.raises(Untrusted):
        accepts({**case, "body": case["body"] + " "}, keys.load_public(FEDIFY["rsaPublicPem"]), at(FEDIFY["now"]))


def test_the_multikeys_that_fedify_writes_are_its_keys():
    for kind in ("rsa", "ed25519"):
        key = keys.load_public(FEDIFY[f"{kind}PublicPem"])
        assert keys.to_multikey(key) == FEDIFY[f"{kind}Multibase"]
        assert keys.load_multikey(FEDIFY[f"{kind}Multibase"]) == key
        assert keys.public_pem(FEDIFY[f"{kind}PrivatePem"]) == FEDIFY[f"{kind}PublicPem"]


# -- FEP-521a --


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_the_multikeys_of_fep_521a_load_and_are_written_the_same(kind):
    text = fixtures.load(f"_vectors/fep-521a-{kind}.json")["publicKeyMultibase"]
    key = keys.load_multikey(text)
    assert keys.to_multikey(key) == text
    assert keys.load_public(keys.to_pem(key)) == key


# -- one activity, signed in every way, with an Ed25519 key of the bytes 0 to 31 --

BODY = (
    b'{"@context":["https://www.w3.org/ns/activitystreams","https://w3id.org/security/data-integrity/v2"],'
    b'"actor":"https://a.example/users/alice","id":"https://a.example/users/alice#likes/1",'
    b'"object":"https://b.example/notes/1","to":["https://b.example/users/bob"],"type":"Like"}'
)
AT = 1767225600_000
ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def test_the_body_of_the_worked_example_has_its_digest():
    assert len(BODY) == 273
    assert hashlib.sha256(BODY).hexdigest() == "4b5d84eba5cb7e972770bfff5f59bfa23a635107124247516c1d6eb4c5767432"
    assert signatures.digest(BODY) == "S12E66XLfpcncL//X1m/ojpjUQcSQkdRbB1utMV2dDI="


def test_the_worked_example_of_rfc_9421_is_signed_letter_by_letter():
    request = Outgoing("POST", "https://b.example/inbox", None, signatures.digest(BODY))
    key = Key("https://a.example/users/alice#ed25519-key", ED25519)
    unsigned = signatures.prepare(request, key, AT, scheme="rfc9421")
    assert unsigned.data.decode() == (
        '"@method": POST\n"@target-uri": https://b.example/inbox\n'
        '"content-digest": sha-256=:S12E66XLfpcncL//X1m/ojpjUQcSQkdRbB1utMV2dDI=:\n'
        '"@signature-params": ("@method" "@target-uri" "content-digest");created=1767225600;'
        'keyid="https://a.example/users/alice#ed25519-key"'
    )
    headers = signatures.sign(request, key, AT, scheme="rfc9421")
    assert headers["Signature"] == "sig1=:Zjvq4GHRIknArqFNXUskBjKZq+5BAbMsv5HtFZSggNLAsj08XHRWdoodKB+847wbRvTpCHiNXS2Jyx54WM08Cg==:"
    assert headers["Content-Digest"] == "sha-256=:S12E66XLfpcncL//X1m/ojpjUQcSQkdRbB1utMV2dDI=:"


def test_the_cavage_signing_string_of_the_worked_example_is_ours():
    request = Outgoing("POST", "https://b.example/inbox?x=%3A1", "application/activity+json", signatures.digest(BODY))
    key = Key("https://a.example/users/alice#main-key", keys.load_private(FEDIFY["rsaPrivatePem"]))
    data = signatures.prepare(request, key, AT).data
    assert hashlib.sha256(data).hexdigest() == "ab03a5d8781521ccdf871ad0831be8da34d5030872bbd0f88501964dc56dae21"


# -- integrity proofs --


def proves(document: dict[str, Any], key: keys.PublicKey) -> bool:
    return any(proofs.is_right(proof, document, key) for proof in proofs.read(document))


FEP_8B32 = fixtures.load("_vectors/fep-8b32-signed.json")


def test_the_proof_of_fep_8b32_is_right_and_that_of_a_changed_document_is_not():
    key = keys.load_multikey(fixtures.load("_vectors/fep-8b32-actor.json")["assertionMethod"][0]["publicKeyMultibase"])
    assert proves(FEP_8B32, key)
    assert not proves({**FEP_8B32, "actor": "https://evil.example/users/mallory"}, key)


def test_the_proof_of_fep_8b32_can_be_made_again():
    pair = fixtures.load("_vectors/vc-di-eddsa-keyPair.json")
    private = Ed25519PrivateKey.from_private_bytes(keys.base58_decode(pair["privateKeyMultibase"][1:])[2:])
    document = fixtures.load("_vectors/fep-8b32-unsigned.json")
    made = proofs.make(document, FEP_8B32["proof"]["verificationMethod"], private, at("2023-02-24T23:36:38Z"))
    assert made == {name: value for name, value in FEP_8B32["proof"].items() if name != "@context"}


def test_the_proof_of_the_w3c_example_is_right():
    document = fixtures.load("_vectors/vc-di-eddsa-eddsa-jcs-2022-signedJCS.json")
    key = keys.load_multikey(fixtures.load("_vectors/vc-di-eddsa-keyPair.json")["publicKeyMultibase"])
    assert proofs.read(document) == [], "its key is a did:key, which no actor of ours has"
    document["proof"]["verificationMethod"] = "https://a.example/key"
    (proof,) = proofs.read(document)
    config = fixtures.load("_vectors/vc-di-eddsa-eddsa-jcs-2022-proofConfigJCS.json")
    assert proofs.is_right(proof._replace(config=config), document, key)


def test_the_proof_that_fedify_makes_is_right():
    document = FEDIFY["objectIntegrityProof"]["signed"]
    key = keys.load_public(FEDIFY["ed25519PublicPem"])
    assert proves(document, key)
    assert not proves({**document, "type": "Announce"}, key)
