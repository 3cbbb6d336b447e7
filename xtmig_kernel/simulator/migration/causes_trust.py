"""Between the organisations: endpoint, secret, consent, relationships, scope (failures 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.simulator.exchange.endpoints import NOT_AUTHORIZED_HERE, CheckFailed, check_remote
from xtmig_kernel.simulator.exchange.group_members import member_of
from xtmig_kernel.simulator.exchange.relationships import towards

from .errors import NOT_AUTHORIZED, OUT_OF_SCOPE, connection, mrs, permanent
from .model import Failure

if TYPE_CHECKING:
    from .case import Case


def endpoint_gone(case: Case) -> Failure | None:
    """The batch's endpoint was removed (failures 2.1 #4)."""
    text = "No valid migration endpoint was found for the remote tenant."
    return permanent("endpoint_gone", text) if case.endpoint is None else None


def cannot_sign_in(case: Case) -> Failure | None:
    """The source cannot be reached with the endpoint's credentials: secret, consent, host (failures 2.1 #5, #6, #8)."""
    if case.endpoint is None:
        return None
    try:
        check_remote(case.context, case.endpoint)
    except CheckFailed as failed:
        return connection("cannot_sign_in", case.endpoint.properties["RemoteServer"], str(failed))
    return None


def not_authorized_here(case: Case) -> Failure | None:
    """The target's relationship does not let mailboxes in (failures 2.1 #1)."""
    if towards(case.target, case.source, "Inbound") is not None:
        return None
    return permanent("target_relationship", NOT_AUTHORIZED_HERE)


def not_authorized_there(case: Case) -> Failure | None:
    """The source's relationship does not let mailboxes out to this application (failures 2.1 #2)."""
    there, endpoint = case.relationship_there, case.endpoint
    if endpoint is None:
        return None
    app_id = str(endpoint.properties["ApplicationId"] or "").lower()
    if there is not None and str(there.properties["OAuthApplicationId"] or "").lower() == app_id:
        return None
    return connection("source_relationship", endpoint.properties["RemoteServer"], NOT_AUTHORIZED)


def in_scope(case: Case) -> bool:
    """Whether the source mailbox is a direct member of a published scope (doc traps C11, C12)."""
    there = case.relationship_there
    scopes = there.properties["MailboxMovePublishedScopes"] if there else []
    mailbox = case.mailbox
    return mailbox is not None and any(member_of(case.context, case.source, scope, mailbox) for scope in scopes)


def out_of_scope(case: Case) -> Failure | None:
    """The source mailbox is in no published scope (document line 883)."""
    if case.mailbox is None or in_scope(case):
        return None
    text = f"The mailbox is not in the cross-tenant migration scope. {NOT_AUTHORIZED}"
    return Failure("out_of_scope", OUT_OF_SCOPE, text)


def scope_came_late(case: Case) -> Failure | None:
    """A mailbox with auxiliary archives came into the scope after the batch began (document line 891; failures #42)."""
    archive = case.mailbox.archive if case.mailbox else None
    if case.mover.in_scope_at_start is not False or archive is None or not archive.auxiliary:
        return None
    text = f"The auxiliary archive '{archive.auxiliary[0]}' was not found in the target recipient."
    return mrs("scope_came_late", "AuxArchiveNotFoundInTargetRecipientException", text, sticky=True)


TRUST = (endpoint_gone, cannot_sign_in, not_authorized_here, not_authorized_there)
SCOPE = (out_of_scope, scope_came_late)
