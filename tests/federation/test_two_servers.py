"""Two servers as two people would set them up: processes of their own, commands and the client API, and nothing else."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from bench.server import free_port

pytestmark = pytest.mark.slow

SOON_S = 60.0
COMMAND = (
    os.environ["FEDI_COMMAND"].split() if "FEDI_COMMAND" in os.environ else [sys.executable, "-m", "fedi"]
)  # or one installed elsewhere


class Answer(NamedTuple):
    status: int
    json: Any


class Server:
    """An instance in a folder, made by `fedi init`, served by `fedi serve`, where one person lives."""

    def __init__(self, folder: Path, person: str) -> None:
        self.folder, self.person = folder, person
        self.port = free_port()
        self.domain = f"localhost:{self.port}"
        self.fedi("init", "--dir", str(folder), "--domain", self.domain, "--yes")
        self.fedi("account", "create", person, "--email", f"{person}@mail.test", "--password-stdin", stdin="a long password\n")
        self.process: subprocess.Popen[str] | None = None
        self.token = ""

    def fedi(self, *arguments: str, stdin: str = "") -> str:
        config = [] if arguments[0] == "init" else ["--config", str(self.folder / "config.toml")]
        command = [*COMMAND, *arguments, *config]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=300, check=False, cwd="/")
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout.strip()

    def start(self) -> None:
        command = [*COMMAND, "serve", "--config", str(self.folder / "config.toml")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/")
        soon(lambda: self.is_up, 2 * SOON_S)
        self.token = self.fedi("token", "create", self.person, "--scopes", "read write follow")

    def stop(self) -> str:
        """End it; what it wrote to its log."""
        assert self.process is not None
        self.process.terminate()
        _, log = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, log
        return log

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    @property
    def is_up(self) -> bool:
        with suppress(OSError):
            return self.call("GET", "/healthz").status == 200
        return False

    @property
    def handle(self) -> str:
        return f"@{self.person}@{self.domain}"

    # -- the client API --

    def call(self, method: str, path: str, **form: Any) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Host": self.domain, "Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, path, json.dumps(form) if form else None, headers)
            answer = connection.getresponse()
            return Answer(answer.status, json.loads(answer.read()))
        finally:
            connection.close()

    def get(self, path: str, **query: str) -> Any:
        answer = self.call("GET", f"{path}?{urlencode(query)}" if query else path)
        assert answer.status == 200, answer
        return answer.json

    def post(self, path: str, **form: Any) -> Any:
        answer = self.call("POST", path, **form)
        assert answer.status == 200, answer
        return answer.json

    def say(self, text: str, **more: Any) -> Any:
        return self.post("/api/v1/statuses", status=text, **more)

    def look_up(self, handle: str) -> Any:
        """Somebody elsewhere, found by handle."""
        found = self.get("/api/v2/search", q=handle, resolve="true", type="accounts")["accounts"]
        assert [account["acct"] for account in found] == [handle.removeprefix("@")]
        return found[0]

    def relationship(self, account: Any) -> Any:
        return self.get("/api/v1/accounts/relationships", **{"id[]": account["id"]})[0]

    def home(self, text: str) -> Any:
        """The post with this text on the home timeline, or None."""
        return next((post for post in self.get("/api/v1/timelines/home") if text in post["content"]), None)

    def told(self, kind: str, text: str = "") -> Any:
        """A notification of this kind, about a post with this text."""
        found = self.get("/api/v1/notifications")
        return next((row for row in found if row["type"] == kind and (not text or text in row["status"]["content"])), None)


def soon(look: Callable[[], Any], within_s: float = SOON_S) -> Any:
    """What it finds once it finds something."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """alice's and bob's; alice follows bob."""
    folder = tmp_path_factory.mktemp("two")
    with ExitStack() as stack:
        made = Server(folder / "one", "alice"), Server(folder / "two", "bob")
        for server in made:
            server.start()
            stack.callback(server.kill)
        alice, bob = made
        account = alice.look_up(bob.handle)
        alice.post(f"/api/v1/accounts/{account['id']}/follow")
        soon(lambda: alice.relationship(account)["following"])
        yield made
        logs = [server.stop() for server in made]
        assert not [line for line in "".join(logs).splitlines() if "ERROR" in line or "Traceback" in line], logs


def test_a_follow_by_handle_is_known_on_both_sides(servers: tuple[Server, Server]) -> None:
    alice, bob = servers
    follower = bob.told("follow")["account"]

    assert follower["acct"] == alice.handle.removeprefix("@")
    assert bob.relationship(follower)["followed_by"]
    assert bob.get("/api/v1/accounts/verify_credentials")["followers_count"] == 1


def test_a_post_an_edit_and_a_deletion_arrive(servers: tuple[Server, Server]) -> None:
    alice, bob = servers
    post = bob.say("First words")
    there = soon(lambda: alice.home("First words"), 2)
    assert there["uri"] == post["uri"] and there["account"]["acct"] == bob.handle.removeprefix("@")

    bob.call("PUT", f"/api/v1/statuses/{post['id']}", status="Second thoughts")
    soon(lambda: alice.home("Second thoughts"))
    assert alice.home("First words") is None
    assert len(alice.get(f"/api/v1/statuses/{there['id']}/history")) == 2

    assert bob.call("DELETE", f"/api/v1/statuses/{post['id']}").status == 200
    soon(lambda: alice.call("GET", f"/api/v1/statuses/{there['id']}").status == 404)
    assert alice.home("Second thoughts") is None


def test_a_like_and_a_boost_arrive_and_are_taken_back(servers: tuple[Server, Server]) -> None:
    alice, bob = servers
    post = bob.say("Likeable")
    there = soon(lambda: alice.home("Likeable"))
    alice.post(f"/api/v1/statuses/{there['id']}/favourite")
    alice.post(f"/api/v1/statuses/{there['id']}/reblog")
    soon(lambda: bob.told("favourite", "Likeable") and bob.told("reblog", "Likeable"))
    counted = bob.get(f"/api/v1/statuses/{post['id']}")
    assert (counted["favourites_count"], counted["reblogs_count"]) == (1, 1)

    alice.post(f"/api/v1/statuses/{there['id']}/unfavourite")
    alice.post(f"/api/v1/statuses/{there['id']}/unreblog")

    def counts() -> tuple[int, int]:
        found = bob.get(f"/api/v1/statuses/{post['id']}")
        return found["favourites_count"], found["reblogs_count"]

    soon(lambda: counts() == (0, 0))


def test_an_answer_arrives_where_the_question_is(servers: tuple[Server, Server]) -> None:
    alice, bob = servers
    question = bob.say("Any questions?")
    there = soon(lambda: alice.home("Any questions?"))
    alice.say(f"{bob.handle} Yes, one", in_reply_to_id=there["id"])

    soon(lambda: bob.told("mention", "Yes, one"))
    context = bob.get(f"/api/v1/statuses/{question['id']}/context")
    assert ["Yes, one" in post["content"] for post in context["descendants"]] == [True]
    assert bob.get(f"/api/v1/statuses/{question['id']}")["replies_count"] == 1


def test_what_is_for_followers_or_one_person_gets_to_them(servers: tuple[Server, Server]) -> None:
    alice, bob = servers
    bob.say("Among friends", visibility="private")
    bob.say(f"{alice.handle} Just you", visibility="direct")

    assert soon(lambda: alice.home("Among friends"))["visibility"] == "private"
    assert soon(lambda: alice.told("mention", "Just you"))["status"]["visibility"] == "direct"
    for text in ("Among friends", "Just you"):
        assert text not in json.dumps(bob.call("GET", "/api/v1/timelines/public").json)


def test_unfollowing_and_blocking_take_effect_on_the_other_side(servers: tuple[Server, Server]) -> None:
    alice, bob = servers
    them, us = alice.look_up(bob.handle), bob.look_up(alice.handle)
    alice.post(f"/api/v1/accounts/{them['id']}/unfollow")
    soon(lambda: not bob.relationship(us)["followed_by"])
    bob.say("Unheard")

    alice.post(f"/api/v1/accounts/{them['id']}/follow")
    soon(lambda: bob.relationship(us)["followed_by"])
    bob.post(f"/api/v1/accounts/{us['id']}/follow")
    soon(lambda: alice.relationship(them)["followed_by"])
    assert alice.home("Unheard") is None or soon(lambda: alice.relationship(them)["following"])

    alice.post(f"/api/v1/accounts/{them['id']}/block")
    soon(lambda: bob.relationship(us)["blocked_by"] and not bob.relationship(us)["followed_by"] and not bob.relationship(us)["following"])
    bob.say(f"{alice.handle} Do you hear me?")
    soon(lambda: "Do you hear me?" not in bob.fedi("queue", "list") and not bob.fedi("queue", "list"))
    assert alice.told("mention", "Do you hear me?") is None
    assert alice.home("Do you hear me?") is None

    alice.post(f"/api/v1/accounts/{them['id']}/unblock")
    soon(lambda: not bob.relationship(us)["blocked_by"])


def test_what_the_owner_ends_on_the_command_line_ends_at_once_AUT_10(servers: tuple[Server, Server]) -> None:
    alice, _ = servers
    who = "/api/v1/accounts/verify_credentials"
    assert alice.call("GET", who).status == 200
    alice.fedi("account", "password", "alice", "--password-stdin", stdin="another long password\n")
    assert alice.call("GET", who).status == 401

    alice.token = alice.fedi("token", "create", "alice", "--scopes", "read write follow")
    assert alice.call("GET", who).status == 200
    alice.fedi("token", "revoke", "alice", "--all")
    assert alice.call("GET", who).status == 401

    alice.token = alice.fedi("token", "create", "alice", "--scopes", "read write follow")
    assert alice.call("GET", who).status == 200
