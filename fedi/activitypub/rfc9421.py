"""HTTP Message Signatures: reading the two fields, and the signature base. Policy is in `signatures`. Source: RFC 9421.

A covered component is written here as in the signature base but without the quotes of its name: `content-digest`, `@method`,
`@query-param;name="page"`. Parameters other than that one (`sf`, `bs`, `key`, `req`, `tr`) are refused: nobody sends them.
"""

import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, NoReturn
from urllib.parse import quote, unquote_plus

import http_sf

from fedi.errors import Malformed, Untrusted

_MEMBERS_MAX: Final = 256  # members, items and parameters of a field: bounds the time its parser takes
DERIVED: Final = frozenset({"@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query", "@query-param"})

_NAME = re.compile(r"@?[a-z0-9!#$%&'*+.^_`|~-]+")
_SIGNATURE = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]+):")
_PARAMETER_TYPES: Final = {"created": int, "expires": int, "nonce": str, "alg": str, "keyid": str, "tag": str}


class Input(NamedTuple):
    """One labelled signature: what it covers, its parameters, and `text`, the value of `@signature-params`."""

    covered: tuple[str, ...]
    created_s: int | None
    expires_s: int | None
    alg: str | None
    key_id: str | None
    text: str
    signature: bytes


class Request(NamedTuple):
    """What derived components are made of. `authority` is lower-case without a default port; `target` begins with `/`."""

    method: str
    scheme: str
    authority: str
    target: str


def parse(signature_input: str, signature: str) -> Input:
    """The one signature of a request, from its two fields. Raises Untrusted.

    Refused: two labels, unknown parameters of components or of the signature, anything given twice.
    """
    label, signed = _signature(signature)
    try:
        inputs = _dictionary(signature_input)
    except Malformed as error:
        raise Untrusted(error.message) from None
    member = inputs.pop(label, None)
    if inputs or not isinstance(member, tuple) or not isinstance(member[0], list):
        raise Untrusted("A request carries one signature: one label, the same in Signature-Input and Signature.")
    items, params = member
    for name, value in params.items():
        # bool is an int and a Token is not a str here, hence the exact type.
        if type(value) is not _PARAMETER_TYPES.get(name):
            raise Untrusted("The signature has a parameter that is not known, or not of its type.")
    covered = tuple(_component(item) for item in items)
    if len(set(covered)) != len(covered):
        raise Untrusted("The signature covers a component twice.")
    return Input(
        covered, params.get("created"), params.get("expires"), params.get("alg"), params.get("keyid"), http_sf.ser([member]), signed
    )


def base(covered: Sequence[str], params_text: str, values: Mapping[str, str]) -> bytes:
    """The signature base. `values` holds the headers and derived components by their name here. Raises Untrusted. Source: RFC 9421 2.5."""
    lines = []
    for identifier in covered:
        value = values.get(identifier)
        if value is None:
            raise Untrusted("The signature covers a component that is not there.")
        name, parameter, rest = identifier.partition(";")
        lines.append(f'"{name}"{parameter}{rest}: {value}')
    lines.append(f'"@signature-params": {params_text}')
    text = "\n".join(lines)
    if text.count("\n") != len(covered) or "\r" in text or not text.isascii():
        raise Untrusted("A covered component has a line break or is not ASCII.")
    return text.encode("ascii")


def derived(covered: Sequence[str], request: Request) -> dict[str, str]:
    """The values of the covered derived components. Raises Untrusted for an unknown one. Source: RFC 9421 2.2."""
    method, scheme, authority, target = request
    path, _, query = target.partition("?")
    simple = {
        "@method": method,
        "@target-uri": f"{scheme}://{authority}{target}",
        "@authority": authority,
        "@scheme": scheme,
        "@request-target": target,
        "@path": path,
        "@query": f"?{query}",
    }
    found: dict[str, str] = {}
    arguments: dict[str, str | None] | None = None
    for identifier in covered:
        if not identifier.startswith("@"):
            continue
        value = simple.get(identifier)
        if value is None and identifier.startswith('@query-param;name="'):
            arguments = _arguments(query) if arguments is None else arguments
            value = arguments.get(identifier[19:-1])
        if value is None:
            raise Untrusted("The signature covers an unknown component.")
        found[identifier] = value
    return found


def content_digests(text: str) -> list[tuple[str, bytes]]:
    """The values of a Content-Digest field as (algorithm, bytes). Source: RFC 9530 2.

    Raises Malformed for what is no such field (a Mastodon server answers 400 too), Untrusted when an algorithm is given twice.
    """
    found = []
    for algorithm, member in _dictionary(text).items():
        if not isinstance(member, tuple) or not isinstance(member[0], bytes):
            raise Malformed("The Content-Digest header cannot be read.")
        found.append((algorithm, member[0]))
    return found


def string(text: str) -> str:
    """A structured-field string, quoted. ValueError when it is not ASCII."""
    return http_sf.ser(text)


def _signature(text: str) -> tuple[str, bytes]:
    # A dictionary of one byte sequence has one shape; the general parser would look at each of its letters in turn.
    match = _SIGNATURE.fullmatch(text.strip(" \t"))
    if not match:
        raise Untrusted("The Signature header is not one labelled byte sequence.")
    try:
        return match[1], binascii.a2b_base64(match[2], strict_mode=True)
    except ValueError:
        raise Untrusted("The signature is not valid base64.") from None


def _dictionary(text: str) -> dict[str, object]:
    if sum(map(text.count, " \t;,")) > _MEMBERS_MAX:
        raise Malformed("A signature or digest header has too many parts.")
    try:
        parsed = http_sf.parse(text.encode("ascii"), tltype="dictionary", on_duplicate_key=_twice)
    except ValueError:
        raise Malformed("A signature or digest header is not a structured field.") from None
    assert isinstance(parsed, dict)
    return dict(parsed)


def _twice(key: str, where: str) -> NoReturn:
    raise Untrusted("A signature or digest header gives something twice.")


def _component(item: object) -> str:
    name, params = item if isinstance(item, tuple) else (item, {})
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Untrusted("The signature covers something that is no component.")
    if not params:
        return name
    wanted = params.get("name")
    if name != "@query-param" or list(params) != ["name"] or type(wanted) is not str or '"' in wanted or "\\" in wanted:
        raise Untrusted("The signature covers a component with a parameter that is not known.")
    return f'{name};name="{wanted}"'


def _arguments(query: str) -> dict[str, str | None]:
    """The query's arguments, encoded anew. None marks a name that occurs twice. Source: RFC 9421 2.2.8."""
    found: dict[str, str | None] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        encoded = _encoded(name)
        found[encoded] = None if encoded in found else _encoded(value)
    return found


def _encoded(text: str) -> str:
    return quote(unquote_plus(text), safe="*", errors="replace").replace("~", "%7E")
