import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fedi import errors, logins, moderation
from fedi.config import Config
from fedi.control import verbs, wire
from fedi.control.server import Doorway
from fedi.instance import Instance
from fedi.storage import deliveries as delivery_rows
from fedi.storage import domains as domain_rows
from fedi.storage import follows as follow_rows
from fedi.storage import jobs as job_rows
from fedi.storage import posts as post_rows
from fedi.storage import settings as setting_rows
from fedi.storage import users as user_rows
from tests import cast, make


async def perform(instance: Instance, verb: str, **args: Any) -> Any:
    """What a verb answers, as it goes over the wire."""
    return json.loads(json.dumps(await verbs.perform(instance, verb, args)))


async def new_account(instance: Instance, name: str = "alice", role: str = "", password: str = "a long password") -> Any:
    return await perform(instance, "account.create", name=name, email=f"{name}@mail.test", password=password, role=role)


async def say(instance: Instance, name: str, text: str, **more: Any) -> Any:
    given = {"visibility": "public", "warning": "", "local_only": False, **more}
    return await perform(instance, "post.create", name=name, text=text, **given)


# -- the form of questions and answers --


@pytest.mark.parametrize(
    "error",
    [
        errors.Invalid("wrong", "instance.domain"),
        errors.TooLarge("large"),
        errors.Unauthenticated("who"),
        errors.Forbidden("no"),
        errors.NotFound("nothing"),
        errors.Gone("gone"),
        errors.Conflict("there already"),
        errors.TooMany("often"),
        errors.Unavailable("later"),
        errors.StorageFull("full"),
        errors.Malformed("odd"),
        errors.Untrusted("forged"),
        errors.Unreachable("silent"),
        errors.Refused("no", 403),
        errors.RemoteGone("gone there"),
        errors.RemoteError("theirs"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_arrives_as_the_kind_it_was(error: errors.FediError):
    with pytest.raises(type(error)) as caught:
        wire.read_answer(wire.write_error(error))

    assert type(caught.value) is type(error)
    assert caught.value.message == error.message
    assert getattr(caught.value, "field", None) == getattr(error, "field", None)
    assert getattr(caught.value, "status", None) == getattr(error, "status", None)


def test_a_kind_that_only_one_room_knows_arrives_as_the_nearest_of_the_tree():
    class Special(errors.Conflict):
        pass

    with pytest.raises(errors.Conflict, match="special"):
        wire.read_answer(wire.write_error(Special("special")))


def test_a_fault_of_ours_is_not_told():
    line = wire.write_error(KeyError("/srv/secret"))

    assert b"secret" not in line
    with pytest.raises(errors.FediError, match="log"):
        wire.read_answer(line)


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"GET / HTTP/1.1\n", b"[]\n", b'{"verb": 1, "args": {}}\n', b'{"verb": "x"}\n', b"[" * 50_000 + b"\n"]
)
def test_what_is_no_question_is_refused(line: bytes):
    with pytest.raises(errors.Invalid):
        wire.read_question(line)


# -- the socket --


@pytest.fixture
async def doorway(instance: Instance) -> AsyncIterator[Doorway]:
    made = await Doorway.open(instance)
    yield made
    await made.close()


async def ask(directory: Path, verb: str, **args: Any) -> Any:
    connection = wire.connect(directory)
    assert connection is not None
    return await asyncio.to_thread(wire.ask, connection, verb, args)


async def test_a_verb_is_answered_over_the_socket(instance: Instance, config: Config, doorway: Doorway):
    answer = await ask(config.dir, "status")

    assert answer["pid"] == os.getpid()
    assert answer["writes"] == "ok"


async def test_what_a_verb_raises_is_raised_at_the_other_end(config: Config, doorway: Doorway):
    with pytest.raises(errors.NotFound, match="nobody of that name"):
        await ask(config.dir, "account.show", name="nobody")


async def test_an_unknown_verb_says_that_the_versions_differ(config: Config, doorway: Doorway):
    with pytest.raises(errors.Invalid, match="another version"):
        await ask(config.dir, "account.juggle")


async def test_a_verb_that_breaks_is_logged_and_not_told(config: Config, doorway: Doorway, caplog: pytest.LogCaptureFixture):
    with pytest.raises(errors.FediError, match="Its log says what"):
        await ask(config.dir, "account.show")

    assert "a command failed" in caplog.text


async def test_only_the_owner_may_ask_INF_05(config: Config, doorway: Doorway):
    assert stat.S_IMODE((config.dir / wire.NAME).stat().st_mode) == 0o600


async def test_many_may_ask_at_once(config: Config, doorway: Doorway):
    answers = await asyncio.gather(*(ask(config.dir, "status") for _ in range(20)))

    assert len(answers) == 20


async def test_an_endless_question_is_cut(config: Config, doorway: Doorway):
    reader, writer = await asyncio.open_unix_connection(config.dir / wire.NAME)
    writer.write(b"x" * (wire.QUESTION_BYTES + 100_000))
    line = await reader.readline()
    writer.close()

    with pytest.raises(errors.TooLarge):
        wire.read_answer(line)


async def test_a_question_too_long_is_not_even_sent(config: Config, doorway: Doorway):
    with pytest.raises(errors.TooLarge):
        await ask(config.dir, "post.create", text="x" * wire.QUESTION_BYTES)


async def test_one_who_hangs_up_disturbs_nobody(config: Config, doorway: Doorway):
    connection = wire.connect(config.dir)
    assert connection is not None
    connection.sendall(b'{"verb": "status", "args": {}}\n')
    connection.close()

    assert await ask(config.dir, "status")


async def test_after_the_end_nobody_answers_and_nothing_is_left(instance: Instance, config: Config):
    doorway = await Doorway.open(instance)
    await doorway.close()
    await doorway.close()

    assert wire.connect(config.dir) is None
    assert not (config.dir / wire.NAME).exists()


async def test_a_question_under_way_is_answered_before_the_end(instance: Instance, config: Config, monkeypatch: pytest.MonkeyPatch):
    asked = asyncio.Event()

    async def slow(_: Instance, args: dict[str, Any]) -> str:
        asked.set()
        await asyncio.sleep(0.05)
        return "done"

    monkeypatch.setitem(verbs.VERBS, "slow", slow)
    doorway = await Doorway.open(instance)
    answer = asyncio.create_task(ask(config.dir, "slow"))
    await asked.wait()
    await doorway.close()

    assert await answer == "done"


def test_without_a_server_there_is_nobody(tmp_path: Path):
    assert wire.connect(tmp_path) is None
    assert wire.connect(tmp_path / "nowhere") is None


def test_the_socket_of_a_dead_server_is_nobody(tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / wire.NAME))

    assert wire.connect(tmp_path) is None


