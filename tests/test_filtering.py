"""Which posts meet which filters: words as people write them, in every part of a post, and posts by themselves."""

from collections.abc import Callable
from typing import Any

import pytest

from fedi import blocks, filtering, filters, posts
from fedi.errors import Invalid, NotFound
from fedi.filtering import Filtering
from fedi.filters import Change, KeywordChange
from fedi.polls import NewPoll
from fedi.storage.accounts import Account
from fedi.storage.db import Database, Tx
from fedi.streaming import Hub
from tests import make
from tests.pace import cost_s

Run = Callable[..., Any]


@pytest.fixture
def run(db: Database) -> Run:
    return db.transact


@pytest.fixture
def known(hub: Hub) -> Filtering:
    return Filtering(hub)


def made(tx: Tx, owner: Account, *words: str, whole: bool = True, **more: Any) -> filters.Whole:
    keywords = [KeywordChange(keyword=word, whole_word=whole) for word in words]
    return filters.create(tx, owner, Change(**{"title": "Spoilers", "contexts": ("home",), "keywords": keywords, **more}))


def met(run: Run, known: Filtering, reader: Account, *found: posts.Post) -> list[list[str]]:
    """The keywords that each post meets."""
    answers = run(known.met, reader.id, [post.id for post in found])
    return [[word for one in answers.get(post.id, ()) for word in one.keywords] for post in found]


@pytest.mark.parametrize(
    ("word", "whole", "text", "meets"),
    [
        ("cat", True, "a Cat sat", True),
        ("cat", True, "concatenate", False),
        ("cat", True, "cats", False),
        ("cat", True, "the cat's", True),
        ("cat", True, "_cat_", False),
        ("cat", True, "#cat", True),
        ("cat", False, "concatenate", True),
        ("#cat", True, "look #Cat!", True),
        ("#cat", True, "look #cats", False),
        ("#cat", True, "cat", False),
        ("over and out", True, "this is over  and\nout", True),
        ("straße", True, "die STRASSE", True),
        ("école", True, "E\u0301COLE", True),
        ("ÄRGER", True, "so ein ärger", True),
        ("猫", True, "黒い猫が好き", True),
        ("ねこ", True, "ねこかわいい", True),
        ("서울", True, "서울에서", True),
        ("แมว", True, "ฉันชอบแมวมาก", True),
        ("猫", True, "犬", False),
        ("c++", True, "I like C++", True),
        (".*", True, "anything", False),
        ("🎉", True, "hurra🎉🎉", True),
        ("cat", True, "x" * 9 + "cat " * 3, True),
    ],
)
def test_words_are_found_as_people_write_them(word: str, whole: bool, text: str, meets: bool) -> None:
    found = filters.Whole(filters.Filter(1, 1, "t", ("home",), "warn", None, 0), (filters.Keyword(1, 1, word, int(whole)),), ())
    assert bool(filtering.Matcher([found]).meets(filtering.folded(text), 0)) is meets


def test_every_part_of_a_post_is_looked_at(run: Run, known: Filtering, alice: Account, bob: Account, carol: Account) -> None:
    run(made, alice, "ending", "markup")
    plain = run(make.post, bob, "the ending is sad")
    warned = run(make.post, bob, "sad", warning="Ending")
    polled = run(make.post, bob, "which", poll=NewPoll(("good ending", "other")))
    split = run(make.post, carol, "the <b>end</b>ing <a href='https://x.test/markup'>here</a>")
    boosted = run(make.boost, carol, plain)
    other = run(make.post, bob, "endings")

    assert met(run, known, alice, plain, warned, polled, split, boosted, other) == [["ending"]] * 5 + [[]]
    assert met(run, known, bob, plain) == [[]]


