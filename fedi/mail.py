"""Sending a letter by SMTP. Waits for the mail server: run it in a thread."""

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Final

from fedi.config import MailSettings
from fedi.errors import Refused, Unreachable
from fedi.letters import Letter

_TIMEOUT_S: Final = 20
_LATER: Final = 500  # from here on the mail server says never
_POLICY: Final = SMTP.clone(max_line_length=500)  # folded earlier, an address in a header would be encoded, and then be none


class NoMailbox(Refused):
    """The mail server has nobody of that address, and never will."""


def send(settings: MailSettings, domain: str, letter: Letter) -> None:
    """Raises Unreachable when it may be tried again, Refused when the mail server will not have it. Source: RFC 5321."""
    try:
        message = _message(settings, domain, letter)
        with _connected(settings) as server:
            if settings.user:
                server.login(settings.user, settings.password)
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _ in error.recipients.values())
        raise _failed(code, NoMailbox) from None
    except smtplib.SMTPResponseException as error:
        raise _failed(error.smtp_code) from None
    except (OSError, smtplib.SMTPException, ValueError):
        raise Unreachable("The mail server does not answer as one.") from None


def _message(settings: MailSettings, domain: str, letter: Letter) -> EmailMessage:
    """Raises ValueError for what would begin another header."""
    message = EmailMessage(policy=_POLICY)
    message["From"], message["To"], message["Subject"] = settings.sender, letter.to, " ".join(letter.subject.split())
    message["Date"], message["Message-ID"] = formatdate(usegmt=True), make_msgid(domain=domain.partition(":")[0])
    message["Auto-Submitted"] = "auto-generated"
    for name, value in letter.headers:
        message[name] = value
    message.set_content(letter.text)
    return message


def check(settings: MailSettings) -> str:
    """How the mail server lets us in, in words, without sending a letter. Raises Unreachable or Refused, saying at which step."""
    step = "connect"
    try:
        with _connected(settings) as server:
            step = "sign in"
            server.ehlo_or_helo_if_needed()
            if settings.user:
                server.login(settings.user, settings.password)
            step = "go on"
            server.noop()
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or "no secure connection"
        raise Unreachable(f"{_place(settings)}: TLS: {reason}") from None
    except smtplib.SMTPAuthenticationError as error:
        raise Refused(f"{_place(settings)} does not take the name and password ({error.smtp_code})", error.smtp_code) from None
    except smtplib.SMTPResponseException as error:
        raise Refused(f"{_place(settings)} does not let us {step} ({error.smtp_code})", error.smtp_code) from None
    except smtplib.SMTPNotSupportedError as error:
        raise Unreachable(f"{_place(settings)}: {error}") from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Unreachable(f"{_place(settings)}: cannot {step}: {reason}") from None
    secure = {"starttls": "with STARTTLS", "tls": "with TLS", "none": "without TLS"}[settings.security]
    return f"{_place(settings)} answers {secure}" + (f", and lets {settings.user} in" if settings.user else ", and asks for no name")


def _place(settings: MailSettings) -> str:
    return f"{settings.host}:{settings.port}"


def _connected(settings: MailSettings) -> smtplib.SMTP:
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=_TIMEOUT_S, context=ssl.create_default_context())
    server = smtplib.SMTP(settings.host, settings.port, timeout=_TIMEOUT_S)
    if settings.security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _failed(code: int, never: type[Refused] = Refused) -> Unreachable | Refused:
    if code >= _LATER:
        return never(f"The mail server refused the letter ({code}).", code)
    return Unreachable(f"The mail server wants it later ({code}).", status=code)
