"""The policy of delivery as a table: every answer, every step, every state of a host."""

import itertools

import pytest

from fedi import clock
from fedi.activitypub import backoff
from fedi.storage.hosts import Host

NOW = 1_800_000_000_000
MINUTES = [0, 1, 5, 15, 60, 180, 360, 720, *[1440] * 6]


def test_attempts_come_on_schedule_within_a_fifth() -> None:
    """0, 1 m, 5 m, 15 m, 1 h, 3 h, 6 h, 12 h, then daily."""
    for attempt, minutes in enumerate(MINUTES):
        waits = {backoff.delay_ms(attempt) for _ in range(200)}
        assert all(0.8 * minutes <= wait / clock.MINUTE <= 1.2 * minutes for wait in waits)
        assert minutes == 0 or len(waits) > 100, "jitter spreads them"
    assert backoff.delay_ms(99) <= 1.2 * clock.DAY


def test_a_peer_that_stays_away_is_asked_at_the_times_of_the_schedule() -> None:
    now, times = NOW, [NOW]
    for attempt in range(1, len(MINUTES)):
        verdict = backoff.judge(503, attempt, now, "", None)
        assert verdict.state == "queued"
        now = verdict.next_at
        times.append(now)
    gaps = [(b - a) / clock.MINUTE for a, b in itertools.pairwise(times)]
    assert all(0.8 * planned <= gap <= 1.2 * planned for gap, planned in zip(gaps, MINUTES[1:], strict=True))
    assert backoff.GIVE_UP_MS == 7 * clock.DAY


# status -> (state at the first attempt, state at the second, does the host count as failed)
CLASSES: dict[int, tuple[str, str, bool | None]] = {
    200: ("delivered", "delivered", False),
    202: ("delivered", "delivered", False),
    204: ("delivered", "delivered", False),
    299: ("delivered", "delivered", False),
    199: ("queued", "refused", False),
    301: ("queued", "refused", False),
    307: ("queued", "refused", False),
    400: ("queued", "refused", False),
    403: ("queued", "refused", False),
    404: ("queued", "refused", False),
    410: ("refused", "refused", False),
    413: ("queued", "refused", False),
    501: ("queued", "refused", False),
    401: ("queued", "queued", None),
    408: ("queued", "queued", True),
    425: ("queued", "queued", True),
    429: ("queued", "queued", None),
    500: ("queued", "queued", True),
    502: ("queued", "queued", True),
    503: ("queued", "queued", True),
    600: ("queued", "queued", True),
}


@pytest.mark.parametrize("status", CLASSES)
def test_every_answer_has_its_class(status: int) -> None:
    first, second, failed = CLASSES[status]
    verdicts = [backoff.judge(status, attempt, NOW, "why", None) for attempt in (1, 2)]
    assert [v.state for v in verdicts] == [first, second]
    assert [v.host_failed for v in verdicts] == [failed, failed]
    assert all(v.status == status for v in verdicts)
    if first == "queued":
        assert verdicts[0].next_at > NOW
        assert verdicts[0].answer == "why"


def test_a_no_is_asked_once_more_after_an_hour() -> None:
    assert backoff.judge(403, 1, NOW, "", None).next_at == NOW + clock.HOUR


@pytest.mark.parametrize(
    ("asked", "waited"), [(120, 120), (0, 1), (-5, 1), (1, 1), (24 * 3600, 24 * 3600), (10**9, 24 * 3600), (None, None)]
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_peers_wish_to_wait_is_honoured_within_a_day(status: int, asked: int | None, waited: int | None) -> None:
    verdict = backoff.judge(status, 1, NOW, "", asked)
    wait_s = (verdict.next_at - NOW) / 1000
    if waited is None:
        assert 0.8 * 60 <= wait_s <= 1.2 * 60
    else:
        assert wait_s == waited


def test_when_the_fault_may_be_ours_the_host_is_not_blamed() -> None:
    verdict = backoff.failed(1, NOW, 0, "no route", None, ours=True)
    assert (verdict.state, verdict.host_failed) == ("queued", None)
    assert backoff.refused(2, NOW, 0, "").host_failed is None


# -- hosts --


def failing(times: int, host: Host | None = None, *, now: int = NOW) -> Host:
    made = host or Host("peer.test")
    for attempt in range(1, times + 1):
        made = backoff.host_after(made, backoff.judge(503, attempt, now, "", None), now)
    return made


def test_a_circuit_opens_at_the_fifth_failure_in_a_row() -> None:
    assert failing(4).open_until == 0
    opened = failing(5)
    assert opened.open_until > NOW and opened.failures == 5


def test_a_circuit_stays_open_longer_with_each_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff.random, "uniform", lambda low, high: (low + high) / 2)  # without jitter, which may swap two equal steps
    waits = [failing(times).open_until - NOW for times in (5, 7, 9, 12)]
    assert waits == sorted(waits) and waits[-1] <= 1.3 * clock.DAY


def test_one_answer_closes_the_circuit_whatever_it_says() -> None:
    for status in (202, 403, 410):
        closed = backoff.host_after(failing(9), backoff.judge(status, 1, NOW, "", None), NOW)
        assert (closed.failures, closed.failing_days, closed.open_until, closed.seen_at) == (0, 0, 0, NOW)


@pytest.mark.parametrize("status", [429, 401])
def test_an_answer_that_says_nothing_about_the_host_changes_nothing(status: int) -> None:
    before = failing(3)
    assert backoff.host_after(before, backoff.judge(status, 1, NOW, "", None), NOW) == before


def test_a_host_that_failed_on_seven_days_gets_one_probe_a_day() -> None:
    host = Host("peer.test")
    for day in range(7):
        host = failing(2, host, now=NOW + day * clock.DAY)
        assert host.failing_days == day + 1, "a day counts once"
    assert host.open_until == NOW + 6 * clock.DAY + clock.DAY


def test_the_scheme_that_worked_is_remembered_and_kept() -> None:
    delivered = backoff.judge(202, 1, NOW, "", None)._replace(scheme="rfc9421")
    host = backoff.host_after(Host("peer.test"), delivered, NOW)
    assert host.signature == "rfc9421"
    later = NOW + 2 * clock.HOUR
    assert backoff.host_after(host, backoff.judge(403, 1, later, "", None)._replace(scheme="cavage"), later).signature == "rfc9421"


def test_a_host_in_good_health_is_written_once_an_hour() -> None:
    delivered = backoff.judge(202, 1, NOW, "", None)
    host = backoff.host_after(Host("peer.test"), delivered, NOW)
    assert backoff.host_after(host, delivered, NOW + 1000) is host
    assert backoff.host_after(host, delivered, NOW + clock.HOUR).seen_at == NOW + clock.HOUR
