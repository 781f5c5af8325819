"""The error tree: its drawing is true, and what each error carries arrives."""

import re

import pytest

from fedi import errors


def classes() -> dict[str, type[errors.FediError]]:
    return {name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}


def drawn() -> dict[str, str | None]:
    """Name -> parent, read from the indentation of the drawing in the module's docstring."""
    found: dict[str, str | None] = {}
    open_at: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"( {4,})(\w+)(\(\w+\))?(  (\w+)  (\w+))?", line)
        if not match:
            continue
        indent = len(match[1])
        open_at = [(at, name) for at, name in open_at if at < indent]
        parent = open_at[-1][1] if open_at else None
        names = [name for name in re.findall(r"[A-Z]\w+", re.split(r" {3,}|\d", line[indent:])[0]) if name in classes()]
        for name in names:
            found[name] = parent
        open_at.append((indent, names[0]))
    return found


def test_the_drawing_in_the_docstring_is_the_tree_there_is():
    actual = {name: next((b.__name__ for b in kind.__bases__ if b.__name__ in classes()), None) for name, kind in classes().items()}
    assert drawn() == actual


def test_everything_that_crosses_a_room_is_one_tree():
    assert all(issubclass(kind, errors.FediError) for kind in classes().values())


@pytest.mark.parametrize("kind", [kind for kind in classes().values() if kind is not errors.Refused])
def test_every_error_carries_the_message_a_person_may_read(kind: type[errors.FediError]):
    error = kind("Write a number.")

    assert error.message == "Write a number."
    assert str(error) == "Write a number."


def test_an_error_carries_what_its_edge_needs():
    assert errors.Invalid("no", "server.port").field == "server.port"
    assert errors.TooLarge("no").field is None
    assert errors.TooMany("no", 7).retry_after_s == 7
    assert errors.Unavailable("no").retry_after_s > 0
    assert errors.StorageFull("no", 9).retry_after_s == 9
    assert errors.Unreachable("no").retry_after_s is None
    assert (errors.Unreachable("no", 30, 503).retry_after_s, errors.Unreachable("no", status=503).status) == (30, 503)
    assert errors.Refused("no", 404).status == 404


def test_a_full_disk_is_a_kind_of_unavailable_and_a_remote_fault_is_no_fault_of_the_request():
    assert issubclass(errors.StorageFull, errors.Unavailable)
    assert not issubclass(errors.Malformed, errors.Invalid)
    assert not issubclass(errors.RemoteGone, errors.Gone)