def test_descriptions_of_files_and_previews_of_links_are_looked_at(run: Run, known: Filtering, alice: Account, bob: Account) -> None:
    run(made, alice, "ending")
    pictured, linked = run(make.post, bob, "look"), run(make.post, bob, "read")

    def beside(tx: Tx) -> None:
        file = make.picture(tx, bob, alt="the ending")
        tx.execute("INSERT INTO post_media (post_id, position, media_id) VALUES (?, 0, ?)", (pictured.id, file.id))
        tx.execute("INSERT INTO cards (id, url, title, created_at) VALUES (1, 'https://x.test/', 'The ending', 0)")
        tx.execute("INSERT INTO post_cards (post_id, card_id) VALUES (?, 1)", (linked.id,))

    run(beside)
    assert met(run, known, alice, pictured, linked) == [["ending"], ["ending"]]


def test_an_edited_post_is_looked_at_again(run: Run, known: Filtering, alice: Account, bob: Account) -> None:
    run(made, alice, "ending")
    post = run(make.post, bob, "hello")
    assert met(run, known, alice, post) == [[]]
    run(posts.edit, bob, post.id, posts.Draft("the ending"), {})
    assert met(run, known, alice, post) == [["ending"]]


def test_a_changed_filter_holds_at_once_and_one_that_is_over_does_not(
    run: Run, known: Filtering, alice: Account, bob: Account, frozen: Any
) -> None:
    post = run(make.post, bob, "cats and dogs")
    assert met(run, known, alice, post) == [[]]
    one = run(made, alice, "cats", expires_in=60)
    assert met(run, known, alice, post) == [["cats"]]
    run(filters.add_keyword, alice, one.filter.id, "dogs", None)
    assert met(run, known, alice, post) == [["cats", "dogs"]]
    run(filters.remove_keyword, alice, one.keywords[0].id)
    assert met(run, known, alice, post) == [["dogs"]]
    frozen.tick(61)
    assert met(run, known, alice, post) == [[]]
    run(filters.update, alice, one.filter.id, Change(expires_in=0))
    assert met(run, known, alice, post) == [["dogs"]]
    run(filters.delete, alice, one.filter.id)
    assert met(run, known, alice, post) == [[]]


def test_a_post_is_filtered_by_itself_and_in_boosts(run: Run, known: Filtering, alice: Account, bob: Account, carol: Account) -> None:
    one = run(made, alice)
    post = run(make.post, bob, "hello")
    boosted = run(make.boost, carol, post)
    run(filters.add_post, alice, one.filter.id, post.id)

    found = run(known.met, alice.id, [post.id, boosted.id])
    assert {post_id: results[0].post_ids for post_id, results in found.items()} == {post.id: (post.id,), boosted.id: (post.id,)}
    with pytest.raises(Invalid):
        run(filters.add_post, alice, one.filter.id, post.id)


def test_only_posts_one_may_see_can_be_filtered(run: Run, alice: Account, bob: Account) -> None:
    one = run(made, alice)
    secret = run(make.post, bob, "hello", "direct")
    hidden = run(make.post, bob, "hello")
    run(blocks.block, bob, alice.id)
    for post_id in (secret.id, hidden.id, 12345):
        with pytest.raises(NotFound):
            run(filters.add_post, alice, one.filter.id, post_id)


def test_who_has_no_filters_costs_no_statement(run: Run, known: Filtering, alice: Account, bob: Account) -> None:
    post = run(make.post, bob, "hello")
    run(known.met, alice.id, [post.id])
    assert known.met(None, alice.id, [post.id]) == {}  # type: ignore[arg-type]


def test_what_is_kept_has_an_end(run: Run, known: Filtering, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "_TEXTS_CHARS", 1000)
    run(made, alice, "hello")
    found = [run(make.post, bob, "hello " * 20) for _ in range(20)]
    assert met(run, known, alice, *found) == [["hello"]] * 20
    assert len(known._texts) < 5


def test_words_that_nearly_stand_everywhere_cost_little_DOS(run: Run, known: Filtering) -> None:
    alice = run(make.account, "alice")
    run(made, alice, *("a" * (number + 1) for number in range(400)), "b")
    found = run(posts.publish, alice, posts.Draft("a" * 4000 + " b", fmt="plain"), {})
    assert met(run, known, alice, found) == [["b"]]
    assert cost_s(lambda: met(run, known, alice, found)) < 0.2
