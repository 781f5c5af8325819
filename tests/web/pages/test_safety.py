"""Whatever strangers and people here write, pages show it as text: no field gets anything active onto a page."""

import json
import re
from xml.etree import ElementTree

import pytest

from fedi import accounts, arrivals, posts, sanitize
from fedi.activitypub import parse
from fedi.storage import accounts as account_rows
from fedi.storage import posts as post_rows
from fedi.storage.accounts import Account
from fedi.storage.db import Tx
from fedi.storage.posts import Post
from fedi.web.pages.static import folder
from tests.web.pages.reading import Page, Visitor, faults
from tests.web.rig import Rig
from tests.xss_payloads import TAGS

SHORT = [
    '"><script>alert(1)</script>', "'><img src=x onerror=alert(1)>", "</title><script>alert(1)</script>", "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "<svg onload=alert(1)>", "]]><b>", "\u202egnp.exe", "</textarea><iframe src=x>", "%00<b>", "&lt;script&gt;", "--><!--",
]  # fmt: skip
LONE_SURROGATE = "\udc80".encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
ATOM = "{http://www.w3.org/2005/Atom}"


def hostile(tx: Tx, rig: Rig, payload: str) -> tuple[Account, Post]:
    """Somebody elsewhere with a payload in every field, as their server would send it."""
    uri = "https://evil.test/users/mallory"
    document = {
        "id": uri, "type": "Person", "preferredUsername": "mallory", "name": payload, "summary": payload, "inbox": f"{uri}/inbox",
        "url": payload, "attachment": [{"type": "PropertyValue", "name": payload, "value": payload}],
        "publicKey": {"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": "x"},
    }  # fmt: skip
    author = accounts.receive(tx, parse.actor(document), "evil.test", sanitize.clean(payload))
    note = {
        "id": f"{uri}/1", "type": "Note", "attributedTo": uri, "content": payload, "summary": payload, "name": payload, "url": payload,
        "to": ["https://www.w3.org/ns/activitystreams#Public"], "contentMap": {payload[:20]: payload},
        "tag": [{"type": "Hashtag", "name": f"#{payload}", "href": payload}],
        "attachment": [{"type": "Document", "mediaType": "image/png", "url": "https://evil.test/a.png", "name": payload}],
    }  # fmt: skip
    parsed = parse.note(note, tx.now, author.followers_uri)
    post = arrivals.receive(tx, parsed, author, sanitize.clean(parsed.content))
    assert post is not None
    return author, post


@pytest.mark.parametrize("payload", SHORT)
async def test_nothing_a_stranger_writes_is_active_on_any_page(rig: Rig, payload: str) -> None:
    alice = rig.person("alice")
    author, post = rig.instance.db.transact(hostile, rig, payload)
    rig.befriend(alice, author)
    rig.instance.db.transact(lambda tx: tx.execute("UPDATE accounts SET fetched_at = ?", (tx.now,)))
    answer = rig.post(alice, "well", in_reply_to_id=post.id)
    visitor = Visitor(rig, alice)
    for path in (
        "/public/all", "/@mallory@evil.test", f"/@mallory@evil.test/{post.id}", f"/@alice/{answer.id}", f"/compose?to={post.id}",
        f"/accounts/{author.id}/block", "/search?q=mall", "/@alice/following",
    ):  # fmt: skip
        await visitor.read(path)
    for path in ("/@mallory@evil.test", f"/@alice/{answer.id}"):
        await Visitor(rig).read(path)


@pytest.mark.parametrize("payload", SHORT)
async def test_nothing_a_person_here_writes_is_active_on_any_page(rig: Rig, payload: str) -> None:
    alice = rig.person("alice", "owner")
    profile = accounts.Profile(payload[:60], payload, ((payload, payload), ("home", f"https://alice.test/{payload}")), discoverable=True)
    rig.instance.db.transact(accounts.update_profile, alice, profile)
    draft = posts.Draft(f"{payload} #a", warning=payload, fmt="markdown")
    post = rig.instance.db.transact(posts.publish, alice, draft, {})
    for visitor in (Visitor(rig), Visitor(rig, alice)):
        for path in ("/about", "/public", "/@alice", f"/@alice/{post.id}", "/tags/a"):
            await visitor.read(path)
    for path in ("/settings/profile", f"/@alice/{post.id}/edit", "/home", "/@alice/followers"):
        await Visitor(rig, alice).read(path)
    response = await Visitor(rig).get("/@alice.atom")
    ElementTree.fromstring(await response.read())


async def test_the_corpus_is_inert_in_posts(rig: Rig) -> None:
    """Every payload of the sanitiser's tests in one person's posts, on one page after another."""
    alice = rig.person("alice")
    mallory = rig.account(rig.stranger("mallory"))
    rig.befriend(alice, mallory)

    def write(tx: Tx) -> None:
        for number, payload in enumerate(TAGS):
            post_rows.insert(
                tx, id=post_rows.new_id(tx, tx.now), uri=f"{mallory.uri}/{number}", url=mallory.uri, account_id=mallory.id,
                visibility="public",
                published_at=tx.now, content_html=sanitize.clean(payload), warning=sanitize.line(payload, 200) if number % 2 else "",
            )  # fmt: skip

    rig.instance.db.transact(write)
    visitor, path = Visitor(rig, alice), "/public/all"
    while path:
        page = await visitor.read(path)
        path = next((a.get("href") for a in page.all("a") if a.get("rel") == "next"), "")


