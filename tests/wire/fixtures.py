"""The folder of recorded traffic and vectors, named by FEDI_WIRE_FIXTURES. Without it the tests of this room are skipped."""

import json
import os
from pathlib import Path
from typing import Any

import pytest


def root() -> Path:
    """The folder; skips the calling test (or, called while a module is imported, the module)."""
    named = os.environ.get("FEDI_WIRE_FIXTURES")
    if not named:
        pytest.skip("FEDI_WIRE_FIXTURES does not name a folder of recorded traffic", allow_module_level=True)
    folder = Path(named)
    assert folder.is_dir(), f"FEDI_WIRE_FIXTURES names {named}, which is not a folder"
    return folder


def load(name: str) -> Any:
    """One JSON file of it, by its path below the root."""
    return json.loads((root() / name).read_text(encoding="utf-8"))
