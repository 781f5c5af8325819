"""The numbers fit each other, and what other servers are known to take."""

import re

from fedi import config, limits
from fedi.activitypub import backoff, parse_actors


def test_every_limit_is_a_number_that_limits() -> None:
    numbers = {name: value for name, value in vars(limits).items() if name.isupper() and isinstance(value, int)}
    assert len(numbers) > 40
    assert all(value > 0 for value in numbers.values())


def test_what_we_send_others_take() -> None:
    assert limits.SENT_BYTES < 64 * 1024, "Misskey refuses more"
    assert limits.SENT_BYTES < limits.BODY_BYTES, "and we take what we send"


def test_what_people_here_write_is_read_by_our_own_reader() -> None:
    assert limits.POST_CHARS < limits.CONTENT_CHARS
    assert limits.MENTIONS <= limits.RECIPIENTS


def test_a_page_is_not_longer_than_the_longest_page() -> None:
    assert limits.PAGE <= limits.PAGE_MAX <= limits.HOME_ROWS


def test_every_name_that_can_be_made_here_can_be_read_by_others() -> None:
    longest = "a" * 30
    assert re.fullmatch(limits.USERNAME, longest) and not re.fullmatch(limits.USERNAME, longest + "a")
    assert len(longest) <= limits.USERNAME_CHARS
    assert parse_actors._USERNAME.fullmatch(longest)


def test_a_delivery_ends_when_its_time_is_over() -> None:
    assert sum(backoff.STEPS_MS) >= backoff.GIVE_UP_MS - sum(backoff.STEPS_MS[:8])


def test_what_an_owner_may_change_starts_from_these_numbers() -> None:
    made = config.LimitSettings()
    assert (made.inbox_per_host, made.post_chars) == (limits.INBOX_PER_HOST, limits.POST_CHARS)
    assert made.upload_mb * 1024 * 1024 == limits.FILM_BYTES