async def test_the_socket_of_a_dead_server_is_replaced(instance: Instance, config: Config):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(config.dir / wire.NAME))

    doorway = await Doorway.open(instance)

    assert await ask(config.dir, "status")
    await doorway.close()


def test_a_server_that_dies_before_its_answer_leaves_the_outcome_open(tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / wire.NAME))
        server.listen(1)
        connection = wire.connect(tmp_path)
        assert connection is not None
        server.accept()[0].close()

        with pytest.raises(errors.Unavailable, match="may still have happened"):
            wire.ask(connection, "status", {})


async def test_a_folder_whose_path_no_socket_can_hold_works_as_well(tmp_path: Path, quick_keys: None):
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    here = Path.cwd()
    instance = await Instance.in_memory(make.settings(deep))
    doorway = await Doorway.open(instance)

    assert len(bytes(deep / wire.NAME)) > 108
    assert (await ask(deep, "status"))["pid"] == os.getpid()
    assert Path.cwd() == here
    await doorway.close()
    await instance.close()


# -- accounts --


async def test_the_first_person_is_the_owner_and_the_next_is_not(instance: Instance):
    first, second = await new_account(instance, "alice"), await new_account(instance, "bob")

    assert (first["role"], second["role"]) == ("owner", "user")
    assert [one["name"] for one in await perform(instance, "account.list")] == ["alice", "bob"]


async def test_a_new_account_signs_in_with_its_password(instance: Instance):
    await new_account(instance, "alice", password="a long password")

    user = instance.db.read(user_rows.find_by_login, "alice")
    assert user is not None
    assert logins.check_password(user.password_hash, "a long password")


