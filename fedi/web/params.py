"""What a request brings: its body, bounded in size and time, and its parameters as one flat list, whatever form they came in.

Clients send JSON, urlencoded forms and multipart with the same names: `media_ids[]`, `poll[options][]`, `{"poll": {"options": []}}`.
"""

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import orjson
from aiohttp import BodyPartReader, ClientPayloadError, StreamReader, hdrs, http_exceptions, web

from fedi import ids, limits
from fedi.errors import Invalid, Malformed, TooLarge

BODY_S: Final = 30  # a whole body of the usual size; aiohttp itself never cuts a slow one
_DRAIN_S: Final = 1
_UPLOAD_BYTES_PER_S: Final = 32 * 1024
_DRAINED_BYTES: Final = 64 * 1024  # read past a limit, so that a little too much still gets its answer
_FIELDS: Final = 1000
_PARTS: Final = 200
_NAME_CHARS: Final = 200
_TEXT_CHARS: Final = 1024 * 1024
_FALSE: Final = frozenset({"false", "0", "f", "off", "no", "n"})
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")

Value = str | int | float | bool | None


# Raises what `auth.identify` would when who asks may no longer: a body takes its time, and much can end meanwhile. Source: AUT-10.
STILL = web.RequestKey[Callable[[], None]]("still")


class Slow(Exception):
    """The body did not come in time."""


class Upload(NamedTuple):
    """A file of a multipart form. `filename` and `mime` are what the client says."""

    filename: str
    mime: str
    data: bytes


# -- bodies --


async def body(request: web.Request, max_bytes: int = limits.BODY_BYTES) -> bytes:
    """The raw body. Raises TooLarge over the limit, Slow when it drips, Malformed when it breaks off."""
    content = request.content
    if content.is_eof():  # it came along with the head, as most do
        found = content.read_nowait(-1)
    elif (request.content_length or 0) > max_bytes + _DRAINED_BYTES:
        raise too_large(max_bytes)
    else:
        found = await _arriving(content, max_bytes)
    if len(found) > max_bytes:
        raise too_large(max_bytes)
    return found


async def _arriving(content: StreamReader, max_bytes: int) -> bytes:
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            while part := await content.readany():
                found += part
                if len(found) > max_bytes + _DRAINED_BYTES:
                    raise too_large(max_bytes)
    except TimeoutError:
        raise Slow from None
    except (ClientPayloadError, web.RequestPayloadError):
        raise Malformed("The body is not what the head of the request says.") from None
    return bytes(found)


def too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"That is too large: up to {max_bytes // 1024} KiB are accepted here.")


async def drain(request: web.Request) -> bool:
    """Take what is left of a body that nobody wanted; False when that is too much. Who is still sending does not read the answer."""
    content, left = request.content, limits.BODY_BYTES + _DRAINED_BYTES
    if not content.is_eof() and (request.content_length or 0) <= left:
        with suppress(TimeoutError, ClientPayloadError, web.RequestPayloadError):
            async with asyncio.timeout(_DRAIN_S):
                while left > 0 and (part := await content.readany()):
                    left -= len(part)
    return content.is_eof()


# -- parameters --


def _check_name(name: str) -> None:
    """Names stand in messages. Raises Invalid."""
    if len(name) > _NAME_CHARS:
        raise Invalid("The name of a parameter is too long.")
    if _UNSTORABLE.search(name):
        raise Invalid("There is a character in the name of a parameter that cannot be stored.")


