"""Every address for programs of other servers, and for machines. The client API and the pages have their own tables, added here."""

from aiohttp import web

from fedi import limits
from fedi.web import health, media
from fedi.web.api import routes as api_routes
from fedi.web.federation import (
    actor,
    authorizations,
    collections,
    communities,
    emoji,
    hostmeta,
    inbox,
    nodeinfo,
    objects,
    recommended,
    synchronization,
    threads,
    webfinger,
)
from fedi.web.pages import routes as page_routes

_NAME = f"{{name:{limits.USERNAME}}}"
_POST = f"/users/{_NAME}/posts/{{id:[0-9]{{1,19}}}}"


def add(app: web.Application) -> None:
    """Give an application all its addresses."""
    app[nodeinfo.COUNTED] = nodeinfo.Counted()
    app.router.add_routes(
        [
            web.post("/inbox", inbox.post),
            web.post("/actor/inbox", inbox.post),
            web.post(f"/users/{_NAME}/inbox", inbox.post_to_person),
            web.get("/actor", actor.show_instance),
            web.get(r"/actor/{rest:outbox|followers|following|collections/featured|collections/tags}", collections.show_empty),
            web.get(f"/users/{_NAME}", actor.show),
            web.get(f"/users/{_NAME}/outbox", collections.show_outbox),
            web.get(f"/users/{_NAME}/followers", collections.show_followers),
            web.get(f"/users/{_NAME}/followers_synchronization", synchronization.show),
            web.get(f"/users/{_NAME}/following", collections.show_following),
            web.get(f"/users/{_NAME}/collections/featured", collections.show_featured),
            web.get(f"/users/{_NAME}/collections/tags", collections.show_featured_tags),
            web.get(f"/users/{_NAME}/collections/moderators", communities.show_moderators),
            web.get(f"/users/{_NAME}/collections/{{id:[0-9]{{1,19}}}}", recommended.show),
            web.get(_POST, objects.show),
            web.get(f"{_POST}/activity", objects.show_activity),
            web.get(f"{_POST}/replies", threads.show_replies),
            web.get(f"{_POST}/likes", objects.show_likes),
            web.get(f"{_POST}/shares", objects.show_shares),
            web.get(f"/users/{_NAME}/authorizations/{{id:[0-9]{{1,19}}}}", authorizations.show),
            web.get("/contexts/{id:[0-9]{1,19}}", threads.show_context),
            web.get("/activities/{id:[0-9]{1,19}}", objects.show_stored),
            web.get(f"/@{_NAME}", actor.show_page),
            web.get(f"/@{_NAME}/{{id:[0-9]{{1,19}}}}", objects.show_page),
            web.get("/.well-known/webfinger", webfinger.show),
            web.get("/.well-known/host-meta", hostmeta.show),
            web.get("/.well-known/host-meta.json", hostmeta.show_json),
            web.get("/.well-known/nodeinfo", nodeinfo.discover),
            web.get("/.well-known/security.txt", health.show_security),
            web.get("/nodeinfo/{version}", nodeinfo.show),
            web.get("/emojis/{id:[0-9]{1,19}}", emoji.show),
            web.get("/media/{key:[0-9a-f]{32}}", media.show),
            web.get("/media/{key:[0-9a-f]{32}}/preview", media.show_preview),
            web.get("/robots.txt", health.show_robots),
            web.get("/healthz", health.show),
            web.get("/health", health.show_plain),
        ]
    )
    api_routes.add(app)
    page_routes.add(app)
