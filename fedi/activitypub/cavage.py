"""Draft-cavage HTTP signatures: reading the header, and the text that is signed. Policy is in `signatures`.

Source: draft-cavage-http-signatures-12; SWICG ActivityPub and HTTP Signatures.
"""

import binascii
import re
from collections.abc import Mapping, Sequence

from fedi.errors import Untrusted

# Matched at one place after the other, never searched: the time is linear in the header.
_PARAMETER = re.compile(r'[ \t]*([A-Za-z]+)[ \t]*=[ \t]*(?:"([^"]*)"|([0-9]+))[ \t]*(?:,|\Z)')
_USUAL = re.compile(r'keyId="([^"]*)",algorithm="([^"]*)",headers="([^"]*)",signature="([^"]*)"')  # what nearly everybody sends
_LEAD = re.compile(r"[ \t]*(?:signature[ \t]+)?", re.IGNORECASE)


def parameters(text: str) -> dict[str, str]:
    """`keyId="...",created=1402170695,...` as a mapping with lower-case names. Raises Untrusted.

    Refused: a parameter given twice, unbalanced quotes, anything else between two commas.
    Observed: a leading `Signature ` belongs to the Authorization header, and some servers write it in both.
    """
    usual = _USUAL.fullmatch(text)
    if usual:
        return dict(zip(("keyid", "algorithm", "headers", "signature"), usual.groups(), strict=True))
    start = _LEAD.match(text)
    position = start.end() if start else 0
    found: dict[str, str] = {}
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if not match:
            raise Untrusted("The Signature header cannot be read.")
        name, quoted, number = match.groups()
        name = name.lower()
        if name in found:
            raise Untrusted("The Signature header gives a parameter twice.")
        found[name] = number if quoted is None else quoted
        position = match.end()
    return found


def signing_string(covered: Sequence[str], values: Mapping[str, str]) -> bytes:
    """The text that is signed: one `name: value` line for each covered name, in their order. Raises Untrusted.

    `values` holds the headers (lower-case name, repeats joined by `, `) and the covered ones of `(request-target)`, `(created)`
    and `(expires)`. Bytes that were not UTF-8 on the wire are expected as surrogate escapes and restored. Source: draft-cavage-12 2.3.
    """
    try:
        text = "\n".join([f"{name}: {values[name]}" for name in covered])
        data = text.encode("utf-8", "surrogateescape")
    except KeyError:
        raise Untrusted("The signature covers a header that is not there.") from None
    except UnicodeEncodeError:
        raise Untrusted("A covered header cannot be encoded.") from None
    if text.count("\n") != len(covered) - 1 or "\r" in text:
        raise Untrusted("A covered header has a line break.")
    return data


def digests(text: str) -> list[tuple[str, bytes]]:
    """The values of a Digest header, `SHA-256=<base64>,...`, as (lower-case algorithm, bytes). Raises Untrusted.

    Source: RFC 3230 4.3.2.
    """
    found = []
    for part in text.split(","):
        algorithm, _, value = part.strip().partition("=")
        try:
            found.append((algorithm.lower(), binascii.a2b_base64(value, strict_mode=True)))
        except ValueError:
            raise Untrusted("The Digest header cannot be read.") from None
    return found