async def test_a_short_password_is_refused_before_anything_is_made(instance: Instance):
    with pytest.raises(errors.Invalid) as caught:
        await new_account(instance, "alice", password="short")

    assert caught.value.field == "password"
    assert await perform(instance, "account.list") == []


@pytest.mark.parametrize("name", ["../etc", "a b", "", "-rf", "\x1b[31mred", "admin", "é", "x" * 31])
async def test_a_name_that_cannot_be_is_refused(instance: Instance, name: str):
    with pytest.raises(errors.Invalid):
        await new_account(instance, name)


async def test_a_name_that_is_taken_is_refused(instance: Instance):
    await new_account(instance, "alice")

    with pytest.raises(errors.Conflict):
        await new_account(instance, "Alice")


async def test_a_new_password_ends_sessions_and_tokens(instance: Instance):
    await new_account(instance, "alice")
    secret = (await perform(instance, "token.create", name="alice", scopes="read", program="x"))["token"]

    await perform(instance, "account.password", name="alice", password="another password")

    assert instance.db.read(logins.find_token, secret) is None
    user = instance.db.read(user_rows.find_by_login, "alice")
    assert user is not None and logins.check_password(user.password_hash, "another password")


async def test_a_role_is_changed_but_not_that_of_the_last_owner(instance: Instance):
    await new_account(instance, "alice")
    await new_account(instance, "bob")

    await perform(instance, "account.role", name="bob", role="moderator")

    assert (await perform(instance, "account.show", name="bob"))["role"] == "moderator"
    with pytest.raises(errors.Invalid, match="only owner"):
        await perform(instance, "account.role", name="alice", role="user")


async def test_a_deleted_account_is_gone(instance: Instance):
    await new_account(instance, "alice")
    await new_account(instance, "bob")

    await perform(instance, "account.delete", name="bob")

    with pytest.raises(errors.NotFound):
        await perform(instance, "account.show", name="bob")


async def test_somebody_elsewhere_is_shown_and_suspended_by_handle(instance: Instance):
    await instance.db.write(make.person, cast.CAROL)

    await perform(instance, "account.suspend", name="@carol@peer.test")

    assert (await perform(instance, "account.show", name="carol@peer.test"))["suspended_at"]
    await perform(instance, "account.unsuspend", name="carol@peer.test")
    assert (await perform(instance, "account.show", name="carol@peer.test"))["suspended_at"] is None


async def test_our_own_handle_means_somebody_here(instance: Instance):
    await new_account(instance, "alice")

    assert (await perform(instance, "account.show", name=f"@alice@{cast.DOMAIN}"))["name"] == "alice"


async def test_what_the_command_line_did_leaves_a_trace(instance: Instance):
    await new_account(instance, "alice")
    await perform(instance, "domain.set", domain="spam.test", severity="block", reason="spam")

    found = [(action, target) for _, action, target, _ in instance.db.read(setting_rows.list_audit)]
    assert ("account.create", "alice") in found
    assert ("domain.block", "spam.test") in found


# -- tokens --


async def test_a_token_is_listed_without_itself_and_revoked(instance: Instance):
    await new_account(instance, "alice")
    secret = (await perform(instance, "token.create", name="alice", scopes="read write", program="bench"))["token"]

    listed = await perform(instance, "token.list", name="alice")

    assert [(one["program"], one["scopes"]) for one in listed] == [("bench", "read write")]
    assert secret not in json.dumps(listed)
    assert await perform(instance, "token.revoke", name="alice", id=listed[0]["id"]) == {"revoked": 1}
    assert instance.db.read(logins.find_token, secret) is None


async def test_a_revoked_token_is_forgotten_at_once_by_the_running_server(instance: Instance):
    await new_account(instance, "alice")
    await perform(instance, "token.create", name="alice", scopes="read", program="x")
    heard: list[Any] = []
    instance.hub.subscribe("auth", heard.append)

    await perform(instance, "token.revoke", name="alice", id="")

    assert heard


async def test_anothers_token_is_not_revoked(instance: Instance):
    await new_account(instance, "alice")
    await new_account(instance, "bob")
    await perform(instance, "token.create", name="bob", scopes="read", program="x")
    token_id = (await perform(instance, "token.list", name="bob"))[0]["id"]

    with pytest.raises(errors.NotFound):
        await perform(instance, "token.revoke", name="alice", id=token_id)


