"""Custom emoji: each server's own, written down when they are named, shown in text and nowhere else."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import accounts, clock, emojis, limits
from fedi.activitypub import parse
from fedi.errors import Conflict, Invalid, NotFound
from fedi.html import Html
from fedi.storage import emojis as rows
from fedi.storage import media as media_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from tests import cast, make

Run = Callable[..., Any]
URL = "https://peer.test/e.png"
KEY = "ab" * 16


def receive(run: Run, *found: tuple[str, str, str, int], host: str = cast.PEER) -> dict[str, rows.Emoji]:
    made: dict[str, rows.Emoji] = run(emojis.receive, host, found)
    return made


# -- arriving --


def test_a_name_that_arrives_is_a_row_of_its_server_and_no_fetch(db: Database, run: Run) -> None:
    found = receive(run, ("blob", URL, f"{URL}#id", 5), ("cat", URL, "", 0))

    assert set(found) == {"blob", "cat"}
    file = db.read(media_rows.find, found["blob"].media_id)
    assert (file.kind, file.remote_url, file.sha256) == ("emoji", URL, None)
    assert (found["blob"].host, found["blob"].uri, found["blob"].updated_at) == (cast.PEER, f"{URL}#id", 5)


def test_the_same_name_is_another_picture_on_another_server(run: Run) -> None:
    one, other = receive(run, ("blob", URL, "", 0)), receive(run, ("blob", "https://evil.test/e.png", "", 0), host=cast.EVIL)

    assert one["blob"].key != other["blob"].key
    assert receive(run, ("blob", URL, "", 0))["blob"] == one["blob"], "nobody paints over the pictures of others"


def test_an_id_of_another_server_changes_nothing_there(run: Run) -> None:
    mine = receive(run, ("blob", URL, f"https://{cast.PEER}/emojis/1", 5))

    receive(run, ("blob", "https://evil.test/e.png", f"https://{cast.PEER}/emojis/1", 99), host=cast.EVIL)

    assert receive(run, ("blob", URL, "", 0))["blob"] == mine["blob"]


def test_a_newer_picture_is_fetched_anew_under_the_same_name(db: Database, run: Run) -> None:
    first = receive(run, ("blob", URL, "", 1000))["blob"]
    run(media_rows.set_stored, first.media_id, media_rows.Stored("ab" * 32, "image/webp", 10, 20, 20))

    receive(run, ("blob", f"{URL}?2", "", 900))
    assert db.read(media_rows.find, first.media_id).remote_url == URL, "older news change nothing"
    again = receive(run, ("blob", f"{URL}?3", "", 2000))["blob"]

    file = db.read(media_rows.find, first.media_id)
    assert (again.key, file.remote_url, file.sha256) == (first.key, f"{URL}?3", None)


def test_without_a_time_another_address_counts_once_a_day(db: Database, run: Run, frozen: FrozenDateTimeFactory) -> None:
    first = receive(run, ("blob", URL, "", 0))["blob"]
    receive(run, ("blob", f"{URL}?2", "", 0))
    assert db.read(media_rows.find, first.media_id).remote_url == URL

    frozen.tick(clock.DAY / 1000 + 1)
    receive(run, ("blob", f"{URL}?2", "", 0))

    assert db.read(media_rows.find, first.media_id).remote_url == f"{URL}?2"


def test_a_server_has_no_more_than_so_many(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EMOJIS_PER_HOST", 2)

    found = receive(run, *((f"e{i}", URL, "", 0) for i in range(5)))

    assert len(found) == 2 and len(receive(run, *((f"e{i}", URL, "", 0) for i in range(5)))) == 2


def test_a_server_whose_files_are_refused_gets_none(db: Database, run: Run) -> None:
    sql = "INSERT INTO domain_policies (host, severity, reject_media, created_at) VALUES ('test', 'none', 1, 0)"
    run(lambda tx: tx.execute(sql))

    assert receive(run, ("blob", URL, "", 0)) == {}


def test_posts_and_people_keep_the_keys_of_what_they_name(db: Database, run: Run, carol: Account) -> None:
    blob = parse.Emoji("blob", URL, "", 0)

    post = run(make.post, carol, "hello :blob:", emojis=(blob,))
    someone = run(accounts.receive, make.actor("frida", name="Frida :blob:", emojis=(blob,)), cast.PEER, Html(""))

    key = receive(run, blob)["blob"].key
    assert emojis.of(post.emojis) == {"blob": key} == emojis.of(someone.emojis)


def test_a_post_whose_emoji_are_known_costs_one_statement_more(run: Run) -> None:
    receive(run, ("blob", URL, "", 0))
    seen: list[str] = []

    def look(tx: Tx) -> None:
        query = type(tx).query
        counted = lambda self, sql, params=(): seen.append(sql) or query(self, sql, params)  # noqa: E731
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(tx), "query", counted)
            patch.setattr(type(tx), "execute", lambda self, sql, params=(): pytest.fail(sql))
            emojis.receive(tx, cast.PEER, [("blob", URL, "", 0)])

    run(look)
    assert len(seen) == 1


# -- of this server --


def test_one_of_ours_is_added_replaced_and_removed(db: Database, run: Run, alice: Account) -> None:
    file, other = run(make.picture, alice, "emoji"), run(make.picture, alice, "emoji")

    made = run(emojis.add, "blob", file.id, "Blobs")
    assert (made.key, made.category) == (file.key, "Blobs") and db.read(rows.list_local) == [made]
    with pytest.raises(Conflict):
        run(emojis.add, "blob", other.id)
    replaced = run(emojis.add, "blob", other.id, replace=True)
    assert (replaced.id, replaced.key) == (made.id, other.key) and db.read(media_rows.find, file.id) is None
    run(emojis.remove, "blob")
    assert db.read(rows.list_local) == [] and db.read(media_rows.find, other.id) is None
    with pytest.raises(NotFound):
        run(emojis.remove, "blob")


@pytest.mark.parametrize("name", ["", "a", "with space", "a-b", "ü" * 3, ":blob:", "x" * 61, "<b>"])
def test_a_name_that_others_would_not_take_is_refused(run: Run, alice: Account, name: str) -> None:
    file = run(make.picture, alice, "emoji")
    with pytest.raises(Invalid):
        run(emojis.add, name, file.id)


def test_what_a_text_uses_is_found_outside_of_words_and_times(db: Database, run: Run, alice: Account) -> None:
    for name in ("blob", "cat", "30"):
        run(emojis.add, name, run(make.picture, alice, "emoji").id)
    written = lambda *texts: set(db.read(emojis.written, *texts))  # noqa: E731
    assert written("Hello :blob: and:cat:", "") == {"blob"} and written("10:30:20", ":nobody:", "http://cat:30:") == set()
    assert written(":blob::cat:", "") == {"blob", "cat"} and written("日本:blob:語") == {"blob"}


# -- showing --


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>:blob:</p>", 1),
        ("<p>:blob: :blob:</p>", 2),
        ("<p>a :blob::blob:</p>", 2),
        ("<p>:nobody:</p>", 0),
        ("<p>x:blob:y</p>", 0),
        ('<p><a href="https://peer.test/:blob:" title=" :blob: ">x</a></p>', 0),
        ('<p><a href="https://peer.test/">:blob:</a></p>', 1),
        ("<p><code>:blob:</code></p>", 0),
        ("<pre><code>:blob:</code> :blob:</pre>", 0),
        ("<pre>:blob:</pre><p>:blob:</p>", 1),
        ("<p>: blob :</p>", 0),
    ],
)
def test_pictures_stand_in_text_only_XSS_03(html: str, shown: int) -> None:
    made = emojis.in_html(Html(html), {"blob": KEY})
    assert made.count("<img ") == shown
    assert made.count(f'src="/media/{KEY}" alt=":blob:" title=":blob:"') == shown and isinstance(made, Html)


def test_a_plain_text_is_escaped_around_its_pictures() -> None:
    assert emojis.in_text('<b>&" :x:', {}) == '&lt;b&gt;&amp;" :x:'
    made = emojis.in_text("<:blob:>", {"blob": KEY})
    assert made.startswith("&lt;<img ") and made.endswith("&gt;")


@pytest.mark.parametrize("kept", ["", "[]", '[["blob", "https://peer.test/e.png"]]', json.dumps([["blob", f"{KEY}/../"]])])
def test_what_was_kept_otherwise_shows_nothing(kept: str) -> None:
    assert emojis.of(kept) == {}


def test_emoji_of_others_go_when_nobody_looks_at_them(db: Database, run: Run, frozen: FrozenDateTimeFactory, alice: Account) -> None:
    theirs = receive(run, ("blob", URL, "", 0), ("cat", URL, "", 0))
    run(emojis.add, "ours", run(make.picture, alice, "emoji").id)
    frozen.tick(100)
    run(media_rows.touch, theirs["cat"].media_id)

    assert run(rows.prune, clock.now() - 50_000, 100) == 1

    assert set(receive(run, ("cat", URL, "", 0))) == {"cat"} and db.read(rows.count, cast.PEER) == 1 and db.read(rows.count, "") == 1
