"""toot, a client for the command line, against a server of its own process: signs in, posts, reads, follows, boosts, searches."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from tests.clients.conftest import House

pytestmark = pytest.mark.slow
Toot = Callable[..., str]

# The program's own commands, one after the other in one process: to start Python anew for each of forty takes a minute.
SHELL = """
import json, sys
from click.testing import CliRunner
from toot.cli import cli
for line in sys.stdin:
    done = CliRunner().invoke(cli, json.loads(line))
    print(json.dumps([done.exit_code, done.output, repr(done.exception)]), flush=True)
"""


class Command(NamedTuple):
    """The installed program, with the surroundings it remembers in who has signed in."""

    words: tuple[str, ...]
    surroundings: dict[str, str]


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Command:
    folder = str(tmp_path_factory.mktemp("toot"))
    words = (str(Path(sys.executable).with_name("toot")), "--no-color")
    return Command(words, {**os.environ, "XDG_CONFIG_HOME": folder, "HOME": folder})


@pytest.fixture(scope="module")
def toot(house: House, command: Command) -> Iterator[Toot]:
    """The command of somebody who has signed in as alice, in their browser, with the code they were shown."""
    words, surroundings = command
    login = subprocess.Popen(
        [*words, "login", "--instance", house.base], env=surroundings, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert login.stdin is not None and login.stdout is not None
    address = next(line.strip() for line in login.stdout if line.startswith("http"))
    code = house.code(house.consent(address, "alice"))
    said, _ = login.communicate(f"n\n{code}\n", timeout=30)
    assert login.returncode == 0 and "Successfully logged in" in said

    shell = subprocess.Popen([sys.executable, "-c", SHELL], env=surroundings, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert shell.stdin is not None and shell.stdout is not None
    with shell:
        yield lambda *arguments: _run(shell, "--no-color", *arguments)
        shell.stdin.close()


def _run(shell: "subprocess.Popen[str]", *arguments: str) -> str:
    assert shell.stdin is not None and shell.stdout is not None
    print(json.dumps(arguments), file=shell.stdin, flush=True)
    status, said, error = json.loads(shell.stdout.readline())
    assert status == 0, (arguments, said, error)
    return str(said)


def test_toot_knows_who_it_is(toot: Toot, command: Command) -> None:
    done = subprocess.run([*command.words, "whoami"], env=command.surroundings, text=True, capture_output=True, timeout=60, check=True)
    assert "@alice" in done.stdout
    assert "@alice" in toot("whoami") and "alice@localhost" in toot("auth")


def test_toot_posts_and_shows_timelines(toot: Toot) -> None:
    toot("post", "from the terminal #shell", "--visibility", "unlisted", "--language", "en")
    toot("post", "asking", "--poll-option", "yes", "--poll-option", "no")
    assert "from the terminal" in toot("timelines", "home", "--no-pager")
    assert "asking" in toot("timelines", "public", "--local", "--no-pager")
    assert "from the terminal" in toot("timelines", "account", "alice", "--no-pager")


def test_toot_uploads(house: House, toot: Toot, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "blue").save(tmp_path / "blue.png")
    toot("post", "with a picture", "--media", str(tmp_path / "blue.png"), "--description", "all blue")
    assert house.client("alice").timeline_home()[0].media_attachments[0].description == "all blue"


def test_toot_follows_boosts_and_searches(house: House, toot: Toot) -> None:
    post = house.client("bob").status_post("worth boosting, said the heron #wading")
    toot("follow", "bob")
    assert "bob" in toot("following", "alice")
    toot("reblog", str(post.id))
    toot("favourite", str(post.id))
    toot("bookmark", str(post.id))
    assert "heron" in toot("bookmarks") and "alice" in toot("reblogged-by", str(post.id))
    found = toot("search", "wading")
    assert "wading" in found
    assert "heron" in toot("status", str(post.id)) and "heron" in toot("thread", str(post.id))
    toot("unreblog", str(post.id))
    toot("mute", "bob")
    assert "bob" in toot("muted")
    toot("unmute", "bob")
    toot("unfollow", "bob")


def test_toot_reads_notifications_lists_and_tags(house: House, toot: Toot) -> None:
    house.client("bob").status_post("@alice are you there?")
    assert "are you there" in toot("notifications")
    toot("follow", "bob")
    toot("lists", "create", "near")
    toot("lists", "add", "near", "bob")
    assert "near" in toot("lists", "list") and "bob" in toot("lists", "accounts", "near")
    toot("lists", "delete", "near")
    toot("tags", "follow", "birds")
    assert "birds" in toot("tags", "followed")


def test_toot_edits_the_profile_and_shows_the_instance(toot: Toot) -> None:
    toot("update-account", "--display-name", "Alice of the shell", "--note", "hello")
    assert "Alice of the shell" in toot("whois", "alice")
    assert re.search(r"fedi", toot("instance"))
