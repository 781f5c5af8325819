"""A server for generated requests: what stands in the addresses of each operation, made anew over the client API."""

import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import requests
from PIL import Image

from tests import cast

Names = dict[str, str]  # what stands in a path
TALLY: Final = "🎉"
POLICY: Final = ("for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions", "for_limited_accounts")
BACK: Final = "urn:ietf:wg:oauth:2.0:oob"


class Person(NamedTuple):
    id: str
    name: str
    token: str


class Seeds:
    """alice asks, or the other owner; of the others somebody new appears whenever one is needed."""

    def __init__(self, said: dict[str, Any], owner: int = 0) -> None:
        self.base = f"http://127.0.0.1:{said['port']}"
        people = [Person(**one) for one in said["people"]]
        self.me, self._people = people[owner], people[2 + owner :: 2]
        self.said = said
        self.session = requests.Session()

    # -- asking --

    def headers(self, by: Person | str | None) -> dict[str, str]:
        token = by.token if isinstance(by, Person) else by
        return {"Host": cast.DOMAIN, **({"Authorization": f"Bearer {token}"} if token else {})}

    def ask(self, method: str, path: str, by: Person | str | None = None, **how: Any) -> Any:
        """The JSON of an answer that is well."""
        answer = self.session.request(method, self.base + path, headers=self.headers(by or self.me), timeout=120, **how)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        return answer.json()

    def post(self, path: str, by: Person | str | None = None, **body: Any) -> Any:
        return self.ask("POST", f"/api/v1{path}", by, json=body)

    # -- things --

    def person(self) -> Person:
        return self._people.pop()

    def status(self, by: Person | None = None, text: str = "hello #topic", **more: Any) -> str:
        return str(self.post("/statuses", by, status=text, **more)["id"])

    def friend(self) -> str:
        found = self.person()
        self.post(f"/accounts/{found.id}/follow")
        return found.id

    def requester(self) -> str:
        """Somebody who asks to follow alice."""
        self.ask("PATCH", "/api/v1/accounts/update_credentials", json={"locked": True})
        found = self.person()
        self.post(f"/accounts/{self.me.id}/follow", found)
        return found.id

    def poll(self) -> str:
        poll = {"options": ["this", "that"], "expires_in": 3600}
        return str(self.post("/statuses", self.person(), status="which?", poll=poll)["poll"]["id"])

    def scheduled(self) -> str:
        return str(self.post("/statuses", status="later", scheduled_at=later(hours=3))["id"])

    def media(self) -> str:
        return str(self.ask("POST", "/api/v1/media", files={"file": ("a.png", picture(), "image/png")})["id"])

    def list(self) -> str:
        return str(self.post("/lists", title="Friends")["id"])

    def filter(self) -> dict[str, Any]:
        body = {"title": "x", "context": ["home"], "keywords_attributes": [{"keyword": "spoiler"}]}
        return dict(self.ask("POST", "/api/v2/filters", json=body))

    def filtered(self) -> str:
        return str(self.ask("POST", f"/api/v2/filters/{self.filter()['id']}/statuses", json={"status_id": self.status()})["id"])

    def filter_v1(self) -> str:
        return str(self.post("/filters", phrase="spoiler", context=["home"])["id"])

    def notification(self) -> dict[str, Any]:
        """Of a like of one's own post."""
        self.ask("PATCH", "/api/v2/notifications/policy", json=dict.fromkeys(POLICY, "accept"))
        self.post(f"/statuses/{self.status()}/favourite", self.person())
        return dict(self.ask("GET", "/api/v1/notifications?types[]=favourite")[0])

    def group(self) -> str:
        self.notification()
        return str(self.ask("GET", "/api/v2/notifications?types[]=favourite")["notification_groups"][0]["group_key"])

    def request(self) -> str:
        """What somebody said whom alice does not follow, kept apart."""
        self.ask("PATCH", "/api/v2/notifications/policy", json={"for_not_following": "filter"})
        self.status(self.person(), f"@{self.me.name} hear me")
        found = self.ask("GET", "/api/v1/notifications/requests")[0]["id"]
        self.ask("PATCH", "/api/v2/notifications/policy", json={"for_not_following": "accept"})
        return str(found)

    def conversation(self) -> str:
        self.status(self.person(), f"@{self.me.name} between us", visibility="direct")
        return str(self.ask("GET", "/api/v1/conversations")[0]["id"])

    def featured_tag(self) -> str:
        for tag in self.ask("GET", "/api/v1/featured_tags"):
            self.ask("DELETE", f"/api/v1/featured_tags/{tag['id']}")
        return str(self.post("/featured_tags", name="topic")["id"])

    def collection(self, by: Person | None = None) -> str:
        for one in self.ask("GET", f"/api/v1/accounts/{(by or self.me).id}/collections", by)["collections"]:
            self.ask("DELETE", f"/api/v1/collections/{one['id']}", by)
        return str(self.post("/collections", by, name="Gardeners", discoverable=True, sensitive=False)["collection"]["id"])

    def item(self) -> Names:
        made = self.collection()
        found = self.post(f"/collections/{made}/items", account_id=self.friend())["collection_item"]["id"]
        return {"id": made, "item": found}

    def own_item(self) -> Names:
        """alice, in a collection of somebody who follows her."""
        owner = self.person()
        self.ask("PATCH", "/api/v1/accounts/update_credentials", json={"locked": False})
        self.post(f"/accounts/{self.me.id}/follow", owner)
        made = self.collection(owner)
        found = self.post(f"/collections/{made}/items", owner, account_id=self.me.id)["collection_item"]["id"]
        return {"id": made, "item": found}

    def quoted(self) -> Names:
        post = self.status()
        return {"id": post, "quoting": self.status(self.person(), "see this", quoted_status_id=post)}

    def interaction(self) -> str:
        """That somebody would like a post which asks first."""
        self.post(f"/statuses/{self.said['asking'][self.me.name].pop()}/favourite", self.person())
        return str(self.ask("GET", "/api/v1/interaction_requests")[0]["id"])

    def agreed(self) -> str:
        found = self.interaction()
        self.post(f"/interaction_requests/{found}/authorize")
        return found

    def refresh(self) -> str:
        """Of answers to a post from elsewhere: there is one of it for a while."""
        if "refresh" not in self.said:
            place = f"{self.base}/api/v1/statuses/{self.said['abroad']}/context"
            said = self.session.get(place, headers=self.headers(self.me), timeout=120).headers["Mastodon-Async-Refresh"]
            self.said["refresh"] = re.sub(r'.*id="([^"]+)".*', r"\1", said)
        return str(self.said["refresh"])

    def reacted(self, post: str) -> Names:
        self.post(f"/statuses/{post}/react/{TALLY}")
        return {"id": post, "emoji": TALLY}

    def cheered(self) -> Names:
        self.ask("PUT", f"/api/v1/announcements/{self.said['announcement']}/reactions/{TALLY}")
        return {"id": self.said["announcement"], "name": TALLY}

    def tag(self) -> str:
        self.featured_tag()
        return "gardens"

    def subscription(self) -> None:
        keys = {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        }
        self.post("/push/subscription", subscription={"endpoint": "https://push.example/v1/abc", "keys": keys})

    def year(self) -> Person:
        """Somebody who wrote enough for a report of it."""
        found = self.person()
        for number in range(5):
            self.status(found, f"day {number}")
        return found

    def reported(self) -> Person:
        """Somebody whose report is made."""
        found, place = self.year(), f"/api/v1/annual_reports/{datetime.now(UTC).year}"
        self.ask("POST", f"{place}/generate", found)
        ends = time.monotonic() + 60
        while self.ask("GET", f"{place}/state", found)["state"] != "available":
            assert time.monotonic() < ends
            time.sleep(0.05)
        return found

    def newcomer(self) -> str:
        """The token of somebody who has not confirmed their address."""
        body = {
            "username": f"fresh_{self.me.name}",
            "email": f"fresh@{self.me.name}.test",
            "password": "correct horse battery",
            "agreement": True,
            "locale": "en",
        }
        return str(self.post("/accounts", self.app_token(), **body)["access_token"])

    def app(self) -> dict[str, str]:
        made = self.post("/apps", client_name="Try", redirect_uris=[BACK], scopes="read write follow push")
        return {name: made[name] for name in ("client_id", "client_secret")}

    def app_token(self) -> str:
        body = {"grant_type": "client_credentials", "scope": "read write", **self.app()}
        return str(self.ask("POST", "/oauth/token", data=body)["access_token"])


