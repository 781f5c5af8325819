from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from fedi import config
from fedi.errors import TooMany
from fedi.web import limits
from fedi.web.limits import Limits, Window


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    at = SimpleNamespace(now=1_000_000.0)
    monkeypatch.setattr(limits.time, "monotonic", lambda: at.now)
    return at


def spend(window: Window, key: str, times: int) -> int:
    """How many of so many went through."""
    passed = 0
    for _ in range(times):
        try:
            window.spend(key)
            passed += 1
        except TooMany as error:
            assert 0 < error.retry_after_s <= 2 * window.seconds
    return passed


def test_a_key_may_so_often_and_another_has_its_own(clock: Any) -> None:
    window = Window(5, 60)

    assert spend(window, "a", 9) == 5 and spend(window, "b", 9) == 5


def test_the_window_slides(clock: Any) -> None:
    window = Window(100, 60)
    clock.now = 1_000_020.0 // 60 * 60
    assert spend(window, "a", 200) == 100
    clock.now += 60 + 30
    assert 40 <= spend(window, "a", 200) <= 60
    clock.now += 120
    assert spend(window, "a", 200) == 100


def test_after_the_time_it_names_there_is_one_again(clock: Any) -> None:
    window = Window(5, 900)
    for start in (0, 123, 450, 899):
        key = str(start)
        clock.now = 1_000_000 // 900 * 900 + start
        assert spend(window, key, 5) == 5
        with pytest.raises(TooMany) as caught:
            window.check(key)
        clock.now += caught.value.retry_after_s
        window.spend(key)


def test_what_is_forgiven_is_forgotten(clock: Any) -> None:
    window = Window(1, 60)
    window.spend("a")
    window.forgive("a")
    window.spend("a")


def test_memory_is_bounded_and_the_busy_are_kept(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_KEYS", 10)
    window = Window(3, 60)
    for n in range(50):
        window.take("busy")
        window.take(f"key {n}")

    assert len(window._counts) == 10
    with pytest.raises(TooMany):
        window.check("busy")


def counters(*proxies: str) -> Limits:
    document = {"instance": {"domain": "fedi.test"}, "server": {"trusted_proxies": list(proxies)}}
    return Limits(config.parse(document, Path("/nowhere")))


def request(peer: str | None, *forwarded: str, **headers: str) -> Any:
    transport = SimpleNamespace(get_extra_info=lambda name, default=None: (peer, 1) if name == "peername" and peer else default)
    head = CIMultiDict([*(("X-Forwarded-For", value) for value in forwarded), *headers.items()])
    return make_mocked_request("GET", "/", head, transport=cast(Any, transport))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["127.0.0.1"], "203.0.113.9"),  # not a proxy of ours: what it says counts for nothing
        ("203.0.113.9", ["1.2.3.4, 127.0.0.1"], "203.0.113.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("127.0.0.1", ["6.6.6.6", "198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("127.0.0.1", ["6.6.6.6, junk, 10.0.0.2"], "10.0.0.2"),
        ("127.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
        ("127.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::/64"),
        ("127.0.0.1", ["2001:db8:0:0:ffff::1"], "2001:db8::/64"),
        ("::ffff:127.0.0.1", ["::ffff:198.51.100.7"], "198.51.100.7"),
        (None, ["6.6.6.6, 198.51.100.7"], "198.51.100.7"),  # a Unix socket
        (None, [], "local"),
        ("2001:db8::1:2:3:4", [], "2001:db8::/64"),
        ("127.0.0.1", ["1.1.1.1," * 5000 + "198.51.100.7"], "198.51.100.7"),
    ],
)
def test_the_client_is_who_our_own_proxies_say_AUT_14_AUT_15(peer: str | None, forwarded: list[str], client: str) -> None:
    found = counters("127.0.0.1", "::1", "10.0.0.0/8").client(
        request(peer, *forwarded, **{"X-Real-IP": "9.9.9.9", "Forwarded": "for=9.9.9.9"})
    )

    assert found == client


def test_tries_to_sign_in_are_counted_by_address_and_name_AUT_13(clock: Any) -> None:
    made, here = counters("127.0.0.1"), "203.0.113.9"
    for spelling in ("alice", "ALICE", " alice ", "Alice", "alice"):
        made.login_try(request(here), spelling)
    with pytest.raises(TooMany):
        made.login_try(request(here, "1.2.3.4"), "alice")
    made.login_try(request(here), "bob")
    made.login_try(request("203.0.113.10"), "alice")


def test_tries_from_everywhere_at_one_account_are_counted_AUT_13(clock: Any) -> None:
    made = counters()
    passed = 0
    for n in range(150):
        try:
            made.login_try(request(f"203.0.{n}.9"), "alice")
            passed += 1
        except TooMany:
            pass

    assert passed == 100


def test_after_the_right_password_one_starts_over(clock: Any) -> None:
    made = counters()
    for _ in range(12):
        made.login_try(request("203.0.113.9"), "alice")
        made.forgive_login(request("203.0.113.9"), "alice")
