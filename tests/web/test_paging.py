from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from fedi import config, ids
from fedi.errors import Invalid
from fedi.storage.timelines import Page
from fedi.web import keys, paging, params
from fedi.web.names import Names


def asked(query: str) -> web.Request:
    app = web.Application()
    app[keys.NAMES] = Names(config.parse({"instance": {"domain": "fedi.test"}}, Path("/nowhere")))
    return make_mocked_request("GET", f"/api/v1/timelines/home{query}", app=app)


def page(query: str) -> Page:
    return paging.page(params.query(asked(query)))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", Page()),
        ("?max_id=9", Page(before=9)),
        ("?since_id=5", Page(after=5)),
        ("?min_id=5&limit=3", Page(after=5, limit=3, forward=True)),
        ("?max_id=9&since_id=5&min_id=7", Page(before=9, after=7, forward=True)),
        ("?limit=1000000000", Page(limit=40)),
        ("?limit=-5", Page(limit=1)),
        ("?limit=0", Page(limit=1)),
        ("?max_id=junk", Page(before=1)),
        ("?min_id=9223372036854775808", Page(after=ids.MAX, forward=True)),
    ],
)
def test_a_page_is_what_was_asked_for_within_bounds_DOS_16(query: str, wanted: Page) -> None:
    assert page(query) == wanted


@pytest.mark.parametrize("query", ["?limit=x", "?limit=1.5", "?limit[]=3", "?limit=99999999999999999999"])
def test_a_limit_that_is_no_number_is_refused(query: str) -> None:
    with pytest.raises(Invalid):
        page(query)


def test_links_lead_to_the_pages_beside_and_keep_what_else_was_asked() -> None:
    request = asked("?limit=2&local=true&max_id=50&access_token=secret&q=%22%3E")

    link = paging.links(request, page("?limit=2"), [9, 7])["Link"]

    at = "https://fedi.test/api/v1/timelines/home?limit=2&local=true&q=%22%3E"
    assert link == f'<{at}&max_id=7>; rel="next", <{at}&min_id=9>; rel="prev"'


def test_a_page_that_is_not_full_has_no_next_one_and_an_empty_one_no_links() -> None:
    assert 'rel="next"' not in paging.links(asked("?limit=3"), page("?limit=3"), [9, 7])["Link"]
    assert paging.links(asked(""), page(""), []) == {}
