"""Posts in another language: by a translator that is scripted, and by none."""

import json
from typing import Any

import pytest

from fedi import limits
from fedi.config import TranslationSettings
from fedi.errors import Unreachable
from fedi.http import Answer, Fetched
from fedi.polls import NewPoll
from fedi.storage.accounts import Account
from fedi.translator import Translator
from tests import make
from tests.web.api.conftest import Api


class Wire:
    """What is sent to a translator, and what it says: every text comes back with `!` in front of its words."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.status = 200
        self.body: bytes | None = None

    async def post(self, url: str, *, headers: dict[str, str], body: bytes, most: int) -> Answer:
        asked = json.loads(body)
        self.asked.append((url, headers, asked))
        if self.body is not None or self.status != 200:
            return Answer(self.status, self.body or b"", None)
        said: Any
        if "languages" in url:
            said = [{"language": "DE"}, {"language": "EN"}] if "source" in url else [{"language": "EN-GB"}, {"language": "DE"}]
        elif "q" in asked:
            said = {"translatedText": [f"!{text}" for text in asked["q"]], "detectedLanguage": [{"language": "de"}]}
        else:
            said = {"translations": [{"text": f"!{text}", "detected_source_language": "DE"} for text in asked["text"]]}
        return Answer(200, json.dumps(said).encode(), None)

    async def get(self, url: str, **more: Any) -> Fetched:
        said = [{"code": "de", "targets": ["en", "fr", "de"]}, {"code": "en", "targets": ["de"]}, {"code": 5}]
        return Fetched(url, json.dumps(said).encode(), "application/json")


@pytest.fixture
def wire(api: Api) -> Wire:
    made = Wire()
    use(api, made, TranslationSettings("libretranslate", "https://lt.test/", "key"))
    return made


def use(api: Api, wire: Wire, settings: TranslationSettings) -> None:
    api.rig.instance.translator = Translator(settings, wire)  # type: ignore[arg-type]


async def test_a_post_is_translated_with_all_that_belongs_to_it(api: Api, wire: Wire, alice: Account, bob: Account) -> None:
    picture = api.run(make.picture, alice, alt="Eine Katze & ein Hund")
    post = await api.say(alice, "Hallo **Welt**", spoiler_text="Vorsicht", language="de", media_ids=[str(picture.id)])

    answer = await api.post(bob, f"/api/v1/statuses/{post['id']}/translate", json={"lang": "en"})

    assert answer.json == {
        "content": "!<p>Hallo <strong>Welt</strong></p>", "spoiler_text": "!Vorsicht", "language": "en",
        "media_attachments": [{"id": str(picture.id), "description": "!Eine Katze & ein Hund"}],
        "detected_source_language": "de", "provider": "LibreTranslate",
    }  # fmt: skip
    ((url, _, asked),) = wire.asked
    assert url == "https://lt.test/translate" and asked["api_key"] == "key" and (asked["source"], asked["target"]) == ("de", "en")


async def test_a_poll_is_translated_and_asked_for_once(api: Api, wire: Wire, alice: Account, bob: Account) -> None:
    post = api.run(make.post, alice, "Was?", poll=NewPoll(("Tee", "Saft")), language="de")

    for who in (alice, bob, alice):
        found = (await api.post(who, f"/api/v1/statuses/{post.id}/translate", json={"lang": "en"})).json
        assert found["poll"] == {"id": str(post.id), "options": [{"title": "!Tee"}, {"title": "!Saft"}]}
    assert len(wire.asked) == 1
    assert (await api.post(bob, f"/api/v1/statuses/{post.id}/translate", json={"lang": "fr"})).status == 200 and len(wire.asked) == 2


async def test_deepl_is_asked_as_it_wants_to_be(api: Api, wire: Wire, alice: Account) -> None:
    use(api, wire, TranslationSettings("deepl", "", "abc:fx"))
    post = api.run(make.post, alice, "Hallo", language="de")

    found = (await api.post(alice, f"/api/v1/statuses/{post.id}/translate", json={"lang": "en"})).json

    ((url, headers, asked),) = wire.asked
    assert url == "https://api-free.deepl.com/v2/translate" and headers["Authorization"] == "DeepL-Auth-Key abc:fx"
    assert (asked["source_lang"], asked["target_lang"], found["provider"]) == ("DE", "EN", "DeepL")
    assert (await api.get(None, "/api/v1/instance/translation_languages")).json == {"de": ["en-gb"], "en": ["de"]}


async def test_the_languages_are_listed(api: Api, wire: Wire) -> None:
    assert (await api.get(None, "/api/v1/instance/translation_languages")).json == {"de": ["en", "fr"], "en": ["de"]}


async def test_what_comes_back_is_a_strangers_html_XSS_01(api: Api, wire: Wire, alice: Account) -> None:
    post = api.run(make.post, alice, "Hallo", language="de")
    wire.body = json.dumps({"translatedText": ["<p onclick=x>Hi<script>alert(1)</script></p>", "<b>w</b>"]}).encode()

    found = (await api.post(alice, f"/api/v1/statuses/{post.id}/translate", json={"lang": "en"})).json

    assert found["content"] == "<p>Hi</p>" and found["spoiler_text"] == "w"


@pytest.mark.parametrize("visibility", ["followers", "direct", "local"])
async def test_what_is_not_for_everybody_is_told_to_no_translator_VIS(
    api: Api, wire: Wire, alice: Account, bob: Account, visibility: str
) -> None:
    is_local = visibility == "local"
    post = api.run(make.post, alice, "geheim", "public" if is_local else visibility, mentions=(bob,), local_only=is_local)

    for who in (alice, bob):
        assert (await api.post(who, f"/api/v1/statuses/{post.id}/translate", json={"lang": "en"})).status == 403
    if not is_local:
        stranger = api.run(make.account)
        assert (await api.post(stranger, f"/api/v1/statuses/{post.id}/translate", json={"lang": "en"})).status == 404
    assert wire.asked == []


async def test_without_a_translator_that_is_said(api: Api, alice: Account) -> None:
    post = api.run(make.post, alice, "Hallo", language="de")

    answer = await api.post(alice, f"/api/v1/statuses/{post.id}/translate", json={"lang": "en"})

    assert (answer.status, answer.json) == (503, {"error": "This server has no translator."})
    assert (await api.get(None, "/api/v1/instance/translation_languages")).json == {}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (429, b""),
        (456, b""),
        (200, b"{"),
        (200, b"[]"),
        (200, b'{"translatedText": "x"}'),
        (200, b'{"translatedText": [1, 2]}'),
        (200, None),
    ],
)
async def test_a_translator_that_fails_is_unavailable(api: Api, wire: Wire, alice: Account, status: int, body: bytes | None) -> None:
    post = api.run(make.post, alice, "Hallo", language="de")
    wire.status, wire.body = status, body
    if body is None:

        async def broken(url: str, **more: Any) -> Answer:
            raise Unreachable("No.")

        wire.post = broken  # type: ignore[method-assign]
    assert (await api.post(alice, f"/api/v1/statuses/{post.id}/translate", json={"lang": "en"})).status == 503


async def test_nobody_spends_all_the_owner_pays_for(api: Api, wire: Wire, alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    post = api.run(make.post, alice, "Hallo", language="de")
    statuses = [
        (await api.post(alice, f"/api/v1/statuses/{post.id}/translate", json={"lang": "en"})).status for _ in range(limits.TRANSLATIONS + 1)
    ]
    assert statuses[0] == 200 and statuses[-1] == 429


@pytest.mark.parametrize(("lang", "status"), [("de", 403), ("de-AT", 403), ("x", 422), ("../", 422), ("en", 200)])
async def test_into_what_it_can_be_translated(api: Api, wire: Wire, alice: Account, lang: str, status: int) -> None:
    post = api.run(make.post, alice, "Hallo", language="de")
    assert (await api.post(alice, f"/api/v1/statuses/{post.id}/translate", json={"lang": lang})).status == status
