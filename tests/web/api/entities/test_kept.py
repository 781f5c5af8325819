from fedi.web.api.entities.kept import Kept


def test_what_is_kept_is_found_by_its_stamp_only():
    kept = Kept(10_000)
    kept.put(1, 5, b"five")

    assert kept.get(1, 5) == b"five"
    assert kept.get(1, 6) is None and kept.get(2, 5) is None
    kept.put(1, (1, 2), b"six")
    assert kept.get(1, (1, 2)) == b"six" and kept.get(1, 5) is None


def test_what_is_used_stays_and_what_is_not_goes():
    kept = Kept(10_000)
    kept.put(0, 0, b"x" * 100)

    for row_id in range(1, 500):
        kept.put(row_id, 0, b"x" * 100)
        assert kept.get(0, 0) is not None

    assert kept.get(1, 0) is None
    assert kept.get(499, 0) is not None


def test_it_never_holds_more_than_it_may():
    kept = Kept(10_000)

    for row_id in range(1000):
        kept.put(row_id % 70, row_id, b"x" * (row_id % 300))
        kept.get(row_id % 7, row_id)
        assert sum(len(kept.get(i, stamp) or b"") for i in range(70) for stamp in range(row_id - 80, row_id + 1)) <= 10_000
    kept.put(1, 1, b"x" * 100_000)
    kept.put(2, 1, b"x")
    kept.put(3, 1, b"x" * 100_000)
    assert kept.get(1, 1) is None or kept.get(3, 1) is None


def test_something_dropped_is_gone_from_both_generations():
    kept = Kept(1_000)
    kept.put(1, 1, b"a")
    kept.put(2, 1, b"x" * 600)  # now 1 and 2 are the old generation
    kept.drop(1)
    kept.put(1, 2, b"b")
    kept.drop(1)

    assert kept.get(1, 1) is None and kept.get(1, 2) is None and kept.get(2, 1) is not None
    kept.clear()
    assert len(kept) == 0
