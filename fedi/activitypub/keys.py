"""Key pairs: made, written as PEM and Multikey, and read back. Refuses keys too weak or too odd to vouch for anyone. Pure, no I/O.

Parsed keys are cached, because parsing costs more than a check with them: a private key 31 ms with OpenSSL's consistency
checks (10 us without), a public one as much as a tenth of a verification. The caches are pure functions of the text.
"""

import binascii
import re
from functools import lru_cache
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from fedi.errors import Untrusted

PublicKey = RSAPublicKey | Ed25519PublicKey
PrivateKey = RSAPrivateKey | Ed25519PrivateKey

RSA_BITS: Final = 2048  # what every peer accepts; 4096 costs each of them three times as much
RSA_BITS_ACCEPTED: Final = range(2048, 8193)
RSA_EXPONENT_MAX: Final = 2**32
PEM_CHARS: Final = 16 * 1024
MULTIKEY_CHARS: Final = 2048  # an RSA key of 8,192 bits is 1,413 characters
_CACHED_PUBLIC: Final = 10_000
_CACHED_PRIVATE: Final = 1_000

_PEM = re.compile(r"-----BEGIN (?:RSA )?PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END (?:RSA )?PUBLIC KEY-----", re.ASCII)
_ED25519_PREFIX: Final = b"\xed\x01"
_RSA_PREFIX: Final = b"\x85\x24"
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_VALUES: Final = {character: value for value, character in enumerate(_BASE58)}


def generate_rsa() -> str:
    """A new RSA key as PKCS#8 PEM. Takes 9-190 ms: call it through the instance's CPU threads."""
    return private_pem(generate_private_key(65537, RSA_BITS))


def generate_ed25519() -> str:
    """A new Ed25519 key as PKCS#8 PEM."""
    return private_pem(Ed25519PrivateKey.generate())


def private_pem(key: PrivateKey) -> str:
    """PKCS#8, not encrypted: what the accounts' rows hold."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


@lru_cache(maxsize=_CACHED_PRIVATE)
def load_private(pem: str) -> PrivateKey:
    """One of our own keys, from PKCS#8 or PKCS#1. Never for a key a stranger wrote: its consistency is not checked.

    ValueError when it is neither RSA nor Ed25519: our rows hold nothing else.
    """
    key = load_pem_private_key(pem.encode("ascii"), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ValueError("not an RSA or Ed25519 key")
    return key


def public_pem(pem: str) -> str:
    """The public half of one of our private keys, as the SPKI PEM that actors publish in `publicKeyPem`."""
    return to_pem(load_private(pem).public_key())


def to_pem(key: PublicKey) -> str:
    """A public key as SPKI PEM, whatever form it came in: the one form that is stored."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def load_public(pem: str) -> PublicKey:
    """A stranger's key: SPKI or PKCS#1, any line ends or none. Raises Untrusted when it cannot vouch for anyone.

    Refused: RSA under 2,048 or over 8,192 bits, or with an exponent over 2^32 (a check would take long);
    everything that is neither RSA nor Ed25519; over 16 KB. Source: SIG-18.
    """
    if len(pem) > PEM_CHARS:
        raise Untrusted("That public key is too large.")
    return _load_public(pem)


@lru_cache(maxsize=_CACHED_PUBLIC)
def _load_public(pem: str) -> PublicKey:
    match = _PEM.fullmatch(pem.strip())
    if not match:
        raise Untrusted("That is not a public key in PEM form.")
    try:
        der = binascii.a2b_base64("".join(match[1].split()), strict_mode=True)
    except ValueError:
        raise Untrusted("That public key is not valid base64.") from None
    return _sound(der)


def _sound(der: bytes) -> PublicKey:
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise Untrusted("That public key cannot be read.") from None
    if isinstance(key, RSAPublicKey):
        numbers = key.public_numbers()
        if key.key_size not in RSA_BITS_ACCEPTED or numbers.e > RSA_EXPONENT_MAX or not numbers.e & numbers.n & 1:
            raise Untrusted("That RSA key is too weak, too large or too odd: 2048 to 8192 bits, please.")
        return key
    if isinstance(key, Ed25519PublicKey):
        return key
    raise Untrusted("Only RSA and Ed25519 keys are accepted.")


def is_ed25519(key: PublicKey) -> bool:
    """Whether it is of the kind that integrity proofs are made with."""
    return isinstance(key, Ed25519PublicKey)


# -- Multikey. Source: FEP-521a; W3C Controlled Identifiers 2.2.2 --


def to_multikey(key: PublicKey) -> str:
    """`z6Mk...` (Ed25519) or `z4MX...` (RSA): the `publicKeyMultibase` of an actor's `assertionMethod`."""
    if isinstance(key, Ed25519PublicKey):
        return "z" + base58_encode(_ED25519_PREFIX + key.public_bytes_raw())
    return "z" + base58_encode(_RSA_PREFIX + key.public_bytes(Encoding.DER, PublicFormat.PKCS1))


def load_multikey(text: str) -> PublicKey:
    """A stranger's `publicKeyMultibase`, under the same rules as `load_public`. Raises Untrusted."""
    if not text.startswith("z") or len(text) > MULTIKEY_CHARS:
        raise Untrusted("That is not a base58 Multikey.")
    data = base58_decode(text[1:])
    if data.startswith(_ED25519_PREFIX) and len(data) == 34:
        return Ed25519PublicKey.from_public_bytes(data[2:])
    if data.startswith(_RSA_PREFIX):
        return _sound(data[2:])
    raise Untrusted("Only RSA and Ed25519 keys are accepted.")


def base58_encode(data: bytes) -> str:
    """Bitcoin's alphabet, without the multibase `z`."""
    number = int.from_bytes(data)
    digits: list[str] = []
    while number:
        number, rest = divmod(number, 58)
        digits.append(_BASE58[rest])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(digits))


def base58_decode(text: str) -> bytes:
    """The inverse; raises Untrusted. Its time grows with the square of the length: callers bound it first."""
    number = 0
    for character in text:
        value = _BASE58_VALUES.get(character)
        if value is None:
            raise Untrusted("That is not base58.")
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)
