"""What an answer costs: the statements that run for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from fedi.storage.db import Tx

Statements = Callable[[], AbstractContextManager[list[str]]]


def counting(monkeypatch: pytest.MonkeyPatch) -> Statements:
    """`with counting(monkeypatch)() as seen:` fills `seen` with every statement that runs inside."""

    @contextmanager
    def count() -> Iterator[list[str]]:
        seen: list[str] = []
        with monkeypatch.context() as patch:
            for name in ("query", "one", "execute"):
                patch.setattr(Tx, name, _noting(getattr(Tx, name), seen))
            yield seen

    return count


def _noting(real: Callable[..., Any], seen: list[str]) -> Callable[..., Any]:
    def noted(tx: Tx, sql: str, *args: Any) -> Any:
        seen.append(sql)
        return real(tx, sql, *args)

    return noted
