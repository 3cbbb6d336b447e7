"""The pages' HTML: plain forms that work without JavaScript and are labelled as simulated."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from xtmig_kernel.simulator.http import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

_STYLE = """
:root { color-scheme: light; }
body { margin: 0; font: 1rem/1.5 system-ui, "Segoe UI", sans-serif; background: #e9edf2; color: #1b1f24; }
.banner { background: #5b2a86; color: #fff; padding: .5rem 1rem; text-align: center; }
main { max-width: 30rem; margin: 2.5rem auto; background: #fff; padding: 1.75rem 2rem; border-radius: .5rem;
  box-shadow: 0 .1rem .8rem #0003; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; }
.organisation { color: #4a5260; margin: 0 0 1.25rem; }
fieldset { border: 0; padding: 0; margin: 0 0 1.25rem; }
legend { font-weight: 600; margin-bottom: .5rem; padding: 0; }
label.choice { display: block; padding: .6rem .75rem; margin: .35rem 0; border: 1px solid #8a93a0;
  border-radius: .35rem; cursor: pointer; }
label.choice small { display: block; color: #4a5260; }
input[type=text] { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; letter-spacing: .12em; }
button { font: inherit; padding: .5rem 1.25rem; border-radius: .35rem; border: 1px solid #0b5394; cursor: pointer; }
button.primary { background: #0b5394; color: #fff; }
button.secondary { background: #fff; color: #0b5394; }
.actions { display: flex; gap: .75rem; justify-content: flex-end; }
:focus-visible { outline: 3px solid #d97706; outline-offset: 2px; }
.error { border-left: .3rem solid #b3261e; padding-left: .8rem; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem; }
code { overflow-wrap: anywhere; }
"""
BANNER = "Simulated sign-in for practice. No password, nothing leaves this computer."


def page(title: str, organisation: str, body: str, *, status: int = 200, outcome: str = "asked") -> Answer:
    """A whole page.

    Args:
        title: Heading and title, as plain text.
        organisation: Whose page it is, as plain text.
        body: HTML.
        status: HTTP status.
        outcome: What the page is about, for a script: `asked`, `done`, `declined` or `refused`.
    """
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} (simulated)</title><style>{_STYLE}</style></head><body>"
        f'<div class="banner" role="note">{BANNER}</div>'
        f'<main data-outcome="{outcome}"><h1>{escape(title)}</h1>'
        f'<p class="organisation">{escape(organisation)}</p>{body}</main></body></html>'
    )
    return Answer(status, html, {"Cache-Control": "no-store", "X-Simulated-Outcome": outcome})


def refusal(title: str, organisation: str, text: str, *, status: int = 400) -> Answer:
    """A page that says why it does not go on."""
    body = f'<p class="error" role="alert">{escape(text)}</p>'
    return page(title, organisation, body, status=status, outcome="refused")


def handing_over(address: str, organisation: str, answer: Mapping[str, str]) -> Answer:
    """The page that posts a sign-in's answer to the client (`response_mode=form_post`).

    Where scripts run it goes on by itself, as the real one does; otherwise by its button.

    Args:
        address: The client's redirect address, already checked.
        organisation: Whose page it is.
        answer: The fields to hand over.
    """
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in answer.items()
    )
    body = (
        f'<form method="post" action="{escape(address)}" id="answer">{kept}'
        '<div class="actions"><button class="primary">Go back to the program</button></div></form>'
        "<script>document.getElementById('answer').submit()</script>"
    )
    return page("Signed in", organisation, body, outcome="done")


def form(fields: str, buttons: str, hidden: Mapping[str, str]) -> str:
    """A form that posts to the page it is on, keeping what is already known in hidden fields."""
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in hidden.items()
    )
    return f'<form method="post">{kept}{fields}<div class="actions">{buttons}</div></form>'


def button(value: str, text: str, *, primary: bool) -> str:
    """A button that sends a decision."""
    kind = "primary" if primary else "secondary"
    return f'<button class="{kind}" name="decision" value="{escape(value)}">{escape(text)}</button>'


def accounts(people: list[tuple[str, str, str]]) -> str:
    """The account picker.

    Args:
        people: Sign-in name, display name and roles of each administrator.
    """
    rows = "".join(
        f'<label class="choice"><input type="radio" name="account" value="{escape(upn)}"'
        f"{' checked' if number == 0 else ''}> {escape(name)}<small>{escape(upn)}<br>{escape(roles)}</small></label>"
        for number, (upn, name, roles) in enumerate(people)
    )
    return f"<fieldset><legend>Pick an account</legend>{rows}</fieldset>"
