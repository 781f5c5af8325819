from datetime import UTC, datetime

from fedi import annual_reports, clock
from fedi.storage.accounts import Account
from tests import make
from tests.web.api.conftest import Api

PATH = "/api/v1/annual_reports"
YEAR = datetime.now(UTC).year


async def generated(api: Api, who: Account, year: int = YEAR) -> dict:  # type: ignore[type-arg]
    answer = await api.post(who, f"{PATH}/{year}/generate")
    assert (answer.status, answer.json) == (202, {})
    assert (await api.get(who, f"{PATH}/{year}/state")).json == {"state": "generating"}
    await api.rig.instance.settle()
    found = await api.get(who, f"{PATH}/{year}")
    assert found.status == 200
    return found.json  # type: ignore[no-any-return]


async def test_a_year_is_told_in_numbers(api: Api, alice: Account, bob: Account, carol: Account) -> None:
    best = api.run(make.post, alice, "the best #cheese")
    api.run(make.post, alice, "more #cheese and #bread")
    api.run(make.post, alice, "secret #hush", "direct")
    api.run(make.post, alice, "an answer", reply_to=best)
    interactions_of = api.run(make.post, bob, "of bob")
    api.run(make.boost, alice, interactions_of)
    api.run(make.boost, bob, best)
    api.run(make.follow, carol, alice)

    found = await generated(api, alice)

    report = found["annual_reports"][0]
    month = datetime.now(UTC).month
    assert report["data"]["archetype"] == "lurker" and len(report["data"]["time_series"]) == 12
    assert report["data"]["time_series"][month - 1] == {"month": month, "statuses": 5, "followers": 1}
    assert report["data"]["top_hashtags"] == [{"name": "cheese", "count": 2}]
    assert report["data"]["top_statuses"] == {"by_reblogs": str(best.id), "by_replies": None, "by_favourites": None}
    assert report["data"]["type_distribution"] == {"total": 5, "reblogs": 1, "replies": 1, "standalone": 3}
    assert (report["year"], report["schema_version"], report["share_url"], report["account_id"]) == (YEAR, 2, None, str(alice.id))
    assert [one["id"] for one in found["statuses"]] == [str(best.id)] and [one["id"] for one in found["accounts"]] == [str(alice.id)]
    assert (await api.get(alice, PATH)).json == found
    assert (await api.get(alice, f"{PATH}/{YEAR}/state")).json == {"state": "available"}
    assert (await api.post(alice, f"{PATH}/{YEAR}/generate")).status == 200


async def test_the_reports_of_others_are_not_there_VIS_21(api: Api, alice: Account, bob: Account) -> None:
    api.run(make.post, alice, "hello")
    await generated(api, alice)

    assert (await api.get(bob, f"{PATH}/{YEAR}")).status == 404 and (await api.get(bob, PATH)).json["annual_reports"] == []
    assert (await api.post(bob, f"{PATH}/{YEAR}/read")).status == 404


async def test_there_is_no_report_of_a_year_without_posts(api: Api, alice: Account) -> None:
    for year in (YEAR, YEAR + 1, 1999, 2020):
        assert (await api.get(alice, f"{PATH}/{year}/state")).json == {"state": "ineligible"}
        assert (await api.post(alice, f"{PATH}/{year}/generate")).status == 200
        assert (await api.get(alice, f"{PATH}/{year}")).status == 404
    for year in ("12", "abcd", "99999", "%00", "-200"):
        assert (await api.get(alice, f"{PATH}/{year}/state")).status == 404
    api.run(make.post, alice, "hello")
    assert (await api.get(alice, f"{PATH}/{YEAR}/state")).json == {"state": "eligible"}


async def test_a_report_is_marked_as_read(api: Api, alice: Account) -> None:
    api.run(make.post, alice, "hello")
    await generated(api, alice)

    assert (await api.post(alice, f"{PATH}/{YEAR}/read")).json == {}

    assert api.rig.instance.db.read(annual_reports.get, alice.id, YEAR).read_at is not None


async def test_a_report_of_a_year_that_goes_on_is_made_anew_after_a_day(api: Api, alice: Account) -> None:
    api.run(make.post, alice, "hello")
    await generated(api, alice)
    api.run(make.post, alice, "more")
    before = "UPDATE annual_reports SET created_at = created_at - ?"
    api.run(lambda tx: tx.execute(before, (2 * clock.DAY,)))

    found = await generated(api, alice)

    assert found["annual_reports"][0]["data"]["type_distribution"]["total"] == 2


async def test_a_report_has_an_address_only_while_it_is_shared(api: Api, alice: Account) -> None:
    api.run(make.post, alice, "hello")
    await generated(api, alice)

    key = api.run(annual_reports.share, alice, YEAR)
    shown = (await api.get(alice, f"{PATH}/{YEAR}")).json["annual_reports"][0]
    assert shown["share_url"] == f"https://fedi.test/@alice/year/{YEAR}/{key}" and api.run(annual_reports.share, alice, YEAR) == key
    api.run(annual_reports.unshare, alice, YEAR)
    assert (await api.get(alice, f"{PATH}/{YEAR}")).json["annual_reports"][0]["share_url"] is None
