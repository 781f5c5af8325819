"""Posts by letter: who is asked, what stands in a letter, how often one goes, and what its links are good for."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from freezegun.api import FrozenDateTimeFactory

from fedi import clock, config, letters, limits, logins, newsletters, posts, signups
from fedi.errors import Invalid, NotFound, TooMany
from fedi.letters import Letter
from fedi.storage import accounts as account_rows
from fedi.storage import email_subscriptions as rows
from fedi.storage import jobs as job_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.storage.email_subscriptions import Subscription
from tests import make

READER = "reader@mail.test"
Run = Callable[..., Any]


class Desk:
    """A server that sends letters, and alice who offers them."""

    def __init__(self, run: Run, config: config.Config, alice: Account) -> None:
        self.run, self.config, self.alice = run, config, alice
        run(newsletters.switch, config, alice.id, True)

    def subscribe(self, email: str = READER, account: Account | None = None) -> None:
        self.run(newsletters.subscribe, self.config, (account or self.alice).id, email, "en")

    def row(self, email: str = READER) -> Subscription:
        found: Subscription | None = self.run(rows.find_of, self.alice.id, email)
        assert found is not None
        return found

    def written(self) -> list[Letter]:
        """What the jobs that wait come to; they are done then."""
        return [letter for letter in self.run(self._write) if letter is not None]

    def _write(self, tx: Tx) -> list[Letter | None]:
        waiting = [job for job in job_rows.list_waiting(tx) if job.name == newsletters.JOB]
        for job in waiting:
            job_rows.delete(tx, job.id)
        return [newsletters.write(tx, self.config, job.payload) for job in waiting]

    def reader(self, email: str = READER) -> None:
        self.subscribe(email)
        self.run(newsletters.confirm, self.config, token(self.written()[-1]))

    def claim(self) -> int:
        made: int = self.run(newsletters.claim)
        return made


def token(letter: Letter) -> str:
    return letter.text.split("?token=")[1].split()[0]


@pytest.fixture
def desk(run: Run, db: Database, alice: Account, tmp_path: Any, frozen: FrozenDateTimeFactory) -> Desk:
    return Desk(run, make.settings(tmp_path, mail={"host": "mail.test", "sender": "fedi@fedi.test"}), alice)


def later(frozen: FrozenDateTimeFactory, ms: int) -> None:
    frozen.tick(ms / 1000)


# -- asking --


def test_nobody_is_asked_for_who_does_not_offer_letters(desk: Desk, bob: Account, dan: Account) -> None:
    for account in (bob, dan):
        with pytest.raises(NotFound):
            desk.subscribe(account=account)
    desk.run(lambda tx: account_rows.update(tx, desk.alice.id, suspended_at=tx.now))
    with pytest.raises(NotFound):
        desk.subscribe()
    assert desk.written() == []


def test_without_a_mail_server_nobody_offers_letters_and_who_asks_is_told(desk: Desk, bob: Account, tmp_path: Any) -> None:
    poor = make.settings(tmp_path)
    with pytest.raises(Invalid, match="sends no e-mail"):
        desk.run(newsletters.switch, poor, bob.id, True)
    with pytest.raises(Invalid, match="sends no e-mail"):
        desk.run(newsletters.subscribe, poor, desk.alice.id, READER)


@pytest.mark.parametrize(
    "email",
    [
        "", " ", "x", "a@b", "@mail.test", "a@mail.test\r\nBcc: all@mail.test", "a@mail.test\nSubject: x", "a@mail.test,b@mail.test",
        "a b@mail.test", '"a\r\n"@mail.test', "a@mail.test>", "<a@mail.test", "Reader <a@mail.test>", "a@mail.test%0aBcc:b@mail.test",
        "a@[127.0.0.1]", "ä@mail.test", "a@mäil.test", "a" * 65 + "@mail.test", "a@" + "b." * 130 + "test", "a@mail.test\x00",
        "a@mail.test;b",
    ],
)  # fmt: skip
def test_what_is_no_address_or_more_than_one_is_refused(desk: Desk, email: str) -> None:
    with pytest.raises(signups.Unfit):
        desk.subscribe(email)
    assert desk.run(rows.count_of, desk.alice.id) == 0 and desk.written() == []
    assert not letters.is_address(email)


def test_an_address_is_asked_once_a_day_however_often_somebody_gives_it(desk: Desk, frozen: FrozenDateTimeFactory) -> None:
    for email in (READER, READER.upper(), f"  {READER} "):
        desk.subscribe(email)
    assert [letter.to for letter in desk.written()] == [READER]
    later(frozen, clock.DAY + clock.SECOND)
    desk.subscribe()
    assert len(desk.written()) == 1


def test_one_mailbox_is_asked_three_times_a_day_whoever_is_to_be_read(desk: Desk, run: Run) -> None:
    for number in range(6):
        other = run(make.account, f"writer{number}")
        run(newsletters.switch, desk.config, other.id, True)
        desk.subscribe(f"reader+{number}@mail.test", other)
    assert len(desk.written()) == 3


def test_who_reads_already_is_not_asked_and_nobody_learns_it(desk: Desk, frozen: FrozenDateTimeFactory) -> None:
    desk.reader()
    later(frozen, 3 * clock.DAY)
    desk.subscribe()
    assert desk.written() == [] and desk.row().confirmed_at is not None


def test_there_is_an_end_to_readers_and_to_questions(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SUBSCRIBERS_ASKED", 1)
    desk.subscribe()
    for email in (READER, "other@mail.test"):  # the same for an address that is known
        with pytest.raises(TooMany):
            desk.subscribe(email)
    monkeypatch.setattr(limits, "SUBSCRIBERS_ASKED", 100)
    monkeypatch.setattr(limits, "SUBSCRIBERS", 1)
    for email in (READER, "other@mail.test"):
        with pytest.raises(TooMany):
            desk.subscribe(email)


# -- the first link --


def test_the_link_in_the_first_letter_is_good_once_and_kept_as_a_hash(desk: Desk, dump: Callable[[], str]) -> None:
    desk.subscribe()
    link = token(desk.written()[0])
    assert link not in dump()
    desk.run(newsletters.confirm, desk.config, link)
    confirmed = desk.row()
    assert confirmed.confirmed_at is not None and confirmed.link_hash is None
    with pytest.raises(NotFound):
        desk.run(newsletters.confirm, desk.config, link)
    with pytest.raises(NotFound):
        desk.run(newsletters.unsubscribe, link)
    assert desk.row() == confirmed


def test_guesses_and_hashes_are_no_links(desk: Desk) -> None:
    desk.subscribe()
    link = token(desk.written()[0])
    stored = desk.row().link_hash or b""
    for guess in ("", " ", link[:-1], link + "x", link.swapcase(), stored.hex(), stored.decode("latin-1"), "%", "None", "\ud800"):
        for rule in (lambda tx, guess: newsletters.confirm(tx, desk.config, guess), newsletters.unsubscribe):
            with pytest.raises(NotFound):
                desk.run(rule, guess)
    assert desk.row().confirmed_at is None


def test_a_link_is_void_when_it_is_old_replaced_or_nothing_is_offered_any_more(desk: Desk, frozen: FrozenDateTimeFactory) -> None:
    desk.subscribe()
    first = token(desk.written()[0])
    later(frozen, clock.DAY + clock.SECOND)
    desk.subscribe()
    second = token(desk.written()[0])
    with pytest.raises(NotFound):
        desk.run(newsletters.find_link, desk.config, first)
    desk.run(newsletters.switch, desk.config, desk.alice.id, False)
    with pytest.raises(NotFound):
        desk.run(newsletters.confirm, desk.config, second)
    desk.run(newsletters.switch, desk.config, desk.alice.id, True)
    later(frozen, limits.CONFIRMATION_S * clock.SECOND + clock.SECOND)
    with pytest.raises(NotFound):
        desk.run(newsletters.confirm, desk.config, second)
    desk.run(newsletters.prune)
    assert desk.run(rows.find_of, desk.alice.id, READER) is None


# -- letters of posts --


def test_a_letter_holds_new_public_posts_and_nothing_else(desk: Desk, run: Run, bob: Account, frozen: FrozenDateTimeFactory) -> None:
    run(make.post, desk.alice, "before the subscription")
    later(frozen, clock.HOUR)
    desk.reader()
    later(frozen, clock.HOUR)
    first = run(make.post, desk.alice, "first words & more")
    for visibility in ("unlisted", "followers", "direct"):
        run(make.post, desk.alice, f"secret {visibility}", visibility)
    run(make.post, desk.alice, "secret local", local_only=True)
    run(make.post, desk.alice, "secret answer", reply_to=first)
    run(make.post, desk.alice, "hidden words", warning="spoiler")
    gone = run(make.post, desk.alice, "secret deleted")
    run(posts.remove, desk.alice, gone.id)
    run(make.boost, desk.alice, run(make.post, bob, "secret boost"))
    later(frozen, clock.HOUR)

    assert desk.claim() == 1
    (letter,) = desk.written()

    assert letter.to == READER and "@alice@fedi.test" in letter.subject
    assert "first words & more" in letter.text and first.url in letter.text and "[spoiler]" in letter.text
    assert "secret" not in letter.text and "hidden words" not in letter.text and "before the subscription" not in letter.text


def test_one_letter_a_day_and_none_without_something_new(desk: Desk, run: Run, frozen: FrozenDateTimeFactory) -> None:
    desk.reader()
    later(frozen, clock.HOUR)
    assert desk.claim() == 0
    run(make.post, desk.alice, "one")
    assert desk.claim() == 0, "it may still be corrected"
    later(frozen, clock.HOUR)
    assert [desk.claim(), desk.claim()] == [1, 0]
    assert len(desk.written()) == 1
    run(make.post, desk.alice, "two")
    later(frozen, 22 * clock.HOUR)
    assert desk.claim() == 0
    later(frozen, 2 * clock.HOUR)
    assert desk.claim() == 1
    (letter,) = desk.written()
    assert "two" in letter.text and "one\n" not in letter.text
    later(frozen, 2 * clock.DAY)
    assert desk.claim() == 0


def test_a_letter_that_is_tried_again_is_the_same_but_for_its_link(desk: Desk, run: Run, frozen: FrozenDateTimeFactory) -> None:
    desk.reader()
    later(frozen, clock.HOUR)
    run(make.post, desk.alice, "one")
    later(frozen, clock.HOUR)
    desk.claim()
    (job,) = [job for job in run(job_rows.list_waiting) if job.name == newsletters.JOB]
    run(make.post, desk.alice, "two")
    tries = [run(newsletters.write, desk.config, job.payload) for _ in range(2)]
    assert token(tries[0]) != token(tries[1])
    assert tries[0].text.replace(token(tries[0]), "") == tries[1].text.replace(token(tries[1]), "") and "two" not in tries[0].text


def test_who_offers_nothing_any_more_or_is_suspended_sends_nothing(desk: Desk, run: Run, frozen: FrozenDateTimeFactory) -> None:
    desk.reader()
    later(frozen, clock.HOUR)
    run(make.post, desk.alice, "one")
    later(frozen, clock.HOUR)
    run(newsletters.switch, desk.config, desk.alice.id, False)
    assert desk.claim() == 0
    run(newsletters.switch, desk.config, desk.alice.id, True)
    assert desk.claim() == 1
    run(lambda tx: account_rows.update(tx, desk.alice.id, suspended_at=tx.now))
    assert desk.written() == [], "not even what is in the queue"


def test_every_letter_says_how_to_end_it_and_each_of_these_links_does(
    desk: Desk, run: Run, frozen: FrozenDateTimeFactory, dump: Any
) -> None:
    desk.reader()
    found = []
    for text in ("one", "two"):
        later(frozen, clock.HOUR)
        run(make.post, desk.alice, text)
        later(frozen, 25 * clock.HOUR)
        desk.claim()
        found += desk.written()
    headers = dict(found[0].headers)
    assert headers["List-Unsubscribe"] == f"<https://fedi.test/newsletter/unsubscribe?token={token(found[0])}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and headers["List-Id"] == "<alice.newsletter.fedi.test>"
    assert all(token(letter) not in dump() for letter in found)
    with pytest.raises(NotFound):
        run(newsletters.confirm, desk.config, token(found[0]))
    assert run(newsletters.unsubscribe, token(found[0])).id == desk.alice.id
    assert READER not in dump(), "the address is forgotten"
    with pytest.raises(NotFound):
        run(newsletters.unsubscribe, token(found[1]))


def test_the_link_of_one_ends_nobody_elses(desk: Desk, run: Run, frozen: FrozenDateTimeFactory) -> None:
    desk.reader()
    desk.reader("other@mail.test")
    later(frozen, clock.HOUR)
    run(make.post, desk.alice, "one")
    later(frozen, clock.HOUR)
    assert desk.claim() == 2
    mine = next(letter for letter in desk.written() if letter.to == READER)
    run(newsletters.unsubscribe, token(mine))
    assert run(rows.find_of, desk.alice.id, READER) is None and desk.row("other@mail.test").confirmed_at


def test_a_name_ends_no_header_and_writes_none(desk: Desk, run: Run, frozen: FrozenDateTimeFactory) -> None:
    run(lambda tx: account_rows.update(tx, desk.alice.id, display_name="Alice\r\nBcc: everybody@mail.test"))
    desk.subscribe()
    (letter,) = desk.written()
    assert "\n" not in letter.subject and "\r" not in letter.subject


def test_a_mailbox_that_is_gone_is_given_up_after_three_letters_and_not_before(desk: Desk) -> None:
    desk.reader()
    payload = orjson.dumps({"kind": "posts", "subscription": desk.row().id, "after": 0, "until": 0})
    for _ in range(2):
        desk.run(newsletters.refused, payload)
    desk.run(newsletters.taken, payload)
    for _ in range(2):
        desk.run(newsletters.refused, payload)
    assert desk.row().refusals == 2
    desk.run(newsletters.refused, payload)
    assert desk.run(rows.find_of, desk.alice.id, READER) is None
    desk.run(newsletters.refused, payload)


def test_letters_are_spread_over_time(desk: Desk, run: Run, frozen: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        desk.reader(f"reader{number}@mail.test")
    later(frozen, clock.HOUR)
    run(make.post, desk.alice, "one")
    later(frozen, clock.HOUR)
    monkeypatch.setattr(limits, "NEWSLETTERS", 2)
    assert desk.claim() == 2
    first, second = [job.run_at for job in run(job_rows.list_waiting) if job.name == newsletters.JOB]
    assert second - first == limits.NEWSLETTER_GAP_S * clock.SECOND
    assert limits.NEWSLETTERS * limits.NEWSLETTER_GAP_S <= 15 * 60 and desk.claim() == 1


def test_the_addresses_go_with_the_person_and_when_the_person_wants(desk: Desk, run: Run, dump: Any) -> None:
    desk.reader()
    run(newsletters.switch, desk.config, desk.alice.id, False)
    assert desk.row().confirmed_at, "kept for another time"
    run(newsletters.forget_all, desk.alice.id)
    assert READER not in dump()
    run(newsletters.switch, desk.config, desk.alice.id, True)
    desk.reader()
    run(user_rows.delete, desk.alice.id)
    assert READER not in dump()


def test_other_choices_stay_when_letters_are_switched(desk: Desk, run: Run) -> None:
    run(lambda tx: user_rows.set_settings(tx, desk.alice.id, {"language": "de"}))
    run(newsletters.switch, desk.config, desk.alice.id, True)
    run(newsletters.switch, desk.config, desk.alice.id, False)
    assert run(user_rows.get, desk.alice.id).setting("language") == "de"


def test_hashes_are_what_is_looked_for(desk: Desk) -> None:
    desk.subscribe()
    (letter,) = desk.written()
    assert desk.row().link_hash == logins.secret_hash(token(letter))
