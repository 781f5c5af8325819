"""Lets `sqlite-utils migrate fedi.sqlite3 migrations/` see the numbered files here as one set. Stop the server first."""

from pathlib import Path

from fedi.storage import migrate

migrations = migrate.load(Path(__file__).parent)
