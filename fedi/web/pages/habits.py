"""How one writes and reads, where one does not say otherwise: the same that programs are told as preferences."""

from typing import Final

from aiohttp import web

from fedi import profiles
from fedi.errors import Invalid
from fedi.profiles import Habits
from fedi.storage import users as user_rows
from fedi.web import params
from fedi.web.pages import compose, site

EXPANSIONS: Final = (
    ("default", "Cover sensitive ones"),
    ("show_all", "Show all"),
    ("hide_all", "Cover all"),
)


async def show(request: web.Request, wrong: str = "") -> web.Response:
    """`/settings/writing`."""
    viewer, pages = site.signed_in(request), site.of(request)
    user = pages.instance.db.read(user_rows.get, viewer.id)
    language = str(user.setting("language", ""))
    return site.show(
        request,
        "settings_writing.html",
        "Writing",
        area="settings",
        status=422 if wrong else 200,
        visibilities=compose.VISIBILITIES,
        visibility=user.setting("visibility", "public"),
        languages=compose.languages(language),
        language=language,
        sensitive=user.setting("sensitive", False),
        expansions=EXPANSIONS,
        expand_media=user.setting("expand_media", "default"),
        expand_warned=user.setting("expand_warned", False),
        autoplay=user.setting("autoplay", False),
        wrong=wrong,
    )


async def save(request: web.Request) -> web.Response:
    viewer, pages, given = site.signed_in(request), site.of(request), await params.read(request)
    chosen = Habits(
        visibility=given.text("visibility", "public", 100),
        sensitive=given.flag("sensitive"),
        language=given.text("language", "", 100),
        expand_media=given.text("expand_media", "default", 100),
        expand_warned=given.flag("expand_warned"),
        autoplay=given.flag("autoplay"),
    )
    try:
        await pages.instance.db.write(profiles.set_habits, viewer.id, chosen)
    except Invalid as error:
        return await show(request, error.message)
    return site.go("/settings/writing", "saved")
