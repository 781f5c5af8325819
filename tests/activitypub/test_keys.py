"""Keys: what we make, what we accept of strangers, and the caches."""

import base64
import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from fedi.activitypub import keys, signatures
from fedi.errors import Untrusted
from tests.pace import cost_s

SEED = bytes(range(32))
MULTIKEY = "z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd"


@pytest.fixture(scope="module")
def rsa_pem() -> str:
    return keys.generate_rsa()


def spki(key) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else (lambda b: bytes([0x80 | len(b)]) + b)(size.to_bytes((size.bit_length() + 7) // 8))
    return bytes([tag]) + length + content


def pkcs1(n: int, e: int) -> str:
    """A PKCS#1 public key of any numbers, without asking a library whether they make sense."""
    body = der(0x30, b"".join(der(2, number.to_bytes(number.bit_length() // 8 + 1)) for number in (n, e)))
    return f"-----BEGIN RSA PUBLIC KEY-----\n{base64.encodebytes(body).decode()}-----END RSA PUBLIC KEY-----\n"


def modulus(bits: int) -> int:
    return secrets.randbits(bits) | 1 | 1 << (bits - 1)


def test_a_new_rsa_key_has_2048_bits_and_a_public_half_that_loads(rsa_pem):
    private = keys.load_private(rsa_pem)
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.key_size == 2048
    public = keys.load_public(keys.public_pem(rsa_pem))
    assert public == private.public_key()
    assert keys.public_pem(rsa_pem).startswith("-----BEGIN PUBLIC KEY-----\n")


def test_a_new_ed25519_key_has_a_public_half_that_loads():
    pem = keys.generate_ed25519()
    assert keys.load_public(keys.public_pem(pem)) == keys.load_private(pem).public_key()


def test_two_new_keys_differ():
    assert keys.generate_ed25519() != keys.generate_ed25519()


def test_a_private_key_is_parsed_once(rsa_pem):
    copy = "".join(list(rsa_pem))
    assert keys.load_private(copy) is keys.load_private(rsa_pem)


def test_a_private_key_of_another_kind_is_not_ours():
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ValueError):
        keys.load_private(pem)


def test_a_public_key_is_parsed_once(rsa_pem):
    pem = keys.public_pem(rsa_pem)
    assert keys.load_public("".join(list(pem))) is keys.load_public(pem)


@pytest.mark.parametrize(
    "change",
    [
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: pem.rstrip("\n"),
        lambda pem: f"\n  {pem}\n\n",
        lambda pem: pem.replace("\n", " "),
        lambda pem: pem.replace("-----\n", "-----").replace("\n-----", "-----").replace("\n", ""),
    ],
    ids=["CRLF", "no last newline", "blank lines around", "spaces for newlines", "one line"],
)
def test_line_ends_of_a_public_key_do_not_matter(rsa_pem, change):
    pem = keys.public_pem(rsa_pem)
    assert keys.load_public(change(pem)) == keys.load_public(pem)


def test_sig_18_a_pkcs1_key_is_accepted(rsa_pem):
    public = keys.load_private(rsa_pem).public_key()
    assert keys.load_public(public.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()) == public


@pytest.mark.parametrize("bits", [2048, 3072, 4096, 8192])
def test_sig_18_rsa_keys_from_2048_to_8192_bits_are_accepted(bits):
    assert keys.load_public(pkcs1(modulus(bits), 65537)).key_size == bits


@pytest.mark.parametrize(
    "pem",
    [
        pkcs1(modulus(512), 65537),
        pkcs1(modulus(1023), 65537),
        pkcs1(modulus(1024), 65537),
        pkcs1(modulus(2047), 65537),
        pkcs1(modulus(8193), 65537),
        pkcs1(modulus(16384), 65537),
        pkcs1(modulus(2048), 2**32 + 1),
        pkcs1(modulus(2048), modulus(2000)),
        pkcs1(modulus(2048), 1),
        pkcs1(modulus(2048), 65536),
        pkcs1(modulus(2048) - 1, 65537),
        spki(dsa.generate_private_key(1024).public_key()),
        spki(ec.generate_private_key(ec.SECP256R1()).public_key()),
        spki(ed448.Ed448PrivateKey.generate().public_key()),
    ],
    ids=["512", "1023", "1024", "2047", "8193", "16384", "e>2^32", "e huge", "e=1", "e even", "n even", "DSA", "EC", "Ed448"],
)
def test_sig_18_weak_and_odd_keys_are_refused(pem):
    with pytest.raises(Untrusted):
        keys.load_public(pem)


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "hello",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PUBLIC KEY-----\nA\u0660AA\n-----END PUBLIC KEY-----\n",
        "\ud800",
    ],
)
def test_what_is_no_key_is_refused(pem):
    with pytest.raises(Untrusted):
        keys.load_public(pem)


def test_a_private_key_sent_as_a_public_one_is_refused(rsa_pem):
    with pytest.raises(Untrusted):
        keys.load_public(rsa_pem)


def test_two_keys_in_one_pem_are_refused(rsa_pem):
    with pytest.raises(Untrusted):
        keys.load_public(keys.public_pem(rsa_pem) * 2)


def test_a_key_with_bytes_after_it_is_refused(rsa_pem):
    raw = keys.load_private(rsa_pem).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(Untrusted):
        keys.load_public(f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(raw + b'x').decode()}\n-----END PUBLIC KEY-----")


def refused(load, text) -> None:
    with pytest.raises(Untrusted):
        load(text)


def test_sig_18_a_pem_of_a_megabyte_is_refused_at_once():
    pem = "-----BEGIN PUBLIC KEY-----\n" + "A" * 2**20 + "\n-----END PUBLIC KEY-----\n"
    assert cost_s(lambda: refused(keys.load_public, pem)) < 0.03


def test_sig_18_the_slowest_key_we_accept_checks_within_ten_milliseconds():
    key = keys.load_public(pkcs1(modulus(8192), 2**32 - 1))

    def check() -> None:
        assert not signatures.verify_bytes(key, b"x", secrets.token_bytes(1024))

    assert cost_s(check, times=10) < 0.010


# -- Multikey --


def test_an_ed25519_key_is_written_as_multikey():
    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    assert public.public_bytes_raw().hex() == "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
    assert keys.to_multikey(public) == MULTIKEY
    assert keys.load_multikey(MULTIKEY) == public


def test_an_rsa_key_survives_multikey(rsa_pem):
    public = keys.load_private(rsa_pem).public_key()
    text = keys.to_multikey(public)
    assert text.startswith("z4MX")
    assert keys.load_multikey(text) == public


def test_the_largest_rsa_key_fits_a_multikey():
    key = keys.load_public(pkcs1(modulus(8192), 65537))
    assert keys.load_multikey(keys.to_multikey(key)) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "m" + MULTIKEY[1:],
        MULTIKEY[:-1],
        MULTIKEY + "1",
        MULTIKEY[:-1] + "0",
        "z" + keys.base58_encode(b"\xec\x01" + bytes(32)),  # X25519
        "z" + keys.base58_encode(b"\xed\x01" + bytes(31)),
        "z" + keys.base58_encode(b"\xed\x01" + bytes(33)),
        "z" + keys.base58_encode(b"\x85\x24" + b"no key"),
        "z" + "2" * 3000,
        "z\u0661",
    ],
)
def test_what_is_no_multikey_is_refused(text):
    with pytest.raises(Untrusted):
        keys.load_multikey(text)


def test_a_multikey_of_a_megabyte_is_refused_at_once():
    assert cost_s(lambda: refused(keys.load_multikey, "z" + "2" * 2**20)) < 0.03


def test_a_weak_rsa_key_is_refused_as_multikey_too():
    weak = rsa.generate_private_key(65537, 1024).public_key()
    with pytest.raises(Untrusted):
        keys.load_multikey(keys.to_multikey(weak))


@given(st.binary(max_size=64))
def test_base58_gives_back_what_it_was_given(data):
    assert keys.base58_decode(keys.base58_encode(data)) == data


# Source: draft-msporny-base58-03, section 5.
@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
        (b"The quick brown fox jumps over the lazy dog.", "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"),
        (bytes.fromhex("0000287fb4cd"), "11233QC4"),
    ],
)
def test_base58_agrees_with_its_draft(data, text):
    assert keys.base58_encode(data) == text
    assert keys.base58_decode(text) == data


@given(st.text(max_size=200))
def test_random_text_is_never_a_key_and_never_an_accident(text):
    for load in (keys.load_public, keys.load_multikey):
        with pytest.raises(Untrusted):
            load(text)


@given(st.binary(max_size=300))
def test_random_der_is_never_an_accident(data):
    pem = f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(data).decode()}\n-----END PUBLIC KEY-----\n"
    with pytest.raises(Untrusted):
        keys.load_public(pem)
