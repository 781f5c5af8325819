"""Polls, reactions and topics on pages: readable as text, usable without a script, and one's own where they are."""

from urllib.parse import quote

import pytest

from fedi import emojis, featured, polls, reactions
from fedi.storage import featured_tags as featured_tag_rows
from fedi.storage import polls as poll_rows
from fedi.storage import posts as post_rows
from fedi.storage import reactions as reaction_rows
from fedi.storage.accounts import Account
from fedi.storage.posts import Post
from tests import make
from tests.web.pages.reading import Visitor
from tests.web.rig import Rig

DRINKS = polls.NewPoll(("tea", "coffee <b>", "water"))


@pytest.fixture
def alice(rig: Rig) -> Account:
    return rig.person("alice", "owner")


@pytest.fixture
def bob(rig: Rig) -> Account:
    return rig.person("bob")


def votes(rig: Rig, post: Post) -> list[int]:
    found = rig.instance.db.read(poll_rows.find, post.id)
    assert found is not None
    return [option.votes_count for option in found.options]


async def test_a_poll_is_voted_in_by_a_form_and_then_shows_its_results_as_text(rig: Rig, alice: Account, bob: Account) -> None:
    post = rig.post(alice, "what?", poll=DRINKS)
    path, visitor = f"/@alice/{post.id}", Visitor(rig, bob)
    page = await visitor.read(path)
    inputs = [one for one in page.all("input") if one.get("name") == f"poll{post.id}"]
    assert [one.get("type") for one in inputs] == ["radio"] * 3 and {one.get("form") for one in inputs} == {"act"}
    assert "%" not in page.main and "coffee <b>" in page.main

    to = await visitor.press(f"/posts/{post.id}/vote", {f"poll{post.id}": "1", "poll99": "2", "next": path})
    assert to.startswith(path) and votes(rig, post) == [0, 1, 0]
    voted = (await visitor.read(path)).main
    assert "coffee <b> your choice 100 %, 1 vote" in voted and "tea 0 %, 0 votes" in voted and "1 person voted" in voted
    others = (await Visitor(rig, alice).read(path)).main
    assert "your choice" not in others and "100 %" in others
    assert "your choice" not in (await Visitor(rig).read(path)).main


async def test_several_may_be_chosen_where_that_is_so_and_hidden_results_stay_hidden(rig: Rig, alice: Account, bob: Account) -> None:
    post = rig.post(alice, "what?", poll=DRINKS._replace(multiple=True, hide_totals=True))
    visitor, path = Visitor(rig, bob), f"/@alice/{post.id}"
    assert {one.get("type") for one in (await visitor.read(path)).all("input") if one.get("name") == f"poll{post.id}"} == {"checkbox"}
    await visitor.press(f"/posts/{post.id}/vote", {f"poll{post.id}": "0"})

    assert votes(rig, post) == [1, 0, 0]
    for who in (bob, alice, None):
        text = (await Visitor(rig, who).read(path)).main
        assert "%" not in text and "Results are shown when it is over." in text
    rig.instance.db.transact(lambda tx: tx.execute("UPDATE polls SET ends_at = 1"))
    assert "100 %" in (await Visitor(rig, alice).read(path)).main


@pytest.mark.parametrize("data", [{}, {"poll{id}": "x"}, {"poll{id}": "9" * 400}, {"poll1": "0"}])
async def test_a_vote_for_nothing_leads_back_and_says_so(rig: Rig, alice: Account, bob: Account, data: dict[str, str]) -> None:
    post, visitor = rig.post(alice, "what?", poll=DRINKS), Visitor(rig, bob)
    filled = {key.format(id=post.id): value for key, value in data.items()} | {"next": f"/@alice/{post.id}"}
    back = await visitor.press(f"/posts/{post.id}/vote", filled)

    assert "Choose an answer" in (await visitor.read(back.partition("#")[0])).main
    assert votes(rig, post) == [0, 0, 0]


async def test_a_vote_for_what_is_no_answer_is_refused_in_words(rig: Rig, alice: Account, bob: Account) -> None:
    post = rig.post(alice, "what?", poll=DRINKS)
    answer = await Visitor(rig, bob).post(f"/posts/{post.id}/vote", {f"poll{post.id}": "9"})

    assert answer.status == 422 and votes(rig, post) == [0, 0, 0]
    assert (await Visitor(rig).post(f"/posts/{post.id}/vote", {f"poll{post.id}": "0"})).status in (302, 303, 401, 403)
    assert votes(rig, post) == [0, 0, 0]


async def test_a_poll_is_written_in_the_form_and_nothing_is_lost_when_it_is_refused(rig: Rig, alice: Account) -> None:
    visitor = Visitor(rig, alice)
    assert "Ask with a poll" in (await visitor.read("/compose")).main
    filled = {"text": "what?", "option1": "tea", "option3": "coffee", "poll_seconds": "3600", "poll_multiple": "1"}
    refused = await visitor.post("/compose", {**filled, "option4": "tea"})
    assert refused.status == 422 and 'value="coffee"' in await refused.text()

    to = await visitor.press("/compose", filled)
    post = rig.instance.db.read(post_rows.get, int(to.partition("?")[0].rsplit("/", 1)[1]))
    poll = rig.instance.db.read(poll_rows.find, post.id)
    assert poll is not None and [one.title for one in poll.options] == ["tea", "coffee"] and poll.multiple == 1
    assert poll.ends_at == post.published_at + 3_600_000
    await visitor.press(f"/@alice/{post.id}/edit", {"text": "what then?"})
    assert rig.instance.db.read(poll_rows.find, post.id) == poll


