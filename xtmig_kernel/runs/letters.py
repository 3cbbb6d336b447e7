"""What to send to an administrator: plain text, ready to paste. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.project import Project, Side


@dataclass(frozen=True)
class Account:
    """Who is signed in.

    Args:
        name: User principal name, or the application's display name.
        kind: A person, or an application.
        application_id: GUID of the application through which it is signed in.
    """

    name: str
    kind: Literal["person", "application"]
    application_id: str


def letter(project: Project, side: Side, account: Account | None, asked: Sequence[str]) -> str:
    """The request to a tenant's administrator.

    Args:
        project: Names the tenant and what is prepared.
        side: The tenant.
        account: Who needs the rights; None where nobody could be signed in.
        asked: What is asked for, one sentence each.
    """
    settings = project.side(side)
    who = "the account with which we sign in"
    if account is not None:
        name = " ".join(account.name.split())  # a name from the tenant stays on its line
        who = f"{name} (application ID {account.application_id})" if account.kind == "application" else name
    elif settings.sign_in.client_id:
        who = f"the application with the ID {settings.sign_in.client_id}"
    lines = [
        f"To the administrator of {settings.domain} ({side} tenant, ID {settings.tenant_id})",
        "",
        f'We prepare the move of mailboxes between two Microsoft 365 tenants ("{project.name}").',
        f"A check that only reads found that {who} still needs:",
        "",
        *(f"{number}. {what[:1].upper()}{what[1:]}" for number, what in enumerate(asked, 1)),
        "",
        "Nothing was changed in your tenant. Please tell us when this is done, or what of it cannot be done.",
    ]
    return "\n".join(lines)