async def test_a_scope_that_is_not_there_is_refused(instance: Instance):
    await new_account(instance, "alice")

    with pytest.raises(errors.Invalid):
        await perform(instance, "token.create", name="alice", scopes="everything", program="x")


# -- posting and following --


async def test_a_post_is_published_as_asked(instance: Instance):
    await new_account(instance, "alice")

    made = await say(instance, "alice", "hello", visibility="unlisted", warning="greeting", local_only=True)

    post = instance.db.read(post_rows.get, int(made["id"]))
    assert (post.visibility, post.warning, post.local_only) == ("unlisted", "greeting", 1)
    assert made["url"] == f"https://{cast.DOMAIN}/@alice/{made['id']}"


async def test_nobody_and_the_suspended_do_not_post(instance: Instance):
    await new_account(instance, "alice")
    await new_account(instance, "bob")
    await perform(instance, "account.suspend", name="bob")

    with pytest.raises(errors.NotFound):
        await say(instance, "nobody", "hello")
    with pytest.raises(errors.Forbidden):
        await say(instance, "bob", "hello")


async def test_one_here_follows_another_here_and_no_more(instance: Instance):
    await new_account(instance, "alice")
    await new_account(instance, "bob")

    assert (await perform(instance, "follow", name="alice", handle="@bob"))["state"] == "accepted"
    assert (await perform(instance, "unfollow", name="alice", handle=f"https://{cast.DOMAIN}/@bob"))["state"] == "none"


async def test_a_follow_of_somebody_elsewhere_waits_for_them(instance: Instance):
    await new_account(instance, "alice")
    carol = await instance.db.write(make.person, cast.CAROL)

    done = await perform(instance, "follow", name="alice", handle="@carol@peer.test")

    assert done == {"name": "carol@peer.test", "uri": carol.uri, "state": "pending"}
    assert instance.db.read(follow_rows.list_followers, carol.id, state="pending")


async def test_a_post_is_nobody_to_follow(instance: Instance):
    await new_account(instance, "alice")
    made = await say(instance, "alice", "hello")

    with pytest.raises(errors.Invalid, match="Name an account"):
        await perform(instance, "follow", name="alice", handle=made["uri"])


# -- the queue --


async def with_a_delivery(instance: Instance) -> str:
    """Somebody at peer.test follows alice, who has posted; the id of what waits."""
    await new_account(instance, "alice")

    def befriend(tx: Any) -> None:
        alice, carol = make.account_rows.get_local(tx, "alice"), make.person(tx, cast.CAROL)
        make.follow(tx, carol, alice)
        delivery_rows.drop(tx)  # the Accept

    await instance.db.write(befriend)
    await say(instance, "alice", "hello")
    waiting = await perform(instance, "queue.list", host="", limit=10)
    return str(next(one["id"] for one in waiting["deliveries"] if one["type"] == "Create"))


async def test_what_waits_is_listed_by_host(instance: Instance):
    await with_a_delivery(instance)

    found = (await perform(instance, "queue.list", host="peer.test", limit=10))["deliveries"]

    create = next(one for one in found if one["type"] == "Create")
    assert (create["host"], create["state"], create["attempts"]) == ("peer.test", "queued", 0)
    assert (await perform(instance, "queue.list", host="other.test", limit=10))["deliveries"] == []


async def test_what_is_dropped_is_not_sent_and_can_be_tried_again(instance: Instance):
    activity_id = await with_a_delivery(instance)
    heard: list[Any] = []
    instance.hub.subscribe("queue", heard.append)

    assert await perform(instance, "queue.drop", host="", id=int(activity_id)) == {"deliveries": 1, "jobs": 0}
    assert instance.db.read(make.deliveries, "Create") == []
    assert await perform(instance, "queue.retry", host="", id=int(activity_id)) == {"deliveries": 1, "jobs": 0}
    assert len(instance.db.read(make.deliveries, "Create")) == 1
    assert heard


