"""How fast this machine is just now, beside the one the ceilings were measured on: the same work timed on both.

A shared machine can be half as fast as the hour before. A figure divided by this factor is what the ceilings' machine would show.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from fedi.activitypub import keys, signatures

# Microseconds on the ceilings' machine: two cores at 2.3 GHz, quiet, Python 3.11, cryptography 50.
_VERIFY_US = 18.4
_SIGN_US = 290.0


class Speed(NamedTuple):
    """Microseconds here, and how many times slower this machine is than the ceilings' one."""

    verify_us: float
    sign_us: float

    @property
    def factor(self) -> float:
        return (self.verify_us / _VERIFY_US + self.sign_us / _SIGN_US) / 2


def measure() -> Speed:
    """The median of some rounds of RSA-2048, in processor time."""
    private = keys.load_private(keys.generate_rsa())
    public = keys.load_public(keys.public_pem(keys.private_pem(private)))
    data = b"x" * 300
    signature = signatures.sign_bytes(private, data)
    verify = _median_us(lambda: signatures.verify_bytes(public, data, signature), 400)
    return Speed(verify, _median_us(lambda: signatures.sign_bytes(private, data), 60))


def _median_us(work: Callable[[], object], times: int) -> float:
    rounds = []
    for _ in range(7):
        began = time.process_time()
        for _ in range(times):
            work()
        rounds.append((time.process_time() - began) / times * 1e6)
    return sorted(rounds)[3]
