"""Letters go out by SMTP, to a mail server on a socket that writes down what it is told."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from fedi import mail
from fedi.config import MailSettings
from fedi.errors import Refused, Unreachable
from fedi.letters import Letter

LETTER = Letter("carol@mail.test", "Is this yours?\r\nBcc: everybody@mail.test", "Hello carol,\n\nöpen this.\n")


@contextmanager
def mail_server(answer: str = "250 fine") -> Iterator[tuple[MailSettings, list[str]]]:
    """One connection; `answer` is what it says to who is to get the letter."""
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rw", newline="\r\n", encoding="utf-8") as stream:
                speak(stream, answer, said)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield MailSettings("127.0.0.1", listener.getsockname()[1], sender="fedi@fedi.test", security="none"), said
        thread.join(5)


def speak(stream: object, answer: str, said: list[str]) -> None:
    def say(text: str) -> None:
        stream.write(f"{text}\n")  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]

    say("220 mail.test")
    in_letter = False
    for line in stream:  # type: ignore[attr-defined]
        said.append(line.rstrip("\r\n"))
        if in_letter:
            in_letter = said[-1] != "."
            if not in_letter:
                say("250 taken")
        elif said[-1] == "data":
            in_letter = True
            say("354 go on")
        elif said[-1].lower() == "quit":
            say("221 bye")
            return
        else:
            say(answer if said[-1].startswith("rcpt") else "250 fine")


def test_a_letter_is_handed_over_whole() -> None:
    with mail_server() as (settings, said):
        mail.send(settings, "fedi.test", LETTER)
    assert "mail FROM:<fedi@fedi.test>" in " ".join(said) and "rcpt TO:<carol@mail.test>" in said
    assert [line for line in said if line.startswith("rcpt")] == ["rcpt TO:<carol@mail.test>"]
    assert "Auto-Submitted: auto-generated" in said
    assert [line for line in said if line.startswith("Bcc:")] == [], "no line of a subject becomes a header"


@pytest.mark.parametrize(("answer", "error"), [("550 nobody", Refused), ("451 later", Unreachable)])
def test_what_a_mail_server_says_decides_whether_to_try_again(answer: str, error: type[Exception]) -> None:
    with mail_server(answer) as (settings, _), pytest.raises(error):
        mail.send(settings, "fedi.test", LETTER)


def test_headers_of_a_letter_go_out_in_one_piece_and_none_begins_another() -> None:
    """Folded or encoded, the address that ends a subscription would be none. Source: RFC 8058."""
    end = f"<https://fedi.test/newsletter/unsubscribe?token={'x' * 43}>"
    with mail_server() as (settings, said):
        mail.send(settings, "fedi.test", Letter("carol@mail.test", "New", "open\n", (("List-Unsubscribe", end),)))
    assert f"List-Unsubscribe: {end}" in said
    for letter in (
        Letter("carol@mail.test", "x", "x", (("List-Id", "x\r\nBcc: all@mail.test"),)),
        Letter("carol@mail.test\r\nBcc: all@mail.test", "x", "x"),
    ):
        with pytest.raises(Unreachable):
            mail.send(settings, "fedi.test", letter)
    assert not [line for line in said if "all@mail.test" in line]


def test_a_mailbox_that_is_gone_is_told_from_a_server_that_wants_nothing() -> None:
    with mail_server("550 nobody") as (settings, _), pytest.raises(mail.NoMailbox):
        mail.send(settings, "fedi.test", LETTER)


def test_a_mail_server_is_looked_at_without_a_letter() -> None:
    with mail_server() as (settings, said):
        assert mail.check(settings) == f"127.0.0.1:{settings.port} answers without TLS, and asks for no name"
    assert said and not [line for line in said if line.lower().startswith(("mail", "rcpt", "data"))]


@pytest.mark.parametrize("change", [{"security": "starttls"}, {"user": "fedi", "password": "x"}])
def test_a_mail_server_that_lacks_what_is_wanted_is_told(change: dict[str, str]) -> None:
    with mail_server() as (settings, said), pytest.raises((Unreachable, Refused), match=r"127\.0\.0\.1"):
        mail.check(replace(settings, **change))  # type: ignore[arg-type]
    assert not [line for line in said if line.lower().startswith(("mail", "rcpt", "data"))]


def test_a_mail_server_that_is_not_there_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable):
        mail.send(MailSettings("127.0.0.1", port, sender="fedi@fedi.test", security="none"), "fedi.test", LETTER)


def test_where_tls_is_wanted_no_letter_goes_without() -> None:
    with mail_server() as (settings, said), pytest.raises(Unreachable):
        mail.send(MailSettings(settings.host, settings.port, sender="fedi@fedi.test", security="starttls"), "fedi.test", LETTER)
    assert not [line for line in said if line.startswith(("mail", "rcpt", "data"))]
