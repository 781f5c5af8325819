"""What work costs the processor, by a yardstick: a bound in seconds alone is one of the machine, not of the code."""

import time
from collections.abc import Callable

_YARD_S = 0.010  # what the yardstick costs a usual machine


def cost_s(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of the processor that `work` would take on a usual machine: the least of some times, each beside the yardstick."""
    return min(usual_s(_spent_s(work)) for _ in range(times))


def usual_s(spent_s: float) -> float:
    """What took so many seconds of this processor just now, on a usual machine."""
    return spent_s / _spent_s(_yard) * _YARD_S


def _yard() -> int:
    return sum(number * number for number in range(100_000))


def _spent_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
