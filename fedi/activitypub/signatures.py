"""HTTP signatures, the public door: what a request claims, whether we accept such a claim, whether it is true; and our own. Pure, no I/O.

`parse` reads, `check` is policy and needs no key, `verify` is mathematics. In front of `verify` the caller finds the key, and
after it asks whether the key's owner may say what the body says. What the two specifications differ in is in `cavage` and `rfc9421`.
"""

import binascii
import hashlib
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA512

from fedi import clock, limits, uris
from fedi.activitypub import cavage, rfc9421
from fedi.activitypub.keys import PrivateKey, PublicKey
from fedi.errors import Untrusted

Scheme = Literal["cavage", "rfc9421"]

HEADER_CHARS: Final = 8 * 1024  # of Signature, Signature-Input, and of a Digest: aiohttp stops at the same size

_PADDING = PKCS1v15()
_HASHES: Final = {"rsa-sha512": SHA512()}
_HASH = SHA256()
_RSA_ALGORITHMS: Final = {"cavage": frozenset({"rsa-sha256", "rsa-sha512"}), "rfc9421": frozenset({"rsa-v1_5-sha256"})}
_ED25519: Final = "ed25519"
_BY_KEY: Final = {"cavage": frozenset({None, "hs2019"}), "rfc9421": frozenset({None})}  # the key's type decides
_DIGEST_HEADER: Final = {"cavage": "digest", "rfc9421": "content-digest"}
_COVERED: Final = {"cavage": ("(request-target)", "host"), "rfc9421": ("@method", "@target-uri")}
_DERIVED: Final = {"cavage": frozenset({"(request-target)", "(created)", "(expires)"}), "rfc9421": rfc9421.DERIVED}
_DEFAULT_PORT: Final = {"https": ":443", "http": ":80"}


class RequestHead(NamedTuple):
    """A request as it came. `method` in capitals; `target` the raw request target in origin form, with its query;
    `scheme` that of our public address; `headers` with lower-case names, in order, repeats kept."""

    method: str
    target: str
    scheme: str
    headers: list[tuple[str, str]]


class Claim(NamedTuple):
    """What a Signature header says, believed by nobody yet. Times in milliseconds."""

    scheme: Scheme
    key_id: str
    algorithm: str | None  # lower-case
    covered: tuple[str, ...]  # lower-case names, as cavage.signing_string and rfc9421.base take them
    created: int | None
    expires: int | None
    signature: bytes
    params_text: str  # RFC 9421: the value of @signature-params; cavage: empty


# -- reading --


def parse(head: RequestHead) -> Claim:
    """The one signature a request carries. Raises Untrusted when there is none, two, or one that cannot be read.

    A Signature-Input header makes it RFC 9421, whatever the Signature header looks like.
    """
    inputs, texts = [], []
    for name, value in head.headers:
        if name == "signature" or (name == "authorization" and value[:10].lower() == "signature "):
            texts.append(value)
        elif name == "signature-input":
            inputs.append(value)
    if not texts:
        raise Untrusted("The request is not signed.")
    if len(texts) > 1 or len(inputs) > 1:
        raise Untrusted("The request has more than one signature.")
    if len(texts[0]) > HEADER_CHARS or (inputs and len(inputs[0]) > HEADER_CHARS):
        raise Untrusted("The signature is too long.")
    claim = _parse_rfc9421(inputs[0], texts[0]) if inputs else _parse_cavage(texts[0])
    if not 0 < len(claim.key_id) <= limits.URI_CHARS:
        raise Untrusted("The signature names no key.")
    return claim


def _parse_cavage(text: str) -> Claim:
    params = cavage.parameters(text)
    algorithm = params.get("algorithm")
    if algorithm is not None:
        algorithm = algorithm.lower()
    default = "date" if algorithm == "rsa-sha256" else "(created)"
    covered = tuple(params.get("headers", default).lower().split())
    if not covered or len(set(covered)) != len(covered):
        raise Untrusted("The signature covers nothing, or a header twice.")
    try:
        signature = binascii.a2b_base64(params.get("signature", ""), strict_mode=True)
    except ValueError:
        raise Untrusted("The signature is not valid base64.") from None
    created, expires = _seconds(params.get("created")), _seconds(params.get("expires"))
    return Claim("cavage", params.get("keyid", ""), algorithm, covered, created, expires, signature, "")


