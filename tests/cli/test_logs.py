import logging
import re
from collections.abc import Iterator

import pytest

from fedi.cli import logs


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A logger that writes as a running server does."""
    root = logging.getLogger()
    level, before = root.level, logging.getLogger("asyncio").level
    logs.begin("info")
    yield logging.getLogger("fedi.test")
    for handler in [one for one in root.handlers if isinstance(one.formatter, logs.Lines)]:
        root.removeHandler(handler)
    root.setLevel(level)
    logging.getLogger("asyncio").setLevel(before)


def test_a_line_says_when_how_bad_and_who(log: logging.Logger, capsys: pytest.CaptureFixture[str]):
    log.warning("no answer from %s", "peer.test")

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning fedi\.test: no answer from peer\.test\n", capsys.readouterr().err)


def test_below_the_level_nothing_is_written(log: logging.Logger, capsys: pytest.CaptureFixture[str]):
    log.debug("a secret")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "bad", ["\r\n2026-01-01T00:00:00.000Z error fedi: forged", "\x1b[2J", "\x9b31m", "\u2028x", "\u202ex", "\x00"], ids=ascii
)
def test_no_content_can_forge_a_line_or_move_the_cursor_DOS_26_XSS_14(log: logging.Logger, capsys: pytest.CaptureFixture[str], bad: str):
    log.info("said: %s", bad)

    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert written.isprintable() or written.rstrip("\n").isprintable()


def test_half_a_character_is_written_as_its_number():
    """By the formatter alone: a test report that quotes the log must be text."""
    record = logging.makeLogRecord({"name": "fedi.test", "levelname": "INFO", "msg": "said: %s", "args": ("\ud800",)})

    assert logs.Lines().format(record).isprintable()


def test_a_traceback_is_set_in_and_clean(log: logging.Logger, capsys: pytest.CaptureFixture[str]):
    try:
        raise ValueError("evil\n2026-01-01T00:00:00.000Z error fedi: forged\x1b[31m")
    except ValueError:
        log.exception("it broke")

    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if not line.startswith("    ")] == [lines[0]]
    assert "\x1b" not in "".join(lines)


def test_a_flood_is_cut_and_counted_DOS_26(log: logging.Logger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr(logs.time, "monotonic", lambda: now)
    for number in range(10_000):
        log.warning("refused %d", number)
    assert len(capsys.readouterr().err.splitlines()) == 20

    now = 101.0
    log.warning("refused %d", 1)

    assert "9980 lines like this were left out" in capsys.readouterr().err


def test_a_flood_of_one_does_not_silence_another(log: logging.Logger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(logs.time, "monotonic", lambda: 100.0)
    for number in range(1000):
        log.warning(f"refused {number}")
    logging.getLogger("fedi.other").warning("the disk is full")

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 201
    assert lines[-1].endswith("the disk is full")


def test_memory_of_a_flood_is_bounded():
    flood = logs.Flood()
    for number in range(5000):
        flood.filter(logging.LogRecord(f"logger{number}", logging.INFO, "", 0, "x", None, None))

    assert len(flood._counts) <= 2 * logs._KEYS
