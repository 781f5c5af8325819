import pytest

from fedi import search_words
from fedi.storage.db import Database
from tests import make


@pytest.fixture
def db() -> Database:
    return make.database()


@pytest.mark.parametrize(
    ("text", "found", "not_found"),
    [
        ("Ein schöner Tag", ["schöner", "SCHONER", "tag", "ein"], ["tage", "schön"]),
        ("今日は日本語で話します", ["日本語", "日本", "本", "語", "話します"], ["本日", "英語", "日語"]),
        ("한국어를 검색합니다", ["한국어", "검색", "국어"], ["국한", "색검"]),
        ("สวัสดีชาวโลก", ["สวัสดี", "โลก", "ชาว"], ["กโล"]),
        ("mix日本語と英語mixed", ["日本語", "英語", "mix", "mixed"], ["語日"]),
        ("snake_case and don't", ["snake", "case", "snake_case", "don't"], ["snakes"]),
        ("ﬁrst ｈａｌｆ", ["first", "half"], []),
    ],
)
def test_words_are_found_in_every_language(db: Database, text: str, found: list[str], not_found: list[str]) -> None:
    def looked_up(word: str) -> bool:
        with_words = "SELECT 1 FROM post_search WHERE post_search MATCH ?"
        return db.read(lambda tx: tx.one(with_words, (search_words.phrase(word),))) is not None

    db.transact(lambda tx: tx.execute("INSERT INTO post_search (rowid, text) VALUES (1, ?)", (search_words.indexed(text),)))

    assert [word for word in found if not looked_up(word)] == []
    assert [word for word in not_found if looked_up(word)] == []


def test_the_beginning_of_a_word_is_looked_for_only_where_that_is_said() -> None:
    assert search_words.phrase("holi") == '"holi"'
    assert search_words.phrase("holi", prefix=True) == '"holi"*'
    assert search_words.phrase("日") == '"日"*'


@pytest.mark.parametrize("text", ["", " ", "!!!", "🎉", "*", '"', "\u202e", "---"])
def test_what_has_no_letter_in_it_asks_for_nothing(text: str) -> None:
    assert search_words.phrase(text, prefix=True) == ""


@pytest.mark.parametrize("text", ['a" OR "b', "a) OR (b", "text:a", "NEAR(a b)", "a*", "^a", "{a}: b", "a + b", 'a"* OR text:"b', "a\x00b"])
def test_no_text_is_read_as_an_expression(db: Database, text: str) -> None:
    db.transact(lambda tx: tx.execute("INSERT INTO post_search (rowid, text) VALUES (1, 'b'), (2, 'unrelated')"))
    for prefix in (False, True):
        made = search_words.phrase(text, prefix=prefix)
        assert db.read(lambda tx, made=made: tx.query("SELECT rowid FROM post_search WHERE post_search MATCH ?", (made or '"-"',))) == []
