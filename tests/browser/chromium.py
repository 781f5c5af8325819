"""Where a Chromium is: one that is installed, or one that is installed now."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
_INSTALL_S = 600


def find() -> Path | None:
    """A browser of this machine; under CI one is fetched when there is none."""
    found = _installed()
    if found is None and os.environ.get("CI") == "true":
        for command in _commands():
            subprocess.run(command, check=False, timeout=_INSTALL_S, stdout=sys.stderr)
            found = _installed()
            if found is not None:
                break
    return found


def _installed() -> Path | None:
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return Path(path)
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    return next(iter(sorted(folder.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)


def _commands() -> list[list[str]]:
    commands = [[sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"]]
    if shutil.which("apt-get"):
        commands += [["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "chromium"]]
    return commands
