"""Golden results: for every program, what somebody has read in its documents and found right is what comes out of the inbox.

A failure is either a fault in the reader, or a change that somebody has to read and judge: `python -m tests.wire.golden SOFTWARE`.
"""

import json
from pathlib import Path

import pytest
from freezegun import freeze_time

from tests.wire import facts
from tests.wire.test_documents import START, recorded

RECORDED = recorded()


def test_every_program_has_been_read() -> None:
    written = {path.stem for path in facts.GOLDEN.glob("*.json")}
    assert written <= RECORDED.keys()
    assert RECORDED.keys() - written <= {"wildebeest"}  # of which there is a NodeInfo document only


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("software", sorted(path.stem for path in facts.GOLDEN.glob("*.json")))
async def test_what_it_sends_is_what_people_see(software: str, tmp_path: Path, quick_keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with freeze_time(START, real_asyncio=True) as time:
        seen = await facts.of_software(software, RECORDED[software], tmp_path, time, monkeypatch)
    expected = json.loads(facts.file_of(software).read_text("utf-8"))
    assert seen.keys() == expected.keys()
    for name, (found, words) in seen.items():
        assert found == expected[name], f"{name}: {words[:300]!r}"
