"""Every address of our own pages."""

from aiohttp import web

from fedi import limits
from fedi.web import keys
from fedi.web.pages import (
    about,
    acts,
    announced,
    approvals,
    authorize,
    bookmarks,
    collections,
    compose,
    domains,
    email,
    embed,
    errors,
    explore,
    feed,
    filters,
    front,
    groups,
    habits,
    home,
    kept,
    kept_apart,
    leaving,
    lists,
    login,
    moving,
    newsletters,
    notifications,
    papers,
    people,
    polls,
    post,
    profile,
    public,
    reporting,
    scheduled,
    search,
    security,
    settings,
    signup,
    tagged,
    topics,
    years,
)
from fedi.web.pages.site import PAGES, Pages

_NAME = f"{{name:{limits.USERNAME}}}"
_THERE = r"{name:[A-Za-z0-9_.\-]{1,64}}@{host:[^/@]{1,255}}"
_ID = "{id:[0-9]{1,19}}"
_POST_VERBS = "{verb:like|unlike|boost|unboost|bookmark|unbookmark|pin|unpin}"
_ACCOUNT_VERBS = "{verb:follow|unfollow|accept|reject|remove|block|unblock|mute|unmute|endorse|unendorse}"


def add(app: web.Application) -> None:
    """Give an application its pages. `/@name` and `/@name/ID` are routed where ActivityPub is, and come here for browsers."""
    pages = app[PAGES] = Pages(app[keys.INSTANCE])
    app[keys.PROFILE_PAGE] = kept.page(profile.show)
    app[keys.POST_PAGE] = kept.page(post.show)
    app[keys.ERROR_PAGE] = errors.show
    app.router.add_routes(
        [
            web.get("/", kept.page(front.show)),
            *_about(),
            *_lists(),
            web.get("/public", kept.page(public.local)),
            web.get("/public/all", public.everywhere),
            web.get("/tags/{tag}", kept.page(public.tag)),
            web.post("/tags/{tag}/follow", topics.follow),
            web.post("/tags/{tag}/unfollow", topics.unfollow),
            web.get(f"/@{_NAME}.atom", kept.page(feed.show)),
            web.get(f"/@{_NAME}/with_replies", kept.page(profile.show_replies)),
            web.get(f"/@{_NAME}/media", kept.page(profile.show_media)),
            web.get(f"/@{_NAME}/followers", people.show_followers),
            web.get(f"/@{_NAME}/following", people.show_following),
            web.get(f"/@{_NAME}/{_ID}/edit", compose.edit),
            web.post(f"/@{_NAME}/{_ID}/edit", compose.save),
            web.get(f"/@{_NAME}/{_ID}/delete", compose.confirm_delete),
            web.post(f"/@{_NAME}/{_ID}/delete", compose.delete),
            web.get(f"/@{_THERE}", profile.show),
            web.get(f"/@{_THERE}/with_replies", profile.show_replies),
            web.get(f"/@{_THERE}/media", profile.show_media),
            web.get(f"/@{_THERE}/{_ID}", post.show),
            *_doors(),
            *_newsletters(),
            web.get("/home", home.show),
            *_told(),
            web.get("/compose", compose.show),
            web.post("/compose", compose.submit),
            web.get("/search", search.show),
            *_popular(),
            web.get("/authorize_interaction", search.interact),
            web.get("/bookmarks", bookmarks.show),
            web.get("/requests", people.show_requests),
            *_approvals(),
            web.get("/blocks", people.show_blocks),
            web.get("/mutes", people.show_mutes),
            web.post(f"/posts/{_ID}/{_POST_VERBS}", acts.on_post),
            *_under_posts(),
            web.post(f"/accounts/{_ID}/{_ACCOUNT_VERBS}", acts.on_account),
            web.get(f"/accounts/{_ID}/block", acts.confirm_block),
            web.post(f"/accounts/{_ID}/note", acts.note),
            *_collections(),
            *_reports(),
            *_groups(),
            web.get("/static/{name}", pages.static.serve),
            *_settings(),
        ]
    )


def _approvals() -> list[web.RouteDef]:
    """What waits for a yes, and what had one."""
    return [
        web.get("/approvals", approvals.show),
        web.get("/approvals/given", approvals.show_given),
        web.post(f"/approvals/{_ID}/{{verb:accept|refuse}}", approvals.answer),
        web.post(f"/approvals/{_ID}/revoke", approvals.take_back),
        web.get(f"/posts/{_ID}/unquote", approvals.confirm_revoke),
        web.post(f"/posts/{_ID}/unquote", approvals.revoke),
    ]


