"""Rules, texts and terms: what can be one, and what an owner reads who asks for what is not."""

from collections.abc import Callable
from typing import Any

import pytest

from fedi import clock, limits, rules, texts, texts_default
from fedi.errors import Invalid, NotFound
from fedi.storage import rules as rule_rows
from fedi.storage.db import Database

Run = Callable[..., Any]


@pytest.fixture
def run(db: Database) -> Run:
    return db.transact


def test_the_day_of_the_default_texts_is_a_day() -> None:
    assert clock.rfc3339(texts_default.WRITTEN_AT) == "2026-11-22T00:00:00.000Z"


def test_what_is_no_text_is_refused(run: Run) -> None:
    for bad in (("imprint", "x", ""), ("about", "x" * (limits.TEXT_CHARS + 1), ""), ("about", "x", "2026-01-01"), ("terms", "x", "soon")):
        with pytest.raises(Invalid):
            run(texts.put, *bad)
    with pytest.raises(NotFound):
        run(texts.terms)


def test_terms_without_a_day_hold_from_today_and_can_be_taken_away(run: Run) -> None:
    run(texts.put, "terms", "You may.")
    assert run(texts.terms).effective_on == run(texts.today)
    run(texts.put, "terms", " ")
    with pytest.raises(NotFound):
        run(texts.terms)


def test_a_rule_says_something_and_not_too_much(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for bad in (("",), (" \u200b",), ("x" * (limits.RULE_CHARS + 1),), ("ok", "x" * (limits.RULE_HINT_CHARS + 1))):
        with pytest.raises(Invalid):
            run(rules.add, *bad)
    made = run(rules.add, "Be kind.")
    for language in ("", "x" * 30, "d e"):
        with pytest.raises(Invalid):
            run(rules.translate, made.id, language, "x")
    monkeypatch.setattr(limits, "RULES", 1)
    with pytest.raises(Invalid):
        run(rules.add, "One more.")
    for act in (lambda tx: rules.remove(tx, 99), lambda tx: rules.translate(tx, 99, "de", "x")):
        with pytest.raises(NotFound):
            run(act)


def test_a_rule_that_was_taken_back_keeps_its_number(run: Run) -> None:
    first = run(rules.add, "Be kind.")
    run(rules.remove, first.id)
    second = run(rules.add, "No spam.")
    assert run(rule_rows.list_all) == [second] and second.id != first.id
    assert [rule.text for rule in run(rule_rows.list_by_ids, [first.id, second.id])] == ["Be kind.", "No spam."]
    with pytest.raises(NotFound):
        run(rules.remove, first.id)
