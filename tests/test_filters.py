"""Filters as rows: what can be one, whose it is, and who is told."""

from collections.abc import Callable
from typing import Any

import pytest

from fedi import filters, limits
from fedi.errors import Invalid, NotFound
from fedi.filters import Change, KeywordChange
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from fedi.streaming import Event, Hub
from tests import make

Run = Callable[..., Any]
GOOD = Change("Spoilers", ("home", "public"), "hide", 3600, (KeywordChange(keyword="ending"),))


@pytest.fixture
def run(db: Database) -> Run:
    return db.transact


def test_a_filter_has_what_it_was_given(run: Run, alice: Account) -> None:
    made = run(filters.create, alice, GOOD)
    assert (made.filter.title, made.filter.contexts, made.filter.action) == ("Spoilers", ("home", "public"), "hide")
    assert made.filter.expires_at == made.filter.created_at + 3_600_000
    assert [(one.keyword, one.whole_word) for one in made.keywords] == [("ending", 1)]
    assert run(filters.list_of, alice.id) == [made]


@pytest.mark.parametrize(
    "bad",
    [
        {"title": ""},
        {"title": "x" * 300},
        {"contexts": ()},
        {"contexts": ("home", "nowhere")},
        {"action": "explode"},
        {"expires_in": -1},
        {"expires_in": 2**62},
        {"keywords": (KeywordChange(keyword=" "),)},
        {"keywords": (KeywordChange(keyword="x" * 600),)},
        {"keywords": (KeywordChange(whole_word=True),)},
    ],
)
def test_what_cannot_be_a_filter_is_refused(run: Run, alice: Account, bad: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        run(filters.create, alice, GOOD._replace(**bad))
    assert run(filters.list_of, alice.id) == []


def test_keywords_are_added_changed_and_removed_with_the_filter(run: Run, alice: Account) -> None:
    made = run(filters.create, alice, GOOD._replace(keywords=[KeywordChange(keyword=word) for word in ("one", "two", "three")]))
    one, two, _ = made.keywords
    changes = (
        KeywordChange(one.id, gone=True),
        KeywordChange(two.id, "zwei", False),
        KeywordChange(keyword="four"),
        KeywordChange(gone=True),
    )
    changed = run(filters.update, alice, made.filter.id, Change(keywords=changes))
    assert [(word.keyword, word.whole_word) for word in changed.keywords] == [("zwei", 0), ("three", 1), ("four", 1)]
    assert changed.filter == made.filter


def test_somebody_elses_filters_are_not_there(run: Run, alice: Account, bob: Account) -> None:
    made, mine = run(filters.create, alice, GOOD), run(filters.create, bob, GOOD)
    post = run(make.post, bob, "hello")
    row = run(filters.add_post, alice, made.filter.id, post.id)
    word = made.keywords[0].id
    for act in (
        lambda tx: filters.get(tx, bob.id, made.filter.id),
        lambda tx: filters.update(tx, bob, made.filter.id, GOOD),
        lambda tx: filters.update(tx, bob, mine.filter.id, Change(keywords=(KeywordChange(word, "mine"),))),
        lambda tx: filters.delete(tx, bob, made.filter.id),
        lambda tx: filters.add_keyword(tx, bob, made.filter.id, "mine", None),
        lambda tx: filters.get_keyword(tx, bob.id, word),
        lambda tx: filters.update_keyword(tx, bob, word, "mine", None),
        lambda tx: filters.remove_keyword(tx, bob, word),
        lambda tx: filters.add_post(tx, bob, made.filter.id, post.id),
        lambda tx: filters.get_post(tx, bob.id, row.id),
        lambda tx: filters.remove_post(tx, bob, row.id),
        lambda tx: filters.get_single(tx, bob.id, word),
        lambda tx: filters.update_single(tx, bob, word, GOOD, None),
    ):
        with pytest.raises(NotFound):
            run(act)
    assert run(filters.get, alice.id, made.filter.id).keywords == made.keywords


def test_every_change_is_told_to_the_owner_alone(run: Run, hub: Hub, alice: Account, bob: Account) -> None:
    told: list[Event] = []
    hub.subscribe(filters.EVENT, told.append)
    made = run(filters.create, alice, GOOD)
    word = made.keywords[0].id
    run(filters.update, alice, made.filter.id, Change("Other"))
    run(filters.update_keyword, alice, word, "other", None)
    run(filters.add_keyword, alice, made.filter.id, "more", None)
    run(filters.remove_keyword, alice, word)
    row = run(filters.add_post, alice, made.filter.id, run(make.post, bob).id)
    run(filters.remove_post, alice, row.id)
    run(filters.delete, alice, made.filter.id)
    assert told == [Event(filters.EVENT, alice.id)] * 8


def test_there_is_an_end_to_filters_keywords_and_posts(run: Run, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run(filters.create, alice, GOOD)
    monkeypatch.setattr(limits, "FILTERS", 1)
    monkeypatch.setattr(limits, "FILTER_KEYWORDS", 1)
    monkeypatch.setattr(limits, "FILTER_POSTS", 0)
    for act in (
        lambda tx: filters.create(tx, alice, GOOD),
        lambda tx: filters.add_keyword(tx, alice, made.filter.id, "more", None),
        lambda tx: filters.update(tx, alice, made.filter.id, Change(keywords=(KeywordChange(keyword="more"),))),
        lambda tx: filters.add_post(tx, alice, made.filter.id, make.post(tx, bob).id),
    ):
        with pytest.raises(Invalid):
            run(act)
    assert run(filters.list_of, alice.id) == [made]


def test_one_keyword_of_several_cannot_change_the_filter_around_them(run: Run, alice: Account) -> None:
    made = run(filters.create, alice, GOOD)
    word = made.keywords[0].id
    assert run(filters.update_single, alice, word, Change("the end", ("public",)), False)[0].keyword == "the end"
    assert run(filters.get, alice.id, made.filter.id).filter.contexts == ("public",)
    run(filters.add_keyword, alice, made.filter.id, "more", None)
    with pytest.raises(Invalid):
        run(filters.update_single, alice, word, Change("the end", ("home",)), False)