def _seconds(text: str | None) -> int | None:
    """Seconds in a header as milliseconds. Only the canonical form, because `(created)` is signed as it was written."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and str(int(text)) == text):
        raise Untrusted("The signature's time is not a number of seconds.")
    return int(text) * clock.SECOND


def _parse_rfc9421(signature_input: str, text: str) -> Claim:
    found = rfc9421.parse(signature_input, text)
    created, expires = (None if at is None else at * clock.SECOND for at in (found.created_s, found.expires_s))
    return Claim("rfc9421", found.key_id or "", found.alg, found.covered, created, expires, found.signature, found.text)


def _values(head: RequestHead) -> dict[str, str]:
    """The headers by name, repeats joined by `, `. Source: draft-cavage-12 2.3; RFC 9421 2.1."""
    values = {name: value.strip(" \t") for name, value in head.headers}
    if len(values) == len(head.headers):
        return values
    lists: dict[str, list[str]] = {}
    for name, value in head.headers:
        lists.setdefault(name, []).append(value.strip(" \t"))
    return {name: ", ".join(each) for name, each in lists.items()}


def _authority(host: str, scheme: str) -> str:
    return host.lower().removesuffix(_DEFAULT_PORT.get(scheme, ":443"))


# -- policy --


def check(claim: Claim, head: RequestHead, body: bytes, now: int, authorities: Collection[str]) -> None:
    """Whether we would believe such a claim if its signature were right; asked before any key is fetched. Raises Untrusted.

    Never a header's word for what must be covered: the method, the target, our own host, the time, and the body by its digest.
    `authorities` are the hosts that we are (uris.Uris.domain and .host). Raises Malformed for a Content-Digest that is none.
    Stricter than the draft and than other servers, which accept a signature over less.
    Source: SIG-02 to SIG-12.
    """
    values = _values(head)
    if not head.target.startswith("/") or _authority(values.get("host", ""), head.scheme) not in authorities:
        raise Untrusted("The request is meant for another server.")
    _check_covered(claim, values, has_body=bool(body) or head.method not in {"GET", "HEAD"})
    _check_algorithm(claim)
    _check_times(claim, values, now)
    _check_digests(claim, values, body)


def _check_covered(claim: Claim, values: Mapping[str, str], *, has_body: bool) -> None:
    covered = claim.covered
    for name in _COVERED[claim.scheme]:
        if name not in covered:
            raise Untrusted(f"The signature does not cover {name}.")
    if has_body and _DIGEST_HEADER[claim.scheme] not in covered:
        raise Untrusted(f"The signature does not cover {_DIGEST_HEADER[claim.scheme]}.")
    for name in covered:
        if name not in values and name.partition(";")[0] not in _DERIVED[claim.scheme]:
            raise Untrusted("The signature covers something that is not there.")


def _check_algorithm(claim: Claim) -> None:
    """An allow-list: `none`, HMAC keyed with a public key, DSA and whatever comes next are not on it. Source: SIG-10."""
    scheme, algorithm = claim.scheme, claim.algorithm
    if algorithm != _ED25519 and algorithm not in _BY_KEY[scheme] and algorithm not in _RSA_ALGORITHMS[scheme]:
        raise Untrusted("The signature's algorithm is not accepted.")


def _check_times(claim: Claim, values: Mapping[str, str], now: int) -> None:
    """Every time the signature covers must be fresh, and there must be one. Source: SIG-08; SIG-09."""
    moments = [] if claim.created is None else [claim.created]
    if claim.scheme == "cavage":
        _check_cavage_times(claim)
    elif not moments:
        raise Untrusted("The signature does not say when it was created.")
    if "date" in claim.covered:
        moments.append(_http_date(values["date"][:64]))
    if not moments:
        raise Untrusted("The signature does not cover date.")
    if not all(now - limits.DATE_PAST_S * clock.SECOND <= at <= now + limits.DATE_FUTURE_S * clock.SECOND for at in moments):
        raise Untrusted("The signature is too old, or from the future: is a clock wrong?")
    if claim.expires is not None and now > claim.expires:
        raise Untrusted("The signature has expired.")


def _check_cavage_times(claim: Claim) -> None:
    for at, name in ((claim.created, "(created)"), (claim.expires, "(expires)")):
        if (at is not None) != (name in claim.covered):
            raise Untrusted(f"The signature must cover {name} exactly when it gives it.")
        if at is not None and claim.algorithm in _RSA_ALGORITHMS["cavage"]:
            raise Untrusted(f"{name} is not allowed with this algorithm.")  # Source: draft-cavage-12 2.3


@lru_cache(maxsize=1024)
def _http_date(text: str) -> int:  # of at most 64 characters
    # Cached because parsing costs half as much as the RSA check, and busy peers sign many requests in one second.
    at = clock.parse_http_date(text)
    if at is None:
        raise Untrusted("The Date header cannot be read.")
    return at


def _check_digests(claim: Claim, values: Mapping[str, str], body: bytes) -> None:
    """Every digest that is there must be right, covered or not; the covered one must be of an algorithm we know.

    Observed: snac signs the digest of the empty body of a GET. Source: SIG-04; SIG-05.
    """
    expected: dict[str, bytes] = {}
    for header, read in (("digest", cavage.digests), ("content-digest", rfc9421.content_digests)):
        text = values.get(header)
        if text is None:
            continue
        if len(text) > HEADER_CHARS:
            raise Untrusted("The digest is too long.")
        known = False
        for algorithm, value in read(text):
            if algorithm not in {"sha-256", "sha-512"}:
                continue
            if algorithm not in expected:
                expected[algorithm] = (hashlib.sha256 if algorithm == "sha-256" else hashlib.sha512)(body).digest()
            if value != expected[algorithm]:
                raise Untrusted("The digest does not match the body.")
            known = True
        if not known and header in claim.covered:
            raise Untrusted("The digest is of no algorithm that is known here: sha-256, please.")


# -- mathematics --


def verify(claim: Claim, head: RequestHead, public_key: PublicKey) -> bool:
    """Whether this key signed this request. Says nothing about freshness or coverage: `check` does, and both are needed.

    Cavage tries the target with its query and then without. Raises Untrusted when a covered header is not there.
    About 20 us with an RSA key of 2,048 bits, twice that when it is wrong. Observed: old Mastodon and Fedify leave the query out.
    """
    if not _fits(claim, public_key):
        return False
    values = _values(head)
    if claim.scheme == "rfc9421":
        request = rfc9421.Request(head.method, head.scheme, _authority(values.get("host", ""), head.scheme), head.target)
        values.update(rfc9421.derived(claim.covered, request))
        return verify_bytes(public_key, rfc9421.base(claim.covered, claim.params_text, values), claim.signature, claim.algorithm)
    for at, name in ((claim.created, "(created)"), (claim.expires, "(expires)")):
        values.pop(name, None)  # never from a header that is called so
        if at is not None:
            values[name] = str(at // clock.SECOND)
    path, question, _ = head.target.partition("?")
    for target in (head.target, path) if question else (path,):
        values["(request-target)"] = f"{head.method.lower()} {target}"
        if verify_bytes(public_key, cavage.signing_string(claim.covered, values), claim.signature, claim.algorithm):
            return True
    return False


def _fits(claim: Claim, public_key: PublicKey) -> bool:
    if claim.algorithm in _BY_KEY[claim.scheme]:
        return True
    if isinstance(public_key, RSAPublicKey):
        return claim.algorithm in _RSA_ALGORITHMS[claim.scheme]
    return claim.algorithm == _ED25519


def verify_bytes(public_key: PublicKey, data: bytes, signature: bytes, algorithm: str | None = None) -> bool:
    """The bare check: PKCS#1 v1.5 with SHA-256 (SHA-512 only for `rsa-sha512`) or Ed25519, by the key's type."""
    try:
        if isinstance(public_key, RSAPublicKey):
            public_key.verify(signature, data, _PADDING, _HASHES.get(algorithm or "", _HASH))
        else:
            public_key.verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


