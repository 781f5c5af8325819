import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from fedi.web import negotiate
from tests.pace import cost_s

LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
AP = "application/activity+json"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (f"{AP}, application/ld+json", True),  # Mastodon
        (f"{LD},{AP}", True),  # GoToSocial
        (AP, True),  # snac, Lemmy, Pleroma
        (LD, True),  # Pixelfed, BookWyrm, Mitra
        (f"{AP},application/ld+json,application/json,*/*;q=0.9", True),  # Friendica
        ("application/json", True),
        ("Application/Activity+JSON;Q=1", True),
        (f"text/html;q=0.5, {AP}", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("text/html, application/json", False),
        (f"text/html, {AP};q=0.5", False),
        (f"{AP};q=0", False),
        ("*/*", False),
        ("", False),
        ("text/plain", False),
        (f"{AP};q=junk", False),
        (f"{AP};q=nan", False),
    ],
)
def test_what_is_named_and_liked_best_is_given(accept: str, wanted: bool) -> None:
    assert negotiate.wants_activity(make_mocked_request("GET", "/", {"Accept": accept})) is wanted


def test_two_accept_headers_are_one() -> None:
    headers = CIMultiDict([("Accept", LD), ("Accept", AP)])

    assert negotiate.wants_activity(make_mocked_request("GET", "/", headers))
    assert not negotiate.wants_activity(make_mocked_request("GET", "/"))


def test_a_long_header_costs_little_DOS_12() -> None:
    requests = [make_mocked_request("GET", "/", {"Accept": f"{number}" + ";,=q" * 16_000}) for number in range(5)]

    assert cost_s(lambda: negotiate.wants_activity(requests.pop()), len(requests)) < 0.04