@pytest.mark.parametrize("query", ["%3Cscript%3E", "%22%3E%3Cimg%20src=x%3E", "%00", "%ED%A0%80", "%F0%9F", "a" * 3000])
async def test_what_is_searched_for_is_shown_as_text(rig: Rig, query: str) -> None:
    response = await Visitor(rig, rig.person("alice")).get(f"/search?q={query}")
    assert response.status < 500
    assert faults(Page(await response.text())) == []


@pytest.mark.parametrize("field", ["text", "warning", "language", "visibility", "to", "key"])
@pytest.mark.parametrize(
    "value", ["\x00", "\udc80".encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"), "e" + "\u0301" * 5000]
)
async def test_text_that_cannot_be_stored_breaks_nothing(rig: Rig, field: str, value: str) -> None:
    """XSS-17."""
    visitor = Visitor(rig, rig.person("alice"))
    body = f"csrf={visitor.csrf}&text=x&{field}=".encode() + b"".join(b"%%%02X" % byte for byte in value.encode("utf-8", "surrogateescape"))
    headers = visitor.headers | {"Content-Type": "application/x-www-form-urlencoded"}
    response = await rig.client.post("/compose", data=body, headers=headers, allow_redirects=False)
    assert response.status in (303, 400, 404, 422)


async def test_a_feed_is_well_formed_and_public_only(rig: Rig) -> None:
    """XSS-08, VIS-04."""
    alice = rig.person("alice")
    for visibility in ("public", "unlisted", "followers", "direct"):
        rig.post(alice, f"for {visibility} ]]> & <b> \x0b\x1f\ufffe", visibility=visibility, warning="w & <w>")
    rig.post(alice, "kept here", local_only=True)
    response = await Visitor(rig).get("/@alice.atom")
    feed = ElementTree.fromstring(await response.read())
    assert response.content_type == "application/atom+xml"
    contents = [entry.findtext(f"{ATOM}content") for entry in feed.iter(f"{ATOM}entry")]
    assert contents == ["<p>for public ]]&gt; &amp; &lt;b&gt;</p>"]
    for name in ("id", "title", "updated", "link", "author"):
        assert feed.find(f"{ATOM}{name}") is not None
    assert "noindex" in response.headers["X-Robots-Tag"]


async def test_links_lead_to_pages_here_for_people_of_the_server_only(rig: Rig) -> None:
    alice = rig.person("alice")
    carol = rig.account(rig.stranger("carol"))
    rel = 'rel="nofollow noopener noreferrer'
    html = (
        f'<p><a href="{carol.uri}" class="u-url mention" {rel}" target="_blank">@carol</a>'
        f' <a href="https://peer.test/tags/Garden" class="mention hashtag" {rel} tag" target="_blank">#Garden</a></p>'
    )

    def write(tx: Tx) -> None:
        post = post_rows.insert(
            tx, id=7, uri="https://fedi.test/x", url="https://fedi.test/x", account_id=alice.id, visibility="public", published_at=1,
            content_html=html,
        )  # fmt: skip
        post_rows.set_mentions(tx, post.id, [carol.id])
        post_rows.set_tags(tx, post.id, ["garden"])

    rig.instance.db.transact(write)
    links = {a.text: a for a in (await Visitor(rig, alice).read("/@alice/7")).all("a")}
    assert links["@carol"].get("href") == "/@carol@peer.test" and not links["@carol"].get("target")
    assert links["#Garden"].get("href") == "/tags/garden" and links["#Garden"].get("rel").strip() in ("", "tag")
    links = {a.text: a for a in (await Visitor(rig).read("/@alice/7")).all("a")}
    assert links["@carol"].get("href") == carol.uri and "nofollow" in links["@carol"].get("rel")


def test_templates_trust_types_and_nothing_else() -> None:
    """XSS-18; and no script, style or handler stands in any of them."""
    for path in sorted(folder("templates").iterdir()):
        text = path.read_text("utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|<script|<style|\sstyle=|\son[a-z]+=|javascript:", text), path.name


async def test_an_address_that_is_no_web_address_is_never_a_link(rig: Rig) -> None:
    alice = rig.person("alice")
    mallory = rig.account(rig.stranger("mallory"))
    rig.instance.db.transact(
        account_rows.update, mallory.id, url="javascript:alert(1)", fields=json.dumps([]), moved_to_uri="data:text/html,x"
    )
    for visitor in (Visitor(rig), Visitor(rig, alice)):
        assert "javascript:" not in (await visitor.read("/@mallory@peer.test")).source