# -- our own --


class Outgoing(NamedTuple):
    """A request to sign: `url` exactly as it will be sent (ASCII, already encoded); `body_digest` from `digest`, None without a body."""

    method: str
    url: str
    content_type: str | None = None
    body_digest: str | None = None
    more: tuple[tuple[str, str], ...] = ()  # headers besides, to be covered as well


class Key(NamedTuple):
    """A private key under the name that others find its public half by."""

    id: str
    private: PrivateKey


class Unsigned(NamedTuple):
    """A request ready for the one costly step, `sign_bytes(key.private, data)`; `finish` puts the result into its headers."""

    headers: dict[str, str]
    data: bytes
    before: str
    after: str


def digest(body: bytes) -> str:
    """Base64 of the body's SHA-256, as both digest headers carry it. Computed once per activity, not per delivery."""
    return binascii.b2a_base64(hashlib.sha256(body).digest(), newline=False).decode("ascii")


def sign(request: Outgoing, key: Key, now: int, *, scheme: Scheme = "cavage", path_only: bool = False) -> dict[str, str]:
    """The headers to send with a request: Host, Date, Signature, and as needed Content-Type, (Content-)Digest, Signature-Input.

    `path_only` leaves the query out of what cavage signs, for peers that verify it so. Costs 0.3 ms with an RSA key; a worker that
    sends many calls `prepare` and `finish` on the loop and `sign_bytes` in a thread. Raises Malformed when the URL is no web address.
    """
    unsigned = prepare(request, key, now, scheme=scheme, path_only=path_only)
    return finish(unsigned, sign_bytes(key.private, unsigned.data))