def _popular() -> list[web.RouteDef]:
    """What many like, and what one made of one's year."""
    year = r"{year:[12]\d{3}}"
    return [
        web.get("/explore", explore.posts),
        web.get("/explore/topics", explore.topics),
        web.get("/explore/links", explore.links),
        web.get("/explore/people", explore.people),
        web.get("/year", years.latest),
        web.get(f"/year/{year}", years.show),
        web.post(f"/year/{year}/{{verb:make|share|unshare}}", years.act),
        web.get(f"/@{_NAME}/year/{year}/{{key:[0-9a-f]{{16,64}}}}", years.shared),
    ]


def _doors() -> list[web.RouteDef]:
    """How people come in, and programs with them."""
    return [
        web.get("/login", login.show),
        web.post("/login", login.submit),
        web.post("/logout", login.out),
        web.get("/sign-up", signup.show),
        web.post("/sign-up", signup.submit),
        web.get("/confirm", signup.show_link),
        web.post("/confirm", signup.confirm),
        web.get("/moderation/sign-ups", signup.show_waiting),
        web.get(f"/moderation/sign-ups/{_ID}/reject", signup.confirm_reject),
        web.post(f"/moderation/sign-ups/{_ID}/{{verb:approve|reject}}", signup.answer),
        *_slashed(
            web.get("/oauth/authorize", authorize.show),
            web.post("/oauth/authorize", authorize.decide),
            web.delete("/oauth/authorize", authorize.decide),
            web.get("/oauth/authorize/native", authorize.native),
            web.get("/oauth/authorized_applications", security.show_apps),
        ),
        web.get("/.well-known/change-password", security.show_password),
    ]


def _slashed(*routes: web.RouteDef) -> list[web.RouteDef]:
    """With a slash at the end as well, as the client API has it. Observed: toot asks for /oauth/authorize/."""
    return [web.RouteDef(route.method, path, route.handler, route.kwargs) for route in routes for path in (route.path, f"{route.path}/")]


def _newsletters() -> list[web.RouteDef]:
    """Somebody's posts by letter."""
    return [
        web.post("/newsletter/subscribe", newsletters.subscribe),
        web.get("/newsletter/confirm", newsletters.show_link),
        web.post("/newsletter/confirm", newsletters.confirm),
        web.get("/newsletter/unsubscribe", newsletters.show_end),
        web.post("/newsletter/unsubscribe", newsletters.end),
        web.get("/settings/newsletter", newsletters.show_settings),
        web.post("/settings/newsletter", newsletters.save_settings),
        web.get("/settings/newsletter/forget", newsletters.confirm_forget),
        web.post("/settings/newsletter/forget", newsletters.forget),
    ]


def _about() -> list[web.RouteDef]:
    return [
        web.get("/about", kept.page(about.show)),
        web.get("/privacy-policy", kept.page(papers.show_privacy)),
        web.get("/terms-of-service", kept.page(papers.show_terms)),
        web.get("/terms-of-service/{date}", papers.show_terms),
    ]


def _lists() -> list[web.RouteDef]:
    return [
        web.get("/lists", lists.index),
        web.post("/lists", lists.create),
        web.get(f"/lists/{_ID}", lists.show),
        web.get(f"/lists/{_ID}/edit", lists.edit),
        web.post(f"/lists/{_ID}/edit", lists.save),
        web.post(f"/lists/{_ID}/remove/{{account:[0-9]{{1,19}}}}", lists.remove),
        web.get(f"/lists/{_ID}/delete", lists.confirm_delete),
        web.post(f"/lists/{_ID}/delete", lists.delete),
        web.get(f"/accounts/{_ID}/lists", lists.show_somebody),
        web.post(f"/accounts/{_ID}/lists", lists.save_somebody),
        web.get("/settings/filters", filters.index),
        web.post("/settings/filters", filters.create),
        web.get(f"/settings/filters/{_ID}", filters.edit),
        web.post(f"/settings/filters/{_ID}", filters.save),
        web.get(f"/settings/filters/{_ID}/delete", filters.confirm_delete),
        web.post(f"/settings/filters/{_ID}/delete", filters.delete),
    ]


def _under_posts() -> list[web.RouteDef]:
    return [
        web.get(f"/@{_NAME}/{_ID}/embed", embed.show),
        web.get("/scheduled", scheduled.show),
        web.post(f"/scheduled/{_ID}/move", scheduled.move),
        web.get(f"/scheduled/{_ID}/delete", scheduled.confirm_cancel),
        web.post(f"/scheduled/{_ID}/delete", scheduled.cancel),
        web.get(f"/@{_NAME}/tagged/{{tag}}", kept.page(profile.show_tagged)),
        web.get(f"/@{_THERE}/tagged/{{tag}}", profile.show_tagged),
        web.post(f"/posts/{_ID}/vote", polls.vote),
        web.post(f"/posts/{_ID}/react", polls.react),
        web.post(f"/posts/{_ID}/react/{{emoji}}", polls.react),
        web.post(f"/posts/{_ID}/unreact/{{emoji}}", polls.unreact),
    ]


