import pytest

from fedi import scopes
from fedi.errors import Invalid


def test_scopes_are_read_once_each_and_read_is_what_nobody_asks_for() -> None:
    assert scopes.parse(" read:accounts  write read:accounts ") == ("read:accounts", "write")
    assert scopes.parse("") == scopes.parse("  ") == ("read",)
    assert scopes.parse("read " * 1000) == ("read",)


@pytest.mark.parametrize("text", ["everything", "admin", "push:all", "read:everything", "READ", "read,write", "write:search", "x" * 50_000])
def test_a_scope_that_is_not_there_is_refused_AUT_07(text: str) -> None:
    with pytest.raises(Invalid):
        scopes.parse(text)


@pytest.mark.parametrize(
    ("most", "wanted", "good"),
    [
        ("read", "read:accounts read", True),
        ("read:accounts", "read", False),
        ("read write", "write:media", True),
        ("read", "write", False),
        ("read", "admin:read", False),
        ("admin:read", "read", False),
        ("admin:read", "admin:read:reports", True),
        ("follow", "write:blocks read:mutes", True),
        ("follow", "write:statuses", False),
        ("read write", "follow", False),
        ("write:accounts", "write", False),
    ],
)
def test_a_program_asks_for_what_it_said_it_would_and_no_more_AUT_07(most: str, wanted: str, good: bool) -> None:
    assert scopes.within(most, wanted.split()) is good


def test_every_scope_is_said_in_words_of_its_own() -> None:
    said = [scopes.in_words(scope) for scope in scopes.ALL]
    assert all(len(lines) == 1 and lines[0][0].isupper() for lines in said)
    assert len({lines[0] for lines in said}) == len(scopes.ALL)


def test_what_a_whole_covers_is_not_said_again() -> None:
    assert scopes.in_words("read read:accounts push") == scopes.in_words("read push")
    assert len(scopes.in_words("follow write:blocks write:statuses")) == 2
    assert scopes.in_words("nonsense") == []
