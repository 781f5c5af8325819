"""Any bytes to any address: refused with a message, or taken as what they are; never a fault of ours, never an effect of what is refused.

The addresses are those of the application itself and the parameters those that its handlers ask for, so what is new is tried as well.
"""

import gzip
import io
import json
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from aiohttp import ClientError, ClientResponse, web
from multidict import MultiDict
from yarl import URL

from fedi import logins
from fedi.storage.accounts import Account
from fedi.web import params
from fedi.web.limits import Window
from tests.web.rig import AP, Rig, served, settings

SAFE = ("GET", "HEAD")
FORM = "application/x-www-form-urlencoded"
PASSWORD = "correct horse battery"

# -- what is sent --

IDS = (
    "0", "00", "-1", "1", "9223372036854775807", "9223372036854775808", "9999999999999999999", "1" * 400, "%31%00", "%00",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e", "%d9%a1", "%ED%A0%80", "%ff", "1e3", "0x1", "1%0d%0aX-Forged:%20yes", "NaN", "null", "1.5", "+1", "1%20", "%F0%9F%98%80",
    "%22%3E%3Cscript%3E",
    "1%20OR%201=1", "'", "a" * 2000,
)  # fmt: skip
TEXTS = (
    "\x00", "a\r\nX-Forged: yes", "-1", "9223372036854775808", "1" * 400, "1e400", "\u0661\u0662", "\u202e\u200b", "e" + "\u0301" * 5000,
    "' OR 1=1 --",
    "<script>alert(1)</script>", "{{7*7}}", "%s%n{0}", "x" * 300_000, "//evil.test", "\\\\evil.test", "javascript:alert(1)", "\ufffe\uffff",
    " ", "\U000e0001",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, 2**64, 10**400, 1.5, -0.0, [], {}, [[]], [{}], {"a": 1}, [None], [True],
    ["1"] * 1000, [1] * 2000, {"[]": {"[": 1}},
    "\ud800",
)  # fmt: skip


class Body(NamedTuple):
    name: str
    kind: str
    data: bytes
    headers: tuple[tuple[str, str], ...] = ()


def multipart(inner: bytes) -> bytes:
    return b"--b\r\n" + inner + b"\r\n--b--\r\n"


