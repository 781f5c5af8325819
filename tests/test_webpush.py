"""Push messages: the examples of the RFCs, and that a receiver can open what is sealed and nobody else."""

import json
import struct

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from fedi import webpush
from fedi.errors import Invalid
from fedi.webpush import Once, Sender, b64, from_b64
from tests import pushed

# RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SERVER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
USER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
USER_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(from_b64(text)), ec.SECP256R1())


def test_the_example_of_RFC_8291_5() -> None:
    sealed = webpush.seal(PLAIN, webpush.receiver(USER_PUBLIC, AUTH), Sender(SERVER), "proof", Once(key(SERVER), from_b64(SALT)))

    assert b64(sealed.body) == SEALED
    assert sealed.headers["Content-Encoding"] == "aes128gcm"


def test_the_example_of_RFC_8188_3_1() -> None:
    found = webpush.encode(b"I am the walrus", from_b64("yqdlZ-tYemfogSmv7Ws5PQ"), from_b64("I1BsxtFttlv3u_Oo94xnmw"), b"")

    assert b64(found) == "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg"


def test_a_receiver_opens_both_kinds_and_no_other_receiver_does() -> None:
    one, other, sender = pushed.Subscriber(), pushed.Subscriber(), Sender(webpush.new_secret())
    for seal in (webpush.seal, webpush.seal_draft):
        sealed = seal(b"hello", webpush.receiver(one.p256dh, one.auth), sender, "proof")
        assert one.open(sealed.body, sealed.headers) == b"hello"
        with pytest.raises(InvalidTag):
            other.open(sealed.body, sealed.headers)
        assert seal(b"hello", webpush.receiver(one.p256dh, one.auth), sender, "proof").body != sealed.body


def test_a_message_of_the_greatest_length_fits_into_one_record() -> None:
    one = pushed.Subscriber()
    sealed = webpush.seal(b"x" * webpush.PLAIN_BYTES, webpush.receiver(one.p256dh, one.auth), Sender(webpush.new_secret()), "")

    assert len(sealed.body) <= 4096
    assert struct.unpack("!L", sealed.body[16:20]) == (4096,)


def test_the_proof_names_the_service_and_can_be_checked_with_the_public_key_RFC_8292() -> None:
    sender = Sender(webpush.new_secret())
    proof = sender.proof("https://Push.example:8443/a/b?c", "https://fedi.test/", 1_000_000)
    head, claims, signature = proof.split(".")

    assert json.loads(from_b64(head)) == {"typ": "JWT", "alg": "ES256"}
    assert json.loads(from_b64(claims)) == {"aud": "https://push.example:8443", "exp": 1_000_000 + 12 * 3600, "sub": "https://fedi.test/"}
    raw = from_b64(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_b64(sender.public))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(der, f"{head}.{claims}x".encode(), ec.ECDSA(SHA256()))


def test_a_key_is_the_same_when_it_is_read_again() -> None:
    secret = webpush.new_secret()

    assert Sender(secret).public == Sender(secret).public != Sender(webpush.new_secret()).public
    assert len(from_b64(Sender(secret).public)) == 65


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", AUTH), (USER_PUBLIC, ""), (USER_PUBLIC[:-4], AUTH), (USER_PUBLIC, AUTH + "AA"), ("!" * 87, AUTH), (USER_PUBLIC, "\u00e9"),
        (b64(b"\x04" + b"\x01" * 64), AUTH), (b64(b"\x00"), AUTH), ("B" * 87, AUTH), (USER_PUBLIC, "A" * 10_000),
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(Invalid):
        webpush.receiver(p256dh, auth)


def test_keys_come_in_both_alphabets_and_with_padding() -> None:
    padded = USER_PUBLIC.replace("-", "+").replace("_", "/") + "="

    assert webpush.receiver(padded, AUTH + "==") == webpush.receiver(USER_PUBLIC, AUTH)