def _collections() -> list[web.RouteDef]:
    one = f"/@{_NAME}/collections/{_ID}"
    return [
        web.get(one, kept.page(collections.show)),
        web.get(f"{one}/delete", collections.confirm_delete),
        web.post(f"{one}/delete", collections.delete),
        web.post(f"{one}/{{item:[0-9]{{1,19}}}}/remove", collections.remove),
        web.post(f"{one}/{{item:[0-9]{{1,19}}}}/leave", collections.leave),
    ]


def _told() -> list[web.RouteDef]:
    """What happens, what of it is kept apart, and what is announced."""
    return [
        web.get("/notifications", notifications.show),
        web.post("/notifications", notifications.mark_read),
        web.get("/notifications/requests", kept_apart.show),
        web.post(f"/notifications/requests/{_ID}/{{verb:accept|dismiss}}", kept_apart.answer),
        web.post(f"/announcements/{_ID}/dismiss", announced.dismiss),
        web.get("/settings/notifications", kept_apart.show_policy),
        web.post("/settings/notifications", kept_apart.save_policy),
    ]


def _settings() -> list[web.RouteDef]:
    return [
        web.get("/settings/tags", topics.show),
        web.get("/settings/featured", tagged.show),
        web.post("/settings/featured", tagged.add),
        web.post(f"/settings/featured/{_ID}/remove", tagged.remove),
        web.get("/settings", settings.show),
        web.get("/settings/consent", approvals.show_settings),
        web.post("/settings/consent", approvals.save_settings),
        web.get("/settings/profile", settings.show),
        web.post("/settings/profile", settings.save),
        web.get("/settings/writing", habits.show),
        web.post("/settings/writing", habits.save),
        web.get("/settings/domains", domains.show),
        web.post("/settings/domains", domains.add),
        web.post("/settings/domains/remove", domains.remove),
        web.get("/settings/security", security.show),
        web.post("/settings/security/password", security.change_password),
        web.post("/settings/security/sessions", security.end_others),
        web.post(f"/settings/security/apps/{_ID}/end", security.dismiss),
        web.get("/settings/email", email.show),
        web.post("/settings/email", email.change),
        web.post("/settings/email/again", email.again),
        web.post("/settings/email/keep", email.keep),
        web.get("/settings/moving", moving.show),
        web.post("/settings/moving/add", moving.add),
        web.post("/settings/moving/remove", moving.remove),
        web.post("/settings/moving/move", moving.move),
        web.post("/settings/moving/back", moving.come_back),
        web.get("/settings/data", leaving.show),
        web.post("/settings/data/delete", leaving.delete),
        web.get("/settings/data/{kind:follows|blocks|mutes|bookmarks|domains}.csv", leaving.export),
        web.post("/settings/data/bring", leaving.bring),
    ]


def _groups() -> list[web.RouteDef]:
    group = f"/groups/{_NAME}"
    return [
        web.get("/groups", groups.index),
        web.get("/groups/new", groups.new),
        web.post("/groups/new", groups.create),
        web.get(f"{group}/settings", groups.show_settings),
        web.post(f"{group}/settings", groups.save_settings),
        web.get(f"{group}/members", groups.show_members),
        web.get(f"{group}/requests", groups.show_requests),
        web.get(f"{group}/moderators", groups.show_moderators),
        web.get(f"{group}/bans", groups.show_bans),
        web.post(f"{group}/people/{_ID}/{{verb:accept|reject|out|ban|unban|moderator|no-moderator}}", groups.on_person),
        web.post(f"{group}/posts/{_ID}/{{verb:remove|lock|unlock|pin|unpin}}", groups.on_post),
    ]


def _reports() -> list[web.RouteDef]:
    return [
        web.get(f"/accounts/{_ID}/report", reporting.show),
        web.post(f"/accounts/{_ID}/report", reporting.send),
        web.get("/moderation", reporting.show_all),
        web.post(f"/moderation/{_ID}/settle", reporting.settle),
        web.get(f"/moderation/{_ID}/suspend", reporting.confirm_suspend),
        web.post(f"/moderation/{_ID}/suspend", reporting.suspend),
    ]