def later(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(made, "PNG")
    return made.getvalue()


# What the names in a path stand for: the first pattern that fits `METHOD path` counts.
_PATHS: Final[tuple[tuple[str, Callable[[Seeds], str | Names]], ...]] = (
    (r"/statuses/{id}/quotes/", Seeds.quoted),
    (r"DELETE .*/reactions/{emoji}|/reactions/{emoji}$|/unreact/", lambda s: s.reacted(s.status())),
    (r"/react/", lambda s: {"id": s.status(), "emoji": TALLY}),
    (r"PUT .*/announcements/{id}/reactions", lambda s: {"id": s.said["announcement"], "name": TALLY}),
    (r"/announcements/{id}/reactions", Seeds.cheered),
    (r"/announcements/", lambda s: str(s.said["announcement"])),
    (r"/items/{item}/revoke", Seeds.own_item),
    (r"/items/{item}", Seeds.item),
    (r"/collections/{id}", Seeds.collection),
    (r"/statuses/{id}/card", lambda s: str(s.said["linked"])),
    (r"/statuses/{id}/translate", lambda s: str(s.said["abroad"])),
    (r"/filters/statuses/", Seeds.filtered),
    (r"/filters/keywords/", lambda s: str(s.filter()["keywords"][0]["id"])),
    (r"/v2/filters/", lambda s: str(s.filter()["id"])),
    (r"/v1/filters/", Seeds.filter_v1),
    (r"/scheduled_statuses/", Seeds.scheduled),
    (r"/statuses/{id}/(reblog|favourite|bookmark)$", lambda s: s.status(s.person())),
    (r"/statuses/{id}", Seeds.status),
    (r"/accounts/{id}/(endorse|pin)", Seeds.friend),
    (r"/accounts/{id}/(in_collections|email_subscriptions)", lambda s: s.me.id),
    (r"/accounts/{id}|/suggestions/", lambda s: s.person().id),
    (r"/follow_requests/", Seeds.requester),
    (r"/featured_tags/", Seeds.featured_tag),
    (r"/interaction_requests/{id}/revoke", Seeds.agreed),
    (r"/interaction_requests/", Seeds.interaction),
    (r"/polls/", Seeds.poll),
    (r"/media/", Seeds.media),
    (r"/lists/{id}|/timelines/list/", Seeds.list),
    (r"/timelines/tag/", lambda s: {"hashtag": "topic"}),
    (r"/async_refreshes/", Seeds.refresh),
    (r"/tags/", lambda s: {"name": s.tag()}),
    (r"/notifications/requests/", Seeds.request),
    (r"/v1/notifications/", lambda s: str(s.notification()["id"])),
    (r"/v2/notifications/", lambda s: {"group_key": s.group()}),
    (r"/conversations/", Seeds.conversation),
    (r"/annual_reports/", lambda s: {"year": str(datetime.now(UTC).year)}),
    (r"/terms_of_service/", lambda s: {"date": "2026-01-02"}),
)


def names(seeds: Seeds, operation: str) -> Names:
    """What stands in the path of `METHOD path`, made anew."""
    if "{" not in operation:
        return {}
    make = next(make for pattern, make in _PATHS if re.search(pattern, operation))
    found = make(seeds)
    return {"id": found} if isinstance(found, str) else found


@contextmanager
def serving(folder: Path) -> Iterator[Seeds]:
    """A server of its own process; what it wrote to its log is in `log` in the folder."""
    command = [sys.executable, "-m", "tests.clients.serving", str(folder)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdin is not None and process.stdout is not None
        try:
            said = process.stdout.readline()
            assert said, (folder / "log").read_text("utf-8")
            yield Seeds(json.loads(said))
        finally:
            process.stdin.close()
            try:
                process.wait(20)
            finally:
                process.kill()
                process.stdout.close()
