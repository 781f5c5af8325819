"""The whole client API, asked of a running instance; and that none of the checks would be content with an empty answer."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.coverage.__main__ import TIERS
from tests.coverage.world import CHECKS, World, endpoints, normal, run, running

NAMES = [endpoint.name for endpoint in endpoints()]
FAULTS = (b"[]", b"{}", b"null")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with running(tmp_path_factory.mktemp("coverage")) as made:
        yield made


def test_every_endpoint_has_a_check_and_every_check_an_endpoint() -> None:
    assert CHECKS.keys() == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.asyncio(loop_scope="module")
async def test_an_endpoint_does_what_its_documentation_says(world: World, name: str) -> None:
    await run(world, name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.asyncio(loop_scope="module")
async def test_an_empty_answer_in_the_place_of_a_handlers_is_noticed(world: World, name: str) -> None:
    for fault in FAULTS:
        world.faults[normal(name)] = fault
        try:
            with pytest.raises(Exception):  # noqa: B017 (whatever notices it)
                await run(world, name)
        finally:
            world.faults.clear()


def test_the_tiers_are_as_large_as_they_say() -> None:
    for size, (_, belongs) in TIERS.items():
        assert sum(map(belongs, endpoints())) == size
