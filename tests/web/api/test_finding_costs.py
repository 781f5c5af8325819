"""No list of what is found costs a statement per item: five cost as many as forty."""

import pytest

from fedi import interactions, tags, trends
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from tests import make
from tests.web.api import costs
from tests.web.api.conftest import Api

PATHS = (
    "/api/v2/search?q=cheese&limit=40",
    "/api/v2/search?q=cheese&type=statuses&limit=40",
    "/api/v1/search?q=cheese&limit=40",
    "/api/v1/accounts/search?q=cheese&limit=40",
    "/api/v1/trends/tags?limit=20",
    "/api/v1/trends/statuses?limit=40",
    "/api/v1/trends/links?limit=20",
    "/api/v2/suggestions?limit=40",
    "/api/v1/suggestions?limit=40",
    "/api/v1/directory?limit=40",
    "/api/v1/followed_tags?limit=40",
    "/api/v1/featured_tags/suggestions",
)


def _one_more(tx: Tx, alice: Account) -> None:
    """Somebody with a post, a hashtag and a link, each of its own, who can be found in every way."""
    number = make.number()
    who = make.remote(tx, f"cheese{number}", discoverable=1, indexable=1, followers_count=1)
    post = make.post(tx, who, f"cheese #cheese{number}", tags=(f"cheese{number}",))
    interactions.favourite(tx, alice, post.id)
    tx.execute("INSERT INTO cards (id, url, state, title, created_at) VALUES (?, ?, 'ready', 'x', 0)", (number, f"https://x.test/{number}"))
    tx.execute("INSERT INTO post_cards (post_id, card_id) VALUES (?, ?)", (post.id, number))
    tags.follow(tx, alice, f"cheese{number}")
    make.post(tx, alice, f"#cheese{number}")


@pytest.mark.parametrize("path", PATHS)
async def test_five_cost_as_much_as_forty(api: Api, alice: Account, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(trends, "is_stale", lambda *_: False)
    count = costs.counting(monkeypatch)
    found = []
    for more in (5, 35):
        for _ in range(more):
            api.run(_one_more, alice)
        await api.rig.instance.jobs.run_chore("index")
        await api.rig.instance.jobs.run_chore("trends")
        await api.get(alice, "/api/v1/timelines/home")  # what is known of the reader is kept
        with count() as seen:
            answer = await api.get(alice, path)
        assert answer.status == 200
        found.append((_length(answer.json), len(seen)))

    assert found[0][0] < found[1][0], "there is more to show"
    assert found[0][1] == found[1][1], found


def _length(found: object) -> int:
    if isinstance(found, dict):
        return sum(map(_length, found.values()))
    return len(found) if isinstance(found, list) else 0
