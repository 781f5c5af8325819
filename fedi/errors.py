"""The error tree: the only exceptions that cross a room boundary.

    FediError                       a message a person may read
      Invalid(field)                what was asked cannot be: 422, CLI exit 2
        TooLarge                    over a size limit: 413
      Unauthenticated               401, CLI exit 3
      Forbidden                     403, CLI exit 3
      NotFound  Gone  Conflict      404 / 410 / 409, CLI exit 4
      TooMany(retry_after_s)        429
      Unavailable(retry_after_s)    503: the write may or may not have happened
        StorageFull                 507
      RemoteError                   another server's fault
        Malformed  Untrusted        400 / 401; a job drops and counts it
        Unreachable                 502; a job retries it; CLI exit 5
        Refused(status)  RemoteGone 502; a job gives up

Each edge translates the tree once: `web/errors.py`, `jobs.py`, `cli/__init__.py`. Anything that is not a
FediError is a bug of ours and is never shown.
"""


class FediError(Exception):
    """Base of the tree. `message` is written for the person who caused it: no paths, no SQL, no addresses."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Invalid(FediError):
    """The request itself is wrong. `field` names the offending input, dotted (`federation.timeout_s`)."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TooLarge(Invalid):
    """An input is over its size limit."""


class Unauthenticated(FediError):
    """Nobody is signed in, or the credentials are wrong."""


class Forbidden(FediError):
    """Somebody is signed in, but may not do this."""


class NotFound(FediError):
    """There is no such thing, or the viewer may not know that there is."""


class Gone(FediError):
    """It existed and was deleted for good."""


class Conflict(FediError):
    """The thing exists already, or changed meanwhile."""


class TooMany(FediError):
    """A rate limit was reached; try again after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: int = 60) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unavailable(FediError):
    """The server cannot do it now; a write that raised this has an unknown outcome."""

    def __init__(self, message: str, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StorageFull(Unavailable):
    """The disk is full: writes are refused, reads go on."""


class RemoteError(FediError):
    """Another server did something wrong, or nothing."""


class Malformed(RemoteError):
    """A document or message is not of the shape its specification gives."""


class Untrusted(RemoteError):
    """A signature, owner or origin does not match what it vouches for."""


class Unreachable(RemoteError):
    """No answer, or one that asks to come back later. `retry_after_s` when the peer named it."""

    def __init__(self, message: str, retry_after_s: int | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.status = status


class Refused(RemoteError):
    """The peer answered, and the answer is no."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class RemoteGone(RemoteError):
    """The peer says that the thing is deleted (410), or serves a Tombstone."""
