import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from fedi.errors import FediError, Invalid, Malformed, NotFound
from fedi.web import params
from fedi.web.errors import STATUS, json_error
from fedi.web.params import Params

Send = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


@pytest.fixture
async def send() -> AsyncIterator[Send]:
    """Post something; (status, what was read of it)."""

    async def handler(request: web.Request) -> web.Response:
        try:
            found = await params.read(request, 200_000)
            assert await params.read(request) is found
        except FediError as error:
            return json_error(STATUS[type(error)], error.message)
        files = {name: [f.filename, f.mime, len(f.data)] for name, f in found.files.items()}
        return web.json_response({"values": found.values, "files": files})

    app = web.Application()
    app.router.add_route("*", "/", handler)
    async with TestClient(TestServer(app)) as client:

        async def send(query: str = "", **kwargs: Any) -> tuple[int, dict[str, Any]]:
            answer = await client.post(f"/{query}", **kwargs)
            return answer.status, await answer.json(content_type=None) if answer.status != 415 else {}

        yield send


WANTED = {"status": ["hi"], "media_ids": ["1", "2"], "poll[options]": ["a", "b"], "poll[multiple]": ["true"]}


async def test_json_urlencoded_and_multipart_say_the_same(send: Send) -> None:
    pairs = [
        ("status", "hi"),
        ("media_ids[]", "1"),
        ("media_ids[]", "2"),
        ("poll[options][]", "a"),
        ("poll[options][]", "b"),
        ("poll[multiple]", "true"),
    ]
    document = {"status": "hi", "media_ids": ["1", "2"], "poll": {"options": ["a", "b"], "multiple": "true"}}

    for kwargs in ({"data": FormData(pairs)}, {"data": FormData(pairs, default_to_multipart=True)}, {"json": document}):
        status, found = await send(**kwargs)
        assert (status, found["values"]) == (200, WANTED)


async def test_the_query_counts_and_the_body_wins(send: Send) -> None:
    _, found = await send("?a=query&b=query", json={"a": "body"})

    assert found["values"] == {"a": ["body"], "b": ["query"]}


async def test_files_come_with_what_the_client_says_of_them(send: Send) -> None:
    form = FormData({"description": "ünï"})
    form.add_field("file", b"x" * 150_000, filename="b.png", content_type="image/png")

    status, found = await send(data=form)

    assert status == 200 and found["files"] == {"file": ["b.png", "image/png", 150_000]} and found["values"] == {"description": ["ünï"]}


@pytest.mark.parametrize(
    ("kwargs", "status"),
    [
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b"[1]", "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b'{"a": NaN}', "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b'{"a": 1, "a": 2}', "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b'{"a": {"b": 1, "\\u0062": 2}}', "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b'{"a": "\\ud800"}', "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b'{"a": "\\u0000"}', "headers": {"Content-Type": "application/json"}}, 422),
        ({"data": b'{"a":' * 1000 + b"1" + b"}" * 1000, "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b"[" * 100_000, "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": json.dumps({"a": [1] * 2000}).encode(), "headers": {"Content-Type": "application/json"}}, 422),
        ({"data": b"&".join(b"a=1" for _ in range(140_000)), "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        ({"data": b"a=%ff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        ({"data": b"a=%00", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 422),
        ({"data": b"a=1", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"data": b"junk", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"data": b"junk", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400),
        ({"data": b"--x\r\n\r\n\r\n--x--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400),
        ({"data": b"", "headers": {"Content-Type": "application/json"}}, 200),
    ],
)
async def test_what_cannot_be_read_is_refused_DOS_01_DOS_02_DOS_13_XSS_17(send: Send, kwargs: dict[str, Any], status: int) -> None:
    assert (await send(**kwargs))[0] == status


async def test_too_many_parts_and_too_much_of_them_are_refused_DOS_13(send: Send) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}

    assert (await send(data=part * 3000 + b"--x--\r\n", headers=headers))[0] == 400
    form = FormData()
    form.add_field("file", io.BytesIO(b"x" * 2_000_000), filename="a")
    assert (await send(data=form))[0] == 413


def made(**values: Any) -> Params:
    return params.from_json(json.dumps(values).encode())


def test_typed_values_are_read_as_they_were_meant() -> None:
    found = made(t="x", n=5, s="7", yes=True, no="0", off="off", on="on", empty="", null=None, many=["1", 2], deep={"a": {"b": "c"}})

    assert (found.text("t"), found.text("n"), found.text("none", "d"), found.find_text("null")) == ("x", "5", "d", None)
    assert (found.number("s", 1, 0, 10), found.number("n", 1, 0, 3), found.number("none", 1, 0, 3), found.find_number("empty")) == (
        7,
        3,
        1,
        None,
    )
    assert [found.find_flag(name) for name in ("yes", "no", "off", "on", "empty", "null", "none")] == [
        True,
        False,
        False,
        True,
        None,
        None,
        None,
    ]
    assert found.texts("many") == ["1", "2"] and found.ids("many") == [1, 2] and found.texts("none") == []
    assert found.text("deep[a][b]") == "c" and "deep[a][b]" in found
    assert found.find_id("n") == 5 and found.find_id("none") is None


@pytest.mark.parametrize(
    ("getter", "value"),
    [
        ("text", True), ("text", ["a"]), ("find_number", "x"), ("find_number", 1.5), ("find_number", 2**63), ("find_number", True),
        ("find_number", "1e9"),
        ("find_flag", ["x"]), ("find_flag", 1.5), ("texts", [True]), ("texts", ["x"] * 41), ("text", "x" * (1024 * 1024 + 1)),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_naming_the_parameter(getter: str, value: Any) -> None:
    with pytest.raises(Invalid) as caught:
        getattr(made(what=value), getter)("what")

    assert caught.value.field == "what" and caught.value.message.startswith("what: ")


def test_what_cannot_be_an_id_is_the_id_of_nothing() -> None:
    for value in ("x", "-1", "9223372036854775808", "1.5", "9" * 90):
        with pytest.raises(NotFound):
            made(id=value).find_id("id")
        assert made(ids=[value, "5", "5"]).ids("ids") == [5]


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda t: st.lists(t) | st.dictionaries(st.text(), t))
)
def test_no_json_makes_anything_but_an_answer(value: Any) -> None:
    try:
        found = params.from_json(json.dumps({"a": value}).encode("utf-8", "surrogatepass"))
        for name in found.names():
            for getter in (found.text, found.find_flag, found.find_number, found.texts, found.ids, found.find_id, found.file):
                try:
                    getter(name)
                except (Invalid, NotFound):
                    pass
    except (Invalid, Malformed):
        pass


def test_lists_of_objects_are_read_in_every_way_they_are_written() -> None:
    def fields(given: params.Params) -> list[dict[str, object]]:
        return [{name: one.values[name][0] for name in one.names()} for one in given.groups("a")]

    wanted = [{"id": "1", "gone": "true"}, {"id": "2"}, {"id": "3", "word": "x"}]
    by_order, by_number = params.Params(), params.Params()
    for number, one in enumerate(wanted):
        for name, value in one.items():
            by_order.add(f"a[][{name}]", value)
            by_number.add(f"a[{number}][{name}]", value)
            by_number.add(f"b[{number}][{name}]", value)

    assert fields(by_order) == fields(by_number) == fields(params.from_json(json.dumps({"a": wanted}).encode())) == wanted
    assert fields(params.from_json(b'{"a": [1, null, [], {}], "a[": 1, "a[][": 2}')) == []
    with pytest.raises(Invalid):
        by_number.groups("a", 2)
