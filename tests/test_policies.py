import pytest

from fedi import policies
from fedi.policies import AUTOMATIC, DENIED, MANUAL, Rule, Standing

CAROL, DAN = "https://peer.test/users/carol", "https://peer.test/users/dan"


def test_a_policy_is_read_as_it_was_written_and_nothing_is_nothing():
    stored = policies.write({"reply": (["public"], [CAROL]), "quote": ([], [])})

    assert policies.read(stored) == {"reply": Rule(("public",), (CAROL,)), "quote": Rule((), ())}
    assert policies.write({}) == "" and policies.read("") == {}


@pytest.mark.parametrize(
    ("rule", "who", "expected"),
    [
        (None, Standing(CAROL), AUTOMATIC),
        (Rule(), Standing(CAROL), DENIED),
        (Rule(), Standing(CAROL, is_author=True), AUTOMATIC),
        (Rule(("public",)), Standing(CAROL), AUTOMATIC),
        (Rule(("followers",)), Standing(CAROL), DENIED),
        (Rule(("followers",)), Standing(CAROL, follows=True), AUTOMATIC),
        (Rule(("following",)), Standing(CAROL, follows=True), DENIED),
        (Rule(("following",)), Standing(CAROL, followed=True), AUTOMATIC),
        (Rule(("followers",), ("public",)), Standing(CAROL), MANUAL),
        (Rule(("public",), (CAROL,)), Standing(CAROL), MANUAL),  # the narrowest entry decides
        (Rule(("public",), ("followers",)), Standing(CAROL, follows=True), MANUAL),
        (Rule((CAROL,), ("public",)), Standing(CAROL), AUTOMATIC),
        (Rule((CAROL,), (CAROL,)), Standing(CAROL), AUTOMATIC),  # of two as narrow the kinder one
        (Rule((CAROL,)), Standing(DAN, follows=True), DENIED),
        (Rule(("author",)), Standing(CAROL, follows=True), DENIED),
    ],
)
def test_the_narrowest_entry_that_fits_decides(rule: Rule | None, who: Standing, expected: str):
    assert policies.verdict(rule, who) == expected


def test_addresses_that_mean_words_are_kept_as_words():
    stored = policies.write({"quote": ([f"{CAROL}/followers", CAROL, DAN], ["public"])})
    named = policies.with_words(stored, {f"{CAROL}/followers": "followers", CAROL: "author", "": "following"})

    assert policies.read(named)["quote"] == Rule(("followers", "author", DAN), ("public",))
    assert policies.with_words("", {CAROL: "author"}) == ""


def test_each_choice_has_a_name_and_what_nobody_can_choose_has_none():
    assert [policies.choice(rule) for rule in policies.CHOICES.values()] == list(policies.CHOICES)
    assert policies.choice(None) == "public" and policies.choice(Rule((DAN,))) == ""


def test_only_what_the_policy_says_of_everybody_or_of_one_by_name_is_evident():
    assert policies.is_evident(None, CAROL) and policies.is_evident(Rule(("public",)), CAROL) and policies.is_evident(Rule((CAROL,)), CAROL)
    assert not policies.is_evident(Rule(("followers",), ("public",)), CAROL)
