"""Texts as they are looked for: words apart. Languages written without spaces are cut into pairs of characters, on both sides alike.

The index holds for `日本語` the words `日本`, `本語` and `語`; who looks for `日本語` looks for `日本` followed by `本語`.
"""

import re
import unicodedata

from fedi import plaintext

# Thai, Lao, Myanmar, Khmer, kana, Han, hangul: no spaces, or endings grown onto the words.
_PAIRED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_PAIRED}]+")
_PIECE = re.compile(f"[{_PAIRED}]+|[^{_PAIRED}]+")


def indexed(text: str) -> str:
    """A text as it stands in the index."""
    if text.isascii():
        return text
    return _RUN.sub(lambda run: f" {' '.join([*_pairs(run[0]), run[0][-1]])} ", unicodedata.normalize("NFKC", text))


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def phrase(text: str, *, prefix: bool = False) -> str:
    """What finds a word, or words in a row, as an expression of SQLite's FTS5; '' when there is nothing in it to look for.

    With `prefix`, words that begin with the last one count too. Nothing in `text` is read as part of an expression.
    """
    pieces = [piece for piece in _PIECE.findall(unicodedata.normalize("NFKC", plaintext.tidy(text))) if any(map(str.isalnum, piece))]
    made = [_quoted(piece, prefix and piece is pieces[-1]) for piece in pieces]
    return " AND ".join(made)


def _quoted(piece: str, prefix: bool) -> str:
    if not _RUN.fullmatch(piece):
        return f'"{piece.replace(chr(34), " ")}"{"*" if prefix and piece[-1].isalnum() else ""}'
    return f'"{" ".join(_pairs(piece))}"' if len(piece) > 1 else f'"{piece}"*'
