"""The rules of this server: what people here agree to, and what reports may name."""

from fedi import limits, plaintext
from fedi.errors import Invalid, NotFound
from fedi.storage import rules as rows
from fedi.storage import settings as setting_rows
from fedi.storage.db import Tx
from fedi.storage.rules import Rule


def add(tx: Tx, text: str, hint: str = "") -> Rule:
    """Raises Invalid for a rule that says nothing, is too long, or is one too many."""
    if len(rows.list_all(tx)) >= limits.RULES:
        raise Invalid(f"Up to {limits.RULES} rules, please.", "text")
    made = rows.add(tx, _said(text, limits.RULE_CHARS, "text"), _said(hint, limits.RULE_HINT_CHARS, "hint") if hint.strip() else "")
    setting_rows.audit(tx, None, "rule.add", str(made.id))
    return made


def translate(tx: Tx, rule_id: int, language: str, text: str, hint: str = "") -> None:
    """Say a rule in another language. Raises NotFound, Invalid."""
    known = rows.find(tx, rule_id)
    if known is None:
        raise NotFound("There is no such rule. `fedi rule list` shows them.")
    if not language or len(language) > 20 or not language.replace("-", "").isalnum():
        raise Invalid(f"`{language[:20]}` is not a language code. Write like `de`.", "language")
    said = _said(text, limits.RULE_CHARS, "text")
    rows.put_translation(tx, known, language, said, _said(hint, limits.RULE_HINT_CHARS, "hint") if hint.strip() else "")


def remove(tx: Tx, rule_id: int) -> None:
    """Raises NotFound."""
    if not rows.delete(tx, rule_id):
        raise NotFound("There is no such rule. `fedi rule list` shows them.")
    setting_rows.audit(tx, None, "rule.remove", str(rule_id))


def _said(text: str, most: int, field: str) -> str:
    found = plaintext.line(text, most + 1)
    if not found:
        raise Invalid("A rule says something.", field)
    if len(found) > most:
        raise Invalid(f"Up to {most} characters, please.", field)
    return found
