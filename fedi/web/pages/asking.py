"""The page between a button that destroys something and what it does: nothing happens until one has said yes."""

from typing import NamedTuple

from aiohttp import web

from fedi.web.pages import site


class Question(NamedTuple):
    """`action` is where a yes is posted, `back` where who changes their mind goes, `target` where who was heard goes."""

    text: str
    consequence: str
    button: str
    action: str
    back: str
    target: str
    area: str = ""


def ask(request: web.Request, question: Question) -> web.Response:
    """The question, with what follows from a yes."""
    return site.show(
        request,
        "confirm.html",
        question.text,
        area=question.area,
        question=question.text,
        consequence=question.consequence,
        entry=None,
        action=question.action,
        back=question.back,
        target=question.target,
        button=question.button,
    )
