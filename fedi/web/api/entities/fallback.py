"""NotificationFallback: a notification in words, for programs that do not know its type."""

from typing import Final

from fedi.html import escape_text
from fedi.storage.accounts import Account
from fedi.web.api.entities.places import Json

_WORDS: Final = {
    "follow": "{} followed you",
    "follow_request": "{} asks to follow you",
    "mention": "{} named you",
    "favourite": "{} liked your post",
    "reaction": "{} reacted to your post",
    "boost": "{} boosted your post",
    "edit": "{} edited a post you boosted",
    "post": "{} wrote something new",
    "quote": "{} quoted your post",
    "quoted_edit": "{} edited a post you quoted",
    "poll": "A poll of {} is over",
    "report": "{} sent a report",
    "sign_up": "{} signed up",
    "severance": "You have lost follows: their server is blocked, or they are suspended",
    "warning": "Those who look after this server have a word for you",
    "collection": "{} put you in a collection",
    "collection_edit": "{} changed a collection you are in",
    "approval": "{} asks for your yes",
    "moderation": "{} has moderated what you do in the group",
    "move": "{} is where somebody you followed has moved to",
}
_SUMMARY: Final = "Your app does not know this kind of notification. You find it on the page of this server, under Activity."


def fallback(kind: str, sender: Account) -> Json:
    """Source: Mastodon documentation, NotificationFallback."""
    name = escape_text(sender.display_name or sender.handle)
    return {"title": _WORDS.get(kind, "{} did something").format(name), "summary": _SUMMARY, "details": None}
