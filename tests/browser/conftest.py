import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.browser import chromium
from tests.browser.house import House, opened

expect.set_options(timeout=30_000)  # a busy machine takes its time


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = chromium.find()
    if path is None:
        assert os.environ.get("CI") != "true", "there is no Chromium, and none could be installed"
        pytest.skip("there is no Chromium on this machine")
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=path, args=chromium.FLAGS, timeout=180_000)
        yield made
        await made.close()


@pytest.fixture
async def houses(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[House, House]]:
    """Two instances on loopback sockets: alice lives on the first, bob on the second."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(opened(tmp_path_factory.mktemp("one"), "alice"))
        two = await stack.enter_async_context(opened(tmp_path_factory.mktemp("two"), "bob"))
        yield one, two
