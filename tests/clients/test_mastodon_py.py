"""Mastodon.py drives a server of its own process: what it returns is of the types it announces, and means what was done."""

import io
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from mastodon import Mastodon, MastodonNotFoundError, MastodonUnauthorizedError, StreamListener
from PIL import Image

from tests.clients.conftest import SCOPES, House
from tests.clients.types import wrong
from tests.hostile_server import trusted

pytestmark = pytest.mark.slow


def typed(found: Any) -> Any:
    """What was returned, after its types were looked at."""
    assert not (faults := wrong(found)), faults[:10]
    return found


def soon(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def picture() -> io.BytesIO:
    made = io.BytesIO()
    Image.new("RGB", (120, 80), "red").save(made, "PNG")
    made.seek(0)
    return made


# -- signing in --


def test_a_program_is_registered_and_signs_in_by_a_code(house: House) -> None:
    client_id, secret = Mastodon.create_app("Mine", scopes=SCOPES, api_base_url=house.base, website="https://app.example")
    program = Mastodon(client_id=client_id, client_secret=secret, api_base_url=house.base, version_check_mode="none")
    code = house.code(house.consent(program.auth_request_url(scopes=SCOPES, allow_http=True), "bob"))

    token = program.log_in(code=code, scopes=SCOPES, allow_http=True)

    assert typed(program.me())["username"] == "bob"
    assert typed(program.app_verify_credentials()).name == "Mine"
    program.revoke_access_token(allow_http=True)
    with pytest.raises(MastodonUnauthorizedError):
        Mastodon(access_token=token, api_base_url=house.base, version_check_mode="none").me()


def test_a_token_of_the_command_line_is_enough(alice: Mastodon) -> None:
    me = typed(alice.me())
    assert (me.username, me.source.privacy) == ("alice", "public")


# -- posts --


def test_posts_of_every_kind(alice: Mastodon, bob: Mastodon) -> None:
    media = typed(alice.media_post(picture(), "image/png", description="a red square", focus=(0.5, -0.25), synchronous=True))
    assert media.description == "a red square" and media.meta.focus.x == 0.5
    post = typed(
        alice.status_post("look #art @bob", media_ids=[media], sensitive=True, spoiler_text="red", language="en", visibility="unlisted")
    )
    assert (post.spoiler_text, post.visibility, post.language) == ("red", "unlisted", "en")
    assert post.media_attachments[0].id == media.id and post.mentions[0].username == "bob" and post.tags[0].name == "art"
    for visibility in ("public", "unlisted", "private", "direct"):
        assert typed(alice.status_post(f"{visibility} words", visibility=visibility)).visibility == visibility
    answer = typed(bob.status_reply(post, "nice"))
    assert answer.in_reply_to_id == post.id
    context = typed(alice.status_context(post))
    assert [one.id for one in context.descendants] == [answer.id]
    same = [alice.status_post("once", idempotency_key="k1").id for _ in range(2)]
    assert len(set(same)) == 1


def test_a_post_is_edited_and_deleted(alice: Mastodon) -> None:
    media = alice.media_post(picture(), "image/png", description="before", synchronous=True)
    post = alice.status_post("first", media_ids=[media])
    changes = alice.generate_media_edit_attributes(media.id, description="after")
    edited = typed(alice.status_update(post, "second", media_attributes=[changes]))
    assert "second" in edited.content and edited.media_attachments[0].description == "after"
    assert [one.content for one in typed(alice.status_history(post))] == ["<p>first</p>", "<p>second</p>"]
    assert typed(alice.status_source(post)).text == "second"
    assert alice.status_delete(post).text == "second"
    with pytest.raises(MastodonNotFoundError):
        alice.status(post)


def test_polls_are_made_and_voted_in(alice: Mastodon, bob: Mastodon) -> None:
    poll = alice.make_poll(["tea", "coffee"], expires_in=3600, multiple=True)
    made = typed(alice.status_post("which?", poll=poll)).poll
    voted = typed(bob.poll_vote(made, [0, 1]))
    assert voted.own_votes == [0, 1] and voted.voters_count == 1
    assert [option.votes_count for option in typed(alice.poll(made)).options] == [1, 1]


def test_a_post_is_scheduled_moved_and_given_up(alice: Mastodon) -> None:
    when = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
    made = typed(alice.status_post("tomorrow", scheduled_at=when))
    assert made.scheduled_at == when and made.params.text == "tomorrow"
    later = when + timedelta(hours=1)
    assert typed(alice.scheduled_status_update(made, later)).scheduled_at == later
    assert made.id in [one.id for one in typed(alice.scheduled_statuses())]
    alice.scheduled_status_delete(made)
    assert not alice.scheduled_statuses()


def test_acts_on_a_post(alice: Mastodon, bob: Mastodon) -> None:
    post = bob.status_post("like me")
    assert typed(alice.status_favourite(post)).favourited and typed(alice.status_bookmark(post)).bookmarked
    boost = typed(alice.status_reblog(post))
    assert boost.reblog.id == post.id
    assert [one.username for one in typed(bob.status_favourited_by(post))] == ["alice"]
    assert [one.username for one in typed(bob.status_reblogged_by(post))] == ["alice"]
    assert post.id in [one.id for one in typed(alice.favourites())] and post.id in [one.id for one in typed(alice.bookmarks())]
    assert not alice.status_unfavourite(post).favourited and not alice.status_unbookmark(post).bookmarked
    assert not alice.status_unreblog(post).reblogged
    assert typed(bob.status_pin(post)).pinned and not bob.status_unpin(post).pinned
    assert typed(bob.status_mute(post)).muted and not bob.status_unmute(post).muted


def test_timelines_are_paged_to_exhaustion(alice: Mastodon, bob: Mastodon) -> None:
    alice.account_follow(bob.me())
    made = [bob.status_post(f"number {n} #pages").id for n in range(12)]
    first = typed(alice.timeline_hashtag("pages", limit=5))
    assert [one.id for one in alice.fetch_remaining(first)] == made[::-1]
    home = alice.fetch_remaining(alice.timeline_home(limit=7))
    assert [one.id for one in home if one.id in made] == made[::-1]
    assert alice.fetch_previous(first) in (None, [])
    newer = bob.status_post("number 13 #pages").id
    assert [one.id for one in alice.fetch_previous(first)] == [newer]
    assert newer in [one.id for one in typed(alice.timeline_local())] and newer in [one.id for one in typed(alice.timeline_public())]
    assert newer in [one.id for one in typed(alice.account_statuses(bob.me()))]


# -- people --


def test_people_follow_block_mute_and_are_reported(alice: Mastodon, bob: Mastodon) -> None:
    who = bob.me()
    assert typed(alice.account_follow(who, reblogs=False, notify=True)).notifying
    assert [one.username for one in typed(alice.account_following(alice.me()))] == ["bob"]
    assert typed(alice.account_mute(who, notifications=False, duration=60)).muting
    assert [one.username for one in typed(alice.mutes())] == ["bob"]
    assert not typed(alice.account_unmute(who)).muting
    assert typed(alice.account_note_set(who, "a friend")).note == "a friend"
    assert typed(alice.account_endorse(who)).endorsed and not alice.account_unendorse(who).endorsed
    report = typed(alice.report(who, comment="only a try", category="other"))
    assert report.comment == "only a try" and not report.action_taken
    assert typed(alice.account_block(who)).blocking and [one.username for one in typed(alice.blocks())] == ["bob"]
    assert not typed(alice.account_unblock(who)).blocking
    assert not typed(alice.account_unfollow(who)).following
    assert [one.id for one in typed(alice.account_relationships([who]))] == [who.id]
    alice.domain_block("loud.example")
    assert alice.domain_blocks() == ["loud.example"]
    alice.domain_unblock("loud.example")


def test_a_profile_is_edited(bob: Mastodon) -> None:
    facts = [("site", "https://bob.example"), ("pronouns", "he/him")]
    me = typed(
        bob.account_update_credentials(
            display_name="Bob B.", note="about *me*", avatar=picture(), avatar_mime_type="image/png", bot=True, fields=facts
        )
    )
    assert (me.display_name, me.bot) == ("Bob B.", True) and me.fields[1].value == "he/him" and me.source.note == "about *me*"
    bob.account_update_credentials(bot=False)
    assert typed(bob.preferences())["posting:default:visibility"] == "public"


def test_a_locked_account_is_asked(alice: Mastodon, bob: Mastodon) -> None:
    bob.account_update_credentials(locked=True)
    assert typed(alice.account_follow(bob.me())).requested
    assert [one.username for one in typed(bob.follow_requests())] == ["alice"]
    assert typed(bob.follow_request_authorize(alice.me())).followed_by
    bob.account_update_credentials(locked=False)


# -- lists, filters, finding --


def test_lists(alice: Mastodon, bob: Mastodon) -> None:
    alice.account_follow(bob.me())
    made = typed(alice.list_create("near", replies_policy="none", exclusive=True))
    alice.list_accounts_add(made, [bob.me()])
    assert [one.username for one in typed(alice.list_accounts(made))] == ["bob"]
    assert [one.id for one in typed(alice.account_lists(bob.me()))] == [made.id]
    post = bob.status_post("for a list")
    assert post.id in [one.id for one in typed(alice.timeline_list(made))]
    assert post.id not in [one.id for one in alice.timeline_home()]
    assert typed(alice.list_update(made, "nearer", exclusive=False)).title == "nearer"
    alice.list_accounts_delete(made, [bob.me()])
    alice.list_delete(made)
    assert not [one for one in alice.lists() if one.id == made.id]


def test_filters(alice: Mastodon, bob: Mastodon) -> None:
    made = typed(alice.create_filter_v2("spiders", ["public"], "warn", keywords_attributes=[{"keyword": "tarantula", "whole_word": True}]))
    post = bob.status_post("a Tarantula!")
    (found,) = [one for one in alice.timeline_public() if one.id == post.id]
    assert typed(found).filtered[0].keyword_matches == ["Tarantula"] or found.filtered[0].keyword_matches == ["tarantula"]
    keyword = typed(alice.add_filter_keyword_v2(made, "web"))
    assert {one.keyword for one in typed(alice.filter_keywords_v2(made))} == {"tarantula", "web"}
    alice.delete_filter_keyword_v2(keyword)
    alice.delete_filter_v2(made)
    assert not alice.filters_v2()


def test_search(alice: Mastodon, bob: Mastodon) -> None:
    post = bob.status_post("an axolotl of my own #amphibia")
    alice.status_favourite(post)
    found = typed(alice.search("axolotl", resolve=False))
    assert [one.id for one in found.statuses] == [post.id]
    assert [one.name for one in typed(alice.search("amphi", resolve=False)).hashtags] == ["amphibia"]
    assert "bob" in [one.username for one in typed(alice.account_search("bob"))]


# -- being told --


def test_notifications_plain_and_grouped(alice: Mastodon, bob: Mastodon) -> None:
    alice.notifications_clear()
    post = alice.status_post("tell me")
    bob.status_favourite(post)
    bob.status_reblog(post)
    bob.status_post("@alice hello")
    found = typed(alice.notifications())
    assert [one.type for one in found] == ["mention", "reblog", "favourite"]
    assert [one.type for one in typed(alice.notifications(types=["favourite"]))] == ["favourite"]
    grouped = typed(alice.grouped_notifications())
    assert {one.type for one in grouped.notification_groups} == {"mention", "reblog", "favourite"}
    assert typed(alice.notifications_unread_count()).count >= 3
    alice.notifications_dismiss(found[0])
    assert len(alice.notifications()) == 2
    policy = typed(alice.update_notifications_policy(for_not_following="filter"))
    assert policy.for_not_following == "filter"
    alice.update_notifications_policy(for_not_following="accept")


def test_conversations_and_markers(alice: Mastodon, bob: Mastodon) -> None:
    bob.status_post("@alice between us", visibility="direct")
    found = typed(alice.conversations())[0]
    assert found.unread and [one.username for one in found.accounts] == ["bob"] and "between us" in found.last_status.content
    assert not typed(alice.conversations_read(found)).unread
    marker = typed(alice.markers_set(["home"], [found.last_status.id]))["home"]
    assert str(typed(alice.markers_get(["home"]))["home"].last_read_id) == str(marker.last_read_id) == str(found.last_status.id)


class Listener(StreamListener):  # type: ignore[misc]
    def __init__(self) -> None:
        self.heard: queue.Queue[tuple[str, Any]] = queue.Queue()

    def on_update(self, status: Any) -> None:
        self.heard.put(("update", status))

    def on_status_update(self, status: Any) -> None:
        self.heard.put(("status.update", status))

    def on_delete(self, status_id: Any) -> None:
        self.heard.put(("delete", status_id))

    def on_notification(self, notification: Any) -> None:
        self.heard.put(("notification", notification))


def test_streaming(alice: Mastodon, bob: Mastodon) -> None:
    assert alice.stream_healthy()
    listener = Listener()
    handle = alice.stream_user(listener, run_async=True)
    try:
        soon(lambda: handle.is_receiving())
        alice.account_follow(bob.me())
        post = bob.status_post("live @alice")
        bob.status_update(post, "changed @alice")
        bob.status_delete(post)
        heard = [listener.heard.get(timeout=60) for _ in range(4)]
    finally:
        handle.close()
    assert sorted(kind for kind, _ in heard) == ["delete", "notification", "status.update", "update"]
    assert not [fault for _, one in heard for fault in wrong(one)]


def test_push(alice: Mastodon, bob: Mastodon) -> None:
    private, public = alice.push_subscription_generate_keys()
    got: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
    address = _receiver(got)
    made = typed(alice.push_subscription_set(address, public, mention_events=True, policy="all"))
    assert made.endpoint == address and made.alerts.mention
    bob.status_post("@alice wake up")
    headers, body = got.get(timeout=60)
    found = alice.push_subscription_decrypt_push(body, private, headers["Encryption"], headers["Crypto-Key"])
    assert found.notification_type == "mention" and "bob" in found.title.lower()
    assert typed(alice.push_subscription()).id == made.id
    alice.push_subscription_delete()
    with pytest.raises(MastodonNotFoundError):
        alice.push_subscription()


def _receiver(got: "queue.Queue[tuple[dict[str, str], bytes]]") -> str:
    """The address of a push service on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.put((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = trusted("localhost").wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://localhost:{server.server_port}/push"


def test_the_instance(alice: Mastodon) -> None:
    assert typed(alice.instance_v2()).configuration.statuses.max_characters >= 500
    assert typed(alice.instance_v1()).uri
    assert typed(alice.instance_extended_description()).content and typed(alice.instance_activity())
    assert typed(alice.custom_emojis()) == [] and typed(alice.trending_tags()) is not None and typed(alice.directory()) is not None
    assert alice.instance_nodeinfo().software.name == "fedi"