DEPTH = 100_000
JSONS = (
    b"null", b"[]", b"5", b'"x"', b"{", b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1e400}', b'{"status":' + b"9" * 5000 + b"}",
    b'{"status":"\\ud800"}', b'{"\\ud800":"x"}', b'{"status":"\\u0000"}', b'{"status":"a","status":"b"}', b'\xff\xfe{}',
    b'{"status":"\xff"}',
    b'{"a":' * DEPTH + b"1" + b"}" * DEPTH, b'{"a":' + b"[" * DEPTH + b"]" * DEPTH + b"}", b"[" * DEPTH + b"]" * DEPTH,
    b"{" + b'"a":{' * 40 + b"}" * 41,
    b'{"id":["' + b"x" * (1024 * 1024) + b'"]}', b'{"' + b"k" * 300 + b'":1}',
)  # fmt: skip
DISPOSITION = b"Content-Disposition: form-data; "
# The inside of a multipart form.
PARTS = {
    "no name": DISPOSITION[:-2] + b"\r\n\r\nx",
    "no headers": b"\r\nx",
    "a bad header": b"Content-Disposition\r\n\r\nx",
    "a header with spaces": b"Content Disposition : form-data\r\n\r\nx",
    "a long header": b"X-Y: " + b"y" * 100_000 + b"\r\n\r\nx",
    "many headers": b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\nx",
    "raw bytes": DISPOSITION + b'name="text\xff"\r\n\r\n\xff\x00',
    "an odd name": DISPOSITION + b"name*=utf-8''%ff%00\r\n\r\nx",
    "a name in no encoding": DISPOSITION + b"name*=none-such''a\r\n\r\nx",
    "base64 that is none": DISPOSITION + b'name="text"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!',
    "an unknown transfer encoding": DISPOSITION + b'name="text"\r\nContent-Transfer-Encoding: none-such\r\n\r\nx',
    "a part in gzip": DISPOSITION + b'name="text"\r\nContent-Encoding: gzip\r\n\r\n' + gzip.compress(b"x" * 1_000_000),
    "a lying length": DISPOSITION + b'name="text"\r\nContent-Length: 99999\r\n\r\nx',
    "a length that is none": DISPOSITION + b'name="text"\r\nContent-Length: -x\r\n\r\nx',
    "multipart again": b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--",
    "5000 parts": b"\r\n--b\r\n".join([DISPOSITION + b'name="a"\r\n\r\nx'] * 5000),
    "files for all": b"\r\n--b\r\n".join(
        DISPOSITION + b'name="%b"; filename="../../x.svg"\r\nContent-Type: image/png\r\n\r\n<svg/>' % name
        for name in (b"avatar", b"header", b"text", b"status", b"csrf")
    ),
    "a file with NUL in its name": DISPOSITION + b'name="avatar"; filename="\x00"\r\n\r\nx',
}
MULTIPART = "multipart/form-data; boundary="
BODIES = (
    *(Body(f"JSON {data[:30]!r}", "application/json", data) for data in JSONS),
    Body("form, not UTF-8", FORM, b"text=%ff%fe&status=%ED%A0%80"),
    Body("form, raw bytes", FORM, b"text=\xff\xfe"),
    Body("form, 5000 fields", FORM, b"&".join(b"a%d=1" % n for n in range(5000))),
    Body("form, too large", FORM, b"text=" + b"x" * (1024 * 1024 + 1)),
    Body("form, a long name", FORM, b"x" * 5000 + b"=1"),
    Body("form, semicolons and such", FORM, b"=&&;=;&=%&%zz=%&[]=1&[][]=2&a[b[c=3"),
    *(Body(f"multipart, {name}", f"{MULTIPART}b", multipart(data)) for name, data in PARTS.items()),
    Body("multipart without a boundary", "multipart/form-data", multipart(b"")),
    Body("multipart with an empty boundary", MULTIPART, multipart(b"")),
    Body("multipart with a long boundary", MULTIPART + "b" * 300, multipart(b"")),
    Body("multipart with another boundary", f"{MULTIPART}c", multipart(b"")),
    Body("multipart that ends early", f"{MULTIPART}b", b"--b\r\n" + DISPOSITION + b'name="text"\r\n\r\nx'),
    Body("JSON as text", "text/plain", b'{"status":"x"}'),
    Body("XML", "text/xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    Body("no type", "", b"status=x"),
    Body("an odd type", "application/json; charset=none-such", b'{"status":"a\xe9"}'),
    Body("not even a type", ";;=,/", b"{}"),
    Body("gzip", "application/json", gzip.compress(b'{"status":"x"}'), (("Content-Encoding", "gzip"),)),
    Body("an unknown encoding", "application/json", b"{}", (("Content-Encoding", "identity, none-such"),)),
    Body("nothing", "application/json", b""),
)

# In every header that something here reads. What HTTP itself forbids is in test_bad_input_sockets.py.
HEADERS = (
    ("Accept", "application/activity+json;q=nan"), ("Accept", ",;=" * 500), ("Accept", 'application/ld+json; profile="' + "x" * 5000),
    ("Authorization", "Bearer " + "x" * 5000), ("Authorization", "Bearer"), ("Authorization", "Basic YTpi"), ("Authorization",
    "Signature x"),
    ("Authorization", "Bearer \u00e9"), ("Authorization", 'Signature keyId="'), ("Cookie", "=;=;;,"), ("Cookie",
    "__Host-fedi=" + "x" * 4000),
    ("Cookie", "__Host-fedi=\u00e9; __Host-fedi_visit=\u00e9"), ("Cookie", '__Host-fedi="a;b\\"; $Version=1; expires=x'), ("X-CSRF-Token",
    "\u00e9"),
    ("X-CSRF-Token", "x" * 5000), ("Origin", "null"), ("Origin", "https://evil.test"), ("Origin", "\u00e9://["), ("Sec-Fetch-Site",
    "cross-site"),
    ("Signature", "\u00e9"), ("Signature", 'keyId="https://evil.test/k",headers="' + "date " * 500 + '",signature="eA=="'), ("Signature",
    "sig1=:x"),
    ("Signature-Input", 'sig1=("@method"' * 50), ("Digest", "SHA-256=" + "x" * 500), ("Content-Digest", "sha-256=:!!:"), ("Date",
    "yesterday"),
    ("Range", "bytes=5-2"), ("Range", "bytes=-"), ("If-None-Match", '"' * 99), ("If-Modified-Since", "9" * 99), ("X-Forwarded-For",
    "\u00e9,[::1,%,1.1.1.1.1"),
    ("X-Forwarded-Host", "evil.test"), ("Forwarded", "host=evil.test"), ("Idempotency-Key", "\u00e9"), ("Idempotency-Key", "x" * 5000),
    ("User-Agent", "\u00e9" * 500),
    ("Expect", "something"), ("Upgrade", "websocket"), ("Access-Control-Request-Method", "\u00e9"), ("X-HTTP-Method-Override", "DELETE"),
    ("Content-Type", "\u00e9"), ("TE", "x"), ("Referer", "\u00e9"),
)  # fmt: skip

# -- who sends it --

WHO = ("nobody", "browser", "program")


class Place(NamedTuple):
    """A route of the application."""

    method: str
    resource: web.AbstractResource
    handler: Any

    @property
    def pattern(self) -> str:
        return self.resource.canonical

    def path(self, filled: dict[str, str]) -> str:
        """The address with its parts filled in, as they go over the wire. `{verb}` may be any of those there are."""
        if "accounts/" in self.pattern or "follow_requests/" in self.pattern:
            filled = filled | {"id": filled["account"]} if filled["id"] == filled["post"] else filled
        return re.sub(r"\{([a-z_]+)\}", lambda match: filled[match[1]], self.pattern)


class House(NamedTuple):
    rig: Rig
    alice: Account
    places: list[Place]
    filled: dict[str, str]
    caplog: pytest.LogCaptureFixture

    memory: dict[str, Any]

    # -- asking --

    def headers(self, who: str, place: Place) -> tuple[dict[str, str], str]:
        """(what is sent by who is to be `who`, what a form of theirs has as `csrf`). New ones for each place: some end them."""
        found: tuple[dict[str, str], str]
        if self.memory.get("at") == (who, place):
            found = self.memory["headers"]
            return found
        if who == "program":
            found = {"Authorization": f"Bearer {self.rig.token(self.alice)}"}, ""
        else:
            secret = self.rig.session(self.alice) if who == "browser" else "a-visit"
            name = "__Host-fedi" if who == "browser" else "__Host-fedi_visit"
            found = {"Cookie": f"{name}={secret}"}, logins.csrf_token(secret)
        self.memory["at"], self.memory["headers"] = (who, place), found
        return found

    def stamp(self) -> tuple[int, int]:
        """Changes with everything that is stored."""
        return self.rig.instance.db.version()

    async def catch_up(self) -> None:
        """Do what whoever looks next would have done after a change, which would count as an effect of looking."""
        if self.memory.get("caught up") != self.stamp():
            for chore in ("index", "trends"):
                await self.rig.instance.jobs.run_chore(chore)
            self.memory["caught up"] = self.stamp()

    async def ask(self, place: Place, path: str, who: str, data: bytes | None = None, **more: str) -> tuple[int, list[str]]:
        """(status, what is wrong with how that was answered)."""
        headers, csrf = self.headers(who, place)
        headers = headers | {"Accept": "text/html" if who == "browser" else "application/json"}
        if place.method not in SAFE:
            headers["X-CSRF-Token"] = csrf
        headers |= {name.replace("_", "-"): value for name, value in more.items() if value}
        skipped = ["Content-Type"] if data is not None and "Content_Type" in more and not more["Content_Type"] else None
        if place.method in SAFE:
            await self.catch_up()
        before = self.stamp()
        self.caplog.clear()
        try:
            response = await self.rig.client.request(
                place.method,
                URL(path, encoded=True),
                data=data and io.BytesIO(data),
                headers=headers,
                allow_redirects=False,
                skip_auto_headers=skipped,
            )
            if response.content_type == "text/event-stream":  # it goes on until one hangs up
                response.close()
                text = ""
            else:
                text = await response.text("utf-8", "replace")
        except ClientError as error:
            return 0, [f"{place.method} {path[:120]} by {who}: no answer: {error!r}"]
        wrong = faults(place.method, response, text, self.caplog)
        if (response.status >= 400 or place.method in SAFE) and self.stamp() != before:
            wrong.append("it had an effect")
        return response.status, [f"{place.method} {path[:120]} by {who}: {response.status}: {fault}" for fault in wrong]


INNER = re.compile(
    r"Traceback|File \"|\.py\b|sqlite|SELECT |INSERT |UPDATE |aiohttp|orjson|asyncio|/tmp/"
    r"|site-packages|fedi\.(web|storage|activitypub)"
    r"|UnicodeEncode|OverflowError|KeyError|ValueError|TypeError|object at 0x|<class '"
)
KNOWN_HEADERS = frozenset(
    """accept-ranges access-control-allow-headers access-control-allow-methods access-control-allow-origin access-control-expose-headers
    access-control-max-age allow cache-control connection content-disposition content-length content-range content-security-policy
    content-type cross-origin-opener-policy cross-origin-resource-policy date etag last-modified link location referrer-policy retry-after
    server set-cookie transfer-encoding vary www-authenticate x-accel-buffering x-content-type-options x-frame-options x-request-id
    x-robots-tag x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset""".split()
)


def faults(method: str, response: ClientResponse, text: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    """What no answer may be, whatever was asked."""
    found = [f"says {match[0]!r}" for match in [INNER.search(text)] if match]
    if response.status >= 500 and not is_unconfigured(response, text):
        found.append(text[:200])
    if response.status >= 400 and method != "HEAD" and not message(response, text):
        found.append("says nothing")
    for name, value in response.headers.items():
        if name.lower() not in KNOWN_HEADERS or not value.isprintable() or not value.isascii():
            found.append(f"has the header {name}: {value!r}")
    place = response.headers.get("Location", "/")
    if not re.match(r"/(?![/\\])|https://fedi\.test/", place):
        found.append(f"leads to {place}")
    for record in caplog.records:
        if "held the loop" in record.msg:  # a busy machine
            continue
        if record.levelno >= logging.WARNING or record.exc_info or "\n" in record.getMessage() or "\r" in record.getMessage():
            found.append(f"logs {record.levelname} {record.getMessage()} {record.exc_info and record.exc_info[1]!r}")
    return found


def is_unconfigured(response: ClientResponse, text: str) -> bool:
    """What this server was not given, as Mastodon says it. Source: Mastodon documentation, statuses, translate."""
    return response.status == 503 and response.url.path.endswith("/translate") and text == '{"error":"This server has no translator."}'


def message(response: ClientResponse, text: str) -> bool:
    if response.status == 417:  # aiohttp's own, before any handler
        return text.startswith("Unknown Expect")
    if response.content_type == "text/html":
        return bool(re.search(r"<h1[^>]*>\s*\S", text))
    if response.content_type == "application/json":
        return bool(json.loads(text).get("error"))
    return response.content_type == "application/activity+json" and json.loads(text)["type"] == "Tombstone"


@pytest.fixture
async def house(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, quick_keys: None
) -> AsyncIterator[House]:
    """Served, with somebody here who has written, and others; nothing is throttled."""
    for name in ("check", "spend"):
        monkeypatch.setattr(Window, name, lambda window, key: None)
    monkeypatch.setattr(logins, "check_password", lambda password_hash, password: False)  # 20 ms, some hundred times
    caplog.set_level(logging.DEBUG, "fedi")
    async with served(settings(tmp_path, log={"requests": True})) as rig:
        alice, bob = rig.person("alice"), rig.person("bob")
        rig.befriend(bob, alice)
        rig.befriend(rig.account(rig.stranger("dan")), alice)
        post = rig.post(alice, "a post #topic")
        app = rig.client.server.app  # type: ignore[attr-defined]
        places = [
            Place(r.method, r.resource, r.handler)
            for r in app.router.routes()
            if r.resource is not None and r.method != "HEAD" and not is_twin(r.resource, app)
        ]
        filled = {
            "name": "alice", "id": str(post.id), "post": str(post.id), "account": str(bob.id), "host": "peer.test", "tag": "topic",
            "hashtag": "topic", "year": "2026", "version": "2.1", "key": "0" * 32,
            "rest": "outbox", "verb": "like", "emoji": "%F0%9F%8E%89", "quoting": "1",
            "group_key": "ungrouped-1", "post_id": str(post.id), "kind": "follows", "item": "1", "date": "2026-01-01",
        }  # fmt: skip
        yield House(rig, alice, places, filled, caplog, {})


def is_twin(resource: web.AbstractResource, app: web.Application) -> bool:
    """Whether an address only has a stroke more at its end than another."""
    path = resource.canonical
    return len(path) > 1 and path.endswith("/") and any(other.canonical == path[:-1] for other in app.router.resources())


def share(everything: Sequence[Any], number: int, of: int) -> Sequence[Any]:
    """Every `of`th thing, beginning at another one for each number: all are tried somewhere, where to try all everywhere takes too long."""
    return everything[number % of :: of]


def belongs(who: str, place: Place) -> bool:
    """Whether a place is made for who comes: programs for the API, browsers for pages, and nobody in particular elsewhere."""
    if place.pattern.startswith("/api/"):
        return who == "program"
    return who == ("browser" if place.handler.__module__.startswith("fedi.web.pages") else "nobody")


def paths(place: Place, filled: dict[str, str]) -> Iterator[str]:
    """The address of a route as it is meant to be: one for each verb that it names."""
    assert place.resource is not None
    info = place.resource.get_info()
    verbs = re.search(r"\(\?P<verb>([a-z|]+)\)", info["pattern"].pattern) if "pattern" in info else None
    for verb in verbs[1].split("|") if verbs else ["like"]:
        yield place.path({**filled, "verb": verb, "id": filled["id"]})


def unsafe(house: House) -> list[Place]:
    return [place for place in house.places if place.method not in SAFE]


def samples(house: House) -> list[Place]:
    """One place for each method of each module: for what is the same in all of them."""
    return list({(place.method, place.handler.__module__): place for place in house.places}.values())


@pytest.mark.parametrize("who", WHO)
async def test_no_body_breaks_anything(house: House, who: str) -> None:
    wrong = []
    for number, place in enumerate(unsafe(house)):
        path = next(paths(place, house.filled))
        activities = [Body(f"activity {data[:30]!r}", AP, data) for data in JSONS] if place.pattern.endswith("inbox") else []
        for body in (*activities, *(BODIES if belongs(who, place) else share(BODIES, number, 10))):
            _, found = await house.ask(
                place, path, who, body.data, Content_Type=body.kind, **{k.replace("-", "_"): v for k, v in body.headers}
            )
            wrong += [f"{body.name}: {fault}" for fault in found]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", WHO)
async def test_no_id_or_name_in_an_address_breaks_anything(house: House, who: str) -> None:
    wrong = []
    for number, place in enumerate(house.places):
        for part in re.findall(r"\{([a-z_]+)\}", place.pattern):
            for value in IDS if belongs(who, place) else share(IDS, number, 6):
                _, found = await house.ask(place, place.path(house.filled | {part: value}), who)
                wrong += found
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", WHO)
async def test_no_header_breaks_anything(house: House, who: str) -> None:
    wrong = []
    for number, place in enumerate(samples(house)):
        path = next(paths(place, house.filled))
        for name, value in HEADERS if belongs(who, place) else share(HEADERS, number, 6):
            _, found = await house.ask(place, path, who, b"{}" if place.method not in SAFE else None, **{name.replace("-", "_"): value})
            wrong += [f"{name}: {value[:30]}: {fault}" for fault in found]
    assert not wrong, "\n".join(wrong)


# -- parameters --


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the parameters that handlers have asked for."""
    names: set[str] = set()

    class Query(MultiDict[str]):
        def get(self, key: str, default: Any = None) -> Any:
            names.add(key)
            return super().get(key, default)

        def getall(self, key: str, default: Any = ()) -> Any:
            names.add(key)
            return super().getall(key, default)

    def recorded(method: Any) -> Any:
        def call(given: params.Params, name: str, *more: Any) -> Any:
            names.add(name)
            return method(given, name, *more)

        return call

    for name in ("_one", "texts", "file"):
        monkeypatch.setattr(params.Params, name, recorded(getattr(params.Params, name)))
    monkeypatch.setattr(web.Request, "query", property(lambda request: Query(request.rel_url.query)))
    return names


VALID = {"status": "x", "text": "x", "login": "alice", "password": PASSWORD, "old": PASSWORD, "new": PASSWORD, "next": "/home"}
OFTEN = 1
LONGEST_QUERY = 4000  # a whole line of the head has 8190 bytes


def sent(name: str, value: Any) -> Iterator[tuple[str, bytes]]:
    """A parameter as JSON, and texts as a form too."""
    yield "application/json", json.dumps({**VALID, name: value}).encode()
    if isinstance(value, str):
        yield FORM, urlencode({**VALID, name: value, f"{name}[]": value}, errors="surrogatepass").encode()


def queries(name: str) -> Iterator[str]:
    for text in TEXTS:
        yield "?" + urlencode({name: text[: LONGEST_QUERY // 8]})
    yield from (
        f"?{name}",
        f"?{name}=%ff",
        f"?{name}=%ED%A0%80",
        f"?{name}[]=1",
        f"?{name}=1&{name}=2",
        f"?{name}[a][b]=1",
        f"?{name}=1000000000",
    )
    yield "?" + "&".join(f"{name}[]={n}" for n in range(1000))[:LONGEST_QUERY]
    yield "?" + "&".join(f"{name}={n}" for n in range(1000))[:LONGEST_QUERY]


async def each_parameter(house: House, place: Place, asked: set[str], seen: Counter[str], data: bool) -> list[str]:
    """Every name that the handler asks for, as long as new ones come up, with everything that may stand there.

    What many handlers ask for is read in one place: with a name that was `seen` often only some of it is tried.
    """
    who = "program" if place.pattern.startswith("/api/") else "browser"
    path, tried, wrong = next(paths(place, house.filled)), set[str](), []
    asked.clear()
    await house.ask(place, path, who, b"{}" if data else None, Content_Type="application/json" if data else "")
    while left := asked - tried:
        name = min(left)
        tried.add(name)
        seen[name] += 1
        ways = [(path, kind, body) for value in (*VALUES, *TEXTS) for kind, body in sent(name, value)] if data else []
        ways += [(path + query, "", b"") for query in queries(name)] if not data else []
        for address, kind, body in ways if seen[name] <= OFTEN else share(ways, seen[name], 9):
            _, found = await house.ask(place, address, who, body or None, Content_Type=kind)
            wrong += [f"{name} in {body[:80]!r}: {fault}" for fault in found]
    return wrong


@pytest.mark.slow
async def test_no_value_in_a_body_breaks_anything(house: House, asked: set[str]) -> None:
    wrong, seen = [], Counter[str]()
    for place in unsafe(house):
        wrong += await each_parameter(house, place, asked, seen, data=True)
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
async def test_no_value_in_a_query_breaks_anything(house: House, asked: set[str]) -> None:
    wrong, seen = [], Counter[str]()
    for place in house.places:
        if place.method in SAFE:
            wrong += await each_parameter(house, place, asked, seen, data=False)
    assert not wrong, "\n".join(wrong)
