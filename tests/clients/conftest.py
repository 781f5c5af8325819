"""A server of its own process, as people run it, and programs that other people wrote for Mastodon."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import requests
from mastodon import Mastodon

from tests.federation.test_two_servers import Server
from tests.hostile_server import authority

SCOPES = ["read", "write", "follow", "push", "profile"]
PASSWORD = "a long password"


class House(Server):
    """alice, who owns it, and bob. A program signs in as `house.client("alice")`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "alice")
        config = folder / "config.toml"
        text = config.read_text("utf-8").replace("allow_networks = []", 'allow_networks = ["127.0.0.0/8"]')
        config.write_text(text.replace('ca_file = ""', f'ca_file = "{authority().file}"'), "utf-8")
        self.fedi("account", "create", "bob", "--email", "bob@mail.test", "--password-stdin", stdin=f"{PASSWORD}\n")
        self.base = f"http://{self.domain}"
        self._clients: dict[str, Mastodon] = {}

    def client(self, person: str) -> Mastodon:
        """Mastodon.py with a token of somebody's, made on the command line."""
        if person not in self._clients:
            token = self.fedi("token", "create", person, "--scopes", " ".join(SCOPES))
            self._clients[person] = Mastodon(access_token=token, api_base_url=self.base, version_check_mode="none")
        return self._clients[person]

    def consent(self, address: str, person: str) -> str:
        """What a person does in a browser: sign in, look at what is asked, say yes. The page (or address) that has the code."""
        browser = requests.Session()
        page = browser.get(address)
        assert page.status_code == 200, page.text
        if 'name="password"' in page.text:
            page = self._submit(browser, page, {"login": person, "password": PASSWORD})
        assert "Let it in" in page.text, page.text[:2000]
        return self._submit(browser, page, {"decision": "allow"}).text

    @staticmethod
    def code(page: str) -> str:
        """The code that a page shows to be copied."""
        shown = unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2])).split()
        return next(word for word in [*shown, *re.findall(r'value="([^"]+)"', page)] if re.fullmatch(r"[A-Za-z0-9_-]{40,}", word))

    def _submit(self, browser: requests.Session, page: requests.Response, values: dict[str, str]) -> requests.Response:
        """Fill in and send the form of a page that changes something."""
        form = next(
            part
            for part in re.findall(r"<form.*?</form>", page.text, re.S)
            if 'method="post"' in part and ("password" in part or "client_id" in part)
        )
        hidden = {name: value for name, value in _inputs(form) if name}
        target = re.search(r'action="([^"]*)"', form)
        place = target[1].replace("&amp;", "&") if target else ""
        return browser.post(requests.compat.urljoin(page.url, place), data={**hidden, **values})


def _inputs(form: str) -> Iterator[tuple[str, str]]:
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="hidden"' in tag):
            yield name[1], unescape(value[1]) if value else ""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"))
    try:
        made.start()
        yield made
    finally:
        made.kill()


@pytest.fixture
def alice(house: House) -> Mastodon:
    return house.client("alice")


@pytest.fixture
def bob(house: House) -> Mastodon:
    return house.client("bob")
