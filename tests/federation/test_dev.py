"""`fedi dev` as a contributor meets it: one command, two servers that hear each other."""

import http.cookiejar
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.server import free_port
from tests.cli.conftest import quiet


class Dev(NamedTuple):
    process: subprocess.Popen[str]
    folder: Path
    said: str

    def link(self, number: int) -> str:
        return re.findall(r"http://\S+/dev/sign-in/\S+", self.said)[number]

    def fedi(self, name: str, *arguments: str) -> str:
        config = self.folder / ("one" if name == "alice" else "two") / "config.toml"
        command = [sys.executable, "-m", "fedi", *arguments, "--config", str(config)]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


def begin(folder: Path, *arguments: str) -> Dev:
    command = [sys.executable, "-m", "fedi", "dev", "--dir", str(folder), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = ""
    while "Ctrl-C ends both" not in said:
        line = process.stdout.readline()
        if not line:
            raise AssertionError(said)
        said += line
    return Dev(process, folder, said)


def end(dev: Dev) -> int:
    dev.process.send_signal(signal.SIGINT)
    rest, _ = dev.process.communicate(timeout=60)
    assert quiet(rest) == ""
    return dev.process.returncode


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    made = begin(tmp_path_factory.mktemp("dev"), "--port", str(free_port(2)))
    yield made
    if made.process.poll() is None:
        end(made)


def browser() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))


def test_it_says_how_to_sign_in_to_both(dev: Dev):
    assert "alice, password " in dev.said
    assert "bob, password " in dev.said


def test_a_link_signs_in_and_shows_what_the_other_posted(dev: Dev):
    alice, bob = (browser().open(dev.link(number)).read().decode() for number in (0, 1))

    assert "Good to be here" in alice
    assert "Hello from the first server" in bob


def test_a_link_that_is_guessed_signs_nobody_in(dev: Dev):
    with pytest.raises(urllib.error.HTTPError) as caught:
        browser().open(dev.link(0)[:-1] + ("A" if dev.link(0)[-1] != "A" else "B"))
    assert caught.value.code == 404
    caught.value.close()


def test_they_follow_each_other(dev: Dev):
    for name in ("alice", "bob"):
        shown = dev.fedi(name, "account", "show", name)
        assert re.search(r"followers +1$", shown, re.MULTILINE)
        assert re.search(r"following +[12]$", shown, re.MULTILINE)


def test_each_home_has_one_of_everything_to_look_at(dev: Dev):
    alice, bob = (browser().open(dev.link(number)).read().decode() for number in (0, 1))

    assert all(said in bob for said in ("A walk along the river", "Hills, drawn in three greens.", "Into town", "your choice"))
    assert 'class="quoted h-cite"' in bob
    assert "Who is new here" in alice
    group = browser().open(dev.link(0).split("/dev/")[0] + "/@gardening").read().decode()
    assert "Green tomatoes" in group


def test_a_post_on_one_is_soon_at_home_on_the_other(dev: Dev):
    """Of itself, not because somebody looks at the queue from time to time: that would be half a minute."""
    bobs = browser()
    bobs.open(dev.link(1)).read()
    home = dev.link(1).split("/dev/")[0] + "/home"

    dev.fedi("alice", "post", "alice", "Did this arrive?")
    began = time.monotonic()
    while "Did this arrive?" not in bobs.open(home).read().decode():
        assert time.monotonic() - began < 20
        time.sleep(0.05)


def test_nothing_is_left_in_the_queues_but_the_end_of_a_poll(dev: Dev):
    for name in ("alice", "bob"):
        waiting = dev.fedi(name, "queue", "list").splitlines()[1:]
        assert [line for line in waiting if "\tpoll-" not in line] == []


def test_it_goes_on_where_it_was_and_ends_clean(dev: Dev):
    assert end(dev) == 0

    again = begin(dev.folder)
    shown = again.fedi("alice", "account", "list")

    assert shown.count("alice\t") == 1
    assert end(again) == 0


def test_other_ports_in_the_same_folder_are_refused(dev: Dev):
    command = [sys.executable, "-m", "fedi", "dev", "--dir", str(dev.folder), "--port", "17001"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 4
    assert "--dir" in done.stderr
