"""Lines on standard error: one per event, which no content can forge or colour, and a flood of them is cut."""

import logging
import sys
import time
from typing import Final

from fedi import clock
from fedi.plaintext import terminal

_PER_MESSAGE: Final = 20  # a second
_PER_LOGGER: Final = 200
_KEYS: Final = 1000
_CHARS: Final = 4000


def begin(level: str) -> None:
    """Send what the program logs to standard error, from `level` (debug, info, warning, error) on."""
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _Stderr)]:
        root.removeHandler(old)
    root.addHandler(_Stderr())
    root.setLevel(level.upper())
    logging.getLogger("asyncio").setLevel(max(logging.INFO, root.level))


class _Stderr(logging.Handler):
    """Whatever is standard error at the time."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(Lines())
        self.addFilter(Flood())

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except OSError:  # a full disk or a closed pipe stops no server
            return
        except Exception:
            self.handleError(record)


class Lines(logging.Formatter):
    """`2026-11-22T00:16:46.123Z warning fedi.jobs: the message`; the lines of a traceback follow, set in. Source: XSS-14."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = clock.rfc3339(int(record.created * 1000))
        text = terminal(record.getMessage()[:_CHARS])
        lines = [f"{stamp} {record.levelname.lower()} {record.name}: {text}"]
        if record.exc_info:
            lines += [f"    {terminal(line[:_CHARS])}" for line in self.formatException(record.exc_info).splitlines()]
        if record.stack_info:
            lines += [f"    {terminal(line)}" for line in record.stack_info.splitlines()]
        return "\n".join(lines)


class Flood(logging.Filter):
    """Twenty lines a second of one message, two hundred of one logger; how many were left out is said later. Source: DOS-26."""

    def __init__(self) -> None:
        super().__init__()
        self._second = 0
        self._counts: dict[str, int] = {}
        self._left_out: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        second = int(time.monotonic())
        if second != self._second or len(self._counts) > _KEYS:
            self._second = second
            self._counts.clear()
        message = f"{record.name} {record.msg}"[:200]
        if self._count(message) > _PER_MESSAGE or self._count(record.name) > _PER_LOGGER:
            self._left_out[record.name] = self._left_out.get(record.name, 0) + 1
            return False
        left_out = self._left_out.pop(record.name, 0)
        if left_out:
            record.msg, record.args = f"{terminal(record.getMessage())} ({left_out} lines like this were left out)", None
        return True

    def _count(self, key: str) -> int:
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]
