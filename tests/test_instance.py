from pathlib import Path

import pytest

from fedi.config import Config
from fedi.errors import Conflict, Invalid
from fedi.instance import Instance
from fedi.storage import accounts as account_rows
from fedi.storage import keys as key_rows
from fedi.streaming import Event
from tests import cast, make

pytestmark = pytest.mark.usefixtures("quick_keys")


async def test_an_instance_has_an_actor_that_stays_the_same(config: Config) -> None:
    first = await Instance.open(config)
    assert first.actor.uri == "https://fedi.test/actor"
    key = first.db.read(key_rows.get_rsa, first.actor.id)
    await first.close()
    again = await Instance.open(config)
    try:
        assert again.actor.id == first.actor.id
        assert again.db.read(key_rows.get_rsa, again.actor.id) == key
    finally:
        await again.close()


async def test_what_was_written_is_there_after_it_was_closed(config: Config) -> None:
    one = await Instance.open(config)
    alice = await one.db.write(make.person, cast.ALICE)
    await one.close()
    again = await Instance.open(config)
    assert again.db.read(account_rows.find, alice.id) == alice
    await again.close()


@pytest.mark.parametrize(
    ("section", "named"), [({"domain": "other.test"}, "instance.domain"), ({"base_url": "https://social.fedi.test"}, "base_url")]
)
async def test_data_of_another_domain_is_refused_and_left_alone(tmp_path: Path, section: dict[str, str], named: str) -> None:
    ours = make.settings(tmp_path)
    one = await Instance.open(ours)
    await one.close()
    with pytest.raises(Invalid, match="belongs to") as caught:
        await Instance.open(make.settings(tmp_path, instance={"domain": "fedi.test"} | section))
    assert named in str(caught.value.field)
    again = await Instance.open(ours)
    assert again.actor.id == one.actor.id, "and the lock was let go of"
    await again.close()


async def test_two_instances_of_one_folder_are_one_too_many(config: Config) -> None:
    one = await Instance.open(config)
    with pytest.raises(Conflict):
        await Instance.open(config)
    await one.close()
    other = await Instance.open(config)
    await other.close()


async def test_two_instances_of_two_folders_know_nothing_of_each_other(tmp_path: Path) -> None:
    made = [await Instance.open(make.settings(tmp_path / name, instance={"domain": f"{name}.test"})) for name in ("one", "two")]
    heard: list[Event] = []
    made[1].hub.subscribe("post", heard.append)
    alice = await made[0].db.write(make.account, "alice")
    await made[0].db.write(make.post, alice)
    assert alice.uri == "https://one.test/users/alice"
    assert made[1].db.read(account_rows.find_by_handle, "alice", "") is None
    assert heard == []
    for instance in made:
        await instance.close()


async def test_settling_an_idle_instance_takes_no_time(instance: Instance) -> None:
    instance.start()
    await instance.settle()


async def test_what_costs_cpu_runs_in_a_thread_and_says_what_went_wrong(instance: Instance) -> None:
    assert await instance.cpu(sum, [1, 2]) == 3
    with pytest.raises(ZeroDivisionError):
        await instance.cpu(divmod, 1, 0)


async def test_the_folder_is_the_owners_alone(config: Config) -> None:
    made = await Instance.open(config)
    assert (config.dir / "fedi.sqlite3").stat().st_mode & 0o077 == 0
    await made.close()
