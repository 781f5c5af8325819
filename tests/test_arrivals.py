"""The text of posts that arrive, in whatever it is written."""

import html as entities

import pytest

from fedi import arrivals, limits
from fedi.activitypub import parse
from fedi.storage.accounts import Account
from fedi.storage.db import Database
from tests import make


@pytest.fixture
def carol(db: Database) -> Account:
    return db.transact(make.remote, "carol")


def tag_url(name: str) -> str:
    return f"https://fedi.test/tags/{name}"


def written(carol: Account, text: str, kind: str = "text/markdown", mentions: tuple[parse.Mention, ...] = ()) -> parse.Note:
    return make.note(carol)._replace(content=text, content_type=kind, mentions=mentions)


def test_markdown_is_rendered_and_links_whom_its_tags_name(carol: Account) -> None:
    """Observed: PeerTube."""
    named = parse.Mention("https://bae.test/users/af2", "@Af2@Bae.test")
    html = arrivals.html_of(written(carol, "@af2@bae.test *see* @nobody@else.test <b>", mentions=(named,)), tag_url)
    assert html == (
        '<p><span class="h-card"><a href="https://bae.test/users/af2" class="u-url mention">@<span>Af2</span></a></span> <em>see</em>'
        " @nobody@else.test &lt;b&gt;</p>"
    )


def test_plain_text_keeps_its_lines_and_links(carol: Account) -> None:
    html = arrivals.html_of(written(carol, "one\ntwo *three*\n\n<i>\u202e https://a.test/x #Topic", "text/plain"), tag_url)
    assert html.startswith("<p>one<br>two *three*</p><p>&lt;i&gt; <a href=")
    assert 'href="https://fedi.test/tags/topic"' in html


@pytest.mark.parametrize("kind", ["text/markdown", "text/plain", "text/bbcode", "text/html"])
@pytest.mark.parametrize(
    "piece", ["#abc ", "*a* _b_ ", "- a\n", ">> a\n", "a\n\n", "[a](https://a.test/) ", "@a@b.test ", "`", "<p>", "word "]
)
def test_no_text_grows_out_of_its_bounds_DOS_05(carol: Account, kind: str, piece: str) -> None:
    note = written(carol, (piece * 100_000)[: limits.CONTENT_CHARS], kind)
    html = arrivals.html_of(note, tag_url)
    assert len(entities.unescape(html)) <= 2 * limits.CONTENT_CHARS
    assert html.count("<") <= 2 * limits.HTML_MARKUP


def test_long_markdown_is_read_off_the_loop(carol: Account) -> None:
    assert not arrivals.is_heavy(written(carol, "a " * 1_000))
    assert arrivals.is_heavy(written(carol, "a " * 10_000))
    assert not arrivals.is_heavy(written(carol, "a " * 7_000, "text/html"))
