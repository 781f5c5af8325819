"""An instance among real peers, and the oracle of every attack: whatever was sent, nothing of ours has failed."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import remote
from tests.remote import World


@pytest.fixture
def calm(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No traceback and no error of ours in the log."""
    caplog.set_level(logging.INFO, "fedi")
    yield
    bad = [record for record in caplog.get_records("call") if record.exc_info or record.levelno >= logging.ERROR]
    assert not bad, [record.getMessage() for record in bad]


@pytest.fixture
async def world(tmp_path: Path, quick_keys: None, calm: None) -> AsyncIterator[World]:
    async with remote.world(tmp_path) as made:
        yield made


@pytest.fixture(params=remote.INBOXES)
def inbox(request: pytest.FixtureRequest) -> str:
    """Every attack is tried at the shared inbox and at a person's."""
    return str(request.param)