class Params:
    """Parameters by name, without the `[]` of lists. Every getter raises Invalid naming the parameter when its value is of another type."""

    def __init__(self) -> None:
        self.values: dict[str, list[Value]] = {}
        self.files: dict[str, Upload] = {}
        self.lists: set[str] = set()
        self.ordered: list[
            tuple[str, Value]
        ] = []  # of lists of objects without numbers, `a[][b]`, where only the order says what belongs together

    def add(self, name: str, value: Value) -> None:
        _check_name(name)
        if isinstance(value, str) and _UNSTORABLE.search(value):
            raise Invalid(f"{name}: there is a character in it that cannot be stored.", name)
        if name.endswith("[]"):
            name = name[:-2]
            self.lists.add(name)
        if "[][" in name and len(self.ordered) < _FIELDS:
            self.ordered.append((name, value))
        self.values.setdefault(name, []).append(value)

    def add_file(self, name: str, file: Upload) -> None:
        _check_name(name)
        self.files[name.removesuffix("[]")] = file

    def extend(self, other: "Params") -> None:
        """Take over what `other` has; its values win."""
        self.values.update(other.values)
        self.files.update(other.files)
        self.lists |= other.lists
        self.ordered += other.ordered

    def __contains__(self, name: str) -> bool:
        return name in self.values or name in self.files

    def names(self) -> list[str]:
        return [*self.values, *self.files]

    def find_text(self, name: str, max_chars: int = _TEXT_CHARS) -> str | None:
        """Text as it was written, or None when it was not given (or null)."""
        value = self._one(name)
        if value is None:
            return None
        if isinstance(value, bool) or name in self.lists:
            raise Invalid(f"{name}: write a text.", name)
        text = str(value)
        if len(text) > max_chars:
            raise Invalid(f"{name}: up to {max_chars} characters, please.", name)
        return text

    def text(self, name: str, default: str = "", max_chars: int = _TEXT_CHARS) -> str:
        found = self.find_text(name, max_chars)
        return default if found is None else found

    def find_flag(self, name: str) -> bool | None:
        """Yes or no; None when it was not given, or empty. `0`, `false`, `off` and the like mean no, other words yes."""
        value = self._one(name)
        if value is None or isinstance(value, bool):
            return value
        if name in self.lists or isinstance(value, float):
            raise Invalid(f"{name}: write true or false.", name)
        text = str(value).strip().lower()
        return None if not text else text not in _FALSE

    def flag(self, name: str, default: bool = False) -> bool:
        found = self.find_flag(name)
        return default if found is None else found

    def find_number(self, name: str) -> int | None:
        """A whole number of at most 63 bits, or None when it was not given."""
        value = self._one(name)
        if value is None or value == "":
            return None
        text = str(value).strip()
        if isinstance(value, bool | float) or name in self.lists or not re.fullmatch(r"-?[0-9]{1,19}", text) or abs(int(text)) > ids.MAX:
            raise Invalid(f"{name}: write a whole number.", name)
        return int(text)

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number; what is beyond `low` or `high` counts as that."""
        found = self.find_number(name)
        return default if found is None else min(max(found, low), high)

    def find_id(self, name: str) -> int | None:
        """The id of something, or None when it was not given. Raises NotFound for what cannot be one."""
        text = self.text(name, max_chars=100)
        return ids.parse(text) if text else None

    def texts(self, name: str, most: int = 40) -> list[str]:
        """A list of texts; a single one counts as a list."""
        values = [value for value in self.values.get(name, ()) if value is not None]
        if len(values) > most:
            raise Invalid(f"{name}: up to {most} of them, please.", name)
        if any(isinstance(value, bool) for value in values):
            raise Invalid(f"{name}: write a list of texts.", name)
        return [str(value) for value in values]

    def ids(self, name: str, most: int = 40) -> list[int]:
        """A list of ids, each once, in order; what cannot be an id is left out, like the id of nothing."""
        found = [int(text) for text in self.texts(name, most) if re.fullmatch(r"[0-9]{1,19}", text)]
        return [number for number in dict.fromkeys(found) if number <= ids.MAX]

    def groups(self, name: str, most: int = 100) -> list["Params"]:
        """A list of objects, each with its own parameters: JSON, `name[0][field]`, or `name[][field]`, where a new one begins when a
        field comes again."""
        found: dict[str, Params] = {}
        for key, values in self.values.items():
            match = re.fullmatch(re.escape(name) + r"\[([0-9]{1,9})\]\[(\w{1,50})\]", key)
            if match:
                found.setdefault(match[1], Params()).values[match[2]] = values
        last: Params | None = None
        for key, value in self.ordered:
            match = re.fullmatch(re.escape(name) + r"\[\]\[(\w{1,50})\]", key)
            if match:
                if last is None or match[1] in last.values:
                    last = found[f"[{len(found)}]"] = Params()
                last.values[match[1]] = [value]
        if len(found) > most:
            raise Invalid(f"{name}: up to {most} of them, please.", name)
        return list(found.values())

    def file(self, name: str) -> Upload | None:
        """An uploaded file; None when there is none, or an empty form field."""
        found = self.files.get(name)
        return found if found is not None and (found.data or found.filename) else None

    def _one(self, name: str) -> Value:
        values = self.values.get(name)
        return values[-1] if values else None


_PARAMS = web.RequestKey[Params]("params")


async def read(request: web.Request, upload_bytes: int = 0) -> Params:
    """All parameters of a request, the query's and the body's (which win). Read once; later calls get the same.

    `upload_bytes` is what a multipart body may hold; 0: as much as any other. Raises Malformed (400), TooLarge (413), Invalid (422).
    """
    if _PARAMS in request:
        return request[_PARAMS]
    found = query(request)
    if request.method not in ("GET", "HEAD") and request.body_exists:
        was_waited_for = not request.content.is_eof()
        found.extend(await _body_params(request, upload_bytes))
        if was_waited_for and STILL in request:
            request[STILL]()
    request[_PARAMS] = found
    return found


def query(request: web.Request) -> Params:
    """The parameters of the query alone: for reads."""
    found = Params()
    if request.query_string:
        for name, value in _pairs(request.rel_url.raw_query_string.encode()):
            found.add(name, value)
    return found


async def _body_params(request: web.Request, upload_bytes: int) -> Params:
    kind = request.content_type.lower()
    if kind == "multipart/form-data":
        return await _multipart(request, max(upload_bytes, limits.BODY_BYTES))
    data = await body(request)
    if kind == "application/x-www-form-urlencoded":
        found = Params()
        for name, value in _pairs(data):
            found.add(name, value)
        return found
    if kind == "application/json" or kind.endswith("+json"):
        return from_json(data)
    if not data:
        return Params()
    raise web.HTTPUnsupportedMediaType(text="Send parameters as JSON, as an urlencoded form or as multipart/form-data.")


def _pairs(data: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(data.decode("utf-8"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
    except UnicodeDecodeError:
        raise Malformed("The form is not encoded as forms are.") from None
    except ValueError:
        raise Malformed(f"The form has more than {_FIELDS} fields.") from None


# -- JSON --


def from_json(data: bytes) -> Params:
    """The parameters of a JSON object, `{"poll": {"options": ["a"]}}` as `poll[options]`. Raises Malformed, Invalid."""
    found = Params()
    if not data.strip():
        return found
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Malformed("That is not valid JSON.") from None
    if not isinstance(document, dict):
        raise Malformed("Send a JSON object.")
    for name, value in document.items():
        _flatten(found, name, value, 1)
    if orjson.dumps(document) != data:  # written out again as it came, it had no key twice
        json.loads(data, object_pairs_hook=_refuse_doubles)
    return found


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> None:
    """Two readers could understand such an object in two ways. Raises Malformed."""
    if len(dict(pairs)) < len(pairs):
        raise Malformed("That JSON has a key twice.")


def _flatten(found: Params, name: str, value: Any, depth: int) -> None:
    if depth > limits.JSON_DEPTH or len(name) > _NAME_CHARS:
        raise Malformed("That JSON is nested too deep.")
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(found, f"{name}[{key}]", inner, depth + 1)
    elif isinstance(value, list):
        if len(value) > _FIELDS:
            raise Invalid(f"{name}: the list is too long.", name)
        if not value:
            found.values.setdefault(name, [])
        for index, inner in enumerate(value):
            _flatten(found, f"{name}[{index}]" if isinstance(inner, dict | list) else f"{name}[]", inner, depth + 1)
    else:
        found.add(name, value)


# -- multipart --


async def _multipart(request: web.Request, max_bytes: int) -> Params:
    if (request.content_length or 0) > max_bytes + _DRAINED_BYTES:
        raise too_large(max_bytes)
    try:
        async with asyncio.timeout(BODY_S + max_bytes / _UPLOAD_BYTES_PER_S if max_bytes > limits.BODY_BYTES else BODY_S):
            return await _parts(request, max_bytes)
    except TimeoutError:
        raise Slow from None
    except (ValueError, AssertionError, RuntimeError, http_exceptions.HttpProcessingError, ClientPayloadError, web.RequestPayloadError):
        raise Malformed("The multipart form cannot be read.") from None


async def _parts(request: web.Request, max_bytes: int) -> Params:
    found, left, count = Params(), max_bytes, 0
    async for part in await request.multipart():
        count += 1
        if count > _PARTS or not isinstance(part, BodyPartReader) or not part.name:
            raise Malformed("The multipart form cannot be read.")
        data = bytearray()
        while chunk := await part.read_chunk(64 * 1024):
            left -= len(chunk)
            if left < 0:
                raise too_large(max_bytes)
            data += chunk
        if part.filename is not None:
            mime = part.headers.get(hdrs.CONTENT_TYPE, "application/octet-stream")
            found.add_file(part.name, Upload(part.filename[:255], mime.partition(";")[0].strip().lower(), bytes(data)))
        else:
            found.add(part.name, data.decode("utf-8", "surrogateescape"))
    return found
