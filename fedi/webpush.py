"""What goes to push services: messages that only their receiver can read, and proof of who sends them. Pure, no I/O.

Both ways that programs know: RFC 8291 (`aes128gcm`), and the fourth draft of it (`aesgcm`) that those ask for who do not say `standard`.
"""

import base64
import binascii
import hmac
import json
import os
import struct
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fedi import uris
from fedi.errors import Invalid

RECORD_BYTES: Final = 4096
PLAIN_BYTES: Final = 3000  # services take 4,096 bytes of a body, some of them less. Source: RFC 8030 7.2
VALID_S: Final = 12 * 3600  # of a proof; at most a day. Source: RFC 8292 2
_CURVE: Final = ec.SECP256R1()
_POINT_BYTES: Final = 65
_SECRET_BYTES: Final = 16


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64(text: str) -> bytes:
    """Either alphabet, padded or not. Raises ValueError."""
    plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
    except binascii.Error:
        raise ValueError("not base64") from None


# -- who sends: VAPID --


class Sender:
    """The key pair by which push services know this server. Source: RFC 8292."""

    def __init__(self, secret: str) -> None:
        """From what `new_secret` made."""
        self._key = ec.derive_private_key(int.from_bytes(from_b64(secret)), _CURVE)
        self.public = b64(_point(self._key.public_key()))

    def proof(self, endpoint: str, contact: str, now_s: int) -> str:
        """A signed token for the service of that endpoint: who we are and until when it counts."""
        origin = uris.origin(endpoint)
        claims = {"aud": f"{origin.scheme}://{origin.authority}", "exp": now_s + VALID_S, "sub": contact}
        head = {"typ": "JWT", "alg": "ES256"}
        signed = ".".join(b64(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{b64(r.to_bytes(32) + s.to_bytes(32))}"


def new_secret() -> str:
    """A new private key, as text to be kept."""
    return b64(ec.generate_private_key(_CURVE).private_numbers().private_value.to_bytes(32))


# -- who receives --


class Receiver(NamedTuple):
    """A subscriber's public key, 65 bytes, and its secret, 16 bytes."""

    public: bytes
    secret: bytes


def receiver(p256dh: str, auth: str) -> Receiver:
    """From what a program writes. Raises Invalid for what is no key."""
    try:
        public = from_b64(p256dh)
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public)
    except ValueError:
        public = b""
    if len(public) != _POINT_BYTES:
        raise Invalid("subscription[keys][p256dh]: that is no public key of the curve P-256.", "subscription[keys][p256dh]")
    try:
        secret = from_b64(auth)
    except ValueError:
        secret = b""
    if len(secret) != _SECRET_BYTES:
        raise Invalid("subscription[keys][auth]: that are not 16 bytes.", "subscription[keys][auth]")
    return Receiver(public, secret)


# -- what is sent --


class Sealed(NamedTuple):
    """A body and the headers that say how it is to be opened."""

    body: bytes
    headers: dict[str, str]


class Once(NamedTuple):
    """What is new for each message: a key pair and a salt. Tests name those of the RFC."""

    key: ec.EllipticCurvePrivateKey
    salt: bytes

    @classmethod
    def fresh(cls) -> "Once":
        return cls(ec.generate_private_key(_CURVE), os.urandom(16))


def seal(plain: bytes, to: Receiver, sender: Sender, proof: str, once: Once | None = None) -> Sealed:
    """A message for one receiver. Source: RFC 8291; RFC 8292 3."""
    once = once or Once.fresh()
    public = _point(once.key.public_key())
    material = _derive(to.secret, _agree(once.key, to.public), b"WebPush: info\0" + to.public + public, 32)
    headers = {"Content-Encoding": "aes128gcm", "Authorization": f"vapid t={proof}, k={sender.public}"}
    return Sealed(encode(plain, material, once.salt, public), headers)


def encode(plain: bytes, material: bytes, salt: bytes, key_id: bytes) -> bytes:
    """One record that is the last one, after the head that names salt and key. Source: RFC 8188 2."""
    key = _derive(salt, material, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(salt, material, b"Content-Encoding: nonce\0", 12)
    head = salt + struct.pack("!LB", RECORD_BYTES, len(key_id)) + key_id
    return head + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def seal_draft(plain: bytes, to: Receiver, sender: Sender, proof: str, once: Once | None = None) -> Sealed:
    """The same as programs from before the RFC understand it. Source: draft-ietf-webpush-encryption-04."""
    once = once or Once.fresh()
    public = _point(once.key.public_key())
    material = _derive(to.secret, _agree(once.key, to.public), b"Content-Encoding: auth\0", 32)
    context = b"P-256\0" + b"".join(struct.pack("!H", len(point)) + point for point in (to.public, public))
    key = _derive(once.salt, material, b"Content-Encoding: aesgcm\0" + context, 16)
    nonce = _derive(once.salt, material, b"Content-Encoding: nonce\0" + context, 12)
    headers = {
        "Content-Encoding": "aesgcm",
        "Encryption": f"salt={b64(once.salt)}",
        "Crypto-Key": f"dh={b64(public)};p256ecdsa={sender.public}",
        "Authorization": f"WebPush {proof}",
    }
    return Sealed(AESGCM(key).encrypt(nonce, b"\0\0" + plain, None), headers)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _agree(key: ec.EllipticCurvePrivateKey, public: bytes) -> bytes:
    return key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public))


def _derive(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA-256 of up to 32 bytes. Source: RFC 5869."""
    return hmac.digest(hmac.digest(salt, material, "sha256"), info + b"\x01", "sha256")[:length]
