import io
from typing import Any

import pytest
from PIL import Image

from fedi import images, media
from fedi.storage import media as media_rows
from tests.web.rig import Rig


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    return out.getvalue()


def stored(rig: Rig, kind: str = "image", **changes: Any) -> media_rows.Media:
    kept = media.store(rig.instance.files, images.prepare(picture(), kind))
    found = rig.instance.db.transact(media.add, rig.person("alice").id, kind, kept)
    if changes:
        assignment = ", ".join(f"{name} = :{name}" for name in changes)
        rig.instance.db.transact(lambda tx: tx.execute(f"UPDATE media SET {assignment}", changes))
    return found


async def test_a_picture_comes_with_its_guard_XSS_10(rig: Rig) -> None:
    found = stored(rig)

    answer = await rig.get(f"/media/{found.key}", "image/*")

    assert (answer.status, answer.content_type) == (200, "image/webp")
    assert len(await answer.read()) == found.size_bytes
    headers = answer.headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert (headers["X-Content-Type-Options"], headers["Cross-Origin-Resource-Policy"], headers["Content-Disposition"]) == (
        "nosniff",
        "cross-origin",
        "inline",
    )


@pytest.mark.parametrize(("kind", "cache"), [("avatar", "public"), ("header", "public"), ("image", "private")])
async def test_only_faces_may_be_kept_by_shared_caches_VIS_13(rig: Rig, kind: str, cache: str) -> None:
    answer = await rig.get(f"/media/{stored(rig, kind).key}")

    assert answer.headers["Cache-Control"].startswith(f"{cache}, max-age=") and "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("mime", ["image/svg+xml", "text/html", "application/pdf", "application/javascript", ""])
async def test_what_is_no_picture_is_never_shown_in_place_XSS_11(rig: Rig, mime: str) -> None:
    answer = await rig.get(f"/media/{stored(rig, mime=mime).key}")

    assert answer.headers["Content-Disposition"] == "attachment" and answer.content_type == "application/octet-stream"


async def test_a_part_and_what_has_not_changed(rig: Rig) -> None:
    found = stored(rig)
    whole = await rig.get(f"/media/{found.key}")

    part = await rig.get(f"/media/{found.key}", Range="bytes=2-5")
    same = await rig.get(f"/media/{found.key}", **{"If-None-Match": whole.headers["ETag"]})

    assert (part.status, await part.read()) == (206, (await whole.read())[2:6])
    assert same.status == 304
    for answer in (part, same):
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


async def test_a_deleted_file_is_not_there_for_who_has_it_in_a_cache_VIS_15(rig: Rig) -> None:
    found = stored(rig)
    etag = (await rig.get(f"/media/{found.key}")).headers["ETag"]
    rig.instance.db.transact(media_rows.delete, found.id)

    answer = await rig.get(f"/media/{found.key}", **{"If-None-Match": etag})

    assert answer.status == 404


@pytest.mark.parametrize("key", ["0" * 32, "x" * 32, "0" * 31, "..%2f..%2fetc%2fpasswd", "", "0" * 33])
async def test_other_keys_open_nothing(rig: Rig, key: str) -> None:
    stored(rig)

    answer = await rig.get(f"/media/{key}")

    assert answer.status == 404 and answer.headers["Cache-Control"] == "private, no-store"


async def test_a_file_that_is_lost_is_not_found(rig: Rig) -> None:
    found = stored(rig)
    assert found.sha256 is not None
    rig.instance.files.delete(found.sha256)

    assert (await rig.get(f"/media/{found.key}")).status == 404


async def test_a_picture_elsewhere_that_cannot_be_had_is_not_found(rig: Rig) -> None:
    found = rig.instance.db.transact(media_rows.insert, kind="image", remote_url="http://127.0.0.1:1/a.png")

    assert (await rig.get(f"/media/{found.key}")).status == 404
