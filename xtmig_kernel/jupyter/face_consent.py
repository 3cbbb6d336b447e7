"""The words with which the consent link goes to the administrator of the source tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xtmig_kernel.project import Project


def consent_mail(project: Project, url: str) -> str:
    """A mail that asks the source administrator to consent; it holds nothing secret.

    Args:
        project: The project.
        url: The consent link.
    """
    return f"""\
Subject: Please consent to the mailbox migration application ({project.name})

We are preparing to move mailboxes from {project.source.domain} to {project.target.domain}.
For that, the target organisation has registered one application, "{project.application_name}".
It asks for one permission, Mailbox.Migration in Exchange Online, and for nothing else.

Please open this link as an administrator of {project.source.domain} and accept:

{url}

Before you accept, compare on Microsoft's page:
- the application ID is the client_id in the link above;
- the organisation that publishes it is {project.target.domain};
- you are signed in to {project.source.domain}.

Afterwards the browser arrives at office.com; that is how it is meant to end.
You can take the consent back at any time: in the Entra admin center, under Enterprise applications,
delete "{project.application_name}".
No mailbox can leave before you also name, in your own tenant, the group of people who may move.
"""
