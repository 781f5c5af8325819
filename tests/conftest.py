"""What every test may ask for. Things of one test come from make.py; who is who is in cast.py."""

import gc
import math
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import freezegun
import pytest
from aiohttp import web_app
from freezegun.api import FrozenDateTimeFactory
from hypothesis import settings as hypothesis

from fedi.activitypub import keys
from fedi.config import Config
from fedi.instance import Instance
from fedi.storage import group
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.streaming import Event, Hub
from tests import cast, make

for _who in ("TOKEN", "ADDRESS"):  # for servers in processes of their own: a test asks more than a program does
    os.environ.setdefault(f"FEDI_LIMITS_REQUESTS_PER_{_who}", "1000000")

hypothesis.register_profile("fedi", deadline=None, derandomize=True)  # the same examples everywhere: a red run can be repeated
hypothesis.register_profile("long", deadline=None, max_examples=2_000)
hypothesis.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fedi"))

freezegun.configure(extend_ignore_list=["_pytest.timing"])  # pytest measures with the real clock

# Nothing here speaks to the world outside, and to read its certificate authorities takes 60 ms and a megabyte for each instance.
os.environ |= {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
# What tests start as processes of their own is compiled once, not each time: that would be a second for each.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

group.SLOW_S = math.inf  # what a test finds in the log is not to hang on how fast the machine is just then

START = "2026-11-22T12:00:00Z"  # of frozen time


# -- the run itself --

# What takes long comes first, so that at the end no worker waits for another.
LONG = (
    "tests/faults/test_kill.py",
    "tests/web/test_bad_input.py",
    "tests/web/test_visibility_surfaces.py",
    "tests/cli/test_serve.py",
    "tests/browser/test_pages.py",
    "tests/web/test_credentials.py",
    "tests/web/pages/test_safety.py",
    "tests/faults/test_sync.py",
)


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config.option, "loadscopereorder"):  # xdist would begin with the files of most tests
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(LONG)))


def pytest_collection_finish() -> None:
    """Thousands of tests are there until the end: nobody need look at them each time for what can go."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """aiohttp remembers the last thousand applications; with each goes an instance and its database."""
    web_app._cached_build_middleware.cache_clear()


# -- what tests ask for --


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def db(hub: Hub) -> Iterator[Database]:
    """An empty database in memory, of the house fedi.test."""
    with make.database(hub) as made:
        yield made


@pytest.fixture
def alice(db: Database) -> Account:
    """Somebody of this server."""
    return db.transact(make.person, cast.ALICE)


@pytest.fixture
def bob(db: Database) -> Account:
    """Somebody else of this server."""
    return db.transact(make.person, cast.BOB)


@pytest.fixture
def carol(db: Database) -> Account:
    """Somebody of peer.test."""
    return db.transact(make.person, cast.CAROL)


@pytest.fixture
def dan(db: Database) -> Account:
    """Somebody else of peer.test."""
    return db.transact(make.person, cast.DAN)


@pytest.fixture
def mallory(db: Database) -> Account:
    """Somebody of evil.test, who means harm."""
    return db.transact(make.person, cast.MALLORY)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return make.settings(tmp_path)


@pytest.fixture
async def instance(config: Config, quick_keys: None) -> AsyncIterator[Instance]:
    """A whole server without its web: nothing runs in it until `instance.start()`. Its database is not that of `db`."""
    made = await Instance.in_memory(config)
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """New keys are the cast's: making one takes up to 200 ms."""
    monkeypatch.setattr(keys, "generate_rsa", lambda: cast.rsa_pem("extra"))


@pytest.fixture
def frozen() -> Iterator[FrozenDateTimeFactory]:
    """Time stands at START until `frozen.tick(seconds)` or `frozen.move_to(...)`; the event loop keeps its own clock."""
    with freezegun.freeze_time(START, real_asyncio=True) as factory:
        yield factory


@pytest.fixture
def heard(hub: Hub) -> Callable[[str], list[Event]]:
    """`heard("post")` begins to listen to a topic of `db`; the list fills with what is published."""

    def listen(topic: str) -> list[Event]:
        events: list[Event] = []
        hub.subscribe(topic, events.append)
        return events

    return listen


@pytest.fixture
def run(db: Database) -> Callable[..., Any]:
    """`run(rule, *args)`: a rule in a transaction of its own, committed."""
    return db.transact


@pytest.fixture
def dump(db: Database) -> Callable[[], str]:
    """The whole database as text: what is searched for what should be gone."""

    def texts(tx: Tx) -> str:
        tables = [row[0] for row in tx.query("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = [tuple(row) for table in tables for row in tx.query(f'SELECT * FROM "{table}"')]
        return "\n".join(" ".join(_text(value) for value in row) for row in rows)

    return lambda: db.read(texts)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
