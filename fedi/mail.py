"""Sending a letter by SMTP. Waits for the mail server: run it in a thread."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final

from fedi.config import MailSettings
from fedi.errors import Refused, Unreachable
from fedi.letters import Letter

_TIMEOUT_S: Final = 20
_LATER: Final = 500  # from here on the mail server says never


def send(settings: MailSettings, domain: str, letter: Letter) -> None:
    """Raises Unreachable when it may be tried again, Refused when the mail server will not have it. Source: RFC 5321."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.sender, letter.to, " ".join(letter.subject.split())
    message["Date"], message["Message-ID"] = formatdate(usegmt=True), make_msgid(domain=domain.partition(":")[0])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    try:
        with _connected(settings) as server:
            if settings.user:
                server.login(settings.user, settings.password)
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _ in error.recipients.values())
        raise _failed(code) from None
    except smtplib.SMTPResponseException as error:
        raise _failed(error.smtp_code) from None
    except (OSError, smtplib.SMTPException, ValueError):
        raise Unreachable("The mail server does not answer as one.") from None


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


def _failed(code: int) -> Unreachable | Refused:
    if code >= _LATER:
        return Refused(f"The mail server refused the letter ({code}).", code)
    return Unreachable(f"The mail server wants it later ({code}).", status=code)