async def test_reactions_are_put_and_taken_by_buttons_and_names_are_for_people_here(rig: Rig, alice: Account, bob: Account) -> None:
    post = rig.post(alice, "hello")
    visitor, path = Visitor(rig, bob), f"/@alice/{post.id}"
    await visitor.press(f"/posts/{post.id}/react/{quote('🎉')}", {"next": path})
    await visitor.press(f"/posts/{post.id}/react", {"emoji": "👍"})

    page = await visitor.read(path)
    pressed = {one.get("formaction"): one.get("aria-pressed") for one in page.all("button") if "react" in one.get("class")}
    assert pressed[f"/posts/{post.id}/unreact/{quote('🎉')}"] == "true" and "🎉 @bob" in page.main
    stranger = await Visitor(rig).read(path)
    assert "🎉 1" in stranger.main and "@bob" not in stranger.main
    hers = await Visitor(rig, alice).read(path)
    assert any(one.get("formaction") == f"/posts/{post.id}/react/{quote('🎉')}" for one in hers.all("button"))
    assert "reacted to your post" in (await Visitor(rig, alice).read("/notifications")).main

    await visitor.press(f"/posts/{post.id}/unreact/{quote('🎉')}")
    assert [one.name for one in rig.instance.db.read(reaction_rows.list_by, bob.id, post.id)] == ["👍"]
    assert (await visitor.post(f"/posts/{post.id}/react", {"emoji": "words"})).status == 422


async def test_lists_show_polls_and_reactions_of_boosted_posts_too(rig: Rig, alice: Account, bob: Account) -> None:
    post = rig.post(alice, "what?", poll=DRINKS)
    rig.instance.db.transact(reactions.react, bob, post.id, "🎉")
    rig.befriend(bob, alice)
    page = await Visitor(rig, bob).read("/@alice")

    assert page.main.count("tea") == 1 and "🎉 1" in page.main
    assert [one for one in page.all("input") if one.get("name") == f"poll{post.id}"]


async def test_topics_stand_on_the_profile_and_lead_to_what_was_written(rig: Rig, alice: Account) -> None:
    rig.post(alice, "look, #cats")
    rig.post(alice, "no animals")
    visitor = Visitor(rig, alice)
    assert (await visitor.post("/settings/featured", {"name": "two words"})).status == 422
    await visitor.press("/settings/featured", {"name": "#Cats"})
    assert "#cats 1 post" in (await visitor.read("/settings/featured")).main

    for who in (alice, None):
        assert "#cats" in (await Visitor(rig, who).read("/@alice")).main
        tagged = (await Visitor(rig, who).read("/@alice/tagged/cats")).main
        assert "look," in tagged and "no animals" not in tagged
    (shown,) = rig.instance.db.read(featured_tag_rows.list_of, alice.id)
    await visitor.press(f"/settings/featured/{shown.tag_id}/remove")
    assert rig.instance.db.read(featured_tag_rows.list_names, alice.id) == []
    assert (await visitor.get("/@alice/tagged/a%20b")).status == 404


async def test_an_edit_by_somebody_else_takes_no_topic_away(rig: Rig, alice: Account, bob: Account) -> None:
    made = rig.instance.db.transact(featured.add_tag, alice, "cats")

    assert (await Visitor(rig, bob).post(f"/settings/featured/{made.tag_id}/remove")).status == 404
    assert rig.instance.db.read(featured_tag_rows.list_names, alice.id) == ["cats"]


async def test_emoji_in_options_are_pictures_before_and_after_voting(rig: Rig, alice: Account, bob: Account) -> None:
    key = rig.instance.db.transact(emojis.add, "blob", rig.instance.db.transact(make.picture, alice, "emoji").id).key
    post = rig.post(alice, "what?", poll=polls.NewPoll(("tea :blob:", "<i>coffee</i> :no:")))
    for visitor in (Visitor(rig, bob), Visitor(rig, alice), Visitor(rig)):
        page = await visitor.read(f"/@alice/{post.id}")
        shown = [one.get("src") for one in page.all("img") if one.get("class") == "emoji"]
        assert shown == [f"/media/{key}"] and "<i>coffee</i> :no:" in page.main


async def test_reacting_with_nothing_leads_back_and_says_so(rig: Rig, alice: Account, bob: Account) -> None:
    post, visitor = rig.post(alice, "hello"), Visitor(rig, bob)
    back = await visitor.press(f"/posts/{post.id}/react", {"emoji": " ", "next": f"/@alice/{post.id}"})

    assert "Type one emoji" in (await visitor.read(back.partition("#")[0])).main


async def test_activity_says_with_which_emoji_somebody_reacted(rig: Rig, alice: Account, bob: Account) -> None:
    post = rig.post(alice, "hello")
    await Visitor(rig, bob).press(f"/posts/{post.id}/react/%F0%9F%A5%BE", {})

    assert "reacted to your post with 🥾" in (await Visitor(rig, alice).read("/notifications")).main
