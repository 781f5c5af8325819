"""Writing: a post, an answer, a change, and taking a post back."""

import secrets
from typing import Final, Literal, NamedTuple

from aiohttp import web

from fedi import approvals as rules
from fedi import groups, ids, limits, policies, posts
from fedi import scheduled as planned
from fedi.errors import Forbidden, Invalid, NotFound, TooMany
from fedi.posts import Draft
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage import users as user_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web import params
from fedi.web.pages import approvals, files, polls, scheduled, site, text, views
from fedi.web.pages.languages import LANGUAGES
from fedi.web.pages.polls import PollForm
from fedi.web.pages.site import Pages

VISIBILITIES: Final = (
    ("public", "Everybody", "Anybody can read it, and it is listed in public."),
    ("unlisted", "Everybody, quietly", "Anybody can read it, but no public list shows it."),
    ("followers", "Followers", "Your followers and whom you name."),
    ("direct", "Only whom I name", "A direct post: for the people named in the text."),
)


class Form(NamedTuple):
    """What stands in the form. `key` makes sending it twice make one post; `fixed` is for what has been sent already."""

    text: str
    warning: str
    visibility: str
    local_only: bool
    language: str
    languages: list[tuple[str, str]]
    key: str
    most: int
    fmt: str = "markdown"
    to: int = 0
    quote: int = 0
    group: int = 0
    group_name: str = ""
    policy: tuple[tuple[str, str, str], ...] = ()  # (kind, label, chosen: "" for as in the settings)
    fixed: bool = False
    title: str = ""
    is_article: bool = False
    most_titled: int = limits.ARTICLE_CHARS
    poll: PollForm = polls.PollForm()
    sensitive: bool = False
    attached: tuple[files.Row, ...] = ()
    most_files: int = limits.ATTACHMENTS_LOCAL
    most_alt: int = limits.ALT_CHARS_LOCAL
    picture_mb: int = limits.UPLOAD_BYTES // 1024 // 1024
    upload_mb: int = limits.FILM_BYTES // 1024 // 1024
    later: str = ""  # when it is to be published, as the field has it


def blank(pages: Pages, viewer: Account) -> Form:
    config = pages.instance.config
    user = pages.instance.db.read(user_rows.find, viewer.id)
    own = user.setting("language", "") if user is not None else ""
    usual = user.setting("visibility", "public") if user is not None else "public"
    language = own or (config.instance.languages[0] if config.instance.languages else "")
    terms = tuple((kind, label, "") for kind, label in approvals.KINDS)
    made = Form("", "", usual, False, language, languages(language), secrets.token_hex(12), config.limits.post_chars, policy=terms)
    sensitive = bool(user.setting("sensitive", False)) if user is not None else False
    return made._replace(sensitive=sensitive, picture_mb=min(made.picture_mb, config.limits.upload_mb), upload_mb=config.limits.upload_mb)


def languages(chosen: str) -> list[tuple[str, str]]:
    """(code, name) of what one may choose from."""
    names = dict(LANGUAGES)
    return [("", "Not said"), *LANGUAGES] if not chosen or chosen in names else [(chosen, chosen), ("", "Not said"), *LANGUAGES]


class _Parent(NamedTuple):
    entry: views.Entry
    names: list[str]
    answered: str  # verdicts: whether the viewer may answer it, or quote it
    quoted: str


def _parent(tx: Tx, pages: Pages, viewer: Account, post_id: int) -> _Parent:
    """What is answered, and whom that names besides the viewer."""
    post = post_rows.get_visible(tx, viewer.id, post_id)
    if post.boost_of_id is not None:
        post = post_rows.get_visible(tx, viewer.id, post.boost_of_id)
    shown = views.entries(pages, tx, viewer, [post])
    if not shown:
        raise NotFound("There is no such post.")
    named = [account_rows.get(tx, post.account_id), *post_rows.list_mentions(tx, [post.id]).get(post.id, [])]
    names = [account.handle for account in dict.fromkeys(named) if account.id != viewer.id]
    return _Parent(shown[0], names, *(rules.verdict(tx, kind, post, viewer) for kind in (policies.REPLY, policies.QUOTE)))


