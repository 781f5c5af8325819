from pathlib import Path
from typing import Any

from PIL import Image

from fedi import blurhash, web
from fedi.storage.accounts import Account
from fedi.web.api.entities import instance as entity
from tests import make
from tests.web.api.conftest import Api
from tests.web.rig import served, settings

V1 = {
    "uri": str, "title": str, "short_description": str, "description": str, "email": str, "version": str, "urls": dict, "stats": dict,
    "thumbnail": str, "languages": list, "registrations": bool, "approval_required": bool, "invites_enabled": bool, "configuration": dict,
    "rules": list,
}  # fmt: skip
V2 = {
    "domain": str, "title": str, "version": str, "source_url": str, "description": str, "usage": dict, "thumbnail": dict, "icon": list,
    "languages": list, "configuration": dict, "registrations": dict, "api_versions": dict, "contact": dict, "rules": list,
}  # fmt: skip
CONFIGURATION = {
    "accounts": (
        "max_display_name_length max_note_length max_avatar_description_length max_header_description_length max_featured_tags"
        " max_pinned_statuses max_profile_fields profile_field_name_limit profile_field_value_limit"
    ),
    "statuses": "max_characters max_media_attachments characters_reserved_per_url",
    "media_attachments": (
        "supported_mime_types description_limit image_size_limit image_matrix_limit video_size_limit video_frame_rate_limit"
        " video_matrix_limit"
    ),
    "polls": "max_options max_characters_per_option min_expiration max_expiration",
}


def complete(found: dict[str, Any], fields: dict[str, type]) -> None:
    assert {name: type(found.get(name)) for name in fields} == fields


async def test_both_versions_have_every_field(api: Api, alice: Account, carol: Account) -> None:
    api.run(make.post, alice)

    old = (await api.get(None, "/api/v1/instance")).json
    new = (await api.get(None, "/api/v2/instance")).json

    complete(old, V1)
    complete(new, V2)
    for found in (old["configuration"], new["configuration"]):
        for name, fields in CONFIGURATION.items():
            assert set(fields.split()) <= set(found[name])
    assert {"urls", "vapid", "translation", "timelines_access", "limited_federation"} <= set(new["configuration"])
    assert old["uri"] == new["domain"] == "fedi.test"
    assert old["stats"] == {"user_count": 1, "status_count": 1, "domain_count": 1}
    assert old["configuration"]["statuses"]["max_characters"] == 5000
    assert new["configuration"]["urls"]["streaming"] == "wss://fedi.test"
    assert new["contact"] == {"email": "", "account": None} and old["contact_account"] is None
    assert new["registrations"]["enabled"] is False


async def test_the_pictures_it_names_are_there(api: Api) -> None:
    found = (await api.get(None, "/api/v2/instance")).json

    for url in (found["thumbnail"]["url"], found["icon"][0]["src"]):
        async with api.rig.client.get(url.removeprefix("https://fedi.test")) as answer:
            assert answer.status == 200 and answer.content_type == "image/png"


def test_the_picture_is_blurred_as_it_is() -> None:
    with Image.open(Path(web.__file__).parent / "static" / "header.png") as picture:
        small = picture.convert("RGB")
    small.thumbnail((32, 32))
    made = entity.instance(make.settings(Path()), entity.Census(0, 0, 0, 0, None, ""), entity.Words([], False))
    assert made["thumbnail"]["blurhash"] == blurhash.encode(small.tobytes(), small.width, small.height)


async def test_the_contact_is_an_address_or_somebody_here(tmp_path: Any) -> None:
    for contact, email, acct in (
        ("admin@fedi.test", "admin@fedi.test", None),
        ("@alice", "", "alice"),
        ("https://fedi.test/about", "", None),
    ):
        async with served(settings(tmp_path, instance={"contact": contact})) as rig:
            api = Api(rig)
            api.run(make.account, "alice")
            found = (await api.get(None, "/api/v2/instance")).json["contact"]
            assert found["email"] == email and (found["account"] or {}).get("acct") == acct


async def test_the_census_is_not_taken_for_each_who_asks(api: Api, alice: Account) -> None:
    before = (await api.get(None, "/api/v1/instance")).json["stats"]
    api.run(make.post, alice)

    assert (await api.get(None, "/api/v1/instance")).json["stats"] == before


async def test_an_address_may_end_in_a_slash_as_mastodon_py_writes_it(api: Api) -> None:
    for path in ("/api/v1/instance", "/api/v2/instance"):
        assert (await api.get(None, f"{path}/")).json == (await api.get(None, path)).json
