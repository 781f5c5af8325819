from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.rig import Rig, served, settings


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with served(settings(tmp_path)) as made:
        yield made