async def show(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    given = params.query(request)
    form = blank(pages, viewer)
    parent_id = given.find_id("to")
    quote_id = given.find_id("quote")
    if quote_id is not None and parent_id is None:
        quoted = pages.instance.db.read(_parent, pages, viewer, quote_id)
        return _page(request, form._replace(quote=quoted.entry.post.id), quoted=quoted)
    if parent_id is None:
        form = pages.instance.db.read(_to_group, form, given.find_id("group"))
        say = given.text("say", max_chars=limits.URI_CHARS).strip()
        return _page(request, form._replace(text=f"{say} " if say else ""))
    parent = pages.instance.db.read(_parent, pages, viewer, parent_id)
    post = parent.entry.post
    form = form._replace(
        to=post.id,
        text="".join(f"@{handle} " for handle in parent.names),
        warning=post.warning,
        visibility=post.visibility,
        local_only=bool(post.local_only),
    )
    return _page(request, form, parent)


def _page(
    request: web.Request, form: Form, parent: "_Parent | None" = None, quoted: "_Parent | None" = None, wrong: str = ""
) -> web.Response:
    """The form; `parent` is what is answered, `quoted` what is quoted."""
    title = "Answer" if form.to else "Quote" if form.quote else "Write"
    about = parent or quoted
    return site.show(
        request,
        "compose.html",
        title,
        area="compose",
        status=422 if wrong else 200,
        form=form,
        heading=title,
        about=about.entry if about is not None else None,
        terms=parent.answered if parent is not None else quoted.quoted if quoted is not None else "",
        visibilities=VISIBILITIES,
        choices=approvals.CHOICES,
        wrong=wrong,
    )


def _draft(form: params.Params) -> Draft:
    return Draft(
        text=form.text("text"),
        warning=form.text("warning"),
        language=form.text("language"),
        visibility=form.text("visibility", "public"),
        local_only=form.flag("local_only"),
        in_reply_to_id=form.find_id("to"),
        quote_of_id=form.find_id("quote"),
        group_id=form.find_id("group"),
        policy=tuple((kind, chosen) for kind, _ in approvals.KINDS if (chosen := form.text(f"policy_{kind}", max_chars=100))),
        idempotency_key=form.text("key", max_chars=100),
        title=form.text("title"),
        poll=polls.asked(polls.read(form)),
        sensitive=form.flag("sensitive"),
    )


async def submit(request: web.Request) -> web.Response:
    viewer, pages = site.signed_in(request), site.of(request)
    given = await params.read(request)
    draft, back = _draft(given), given.text("next")
    try:
        taken = await files.taken(pages, viewer, given)
        draft = draft._replace(media_ids=taken.media_ids)
        found = await pages.instance.remote.mentions(draft.text)
        at = scheduled.read_time(given, "later")
        await pages.instance.db.write(files.describe, viewer, taken.changes)
        if at is not None:
            await pages.instance.db.write(planned.plan, viewer, draft, at)
            return site.go("/scheduled", "scheduled")
        post = await pages.instance.db.write(posts.publish, viewer, draft, found)
    except (Invalid, Forbidden, TooMany) as error:
        return _again(request, viewer, draft, error.message, given.text("later", max_chars=1000)[:40])
    if back:
        return site.go(text.local_path(back), "posted", f"p{post.id}")
    return site.go(f"/@{viewer.username}/{post.id}", "posted")


def _again(request: web.Request, viewer: Account, draft: Draft, wrong: str, later: str) -> web.Response:
    """The form as it was sent, with what is wrong: nothing written is lost."""
    pages = site.of(request)
    parent = pages.instance.db.read(_parent, pages, viewer, draft.in_reply_to_id) if draft.in_reply_to_id else None
    quoted = pages.instance.db.read(_parent, pages, viewer, draft.quote_of_id) if draft.quote_of_id else None
    form = pages.instance.db.read(_to_group, _filled(pages, viewer, draft)._replace(later=later), draft.group_id)
    return _page(request, form._replace(to=draft.in_reply_to_id or 0, quote=draft.quote_of_id or 0), parent, quoted, wrong)


def _to_group(tx: Tx, form: Form, group_id: int | None) -> Form:
    """The form for a post to a group, where there is such a group."""
    group = account_rows.find(tx, group_id) if group_id is not None else None
    if group is None or group.is_hidden or group.kind != groups.KIND:
        return form
    return form._replace(group=group.id, group_name=group.name)


def _filled(pages: Pages, viewer: Account, draft: Draft) -> Form:
    form = blank(pages, viewer)
    visibility = draft.visibility if draft.visibility in posts.VISIBILITIES else "public"
    return form._replace(
        text=draft.text,
        title=draft.title,
        warning=draft.warning,
        visibility=visibility,
        local_only=draft.local_only,
        language=draft.language,
        fmt=draft.fmt,
        policy=tuple((kind, label, dict(draft.policy).get(kind, "")) for kind, label in approvals.KINDS),
        poll=polls.filled(draft.poll),
        sensitive=draft.sensitive,
        attached=tuple(pages.instance.db.read(files.rows, viewer, draft.media_ids or ())),
    )


# -- changing and taking back --


def _own(tx: Tx, viewer: Account, post_id: int) -> Post:
    """A post of the viewer; others' are as unknown as those that are not there."""
    post = post_rows.get_visible(tx, viewer.id, post_id)
    if post.account_id != viewer.id or post.boost_of_id is not None:
        raise NotFound("There is no such post.")
    return post


def _mine(request: web.Request) -> tuple[Account, Pages, Post]:
    viewer, pages = site.signed_in(request), site.of(request)
    post = pages.instance.db.read(_own, viewer, ids.parse(request.match_info["id"]))
    if request.match_info["name"].lower() != viewer.username.lower():
        raise NotFound("There is no such post.")
    return viewer, pages, post


def _edit_page(request: web.Request, post: Post, form: Form, wrong: str = "") -> web.Response:
    action = f"{_address(request, post)}/edit"
    status = 422 if wrong else 200
    return site.show(
        request, "edit.html", "Edit your post", status=status, form=form, action=action, visibilities=VISIBILITIES, wrong=wrong
    )


def _address(request: web.Request, post: Post) -> str:
    return f"/@{request.match_info['name']}/{post.id}"


def _format(post: Post) -> Literal["plain", "markdown"]:
    return "markdown" if post.content_type == posts.FORMATS["markdown"] else "plain"


async def edit(request: web.Request) -> web.Response:
    viewer, pages, post = _mine(request)
    form = blank(pages, viewer)._replace(
        text=post.content_source,
        warning=post.warning,
        language=post.language,
        languages=languages(post.language),
        fmt=_format(post),
        fixed=True,
        title=post.title,
        is_article=post.kind == "Article",
        sensitive=bool(post.sensitive) and not post.warning,
        attached=tuple(pages.instance.db.read(_files, viewer, post)),
    )
    return _edit_page(request, post, form)


async def save(request: web.Request) -> web.Response:
    viewer, pages, post = _mine(request)
    given = await params.read(request)
    draft = Draft(
        text=given.text("text"),
        fmt=_format(post),
        warning=given.text("warning"),
        sensitive=given.flag("sensitive"),
        language=given.text("language"),
        title=given.text("title"),
    )
    try:
        taken = await files.taken(pages, viewer, given)
        draft = draft._replace(media_ids=taken.media_ids, media_changes=taken.changes)
        found = await pages.instance.remote.mentions(draft.text)
        await pages.instance.db.write(posts.edit, viewer, post.id, draft, found)
    except (Invalid, TooMany) as error:
        return _edit_page(
            request, post, _filled(pages, viewer, draft)._replace(fixed=True, is_article=post.kind == "Article"), error.message
        )
    return site.go(_address(request, post), "edited")


def _files(tx: Tx, viewer: Account, post: Post) -> list[files.Row]:
    return files.rows(tx, viewer, files.of_post(tx, post.id))


def _entry(tx: Tx, pages: Pages, viewer: Account, post: Post) -> views.Entry | None:
    return next(iter(views.entries(pages, tx, viewer, [post])), None)


async def confirm_delete(request: web.Request) -> web.Response:
    viewer, pages, post = _mine(request)
    return site.show(
        request,
        "confirm.html",
        "Delete this post?",
        question="Delete this post?",
        consequence="It disappears here at once. Every server that got it is asked to delete it as well, and almost all do.",
        entry=pages.instance.db.read(_entry, pages, viewer, post),
        action=f"{_address(request, post)}/delete",
        back=_address(request, post),
        target=f"/@{viewer.username}",
        button="Delete it",
    )


async def delete(request: web.Request) -> web.Response:
    viewer, pages, post = _mine(request)
    await pages.instance.db.write(posts.remove, viewer, post.id)
    return site.go(f"/@{viewer.username}", "deleted")