async def test_parked_jobs_are_listed_retried_and_dropped(instance: Instance):
    job_id = await instance.db.write(make.job)
    await instance.db.write(job_rows.park, job_id, "ZeroDivisionError")

    listed = (await perform(instance, "queue.list", host="", limit=10))["jobs"]
    assert [(one["id"], one["state"], one["error"]) for one in listed] == [(str(job_id), "parked", "ZeroDivisionError")]

    assert await perform(instance, "queue.retry", host="", id=job_id) == {"deliveries": 0, "jobs": 1}
    await instance.db.write(job_rows.park, job_id, "again")
    assert await perform(instance, "queue.drop", host="", id=0) == {"deliveries": 0, "jobs": 1}
    assert (await perform(instance, "queue.list", host="", limit=10))["jobs"] == []


async def test_an_id_that_is_not_in_the_queue_is_said(instance: Instance):
    for verb in ("queue.retry", "queue.drop"):
        with pytest.raises(errors.NotFound):
            await perform(instance, verb, host="", id=12345)


# -- other servers, files, reports --


async def test_a_list_of_domains_is_imported_and_what_cannot_be_is_said(instance: Instance):
    await perform(instance, "domain.set", domain="old.test", severity="block", reason="")
    policies = [
        ["spam.test", "block", "spam"],
        ["loud.test", "limit", ""],
        ["old.test", "block", ""],
        [cast.DOMAIN, "block", ""],
        ["no host", "block", ""],
    ]

    done = await perform(instance, "domain.import", policies=policies)

    assert (done["added"], done["unchanged"]) == (2, 1)
    assert [one["domain"] for one in done["refused"]] == [cast.DOMAIN, "no host"]
    assert instance.db.read(domain_rows.is_blocked, "spam.test")
    assert not instance.db.read(domain_rows.is_blocked, "loud.test")


async def test_a_domain_is_unblocked(instance: Instance):
    await perform(instance, "domain.set", domain="Spam.TEST", severity="block", reason="")
    await perform(instance, "domain.unblock", domain="spam.test")

    assert await perform(instance, "domain.list") == []
    with pytest.raises(errors.NotFound):
        await perform(instance, "domain.unblock", domain="spam.test")


async def test_files_are_counted_and_pruned(instance: Instance):
    assert (await perform(instance, "media.usage"))["local_files"] == 0
    assert await perform(instance, "media.prune") == {"files": 0, "bytes": 0}


async def test_a_report_is_listed_and_settled(instance: Instance):
    await new_account(instance, "alice")

    def complain(tx: Any) -> None:
        alice, carol = make.account_rows.get_local(tx, "alice"), make.person(tx, cast.CAROL)
        moderation.receive_report(tx, carol, alice, "rude", ["https://fedi.test/1"], "https://peer.test/flags/1")

    await instance.db.write(complain)

    listed = await perform(instance, "report.list", resolved=False)
    assert [(one["about"], one["by"], one["comment"]) for one in listed] == [("alice", "carol@peer.test", "rude")]
    await perform(instance, "report.resolve", id=int(listed[0]["id"]))
    assert await perform(instance, "report.list", resolved=False) == []
    assert len(await perform(instance, "report.list", resolved=True)) == 1


# -- moving --


async def test_an_account_moves_to_another_here_and_comes_back(instance: Instance):
    for name in ("alice", "newalice"):
        await new_account(instance, name)
    with pytest.raises(errors.Invalid, match="does not name"):
        await perform(instance, "account.move", name="alice", target="@newalice@fedi.test")
    added = await perform(instance, "alias.add", name="newalice", other="@alice@fedi.test")
    assert added == {"name": "alice", "uri": "https://fedi.test/users/alice"}
    assert await perform(instance, "alias.list", name="newalice") == [added]

    moved = await perform(instance, "account.move", name="alice", target="@newalice@fedi.test")
    assert (moved["name"], moved["followers"]) == ("newalice", 0)
    assert instance.db.read(setting_rows.list_audit)[0][1:3] == ("account.move", "alice https://fedi.test/users/newalice")
    await perform(instance, "account.back", name="alice")
    with pytest.raises(errors.Conflict):
        await perform(instance, "account.back", name="alice")

    await perform(instance, "alias.remove", name="newalice", other="https://fedi.test/users/alice")
    assert await perform(instance, "alias.list", name="newalice") == []
