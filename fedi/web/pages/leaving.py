"""Settings: what one has here, and ending it."""

from typing import Final

from aiohttp import web

from fedi import accounts, limits, transfers
from fedi.errors import Conflict, Invalid, TooLarge
from fedi.storage import accounts as account_rows
from fedi.web import auth, params
from fedi.web.pages import security, site

_LISTS: Final = (
    ("follows", "Whom you follow"),
    ("blocks", "Whom you block"),
    ("mutes", "Whom you mute"),
    ("bookmarks", "Your bookmarks"),
    ("domains", "Servers you block"),
)


async def show(request: web.Request) -> web.Response:
    site.signed_in(request)
    return page(request)


def page(request: web.Request, wrong: str = "", status: int = 200) -> web.Response:
    account = site.signed_in(request)
    return site.show(
        request,
        "settings_data.html",
        "Your data",
        area="settings",
        status=status,
        account=account,
        lists=_LISTS,
        bringing=site.of(request).instance.db.read(transfers.progress, account.id),
        wrong=wrong,
    )


async def export(request: web.Request) -> web.Response:
    """One list as a file."""
    account, kind = site.signed_in(request), request.match_info["kind"]
    text = site.of(request).instance.db.read(transfers.export, account, kind)
    disposition = f'attachment; filename="{transfers.NAMES[kind]}"'
    return web.Response(text=text, content_type="text/csv", headers={"Content-Disposition": disposition})


async def bring(request: web.Request) -> web.Response:
    """A list is taken; a job goes through it."""
    account, instance = site.signed_in(request), site.of(request).instance
    given = await params.read(request)
    kind, upload = given.text("kind", max_chars=40), given.file("file")
    try:
        if upload is None or not upload.data:
            raise Invalid("Choose a file first.", "file")
        if len(upload.data) > limits.IMPORT_BYTES:
            raise TooLarge(f"A list has up to {limits.IMPORT_BYTES // 1024 // 1024} MB.", "file")
        lines = await instance.cpu(transfers.read, kind, upload.data.decode("utf-8", "replace"))
        await instance.db.write(transfers.begin, account, kind, lines)
    except (Invalid, Conflict) as error:
        return page(request, error.message, 409 if isinstance(error, Conflict) else 422)
    return site.go("/settings/data", "bringing")


async def delete(request: web.Request) -> web.Response:
    """Name and password are asked for, because nothing brings it back: other servers delete what they have within the hour."""
    account, instance = site.signed_in(request), site.of(request).instance
    given = await params.read(request)
    if given.text("name", max_chars=100).strip().lstrip("@").lower() != account.username.lower():
        return page(request, "Write your username into the first field, so that it is clear that this is meant.", 422)
    if not await security.is_password(request, given, "password"):
        return page(request, security.WRONG, 422)
    try:
        await instance.db.write(lambda tx: accounts.delete_local(tx, account_rows.get(tx, account.id)))
    except Conflict as error:
        return page(request, f"{error.message.rstrip('.')}, where this server runs.", 409)
    response = site.go("/", "gone")
    auth.sign_out(request, response)
    return response
