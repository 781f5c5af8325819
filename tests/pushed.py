"""Somebody who is sent push messages: a browser's keys, and how it opens what comes. Written from the RFCs, without the code it tries."""

import os
import re
import struct

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fedi.webpush import b64, from_b64


def hkdf(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)


class Subscriber:
    """One subscription's secret side."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = os.urandom(16)
        self._public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.p256dh, self.auth = b64(self._public), b64(self._secret)

    def open(self, body: bytes, headers: dict[str, str]) -> bytes:
        """What was sealed. Raises InvalidTag when it is for somebody else."""
        headers = {name.lower(): value for name, value in headers.items()}
        return self._standard(body) if headers["content-encoding"] == "aes128gcm" else self._draft(body, headers)

    def _shared(self, public: bytes) -> bytes:
        return self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public))

    def _standard(self, body: bytes) -> bytes:
        """Source: RFC 8188 2.1, RFC 8291 3.4."""
        salt, (_, length) = body[:16], struct.unpack("!LB", body[16:21])
        public, sealed = body[21 : 21 + length], body[21 + length :]
        material = hkdf(self._secret, self._shared(public), b"WebPush: info\0" + self._public + public, 32)
        key, nonce = hkdf(salt, material, b"Content-Encoding: aes128gcm\0", 16), hkdf(salt, material, b"Content-Encoding: nonce\0", 12)
        return AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0").removesuffix(b"\x02")

    def _draft(self, body: bytes, headers: dict[str, str]) -> bytes:
        """Source: draft-ietf-webpush-encryption-04 4."""
        salt = from_b64(headers["encryption"].removeprefix("salt="))
        found = re.search(r"dh=([\w-]+)", headers["crypto-key"])
        assert found is not None
        public = from_b64(found[1])
        material = hkdf(self._secret, self._shared(public), b"Content-Encoding: auth\0", 32)
        context = b"P-256\0\0\x41" + self._public + b"\0\x41" + public
        key = hkdf(salt, material, b"Content-Encoding: aesgcm\0" + context, 16)
        plain = AESGCM(key).decrypt(hkdf(salt, material, b"Content-Encoding: nonce\0" + context, 12), body, None)
        return plain[2 + int.from_bytes(plain[:2]) :]
