"""Every address of the client API. Where Mastodon takes PUT to change something it takes PATCH as well, and so do we."""

from aiohttp import web

from fedi.web import keys
from fedi.web.api import (
    accounts,
    emojis,
    featured_tags,
    instance,
    interaction_requests,
    media,
    notifications,
    polls,
    quotes,
    reactions,
    refreshes,
    reports,
    search,
    statuses,
    tags,
    timelines,
)
from fedi.web.api.entities.shelf import SHELF, Shelf


def add(app: web.Application) -> None:
    """Give an application the client API."""
    made = app[keys.INSTANCE]
    app[SHELF] = Shelf(made.uris, made.hub)
    app[instance.COUNTED] = instance.Counted()
    app.on_cleanup.append(_close)
    for route in (*_people(), *_posts(), *_files(), *_lists()):
        app.router.add_routes([route])
        if "{" not in route.path:  # clients write some with a slash at the end: Mastodon.py asks for /api/v1/instance/
            app.router.add_route(route.method, f"{route.path}/", route.handler)


async def _close(app: web.Application) -> None:
    app[SHELF].close()


def _people() -> list[web.RouteDef]:
    acts = {
        "follow": accounts.follow,
        "unfollow": accounts.unfollow,
        "remove_from_followers": accounts.remove_from_followers,
        "block": accounts.block,
        "unblock": accounts.unblock,
        "mute": accounts.mute,
        "unmute": accounts.unmute,
    }
    return [
        web.get("/api/v1/accounts/verify_credentials", accounts.verify_credentials),
        web.get("/api/v1/accounts/lookup", accounts.lookup),
        web.get("/api/v1/accounts/relationships", accounts.relations),
        web.get("/api/v1/accounts/{id}", accounts.show),
        web.get("/api/v1/accounts/{id}/statuses", accounts.statuses),
        web.get("/api/v1/accounts/{id}/featured_tags", featured_tags.of_account),
        web.get("/api/v1/featured_tags", featured_tags.index),
        web.post("/api/v1/featured_tags", featured_tags.create),
        web.get("/api/v1/featured_tags/suggestions", featured_tags.suggestions),
        web.delete("/api/v1/featured_tags/{id}", featured_tags.delete),
        web.get("/api/v1/accounts/{id}/followers", accounts.followers),
        web.get("/api/v1/accounts/{id}/following", accounts.following),
        *(web.post(f"/api/v1/accounts/{{id}}/{name}", handler) for name, handler in acts.items()),
        web.get("/api/v1/follow_requests", accounts.follow_requests),
        web.post("/api/v1/follow_requests/{id}/authorize", accounts.authorize),
        web.post("/api/v1/follow_requests/{id}/reject", accounts.reject),
        web.post("/api/v1/reports", reports.create),
    ]


def _posts() -> list[web.RouteDef]:
    acts = {
        "favourite": statuses.favourite,
        "unfavourite": statuses.unfavourite,
        "reblog": statuses.reblog,
        "unreblog": statuses.unreblog,
        "bookmark": statuses.bookmark,
        "unbookmark": statuses.unbookmark,
        "pin": statuses.pin,
        "unpin": statuses.unpin,
    }
    return [
        web.post("/api/v1/statuses", statuses.create),
        web.get("/api/v1/statuses/{id}", statuses.show),
        web.put("/api/v1/statuses/{id}", statuses.edit),
        web.patch("/api/v1/statuses/{id}", statuses.edit),
        web.delete("/api/v1/statuses/{id}", statuses.delete),
        web.get("/api/v1/statuses/{id}/context", statuses.context),
        web.get("/api/v1/statuses/{id}/source", statuses.source),
        web.get("/api/v1/statuses/{id}/history", statuses.history),
        web.get("/api/v1/statuses/{id}/favourited_by", statuses.favourited_by),
        web.get("/api/v1/statuses/{id}/reblogged_by", statuses.reblogged_by),
        *(web.post(f"/api/v1/statuses/{{id}}/{name}", handler) for name, handler in acts.items()),
        web.get("/api/v1/statuses/{id}/quotes", quotes.index),
        web.post("/api/v1/statuses/{id}/quotes/{quoting}/revoke", quotes.revoke),
        web.put("/api/v1/statuses/{id}/interaction_policy", quotes.set_policy),
        web.get("/api/v1/interaction_requests", interaction_requests.index),
        web.get("/api/v1/interaction_requests/{id}", interaction_requests.show),
        web.post("/api/v1/interaction_requests/{id}/authorize", interaction_requests.authorize),
        web.post("/api/v1/interaction_requests/{id}/reject", interaction_requests.reject),
        web.post("/api/v1/interaction_requests/{id}/revoke", interaction_requests.revoke),
        web.get("/api/v1/polls/{id}", polls.show),
        web.get("/api/v1/pleroma/statuses/{id}/reactions", reactions.index),
        web.get("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", reactions.index),
        web.put("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", reactions.add),
        web.post("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", reactions.add),
        web.delete("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", reactions.remove),
        web.post("/api/v1/statuses/{id}/react/{emoji}", reactions.add),
        web.post("/api/v1/statuses/{id}/unreact/{emoji}", reactions.remove),
        web.post("/api/v1/polls/{id}/votes", polls.vote),
    ]


def _files() -> list[web.RouteDef]:
    return [
        web.post("/api/v1/media", media.create_v1),
        web.post("/api/v2/media", media.create),
        web.get("/api/v1/media/{id}", media.show),
        web.put("/api/v1/media/{id}", media.change),
        web.patch("/api/v1/media/{id}", media.change),
        web.delete("/api/v1/media/{id}", media.delete),
        web.get("/api/v1/custom_emojis", emojis.index),
    ]


def _lists() -> list[web.RouteDef]:
    return [
        web.get("/api/v1/timelines/home", timelines.home),
        web.get("/api/v1/timelines/public", timelines.public),
        web.get("/api/v1/timelines/tag/{hashtag}", timelines.tag),
        web.get("/api/v1_alpha/async_refreshes/{id}", refreshes.show),
        web.get("/api/v1/tags/{name}", tags.show),
        web.post("/api/v1/tags/{name}/follow", tags.follow),
        web.post("/api/v1/tags/{name}/unfollow", tags.unfollow),
        web.get("/api/v1/followed_tags", tags.followed),
        web.get("/api/v1/bookmarks", timelines.bookmarks),
        web.get("/api/v1/notifications", notifications.index),
        web.get("/api/v1/notifications/{id}", notifications.show),
        web.get("/api/v2/search", search.search),
        web.get("/api/v1/instance", instance.show_v1),
        web.get("/api/v2/instance", instance.show),
    ]
