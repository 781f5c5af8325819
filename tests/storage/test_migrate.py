import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fedi import errors
from fedi.storage import migrate
from fedi.storage.db import NAME, Database, Tx
from tests.storage import ledger

SECOND = "ALTER TABLE entries ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey';\n"
PYTHON = """
def migrate(db):
    for row in db.query("SELECT id, name FROM entries"):
        db["entries"].update(row["id"], {"name": row["name"].upper()})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ledger.migrations(tmp_path)


def applied(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return migrate.applied(connection)
    finally:
        connection.close()


def filled(path: Path, folder: Path) -> Path:
    with Database.open(path, migrations=folder) as db:
        db.transact(ledger.add, "alice")
    return path


# -- the project's own --


def test_schema_sql_is_what_the_migrations_make() -> None:
    folder = migrate.folder()
    if not list(folder.glob("0001_*")):
        pytest.skip("there is no migration yet")
    written = folder / "schema.sql"
    assert written.is_file() and written.read_text("utf-8") == migrate.schema_sql(folder), "run `make schema` and review what it changes"


def test_the_schema_has_no_deferred_constraints_because_one_would_fail_a_whole_group_at_its_commit() -> None:
    assert "DEFERR" not in migrate.schema_sql(migrate.folder()).upper()


def test_every_table_is_strict() -> None:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(migrate.template(migrate.folder()))
    connection.row_factory = sqlite3.Row
    rows = connection.execute("PRAGMA table_list").fetchall()
    connection.close()
    loose = [
        row["name"] for row in rows if row["type"] == "table" and not row["strict"] and not row["name"].startswith(("sqlite_", "_sqlite_"))
    ]
    assert loose == []


# -- finding --


def test_migrations_beside_the_package_or_inside_it_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "fedi"
    package.mkdir(parents=True)
    monkeypatch.setattr(migrate, "files", lambda name: package)
    assert migrate.folder() == tmp_path / "site" / "migrations"
    (package / "migrations").mkdir()
    assert migrate.folder() == package / "migrations"


@pytest.mark.parametrize("names", [["0001_a.sql", "0003_b.sql"], ["0001_a.sql", "0001_b.sql"], ["0002_a.sql"]])
def test_a_gap_or_a_number_used_twice_is_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(errors.Invalid, match="missing or used twice"):
        migrate.found(tmp_path)


def test_only_numbered_files_are_migrations(folder: Path) -> None:
    for name in ("schema.sql", "migrations.py", "0002_Bad Name.sql", "0002_notes.txt", "0002.sql"):
        (folder / name).touch()
    assert [path.name for path in migrate.found(folder)] == ["0001_initial.sql"]
    with pytest.raises(errors.Invalid, match="installed completely"):
        migrate.found(folder.parent)


# -- applying --


def test_a_new_database_is_made_without_a_backup_and_the_second_start_applies_nothing(tmp_path: Path, folder: Path) -> None:
    path = filled(tmp_path / "data" / NAME, folder)
    assert applied(path) == ["0001_initial"]
    with Database.open(path, migrations=folder) as db:
        assert migrate.apply(db._group.connection, folder) == []
        assert db.read(ledger.names) == ["alice"]
    assert not (tmp_path / "data" / "backups").exists()


def test_sqlite_utils_is_not_imported_when_there_is_nothing_to_apply(tmp_path: Path, folder: Path) -> None:
    path = filled(tmp_path / NAME, folder)
    code = (
        "import sys; from pathlib import Path; from fedi.storage.db import Database\n"
        "Database.open(Path(sys.argv[1]), migrations=Path(sys.argv[2])).shut()\n"
        "sys.exit('sqlite_utils' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path), str(folder)], check=False).returncode == 0


def test_data_is_backed_up_before_it_is_changed(tmp_path: Path, folder: Path) -> None:
    path = filled(tmp_path / "data" / NAME, folder)
    (folder / "0002_colour.sql").write_text(SECOND)
    with Database.open(path, migrations=folder) as db:
        assert db.read(lambda tx: tx.one("SELECT colour FROM entries"))[0] == "grey"
    backup = tmp_path / "data" / "backups" / "before-0002.sqlite3"
    assert applied(backup) == ["0001_initial"] and applied(path) == ["0001_initial", "0002_colour"]
    assert [stat.S_IMODE(at.stat().st_mode) for at in (backup, backup.parent)] == [0o600, 0o700]
    assert os.listdir(backup.parent) == [backup.name]
    connection = sqlite3.connect(backup)
    assert connection.execute("SELECT name FROM entries").fetchall() == [("alice",)]
    connection.close()


def test_a_python_migration_gets_a_sqlite_utils_database(tmp_path: Path, folder: Path) -> None:
    path = filled(tmp_path / NAME, folder)
    (folder / "0002_shout.py").write_text(PYTHON)
    with Database.open(path, migrations=folder) as db:
        assert db.read(ledger.names) == ["ALICE"]


@pytest.mark.parametrize(
    ("name", "text", "raised"),
    [
        ("0002_bad.sql", SECOND + "DROP TABLE notes;\nINSERT INTO entries (name) VALUES ('alice');\n", errors.Conflict),
        ("0002_bad.sql", SECOND + "this is not SQL;\n", sqlite3.OperationalError),
        ("0002_bad.py", PYTHON + "    raise LookupError\n", LookupError),
        ("0002_bad.sql", SECOND + "INSERT INTO notes (entry_id, text) VALUES (99, 'x');\n", errors.Invalid),
    ],
)
def test_a_migration_that_fails_leaves_nothing_and_is_tried_again(
    tmp_path: Path, folder: Path, name: str, text: str, raised: type[Exception]
) -> None:
    path = filled(tmp_path / NAME, folder)
    (folder / name).write_text(text)
    with pytest.raises(raised):
        Database.open(path, migrations=folder)
    assert applied(path) == ["0001_initial"]
    (folder / name).unlink()
    (folder / "0002_bad.sql").write_text(SECOND)
    with Database.open(path, migrations=folder) as db:
        assert db.read(ledger.names) == ["alice"]
    assert applied(path) == ["0001_initial", "0002_bad"]


def test_a_referenced_table_can_be_rebuilt_and_foreign_keys_are_on_again_after_it(tmp_path: Path, folder: Path) -> None:
    with Database.open(tmp_path / NAME, migrations=folder) as db:
        db.transact(ledger.add, "alice")
        db.transact(lambda tx: tx.execute("INSERT INTO notes (entry_id, text) VALUES (1, 'kept')"))
    (folder / "0002_rebuild.sql").write_text(
        "CREATE TABLE entries_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, amount INTEGER NOT NULL) STRICT;\n"
        "INSERT INTO entries_new SELECT id, name, amount FROM entries;\n"
        "DROP TABLE entries;\n"
        "ALTER TABLE entries_new RENAME TO entries;\n"
    )
    with Database.open(tmp_path / NAME, migrations=folder) as db:
        assert db.read(lambda tx: tx.one("SELECT text FROM notes"))[0] == "kept"
        with pytest.raises(errors.Conflict):
            db.transact(lambda tx: tx.execute("DELETE FROM entries"))


def test_triggers_comments_and_a_last_line_without_its_end_are_read_as_meant(tmp_path: Path, folder: Path) -> None:
    (folder / "0002_trigger.sql").write_text(
        "-- a note; with a semicolon;\n"
        "CREATE TRIGGER entries_noted AFTER INSERT ON entries BEGIN\n"
        "  INSERT INTO notes (entry_id, text) VALUES (new.id, 'a;\n b');\n"
        "END;\n\n"
        "CREATE INDEX entries_amount\n  ON entries (amount)\n-- the end\n"
    )
    with Database.memory(migrations=folder) as db:
        db.transact(ledger.add, "alice")
        assert db.read(lambda tx: tx.one("SELECT text FROM notes"))[0] == "a;\n b"
        assert db.read(lambda tx: tx.one("SELECT 1 FROM sqlite_master WHERE name = 'entries_amount'"))


def test_a_database_of_a_newer_version_is_refused_untouched(tmp_path: Path, folder: Path) -> None:
    (folder / "0002_colour.sql").write_text(SECOND)
    path = filled(tmp_path / NAME, folder)
    (folder / "0002_colour.sql").unlink()
    with pytest.raises(migrate.TooNew, match="made by a newer fedi"):
        Database.open(path, migrations=folder)
    assert applied(path) == ["0001_initial", "0002_colour"]


def test_migrations_applied_in_another_order_are_refused(tmp_path: Path, folder: Path) -> None:
    path = filled(tmp_path / NAME, folder)
    (folder / "0001_initial.sql").rename(folder / "0002_initial.sql")
    (folder / "0001_before.sql").write_text("CREATE TABLE early (id INTEGER) STRICT;\n")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE _sqlite_migrations SET name = '0002_initial'")
    connection.commit()
    connection.close()
    with pytest.raises(errors.Invalid, match="not the first"):
        Database.open(path, migrations=folder)


KILLED = """
import os, signal, sys
from pathlib import Path
from fedi.storage.db import Database
left = int(sys.argv[3])
import fedi.storage.migrate as migrate
statements = migrate._statements
def counted(text):
    global left
    for statement in statements(text):
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        yield statement
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
migrate._statements = counted
Database.open(Path(sys.argv[1]), migrations=Path(sys.argv[2])).shut()
"""


@pytest.mark.parametrize("at", range(4))
def test_a_migration_killed_at_any_statement_starts_again_from_before_it(tmp_path: Path, folder: Path, at: int) -> None:
    path = filled(tmp_path / NAME, folder)
    (folder / "0002_more.sql").write_text(SECOND + "CREATE TABLE more (id INTEGER) STRICT;\nUPDATE entries SET colour = 'red';\n")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), str(folder), str(at)], check=False)
    assert killed.returncode == -9
    assert applied(path) == ["0001_initial"]

    def colour(tx: Tx) -> str:
        row = tx.one("SELECT colour FROM entries")
        return row[0] if row else ""

    with Database.open(path, migrations=folder) as db:
        assert db.read(colour) == "red"


# -- the text of the schema --


def test_the_schema_text_is_sorted_and_leaves_out_what_sqlite_adds(folder: Path) -> None:
    (folder / "0002_search.sql").write_text(
        "CREATE VIRTUAL TABLE found USING fts5 (text);\n"
        "CREATE VIEW a_view AS SELECT name FROM entries;   \n"
        "CREATE INDEX entries_amount ON entries (amount);\n"
    )
    text = migrate.schema_sql(folder)
    made = [line.split(" (")[0] for line in text.splitlines() if line.startswith("CREATE")]
    assert made == [
        "CREATE TABLE entries",
        "CREATE INDEX entries_amount ON entries",
        "CREATE VIRTUAL TABLE found USING fts5",
        "CREATE TABLE notes",
        "CREATE INDEX notes_entry ON notes",
        "CREATE VIEW a_view AS SELECT name FROM entries;",
    ]
    assert "make schema" in text and "-- who; once" in text
    rebuilt = sqlite3.connect(":memory:")
    rebuilt.executescript(text)
    rebuilt.close()


def test_the_stock_sqlite_utils_command_sees_the_same_migrations(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "sqlite_utils", "migrate", str(tmp_path / "by-hand.sqlite3"), str(migrate.folder())]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert applied(tmp_path / "by-hand.sqlite3") == [path.stem for path in migrate.found(migrate.folder())]