def sign_bytes(private_key: PrivateKey, data: bytes) -> bytes:
    """The bare signature. Releases the GIL, so threads help."""
    if isinstance(private_key, RSAPrivateKey):
        return private_key.sign(data, _PADDING, _HASH)
    return private_key.sign(data)


def finish(unsigned: Unsigned, signature: bytes) -> dict[str, str]:
    """The headers to send, signature included."""
    encoded = binascii.b2a_base64(signature, newline=False).decode("ascii")
    return {**unsigned.headers, "Signature": f"{unsigned.before}{encoded}{unsigned.after}"}


def prepare(request: Outgoing, key: Key, now: int, *, scheme: Scheme = "cavage", path_only: bool = False) -> Unsigned:
    """Everything of `sign` but the mathematics. ValueError when the key's id or the URL cannot stand in a header: ours to get right."""
    origin = uris.origin(request.url)
    target = request_target(request.url)
    if not f"{key.id}{target}".isascii() or '"' in key.id or "\\" in key.id:
        raise ValueError("a key id and a URL must be ASCII and encoded")
    headers = {"Host": origin.authority, "Date": clock.http_date(now)}
    if request.content_type is not None:
        headers["Content-Type"] = request.content_type
    headers.update(request.more)
    if scheme == "rfc9421":
        derive = rfc9421.Request(request.method, origin.scheme, origin.authority, target)
        return _prepare_rfc9421(request, key, now // clock.SECOND, headers, derive)
    if request.body_digest is not None:
        headers["Digest"] = f"SHA-256={request.body_digest}"
    order = ["(request-target)", "host", "date", *(name for name in ("digest", "content-type") if name.title() in headers)]
    order += [name.lower() for name, _ in request.more]
    values = {name.lower(): value for name, value in headers.items()}
    values["(request-target)"] = f"{request.method.lower()} {target.partition('?')[0] if path_only else target}"
    algorithm = "hs2019" if isinstance(key.private, Ed25519PrivateKey) else "rsa-sha256"
    before = f'keyId="{key.id}",algorithm="{algorithm}",headers="{" ".join(order)}",signature="'
    return Unsigned(headers, cavage.signing_string(order, values), before, '"')


def _prepare_rfc9421(request: Outgoing, key: Key, created_s: int, headers: dict[str, str], derive: rfc9421.Request) -> Unsigned:
    """The shape that Mastodon sends and Fedify was seen to accept: target and digest covered, no `alg`."""
    covered = ["@method", "@target-uri"]
    if request.body_digest is not None:
        covered.append("content-digest")
        headers["Content-Digest"] = f"sha-256=:{request.body_digest}:"
    covered += [name.lower() for name, _ in request.more]
    names = " ".join(f'"{name}"' for name in covered)
    text = f"({names});created={created_s};keyid={rfc9421.string(key.id)}"
    values = {**rfc9421.derived(covered, derive), **{name.lower(): value for name, value in headers.items()}}
    headers["Signature-Input"] = f"sig1={text}"
    return Unsigned(headers, rfc9421.base(covered, text, values), "sig1=:", ":")


def request_target(url: str) -> str:
    """The path and query of a URL as aiohttp sends it: no fragment, `/` for no path, no lone `?` at the end."""
    rest = url.partition("#")[0].partition("://")[2]
    path = rest[len(rest.split("/", 1)[0].split("?", 1)[0]) :]
    path, question, query = path.partition("?")
    return f"{path or '/'}{question}{query}" if query else path or "/"
