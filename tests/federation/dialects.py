"""People on scripted servers that speak as certain programs do: their ids, their keys and the forms of what they say."""

import itertools
from typing import Any

from tests import remote
from tests.remote import Actor, Json, World

NAMES = ("mastodon", "gotosocial", "mitra")
BASIC = ("mastodon", "gotosocial", "misskey", "pleroma")
_numbers = itertools.count(1)


class Dialect:
    """One program, as far as its activities look different."""

    def __init__(self, name: str, world: World, host: str = "peer.test") -> None:
        self.name = name
        self.world = world
        self.peer = world.peer(host)

    def actor(self, username: str, key: str = "", **more: Any) -> Actor:
        made = self.peer.actor(username, key=key, **more)
        if self.name == "gotosocial":  # the key has an address of its own, which answers with a stub of its owner
            made.set_key(key or username, "/main-key")
            made.document["publicKey"] = made.public_key
            stub = {name: made.document[name] for name in ("@context", "id", "type", "preferredUsername", "publicKey")}
            self.peer.documents[f"/users/{username}/main-key"] = stub
        if self.name == "mitra":
            del made.document["endpoints"]
            made.document |= {"authentication": [], "assertionMethod": [], "subscribers": f"{made.uri}/subscribers"}
        return made

    def _id(self, who: Actor, kind: str) -> str:
        number = next(_numbers)
        return {
            "mastodon": f"{who.uri}#{kind.lower()}s/{number}",
            "gotosocial": f"{who.uri}/{kind.lower()}s/01J{number:023d}",
            "mitra": f"{who.peer.base}/activities/{kind.lower()}/{number}",
            "misskey": f"{who.peer.base}/{kind.lower()}s/{number}",
            "pleroma": f"{who.peer.base}/activities/{number:08d}-0000-4000-8000-000000000000",
        }[self.name]

    def say(self, who: Actor, kind: str, obj: Any, **more: Any) -> Json:
        """An activity as this program words it."""
        made = who.activity(kind, obj, **more) | {"id": self._id(who, kind)}
        if self.name == "mastodon" and kind == "Delete":
            made |= {"to": [remote.PUBLIC], "signature": {"type": "RsaSignature2017", "creator": who.key.id, "signatureValue": "AAAA"}}
        if self.name == "misskey" and kind == "Like":
            made |= {"content": "\U0001f44d", "_misskey_reaction": "\U0001f44d"}
        if self.name == "pleroma":
            made |= {"bto": [], "context": f"{who.peer.base}/contexts/1", "to": more.get("to", []), "cc": more.get("cc", [remote.PUBLIC])}
        if self.name == "gotosocial":
            made |= {"to": more.get("to", obj if isinstance(obj, str) else [])}
        return made

    def undo(self, who: Actor, activity: Json) -> Json:
        return self.say(who, "Undo", activity if self.name != "mitra" else {k: v for k, v in activity.items() if k != "@context"})

    def accept(self, who: Actor, follow: Json) -> Json:
        """Mitra and Pleroma name the Follow by its id, the others embed it; Misskey gives its own answer no id."""
        made = self.say(who, "Accept", follow["id"] if self.name in ("mitra", "pleroma") else follow)
        return {name: value for name, value in made.items() if name != "id"} if self.name == "misskey" else made

    def move(self, old: Actor, new: Actor) -> tuple[Actor, Json]:
        """(who says it, what they say): Mitra's new account says it, the others' old one. Both documents are as they are then."""
        old.document["movedTo"] = new.uri
        new.document["alsoKnownAs"] = [old.uri]
        who = new if self.name == "mitra" else old
        return who, self.say(who, "Move", old.uri, target=new.uri, to=old.followers)

    def flag(self, who: Actor, uris: list[str], comment: str) -> Json:
        """Mastodon and GoToSocial report in the name of the server, Mitra in somebody's."""
        return self.say(who, "Flag", uris, content=comment)

    @property
    def reporter(self) -> str:
        return {"mastodon": "actor", "gotosocial": "peer.test", "mitra": "carol"}[self.name]
