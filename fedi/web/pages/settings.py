"""Settings: what one says of oneself."""

from typing import Final, NamedTuple

from aiohttp import web

from fedi import accounts, attribution, limits
from fedi.accounts import Profile
from fedi.errors import Invalid
from fedi.storage import listings as listing_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.web import params
from fedi.web.pages import persons, site
from fedi.web.pages.site import Pages

_FIELDS: Final = 4


class _Form(NamedTuple):
    name: str
    bio: str
    fields: list[tuple[str, str]]
    locked: bool
    discoverable: bool
    indexable: bool
    hide_network: bool
    sites: str
    upload_mb: int


def upload_mb(pages: Pages) -> int:
    return min(pages.instance.config.limits.upload_mb, limits.UPLOAD_BYTES // 1024 // 1024)


def _padded(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [*fields, *[("", "")] * (_FIELDS - len(fields))]


def _filled(pages: Pages, account: Account) -> _Form:
    user = pages.instance.db.read(user_rows.get, account.id)
    return _Form(
        account.display_name,
        account.bio_source,
        _padded([(name, source) for name, _, source in account.field_rows()]),
        bool(account.locked),
        bool(account.discoverable),
        bool(account.indexable),
        bool(user.setting("hide_network", False)),
        "\n".join(attribution.domains(account)),
        upload_mb(pages),
    )


def _read(tx: Tx, pages: Pages, account: Account) -> tuple[persons.Face, str]:
    pictures = listing_rows.list_pictures(tx, [account.avatar_id, account.header_id])
    return persons.face(pages, account, pictures, account), persons.address(pictures.get(account.header_id or 0))


def _page(request: web.Request, account: Account, form: _Form, wrong: str = "") -> web.Response:
    me, header = site.of(request).instance.db.read(_read, site.of(request), account)
    status = 422 if wrong else 200
    words = {"form": form, "me": me, "header": header, "wrong": wrong, "most_sites": limits.ATTRIBUTION_DOMAINS}
    return site.show(request, "settings_profile.html", "Settings", area="settings", status=status, **words)


async def show(request: web.Request) -> web.Response:
    account = site.signed_in(request)
    return _page(request, account, _filled(site.of(request), account))


async def save(request: web.Request) -> web.Response:
    account, pages = site.signed_in(request), site.of(request)
    given = await params.read(request)
    count = max(_FIELDS, len(account.field_rows()))
    form = _Form(
        given.text("name"),
        given.text("bio").replace("\r\n", "\n"),
        [(given.text(f"label{i}"), given.text(f"value{i}")) for i in range(1, count + 1)],
        given.flag("locked"),
        given.flag("discoverable"),
        given.flag("indexable"),
        given.flag("hide_network"),
        given.text("sites").replace("\r\n", "\n"),
        upload_mb(pages),
    )
    try:
        profile = Profile(
            display_name=form.name,
            bio_source=form.bio,
            fields=tuple(pair for pair in form.fields if pair[0].strip() and pair[1].strip()),
            locked=form.locked,
            discoverable=form.discoverable,
            indexable=form.indexable,
            attribution_domains=tuple(line for line in form.sites.split("\n") if line.strip()),
            hide_network=form.hide_network,
            avatar_id=await picture(pages, account, given, "avatar"),
            header_id=await picture(pages, account, given, "header"),
        )
        await pages.instance.db.write(accounts.update_profile, account, profile)
    except Invalid as error:
        return _page(request, account, form, error.message)
    return site.go("/settings/profile", "saved")


async def picture(pages: Pages, account: Account, given: params.Params, kind: str) -> int | None:
    """The picture from now on: the one sent along, none, or the one there was."""
    present = account.avatar_id if kind == "avatar" else account.header_id
    upload = given.file(kind)
    if upload is None or not upload.data:
        return None if given.flag(f"no_{kind}") else present
    return (await pages.instance.uploads.face(account.id, kind, upload.data)).id
