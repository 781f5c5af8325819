"""Asking a translator that the owner of this server has chosen: LibreTranslate or DeepL. Only what everybody may read is ever sent there.

Answers are kept for a while in memory, a bounded number of them. What comes back is a stranger's HTML: who shows it cleans it.
"""

import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Any, Final, NamedTuple

import orjson

from fedi import limits
from fedi.config import TranslationSettings
from fedi.errors import FediError, Unavailable
from fedi.http import Client

NAMES: Final = {"libretranslate": "LibreTranslate", "deepl": "DeepL"}
_LANGUAGES_S: Final = 24 * 3600.0
_NOT_NOW: Final = "The translator of this server does not answer now. Try again later."


class Translated(NamedTuple):
    """Texts in another language, in order. `detected` is the language they were in."""

    texts: tuple[str, ...]
    detected: str
    provider: str


class Translator:
    """One per instance. `is_there` says whether one is configured; every other method raises Unavailable when there is none."""

    def __init__(self, settings: TranslationSettings, http: Client) -> None:
        self._settings = settings
        self._http = http
        self._kept: OrderedDict[Hashable, Translated] = OrderedDict()
        self._languages: dict[str, list[str]] = {}
        self._until = 0.0

    @property
    def is_there(self) -> bool:
        return bool(self._settings.provider)

    async def translate(self, key: Hashable, texts: Sequence[str], source: str, target: str) -> Translated:
        """HTML texts; `source` may be '' for whatever it is. The same `key` gives the same answer again. Raises Unavailable."""
        self._require()
        known = self._kept.get((key, target))
        if known is not None:
            self._kept.move_to_end((key, target))
            return known
        made = await (self._deepl(texts, source, target) if self._is_deepl else self._libre(texts, source, target))
        self._kept[key, target] = made
        while len(self._kept) > limits.TRANSLATIONS_KEPT:
            self._kept.popitem(last=False)
        return made

    async def languages(self) -> dict[str, list[str]]:
        """For each language that is understood, into which it can be translated. Raises Unavailable."""
        self._require()
        if not self._languages or self._until < time.monotonic():
            self._languages = await (self._deepl_languages() if self._is_deepl else self._libre_languages())
            self._until = time.monotonic() + _LANGUAGES_S
        return self._languages

    def _require(self) -> None:
        if not self.is_there:
            raise Unavailable("This server has no translator.", 24 * 3600)

    # -- DeepL --

    @property
    def _is_deepl(self) -> bool:
        return self._settings.provider == "deepl"

    @property
    def _place(self) -> str:
        if self._settings.url or not self._is_deepl:
            return self._settings.url.rstrip("/")
        return "https://api-free.deepl.com" if self._settings.api_key.endswith(":fx") else "https://api.deepl.com"

    async def _deepl(self, texts: Sequence[str], source: str, target: str) -> Translated:
        asked: dict[str, Any] = {"text": list(texts), "target_lang": target.upper(), "tag_handling": "html"}
        if source:
            asked["source_lang"] = source.partition("-")[0].upper()
        said = await self._ask("/v2/translate", asked)
        items = said.get("translations") if isinstance(said, dict) else None
        found = [item.get("text") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        detected = items[0].get("detected_source_language") if isinstance(items, list) and found else ""
        return _made(found, texts, str(detected or source), NAMES["deepl"])

    async def _deepl_languages(self) -> dict[str, list[str]]:
        sources, targets = [
            [str(item.get("language", "")).lower() for item in said if isinstance(item, dict)] if isinstance(said, list) else []
            for said in [await self._ask(f"/v2/languages?type={kind}", {}) for kind in ("source", "target")]
        ]
        return _listed({source: [target for target in targets if target.partition("-")[0] != source] for source in sources})

    # -- LibreTranslate --

    async def _libre(self, texts: Sequence[str], source: str, target: str) -> Translated:
        asked = {"q": list(texts), "source": source.partition("-")[0] or "auto", "target": target, "format": "html"}
        said = await self._ask("/translate", asked | {"api_key": self._settings.api_key})
        found = said.get("translatedText") if isinstance(said, dict) else None
        guessed = said.get("detectedLanguage") if isinstance(said, dict) else None
        first = guessed[0] if isinstance(guessed, list) and guessed else guessed
        detected = first.get("language") if isinstance(first, dict) else ""
        return _made(found if isinstance(found, list) else [], texts, str(detected or source), NAMES["libretranslate"])

    async def _libre_languages(self) -> dict[str, list[str]]:
        try:
            url = f"{self._place}/languages"
            found = await self._http.get(url, accept="application/json", types=None, max_bytes=limits.TRANSLATION_BYTES)
        except FediError:
            raise Unavailable(_NOT_NOW, 600) from None
        said = _json(found.body)
        listed = [item for item in said if isinstance(item, dict)] if isinstance(said, list) else []
        targets = {str(item.get("code", "")): item.get("targets") for item in listed}
        return _listed({code: [str(one) for one in some] if isinstance(some, list) else list(targets) for code, some in targets.items()})

    async def _ask(self, path: str, asked: dict[str, Any]) -> Any:
        """What the translator says. Raises Unavailable whatever is wrong with it: whose fault that is concerns the owner only."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._is_deepl:
            headers["Authorization"] = f"DeepL-Auth-Key {self._settings.api_key}"
        try:
            body = orjson.dumps(asked)
            answer = await self._http.post(self._place + path, headers=headers, body=body, most=limits.TRANSLATION_BYTES)
        except FediError:
            raise Unavailable(_NOT_NOW, 600) from None
        if answer.status in (429, 456):
            raise Unavailable("This server has translated much today. Try again later.", answer.retry_after_s or 3600)
        if answer.status != 200:
            raise Unavailable(_NOT_NOW, 600)
        return _json(answer.body)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Unavailable(_NOT_NOW, 600) from None


def _made(found: list[Any], texts: Sequence[str], detected: str, provider: str) -> Translated:
    if len(found) != len(texts) or not all(isinstance(text, str) and len(text) <= limits.TRANSLATION_BYTES for text in found):
        raise Unavailable(_NOT_NOW, 600)
    return Translated(tuple(found), detected.lower()[:35], provider)


def _listed(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Bounded, without what is no code."""
    codes = [code for code in found if 2 <= len(code) <= 35][:500]
    return {code: sorted(one for one in set(found[code]) if one != code and 2 <= len(one) <= 35)[:500] for code in codes}
